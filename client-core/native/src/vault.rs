//! The vault key, that rows are sealed under at rest.
//!
//! By default it lies beside them in `vault.key`, readable by its owner alone: whoever takes the
//! whole disk opens the store, and disk encryption is the remedy. With a passphrase it is
//! kept sealed under that, in `vault.locked`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use campana_core::{GuessCost, PinError, VaultKey};
use zeroize::{Zeroize, Zeroizing};

use crate::files;

/// A vault that does not open. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Its file can't be read or written.
    #[error("can't use {}: {source}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its file is not what it should be.
    #[error("{} is damaged: restore it from a copy of the store", .0.display())]
    Damaged(PathBuf),
    /// The key is gone and rows are there.
    #[error("the store has no vault key any more: restore {} from a copy, or move the store away and join again", .0.display())]
    Missing(PathBuf),
    /// A passphrase is needed.
    #[error("this store is locked with a passphrase: give it with --passphrase-file or CAMPANA_PASSPHRASE")]
    PassphraseNeeded,
    /// Not this one.
    #[error("wrong passphrase: nothing was changed, try again")]
    WrongPassphrase,
    /// Nothing was typed.
    #[error("an empty passphrase protects nothing: write one, or leave it out")]
    EmptyPassphrase,
    /// None is used here.
    #[error("this store has no passphrase: leave --passphrase-file and CAMPANA_PASSPHRASE out")]
    NoPassphraseHere,
}

impl VaultError {
    /// The stable word for scripts and message keys.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "vault-unreadable",
            Self::Damaged(_) => "vault-damaged",
            Self::Missing(_) => "vault-missing",
            Self::PassphraseNeeded => "passphrase-needed",
            Self::WrongPassphrase => "passphrase-wrong",
            Self::EmptyPassphrase => "passphrase-empty",
            Self::NoPassphraseHere => "passphrase-unused",
        }
    }

    /// Every word.
    pub const WORDS: &'static [&'static str] = &[
        "vault-unreadable",
        "vault-damaged",
        "vault-missing",
        "passphrase-needed",
        "passphrase-wrong",
        "passphrase-empty",
        "passphrase-unused",
    ];
}

/// The vault key of the store in `directory`. `fresh`: the store holds nothing yet, so a key may
/// be made. Call it while the store is held.
///
/// # Errors
/// [`VaultError`].
pub fn open(directory: &Path, passphrase: Option<&str>, fresh: bool) -> Result<VaultKey, VaultError> {
    let (plain, locked) = (directory.join("vault.key"), directory.join("vault.locked"));
    match (locked.exists(), plain.exists(), passphrase) {
        (true, plain_left, Some(passphrase)) => {
            let key = unlock(&locked, passphrase)?;
            if plain_left {
                // A change of the passphrase was cut off: the locked file counts.
                erase(&plain)?;
            }
            Ok(key)
        }
        (true, _, None) => Err(VaultError::PassphraseNeeded),
        (false, true, None) => read_plain(&plain),
        (false, true, Some(_)) => Err(VaultError::NoPassphraseHere),
        (false, false, _) if !fresh => Err(VaultError::Missing(plain)),
        (false, false, Some(passphrase)) => make_locked(&locked, passphrase),
        (false, false, None) => make_plain(&plain),
    }
}

/// Adds, changes (`Some`) or removes (`None`) the passphrase of the store in `directory`. The key that
/// rows are sealed under stays: copies of an earlier vault file open with what opened them then. Call it
/// while the store is held.
///
/// # Errors
/// [`VaultError`]. After any, the store opens with the old passphrase or with the new one.
pub fn change(directory: &Path, key: &VaultKey, passphrase: Option<&str>) -> Result<(), VaultError> {
    let (plain, locked) = (directory.join("vault.key"), directory.join("vault.locked"));
    match passphrase {
        Some(passphrase) => {
            lock(&locked, key, passphrase)?;
            erase(&plain)
        }
        None => {
            files::write_private(&plain, &key.0).map_err(unreadable(&plain))?;
            erase(&locked)
        }
    }
}

/// Removes a file with a key, overwritten first: on disks that write in place the key is gone.
fn erase(path: &Path) -> Result<(), VaultError> {
    match files::erase(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        erased => erased.map_err(unreadable(path)),
    }
}

fn read_plain(path: &Path) -> Result<VaultKey, VaultError> {
    let mut bytes = fs::read(path).map_err(unreadable(path))?;
    let key = bytes.as_slice().try_into().map(VaultKey).map_err(|_| VaultError::Damaged(path.to_owned()));
    bytes.zeroize();
    key
}

fn make_plain(path: &Path) -> Result<VaultKey, VaultError> {
    let mut key = Zeroizing::new([0; 32]);
    random(path, key.as_mut_slice())?;
    files::write_private(path, key.as_slice()).map_err(unreadable(path))?;
    Ok(VaultKey(*key))
}

fn make_locked(path: &Path, passphrase: &str) -> Result<VaultKey, VaultError> {
    let mut bytes = Zeroizing::new([0; 32]);
    random(path, bytes.as_mut_slice())?;
    let key = VaultKey(*bytes);
    lock(path, &key, passphrase)?;
    Ok(key)
}

fn lock(path: &Path, key: &VaultKey, passphrase: &str) -> Result<(), VaultError> {
    if typed(passphrase).is_empty() {
        return Err(VaultError::EmptyPassphrase);
    }
    let mut seed = Zeroizing::new([0; 32]);
    random(path, seed.as_mut_slice())?;
    let locked = key.lock(typed(passphrase), GuessCost::Laptop, *seed);
    files::write_private(path, &locked).map_err(unreadable(path))
}

fn unlock(path: &Path, passphrase: &str) -> Result<VaultKey, VaultError> {
    let locked = fs::read(path).map_err(unreadable(path))?;
    VaultKey::unlock(&locked, typed(passphrase)).map_err(|error| match error {
        PinError::Wrong => VaultError::WrongPassphrase,
        PinError::Damaged => VaultError::Damaged(path.to_owned()),
    })
}

/// A file's last line ends; a passphrase does not.
fn typed(passphrase: &str) -> &str {
    passphrase.trim_end_matches(['\r', '\n'])
}

fn random(path: &Path, bytes: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(bytes).map_err(|error| unreadable(path)(io::Error::other(error.to_string())))
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> VaultError {
    let path = path.to_owned();
    move |source| VaultError::Unreadable { path: path.clone(), source }
}
