//! What the relay keeps, behind one trait: [`Store`].
//!
//! Reads see only what is durable. Writes are judged and carried out in the order of a batch, by
//! one [`Store::commit`], which returns when they are durable: whatever it returns may be said
//! aloud. [`MemoryStore`] and [`SledStore`] are two engines under the same rules
//! ([`rows::RowStore`]); an engine with a per-channel order of its own implements [`Store`] itself.
//! All of them pass `conformance`.

mod bodies;
#[cfg(any(test, feature = "testing"))]
pub mod conformance;
mod convert;
pub mod engine;
pub mod error;
#[cfg(test)]
mod expiry;
mod key;
mod log;
mod look;
pub(crate) mod memory;
pub(crate) mod ring;
mod row;
pub mod rows;
mod sled;
pub mod write;

use std::io;
use std::path::Path;

use campana_protocol::frame::Entry;
use campana_protocol::id::{BlobId, ChannelId, Hash, MailboxId, PublicKey, RegistrationId};

pub use self::error::{OpenError, ReadError, WriteError};
pub use self::look::{Look, in_use};
pub use self::memory::MemoryStore;
pub use self::ring::{HeldRing, place};
pub use self::sled::{SledOptions, SledStore};
pub use self::write::{Append, MailboxRegistration, PushProgress, Write, Written};

/// Ordered logs, capabilities, mailboxes, blobs, invitations and push registrations.
pub trait Store: Send + Sync + 'static {
    /// What `keys` open of `channel` (`None`: nothing).
    ///
    /// # Errors
    /// [`ReadError::Unknown`] if there is no such channel.
    fn rights(&self, channel: &ChannelId, keys: &Keys) -> Result<Option<Rights>, ReadError>;

    /// The channel whose members alone append alerts to `channel` (`None`: its own may).
    ///
    /// # Errors
    /// [`ReadError::Unknown`] if there is no such channel.
    fn guard(&self, channel: &ChannelId) -> Result<Option<ChannelId>, ReadError>;

    /// The owners of `channel`, and the member access key in force.
    ///
    /// # Errors
    /// [`ReadError::Unknown`] if there is no such channel.
    fn founded(&self, channel: &ChannelId) -> Result<(Vec<PublicKey>, PublicKey), ReadError>;

    /// Whether `channel` was restored from a backup and no owner has put the access key in force anew.
    ///
    /// # Errors
    /// [`ReadError::Unknown`] if there is no such channel.
    fn restored(&self, channel: &ChannelId) -> Result<bool, ReadError>;

    /// Where the log of `channel` ends.
    ///
    /// # Errors
    /// [`ReadError::Unknown`] if there is no such channel.
    fn head(&self, channel: &ChannelId) -> Result<Head, ReadError>;

    /// The entries after `after` up to and including `through`, at least one if there is one and
    /// no more than `max_bytes` of bodies otherwise (and never more than the protocol's limits of
    /// a read). What has expired is left out.
    ///
    /// # Errors
    /// [`ReadError`].
    fn read(
        &self,
        channel: &ChannelId,
        after: u64,
        through: u64,
        max_bytes: usize,
    ) -> Result<Page<Entry>, ReadError>;

    /// The state of a mailbox. One that nobody has posted to is an empty one.
    ///
    /// # Errors
    /// [`ReadError`].
    fn mailbox(&self, mailbox: &MailboxId) -> Result<MailboxState, ReadError>;

    /// Whether a channel has this pass and it was not used.
    ///
    /// # Errors
    /// [`ReadError`].
    fn pass(&self, channel: &ChannelId, pass: &Hash) -> Result<bool, ReadError>;

    /// The posts after `after` up to and including `through`, limited like [`Store::read`].
    ///
    /// # Errors
    /// [`ReadError`].
    fn read_posts(
        &self,
        mailbox: &MailboxId,
        after: u64,
        through: u64,
        max_bytes: usize,
    ) -> Result<Page<Post>, ReadError>;

    /// One part of a blob.
    ///
    /// # Errors
    /// [`ReadError::Unknown`] if it is not there.
    fn blob_part(&self, channel: &ChannelId, blob: &BlobId, part: u16) -> Result<BlobPart, ReadError>;

    /// Carries out `writes` in order, each seeing those before it, and returns once all that
    /// succeeded are durable. One result each. A refused write has stored nothing.
    fn commit(&self, now: u64, writes: &[Write]) -> Vec<Result<Written, WriteError>>;

    /// Deletes what has expired, no more than [`crate::limits::MAX_TRIM`] rows at a time.
    ///
    /// # Errors
    /// [`WriteError`].
    fn trim(&self, now: u64) -> Result<Trimmed, WriteError>;

    /// The registrations of `channel` after `after` that ring at `now`, looking at no more than
    /// `limit` rows.
    ///
    /// # Errors
    /// [`ReadError`].
    fn registrations(
        &self,
        channel: &ChannelId,
        after: Option<RegistrationId>,
        limit: usize,
        now: u64,
    ) -> Result<RegistrationPage, ReadError>;

    /// One registration, if it rings at `now`.
    ///
    /// # Errors
    /// [`ReadError`].
    fn registration(
        &self,
        channel: &ChannelId,
        registration: &RegistrationId,
        now: u64,
    ) -> Result<Option<Registration>, ReadError>;

    /// At most `limit` registrations after `after`, of all channels, whether they ring or not.
    ///
    /// # Errors
    /// [`ReadError`].
    fn all_registrations(
        &self,
        after: Option<(ChannelId, RegistrationId)>,
        limit: usize,
    ) -> Result<Vec<(ChannelId, Registration)>, ReadError>;

    /// The alerts that are being pushed.
    ///
    /// # Errors
    /// [`ReadError`].
    fn push_jobs(&self) -> Result<Vec<PushJob>, ReadError>;

    /// One of them.
    ///
    /// # Errors
    /// [`ReadError`].
    fn push_job(&self, channel: &ChannelId, seq: u64) -> Result<Option<PushJob>, ReadError>;

    /// The registrations a push job has come past and that have no answer yet. `None`: that is damaged,
    /// and the job has to begin anew.
    ///
    /// # Errors
    /// [`ReadError`].
    fn unsettled(&self, channel: &ChannelId, seq: u64) -> Result<Option<Vec<RegistrationId>>, ReadError>;

    /// How far the alert at `seq` has come.
    ///
    /// # Errors
    /// [`ReadError`].
    fn coverage(&self, channel: &ChannelId, seq: u64, now: u64) -> Result<Coverage, ReadError>;

    /// Whether the registrations of `mailbox` are owed a ring.
    ///
    /// # Errors
    /// [`ReadError`].
    fn owes_ring(&self, mailbox: &MailboxId) -> Result<bool, ReadError>;

    /// The mailboxes whose registrations are owed a ring.
    ///
    /// # Errors
    /// [`ReadError`].
    fn owed_rings(&self) -> Result<Vec<MailboxId>, ReadError>;

    /// The rings that are held.
    ///
    /// # Errors
    /// [`ReadError`].
    fn held_rings(&self) -> Result<Vec<HeldRing>, ReadError>;

    /// The registrations of mailboxes that are pushed to at random times too, whether they ring or not.
    ///
    /// # Errors
    /// [`ReadError`].
    fn covers(&self) -> Result<Vec<(MailboxId, RegistrationId)>, ReadError>;

    /// The relay's sealed VAPID key.
    ///
    /// # Errors
    /// [`ReadError`].
    fn push_secret(&self) -> Result<Option<Vec<u8>>, ReadError>;

    /// When the store was last written to before it was opened, by the clock of then; `None`: never.
    fn written_at(&self) -> Option<u64> {
        None
    }

    /// The run that the store is of, if one has begun on it.
    ///
    /// # Errors
    /// [`ReadError`].
    fn run(&self) -> Result<Option<Run>, ReadError>;

    /// Copies the store, while it is in use, to a directory `store` in `to`, replacing what was copied
    /// there before once the copy is complete.
    ///
    /// # Errors
    /// The disk's, or that this store is not on one.
    fn back_up(&self, to: &Path) -> io::Result<()>;

    /// Whether anybody has ever been invited.
    ///
    /// # Errors
    /// [`ReadError`].
    fn has_invitation(&self) -> Result<bool, ReadError>;

    /// What the store holds: counts and sizes per kind.
    ///
    /// # Errors
    /// [`ReadError`].
    fn holdings(&self) -> Result<Vec<Holding>, ReadError>;

    /// Whether writes are accepted.
    fn health(&self) -> Health;

    /// Rows that could not be read and were left out, since the store was opened.
    fn corrupt_rows(&self) -> u64;
}

/// The keys a connection has proved for a channel: those it may act as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keys {
    /// A key that was an owner's when it was proved.
    pub owner: Option<PublicKey>,
    /// A key that was a member's when it was proved, current or older.
    pub member: Option<PublicKey>,
}

/// What a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a new right must be handled everywhere")]
pub enum Rights {
    /// Everything.
    Owner,
    /// Reading and appending.
    Current,
    /// Reading up to and including this seq: the entry that rotated the key.
    Until(u64),
}

impl Rights {
    /// Whether appending is allowed.
    #[must_use]
    pub const fn current(self) -> bool {
        matches!(self, Self::Owner | Self::Current)
    }

    /// The last seq that may be read of a log that ends at `head`.
    #[must_use]
    pub fn limit(self, head: u64) -> u64 {
        match self {
            Self::Owner | Self::Current => head,
            Self::Until(seq) => seq.min(head),
        }
    }
}

/// Where a log ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// Seq of the last entry (0: none).
    pub seq: u64,
    /// Seq of the last control entry (0: none).
    pub last_control: u64,
}

/// Part of a log or mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// In order.
    pub items: Vec<T>,
    /// All up to and including this seq has been looked at: what is not in `items` is gone.
    pub through: u64,
}

/// Counters of a mailbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MailboxState {
    /// Strangers may post.
    pub opened: bool,
    /// How long it keeps its posts was said.
    pub kept: bool,
    /// Seq of the last post (0: none yet).
    pub head: u64,
}

/// One post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Position, increasing.
    pub seq: u64,
    /// When it was stored.
    pub received_at: u64,
    /// The sealed post.
    pub body: Vec<u8>,
}

/// One part of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobPart {
    /// Parts in all.
    pub of: u16,
    /// The sealed part.
    pub body: Vec<u8>,
}

/// A push registration. Its subscription is sealed: the store cannot read where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Which one.
    pub registration: RegistrationId,
    /// The sealed subscription.
    pub sealed: Vec<u8>,
    /// Since when its push service has not taken its pushes, Unix milliseconds.
    pub refused_at: Option<u64>,
}

/// Part of a channel's registrations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistrationPage {
    /// In order of their ids.
    pub items: Vec<Registration>,
    /// All up to this one have been looked at (`None`: all there are).
    pub through: Option<RegistrationId>,
}

/// By which an endpoint is known on one channel: it says nothing of where that leads.
pub type EndpointTag = [u8; 16];

/// By which a push service is known in one job: it does not say which it is.
pub type LaneTag = u64;

/// An alert that is being pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushJob {
    /// The channel.
    pub channel: ChannelId,
    /// The alert.
    pub seq: u64,
    /// When it was appended.
    pub created_at: u64,
    /// The last registration that was read for all services, in the order of the job's reader.
    pub cursor: Option<RegistrationId>,
    /// The services that are read for separately, each with the last that was read for it.
    pub lanes: Vec<(LaneTag, Option<RegistrationId>)>,
}

/// A run of a relay on a store, from its start to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "all there is to say of one")]
pub struct Run {
    /// Random.
    pub name: [u8; 16],
    /// How often the store has been restored from a backup until then.
    pub restored: u64,
    /// The name of the run that noticed the last restoring.
    pub since: Option<[u8; 16]>,
}

/// How far an alert has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Devices that have it.
    pub receipts: u64,
    /// Registrations of the channel that ring.
    pub registered: u64,
    /// Those of them where a push has arrived lately.
    pub proved: u64,
}

/// What a trim did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Rows deleted.
    pub rows: usize,
    /// Channels that lost entries.
    pub channels: Vec<ChannelId>,
    /// There is more to delete.
    pub more: bool,
}

/// What the store holds of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Which kind.
    pub kind: &'static str,
    /// Rows.
    pub rows: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
}

/// Whether a store accepts writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// It does.
    Writable,
    /// The disk is full: there is nothing to be done until there is room.
    Full,
    /// A write failed: it will not until it is opened again, for which there is room, and some reads
    /// may fail too. Keeping some free space ([`SledOptions::min_free_bytes`]) avoids one cause.
    Failed,
}

/// The name of a registration's row, which its sealing is bound to.
pub(crate) fn registration_row(channel: &ChannelId, registration: &RegistrationId) -> Vec<u8> {
    key::Key::Registration(*channel, *registration).encode()
}

/// The name of the row of the VAPID key.
pub(crate) fn push_secret_row() -> Vec<u8> {
    key::Key::PushSecret.encode()
}
