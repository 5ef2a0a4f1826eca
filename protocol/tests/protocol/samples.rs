//! One value of everything that travels, with fixed contents: the source of the test vectors and
//! of the fuzzers' first corpus.

use campana_protocol::code::Code;
use campana_protocol::event::{
    Admitted, Approve, DeskSecret, Draft, Duty, Envelope, Event, Invite, KnownAlert, KnownAlerts, OnCall,
    Owner, empty_log, extend_log,
};
use campana_protocol::frame::{
    Class, ClientFrame, Entry, OwnerApproval, Pass, RelayFrame, Secret, Subject, challenge, creation,
    owners_change, pass_id,
};
use campana_protocol::governance::{
    Approval, ChannelKind, Charter, DeskMailbox, GovernanceContext, Operation, Role, SignedStatement,
    Statement, Zone, genesis_head, next_head, statement_digest,
};
use campana_protocol::handshake::{
    Authority, Checkpoint, EntryBody, Handshake, MemberCredential, Plea, RoleCredential, commit_digest,
    credential_digest, plea_digest,
};
use campana_protocol::id::{
    BlobId, ChannelId, Hash, IncidentId, InviteId, MailboxId, NetworkId, PublicKey, PushAuth, PushKey,
    ReceiptToken, RecordId, RegistrationId, RestoreId, SealingKey, Signature,
};
use campana_protocol::link::{Invitation, InviteLink, OperatorLink};
use campana_protocol::mailbox::{
    BlobPointer, Join, KeyPackageFor, Passes, Post, Refusal, ReturnAddress, SignedJoin, SignedPasses,
    Snapshot, Welcome, invite_proof, join_digest,
};
use campana_protocol::padding::pad;
use campana_protocol::push::{Push, Subscription, ring_id};
use campana_protocol::report::{
    ATTESTATION, Activity, Alert, Attestation, Equipment, FOLLOW_UP, Finding, FollowUp, FollowUpKind, Method,
    PrivateReport, PublicReport, Setting, Signed, SignedReport, Size, Unit, When, private_hash,
    report_digest, reporter_tag,
};
use campana_protocol::{id, name, wire};

pub(crate) type Samples = Vec<(&'static str, Vec<u8>)>;

const KEY: PublicKey = PublicKey([1; 32]);
const OTHER: PublicKey = PublicKey([2; 32]);
const SIGNATURE: Signature = Signature([3; 64]);
const CHANNEL: ChannelId = ChannelId([4; 32]);
const MAILBOX: MailboxId = MailboxId([5; 32]);
const RECORD: RecordId = RecordId([6; 16]);
const BLOB: BlobId = BlobId([7; 16]);
const NETWORK: NetworkId = NetworkId([8; 32]);
const INCIDENT: IncidentId = IncidentId([9; 16]);
const INVITE: InviteId = InviteId([10; 16]);
const HASH: Hash = Hash([11; 32]);
const AT: u64 = 1_800_000_000_000;

const REGISTRATION: RegistrationId = RegistrationId([14; 16]);
const PUSH_KEY: PushKey = PushKey([4; 65]);

fn subscription() -> Subscription {
    Subscription {
        endpoint: "https://push.example/v1/abc".to_owned(),
        key: PUSH_KEY,
        auth: PushAuth([15; 16]),
    }
}

fn secret() -> Secret {
    Secret([12; 32])
}

fn reply() -> ReturnAddress {
    ReturnAddress { mailbox: MAILBOX, sealing: SealingKey([13; 32]) }
}

fn signed_passes() -> SignedPasses {
    let passes = Passes { role_key: KEY, passes: vec![pass_id(&secret())] };
    SignedPasses { passes: wire::encode(&passes), signature: SIGNATURE }
}

fn desk() -> DeskMailbox {
    DeskMailbox { mailbox: MAILBOX, sealing: SealingKey([13; 32]) }
}

pub(crate) fn client_frames() -> Samples {
    let body = || vec![1, 2, 3].into();
    let frames = [
        (
            "authenticate",
            ClientFrame::Authenticate {
                request: 1,
                subject: Subject::Channel(CHANNEL),
                key: KEY,
                signature: SIGNATURE,
                clock: None,
            },
        ),
        (
            "authenticate-owner",
            ClientFrame::Authenticate {
                request: 1,
                subject: Subject::Channel(CHANNEL),
                key: KEY,
                signature: SIGNATURE,
                clock: Some(1_700_000_000_000),
            },
        ),
        ("redeem", ClientFrame::Redeem { request: 2, invitation: secret(), founder: KEY }),
        (
            "create",
            ClientFrame::Create { request: 3, founder: KEY, signature: SIGNATURE, owner: OTHER, access: KEY },
        ),
        (
            "set-owners",
            ClientFrame::SetOwners {
                request: 4,
                channel: CHANNEL,
                owners: vec![KEY, OTHER],
                approvals: None,
            },
        ),
        (
            "set-owners-agreed",
            ClientFrame::SetOwners {
                request: 4,
                channel: CHANNEL,
                owners: vec![KEY, OTHER],
                approvals: Some(vec![OwnerApproval { key: OTHER, signature: SIGNATURE }]),
            },
        ),
        (
            "append",
            ClientFrame::Append {
                request: 5,
                channel: CHANNEL,
                record: RECORD,
                class: Class::Alert,
                control_seq: 7,
                rotate: None,
                body: body(),
            },
        ),
        (
            "append-rotating",
            ClientFrame::Append {
                request: 6,
                channel: CHANNEL,
                record: RECORD,
                class: Class::Control,
                control_seq: 7,
                rotate: Some(OTHER),
                body: body(),
            },
        ),
        (
            "put-back",
            ClientFrame::PutBack {
                request: 40,
                channel: CHANNEL,
                seq: 8,
                record: RECORD,
                class: Class::Control,
                control_seq: 7,
                rotate: Some(OTHER),
                body: body(),
            },
        ),
        ("subscribe", ClientFrame::Subscribe { request: 7, channel: CHANNEL, after: 300 }),
        ("live", ClientFrame::Live { channel: CHANNEL, body: body() }),
        ("open-mailbox", ClientFrame::OpenMailbox { request: 8, channel: CHANNEL, reader: KEY }),
        (
            "post-passed",
            ClientFrame::Post {
                request: 9,
                mailbox: MAILBOX,
                record: RECORD,
                body: body(),
                pass: Some(Pass { channel: CHANNEL, secret: secret() }),
            },
        ),
        (
            "add-passes",
            ClientFrame::AddPasses { request: 34, channel: CHANNEL, passes: vec![pass_id(&secret())] },
        ),
        (
            "post",
            ClientFrame::Post { request: 9, mailbox: MAILBOX, record: RECORD, body: body(), pass: None },
        ),
        ("read-mailbox", ClientFrame::ReadMailbox { request: 10, mailbox: MAILBOX, after: 0 }),
        ("trim-mailbox", ClientFrame::TrimMailbox { request: 11, mailbox: MAILBOX, through: 5 }),
        (
            "put-blob",
            ClientFrame::PutBlob { request: 12, channel: CHANNEL, blob: BLOB, part: 0, of: 2, body: body() },
        ),
        ("get-blob", ClientFrame::GetBlob { request: 13, channel: CHANNEL, blob: BLOB, part: 1 }),
        (
            "register",
            ClientFrame::Register {
                request: 14,
                channel: CHANNEL,
                registration: REGISTRATION,
                subscription: subscription(),
                proved_at: AT,
            },
        ),
        ("unregister", ClientFrame::Unregister { request: 15, channel: CHANNEL, registration: REGISTRATION }),
        (
            "test-push",
            ClientFrame::TestPush {
                request: 16,
                channel: CHANNEL,
                registration: REGISTRATION,
                delay_ms: 10_000,
                nonce: 7,
            },
        ),
        (
            "receipt",
            ClientFrame::Receipt { request: 17, channel: CHANNEL, seq: 8, token: ReceiptToken([17; 16]) },
        ),
        ("read-coverage", ClientFrame::ReadCoverage { request: 18, channel: CHANNEL, seq: 8 }),
        (
            "read-registration",
            ClientFrame::ReadRegistration { request: 21, channel: CHANNEL, registration: REGISTRATION },
        ),
        ("set-guard", ClientFrame::SetGuard { request: 19, channel: CHANNEL, guard: ChannelId([18; 32]) }),
        (
            "keep-mailbox",
            ClientFrame::KeepMailbox { request: 20, channel: CHANNEL, reader: KEY, keep_ms: 172_800_000 },
        ),
        (
            "register-mailbox",
            ClientFrame::RegisterMailbox {
                request: 30,
                mailbox: MAILBOX,
                registration: REGISTRATION,
                subscription: subscription(),
                proved_at: AT,
                cover: true,
            },
        ),
        (
            "unregister-mailbox",
            ClientFrame::UnregisterMailbox { request: 31, mailbox: MAILBOX, registration: REGISTRATION },
        ),
        (
            "hold-ring",
            ClientFrame::HoldRing {
                request: 32,
                subject: Subject::Mailbox(MAILBOX),
                id: ring_id(&secret()),
                after_ms: 300_000,
            },
        ),
        (
            "withdraw-ring",
            ClientFrame::WithdrawRing { request: 33, subject: Subject::Channel(CHANNEL), secret: secret() },
        ),
    ];
    frames.map(|(name, frame)| (name, frame.encode())).to_vec()
}

pub(crate) fn relay_frames() -> Samples {
    let body = || vec![1, 2, 3].into();
    let entry = Entry { seq: 8, class: Class::Update, received_at: AT, record: RECORD, body: body() };
    let frames = [
        ("hello", RelayFrame::Hello { version: 1, nonce: secret(), now: AT, push_key: None, restored: None }),
        (
            "hello-pushing",
            RelayFrame::Hello {
                version: 1,
                nonce: secret(),
                now: AT,
                push_key: Some(PUSH_KEY),
                restored: None,
            },
        ),
        (
            "hello-restored",
            RelayFrame::Hello {
                version: 1,
                nonce: secret(),
                now: AT,
                push_key: None,
                restored: Some(RestoreId([16; 16])),
            },
        ),
        ("done", RelayFrame::Done { request: 1 }),
        ("appended", RelayFrame::Appended { request: 5, seq: 8 }),
        (
            "subscribed",
            RelayFrame::Subscribed {
                request: 7,
                channel: CHANNEL,
                head: 8,
                last_control: 7,
                current: true,
                access: None,
                restored: None,
            },
        ),
        (
            "subscribed-current",
            RelayFrame::Subscribed {
                request: 7,
                channel: CHANNEL,
                head: 8,
                last_control: 7,
                current: true,
                access: Some(OTHER),
                restored: None,
            },
        ),
        (
            "subscribed-restored",
            RelayFrame::Subscribed {
                request: 7,
                channel: CHANNEL,
                head: 6,
                last_control: 5,
                current: true,
                access: Some(OTHER),
                restored: Some(true),
            },
        ),
        ("entry", RelayFrame::Entry { channel: CHANNEL, entry }),
        ("skipped", RelayFrame::Skipped { channel: CHANNEL, through: 6 }),
        ("rotated", RelayFrame::Rotated { channel: CHANNEL, seq: 8 }),
        ("live", RelayFrame::Live { channel: CHANNEL, body: body() }),
        ("post", RelayFrame::Post { mailbox: MAILBOX, seq: 3, received_at: AT, body: body() }),
        ("blob-part", RelayFrame::BlobPart { request: 13, of: 2, body: body() }),
        ("coverage", RelayFrame::Coverage { request: 18, receipts: 1_910, registered: 2_000, proved: 1_950 }),
        ("registration", RelayFrame::Registration { request: 21, refused_at: AT }),
        ("refused", RelayFrame::Refused { request: 5, code: Code::Stale }),
        ("refused-unknown", RelayFrame::Refused { request: 5, code: Code::Other(4_099) }),
    ];
    frames.map(|(name, frame)| (name, frame.encode())).to_vec()
}

pub(crate) fn pushes() -> Samples {
    let entry =
        Entry { seq: 8, class: Class::Alert, received_at: AT, record: RECORD, body: vec![1, 2, 3].into() };
    let pushes = [
        ("entry", Push::Entry { channel: CHANNEL, entry }),
        ("place", Push::Place { channel: CHANNEL, seq: 8 }),
        ("test", Push::Test { channel: CHANNEL, nonce: 7 }),
        ("mail", Push::Mail { mailbox: MAILBOX }),
        ("ring", Push::Ring { subject: Subject::Mailbox(MAILBOX) }),
    ];
    pushes.map(|(name, push)| (name, push.encode())).to_vec()
}

fn public() -> Vec<u8> {
    wire::encode(&PublicReport {
        network: NETWORK,
        incident: INCIDENT,
        reported_at: AT,
        drill: false,
        size: Size::Few,
        activities: vec![Activity::Detaining, Activity::Loading],
        setting: Setting::Work,
        zone: 2,
        units: vec![Unit::Ice],
        when: When::Now,
        equipment: vec![Equipment::Masks],
        reporter: reporter_tag(&INCIDENT, &KEY),
    })
}

fn private() -> Vec<u8> {
    wire::encode(&PrivateReport { salt: [14; 16], words: "puerta norte".into() })
}

fn attestation() -> Vec<u8> {
    let digest = report_digest(&public(), &private_hash(&private()));
    wire::encode(&Attestation {
        network: NETWORK,
        incident: INCIDENT,
        digest,
        finding: Finding::Confirmed,
        method: Method::PhotoAndCall,
        at: AT,
    })
}

fn signed(content: Vec<u8>) -> Signed {
    Signed { content, key: KEY, signature: SIGNATURE }
}

fn report() -> SignedReport {
    SignedReport { public: public(), private: private(), leaf: KEY, signature: SIGNATURE }
}

fn follow_up() -> Vec<u8> {
    wire::encode(&FollowUp { network: NETWORK, incident: INCIDENT, kind: FollowUpKind::AllClear, at: AT })
}

fn alert() -> Alert {
    Alert {
        public: public(),
        private: private_hash(&private()),
        attestations: vec![signed(attestation()), signed(attestation())],
    }
}

pub(crate) fn reports() -> Samples {
    vec![
        ("public-report", public()),
        ("private-report", private()),
        ("signed-report", wire::encode(&report())),
        ("attestation", attestation()),
        ("follow-up", follow_up()),
        ("alert", wire::encode(&alert())),
    ]
}

fn charter() -> Charter {
    Charter {
        name: "Valle".into(),
        founder: KEY,
        committee_size: 3,
        threshold: 2,
        verify_threshold: 2,
        created_at: AT,
        broadcast: CHANNEL,
        desk: ChannelId([15; 32]),
        committee: ChannelId([16; 32]),
        desk_mailbox: desk(),
    }
}

fn statement() -> Vec<u8> {
    wire::encode(&Statement {
        network: NETWORK,
        nonce: [17; 16],
        drafted_at: 4,
        operations: vec![
            Operation::Constitute { committee: vec![KEY, OTHER], threshold: 2 },
            Operation::Grant { role_key: KEY, role: Role::Verifier },
            Operation::Revoke { role_key: KEY, role: Role::Dispatcher },
            Operation::Remove { role_key: OTHER, leaf: KEY },
            Operation::Desk { mailbox: desk() },
            Operation::Zones { zones: vec![Zone { code: 1, name: "Holyoke".into() }] },
            Operation::Hotline { telephone: "+1 413-555-0100".into() },
        ],
        rule: None,
    })
}

/// With an operation and a rule number of a later version.
fn later_statement() -> Vec<u8> {
    let encoded = wire::encode(&(77u32, ("later", 3u8)));
    wire::encode(&Statement {
        network: NETWORK,
        nonce: [17; 16],
        drafted_at: 4,
        operations: vec![Operation::Unknown { number: 77, encoded }],
        rule: Some(2),
    })
}

fn approval() -> Approval {
    Approval { key: KEY, signature: SIGNATURE }
}

fn signed_statement() -> SignedStatement {
    SignedStatement { statement: statement(), signatures: vec![approval()] }
}

pub(crate) fn governance() -> Samples {
    let context = GovernanceContext { network: NETWORK, kind: ChannelKind::Desk, height: 5, head: HASH };
    vec![
        ("charter", wire::encode(&charter())),
        ("statement", statement()),
        ("later-statement", later_statement()),
        ("signed-statement", wire::encode(&signed_statement())),
        ("governance-context", wire::encode(&context)),
    ]
}

fn plea() -> Plea {
    Plea { person: KEY, key_package: vec![1, 2, 3], reply: reply(), signature: SIGNATURE }
}

pub(crate) fn entry_bodies() -> Samples {
    vec![
        ("handshake", wire::encode(&EntryBody::Handshake(vec![1, 2, 3]))),
        ("application", wire::encode(&EntryBody::Application(vec![1, 2, 3]))),
        ("plea", wire::encode(&EntryBody::Plea(vec![1, 2, 3]))),
        ("checkpoint", wire::encode(&EntryBody::Checkpoint(vec![1, 2, 3]))),
    ]
}

fn checkpoint() -> Checkpoint {
    Checkpoint { seq: 12, log_hash: HASH, epoch: 3, authenticator: HASH, key: KEY, signature: SIGNATURE }
}

pub(crate) fn handshakes() -> Samples {
    let committee =
        Authority::Committee { statements: vec![signed_statement()], key: KEY, signature: SIGNATURE };
    let credential = RoleCredential { role_key: KEY, since: 5, signature: SIGNATURE };
    vec![
        ("committee", wire::encode(&Handshake { commit: vec![1, 2, 3], authority: committee })),
        (
            "rejoin",
            wire::encode(&Handshake { commit: vec![1, 2, 3], authority: Authority::Rejoin { plea: plea() } }),
        ),
        ("rekey", wire::encode(&Handshake { commit: vec![1, 2, 3], authority: Authority::Rekey })),
        ("plea", wire::encode(&plea())),
        ("member-credential", wire::encode(&MemberCredential { member: KEY, since: 5 })),
        ("role-credential", wire::encode(&credential)),
    ]
}

fn join() -> SignedJoin {
    let join = Join {
        invite: INVITE,
        proof: invite_proof(&secret(), &KEY),
        handle: "Rosa".into(),
        role_key: KEY,
        key_packages: vec![KeyPackageFor { kind: ChannelKind::Broadcast, key_package: vec![1, 2, 3] }],
        reply: reply(),
    };
    SignedJoin { join: wire::encode(&join), signature: SIGNATURE }
}

pub(crate) fn posts() -> Samples {
    let welcome = Welcome {
        kind: ChannelKind::Desk,
        channel: CHANNEL,
        welcome: vec![1, 2, 3],
        snapshot: BlobPointer { blob: BLOB, parts: 2, key: secret() },
        access: secret(),
        seq: 12,
        log_hash: HASH,
        desk: Some(secret()),
        join: None,
        checkpoint: Some(checkpoint()),
    };
    let snapshot = Snapshot {
        charter: wire::encode(&charter()),
        statements: vec![signed_statement()],
        tree: vec![1, 2, 3],
        events: vec![vec![1].into()],
    };
    vec![
        ("join", wire::encode(&Post::Join(join()))),
        ("welcome", wire::encode(&Post::Welcome(welcome))),
        ("refusal", wire::encode(&Post::Refusal(Refusal::InviteExpired))),
        ("report", wire::encode(&Post::Report(report()))),
        ("key-packages", wire::encode(&Post::KeyPackages(join()))),
        ("plea", wire::encode(&Post::Plea(ChannelKind::Broadcast, plea()))),
        ("passes", wire::encode(&Post::Passes(signed_passes()))),
        ("snapshot", wire::encode(&snapshot)),
    ]
}

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let draft = Draft { statement: statement(), approval: approval(), desk: Some(secret()) };
    let invite = Invite { invite: INVITE, secret: secret(), expires_at: AT, committee: false };
    vec![
        ("alert", Event::Alert(alert())),
        ("follow-up", Event::FollowUp(signed(follow_up()))),
        (
            "known-alerts",
            Event::Known(KnownAlerts { alerts: vec![KnownAlert { incident: INCIDENT, received_at: AT }] }),
        ),
        ("attestation", Event::Attestation(signed(attestation()))),
        ("desk-secret", Event::DeskSecret(DeskSecret { secret: secret() })),
        ("on-call", Event::OnCall(OnCall { duty: Duty::OnCall, from: 1_320, to: 420, proved_at: AT })),
        ("draft", Event::Draft(draft)),
        ("approve", Event::Approve(Approve { statement: HASH, approval: approval() })),
        ("invite", Event::Invite(invite)),
        ("revoke-invite", Event::RevokeInvite(INVITE)),
        ("admitted", Event::Admitted(Admitted { join: join() })),
        ("declined", Event::Declined(KEY)),
        ("withdrawn", Event::Withdrawn(HASH)),
        ("unsigned", Event::Unsigned(HASH)),
        ("owner", Event::Owner(Owner { channel: CHANNEL, role_key: KEY, owner: OTHER })),
    ]
}

pub(crate) fn envelopes() -> Samples {
    let envelope = |(name, event): (&'static str, Event)| {
        let envelope = Envelope { seen: 8, log_hash: HASH, kind: event.kind(), payload: event.payload() };
        (name, wire::encode(&envelope))
    };
    let unknown = Envelope { seen: 8, log_hash: HASH, kind: 9_999, payload: vec![1, 2, 3] };
    events().into_iter().map(envelope).chain([("unknown", wire::encode(&unknown))]).collect()
}

pub(crate) fn links() -> Samples {
    let invitation = Invitation {
        network: NETWORK,
        name: "Valle".into(),
        mailbox: MAILBOX,
        sealing: SealingKey([13; 32]),
        id: INVITE,
        secret: secret(),
        expires_at: AT,
        committee: false,
        height: 1,
        head: HASH,
    };
    let relay = || "https://relay.example".to_owned();
    vec![
        ("operator", OperatorLink { relay: relay(), secret: secret() }.format().into_bytes()),
        ("join", InviteLink { relay: relay(), invite: invitation }.format().into_bytes()),
    ]
}

/// Hashes and signed bytes of the samples above.
pub(crate) fn digests() -> Samples {
    let statement = statement();
    let public = public();
    let digest = report_digest(&public, &private_hash(&private()));
    let head = genesis_head(&charter().network());
    let bytes = |hash: Hash| hash.0.to_vec();
    vec![
        ("channel-id", ChannelId::of(&KEY).0.to_vec()),
        ("mailbox-id", MailboxId::of(&KEY).0.to_vec()),
        ("network-id", charter().network().0.to_vec()),
        ("ring-id", bytes(ring_id(&secret()))),
        ("challenge", challenge(&secret(), &Subject::Channel(CHANNEL))),
        ("creation", creation(&secret(), &KEY)),
        ("owners-change", owners_change(&CHANNEL, &[KEY], &[OTHER, KEY])),
        ("private-hash", bytes(private_hash(&private()))),
        ("report-digest", bytes(digest)),
        ("reporter-tag", bytes(reporter_tag(&INCIDENT, &KEY))),
        ("attestation-digest", bytes(id::hash(ATTESTATION, &[&attestation()]))),
        ("follow-up-digest", bytes(id::hash(FOLLOW_UP, &[&follow_up()]))),
        ("statement-digest", bytes(statement_digest(&statement))),
        ("genesis-head", bytes(head)),
        ("next-head", bytes(next_head(&head, &statement))),
        ("commit-digest", bytes(commit_digest(&CHANNEL, 3, &[1, 2, 3], &HASH))),
        ("plea-digest", bytes(plea_digest(&CHANNEL, &[1, 2, 3], &reply()))),
        ("credential-digest", bytes(credential_digest(&NETWORK, ChannelKind::Desk, &KEY, 5))),
        ("join-digest", bytes(join_digest(&join().join))),
        ("short-code", name::short_code(&KEY).into_bytes()),
        ("invite-proof", bytes(invite_proof(&secret(), &KEY))),
        ("empty-log", bytes(empty_log(&CHANNEL))),
        ("extended-log", bytes(extend_log(&empty_log(&CHANNEL), 1, &[1, 2, 3]))),
        ("padded", pad(b"abc")),
    ]
}

/// Everything, by group.
pub(crate) fn all() -> Vec<(&'static str, Samples)> {
    vec![
        ("client_frame", client_frames()),
        ("relay_frame", relay_frames()),
        ("push", pushes()),
        ("entry_body", entry_bodies()),
        ("handshake", handshakes()),
        ("post", posts()),
        ("event", envelopes()),
        ("governance", governance()),
        ("report", reports()),
        ("link", links()),
        ("digest", digests()),
    ]
}
