//! What the worker committee says: a charter, then a chain of statements signed by k of n.

use campana_derive::{Decode, Encode};

use crate::id::{ChannelId, Hash, MailboxId, NetworkId, PublicKey, SealingKey, Signature, hash};
use crate::wire;

/// The highest rule number that this version follows (docs/PROTOCOL.md, "Versions").
///
/// 0: networks founded before there were rule numbers. 1: events of incidents count in class alert
/// alone, and everything signed has one encoding and a bounded size. 2: members re-key.
pub const RULES: u16 = 2;

/// The genesis of a network. Its hash is the network's id, so nothing in it can change.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Charter {
    /// The network's name; at most [`crate::limits::MAX_NAME`] characters.
    #[n(0)]
    pub name: String,
    /// The founder's role key: the whole committee until [`Operation::Constitute`].
    #[n(1)]
    pub founder: PublicKey,
    /// Committee devices when constituted (n).
    #[n(2)]
    pub committee_size: u8,
    /// Signatures a statement needs when constituted (k).
    #[n(3)]
    pub threshold: u8,
    /// Confirmations that make a report verified.
    #[n(4)]
    pub verify_threshold: u8,
    /// The founder's clock, Unix milliseconds.
    #[n(5)]
    pub created_at: u64,
    /// The channel of everybody.
    #[n(6)]
    pub broadcast: ChannelId,
    /// The channel of verifiers, dispatchers and committee.
    #[n(7)]
    pub desk: ChannelId,
    /// The channel of the committee.
    #[n(8)]
    pub committee: ChannelId,
    /// The first desk mailbox.
    #[n(9)]
    pub desk_mailbox: DeskMailbox,
}

/// Where reports are posted and the key they are sealed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct DeskMailbox {
    /// The mailbox.
    #[n(0)]
    pub mailbox: MailboxId,
    /// The key that reports are sealed to.
    #[n(1)]
    pub sealing: SealingKey,
}

/// Which of a network's channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum ChannelKind {
    /// Everybody; no handle, no role in any credential.
    #[n(0)]
    Broadcast,
    /// Verifiers, dispatchers and committee.
    #[n(1)]
    Desk,
    /// The worker committee.
    #[n(2)]
    Committee,
}

impl ChannelKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Broadcast, Self::Desk, Self::Committee];
}

/// A power that the committee grants to a role key. A member holds none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Hotline operator: reads reports, follows up.
    #[n(0)]
    Dispatcher,
    /// Checks reports and signs what was found.
    #[n(1)]
    Verifier,
    /// Trained rapid responder.
    #[n(2)]
    Responder,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Dispatcher, Self::Verifier, Self::Responder];

    /// The stable word for scripts and message keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dispatcher => "dispatcher",
            Self::Verifier => "verifier",
            Self::Responder => "responder",
        }
    }

    /// From the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// A named area of the network.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Zone {
    /// Stable number, from 1.
    #[n(0)]
    pub code: u16,
    /// Name; at most [`crate::limits::MAX_NAME`] characters.
    #[n(1)]
    pub name: String,
}

/// One thing a statement does.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Operation {
    /// Sets the committee. Needs the threshold of the committee before it and, besides, the
    /// signature of every key it adds.
    #[n(0)]
    Constitute {
        /// Role keys of the committee devices.
        #[n(0)]
        committee: Vec<PublicKey>,
        /// Signatures a statement needs from now on.
        #[n(1)]
        threshold: u8,
    },
    /// Gives a role.
    #[n(1)]
    Grant {
        /// To whom.
        #[n(0)]
        role_key: PublicKey,
        /// Which.
        #[n(1)]
        role: Role,
    },
    /// Takes a role back.
    #[n(2)]
    Revoke {
        /// From whom.
        #[n(0)]
        role_key: PublicKey,
        /// Which.
        #[n(1)]
        role: Role,
    },
    /// Ends a membership: every role of the key, and the leaf in the broadcast channel.
    #[n(3)]
    Remove {
        /// Whose roles end.
        #[n(0)]
        role_key: PublicKey,
        /// The leaf that they were admitted to the broadcast channel with; the next commit there
        /// removes it, or whatever leaf stands in its place by then.
        #[n(1)]
        leaf: PublicKey,
    },
    /// Moves the desk mailbox, so that who left the desk reads no more reports.
    #[n(4)]
    Desk {
        /// The new one.
        #[n(0)]
        mailbox: DeskMailbox,
    },
    /// Sets the zones to choose from. One that it leaves out retires: its number never means another
    /// place, and its name stays with the reports that name it.
    #[n(5)]
    Zones {
        /// All of them; at most [`crate::limits::MAX_ZONES`].
        #[n(0)]
        zones: Vec<Zone>,
    },
    /// Sets the telephone number of the network's hotline.
    #[n(6)]
    Hotline {
        /// As people write it; see [`crate::name::telephone`]. Any other text means that there is no number:
        /// versions without this operation apply every statement that holds it, so no version may refuse one.
        #[n(0)]
        telephone: String,
    },
    /// An operation of a later version, as it was signed. It changes nothing here: whatever changes
    /// who may enter, leave or commit travels in a statement that raises the rule number beyond what
    /// this version follows.
    #[n(65535)]
    Unknown {
        /// Its number.
        #[n(0)]
        number: u32,
        /// The whole operation, encoded.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        encoded: Vec<u8>,
    },
}

impl Operation {
    /// Operations of the first version. A later operation that does not decode becomes [`Self::Unknown`], as in
    /// the versions before it.
    const FIRST: core::ops::RangeInclusive<u32> = 0..=5;
    const HOTLINE: u32 = 6;
}

/// A statement's operations. The codec keeps those of later versions byte for byte.
mod operations {
    use super::Operation;
    use crate::limits::MAX_OPERATIONS;
    use crate::wire::{Decode, Encode, Reader, Unread, Writer};

    pub(super) fn encode(operations: &[Operation], writer: &mut Writer) {
        writer.items(operations, |operation, writer| match operation {
            Operation::Unknown { encoded, .. } => writer.encoded(encoded),
            known => known.write(writer),
        });
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Vec<Operation>, Unread> {
        match reader.array()? {
            Some(count) if count <= MAX_OPERATIONS as u64 => (0..count).map(|_| operation(reader)).collect(),
            // Of unknown length, or too many.
            _ => Err(Unread::Malformed),
        }
    }

    fn operation(reader: &mut Reader<'_>) -> Result<Operation, Unread> {
        let (start, mut probe) = (reader.position(), reader.clone());
        probe.array()?;
        let number = u32::read(&mut probe)?;
        if Operation::FIRST.contains(&number) {
            return Operation::read(reader);
        }
        reader.skip()?;
        let encoded = reader.since(start);
        let hotline = match number {
            Operation::HOTLINE => Operation::read(&mut Reader::new(encoded)).ok(),
            _ => None,
        };
        Ok(hotline.unwrap_or_else(|| Operation::Unknown { number, encoded: encoded.to_vec() }))
    }
}

/// What committee devices sign.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Statement {
    /// The network.
    #[n(0)]
    pub network: NetworkId,
    /// Random: a statement is applied once.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub nonce: [u8; 16],
    /// Statements applied when it was drafted; see [`crate::limits::STATEMENT_WINDOW`].
    #[n(2)]
    pub drafted_at: u64,
    /// What it does, in order; all or nothing.
    #[n(3)]
    #[cbor(with = "operations")]
    pub operations: Vec<Operation>,
    /// The rule number from this statement's place on; `None` leaves it as it is, and it never goes
    /// down. A device that does not follow it stops there until it is updated.
    #[n(4)]
    pub rule: Option<u16>,
}

/// A statement as it was signed, and who signed it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedStatement {
    /// The encoded [`Statement`].
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub statement: Vec<u8>,
    /// Role keys and their signatures over [`statement_digest`].
    #[n(1)]
    pub signatures: Vec<Approval>,
}

/// One committee device's signature.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Approval {
    /// The committee device's role key.
    #[n(0)]
    pub key: PublicKey,
    /// Over [`statement_digest`].
    #[n(1)]
    pub signature: Signature,
}

/// What the MLS group context of every channel holds (RFC 9420 section 12.1.7), so that joiners
/// and members agree on the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct GovernanceContext {
    /// The network.
    #[n(0)]
    pub network: NetworkId,
    /// Which of its channels.
    #[n(1)]
    pub kind: ChannelKind,
    /// Statements applied.
    #[n(2)]
    pub height: u64,
    /// Head of the chain.
    #[n(3)]
    pub head: Hash,
}

impl Charter {
    /// The network's id.
    #[must_use]
    pub fn network(&self) -> NetworkId {
        NetworkId(hash("campana network v1", &[&wire::encode(self)]).0)
    }

    /// The channel of this kind.
    #[must_use]
    pub const fn channel(&self, kind: ChannelKind) -> ChannelId {
        match kind {
            ChannelKind::Broadcast => self.broadcast,
            ChannelKind::Desk => self.desk,
            ChannelKind::Committee => self.committee,
        }
    }
}

/// What a committee device signs, and the statement's name.
#[must_use]
pub fn statement_digest(statement: &[u8]) -> Hash {
    hash("campana statement v1", &[statement])
}

/// Head of the chain after the charter alone.
#[must_use]
pub fn genesis_head(network: &NetworkId) -> Hash {
    hash("campana governance v1", &[network.as_bytes()])
}

/// Head of the chain after one more statement. Signatures are left out: any k of n make the
/// same chain.
#[must_use]
pub fn next_head(head: &Hash, statement: &[u8]) -> Hash {
    hash("campana governance v1", &[head.as_bytes(), statement])
}
