//! The relay's own limits, each with its reason. What a device can run into is in
//! [`campana_protocol::limits`]. Sizes in bytes, times in milliseconds unless the name says so.

/// Writes that may wait for a commit: at some thousands a second this is about a second of work,
/// after which "busy" is a better answer than waiting.
pub const MAX_PENDING_WRITES: usize = 4_096;

/// Bytes that may wait for a commit: 32 of the largest control bodies.
pub const MAX_PENDING_BYTES: usize = 32 * 1_048_576;

/// Writes that one commit takes: one fsync pays for them all, and the first of them waits for it.
pub const MAX_BATCH_WRITES: usize = 512;

/// Bytes after which a commit takes no further write, so that one commit stays short.
pub const MAX_BATCH_BYTES: usize = 4 * 1_048_576;

/// Requests of one connection that may wait for their commit: a phone sends its whole outbox at
/// once, and nobody fills the queue alone.
pub const MAX_OUTSTANDING: usize = 64;

/// Answers kept for a connection that does not read: it is dropped after that many.
pub const MAX_UNSENT_ANSWERS: usize = 512;

/// Encoded entries kept per channel for those who follow it live: one burst of a busy hour.
pub const RING_ENTRIES: usize = 256;

/// Bytes of encoded entries kept per channel: one big commit and what comes after it.
pub const RING_BYTES: usize = 2 * 1_048_576;

/// Live bodies kept per channel: a position is worth nothing once the next one is there.
pub const LIVE_RING: usize = 64;

/// Bytes gathered for one connection before they are written to its socket: a slow phone holds
/// this much of the relay's memory and no more (one big entry excepted).
pub const PULL_BYTES: usize = 65_536;

/// Entries the log holds; beyond them, and beyond its bytes, entries go to rows, which need no
/// memory. Each takes some 120 bytes of memory: 60 MB, most of an append a second for the week that they are kept.
pub const MAX_LOG_ENTRIES: usize = 524_288;

/// Bytes of the log's files: all of them are read when the store opens.
pub const MAX_LOG_BYTES: u64 = 512 * 1_048_576;

/// Bytes after which the log goes on in another file.
pub const LOG_FILE_BYTES: usize = 64 * 1_048_576;

/// Bytes of zeros that the file being written to is lengthened by at a time: some fifteen commits
/// of 64 appends. With twice to four times as many an append was measured to be slower again.
pub const LOG_AHEAD_BYTES: usize = 524_288;

/// Time after which the log goes on in another file: a file goes when its last entry expires, so
/// its first stays on the disk for at most so much longer.
pub const LOG_FILE_MS: u64 = 3_600_000;

/// How long bodies that expire stay on the disk at most: those of one such time share a file.
pub const BODY_FILE_MS: u64 = 3_600_000;

/// Files of bodies that are open at once: there can be one for each hour of a month.
pub const OPEN_BODY_FILES: usize = 64;

/// Free space with which a store whose write failed is opened again: what opening writes.
pub const REOPEN_BYTES: u64 = 16 * 1_048_576;

/// Rows one trim deletes at most; the next tick goes on.
pub const MAX_TRIM: usize = 1_024;

/// How long `backup` waits for the relay: copying the largest stores takes minutes.
pub const BACKUP_WAIT_MS: u64 = 600_000;

/// How often it looks for the answer.
pub const BACKUP_LOOK_MS: u64 = 100;

/// How long `invite` waits for the relay to take its invitation in: some ticks, and a disk that is slow.
pub const INVITATION_WAIT_MS: u64 = 20_000;

/// Lines of the log that one kind of warning or failure gets in [`LINES_OF_A_KIND_MS`]: enough to see what
/// goes on, and 2 MB a day where all descriptors are held for as long.
pub const LINES_OF_A_KIND: u32 = 10;

/// See [`LINES_OF_A_KIND`].
pub const LINES_OF_A_KIND_MS: u64 = 60_000;

/// How often the relay trims and looks for new invitations.
pub const TICK_MS: u64 = 2_000;

/// How far the clock may go forward between two ticks and be trusted to delete by: a machine that
/// slept. Everything is kept for longer than that.
pub const MAX_CLOCK_AHEAD_MS: u64 = campana_protocol::limits::DAY_MS;

/// How far back it may go: what corrections of a clock come to.
pub const MAX_CLOCK_BACK_MS: u64 = 60_000;

/// How long a clock that jumped must run on before anything is deleted by it: time for its operator to
/// see the log and set it right.
pub const CLOCK_TRIAL_MS: u64 = campana_protocol::limits::DAY_MS;

/// By how much others' clocks must differ from the relay's before it deletes nothing and says so: as long as
/// a VAPID token is valid, after which no push is taken.
pub const CLOCK_FAR_MS: u64 = 12 * 3_600_000;

/// How long another's word about the relay's clock counts.
pub const WITNESS_MS: u64 = campana_protocol::limits::DAY_MS;

/// Push services whose clock is remembered, and owners: there are a handful of the first and some per channel
/// of the others.
pub const MAX_CLOCK_WITNESSES: usize = 4_096;

/// Requests a connection may make at once: authenticating for and subscribing to everything it
/// has, then sending its outbox.
pub const REQUEST_BURST: u32 = 512;

/// Requests a second a connection may make for long: a committee sending welcomes.
pub const REQUESTS_PER_SECOND: u32 = 64;

/// What checking a signature costs, in requests.
pub const SIGNATURE_COST: u32 = 4;

/// Body bytes a connection may send at once: the largest blob and some.
pub const BYTE_BURST: u32 = 32 * 1_048_576;

/// Body bytes a second a connection may send for long.
pub const BYTES_PER_SECOND: u32 = 2 * 1_048_576;

/// Live bodies a connection may send at once.
pub const LIVE_BURST: u32 = 32;

/// Live bodies a second a connection may send for long: one position a second, with room.
pub const LIVE_PER_SECOND: u32 = 8;

/// The least that anything counts for where bytes are rationed: each entry and post has its envelope.
pub const LEAST_BYTES: u64 = 256;

/// Control entries that a channel takes at once from those who are not its owners: each makes everybody's
/// next append stale, and members commit only the swap of a lost leaf that no owner has answered.
pub const CONTROL_BURST: u32 = 16;

/// Control entries a minute that it takes from them for long: between two, everybody else's append
/// has long been made anew.
pub const CONTROL_PER_MINUTE: u32 = 6;

/// Body bytes of those at once: one swap in the largest network, or a few in one of 2,000.
pub const CONTROL_BYTE_BURST: u64 = 1_048_576;

/// Body bytes of those a minute for long: every member stores and forwards them for a month.
pub const CONTROL_BYTES_PER_MINUTE: u64 = 122_880;

/// Alerts a channel takes at once, from everybody together: each rings every phone, and the worst day
/// has had fewer, with their corrections and all clears.
pub const ALERT_BURST: u32 = 32;

/// Alerts a minute a channel takes for long.
pub const ALERTS_PER_MINUTE: u32 = 6;

/// Bytes of updates that a channel takes at once from those who are not its owners. Members append pleas,
/// the desk attestations, each about a kilobyte; every phone fetches them, on a line that may be slow.
pub const UPDATE_BYTE_BURST: u64 = 196_608;

/// Bytes of updates a minute that it takes from them for long: two pleas or attestations a second.
pub const UPDATE_BYTES_PER_MINUTE: u64 = 122_880;

/// In how many parts that burst is given to connections: forty attestations to each.
pub const UPDATE_PARTS: u64 = 4;

/// Bytes of live bodies that a channel fans out at once: the positions of a hundred people.
pub const LIVE_BYTE_BURST: u64 = 32_768;

/// Bytes of live bodies a minute for long: a position a second of eight people.
pub const LIVE_BYTES_PER_MINUTE: u64 = 122_880;

/// Bytes of blobs that a channel takes at once from those who are not its owners: the snapshots of a few swaps
/// that no owner has answered, in a network of 2,000. The store takes three times as much for them.
pub const BLOB_BYTE_BURST: u64 = 3 * 1_048_576;

/// Bytes of blobs a minute for long: a snapshot of 2,000 in twelve minutes.
pub const BLOB_BYTES_PER_MINUTE: u64 = 32_768;

/// Bytes of blobs in a channel beyond which none but owners add to them: three quarters of the room are
/// kept for those who admit people, whatever the rations of members have added up to.
pub const MEMBERS_BLOB_BYTES: u64 = campana_protocol::limits::MAX_CHANNEL_BLOB_BYTES / 4;

/// Posts a mailbox takes at once from others than its reader: a hall full of people that scan one
/// invitation. Members and strangers have a ration each, in bytes.
pub const POST_BURST: u32 = 256;

/// Posts a minute it takes from them for long.
pub const POSTS_PER_MINUTE: u32 = 120;

/// What one of these is in bytes for strangers: a join request with its key packages.
pub const STRANGERS_POST_BYTES: u64 = 2_560;

/// What one of these is in bytes for members: a report without words. 192 KiB at once and 90 KiB a minute
/// are what a flood costs a verifier's phone.
pub const MEMBERS_POST_BYTES: u64 = 768;

/// In how many parts that burst is given to connections: some twenty reports to each.
pub const POST_PARTS: u64 = 8;

/// Bytes of posts at once to mailboxes of which nothing was said, from a channel's members but its owners:
/// Welcomes after a swap, some 4 KiB each.
pub const UNOPENED_BYTE_BURST: u64 = 131_072;

/// Bytes of those a minute for long.
pub const UNOPENED_BYTES_PER_MINUTE: u64 = 30_720;

/// How long a connection's posts count against what it posts next, by kibibyte: a person who reports once a
/// minute always counts as new.
pub const POST_WEIGHT_MS: u64 = 15_000;

/// Registrations that a channel takes at once, beside renewals: a hall full of people who turn alerts on.
pub const REGISTRATION_BURST: u64 = 1_024;

/// Registrations a minute for long. It takes a flood a day and a half to fill a channel.
pub const REGISTRATIONS_PER_MINUTE: u64 = 60;

/// New registrations of one connection at once: a phone makes one, and another when its browser renews it.
pub const REGISTRATIONS_EACH: u64 = 4;

/// Renewals of registrations of one connection at once: after each alert a phone says that it has come.
pub const RENEWAL_BURST: u32 = 8;

/// Seconds until a connection may renew once more.
pub const RENEWAL_SECONDS: u32 = 20;

/// Registrations looked at for one that has never been proved when a channel is full, before the oldest of
/// those found gives way.
pub const GIVING_WAY_SAMPLE: usize = 2_048;

/// Receipts that a channel takes at once: all phones of the largest network have an alert at once.
pub const RECEIPT_BURST: u64 = 16_384;

/// Receipts a minute for long.
pub const RECEIPTS_PER_MINUTE: u64 = 960;

/// Receipts of one connection at once: twice what a phone keeps until it can send them.
pub const RECEIPTS_EACH: u64 = 128;

/// Test pushes of a channel at once: a quarter of those that may wait.
pub const CHANNEL_TEST_BURST: u64 = 64;

/// Test pushes of a channel a minute for long.
pub const CHANNEL_TESTS_PER_MINUTE: u64 = 60;

/// Rations of channels and mailboxes that are not whole: some 10 MB.
pub const MAX_RATIONS: usize = 65_536;

/// Refusals for rate in a row after which a connection is closed.
pub const MAX_BUSY_IN_A_ROW: u32 = 1_024;

/// Mailboxes one channel may open in all: one per invitation link handed out.
pub const MAX_CHANNEL_MAILBOXES: u32 = 4_096;

/// Mailboxes beyond which none but a channel's owners open more: no member of today needs one, and whoever
/// took all would stop all inviting.
pub const MEMBERS_MAILBOXES: u32 = 16;

/// Posts of a mailbox that may be members', and as many that may be strangers': neither displaces the
/// other's. More than the 1,800 that sign up in one weekend.
pub const LANE_POSTS: u64 = campana_protocol::limits::MAX_MAILBOX_POSTS / 2;

/// Bytes of either.
pub const LANE_BYTES: u64 = campana_protocol::limits::MAX_MAILBOX_BYTES / 2;

/// Posts beyond a full lane that came with a pass: a report of every fourth member.
pub const PASSED_POSTS: u64 = 512;

/// Bytes of these.
pub const PASSED_BYTES: u64 = PASSED_POSTS * campana_protocol::limits::MAX_PASSED_POST as u64;

/// Passes of a channel, used or not: those of 16,000 members, new ones each week. Some 200 bytes each.
pub const MAX_CHANNEL_PASSES: u32 = 131_072;

/// How long a used or expired invitation is remembered, so that its link says what happened.
pub const INVITATION_MEMORY_MS: u64 = 30 * campana_protocol::limits::DAY_MS;

/// How long a connection may stay without having proved a key: long enough on one bar of signal
/// to leave a tip, too short to hold a place.
pub const AUTHENTICATE_MS: u64 = 60_000;

/// How long it may stay with no other proof than of a mailbox that nobody opened, or of a key that has been
/// rotated: somebody waits to be let in. Its device comes back by itself.
pub const WAITING_MS: u64 = 30 * 60_000;

/// How long a request, its WebSocket's or another's, may take to arrive; also the pause between two.
pub const HANDSHAKE_MS: u64 = 10_000;

/// How long a connection that is no WebSocket may stay, beside what its downloads need.
pub const HTTP_MS: u64 = 30_000;

/// Bytes a second at which a download is too slow to be waited for: the app comes in ten minutes then.
pub const HTTP_BYTES_PER_SECOND: u64 = 1_024;

/// Connections to the operator's own listener: one collector, and somebody who looks.
pub const MAX_METRICS_CONNECTIONS: usize = 16;

/// One in so many places is kept for those who have proved a key.
pub const PROVED_PART: usize = 4;

/// One in so many places may be held by those who wait to be let in.
pub const WAITING_PART: usize = 4;

/// How often a connection's bell may wake it in a row before its socket is looked at again.
pub const RINGS_BEFORE_HEARING: u32 = 8;

/// How often a silent connection is pinged: under the 60 s of common proxies and mobile networks.
pub const PING_MS: u64 = 30_000;

/// How long a connection may say nothing, not even a pong: two pings missed.
pub const SILENCE_MS: u64 = 2 * PING_MS + 15_000;

/// How long a socket may take over [`PULL_BYTES`] (or one big entry): a phone in a tunnel comes
/// back; after that the connection is only memory.
pub const STALL_MS: u64 = 120_000;

/// How long accepting pauses after it failed, for want of file descriptors mostly; doubled with each
/// failure, up to a second.
pub const ACCEPT_AGAIN_MS: u64 = 32;

/// Open files that are not connections: the log's (an hour's each, of a week), bodies', sled's, pushes'.
pub const OWN_FILES: u64 = 512;

/// How long the relay waits for its connections when it shuts down.
pub const DRAIN_MS: u64 = 5_000;

/// Connections served at once unless configured.
pub const MAX_CONNECTIONS: u32 = 16_384;

/// Free space below which the store takes no more writes, so that trimming still can.
pub const MIN_FREE_BYTES: u64 = 64 * 1_048_576;

/// Free inodes below which the store takes no more writes: a few hours' files of the log and of bodies.
pub const MIN_FREE_INODES: u64 = 16;

/// Memory the store may use as cache unless configured.
pub const CACHE_BYTES: u64 = 64 * 1_048_576;

/// Registrations read and dispatched at a time.
pub const PUSH_PAGE: usize = 1_024;

/// How long reading waits at most for lanes that are busy: services that no page has come to yet
/// get theirs while those that were found first are slow, or hang.
pub const PUSH_PAGE_MS: u64 = 200;

/// Registrations waiting in a lane at which it is given more: enough that it does not run dry while
/// the next page is read.
pub const LANE_LOW: usize = 512;

/// Registrations waiting in a lane at which it is given no more: it reads on by itself once they
/// are fewer than [`LANE_LOW`], and the others are not held up.
pub const LANE_HIGH: usize = 2_048;

/// Registrations of a lane that were put off (each by its own Retry-After, say) before it is given
/// no more: they do not count as waiting. With [`LANE_HIGH`] this bounds the memory of a job whose
/// service is down, whatever the channel's size.
pub const LANE_PUT_OFF: usize = 4_096;

/// Requests at once to hosts under one wildcard that have not answered yet, or no longer do: such
/// names are the devices' to choose.
pub const MAX_PROBES: usize = 64;

/// How often a job's progress is written: what is repeated after a crash was sent within this.
pub const PUSH_PROGRESS_MS: u64 = 500;

/// Settled registrations after which progress is written whatever the time.
pub const PUSH_PROGRESS_SETTLED: usize = 1_024;

/// How often it is written while fewer than one in [`PUSH_PROGRESS_SHARE`] of those that wait have
/// been settled.
pub const PUSH_PROGRESS_SLOW_MS: u64 = 5_000;

/// See [`PUSH_PROGRESS_SLOW_MS`].
pub const PUSH_PROGRESS_SHARE: usize = 64;

/// Jobs that are sent at once: half of them the newest, the other half all others by turns.
pub const MAX_PUSH_JOBS: usize = 64;

/// How long an older job's turn is when there are more than [`MAX_PUSH_JOBS`]: time to hand over
/// some ten thousand pushes, or to find that the service is still down.
pub const PUSH_TURN_MS: u64 = 15_000;

/// How often the sender looks whose turn it is, when there are more jobs than run at once.
pub const LOOK_MS: u64 = 250;

/// Jobs known in memory; the others wait in the store until there are fewer.
pub const MAX_OPEN_JOBS: usize = 16_384;

/// Ids on a page of a job's registrations without an answer: a page is half of the longest value
/// that the store keeps in one piece, and can be replaced.
pub const UNSETTLED_PAGE: usize = 1_024;

/// How long a job waits before it reads again what the store failed to read.
pub const PUSH_READ_AGAIN_MS: u64 = 1_000;

/// Hosts whose signatures and gates are kept.
pub const MAX_ORIGINS: usize = 1_024;

/// Requests under way to one service over HTTP/2: what services allow on one connection.
pub const PUSH_STREAMS: usize = 128;

/// Requests under way to one service over HTTP/1.1, each on a connection of its own.
pub const PUSH_STREAMS_HTTP1: usize = 8;

/// How long a push service may take to accept a connection.
pub const PUSH_CONNECT_MS: u64 = 5_000;

/// How long a push service may take to answer.
pub const PUSH_REQUEST_MS: u64 = 10_000;

/// How often a connection with requests under way is pinged.
pub const PUSH_PING_MS: u64 = 4_000;

/// How long the answer to a ping may take. With [`PUSH_PING_MS`] less than [`PUSH_REQUEST_MS`]: a
/// connection that hangs is given up before its requests are.
pub const PUSH_PONG_MS: u64 = 4_000;

/// How long an idle connection to a push service is kept.
pub const PUSH_IDLE_MS: u64 = 90_000;

/// How long after the last answer a service is met with one request again: less than
/// [`PUSH_IDLE_MS`], so that never many requests open connections at once.
pub const PUSH_COLD_MS: u64 = 60_000;

/// Bytes of an answer's body that are read: services explain themselves in less.
pub const MAX_ANSWER: usize = 4_096;

/// Bytes of an answer that are taken from its connection unread: headers, and what of a body comes
/// before it is given up. Also HTTP/2's smallest frame limit.
pub const ANSWER_BUFFER: u32 = 16_384;

/// Bytes that a connection to a push service may hold unread in all, and its socket's buffer.
pub const CONNECTION_BUFFER: u32 = 65_536;

/// Different registrations in a row whose pushes failed (5xx, 429, no answer) after which a host gets
/// no retries for a while. Fewer say something of themselves only: some services answer 5xx for one
/// subscription, and one member can have several that fail.
pub const FAILURES_TO_SHUT: usize = 32;

/// Failing registrations that are remembered for one host: as many as wait in a lane.
pub const MAX_FAILING: usize = LANE_PUT_OFF;

/// Retries hold at most one in so many of a host's slots, beside the slots of the others.
pub const RETRY_SHARE: usize = 4;

/// How long a push that has not failed before waits at most for the one before it, whatever that one
/// does: of six that hang, the last holds up the next for 1.5 s. A service that is down gets four
/// requests a second.
pub const PUSH_PROBE_MS: u64 = 250;

/// Failures of one push (5xx, 401, no answer) after which its phone counts as not reached, and its owner
/// is told at the next opening: some minutes, so that a service's restart is no news.
pub const FAILURES_TO_NOTE: u32 = 8;

/// The first pause of a host that gets no retries, and of one push that failed.
pub const MIN_SHUT_MS: u64 = 1_000;

/// The longest pause that is the relay's own choice: an alert must not wait longer for a service
/// that is back.
pub const MAX_SHUT_MS: u64 = 300_000;

/// The longest pause a service may ask for.
pub const MAX_RETRY_AFTER_MS: u64 = 600_000;

/// How long a VAPID signature is used: half of the 12 hours it is valid for.
pub const SIGNATURE_MS: u64 = 6 * 3_600_000;

/// How old a VAPID signature is at least before another is made because a service did not accept it:
/// one subscription that is always refused must not cost a signature each time.
pub const SIGN_AGAIN_MS: u64 = 60_000;

/// By how much a service's clock differs before it counts as far from the relay's: more than an answer
/// takes, and much less than the 12 hours after which tokens are refused.
pub const CLOCK_OFF_MS: u64 = 300_000;

/// Registration keys: one in use, the others until everything is sealed anew.
pub const MAX_REGISTRATION_KEYS: usize = 8;

/// The least time from one ring for a mailbox's posts to the next.
pub const RING_PAUSE_MS: u64 = 60_000;

/// The longest pause between two rings of a mailbox that nobody reads: whoever sleeps through four
/// rings is no more awake after the fifth, and a report is still worth a ring after that time.
pub const RING_LAST_PAUSE_MS: u64 = 15 * 60_000;

/// After which a ring is asked for again that has not been made durable.
pub const RING_AGAIN_MS: u64 = 5_000;

/// Mailboxes whose pace is remembered: some 10 MB.
pub const MAX_PACES: usize = 65_536;

/// How often the time that held rings have left is written down: a restart adds so much to it at most.
pub const COUNT_DOWN_MS: u64 = 15_000;

/// How often it is drawn who of those that are cover is pushed to.
pub const COVER_LOOK_MS: u64 = 60_000;

/// How long a phone that is cover waits for its next push on average: a desk is rung a few times a day
/// when it is rung at all, and nobody leaves on what takes away much of a battery.
pub const COVER_MEAN_MS: u64 = 6 * 3_600_000;

/// Rings that a subject is held at once, by all together: a busy hour's reports.
pub const HOLD_BURST: u32 = 64;

/// Rings a minute that it is held for long.
pub const HOLDS_PER_MINUTE: u32 = 12;

/// Test pushes that wait for their time or their answer.
pub const MAX_WAITING_TESTS: usize = 256;

/// Test pushes of one connection at once.
pub const TEST_BURST: u32 = 3;

/// Seconds until a connection may ask for one more test push.
pub const TEST_SECONDS: u32 = 20;

/// What a subscription costs, in requests: it may read the log anew.
pub const SUBSCRIBE_COST: u32 = 4;

/// What reading coverage costs, in requests: it looks at each registration of the channel.
pub const COVERAGE_COST: u32 = 8;

/// How long pushes under way may take when the relay shuts down. Those without an answer by then
/// are sent again by the next start.
pub const PUSH_DRAIN_MS: u64 = 2_000;

/// How long a job that makes room for others waits for its pushes under way: longer than any takes.
pub const PUSH_PARK_MS: u64 = PUSH_REQUEST_MS + 2_000;

/// How often the files of a certificate are looked at. A program that renews does so weeks before the end.
pub const CERTIFICATE_LOOK_MS: u64 = 10_000;

/// A certificate is renewed when this part of its life is left: what Let's Encrypt asks for, 30 days of 90.
pub const CERTIFICATE_RENEWED_PART: u64 = 3;

/// One that has no more than this part of its life left should have been renewed long ago: somebody has to look.
pub const CERTIFICATE_EXPIRING_PART: u64 = 6;

/// But not sooner than so many seconds before its end, two weeks: some certificates last for years.
pub const CERTIFICATE_EXPIRING_SECONDS: u64 = 14 * 86_400;

/// How long to wait for a connection to an ACME authority, and for its advice.
pub const ACME_CONNECT_MS: u64 = 30_000;

/// How long one order may take: an authority asks from several places, and a busy one says so.
pub const ACME_ORDER_MS: u64 = 180_000;

/// Bytes of one answer of an authority: a long chain is some ten thousand.
pub const ACME_ANSWER_BYTES: usize = 262_144;

/// Until an order that failed is tried again, doubled each time: Let's Encrypt takes five failures an hour.
pub const ACME_AGAIN_MS: u64 = 300_000;

/// The longest of these pauses: many tries in the month that is left.
pub const ACME_AGAIN_MOST_MS: u64 = 6 * 3_600_000;

/// How often the clock is compared with the time at which a certificate is due.
pub const ACME_LOOK_MS: u64 = 3_600_000;

/// How often an authority is asked whether it would have a certificate renewed sooner (RFC 9773).
pub const ACME_ADVICE_MS: u64 = 6 * 3_600_000;

/// Connections at once to the listener that only sends people to https: each is answered within a moment.
pub const MAX_PLAIN_CONNECTIONS: usize = 256;

/// Days for which an authority for one Wi-Fi is valid: it is made for an evening, and a drill is within the month.
pub const LAN_CERTIFICATE_DAYS: i64 = 31;

/// Seconds that one has to have left for a start to go on with it: an evening and the day after.
pub const LAN_CERTIFICATE_LEFT_SECONDS: u64 = 2 * 86_400;
