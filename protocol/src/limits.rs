//! Every limit of the protocol, each with its reason. Sizes in bytes, times in milliseconds
//! unless the name says otherwise.

/// The version of the relay frames spoken here; the WebSocket path carries it (`/v1/relay`).
pub const FRAME_VERSION: u16 = 1;

/// Largest frame the relay or a device accepts: one control body plus its envelope.
pub const MAX_FRAME: usize = MAX_CONTROL_BODY + 1_024;

/// Largest `control` body. A commit admitting 2,000 people is about 0.61 MB; 10,000 take several.
pub const MAX_CONTROL_BODY: usize = 1_048_576;

/// Largest `alert` body: an alert with its attestations is under 1,300. Up to [`MAX_PUSH_BODY`] it
/// travels within the push, so that a locked phone needs no fetch.
pub const MAX_ALERT_BODY: usize = 2_700;

/// Largest `update` body. Updates are codes and a few words, and the biggest is a desk event.
pub const MAX_UPDATE_BODY: usize = 65_536;

/// Largest `live` body: one position or typing hint, never stored.
pub const MAX_LIVE_BODY: usize = 1_024;

/// Largest mailbox post: a join request with three key packages is under 2 KiB, a Welcome
/// envelope under 4 KiB; room for a tip with text.
pub const MAX_POST_BODY: usize = 16_384;

/// Most unread posts a mailbox holds: 1,800 people sign up in one weekend and the committee
/// may open the queue on Monday. Half are members', half strangers'; what gives way is in PROTOCOL.md.
pub const MAX_MAILBOX_POSTS: u64 = 4_096;

/// Most bytes a mailbox holds: `MAX_MAILBOX_POSTS` posts of their common size.
pub const MAX_MAILBOX_BYTES: u64 = 16 * 1_048_576;

/// How long an unread post is kept unless its mailbox was opened for less: the offline horizon.
pub const MAILBOX_TTL_MS: u64 = CONTROL_TTL_MS;

/// How long posts to a desk are kept: the words of reports leave the phones after a day, and no desk
/// reads a report of the day before yesterday for the first time.
pub const DESK_TTL_MS: u64 = 2 * DAY_MS;

/// Most passes that an owner lets in at once.
pub const MAX_PASSES: usize = 512;

/// How long the relay takes a pass after it was let in; members ask for new ones in half that time.
pub const PASS_TTL_MS: u64 = 14 * DAY_MS;

/// Passes that one member has at a time: as many reports as a person makes in a night.
pub const PASSES_EACH: usize = 4;

/// Largest post that a pass is good for: a report with words is under 2 KiB.
pub const MAX_PASSED_POST: usize = 4_096;

/// Largest part of a blob: keeps one slow phone from holding a big buffer at the relay.
pub const MAX_BLOB_PART: usize = 262_144;

/// Most parts of a blob: 16 MiB, the ratchet tree and charter of about 40,000 members.
pub const MAX_BLOB_PARTS: u16 = 64;

/// How long a blob is kept: a joiner fetches it within the week or is admitted again.
pub const BLOB_TTL_MS: u64 = 7 * DAY_MS;

/// Most blob bytes a channel holds, so that a network cannot use the relay as a disk.
pub const MAX_CHANNEL_BLOB_BYTES: u64 = 1_073_741_824;

/// How long `control` entries are kept: a phone may be off for 30 days and still catch up.
pub const CONTROL_TTL_MS: u64 = 30 * DAY_MS;

/// How long `alert` and `update` entries are kept. Addresses leave the phones after 24 h;
/// the sealed log follows after a week so that a phone that was off still learns the outcome.
pub const ENTRY_TTL_MS: u64 = 7 * DAY_MS;

/// Most owners of a channel: a worker committee is small.
pub const MAX_OWNERS: usize = 32;

/// Most channels that one operator's invitation pays for: broadcast, desk, committee, and
/// the working groups of a large network.
pub const MAX_CHANNELS_PER_INVITATION: u32 = 64;

/// How long an operator's invitation can be redeemed.
pub const INVITATION_TTL_MS: u64 = 30 * DAY_MS;

/// Most subscriptions (channels and mailboxes) of one connection.
pub const MAX_SUBSCRIPTIONS: usize = 64;

/// Most subjects one connection may prove keys for.
pub const MAX_AUTHENTICATIONS: usize = 64;

/// Entries one read from the store returns at most, so that no reader holds the store.
pub const MAX_READ_ENTRIES: usize = 256;

/// Bytes one read from the store gathers at most (it returns at least one entry).
pub const MAX_READ_BYTES: usize = 1_048_576;

/// How long a registration rings unless it is renewed: whoever has not opened the app for a month
/// has changed phones.
pub const REGISTRATION_TTL_MS: u64 = 30 * DAY_MS;

/// How long a registration made under a rotated access key still rings: a phone that was off when
/// somebody was removed comes back within a week, or is not carried any more.
pub const REGISTRATION_GRACE_MS: u64 = 7 * DAY_MS;

/// Most registrations of a channel: ten times the largest network there is.
pub const MAX_CHANNEL_REGISTRATIONS: u32 = 131_072;

/// Longest endpoint of a subscription: the push services' are under 600.
pub const MAX_ENDPOINT: usize = 1_024;

/// Every push's plaintext has this length, so that none tells what it is about. Encryption
/// adds 103 bytes: a push is 2,918 bytes on the wire. Mozilla's bridge to Android phones refuses more than
/// 3,015, which is the least of all services.
pub const PUSH_BYTES: usize = 2_815;

/// Largest entry body that travels within a push; above that the push says where it is. An app's
/// address of up to 200 bytes still fits beside it.
pub const MAX_PUSH_BODY: usize = 1_792;

/// How long a push service keeps a push for a phone that is off: after that nobody can answer the
/// alert, and the log tells what it was.
pub const PUSH_TTL_MS: u64 = 4 * 3_600_000;

/// Most registrations of a mailbox: a desk with all its devices, several times.
pub const MAX_MAILBOX_REGISTRATIONS: u32 = 256;

/// Longest time that a ring is held: a shift. What is due later can be held again by then.
pub const MAX_HOLD_MS: u64 = DAY_MS / 2;

/// How long the id of a held ring stays after it was withdrawn or has rung: longer than any device
/// takes to read what it would hold it for.
pub const HELD_MARK_MS: u64 = DAY_MS;

/// Most rings held for one subject at once, marks included: a desk answers a day's reports.
pub const MAX_HELD: u32 = 1_024;

/// Longest wait before a test push: time to lock the phone and put it into a pocket.
pub const MAX_TEST_DELAY_MS: u32 = 60_000;

/// How long a proof that pushes arrive counts.
pub const PROOF_MS: u64 = 3 * DAY_MS;

/// Padding buckets for what is sealed, in bytes: sizes are all the relay learns, so there are
/// few. Every alert, correction and all clear falls in the first two.
pub const BUCKETS: [usize; 7] = [512, 1_024, 2_048, 4_096, 16_384, 65_000, 262_144];

/// Above the last bucket, sizes are rounded up to a multiple of this.
pub const BUCKET_STEP: usize = 65_536;

/// Most characters of free words in a report: enough for a corner and a landmark.
pub const MAX_WORDS: usize = 280;

/// Largest encoded public report: codes only.
pub const MAX_PUBLIC_REPORT: usize = 512;

/// Most characters of a handle or a network's name.
pub const MAX_NAME: usize = 64;

/// Characters of a telephone number, with all that people write between the digits.
pub const MAX_TELEPHONE: usize = 32;

/// Most zones of a network.
pub const MAX_ZONES: usize = 256;

/// Most committee devices; signatures of all of them travel with each statement.
pub const MAX_COMMITTEE: usize = 16;

/// Most operations in one statement.
pub const MAX_OPERATIONS: usize = 256;

/// A statement must be applied before this many others have been applied since it was drafted,
/// so that an old signature cannot be kept and used years later.
pub const STATEMENT_WINDOW: u64 = 128;

/// Most attestations an alert carries.
pub const MAX_ATTESTATIONS: usize = 8;

/// Largest content of an attestation or follow-up: 97 bytes today and room for a field. Eight of them and
/// the largest report still fit an alert's body nearly always; one that is longer would keep all others out.
pub const MAX_SIGNED_CONTENT: usize = 128;

/// Most people one commit admits: keeps the commit under [`MAX_CONTROL_BODY`].
pub const MAX_ADMISSIONS: usize = 2_500;

/// One day.
pub const DAY_MS: u64 = 86_400_000;
