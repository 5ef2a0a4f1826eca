//! What can go wrong in a store, one enum per operation, each with the code a device is given.

use std::path::PathBuf;

use campana_protocol::code::Code;

/// A store that cannot be opened. Says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("the store in {0} is in use by another process: stop that relay first")]
    InUse(PathBuf),
    /// It was written by a newer version.
    #[error(
        "the store in {path} has format {found}, this relay knows up to {known}: run the newer relay, \
         or start this one on another data directory"
    )]
    Newer {
        /// Where it is.
        path: PathBuf,
        /// Its format.
        found: u16,
        /// The newest format known here.
        known: u16,
    },
    /// Its files are damaged.
    #[error(
        "the store in {path} is damaged ({reason}): move the directory away and keep it; restore a backup \
         of it or start empty. Devices keep their own state; see docs/OPERATIONS.md, \"A damaged store\""
    )]
    Damaged {
        /// Where it is.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// There is none.
    #[error("there is no store in {0}: check the data directory")]
    Missing(PathBuf),
    /// It is of an earlier format and could not be converted.
    #[error(
        "the store in {path} is of an earlier version and could not be converted to this one's format: \
         {source}. It is as it was: give the disk as much free space as the store takes and start the relay again"
    )]
    Unconverted {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The directory or a file cannot be read or written.
    #[error("the store in {path} cannot be opened: {source}")]
    Io {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// A read that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is not there.
    #[error("no such channel or blob")]
    Unknown,
    /// A row is damaged or the disk failed.
    #[error("the store cannot be read there")]
    Failed,
}

impl ReadError {
    /// What a device is told.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Unknown => Code::Unknown,
            Self::Failed => Code::Internal,
        }
    }
}

/// A write that was refused; nothing was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// An append was refused.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Founding or owning was refused.
    #[error(transparent)]
    Found(#[from] FoundError),
    /// A mailbox refused.
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    /// A blob part was refused.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A registration or receipt was refused.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The store could not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WriteError {
    /// What a device is told.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Append(error) => error.code(),
            Self::Found(error) => error.code(),
            Self::Mailbox(error) => error.code(),
            Self::Blob(error) => error.code(),
            Self::Push(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

macro_rules! refusals {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:ident, $text:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[non_exhaustive]
        pub enum $name { $($(#[$vdoc])* #[error($text)] $variant,)+ }

        impl $name {
            /// What a device is told.
            #[must_use]
            pub const fn code(self) -> Code {
                match self { $(Self::$variant => Code::$code,)+ }
            }
        }
    };
}

refusals! {
    /// Why an append was refused.
    AppendError {
        /// No such channel.
        Unknown = Unknown, "no such channel";
        /// No key of the author may append (or rotate).
        Forbidden = Forbidden, "this key may not append";
        /// Another control entry came first.
        Stale = Stale, "another control entry came first, or another entry has the place";
        /// The channel was restored, and takes nothing but what is put back.
        Restored = Restored, "the channel was restored and waits for an owner";
        /// The record id stands for something else already.
        Conflict = Conflict, "the record id stands for another entry";
    }
}

refusals! {
    /// Why redeeming, creating or changing owners was refused.
    FoundError {
        /// No such invitation, or a founder who redeemed none.
        InvitationUnknown = InvitationUnknown, "no such invitation";
        /// Another key redeemed it.
        InvitationUsed = InvitationUsed, "another key redeemed this invitation";
        /// It was not redeemed in time.
        InvitationExpired = InvitationExpired, "the invitation has expired";
        /// Its channels are all created.
        InvitationExhausted = InvitationExhausted, "the invitation's channels are all created";
        /// No such channel.
        Unknown = Unknown, "no such channel";
        /// Not an owner.
        Forbidden = Forbidden, "only an owner may";
    }
}

refusals! {
    /// Why a mailbox refused.
    MailboxError {
        /// Not opened for strangers, or not there: which, a stranger is not told.
        Unknown = Unknown, "no such mailbox";
        /// Only owners and current members open mailboxes.
        Forbidden = Forbidden, "this key may not open a mailbox";
        /// The record id stands for another post already.
        Conflict = Conflict, "the record id stands for another post";
        /// The channel has opened too many.
        TooMany = TooMany, "the channel has opened too many mailboxes";
        /// It is full of posts that nobody has read and that have as much right to be there.
        Full = MailboxFull, "the mailbox is full until it is read";
    }
}

refusals! {
    /// Why a blob part was refused.
    BlobError {
        /// No such channel.
        Unknown = Unknown, "no such channel";
        /// Only owners and current members store blobs.
        Forbidden = Forbidden, "this key may not store blobs";
        /// The part is there with other bytes.
        Conflict = Conflict, "the part is there with other bytes";
        /// The channel holds too many bytes.
        TooMany = TooMany, "the channel holds too many blob bytes";
        /// What is left of its room is its owners'.
        Reserved = Busy, "the rest of the channel's room is its owners'";
    }
}

refusals! {
    /// Why a registration or receipt was refused.
    PushError {
        /// No such channel or alert.
        Unknown = Unknown, "no such channel or alert";
        /// Only owners and current members.
        Forbidden = Forbidden, "only a current member may";
        /// The channel has too many.
        TooMany = TooMany, "the channel has too many registrations or receipts";
        /// The push service has ended its subscription.
        Ended = SubscriptionEnded, "the push service has ended what was registered under this id";
    }
}

refusals! {
    /// Why the store could not write.
    StoreError {
        /// The disk is full.
        Full = ReadOnly, "the disk is full: writes are refused until there is room";
        /// An earlier write failed: nothing more is written until the store is opened again.
        Failed = ReadOnly, "a write failed: writes are refused until the relay is started again";
        /// A row this write depends on is damaged.
        Damaged = Internal, "a row this write depends on is damaged";
    }
}
