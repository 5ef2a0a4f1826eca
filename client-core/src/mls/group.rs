//! A group as one of its members sees it.

use core::fmt;

use campana_protocol::id::{Hash, PublicKey};
use mls_rs::{
    ExtensionList, MlsMessage, MlsMessageDescription,
    group::{ContentType, Node},
    identity::SigningIdentity,
};
use zeroize::Zeroizing;

use super::{
    KeyPackageSecret, Leaf, MlsError, context,
    heard::Heard,
    host::{self, Inner},
    message::Rewind,
    saved::Stored,
    tree,
};

/// A group as one of its members sees it, at one epoch. A clone is a copy that goes its own way.
#[derive(Clone)]
pub struct Group {
    pub(super) inner: Inner,
    pub(super) own_key: PublicKey,
    pub(super) stored: Stored,
    pub(super) rewind: Rewind,
    pub(super) heard: Heard,
}

/// A leaf of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its place, which a later member may take once it is gone.
    pub index: u32,
    /// Its key, which no other member has.
    pub key: PublicKey,
    /// Content of its credential.
    pub credential: Vec<u8>,
}

impl Group {
    /// A group of one. `context` is the content of our one group context extension.
    ///
    /// # Errors
    /// [`MlsError::Library`].
    pub fn create(leaf: &Leaf, credential: &[u8], group_id: &[u8], context: &[u8]) -> Result<Self, MlsError> {
        let inner = host::client_for(leaf, credential)
            .create_group_with_id(
                group_id.to_vec(),
                context::extensions(context),
                ExtensionList::new(),
                Some(host::not_before()),
            )
            .map_err(|_| MlsError::Library("creating a group"))?;
        Self::new(inner)
    }

    /// Joins with a Welcome and the tree that goes with it. Both are checked against each other.
    ///
    /// # Errors
    /// [`MlsError::Invalid`] or [`MlsError::Undecryptable`]: not a Welcome for this key package, not
    /// its tree, or not a group of ours.
    pub fn join(
        leaf: &Leaf,
        secret: &KeyPackageSecret,
        welcome: &[u8],
        tree: &[u8],
    ) -> Result<Self, MlsError> {
        let welcome = MlsMessage::from_bytes(welcome).map_err(|_| MlsError::Invalid)?;
        let tree = tree::parse(tree)?;
        let client = host::client_for(leaf, &[]);
        let (inner, _) = host::with_key_package(&secret.reference, &secret.data, || {
            client.join_group(Some(tree), &welcome, None)
        })
        .map_err(|error| MlsError::outside(&error))?;
        let group = Self::new(inner).map_err(|_| MlsError::Invalid)?;
        let ours =
            group.own_key == leaf.public() && context::read(&group.inner.context().extensions).is_some();
        if ours { Ok(group) } else { Err(MlsError::Invalid) }
    }

    /// Number of the current epoch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.inner.current_epoch()
    }

    /// Id of the group.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        self.inner.group_id()
    }

    /// Our place.
    #[must_use]
    pub fn own_index(&self) -> u32 {
        self.inner.current_member_index()
    }

    /// Our leaf's key.
    #[must_use]
    pub fn own_key(&self) -> PublicKey {
        self.own_key
    }

    /// All members, by place.
    pub fn members(&self) -> impl Iterator<Item = Member> + '_ {
        self.inner.roster().members_iter().filter_map(|m| member(m.index(), m.signing_identity()))
    }

    /// The member at a place.
    #[must_use]
    pub fn member(&self, index: u32) -> Option<Member> {
        member(index, self.inner.member_at_index(index)?.signing_identity())
    }

    /// The place of the member with `key`.
    #[must_use]
    pub fn find(&self, key: &PublicKey) -> Option<u32> {
        let tree = self.inner.export_tree();
        let mut leaves = (0..).zip(tree.nodes().iter().step_by(2));
        leaves.find_map(|(index, node)| match node {
            Some(Node::Leaf(leaf)) if *leaf.signing_identity.signature_key == key.0 => Some(index),
            _ => None,
        })
    }

    /// Whether no node above our block of `leaves` (a power of two) holds a key: all paths from elsewhere
    /// then hold a secret for each leaf of it.
    #[must_use]
    pub fn blank_above(&self, leaves: u32) -> bool {
        let first = self.own_index() / leaves * leaves;
        // Nodes lie in order, leaves at even places: the top of a block is in its middle.
        let top = (2 * first + leaves - 1) as usize;
        matches!(self.inner.export_tree().nodes().get(top), Some(None))
    }

    /// Number of members.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a group has at least one member: us")]
    pub fn len(&self) -> usize {
        self.inner.export_tree().nodes().iter().step_by(2).flatten().count()
    }

    /// Content of our group context extension.
    #[must_use]
    pub fn context(&self) -> Vec<u8> {
        context::read(&self.inner.context().extensions).unwrap_or_default()
    }

    /// Equal for two members exactly when they share this epoch and its whole history (RFC 9420,
    /// section 8.7). Known to members only: not to be published.
    #[must_use]
    pub fn epoch_authenticator(&self) -> Hash {
        let secret = self.inner.epoch_authenticator().ok();
        secret.and_then(|secret| Hash::from_slice(&secret)).expect("every epoch derives one, of 32 bytes")
    }

    /// A secret of this epoch that only members can derive (RFC 9420, section 8.5).
    ///
    /// # Errors
    /// [`MlsError::Library`].
    pub fn export(&self, label: &str, context: &[u8]) -> Result<Zeroizing<[u8; 32]>, MlsError> {
        let secret = self
            .inner
            .export_secret(label.as_bytes(), context, 32)
            .map_err(|_| MlsError::Library("exporting a secret"))?;
        <[u8; 32]>::try_from(secret.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| MlsError::Library("size of an exported secret"))
    }

    /// Whether a message says that it is for a later epoch of this group. Nobody vouches for that.
    #[must_use]
    pub fn is_for_later(&self, message: &[u8]) -> bool {
        let message = MlsMessage::from_bytes(message);
        message.is_ok_and(|message| match message.description() {
            MlsMessageDescription::PrivateProtocolMessage { group_id, epoch_id, .. } => {
                group_id == self.id() && epoch_id > self.epoch()
            }
            _ => false,
        })
    }

    pub(super) fn new(inner: Inner) -> Result<Self, MlsError> {
        let identity =
            inner.current_member_signing_identity().map_err(|_| MlsError::Library("no leaf of our own"))?;
        let own_key =
            PublicKey::from_slice(&identity.signature_key).ok_or(MlsError::Library("size of our own key"))?;
        Ok(Self {
            inner,
            own_key,
            stored: Stored::default(),
            rewind: Rewind::default(),
            heard: Heard::default(),
        })
    }

    pub(super) fn restored(
        inner: Inner,
        stored: Stored,
        state: Zeroizing<Vec<u8>>,
    ) -> Result<Self, MlsError> {
        let mut group = Self::new(inner).map_err(|_| MlsError::Corrupt)?;
        group.stored = stored;
        group.rewind_to(state);
        Ok(group)
    }

    /// A private message to this group in this epoch, or why it is not.
    pub(super) fn private_message(&self, bytes: &[u8], kind: ContentType) -> Result<MlsMessage, MlsError> {
        let message = MlsMessage::from_bytes(bytes).map_err(|_| MlsError::Invalid)?;
        let epoch = match message.description() {
            MlsMessageDescription::PrivateProtocolMessage { group_id, epoch_id, content_type }
                if group_id == self.id() && content_type == kind =>
            {
                epoch_id
            }
            _ => return Err(MlsError::Invalid),
        };
        if epoch == self.epoch() { Ok(message) } else { Err(MlsError::WrongEpoch) }
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Group(epoch {}, leaf {} of {})", self.epoch(), self.own_index(), self.len())
    }
}

pub(super) fn member(index: u32, identity: &SigningIdentity) -> Option<Member> {
    Some(Member {
        index,
        key: PublicKey::from_slice(&identity.signature_key)?,
        credential: identity.credential.as_basic()?.identifier().to_vec(),
    })
}
