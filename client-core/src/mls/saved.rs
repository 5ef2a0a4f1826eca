//! A group at rest: a small state, and the tree in chunks that mostly stay as they are.

use core::fmt;

use campana_protocol::id::{Hash, hash};
use mls_rs::group::ExportedTree;
use zeroize::Zeroizing;

use super::{Group, MlsError, earlier, heard::Heard, host, tree};
use crate::sorted::Map;

/// Before it, the library kept proposals by reference (`earlier`).
const VERSION: u8 = 2;
const EARLIER: u8 = 1;

/// What [`Group::load`] needs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// The secret part, about a kilobyte.
    pub state: Zeroizing<Vec<u8>>,
    /// The tree, numbered from 0.
    pub tree: Map<u32, Vec<u8>>,
}

/// What [`Group::save`] changes in the store. Written in one transaction, or not at all.
#[derive(Clone, PartialEq, Eq)]
pub struct Changes {
    /// Replaces [`Saved::state`].
    pub state: Zeroizing<Vec<u8>>,
    /// Chunks of [`Saved::tree`] to write.
    pub chunks: Vec<ChunkChange>,
}

/// Number of a chunk and its new content, or nothing where it is to be deleted.
pub type ChunkChange = (u32, Option<Vec<u8>>);

/// What the store holds of a group's tree.
#[derive(Clone, Default)]
pub(super) struct Stored {
    tree_hash: Vec<u8>,
    chunks: Vec<Hash>,
}

impl Group {
    /// From the store. The state names the very chunks it was written with: older or newer ones are
    /// refused.
    ///
    /// # Errors
    /// [`MlsError::Corrupt`].
    pub fn load(saved: &Saved) -> Result<Self, MlsError> {
        let (&version, rest) = saved.state.split_first().ok_or(MlsError::Corrupt)?;
        let (digest, mut state) = rest.split_at_checked(Hash::LEN).ok_or(MlsError::Corrupt)?;
        let chunks: Vec<Hash> = saved.tree.values().map(|chunk| chunk_hash(chunk)).collect();
        let numbered = saved.tree.keys().copied().eq(0..number(chunks.len()));
        if !(EARLIER..=VERSION).contains(&version)
            || !numbered
            || self::digest(state, &chunks).as_bytes() != digest
        {
            return Err(MlsError::Corrupt);
        }
        let heard = Heard::decode(&mut state).ok_or(MlsError::Corrupt)?;
        let tree = tree::join(saved.tree.values().map(Vec::as_slice))?;
        let state = match version {
            EARLIER => earlier::without_proposals(state).ok_or(MlsError::Corrupt)?,
            _ => Zeroizing::new(state.to_vec()),
        };
        let inner = host::restore(state.clone(), tree)?;
        let stored = Stored { tree_hash: inner.context().tree_hash.clone(), chunks };
        let group = Self::restored(inner, stored, state)?;
        Ok(Self { heard, ..group })
    }

    /// What has to be written so that [`Group::load`] finds this group: always the state, and the
    /// chunks of the tree that changed since the last call on this group or on what it was copied,
    /// staged or loaded from. Without a commit in between there are none.
    ///
    /// # Errors
    /// [`MlsError::Library`].
    pub fn save(&mut self) -> Result<Changes, MlsError> {
        let state = host::snapshot(&mut self.inner)?;
        let chunks = if self.stored.tree_hash == self.inner.context().tree_hash {
            Vec::new()
        } else {
            self.stored.update(&self.inner.export_tree(), &self.inner.context().tree_hash)?
        };
        const HEAD: usize = 1 + Hash::LEN;
        let room = HEAD + self.heard.encoded_len() + state.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        bytes.extend_from_slice(&[VERSION; HEAD]);
        self.heard.encode(&mut bytes);
        bytes.extend_from_slice(&state);
        let digest = digest(&bytes[HEAD..], &self.stored.chunks);
        bytes[1..HEAD].copy_from_slice(digest.as_bytes());
        self.rewind_to(state);
        Ok(Changes { state: bytes, chunks })
    }
}

impl Saved {
    /// The store after `changes`.
    pub fn apply(&mut self, changes: Changes) {
        self.state = changes.state;
        for (number, chunk) in changes.chunks {
            match chunk {
                Some(chunk) => self.tree.insert(number, chunk),
                None => self.tree.remove(&number),
            };
        }
    }
}

impl Stored {
    fn update(&mut self, tree: &ExportedTree<'_>, tree_hash: &[u8]) -> Result<Vec<ChunkChange>, MlsError> {
        let chunks = tree::chunks(tree)?;
        let hashes: Vec<Hash> = chunks.iter().map(|chunk| chunk_hash(chunk)).collect();
        let gone = (hashes.len()..self.chunks.len()).map(|i| (number(i), None));
        let changed = chunks
            .into_iter()
            .enumerate()
            .filter(|(i, _)| self.chunks.get(*i) != hashes.get(*i))
            .map(|(i, chunk)| (number(i), Some(chunk)))
            .chain(gone)
            .collect();
        *self = Self { tree_hash: tree_hash.to_vec(), chunks: hashes };
        Ok(changed)
    }
}

impl fmt::Debug for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Saved({} B, {} chunks)", self.state.len(), self.tree.len())
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Changes({} B, {} chunks)", self.state.len(), self.chunks.len())
    }
}

fn chunk_hash(chunk: &[u8]) -> Hash {
    hash("campana mls chunk", &[chunk])
}

fn digest(state: &[u8], chunks: &[Hash]) -> Hash {
    let parts: Vec<&[u8]> = core::iter::once(state).chain(chunks.iter().map(Hash::as_bytes)).collect();
    hash("campana mls group", &parts)
}

fn number(i: usize) -> u32 {
    u32::try_from(i).expect("a tree in memory has fewer than 2^32 chunks")
}
