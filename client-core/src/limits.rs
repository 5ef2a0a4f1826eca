//! Every limit of a device, each with its reason. Times in milliseconds. What the library's module
//! (`mls/`) keeps of a group is bounded there; what travels, in the protocol's limits.

use campana_protocol::limits::{DAY_MS, MAX_ATTESTATIONS, MAX_COMMITTEE};

// ---- Whose turn it is ------------------------------------------------------------------------

/// How long each device waits for the one before it: a phone with one bar answers within that.
pub(crate) const STEP: u64 = 5_000;

/// How long members wait for the committee to answer a plea, and the spread of their patience, so
/// that thousands do not answer at once.
pub(crate) const MEMBER_PATIENCE: u64 = 60_000;
pub(crate) const MEMBER_SPREAD: u64 = 120_000;

/// How long a plea may go unanswered before it is made again: longer than members' patience.
pub(crate) const PLEA_PATIENCE: u64 = MEMBER_PATIENCE + MEMBER_SPREAD + 60_000;

/// How long a committee device commits nothing after a commit failed here alone, perhaps: the
/// others' checkpoints come within the steps of a committee of 16.
pub(crate) const DOUBT: u64 = 2 * 60_000;

/// How long a device that is astray pleads before it goes on where it was: four pleas. A commit that
/// opens for nobody stops a network for no longer than that.
pub(crate) const ASTRAY_PATIENCE: u64 = 4 * PLEA_PATIENCE;

/// How long a device whose access key the relay no longer serves waits before it pleads for a fresh leaf, if no other
/// sign speaks against its group. An owner of the channel restores an access key within a minute of connecting.
pub(crate) const CUT_PATIENCE: u64 = 10 * 60_000;

/// How often it, or a device whose way in no committee device vouched for, pleads from then on.
pub(crate) const RETURNED_PATIENCE: u64 = 30 * 60_000;

/// How long whoever was given a fresh leaf waits for the next one: shorter than
/// [`PLEA_PATIENCE`], so an honest device never feels it, and one that pleads without end costs its
/// channel one commit in three minutes.
pub(crate) const ANSWER_PAUSE: u64 = 180_000;

/// How long a device that was let in and could not read how waits for an answer from the committee
/// before it asks again, each time: whoever answered may have died before the Welcome was sent, or keep it
/// to itself, and another answers next; and people look at their phones once a day.
pub(crate) const ASK_AGAIN: [u64; 3] = [15 * 60_000, 2 * 3_600_000, DAY_MS];

/// As far as clocks are known to be wrong, ms.
pub(crate) const TEN_YEARS: u64 = 3_653 * DAY_MS;

/// Most that a plea adds to the time of the leaf before it, ms: the year 3084, as a time.
pub(crate) const MAX_SINCE_STEP: u64 = 1 << 45;

/// How often it asks: what it asked first has left the committee's mailbox by then, and so has
/// whoever was never let in and only told so.
pub(crate) const MAX_ASKS: u8 = 30;

// ---- The connection --------------------------------------------------------------------------

/// Clocks further apart than this are worth a warning.
pub(crate) const CLOCK_TOLERANCE: u64 = 5 * 60_000;

/// The rule number from which alerts and follow-ups count in class alert alone, what is signed has one
/// encoding and a bound, and as many as verify an alert end it.
pub(crate) const STRICT_RULE: u16 = 1;

/// How far the relay's clock and this device's may drift apart before that is written down.
pub(crate) const CLOCK_DRIFT: u64 = 30_000;

/// First pause after the relay refused something for now; doubles up to the last.
pub(crate) const FIRST_PAUSE: u64 = 500;
pub(crate) const LAST_PAUSE: u64 = 30_000;

/// First pause of one job that the relay does not take as it is; doubles up to the last: it is
/// hoped for, not hammered at.
pub(crate) const FIRST_HOLD: u64 = 1_000;
pub(crate) const LAST_HOLD: u64 = 5 * 60_000;

/// How long a device waits before it tries its key again that is not in force: owners have it in force
/// anew within some seconds of seeing it.
pub(crate) const KNOCK_AGAIN: u64 = 60_000;

/// Posts and blob parts on their way at once: fills a slow link, and no relay's rate limit.
pub(crate) const WINDOW: usize = 32;

// ---- A relay that was restored -----------------------------------------------------------------

/// How long the end of each log and what was posted are kept: a nightly backup, and a day for whoever
/// restores it.
pub(crate) const KEPT_TTL: u64 = 2 * DAY_MS;

/// Entries of one log, or posts and parts of blobs, that are kept: a busy day of 2,000 members. They are
/// in memory.
pub(crate) const MAX_KEPT: usize = 2_048;

/// Their bytes: a phone opens them at every start. A committee device keeps a day of commits too.
pub(crate) const MAX_KEPT_BYTES: usize = 256 * 1024;
pub(crate) const MAX_KEPT_BYTES_OWNER: usize = 2 * 1_048_576;

/// How long members leave it to others to put back what a relay has lost, and the spread of that: the
/// others see within a second what one has put back.
pub(crate) const PUT_BACK_AFTER: u64 = 10_000;
pub(crate) const PUT_BACK_SPREAD: u64 = 50_000;

/// Entries put back at once: within what a relay takes of a connection before it has written them.
pub(crate) const PUT_BACK_AT_ONCE: u64 = 16;

/// How long nothing has come back when an owner ends it: longer than any member waits, and than phones
/// take to connect again.
pub(crate) const QUIET: u64 = 90_000;

/// Over how long devices spread what they post again.
pub(crate) const AGAIN_SPREAD: u64 = 60_000;

// ---- Channels --------------------------------------------------------------------------------

/// Positions of a log whose running hash is remembered, to compare with what others saw.
pub(crate) const REMEMBERED: usize = 256;

/// Pleas kept at once per channel: as many phones restored from copies in one night.
pub(crate) const MAX_PLEAS: usize = 256;

/// Leaves remembered, per channel, that another has taken the place of: as [`MAX_PLEAS`].
pub(crate) const MAX_FORMER: usize = MAX_PLEAS;

/// How long: what was signed with such a leaf may wait that long for whoever reads it.
pub(crate) const FORMER_TTL: u64 = DAY_MS;

/// Parts of a log that were passed over and are asked for again: one a week for two months.
pub(crate) const MAX_SKIPS: usize = 8;

/// Connections on which a mailbox is read from before a post from the future: where a clock is wrong
/// this costs a re-reading of the posts since then as often.
pub(crate) const MAX_DOUBTS: u8 = 3;

/// Alerts that could not be read, counted: the desk's ration is as many at once.
pub(crate) const MAX_UNREAD: usize = 32;

/// Access secrets before the present one that are kept: removals that somebody can have missed who
/// pleads.
pub(crate) const MAX_OLDER: usize = 16;

/// Statements that one commit applies at most: 64 with 16 signatures each are 150 KB.
pub(crate) const MAX_STATEMENTS: usize = 64;

/// Fresh leaves kept per kind of channel while pleading: any of the last few may be answered.
pub(crate) const MAX_SPARES: usize = 6;

/// Welcomes that wait for their snapshot at once, and channels whose way in was lost: a device has
/// three channels, and whoever knows its address can send more that lead nowhere.
pub(crate) const MAX_WELCOMES: usize = 8;

/// Events of unknown kinds kept per channel for a later version; the oldest make room.
pub(crate) const MAX_UNKNOWN: usize = 128;

/// Largest of them: events are codes and a few words.
pub(crate) const MAX_UNKNOWN_BYTES: usize = 8_192;

// ---- Incidents -------------------------------------------------------------------------------

/// Incidents kept on a device: some years of a busy network's, and no flood of reports fills it.
pub(crate) const MAX_INCIDENTS: usize = 1_024;

/// Of them, reports of one person that nobody has verified; their own oldest make room: nobody
/// sees that many in the time that verifiers need for one.
pub(crate) const MAX_UNVERIFIED: usize = 32;

/// Alerts remembered, by their ids alone, that were forgotten or are from before this device was let
/// in: said again, they ring nowhere. 17 KB of one row.
pub(crate) const MAX_FORGOTTEN: usize = 1_024;

/// Incidents that a snapshot carries at most, the newest: 16 MiB of blob with the tree.
pub(crate) const MAX_SNAPSHOT_INCIDENTS: usize = 256;

/// Attestations of one incident kept at the desk.
pub(crate) const MAX_ATTESTING: usize = 8 * MAX_ATTESTATIONS;

/// What is kept that people said to end one alert: of each kind more than any network asks for.
pub(crate) const MAX_SAID: usize = 64;

/// How far the time of an attestation may be from the relay's: a phone with one bar sends within that, and
/// an honest one that does not is told and says it again.
pub(crate) const ATTESTED_WITHIN: u64 = 10 * 60_000;

/// An attestation older than this when it is sent is signed anew, with the time.
pub(crate) const SIGN_AGAIN: u64 = 60_000;

/// Attestations kept until their report has been read: the desk's log and its mailbox come apart.
pub(crate) const MAX_EARLY_ATTESTATIONS: usize = 128;

/// Of them, of one verifier: whoever signs more loses their own first.
pub(crate) const MAX_EARLY_ATTESTATIONS_OF_ONE: usize = 8;

/// How long words of a report stay on the phones, from when the relay had it.
pub(crate) const WORDS_TTL: u64 = DAY_MS;

/// An alert that the relay had for longer than this before the device came back rings nowhere: nobody
/// can answer it any more. Above the push services' time (4 h), so that all that is pushed rings.
pub(crate) const PAST: u64 = 6 * 3_600_000;

/// How long what ended an alert stays as prominent as the alert was: whoever has been away since
/// the alert must not miss that it is over.
pub(crate) const RECENT: u64 = 6 * 3_600_000;

// ---- Mailboxes -------------------------------------------------------------------------------

/// Reports kept while their reporter's admission has not been seen.
pub(crate) const MAX_EARLY_REPORTS: usize = 64;

/// Of them, of one leaf: whoever sends more loses their own first.
pub(crate) const MAX_EARLY_REPORTS_OF_ONE: usize = 4;

/// How long they are kept.
pub(crate) const EARLY_REPORT_TTL: u64 = DAY_MS;

/// Join requests kept while their invite has not been seen.
pub(crate) const MAX_EARLY_JOINS: usize = 64;

/// Desk mailboxes read at once: the present one and those before it that late reports go to. A busy
/// night removes as many people from the desk.
pub(crate) const MAX_DESKS: usize = 8;

// ---- The committee ---------------------------------------------------------------------------

/// People kept who are not admitted: twice the 1,800 that sign up in one weekend. The declined make
/// room first, then who has waited longest.
pub(crate) const MAX_WAITING: usize = 4_096;

/// People kept whom a snapshot calls members before this device has seen it: those who are let in while
/// a committee device is on its way in.
pub(crate) const MAX_UNSEEN: usize = 256;

/// Refusals that wait for another committee device to answer, and requests known to be answered.
pub(crate) const MAX_REFUSALS: usize = 64;

/// Invites kept at most; the one that expires first makes room.
pub(crate) const MAX_INVITES: usize = 1_024;

/// Undecided drafts of one committee device kept at most, and their bytes; its oldest make room. All of
/// sixteen devices' drafts fit into a snapshot.
pub(crate) const MAX_DRAFTS: usize = 64;
pub(crate) const MAX_DRAFTS_BYTES: usize = 131_072;

/// Signatures kept of one draft or statement: of the committee before it and of the one after.
pub(crate) const MAX_SIGNERS: usize = 2 * MAX_COMMITTEE;

/// Owner keys of committee devices that are known at most: one for each channel, for those who come and
/// those who go.
pub(crate) const MAX_OWNER_KEYS: usize = 3 * MAX_SIGNERS;

/// Largest join request: the name and three key packages.
pub(crate) const MAX_JOIN: usize = 8_192;

/// Largest key package that this device takes up: an honest one is under 500 bytes, and its leaf stays in
/// everybody's tree.
pub(crate) const MAX_KEY_PACKAGE: usize = 2_048;

/// Bytes that a commit takes for each member at most, beside what it adds: a path through a blank tree is
/// 84 bytes a member.
pub(crate) const COMMIT_PER_MEMBER: usize = 128;

/// Largest of the rest of a commit: its frame, its context, the committer's own leaf.
pub(crate) const COMMIT_REST: usize = 8_192;

/// Statements that one commit of ours carries, in bytes: beside them a path of thousands of members fits
/// into a control entry.
pub(crate) const MAX_STATEMENTS_BYTES: usize = 131_072;

/// Past events in a snapshot, in bytes: half of what a blob can hold, so that the tree has the other.
pub(crate) const MAX_SNAPSHOT_EVENTS: usize = 8 * 1_048_576;

// ---- Alerts of this device -------------------------------------------------------------------

/// A registration is renewed when it is this old.
pub(crate) const RENEW_AFTER: u64 = DAY_MS;

/// The relay hears of a proof when the one it knows is this old.
pub(crate) const PROOF_NEWS: u64 = DAY_MS / 4;

/// Receipts kept until they can be sent: more alerts than a phone misses in a month.
pub(crate) const MAX_RECEIPTS: usize = 64;

/// A test that has not come after this is lost: its delay and a slow push service's.
pub(crate) const TEST_PATIENCE: u64 = 3 * 60_000;

/// How long turning alerts on may take until it is called what it is: they are not on.
pub(crate) const TURNING_ON: u64 = 30_000;

/// Registrations of former memberships that have still to be ended, the newest.
pub(crate) const MAX_FORMER_REGISTRATIONS: usize = 4;

/// While an alert is young its receipts come in by the second, and are asked for so.
pub(crate) const YOUNG: u64 = 15 * 60_000;
pub(crate) const OFTEN: u64 = 3_000;
pub(crate) const SELDOM: u64 = 5 * 60_000;

/// Alerts whose coverage is asked for at once.
pub(crate) const MAX_ASKED: usize = 8;

// ---- The desk's bell -------------------------------------------------------------------------

/// Minutes of a day.
pub(crate) const DAY_MINUTES: u16 = 1_440;

/// Time to lock the phone after going on call, before its test comes.
pub(crate) const ON_CALL_TEST_DELAY: u32 = 10_000;

/// The least time between two reports of one reporter that make noise; it doubles up to the last while
/// nobody answers.
pub(crate) const RING_PAUSE: u64 = 60_000;
pub(crate) const RING_PAUSE_LAST: u64 = 15 * 60_000;

/// How long nobody may answer a report until the desk is rung again: somebody who was woken has found
/// their glasses by then, and an alert that comes ten minutes late still warns.
pub(crate) const ANSWER_IN: u64 = 5 * 60_000;

/// How old a report may be to have a ring held for it, or withdrawn: longer than [`ANSWER_IN`], and no
/// connection asks for more than an hour's.
pub(crate) const HOLD_FOR: u64 = 3_600_000;

/// How long what somebody says of being on call counts: they say it again each day.
pub(crate) const SAID_TTL: u64 = 3 * DAY_MS;

/// Those at the desk whose word on that is kept: a desk has tens.
pub(crate) const MAX_COLLEAGUES: usize = 256;

// ---- Passes ----------------------------------------------------------------------------------

/// Over what time members' devices spread what they ask for passes.
pub(crate) const PASSES_SPREAD: u64 = 60_000;

/// How long an owner's device gathers passes before it lets them in, so that the relay can't tell by the
/// time whose they are, and of how many it does not wait that long.
pub(crate) const PASSES_WAIT: u64 = 1_800_000;
pub(crate) const PASSES_AT_ONCE: usize = 256;

/// Most passes that wait to be let in: those of 2,000 members who ask on one evening.
pub(crate) const MAX_PASSES_KEPT: usize = 8_192;

// ---- The PIN ---------------------------------------------------------------------------------

/// Most memory (KiB) and passes that a sealed key may ask for: a phone can still do that, and a row
/// that was tampered with can't ask for more.
pub(crate) const MAX_MEMORY: u32 = 256 * 1024;
pub(crate) const MAX_PASSES: u32 = 16;

/// From this rule number on members re-key (docs/PROTOCOL.md, "Re-keying").
pub(crate) const REKEY_RULE: u16 = 2;

/// Leaves of a block: one of its members re-keys while the node above it is blank. A removal then costs
/// two blocks and a few nodes, about 10 KB; a path of every tenth member would save 3 KB of that and take six
/// times as many commits, each of which a locked phone has to catch up with.
pub(crate) const REKEY_BLOCK: u32 = 64;

/// Members of a group that re-keys at least: a removal costs smaller ones no more than 21 KB anyway.
pub(crate) const REKEY_MEMBERS: usize = 256;

/// How often a device draws whether it re-keys now. Of a group all of whose members are connected, and
/// all of whose blocks are blank, [`REKEY_AT_ONCE`] draw it, whatever its size.
pub(crate) const REKEY_SLOT: u64 = 600_000;
pub(crate) const REKEY_AT_ONCE: u64 = 4;

/// Nobody re-keys so long after anything of an incident was heard: an alert must not find its author or
/// its readers behind.
pub(crate) const REKEY_QUIET: u64 = 86_400_000;
