//! Ed25519 keys derived from secrets, and signatures over hashes.

use campana_protocol::frame::Secret;
use campana_protocol::id::{Hash, MailboxId, PublicKey, SealingKey, Signature, hash};
use campana_protocol::mailbox::ReturnAddress;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

use crate::mls::SealingSecret;

/// An Ed25519 key pair (RFC 8032). The library wipes it when dropped.
pub(crate) struct KeyPair(SigningKey);

impl KeyPair {
    /// The pair that belongs to `secret` under `label`.
    pub(crate) fn derive(secret: &Secret, label: &str) -> Self {
        Self(SigningKey::from_bytes(&hash(label, &[&secret.0]).0))
    }

    /// The pair of a seed that is used nowhere else.
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }

    pub(crate) fn sign_hash(&self, digest: &Hash) -> Signature {
        self.sign(digest.as_bytes())
    }
}

/// Whether `signature` is `key`'s over `digest`. Strict: no malleable signature, no weak key.
pub(crate) fn verify(key: &PublicKey, digest: &Hash, signature: &Signature) -> bool {
    VerifyingKey::from_bytes(&key.0).is_ok_and(|key| {
        key.verify_strict(digest.as_bytes(), &ed25519_dalek::Signature::from_bytes(&signature.0)).is_ok()
    })
}

/// The two keys of a mailbox that one secret opens: who reads it, and what is sealed to it.
pub(crate) struct MailboxKeys {
    pub(crate) reader: KeyPair,
    sealing: SealingSecret,
}

impl MailboxKeys {
    pub(crate) fn derive(secret: &Secret) -> Self {
        Self {
            reader: KeyPair::derive(secret, "campana mailbox reader v1"),
            sealing: SealingSecret::from_seed(&hash("campana mailbox sealing v1", &[&secret.0]).0)
                .expect("any 32 bytes derive an X25519 key (RFC 9180, section 7.1.3)"),
        }
    }

    pub(crate) fn id(&self) -> MailboxId {
        MailboxId::of(&self.reader.public())
    }

    pub(crate) fn sealing_key(&self) -> SealingKey {
        self.sealing.public()
    }

    pub(crate) fn sealing(&self) -> &SealingSecret {
        &self.sealing
    }

    pub(crate) fn address(&self) -> ReturnAddress {
        ReturnAddress { mailbox: self.id(), sealing: self.sealing_key() }
    }
}

/// The pair that proves membership of a channel to the relay: the same for all its members.
pub(crate) fn access_key(access: &Secret) -> KeyPair {
    KeyPair::derive(access, "campana access v1")
}

/// The key that checkpoints in a channel are sealed under.
pub(crate) fn checkpoint_key(access: &Secret) -> [u8; 32] {
    hash("campana checkpoint key v1", &[&access.0]).0
}

/// The key that pleas in a channel are sealed under.
pub(crate) fn plea_key(access: &Secret) -> [u8; 32] {
    hash("campana plea key v1", &[&access.0]).0
}
