//! The vault key, that rows are sealed under at rest.
//!
//! By default it lies beside them in `vault.key`, readable by its owner alone: whoever takes the
//! whole disk opens the store, and disk encryption is the remedy. With a passphrase it is derived
//! by Argon2id (RFC 9106) and only the salt and a check are kept, in `vault.json`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use campana_core::VaultKey;
use campana_protocol::id::{Hash, RecordId, hash};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::files;

/// 64 MiB, three passes, one lane: RFC 9106's second recommendation; half a second on a laptop.
const MEMORY_KIB: u32 = 65_536;
const PASSES: u32 = 3;
/// Most memory a stored parameter may ask for: a damaged file must not eat the machine.
const MAX_MEMORY_KIB: u32 = 1_048_576;

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
        "passphrase-unused",
    ];
}

#[derive(Serialize, Deserialize)]
struct Locked {
    version: u8,
    kdf: String,
    memory_kib: u32,
    passes: u32,
    salt: String,
    check: String,
}

/// The vault key of the store in `directory`. `fresh`: the store holds nothing yet, so a key may
/// be made. Call it while the store is held.
///
/// # Errors
/// [`VaultError`].
pub fn open(directory: &Path, passphrase: Option<&str>, fresh: bool) -> Result<VaultKey, VaultError> {
    let (plain, locked) = (directory.join("vault.key"), directory.join("vault.json"));
    match (locked.exists(), plain.exists(), passphrase) {
        (true, _, Some(passphrase)) => unlock(&locked, passphrase),
        (true, _, None) => Err(VaultError::PassphraseNeeded),
        (false, true, None) => read_plain(&plain),
        (false, true, Some(_)) => Err(VaultError::NoPassphraseHere),
        (false, false, _) if !fresh => Err(VaultError::Missing(plain)),
        (false, false, Some(passphrase)) => make_locked(&locked, passphrase),
        (false, false, None) => make_plain(&plain),
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
    let mut salt = RecordId([0; 16]);
    random(path, &mut salt.0)?;
    let mut locked = Locked {
        version: 1,
        kdf: "argon2id".into(),
        memory_kib: MEMORY_KIB,
        passes: PASSES,
        salt: salt.to_string(),
        check: String::new(),
    };
    let key = derive(path, &locked, &salt, passphrase)?;
    locked.check = check(&key).to_string();
    let text = serde_json::to_string_pretty(&locked).map_err(|_| VaultError::Damaged(path.to_owned()))?;
    files::write_private(path, text.as_bytes()).map_err(unreadable(path))?;
    Ok(key)
}

fn unlock(path: &Path, passphrase: &str) -> Result<VaultKey, VaultError> {
    let damaged = || VaultError::Damaged(path.to_owned());
    let text = fs::read_to_string(path).map_err(unreadable(path))?;
    let locked: Locked = serde_json::from_str(&text).map_err(|_| damaged())?;
    let salt = RecordId::parse(&locked.salt).ok_or_else(damaged)?;
    if locked.version != 1
        || locked.kdf != "argon2id"
        || locked.memory_kib > MAX_MEMORY_KIB
        || locked.passes > 64
    {
        return Err(damaged());
    }
    let key = derive(path, &locked, &salt, passphrase)?;
    if Hash::parse(&locked.check) == Some(check(&key)) { Ok(key) } else { Err(VaultError::WrongPassphrase) }
}

fn derive(path: &Path, locked: &Locked, salt: &RecordId, passphrase: &str) -> Result<VaultKey, VaultError> {
    let damaged = |_| VaultError::Damaged(path.to_owned());
    let params = Params::new(locked.memory_kib, locked.passes, 1, Some(32)).map_err(damaged)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.trim_end_matches(['\r', '\n']).as_bytes(), &salt.0, key.as_mut_slice())
        .map_err(damaged)?;
    Ok(VaultKey(*key))
}

fn check(key: &VaultKey) -> Hash {
    hash("campana vault check v1", &[&key.0])
}

fn random(path: &Path, bytes: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(bytes).map_err(|error| unreadable(path)(io::Error::other(error.to_string())))
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> VaultError {
    let path = path.to_owned();
    move |source| VaultError::Unreadable { path: path.clone(), source }
}
