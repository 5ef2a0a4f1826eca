/* tslint:disable */
/* eslint-disable */
/**
 * A key by its name and code. The name is empty if this device has no record of it.
 */
export interface NamedView {
    /**
     * What they call themselves.
     */
    name: string;
    /**
     * The key's short code.
     */
    code: string;
}

/**
 * A person, as the committee sees them.
 */
export interface PersonView {
    /**
     * Their role key.
     */
    key: string;
    /**
     * Its short code: what tells two people of one name apart.
     */
    code: string;
    /**
     * What they call themselves.
     */
    handle: string;
    /**
     * Somebody else has this name, or one that is easily taken for it.
     */
    namesake: boolean;
    /**
     * Where they stand.
     */
    state: PersonState;
    /**
     * Asked with a committee invite.
     */
    committee: boolean;
    /**
     * Their roles.
     */
    roles: string[];
}

/**
 * A report as a person fills it in.
 */
export interface Form {
    drill: boolean;
    size: string;
    activities: string[];
    setting: string;
    /**
     * 0: none.
     */
    zone: number;
    units: string[];
    when: string;
    equipment: string[];
    words: string;
}

/**
 * A report's codes.
 */
export interface ReportView {
    /**
     * The reporter's clock, Unix milliseconds.
     */
    reported_at: number;
    /**
     * How many agents.
     */
    size: string;
    /**
     * What they are doing.
     */
    activities: string[];
    /**
     * What kind of place.
     */
    setting: string;
    /**
     * Zone number; 0: none.
     */
    zone: number;
    /**
     * Zone name, if known.
     */
    zone_name: string | undefined;
    /**
     * Markings.
     */
    units: string[];
    /**
     * When.
     */
    when: string;
    /**
     * Equipment.
     */
    equipment: string[];
}

/**
 * A statement that waits.
 */
export interface DraftView {
    /**
     * Its id.
     */
    id: string;
    /**
     * What it does.
     */
    operations: OperationView[];
    /**
     * Signatures it has.
     */
    signatures: number;
    /**
     * Signatures it needs.
     */
    needed: number;
    /**
     * Signed by this device.
     */
    signed: boolean;
    /**
     * Who drafted it.
     */
    author: NamedView | undefined;
    /**
     * Drafted by this device, which can withdraw it.
     */
    mine: boolean;
    /**
     * Why this device does not sign it.
     */
    trouble: DraftTrouble | undefined;
}

/**
 * A subscription, as the browser has it.
 */
export interface Subscription {
    endpoint: string;
    /**
     * `p256dh`.
     */
    key: Uint8Array;
    auth: Uint8Array;
    /**
     * The relay's key it was made for.
     */
    made_for: Uint8Array | undefined;
}

/**
 * A test push.
 */
export interface TestView {
    /**
     * When it was asked for, Unix milliseconds.
     */
    asked_at: number;
    /**
     * The relay has taken it on.
     */
    sent: boolean;
    /**
     * When it arrived.
     */
    arrived_at: number | undefined;
    /**
     * It arrived while no window was in sight: the proof that counts.
     */
    closed: boolean;
    /**
     * It has been too long.
     */
    lost: boolean;
}

/**
 * A zone.
 */
export interface ZoneView {
    /**
     * Number.
     */
    code: number;
    /**
     * Name.
     */
    name: string;
}

/**
 * An incident.
 */
export interface IncidentView {
    /**
     * Its id.
     */
    id: string;
    /**
     * Where it stands.
     */
    status: Status;
    /**
     * A drill: shown by its own shape, word and colour everywhere.
     */
    drill: boolean;
    /**
     * Reported from this device.
     */
    mine: boolean;
    /**
     * What was reported; `None` while only attestations have arrived.
     */
    report: ReportView | undefined;
    /**
     * Words for those who verify; only at the desk.
     */
    words: string | undefined;
    /**
     * What verifiers found; in an alert, those that were checked and count.
     */
    attestations: AttestationView[];
    /**
     * Confirmations still missing.
     */
    missing: number;
    /**
     * When this device learned of its present status, Unix milliseconds; of what was old by then,
     * when it happened.
     */
    updated_at: number;
    /**
     * It was old when it came here, or is from before this device was let in: shown with its age,
     * and never rung for.
     */
    past: boolean;
    /**
     * An alert that has ended lately: still to be seen where the alert was.
     */
    recent: boolean;
    /**
     * What fewer say of an alert than it takes to end it.
     */
    said: SaidView[];
    /**
     * What a notice of it is about; of what is past none is shown by itself.
     */
    notice: NoticeKind | undefined;
    /**
     * When the relay had it, as this device's clock would have shown it, Unix milliseconds: its age is
     * told from this, and not from what anybody else's clock said.
     */
    at: number;
    /**
     * A report that makes no noise: its reporter's others have just made it.
     */
    quiet: boolean;
    /**
     * How many phones have it, for the committee and the desk.
     */
    coverage: CoverageView | undefined;
    /**
     * This device's own finding did not count: its clock is off.
     */
    disputed: boolean;
    /**
     * Whether this device may attest now.
     */
    may_attest: boolean;
    /**
     * Whether it may take back what it found, for another finding.
     */
    may_change: boolean;
    /**
     * Whether this device may follow up now.
     */
    may_follow_up: boolean;
}

/**
 * An invite in force.
 */
export interface InviteView {
    /**
     * Its id.
     */
    id: string;
    /**
     * Unix milliseconds.
     */
    expires_at: number;
    /**
     * For committee devices.
     */
    committee: boolean;
}

/**
 * Everything a device can show.
 */
export interface View {
    /**
     * Where this device stands.
     */
    stage: Stage;
    /**
     * The network, once known.
     */
    network: NetworkView | undefined;
    /**
     * This device's own key, by which the committee names it.
     */
    me: string | undefined;
    /**
     * Its short code, for the committee to compare ([`campana_protocol::name::short_code`]).
     */
    code: string | undefined;
    /**
     * This device's roles: `"committee"`, `"dispatcher"`, `"verifier"`, `"responder"`.
     */
    roles: string[];
    /**
     * Incidents, newest first.
     */
    incidents: IncidentView[];
    /**
     * What only the committee sees.
     */
    committee: CommitteeView | undefined;
    /**
     * Things on their way to the relay.
     */
    unsent: number;
    /**
     * Whether this device rings.
     */
    alerts: AlertsView;
    /**
     * How many phones ring, for the committee and the desk.
     */
    reach: ReachView | undefined;
    /**
     * The desk's bell, for the committee and the desk.
     */
    desk: DeskView | undefined;
    /**
     * `reach` and coverage are still being asked for.
     */
    counting: boolean;
    /**
     * Whether everything the relay has is here.
     */
    caught_up: boolean;
    /**
     * What its owner should know.
     */
    warnings: Warning[];
    /**
     * What stands behind those of them that its owner can put away.
     */
    suspicions: SuspicionView[];
    /**
     * Entries of class alert that this device could not read; dismissed by its owner.
     */
    unread: number;
}

/**
 * How a device's alerts stand.
 */
export type AlertsState = "unavailable" | "unsupported" | "needs-install" | "blocked" | "off" | "turning-on" | "stopped" | "refused" | "untested" | "unproved" | "on";

/**
 * How many phones have an alert.
 */
export interface CoverageView {
    /**
     * Phones that have it.
     */
    phones: number;
    /**
     * Members' phones.
     */
    members: number;
}

/**
 * How many phones would ring.
 */
export interface ReachView {
    /**
     * Members' phones.
     */
    members: number;
    /**
     * With alerts on.
     */
    registered: number;
    /**
     * Where a push has arrived within three days.
     */
    proved: number;
}

/**
 * Names one notice.
 */
export interface Notice {
    incident: string;
    kind: NoticeKind;
}

/**
 * One change of the zones.
 */
export type ZoneChange = { add: string } | { rename: { code: number; name: string } } | { retire: number } | { restore: number };

/**
 * One thing that a statement does; people by their handles.
 */
export type OperationView = { constitute: { threshold: number; committee: number; adds: NamedView[]; drops: NamedView[] } } | { grant: { role: string; name: string; code: string } } | { revoke: { role: string; name: string; code: string } } | { remove: { name: string; code: string; other_leaf: boolean } } | { desk: { readable: boolean } } | { zones: ZoneChangeView[] } | { rule: number } | "unknown";

/**
 * One thing that happened.
 */
export type Input = "resume" | "connected" | { received: Uint8Array[] } | "disconnected" | "tick" | { command: Command } | { shown: Notice } | { platform: Platform } | { pushed: { push: Uint8Array; in_sight: boolean; arrived_at?: number } };

/**
 * One verifier's finding.
 */
export interface AttestationView {
    /**
     * What was found.
     */
    finding: string;
    /**
     * How it was checked.
     */
    method: string;
    /**
     * When, as this device's clock would have shown it if the verifier's was right, Unix milliseconds.
     */
    at: number;
    /**
     * By this device.
     */
    mine: boolean;
}

/**
 * Something that no honest member does.
 */
export interface SuspicionView {
    /**
     * Which warning it is behind.
     */
    warning: Warning;
    /**
     * How often, since it was last put away.
     */
    count: number;
    /**
     * When last, Unix milliseconds.
     */
    at: number | undefined;
    /**
     * The leaf that did it last; none: not known, or the relay itself.
     */
    leaf: string | undefined;
    /**
     * What that leaf's person calls themselves; on the committee's devices.
     */
    name: string | undefined;
}

/**
 * Something to do outside.
 */
export type Effect = { send: Uint8Array } | { notify: { incident: string; kind: NoticeKind } } | "reconnect" | { subscribe: Uint8Array } | "unsubscribe";

/**
 * Stored rows: key and sealed value of each.
 */
export type Rows = [Uint8Array, Uint8Array][];

/**
 * The answer to a command.
 */
export type Answer = { ok: Reply } | { error: string };

/**
 * The network.
 */
export interface NetworkView {
    /**
     * Its id.
     */
    id: string;
    /**
     * Its name.
     */
    name: string;
    /**
     * Members' devices in the broadcast channel.
     */
    members: number;
    /**
     * Committee devices (n).
     */
    committee_size: number;
    /**
     * Signatures a statement needs (k).
     */
    threshold: number;
    /**
     * Confirmations that verify a report.
     */
    verify_threshold: number;
    /**
     * Zones to choose from, in the committee's order.
     */
    zones: ZoneView[];
    /**
     * MLS epoch of the broadcast channel.
     */
    epoch: number;
    /**
     * Statements applied.
     */
    governance_height: number;
    /**
     * Head of the governance chain: equal on all devices at the same height.
     */
    governance_head: string;
    /**
     * Position in the broadcast log.
     */
    cursor: number;
    /**
     * Running hash of the broadcast log: equal on all devices at the same cursor.
     */
    log_hash: string;
}

/**
 * What a command that was accepted gives back.
 */
export type Reply = "accepted" | { invite: { id: string; link: string } } | { draft: string } | { incident: string } | { people: number } | { pushed: { incident: string | undefined; test: boolean; behind: boolean; unread: boolean; desk: boolean; held: boolean } };

/**
 * What a device's owner should know.
 */
export type Warning = "clock-off" | "rolled-back" | "behind" | "forked" | "forged-alert" | "single-committee" | "locked-out" | "owner-replaced" | "refused" | "update-needed" | "unread" | "astray" | "relay-restored" | "log-lost" | "relay-full" | "alert-refused";

/**
 * What a draft changes about a zone.
 */
export type ZoneChangeView = { add: { code: number; name: string } } | { rename: { code: number; from: string; name: string } } | { retire: { code: number; name: string } } | { restore: { code: number; name: string } };

/**
 * What a notice is about.
 */
export type NoticeKind = "report" | "alert" | "drill" | "false-alarm" | "all-clear" | "unread" | "said-false-alarm" | "said-all-clear";

/**
 * What a person can ask.
 */
export type Command = { start: { link: string; name: string; committee_size: number; threshold: number; verify_threshold: number } } | { invite: { lifetime_ms: number; committee: boolean } } | { "revoke-invite": string } | { join: { link: string; handle: string } } | "cancel" | { admit: Who } | { decline: Who } | { grant: { person: string; role: string } } | { revoke: { person: string; role: string } } | { remove: { person: string } } | { "change-zones": ZoneChange[] } | { approve: string } | { withdraw: string } | "raise-rules" | "dismiss-unread" | { report: Form } | { attest: { incident: string; finding: string; method: string } } | { "follow-up": { incident: string; kind: string } } | { dismiss: string } | { alerts: boolean } | { "on-call": { duty: string; from: number; to: number } } | { "test-alerts": { delay_ms: number } };

/**
 * What a text leads to.
 */
export type Link = { operator: { link: string; relay: string } } | { join: { link: string; relay: string; name: string; committee: boolean } } | { error: string };

/**
 * What a turn decided. `changes` are written in one strict transaction, then `effects` carried
 * out in order.
 */
export interface Turn {
    /**
     * Rows to write; no value deletes the row.
     */
    changes: [Uint8Array, Uint8Array | undefined][];
    effects: Effect[];
    /**
     * When to tick, Unix milliseconds.
     */
    wake: number | undefined;
    /**
     * The answer to a command.
     */
    answer: Answer | undefined;
}

/**
 * What only the committee sees.
 */
export interface CommitteeView {
    /**
     * People, waiting ones first.
     */
    people: PersonView[];
    /**
     * Statements that wait for signatures.
     */
    drafts: DraftView[];
    /**
     * Invites in force.
     */
    invites: InviteView[];
    /**
     * Zones that only old reports name.
     */
    retired_zones: ZoneView[];
    /**
     * The rules that this version would raise the network to; none: they are in force, or drafted.
     */
    new_rules: number | undefined;
}

/**
 * What some say of an alert, which stands until as many say so as verify one.
 */
export interface SaidView {
    /**
     * That it was wrong, or is over.
     */
    kind: string;
    /**
     * How many say so.
     */
    count: number;
    /**
     * How many more it takes.
     */
    missing: number;
    /**
     * This device has said it.
     */
    mine: boolean;
}

/**
 * What the browser says of push notifications.
 */
export interface Platform {
    permission: Permission;
    subscription: Subscription | undefined;
    /**
     * It could not make the subscription it was asked for.
     */
    failed: boolean;
    /**
     * How far local time is ahead of UTC, minutes.
     */
    utc_offset: number;
}

/**
 * Where a device stands.
 */
export type Stage = "nowhere" | "founding" | "waiting" | "invite-expired" | "invite-revoked" | "declined" | "member" | "removed" | "invitation-refused";

/**
 * Where a person stands.
 */
export type PersonState = "waiting" | "admitting" | "member" | "declined" | "removed";

/**
 * Where an incident stands.
 */
export type Status = "waiting-to-send" | "sent" | "unverified" | "not-confirmed" | "other-agency" | "unverifiable" | "verified" | "false-alarm" | "all-clear";

/**
 * Whether a device is rung when a report comes.
 */
export type BellDuty = "off" | "on-call" | "cover";

/**
 * Whether a platform shows notifications.
 */
export type Permission = "not-asked" | "granted" | "denied" | "unsupported" | "needs-install";

/**
 * Whether this device rings when an alert comes.
 */
export interface AlertsView {
    /**
     * How it stands.
     */
    state: AlertsState;
    /**
     * When a push last arrived while no window was in sight, Unix milliseconds.
     */
    proved_at: number | undefined;
    /**
     * The last test.
     */
    test: TestView | undefined;
}

/**
 * Who is rung when a report comes.
 */
export interface DeskView {
    /**
     * This device's switch.
     */
    duty: BellDuty;
    /**
     * Its hours, minutes of the day where the device is; the same twice: all day.
     */
    from: number;
    /**
     * See `from`.
     */
    to: number;
    /**
     * The relay has taken it in.
     */
    registered: boolean;
    /**
     * This device makes noise for a report that comes now.
     */
    rings: boolean;
    /**
     * Its owner has a role at the desk.
     */
    may: boolean;
    /**
     * How many are on call now, as far as this device knows.
     */
    on_call: number;
    /**
     * Of those, phones that a push has reached within three days.
     */
    proved: number;
    /**
     * Reports that nobody has answered.
     */
    waiting: number;
}

/**
 * Whom an admission means.
 */
export type Who = "everybody" | { these: string[] };

/**
 * Why a device does not sign a draft.
 */
export type DraftTrouble = "update-needed" | "desk" | "other-leaf" | "stranger";


/**
 * One device's core.
 */
export class Session {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * From stored rows; an empty list is a new device. `vault`: the 32-byte key that rows are
     * sealed under. `seed`: 32 fresh random bytes.
     *
     * # Errors
     * Throws the word `store-newer`, `rows-damaged` or `bad-call`.
     */
    constructor(vault: Uint8Array | number[], seed: Uint8Array | number[], rows: Rows);
    /**
     * Address of the relay, such as `https://relay.example`, once this device belongs to one.
     */
    relay(): string | undefined;
    /**
     * Takes over what another context has written.
     *
     * # Errors
     * As [`Session::new`].
     */
    reload(rows: Rows): void;
    /**
     * One turn. `now`: Unix milliseconds.
     *
     * # Errors
     * Throws `bad-call` if `input` is not an [`Input`]: nothing has changed.
     */
    turn(now: number, input: Input): Turn;
    /**
     * What a screen needs.
     *
     * # Errors
     * None that can happen.
     */
    view(now: number): View;
}

export function __wbg_reset_state(): void;

/**
 * What a link leads to.
 *
 * # Errors
 * None that can happen.
 */
export function describeLink(text: string, here: string): Link;

/**
 * Whether a push is a test that its owner asked for: that needs no store to be told.
 */
export function isTestPush(push: Uint8Array | number[]): boolean;

/**
 * The vault key sealed under a PIN. `seed`: 32 fresh random bytes. Takes a second on an old phone.
 *
 * # Errors
 * Throws `bad-call` if a length is wrong.
 */
export function lockVault(vault: Uint8Array | number[], pin: string, seed: Uint8Array | number[]): Uint8Array;

/**
 * The vault key that was sealed under a PIN. Takes as long as [`lock_vault`].
 *
 * # Errors
 * Throws the word `pin-wrong` or `rows-damaged`.
 */
export function unlockVault(locked: Uint8Array | number[], pin: string): Uint8Array;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_session_free: (a: number, b: number) => void;
    readonly describeLink: (a: number, b: number, c: number, d: number) => [number, number, number];
    readonly isTestPush: (a: number, b: number) => number;
    readonly lockVault: (a: number, b: number, c: number, d: number, e: number, f: number) => [number, number, number, number];
    readonly session_new: (a: number, b: number, c: number, d: number, e: any) => [number, number, number];
    readonly session_relay: (a: number) => [number, number];
    readonly session_reload: (a: number, b: any) => [number, number];
    readonly session_turn: (a: number, b: number, c: any) => [number, number, number];
    readonly session_view: (a: number, b: number) => [number, number, number];
    readonly unlockVault: (a: number, b: number, c: number, d: number) => [number, number, number, number];
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __wbindgen_exn_store: (a: number) => void;
    readonly __externref_table_alloc: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
