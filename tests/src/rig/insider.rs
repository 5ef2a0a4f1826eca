//! A device's secrets, read from its store as its owner could who has the vault's key: what must
//! never be found at the relay, and what somebody with a modified client would use.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use campana_native::store::Store;
use campana_protocol::frame::Secret;
use campana_protocol::governance::{ChannelKind, Charter};
use campana_protocol::id::{ChannelId, hash};
use campana_protocol::wire;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use ed25519_dalek::SigningKey;
use minicbor::Decoder;

/// A secret of a device and what it is.
#[derive(Debug, Clone)]
pub struct Key {
    /// What it is.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What a store holds, opened.
pub struct Insider {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    vault: [u8; 32],
}

impl Insider {
    /// Opens a store that no passphrase locks.
    pub fn open(directory: &Path) -> Self {
        let vault: [u8; 32] =
            fs::read(directory.join("vault.key")).expect("a key").try_into().expect("32 bytes");
        let store = Store::open(directory).expect("a store");
        Self::of(vault, store.begin().expect("a session").rows().expect("rows"))
    }

    /// Opens rows as a core wrote them.
    pub fn of(vault: [u8; 32], sealed: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Self {
        let rows = sealed.into_iter().map(|(key, sealed)| {
            let content = open(&vault, &key, &sealed);
            (key, content)
        });
        Self { rows: rows.collect(), vault }
    }

    fn row(&self, key: &[u8]) -> &[u8] {
        self.rows.get(key).unwrap_or_else(|| panic!("no row {:?}", String::from_utf8_lossy(key)))
    }

    /// The network's charter.
    pub fn charter(&self) -> Charter {
        wire::decode(self.row(b"a")).expect("a charter")
    }

    /// A channel's id.
    pub fn channel(&self, kind: ChannelKind) -> ChannelId {
        self.charter().channel(kind)
    }

    /// The secret behind a channel's access key, as this device last knew it.
    pub fn access(&self, kind: ChannelKind) -> Option<Secret> {
        let meta = self.rows.get(&[b'm', kind as u8][..])?;
        Some(Secret(bytes(&field(meta, &[1]))))
    }

    /// The key that proves to the relay that this device is a member of a channel.
    pub fn access_key(&self, kind: ChannelKind) -> Option<SigningKey> {
        let seed = hash("campana access v1", &[&self.access(kind)?.0]);
        Some(SigningKey::from_bytes(&seed.0))
    }

    /// Every secret and private key that this device's own rows hold or that follows from them.
    pub fn keys(&self) -> Vec<Key> {
        let device = self.row(b"d");
        let own: [u8; 32] = bytes(&field(device, &[2, 2]));
        let mut keys = vec![key("vault key", self.vault), key("device secret", own)];
        for label in [
            "campana role v1",
            "campana member v1",
            "campana founder v1",
            "campana reply v1",
            "campana owner broadcast v1",
            "campana owner desk v1",
            "campana owner committee v1",
        ] {
            keys.push(key(label, hash(label, &[&own]).0));
        }
        let reply = hash("campana reply v1", &[&own]).0;
        let mut mailboxes = vec![("reply", reply)];
        mailboxes
            .extend(list(&field(device, &[2, 8])).iter().map(|desk| ("desk", bytes(&field(desk, &[0])))));
        let join = field(device, &[2, 9]);
        if join != [NULL] {
            mailboxes.push(("join", bytes(&field(&join, &[0]))));
        }
        for (name, secret) in mailboxes {
            keys.push(key(&format!("{name} mailbox's secret"), secret));
            for label in ["campana mailbox reader v1", "campana mailbox sealing v1"] {
                keys.push(key(&format!("{name}: {label}"), hash(label, &[&secret]).0));
            }
        }
        for kind in ChannelKind::ALL {
            let Some(access) = self.access(kind) else { continue };
            keys.push(key(&format!("{kind:?} access secret"), access.0));
            for label in ["campana access v1", "campana plea key v1"] {
                keys.push(key(&format!("{kind:?}: {label}"), hash(label, &[&access.0]).0));
            }
            let leaf = field(self.row(&[b'm', kind as u8]), &[0]);
            let leaf = Decoder::new(&leaf).bytes().expect("a leaf's key").to_vec();
            keys.push(Key { name: format!("{kind:?} leaf"), bytes: leaf });
        }
        if let Some(spares) = self.rows.get(&b"k"[..]) {
            for spare in list(spares) {
                for (name, at) in [("spare leaf", 1), ("spare key package's secret", 2)] {
                    let inner = field(&spare, &[at]);
                    let bytes = Decoder::new(&inner).bytes().expect("a key").to_vec();
                    keys.push(Key { name: name.into(), bytes });
                }
            }
        }
        keys
    }
}

const NULL: u8 = 0xf6;

fn key(name: &str, bytes: [u8; 32]) -> Key {
    Key { name: name.into(), bytes: bytes.to_vec() }
}

/// Opens a row as the core seals it: XChaCha20-Poly1305, the nonce in front, bound to the row's key.
fn open(vault: &[u8; 32], row: &[u8], sealed: &[u8]) -> Vec<u8> {
    let (nonce, encrypted) = sealed.split_first_chunk::<24>().expect("a sealed row has a nonce");
    let cipher = XChaCha20Poly1305::new(vault.into());
    let opened = cipher.decrypt(&XNonce::from(*nonce), Payload { msg: encrypted, aad: row });
    opened.expect("the store's own vault key opens its rows")
}

/// The encoded value at a path of array indices; an enum's or a missing one is `null`.
fn field(encoded: &[u8], path: &[usize]) -> Vec<u8> {
    let Some((first, rest)) = path.split_first() else { return encoded.to_vec() };
    let fields = list(encoded);
    field(fields.get(*first).map_or(&[NULL][..], Vec::as_slice), rest)
}

/// The encoded values of an array.
fn list(encoded: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = Decoder::new(encoded);
    let length = decoder.array().expect("an array").expect("of known length");
    (0..length)
        .map(|_| {
            let from = decoder.position();
            decoder.skip().expect("a value");
            encoded[from..decoder.position()].to_vec()
        })
        .collect()
}

fn bytes<const N: usize>(encoded: &[u8]) -> [u8; N] {
    Decoder::new(encoded).bytes().expect("bytes").try_into().expect("of this length")
}
