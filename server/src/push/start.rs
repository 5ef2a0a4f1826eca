//! What must be in order before anything is pushed: the registration keys, the VAPID key, and
//! everything sealed under the first of the keys.

use super::keyring::{KeySource, KeyringError};
use super::vapid::VapidSecret;
use super::vault::{SealError, Vault};
use super::{Policy, Push, row_name};
use crate::limits::MAX_BATCH_WRITES;
use crate::store::{ReadError, Store, Write, WriteError, push_secret_row};

/// Why pushing cannot begin. Says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The keys cannot be had.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The keys are others than what the store holds was sealed with.
    #[error(
        "the push registrations in this store cannot be opened with the keys in {0}: put the right key \
         there (see docs/OPERATIONS.md, \"Registration keys\"); or, if it is lost, run `campana-relay \
         forget-registrations`, after which every phone must open the app once to get alerts again"
    )]
    WrongKey(KeySource),
    /// Nothing can be sealed.
    #[error("nothing can be sealed: {0}")]
    Seal(#[from] SealError),
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Opens what the store holds for pushing, or makes it.
///
/// # Errors
/// [`StartError`].
pub fn open<S: Store>(store: &S, now: u64, source: &KeySource, policy: Policy) -> Result<Push, StartError> {
    let kept = store.push_secret()?;
    // Where there is something sealed, a new key would open nothing: only a first start makes one.
    let vault = Vault::new(&source.load(kept.is_none())?);
    let row = push_secret_row();
    let Some(sealed) = kept else {
        let secret = VapidSecret::generate()?;
        keep(store, now, vault.seal(&row, secret.bytes())?)?;
        return Ok(Push::new(vault, secret, policy));
    };
    let wrong = || StartError::WrongKey(source.clone());
    let plain = vault.open(&row, &sealed).map_err(|_| wrong())?;
    let secret = VapidSecret::from_bytes(&plain).ok_or_else(wrong)?;
    if !vault.current(&sealed) {
        let resealed = reseal(store, now, &vault).map_err(|error| match error {
            StartError::Seal(SealError::UnknownKey) => wrong(),
            other => other,
        })?;
        // Last: once this one is under the first key, everything is.
        keep(store, now, vault.seal(&row, secret.bytes())?)?;
        tracing::info!(registrations = resealed, "sealed anew with the first registration key");
    }
    if vault.has_older() {
        tracing::info!("the older registration keys are no longer needed: only the first one is");
    }
    Ok(Push::new(vault, secret, policy))
}

fn keep<S: Store>(store: &S, now: u64, sealed: Vec<u8>) -> Result<(), StartError> {
    for result in store.commit(now, &[Write::KeepPushSecret { sealed }]) {
        result?;
    }
    Ok(())
}

/// Seals every registration with the first key, some at a time. How many there were.
fn reseal<S: Store>(store: &S, now: u64, vault: &Vault) -> Result<u64, StartError> {
    let (mut after, mut resealed) = (None, 0);
    loop {
        let page = store.all_registrations(after, MAX_BATCH_WRITES)?;
        let Some((channel, last)) = page.last() else {
            return Ok(resealed);
        };
        after = Some((*channel, last.registration));
        let mut writes = Vec::new();
        for (channel, registration) in page.into_iter().filter(|(_, at)| !vault.current(&at.sealed)) {
            let (id, from) = (registration.registration, registration.sealed);
            let row = row_name(&channel, &id);
            match vault.open(&row, &from) {
                Ok(plain) => {
                    let to = vault.seal(&row, &plain)?;
                    writes.push(Write::Reseal { channel, registration: id, from, to });
                }
                // Damaged on disk: nothing can be pushed there, and it expires by itself.
                Err(SealError::Damaged) => tracing::warn!("a damaged registration is left as it is"),
                Err(error) => return Err(error.into()),
            }
        }
        resealed += writes.len() as u64;
        for result in store.commit(now, &writes) {
            result?;
        }
    }
}
