//! What a connection has proved.

use campana_protocol::code::Code;
use campana_protocol::frame::Subject;
use campana_protocol::id::{ChannelId, MailboxId, PublicKey, Signature};
use campana_protocol::limits::MAX_AUTHENTICATIONS;

use crate::store::{Keys, Rights, Store};

/// What a connection's proofs say of its claim to a place. In order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// No key.
    #[default]
    Unproved,
    /// A mailbox's that nobody opened, as anybody can make one and people who wait to be let in have; or a
    /// channel's that has been rotated.
    Waiting,
    /// A channel's that is in force, or an opened mailbox's.
    Proved,
}

/// Keys per channel, and the mailboxes it reads.
#[derive(Debug, Default)]
pub(super) struct Grants {
    channels: Vec<(ChannelId, Keys)>,
    mailboxes: Vec<MailboxId>,
    standing: Standing,
}

impl Grants {
    /// Adds a proved key. For a channel the last owner key and the last member key count.
    pub(super) fn prove<S: Store>(
        &mut self,
        store: &S,
        subject: Subject,
        key: PublicKey,
    ) -> Result<(), Code> {
        match subject {
            Subject::Channel(channel) => {
                let both = Keys { owner: Some(key), member: Some(key) };
                let rights = store.rights(&channel, &both).map_err(|error| error.code())?;
                let slot = self.channel_mut(channel)?;
                match rights {
                    Some(Rights::Owner) => slot.owner = Some(key),
                    Some(Rights::Current | Rights::Until(_)) => slot.member = Some(key),
                    None => {
                        self.channels.retain(|(_, keys)| *keys != Keys::default());
                        return Err(Code::Forbidden);
                    }
                }
                self.rise(rights.is_some_and(Rights::current));
            }
            Subject::Mailbox(mailbox) => {
                if MailboxId::of(&key) != mailbox {
                    return Err(Code::Forbidden);
                }
                if !self.reads(&mailbox) {
                    self.check_room()?;
                    self.mailboxes.push(mailbox);
                }
                let state = store.mailbox(&mailbox).map_err(|error| error.code())?;
                self.rise(state.opened || state.kept);
            }
        }
        Ok(())
    }

    /// The keys proved for `channel`.
    pub(super) fn keys(&self, channel: &ChannelId) -> Result<Keys, Code> {
        self.channels.iter().find(|(known, _)| known == channel).map(|(_, keys)| *keys).ok_or(Code::Forbidden)
    }

    /// The keys proved for `channel`, if they open all of it now.
    pub(super) fn current<S: Store>(&self, store: &S, channel: &ChannelId) -> Result<Keys, Code> {
        let keys = self.keys(channel)?;
        match store.rights(channel, &keys).map_err(|error| error.code())? {
            Some(rights) if rights.current() => Ok(keys),
            _ => Err(Code::Forbidden),
        }
    }

    /// A channel that it is owner of, or else current member of, if there is one.
    pub(super) fn vouched<S: Store>(&self, store: &S) -> Option<(ChannelId, Rights)> {
        let rights = |(channel, keys): &(ChannelId, Keys)| {
            let rights = store.rights(channel, keys).ok()??;
            rights.current().then_some((*channel, rights))
        };
        let mut all = self.channels.iter().filter_map(rights);
        let first = all.next()?;
        Some(if first.1 == Rights::Owner {
            first
        } else {
            all.find(|(_, rights)| *rights == Rights::Owner).unwrap_or(first)
        })
    }

    /// Whether it has proved an owner's key of `channel` that is in force.
    pub(super) fn owns<S: Store>(&self, store: &S, channel: &ChannelId) -> bool {
        let keys = self.keys(channel).unwrap_or_default();
        store.rights(channel, &keys) == Ok(Some(Rights::Owner))
    }

    pub(super) fn reads(&self, mailbox: &MailboxId) -> bool {
        self.mailboxes.contains(mailbox)
    }

    pub(super) fn standing(&self) -> Standing {
        self.standing
    }

    /// Finds out anew what its proofs are worth: a key may have been rotated.
    pub(super) fn judge_again<S: Store>(&mut self, store: &S) {
        let opened = |mailbox| store.mailbox(mailbox).is_ok_and(|state| state.opened || state.kept);
        self.standing = if self.vouched(store).is_some() || self.mailboxes.iter().any(opened) {
            Standing::Proved
        } else {
            self.standing.min(Standing::Waiting)
        };
    }

    fn rise(&mut self, proved: bool) {
        self.standing = self.standing.max(if proved { Standing::Proved } else { Standing::Waiting });
    }

    fn channel_mut(&mut self, channel: ChannelId) -> Result<&mut Keys, Code> {
        let known = self.channels.iter().position(|(known, _)| *known == channel);
        let index = match known {
            Some(index) => index,
            None => {
                self.check_room()?;
                self.channels.push((channel, Keys::default()));
                self.channels.len() - 1
            }
        };
        Ok(&mut self.channels[index].1)
    }

    fn check_room(&self) -> Result<(), Code> {
        let room = self.channels.len() + self.mailboxes.len() < MAX_AUTHENTICATIONS;
        if room { Ok(()) } else { Err(Code::TooMany) }
    }
}

/// Checks an Ed25519 signature, strictly: no key of small order, no second form of one signature.
pub(super) fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> Result<(), Code> {
    let verifying = ed25519_dalek::VerifyingKey::from_bytes(&key.0).map_err(|_| Code::BadSignature)?;
    verifying
        .verify_strict(message, &ed25519_dalek::Signature::from_bytes(&signature.0))
        .map_err(|_| Code::BadSignature)
}
