//! Why the relay refused or closed. Numeric, append-only; the hundred a code is in tells a
//! client what to do, so an old client acts rightly on a code it has never seen.

use crate::wire::{Decode, Encode, Reader, Unread, Writer, foreign};

/// What a client does about a [`Code`], by its range alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// 4000-4099: try the same again after a pause with jitter.
    Retry,
    /// 4100-4199: catch up from the log, make the request anew, try again.
    CatchUp,
    /// 4200-4299: this key or invitation does not open this; rejoin or ask for a new one.
    Rejoin,
    /// 4300-4399: never send this again; it can't succeed.
    Reject,
    /// 4400-4499: this version is not spoken here; update.
    Update,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal),+ $(,)?) => {
        /// Why the relay refused a request or closed a connection.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)+
            /// A code this version does not know; its range still says what to do.
            Other(u16),
        }

        impl Code {
            /// The number on the wire, also used as the WebSocket close code.
            #[must_use]
            pub const fn number(self) -> u16 {
                match self { $(Self::$name => $number,)+ Self::Other(number) => number }
            }

            /// From the number on the wire.
            #[must_use]
            pub const fn from_number(number: u16) -> Self {
                match number { $($number => Self::$name,)+ other => Self::Other(other) }
            }
        }
    };
}

codes! {
    /// The relay is shutting down or restarting.
    GoingAway = 4000,
    /// Too many requests for now.
    Busy = 4001,
    /// The store cannot write (a full disk): reads are served, appends refused.
    ReadOnly = 4002,
    /// The mailbox is full of posts that nobody has read and that have as much right to be there.
    MailboxFull = 4003,
    /// Something failed at the relay; nothing was stored.
    Internal = 4004,
    /// The channel was restored from a backup: until an owner has put the access key in force anew, only
    /// entries are taken that it may have held before.
    Restored = 4005,
    /// Another control entry has been appended since the author's last one.
    Stale = 4100,
    /// The key does not open this channel or mailbox, or opens it only for reading.
    Forbidden = 4200,
    /// The invitation has been redeemed by another key.
    InvitationUsed = 4201,
    /// The invitation has expired.
    InvitationExpired = 4202,
    /// No such invitation.
    InvitationUnknown = 4203,
    /// The invitation's channels are all created.
    InvitationExhausted = 4204,
    /// No such channel, mailbox or blob here (or none this key may know of).
    Unknown = 4205,
    /// The signature over the challenge does not verify.
    BadSignature = 4206,
    /// Not a frame.
    Malformed = 4300,
    /// A body longer than its class allows.
    TooLong = 4301,
    /// Too many of something on one connection or channel.
    TooMany = 4302,
    /// The same record id with a different body or class.
    Conflict = 4303,
    /// Not a push endpoint that this relay sends to.
    EndpointRefused = 4304,
    /// The push service has ended what was registered under this id: subscribe anew, under another.
    SubscriptionEnded = 4305,
    /// A frame kind or version this relay does not know.
    Unsupported = 4400,
}

impl Code {
    /// What to do, by range. An unknown range is treated as [`Action::Reject`].
    #[must_use]
    pub const fn action(self) -> Action {
        match self.number() / 100 {
            40 => Action::Retry,
            41 => Action::CatchUp,
            42 => Action::Rejoin,
            44 => Action::Update,
            _ => Action::Reject,
        }
    }
}

impl Encode for Code {
    fn write(&self, writer: &mut Writer) {
        self.number().write(writer);
    }
}

impl Decode for Code {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Unread> {
        u16::read(reader).map(Self::from_number)
    }
}

foreign!(Code);
