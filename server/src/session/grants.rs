//! What a connection has proved.

use campana_protocol::code::Code;
use campana_protocol::frame::Subject;
use campana_protocol::id::{ChannelId, MailboxId, PublicKey, Signature};
use campana_protocol::limits::MAX_AUTHENTICATIONS;

use crate::store::{Keys, Rights, Store};

/// Keys per channel, and the mailboxes it reads.
#[derive(Debug, Default)]
pub(super) struct Grants {
    channels: Vec<(ChannelId, Keys)>,
    mailboxes: Vec<MailboxId>,
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
            }
            Subject::Mailbox(mailbox) => {
                if MailboxId::of(&key) != mailbox {
                    return Err(Code::Forbidden);
                }
                if !self.reads(&mailbox) {
                    self.check_room()?;
                    self.mailboxes.push(mailbox);
                }
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

    /// Whether it is owner or current member of some channel.
    pub(super) fn insider<S: Store>(&self, store: &S) -> bool {
        self.channels.iter().any(|(channel, _)| self.current(store, channel).is_ok())
    }

    pub(super) fn reads(&self, mailbox: &MailboxId) -> bool {
        self.mailboxes.contains(mailbox)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.mailboxes.is_empty()
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
