//! Key packages: what a device hands out so that a group can add one leaf of it.

use campana_protocol::id::PublicKey;
use core::fmt;
use mls_rs::{
    KeyPackage as LibraryKeyPackage, MlsMessage,
    external_client::builder::ExternalClientBuilder,
    group::LeafNode,
    mls_rs_codec::{MlsDecode, MlsEncode, MlsSize, byte_vec},
    time::MlsTime,
};
use mls_rs_core::{crypto::HpkePublicKey, key_package::KeyPackageData};
use zeroize::Zeroizing;

use super::{Leaf, MlsError, context, host, provider::Provider};

/// A key package made for one leaf, to be used once.
#[derive(Debug, Clone)]
pub struct KeyPackage {
    /// What the group needs to add the leaf.
    pub public: Vec<u8>,
    /// What the leaf needs to join then.
    pub secret: KeyPackageSecret,
}

/// The secret half of a [`KeyPackage`]. Zeroized on drop.
#[derive(Clone)]
pub struct KeyPackageSecret {
    pub(super) reference: Vec<u8>,
    pub(super) data: KeyPackageData,
}

/// Who a key package is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// The leaf's key.
    pub key: PublicKey,
    /// Content of its credential.
    pub credential: Vec<u8>,
}

/// Makes a key package for `leaf`; `credential` is opaque here.
///
/// # Errors
/// [`MlsError::Library`].
pub fn key_package(leaf: &Leaf, credential: &[u8]) -> Result<KeyPackage, MlsError> {
    let client = host::client_for(leaf, credential);
    let (message, reference, data) = host::catch_key_package(|| {
        client.generate_key_package_message(Default::default(), Default::default(), Some(host::not_before()))
    })?;
    let public = message.to_bytes().map_err(|_| MlsError::Library("encoding a key package"))?;
    Ok(KeyPackage { public, secret: KeyPackageSecret { reference, data } })
}

/// Checks a key package from outside (form, suite, signatures, keys, capabilities) and tells who it
/// is for.
///
/// # Errors
/// [`MlsError::Invalid`].
pub fn inspect_key_package(bytes: &[u8]) -> Result<Newcomer, MlsError> {
    let message = parse(bytes)?;
    let lifetime = expiration(&message).ok_or(MlsError::Invalid)?;
    let valid = ExternalClientBuilder::new()
        .crypto_provider(Provider)
        .identity_provider(host::Identities)
        .build()
        .validate_key_package(message, Some(lifetime))
        .map_err(|_| MlsError::Invalid)?;
    let identity = valid.signing_identity();
    let key = PublicKey::from_slice(&identity.signature_key).ok_or(MlsError::Invalid)?;
    let credential = identity.credential.as_basic().ok_or(MlsError::Invalid)?.identifier().to_vec();
    if !knows_our_extension(&valid).ok_or(MlsError::Invalid)? {
        return Err(MlsError::Invalid);
    }
    Ok(Newcomer { key, credential })
}

/// Whose leaf a key package says it is for: nothing of it has been checked.
pub(crate) fn claimed_key(bytes: &[u8]) -> Option<PublicKey> {
    let message = parse(bytes).ok()?;
    PublicKey::from_slice(&message.as_key_package()?.signing_identity().signature_key)
}

impl KeyPackageSecret {
    /// For the store.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Room for all of it: growing would leave copies behind.
        let room = byte_vec::mls_encoded_len(&self.reference) + self.data.mls_encoded_len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        byte_vec::mls_encode(&self.reference, &mut bytes).expect("a hash fits its length prefix");
        self.data.mls_encode(&mut bytes).expect("a key package fits its length prefixes");
        bytes
    }

    /// From [`Self::to_bytes`].
    ///
    /// # Errors
    /// [`MlsError::Corrupt`].
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, MlsError> {
        let reference = byte_vec::mls_decode(&mut bytes).map_err(|_| MlsError::Corrupt)?;
        let data = KeyPackageData::mls_decode(&mut bytes).map_err(|_| MlsError::Corrupt)?;
        if bytes.is_empty() { Ok(Self { reference, data }) } else { Err(MlsError::Corrupt) }
    }
}

impl fmt::Debug for KeyPackageSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPackageSecret(..)")
    }
}

/// The key package inside a message.
pub(super) fn parse(bytes: &[u8]) -> Result<MlsMessage, MlsError> {
    let message = MlsMessage::from_bytes(bytes).map_err(|_| MlsError::Invalid)?;
    if message.as_key_package().is_some() { Ok(message) } else { Err(MlsError::Invalid) }
}

/// The last second of a key package's lifetime. Taken as "now" wherever the library wants a time,
/// it makes the check pass for every well-formed lifetime, whatever the clocks say.
pub(super) fn expiration(message: &MlsMessage) -> Option<MlsTime> {
    message.as_key_package()?.expiration().ok()
}

/// The library keeps the leaf inside to itself, so its capabilities are read from the encoding:
/// version, suite and init key come before it (RFC 9420, section 10).
fn knows_our_extension(package: &LibraryKeyPackage) -> Option<bool> {
    let bytes = package.mls_encode_to_vec().ok()?;
    let reader = &mut bytes.get(4..)?;
    HpkePublicKey::mls_decode(reader).ok()?;
    let leaf = LeafNode::mls_decode(reader).ok()?;
    Some(leaf.capabilities.extensions.contains(&context::TYPE))
}
