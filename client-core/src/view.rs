//! View models: what a screen needs, in no language. Codes are stable words (`"all-clear"`);
//! ids are base64url text. The shell turns codes into the reader's language.

use serde::Serialize;

use crate::turn::NoticeKind;

/// Everything a device can show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct View {
    /// Where this device stands.
    pub stage: Stage,
    /// The network, once known.
    pub network: Option<NetworkView>,
    /// This device's own key, by which the committee names it.
    pub me: Option<String>,
    /// Its short code, for the committee to compare ([`campana_protocol::name::short_code`]).
    pub code: Option<String>,
    /// This device's roles: `"committee"`, `"dispatcher"`, `"verifier"`, `"responder"`.
    pub roles: Vec<&'static str>,
    /// Incidents, newest first.
    pub incidents: Vec<IncidentView>,
    /// What only the committee sees.
    pub committee: Option<CommitteeView>,
    /// Things on their way to the relay.
    pub unsent: usize,
    /// Whether this device rings.
    pub alerts: AlertsView,
    /// How many phones ring, for the committee and the desk.
    pub reach: Option<ReachView>,
    /// The desk's bell, for the committee and the desk.
    pub desk: Option<DeskView>,
    /// `reach` and coverage are still being asked for.
    pub counting: bool,
    /// Whether everything the relay has is here.
    pub caught_up: bool,
    /// What its owner should know.
    pub warnings: Vec<Warning>,
    /// What stands behind those of them that its owner can put away.
    pub suspicions: Vec<SuspicionView>,
    /// Entries of class alert that this device could not read; dismissed by its owner.
    pub unread: usize,
}

/// Where a device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// In no network.
    Nowhere,
    /// Founder's or committee device of a network whose committee is not complete.
    Founding,
    /// In the waiting room.
    Waiting,
    /// Not admitted: the invite had expired.
    InviteExpired,
    /// Not admitted: the invite was revoked.
    InviteRevoked,
    /// Not admitted: declined.
    Declined,
    /// A member.
    Member,
    /// The membership was ended.
    Removed,
    /// The relay did not accept the operator's invitation.
    InvitationRefused,
}

/// The network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct NetworkView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Members' devices in the broadcast channel.
    pub members: usize,
    /// Committee devices (n).
    pub committee_size: u8,
    /// Signatures a statement needs (k).
    pub threshold: u8,
    /// Confirmations that verify a report.
    pub verify_threshold: u8,
    /// Zones to choose from, in the committee's order.
    pub zones: Vec<ZoneView>,
    /// The hotline's telephone number, if the committee has set one.
    pub hotline: Option<String>,
    /// MLS epoch of the broadcast channel.
    pub epoch: u64,
    /// Statements applied.
    pub governance_height: u64,
    /// Head of the governance chain: equal on all devices at the same height.
    pub governance_head: String,
    /// Position in the broadcast log.
    pub cursor: u64,
    /// Running hash of the broadcast log: equal on all devices at the same cursor.
    pub log_hash: String,
}

/// A zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct ZoneView {
    /// Number.
    pub code: u16,
    /// Name.
    pub name: String,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct IncidentView {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub status: Status,
    /// A drill: shown by its own shape, word and colour everywhere.
    pub drill: bool,
    /// Reported from this device.
    pub mine: bool,
    /// What was reported; `None` while only attestations have arrived.
    pub report: Option<ReportView>,
    /// Words for those who verify; only at the desk.
    pub words: Option<String>,
    /// What verifiers found; in an alert, those that were checked and count.
    pub attestations: Vec<AttestationView>,
    /// Confirmations still missing.
    pub missing: u8,
    /// When this device learned of its present status, Unix milliseconds; of what was old by then,
    /// when it happened.
    pub updated_at: u64,
    /// It was old when it came here, or is from before this device was let in: shown with its age,
    /// and never rung for.
    pub past: bool,
    /// An alert that has ended lately: still to be seen where the alert was.
    pub recent: bool,
    /// What fewer say of an alert than it takes to end it.
    pub said: Vec<SaidView>,
    /// What a notice of it is about; of what is past none is shown by itself.
    pub notice: Option<NoticeKind>,
    /// When the relay had it, as this device's clock would have shown it, Unix milliseconds: its age is
    /// told from this, and not from what anybody else's clock said.
    pub at: u64,
    /// A report that makes no noise: its reporter's others have just made it.
    pub quiet: bool,
    /// How many phones have it, for the committee and the desk.
    pub coverage: Option<CoverageView>,
    /// This device's own finding did not count: its clock is off.
    pub disputed: bool,
    /// Whether this device may attest now.
    pub may_attest: bool,
    /// Whether it may take back what it found, for another finding.
    pub may_change: bool,
    /// Whether this device may follow up now.
    pub may_follow_up: bool,
}

/// What some say of an alert, which stands until as many say so as verify one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct SaidView {
    /// That it was wrong, or is over.
    pub kind: &'static str,
    /// How many say so.
    pub count: usize,
    /// How many more it takes.
    pub missing: usize,
    /// This device has said it.
    pub mine: bool,
}

/// Whether this device rings when an alert comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct AlertsView {
    /// How it stands.
    pub state: AlertsState,
    /// When a push last arrived while no window was in sight, Unix milliseconds.
    pub proved_at: Option<u64>,
    /// They have been on before.
    pub ran: bool,
    /// The last test.
    pub test: Option<TestView>,
    /// The key that the relay pushes with: a UnifiedPush distributor asks for it. Browsers get theirs
    /// from [`crate::Effect::Subscribe`].
    #[serde(skip)]
    pub push_key: Option<campana_protocol::id::PushKey>,
}

/// How a device's alerts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum AlertsState {
    /// The relay does not push, or has not been reached yet.
    Unavailable,
    /// This browser cannot.
    Unsupported,
    /// It can once the app is on the home screen.
    NeedsInstall,
    /// The owner said no to notifications: only the browser's settings can change that.
    Blocked,
    /// Not turned on.
    Off,
    /// On their way to the relay.
    TurningOn,
    /// They were on and are not any more, or could not be turned on in half a minute.
    Stopped,
    /// On, and the push service did not take the last alert or test for this phone.
    Refused,
    /// On, and nothing has ever arrived while the app was out of sight; [`TestView`] tells whether
    /// something has while it was in sight.
    Untested,
    /// On, and nothing has arrived so for three days.
    Unproved,
    /// On, and proved.
    On,
}

/// A test push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct TestView {
    /// When it was asked for, Unix milliseconds.
    pub asked_at: u64,
    /// The relay has taken it on.
    pub sent: bool,
    /// When it arrived.
    pub arrived_at: Option<u64>,
    /// It arrived while no window was in sight: the proof that counts.
    pub closed: bool,
    /// It has been too long.
    pub lost: bool,
}

/// How many phones have an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct CoverageView {
    /// Phones that have it.
    pub phones: usize,
    /// Members' phones.
    pub members: usize,
}

/// How many phones would ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct ReachView {
    /// Members' phones.
    pub members: usize,
    /// With alerts on.
    pub registered: usize,
    /// Where a push has arrived within three days.
    pub proved: usize,
}

/// Who is rung when a report comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct DeskView {
    /// This device's switch.
    pub duty: BellDuty,
    /// Its hours, minutes of the day where the device is; the same twice: all day.
    pub from: u16,
    /// See `from`.
    pub to: u16,
    /// The relay has taken it in.
    pub registered: bool,
    /// This device makes noise for a report that comes now.
    pub rings: bool,
    /// Its owner has a role at the desk.
    pub may: bool,
    /// How many are on call now, as far as this device knows.
    pub on_call: usize,
    /// Of those, phones that a push has reached within three days.
    pub proved: usize,
    /// Reports that nobody has answered.
    pub waiting: usize,
}

/// Whether a device is rung when a report comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum BellDuty {
    /// It is not.
    Off,
    /// It is.
    OnCall,
    /// It gets the same pushes and others, and makes no noise.
    Cover,
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Waits to be sent from this device.
    WaitingToSend,
    /// Sent from this device; the desk has it.
    Sent,
    /// Reported, not verified.
    Unverified,
    /// Verifiers found nothing.
    NotConfirmed,
    /// Verifiers found another agency.
    OtherAgency,
    /// Verifiers could not tell.
    Unverifiable,
    /// Verified: k verifiers' signatures were checked on this device.
    Verified,
    /// Was verified, and is a false alarm.
    FalseAlarm,
    /// Is over.
    AllClear,
}

/// A report's codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct ReportView {
    /// The reporter's clock, Unix milliseconds.
    pub reported_at: u64,
    /// How many agents.
    pub size: &'static str,
    /// What they are doing.
    pub activities: Vec<&'static str>,
    /// What kind of place.
    pub setting: &'static str,
    /// Zone number; 0: none.
    pub zone: u16,
    /// Zone name, if known.
    pub zone_name: Option<String>,
    /// Markings.
    pub units: Vec<&'static str>,
    /// When.
    pub when: &'static str,
    /// Equipment.
    pub equipment: Vec<&'static str>,
}

/// One verifier's finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct AttestationView {
    /// What was found.
    pub finding: &'static str,
    /// How it was checked.
    pub method: &'static str,
    /// When, as this device's clock would have shown it if the verifier's was right, Unix milliseconds.
    pub at: u64,
    /// By this device.
    pub mine: bool,
}

/// What only the committee sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct CommitteeView {
    /// People, waiting ones first.
    pub people: Vec<PersonView>,
    /// Statements that wait for signatures.
    pub drafts: Vec<DraftView>,
    /// Invites in force.
    pub invites: Vec<InviteView>,
    /// Zones that only old reports name.
    pub retired_zones: Vec<ZoneView>,
    /// The rules that this version would raise the network to; none: they are in force, or drafted.
    pub new_rules: Option<u16>,
}

/// A person, as the committee sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct PersonView {
    /// Their role key.
    pub key: String,
    /// Its short code: what tells two people of one name apart.
    pub code: String,
    /// What they call themselves.
    pub handle: String,
    /// Somebody else has this name, or one that is easily taken for it.
    pub namesake: bool,
    /// Where they stand.
    pub state: PersonState,
    /// Asked with a committee invite.
    pub committee: bool,
    /// Their roles.
    pub roles: Vec<&'static str>,
}

/// Where a person stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum PersonState {
    /// In the waiting room.
    Waiting,
    /// Admitted; the commit is on its way.
    Admitting,
    /// A member.
    Member,
    /// Not admitted.
    Declined,
    /// Membership ended.
    Removed,
}

/// A statement that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct DraftView {
    /// Its id.
    pub id: String,
    /// What it does.
    pub operations: Vec<OperationView>,
    /// Signatures it has.
    pub signatures: usize,
    /// Signatures it needs.
    pub needed: usize,
    /// Signed by this device.
    pub signed: bool,
    /// Who drafted it.
    pub author: Option<NamedView>,
    /// Drafted by this device, which can withdraw it.
    pub mine: bool,
    /// Why this device does not sign it.
    pub trouble: Option<DraftTrouble>,
}

/// A key by its name and code. The name is empty if this device has no record of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct NamedView {
    /// What they call themselves.
    pub name: String,
    /// The key's short code.
    pub code: String,
}

/// Why a device does not sign a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum DraftTrouble {
    /// It holds something that only a later version can show.
    UpdateNeeded,
    /// It moves the desk although nobody leaves it, or to where nobody is known to read.
    Desk,
    /// It names one person and removes another's device.
    OtherLeaf,
    /// It names somebody of whom this device has no record.
    Stranger,
}

/// One thing that a statement does; people by their handles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum OperationView {
    /// Begins the committee.
    Constitute {
        /// Signatures a statement will need (k).
        threshold: usize,
        /// Committee devices (n).
        committee: usize,
        /// Keys that were not in the committee before.
        adds: Vec<NamedView>,
        /// Keys that are not in it any more.
        drops: Vec<NamedView>,
    },
    /// Gives a role.
    Grant {
        /// Which.
        role: &'static str,
        /// To whom; empty: this device has no record of them.
        name: String,
        /// Their key's short code.
        code: String,
    },
    /// Takes a role back.
    Revoke {
        /// Which.
        role: &'static str,
        /// From whom.
        name: String,
        /// Their key's short code.
        code: String,
    },
    /// Ends a membership.
    Remove {
        /// Whose.
        name: String,
        /// Their key's short code.
        code: String,
        /// It removes another device than the one that this device has on record for them.
        other_leaf: bool,
    },
    /// Moves the mailbox that reports go to.
    Desk {
        /// Its secret came with the draft, so the desk reads there too.
        readable: bool,
    },
    /// Changes the zones; empty: nothing but their order.
    Zones(Vec<ZoneChangeView>),
    /// Sets the hotline's telephone number; empty: none any more.
    Hotline(String),
    /// The network goes on under these rules; apps that do not follow them stop until they are updated.
    Rule(u16),
    /// An operation of a later version: nobody can sign it before they have updated.
    Unknown,
}

/// What a draft changes about a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum ZoneChangeView {
    /// A new one.
    Add {
        /// Its number.
        code: u16,
        /// Its name.
        name: String,
    },
    /// Another name for the same place.
    Rename {
        /// Which.
        code: u16,
        /// What it is called now.
        from: String,
        /// What it will be called.
        name: String,
    },
    /// No longer to choose from.
    Retire {
        /// Which.
        code: u16,
        /// Its name.
        name: String,
    },
    /// To choose from again.
    Restore {
        /// Which.
        code: u16,
        /// Its name.
        name: String,
    },
}

/// An invite in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct InviteView {
    /// Its id.
    pub id: String,
    /// Unix milliseconds.
    pub expires_at: u64,
    /// For committee devices.
    pub committee: bool,
}

/// Something that no honest member does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct SuspicionView {
    /// Which warning it is behind.
    pub warning: Warning,
    /// How often, since it was last put away.
    pub count: u32,
    /// When last, Unix milliseconds.
    pub at: Option<u64>,
    /// The leaf that did it last; none: not known, or the relay itself.
    pub leaf: Option<String>,
    /// What that leaf's person calls themselves; on the committee's devices.
    pub name: Option<String>,
}

/// What a device's owner should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// This device's clock and the relay's differ by more than five minutes.
    ClockOff,
    /// This store was restored from an older copy; the device is rejoining by itself.
    RolledBack,
    /// This device was away for so long that what it missed is gone; it is being let back in by
    /// itself.
    Behind,
    /// The relay has shown this device another log than it showed others.
    Forked,
    /// Something claimed to be an alert and was not signed by this network's verifiers.
    ForgedAlert,
    /// One committee device can do everything (1 of 1): if it is lost or taken, so is the network.
    SingleCommittee,
    /// The key that members open the network's log with was changed at the relay, and no decision of the
    /// committee explains it: members are locked out until an owner's device has put it right.
    LockedOut,
    /// The relay does not take this committee device for an owner any more, and no decision explains it.
    OwnerReplaced,
    /// The relay refuses this device; it may have been offline too long. Ask for a new invite.
    Refused,
    /// The relay or the network speaks a newer version: update.
    UpdateNeeded,
    /// Alerts came that this device can't read: ask the hotline what they say.
    Unread,
    /// This device's group is not the one that the others are in; it is being let in again by itself.
    /// Until then it can't read alerts.
    Astray,
    /// The relay was restored from a backup: what it has lost is being put back, and nothing new goes out
    /// until a committee device has been connected for some minutes.
    RelayRestored,
    /// It has gone on without messages that this device had; the device is being let in again by itself.
    LogLost,
    /// The relay cannot store anything now: what is sent waits on this device.
    RelayFull,
    /// The relay does not take an alert of this device's; it is tried again.
    AlertRefused,
}
