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

/// Time after which the log goes on in another file: a file goes when its last entry expires, so
/// its first stays on the disk for at most so much longer.
pub const LOG_FILE_MS: u64 = 3_600_000;

/// Rows one trim deletes at most; the next tick goes on.
pub const MAX_TRIM: usize = 1_024;

/// How often the relay trims and looks for new invitations.
pub const TICK_MS: u64 = 2_000;

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

/// Refusals for rate in a row after which a connection is closed.
pub const MAX_BUSY_IN_A_ROW: u32 = 1_024;

/// Mailboxes one channel may open in all: one per invitation link handed out.
pub const MAX_CHANNEL_MAILBOXES: u32 = 4_096;

/// How long a used or expired invitation is remembered, so that its link says what happened.
pub const INVITATION_MEMORY_MS: u64 = 30 * campana_protocol::limits::DAY_MS;

/// How long a connection may stay without having proved a key: long enough on one bar of signal
/// to leave a tip, too short to hold a place.
pub const AUTHENTICATE_MS: u64 = 60_000;

/// How long a request for the WebSocket may take to arrive.
pub const HANDSHAKE_MS: u64 = 10_000;

/// How often a connection's bell may wake it in a row before its socket is looked at again.
pub const RINGS_BEFORE_HEARING: u32 = 8;

/// How often a silent connection is pinged: under the 60 s of common proxies and mobile networks.
pub const PING_MS: u64 = 30_000;

/// How long a connection may say nothing, not even a pong: two pings missed.
pub const SILENCE_MS: u64 = 2 * PING_MS + 15_000;

/// How long a socket may take over [`PULL_BYTES`] (or one big entry): a phone in a tunnel comes
/// back; after that the connection is only memory.
pub const STALL_MS: u64 = 120_000;

/// How long the relay waits for its connections when it shuts down.
pub const DRAIN_MS: u64 = 5_000;

/// Connections served at once unless configured.
pub const MAX_CONNECTIONS: u32 = 16_384;

/// Free space below which the store takes no more writes, so that trimming still can.
pub const MIN_FREE_BYTES: u64 = 64 * 1_048_576;

/// Memory the store may use as cache unless configured.
pub const CACHE_BYTES: u64 = 64 * 1_048_576;
