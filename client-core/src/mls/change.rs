//! Commits of our own: prepared, put in the log, and taken when they are seen there.

use core::fmt;

use campana_protocol::id::{Hash, hash};
use mls_rs::MlsMessage;
use zeroize::Zeroizing;

use super::{Group, MlsError, context, host, key_package, message::Rewind, tree};

/// What a commit shall change. Removals and a new context always refresh the committer's keys (a
/// path); additions alone only when asked, which costs more with every member.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change<'a> {
    /// Key packages to add.
    pub add: &'a [Vec<u8>],
    /// Places to remove.
    pub remove: &'a [u32],
    /// New content of our group context extension.
    pub context: Option<&'a [u8]>,
    /// Refresh the committer's keys anyway.
    pub path: bool,
}

/// A commit ready to be appended to the log.
#[derive(Clone)]
pub struct Prepared {
    /// For the members.
    pub commit: Vec<u8>,
    /// For [`Group::apply`]; ours alone.
    pub secrets: Zeroizing<Vec<u8>>,
    /// One for each key package added, in the same order.
    pub welcomes: Vec<Vec<u8>>,
    /// What all those added need besides; empty when nobody is.
    pub tree: Vec<u8>,
}

impl Group {
    /// Prepares a commit. The group stays in its epoch; only the key that encrypts the commit is
    /// spent. Prepared for this epoch alone: if another commit comes first, prepare again.
    ///
    /// # Errors
    /// [`MlsError::Invalid`] when the change is against the rules: a bad key package, a member who
    /// is in already or a place that is empty, our own removal.
    pub fn commit(&mut self, change: &Change<'_>) -> Result<Prepared, MlsError> {
        let packages =
            change.add.iter().map(|bytes| key_package::parse(bytes)).collect::<Result<Vec<_>, _>>()?;
        let now = packages.iter().filter_map(key_package::expiration).min().unwrap_or(host::not_before());
        let mut builder = self.inner.commit_builder().commit_time(now);
        for package in packages {
            builder = builder.add_member(package).map_err(|error| MlsError::outside(&error))?;
        }
        for &index in change.remove {
            builder = builder.remove_member(index).map_err(|error| MlsError::outside(&error))?;
        }
        if let Some(content) = change.context {
            builder = builder
                .set_group_context_ext(context::extensions(content))
                .map_err(|error| MlsError::outside(&error))?;
        }
        let (output, secrets) =
            host::with_path(change.path, || builder.build_detached()).map_err(|_| MlsError::Invalid)?;
        self.rewind = Rewind::default();

        let mut after = self.inner.clone();
        after.apply_detached_commit(secrets).map_err(|_| MlsError::Library("applying a commit"))?;
        let difference = tree::difference(&self.inner.export_tree(), &after.export_tree())?;
        let secrets = seal_secrets(self.epoch_authenticator(), &difference, &host::snapshot(&mut after)?);
        let tree = match &output.ratchet_tree {
            Some(tree) if !output.welcome_messages.is_empty() => {
                tree.to_bytes().map_err(|_| MlsError::Library("encoding a tree"))?
            }
            _ => Vec::new(),
        };
        let welcomes = output.welcome_messages.iter().map(encode).collect::<Result<_, _>>()?;
        Ok(Prepared { commit: encode(&output.commit_message)?, secrets, welcomes, tree })
    }

    /// The group after our own commit, once it was seen at its place in the log.
    ///
    /// # Errors
    /// [`MlsError::WrongEpoch`] when it was prepared for another epoch than this group's,
    /// [`MlsError::Corrupt`] when `secrets` are not as they were.
    pub fn apply(&self, secrets: &[u8]) -> Result<Self, MlsError> {
        let secrets = Secrets::parse(secrets).ok_or(MlsError::Corrupt)?;
        if secrets.before != self.epoch_authenticator() {
            return Err(MlsError::WrongEpoch);
        }
        let tree = tree::patch(&self.inner.export_tree(), secrets.difference)?;
        let state = Zeroizing::new(secrets.state.to_vec());
        let inner = host::restore(state.clone(), tree)?;
        Self::restored(inner, self.stored.clone(), state)
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prepared({} B, {} welcomes)", self.commit.len(), self.welcomes.len())
    }
}

fn encode(message: &MlsMessage) -> Result<Vec<u8>, MlsError> {
    message.to_bytes().map_err(|_| MlsError::Library("encoding a message"))
}

/// The library's own form of these secrets holds the whole tree twice; this one holds the state
/// after the commit and the nodes that differ.
struct Secrets<'a> {
    before: Hash,
    difference: &'a [u8],
    state: &'a [u8],
}

impl<'a> Secrets<'a> {
    /// Checksum, epoch before, length of the difference, difference, state.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (checksum, rest) = bytes.split_at_checked(Hash::LEN)?;
        if self::checksum(rest).as_bytes() != checksum {
            return None;
        }
        let (before, rest) = rest.split_at_checked(Hash::LEN)?;
        let (length, rest) = rest.split_first_chunk()?;
        let (difference, state) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        Some(Self { before: Hash::from_slice(before)?, difference, state })
    }
}

fn seal_secrets(before: Hash, difference: &[u8], state: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = u32::try_from(difference.len()).expect("a tree is far below 4 GiB");
    let room = 2 * Hash::LEN + 4 + difference.len() + state.len();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    bytes.extend_from_slice(&[0; Hash::LEN]);
    bytes.extend_from_slice(before.as_bytes());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(difference);
    bytes.extend_from_slice(state);
    let (place, rest) = bytes.split_at_mut(Hash::LEN);
    place.copy_from_slice(checksum(rest).as_bytes());
    bytes
}

fn checksum(bytes: &[u8]) -> Hash {
    hash("campana mls prepared", &[bytes])
}
