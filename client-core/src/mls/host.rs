//! What the library is given to work with: one cipher suite, our rules, and no storage.
//!
//! The library reads and writes its storage through objects it keeps for itself. Ours keep nothing:
//! what one call hands over lies in a thread-local while that call runs (every call is
//! synchronous), so no secret stays behind in a group's configuration and two copies of a group
//! never share anything.

use core::{cell::RefCell, convert::Infallible, time::Duration};

use mls_rs::{
    Client, ExtensionList,
    client_builder::{
        ClientBuilder, EmptyConfig, WithCryptoProvider, WithGroupStateStorage, WithIdentityProvider,
        WithKeyPackageRepo, WithMlsRules, WithPskStore,
    },
    group::ExportedTree,
    identity::{CredentialType, SigningIdentity, basic::BasicCredential},
    time::MlsTime,
};
use mls_rs_core::{
    error::IntoAnyError,
    group::{EpochRecord, GroupState, GroupStateStorage},
    identity::{IdentityProvider, MemberValidationContext},
    key_package::{KeyPackageData, KeyPackageStorage},
    psk::{ExternalPskId, PreSharedKey, PreSharedKeyStorage},
};
use zeroize::Zeroizing;

use super::{
    Leaf, MlsError, context,
    provider::{Provider, SUITE},
    rules::Rules,
};

/// The library's group, configured our way.
pub(super) type Inner = mls_rs::Group<Config>;

pub(super) type Config = WithMlsRules<
    Rules,
    WithGroupStateStorage<
        Host,
        WithPskStore<
            Host,
            WithKeyPackageRepo<
                Host,
                WithIdentityProvider<Identities, WithCryptoProvider<Provider, EmptyConfig>>,
            >,
        >,
    >,
>;

/// Lifetimes are for servers that hand out key packages; ours only have to outlast every phone with
/// a wrong clock, so they run from 1970 to 2106.
const LIFETIME: Duration = Duration::from_secs(u32::MAX as u64);
pub(super) const NOT_BEFORE: u64 = 0;

/// A client that can validate and load, with no key of its own.
pub(super) fn client() -> Client<Config> {
    builder().build()
}

/// A client that acts for `leaf`.
pub(super) fn client_for(leaf: &Leaf, credential: &[u8]) -> Client<Config> {
    let credential = BasicCredential::new(credential.to_vec()).into_credential();
    let identity = SigningIdentity::new(credential, leaf.public().as_bytes().to_vec().into());
    builder().signing_identity(identity, leaf.library_key(), SUITE).build()
}

pub(super) fn not_before() -> MlsTime {
    MlsTime::from(NOT_BEFORE)
}

/// The group's state without its tree.
pub(super) fn snapshot(group: &mut Inner) -> Result<Zeroizing<Vec<u8>>, MlsError> {
    let _clean = Clean;
    group.write_to_storage_without_ratchet_tree().map_err(|_| MlsError::Library("encoding a group"))?;
    CALL.with_borrow_mut(|call| call.state.take()).ok_or(MlsError::Library("a group wrote nothing"))
}

/// A group from [`snapshot`] and its tree, which must be the one it had then: not checked here.
pub(super) fn restore(state: Zeroizing<Vec<u8>>, tree: ExportedTree<'_>) -> Result<Inner, MlsError> {
    let _clean = Clean;
    CALL.with_borrow_mut(|call| call.state = Some(state));
    client().load_group_with_ratchet_tree(&[], tree).map_err(|_| MlsError::Corrupt)
}

/// Runs `make`, which makes one key package, and takes its secrets.
pub(super) fn catch_key_package<T>(
    make: impl FnOnce() -> Result<T, mls_rs::error::MlsError>,
) -> Result<(T, Vec<u8>, KeyPackageData), MlsError> {
    let _clean = Clean;
    let made = make().map_err(|_| MlsError::Library("making a key package"))?;
    let (reference, data) = CALL
        .with_borrow_mut(|call| call.key_package.take())
        .ok_or(MlsError::Library("a key package left no secret"))?;
    Ok((made, reference, data))
}

/// Runs `join` while the library can find one key package.
pub(super) fn with_key_package<T>(reference: &[u8], data: &KeyPackageData, join: impl FnOnce() -> T) -> T {
    let _clean = Clean;
    CALL.with_borrow_mut(|call| call.key_package = Some((reference.to_vec(), data.clone())));
    join()
}

/// Runs `commit` with or without fresh keys for the committer's path.
pub(super) fn with_path<T>(path: bool, commit: impl FnOnce() -> T) -> T {
    let _clean = Clean;
    CALL.with_borrow_mut(|call| call.path = path);
    commit()
}

/// Whether the commit being made shall have a path where MLS leaves it open.
pub(super) fn path_wanted() -> bool {
    CALL.with_borrow(|call| call.path)
}

thread_local! {
    static CALL: RefCell<Call> = RefCell::default();
}

#[derive(Default)]
struct Call {
    state: Option<Zeroizing<Vec<u8>>>,
    key_package: Option<(Vec<u8>, KeyPackageData)>,
    path: bool,
}

/// Leaves nothing behind, however the call ends.
struct Clean;

impl Drop for Clean {
    fn drop(&mut self) {
        CALL.with_borrow_mut(|call| *call = Call::default());
    }
}

fn builder() -> ClientBuilder<Config> {
    ClientBuilder::new_empty()
        .crypto_provider(Provider)
        .identity_provider(Identities)
        .key_package_repo(Host)
        .psk_store(Host)
        .group_state_storage(Host)
        .mls_rules(Rules)
        .extension_type(context::TYPE)
        .key_package_lifetime(LIFETIME)
}

/// The storage the library believes it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Host;

impl GroupStateStorage for Host {
    type Error = Infallible;

    fn state(&self, _group_id: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, Infallible> {
        Ok(CALL.with_borrow_mut(|call| call.state.take()))
    }

    fn epoch(&self, _group_id: &[u8], _epoch: u64) -> Result<Option<Zeroizing<Vec<u8>>>, Infallible> {
        Ok(None)
    }

    fn write(
        &mut self,
        state: GroupState,
        _past: Vec<EpochRecord>,
        _past_changed: Vec<EpochRecord>,
    ) -> Result<(), Infallible> {
        CALL.with_borrow_mut(|call| call.state = Some(state.data));
        Ok(())
    }

    fn max_epoch_id(&self, _group_id: &[u8]) -> Result<Option<u64>, Infallible> {
        Ok(None)
    }
}

impl KeyPackageStorage for Host {
    type Error = Infallible;

    fn delete(&mut self, _id: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }

    fn insert(&mut self, id: Vec<u8>, data: KeyPackageData) -> Result<(), Infallible> {
        CALL.with_borrow_mut(|call| call.key_package = Some((id, data)));
        Ok(())
    }

    fn get(&self, id: &[u8]) -> Result<Option<KeyPackageData>, Infallible> {
        Ok(CALL.with_borrow(|call| {
            call.key_package.as_ref().filter(|(own, _)| own == id).map(|(_, data)| data.clone())
        }))
    }
}

impl PreSharedKeyStorage for Host {
    type Error = Infallible;

    fn get(&self, _id: &ExternalPskId) -> Result<Option<PreSharedKey>, Infallible> {
        Ok(None)
    }
}

/// A member is their signing key: unique in a group, and with its credential the same for as long
/// as the leaf is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identities;

/// Not an identity of ours.
#[derive(Debug)]
pub(super) struct NotBasic;

impl IntoAnyError for NotBasic {}

impl IdentityProvider for Identities {
    type Error = NotBasic;

    fn validate_member(
        &self,
        identity: &SigningIdentity,
        _time: Option<MlsTime>,
        _context: MemberValidationContext<'_>,
    ) -> Result<(), NotBasic> {
        identity.credential.as_basic().map(|_| ()).ok_or(NotBasic)
    }

    fn validate_external_sender(
        &self,
        _identity: &SigningIdentity,
        _time: Option<MlsTime>,
        _extensions: Option<&ExtensionList>,
    ) -> Result<(), NotBasic> {
        Err(NotBasic)
    }

    fn identity(&self, identity: &SigningIdentity, _: &ExtensionList) -> Result<Vec<u8>, NotBasic> {
        Ok(identity.signature_key.to_vec())
    }

    /// Asked of every path too, so it is where a committer is kept from changing key or credential.
    fn valid_successor(
        &self,
        before: &SigningIdentity,
        after: &SigningIdentity,
        _: &ExtensionList,
    ) -> Result<bool, NotBasic> {
        Ok(before == after)
    }

    fn supported_types(&self) -> Vec<CredentialType> {
        vec![BasicCredential::credential_type()]
    }
}
