//! Where the registration keys come from: environment, systemd credential, or a file beside the
//! data directory. One key per line (base64url, 32 bytes); the first is in use, the others are older.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::limits::MAX_REGISTRATION_KEYS;

const VARIABLE: &str = "CAMPANA_RELAY_REGISTRATION_KEY";
const CREDENTIAL: &str = "registration-key";

type Keys = Vec<Zeroizing<[u8; 32]>>;

/// Where the keys are.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// In the environment; comma-separated.
    Environment(Zeroizing<String>),
    /// In a file that somebody else looks after.
    Credential(PathBuf),
    /// In a file that is made at the first start.
    File(PathBuf),
}

impl core::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{self}")
    }
}

impl core::fmt::Display for KeySource {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Environment(_) => write!(f, "the environment variable {VARIABLE}"),
            Self::Credential(path) => write!(f, "the credential {}", path.display()),
            Self::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

/// Keys that cannot be had. Says where and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// Not keys.
    #[error(
        "{0} does not hold registration keys: it must have one or more keys of 32 bytes as base64url \
         without padding, one per line (in the environment: separated by commas), the one in use first"
    )]
    Unreadable(KeySource),
    /// A file cannot be read or written.
    #[error("{from} cannot be read or written: {error}")]
    Io {
        /// Which.
        from: KeySource,
        /// Why.
        error: io::Error,
    },
    /// The system gives no randomness.
    #[error("no registration key can be made: the system gives no randomness")]
    NoRandomness,
    /// The keys are not the relay's to change.
    #[error(
        "the registration keys are in {0}, which the relay does not write: put a new key before the \
         others there and start the relay again"
    )]
    NotOurs(KeySource),
}

impl KeySource {
    /// From the environment, a credential, or else `file`.
    #[must_use]
    pub fn find(file: &Path) -> Self {
        if let Ok(keys) = std::env::var(VARIABLE) {
            return Self::Environment(Zeroizing::new(keys));
        }
        let credential = std::env::var_os("CREDENTIALS_DIRECTORY").map(|at| Path::new(&at).join(CREDENTIAL));
        match credential.filter(|path| path.exists()) {
            Some(path) => Self::Credential(path),
            None => Self::File(file.to_path_buf()),
        }
    }

    /// The keys, making the first if there is no file yet and it may.
    pub(super) fn load(&self, may_make: bool) -> Result<Keys, KeyringError> {
        let io = |error| KeyringError::Io { from: self.clone(), error };
        let text = match self {
            Self::Environment(keys) => keys.clone(),
            Self::Credential(path) => Zeroizing::new(fs::read_to_string(path).map_err(io)?),
            Self::File(path) => match fs::read_to_string(path) {
                Ok(text) => Zeroizing::new(text),
                Err(error) if error.kind() == io::ErrorKind::NotFound && may_make => {
                    let keys = vec![fresh()?];
                    write(path, &keys).map_err(io)?;
                    return Ok(keys);
                }
                Err(error) => return Err(io(error)),
            },
        };
        parse(&text).ok_or_else(|| KeyringError::Unreadable(self.clone()))
    }
}

/// Puts a new key before the others; the next start seals everything under it.
///
/// # Errors
/// [`KeyringError`].
pub fn rotate(source: &KeySource) -> Result<(), KeyringError> {
    let KeySource::File(path) = source else {
        return Err(KeyringError::NotOurs(source.clone()));
    };
    let mut keys = source.load(false)?;
    keys.insert(0, fresh()?);
    keys.truncate(MAX_REGISTRATION_KEYS);
    write(path, &keys).map_err(|error| KeyringError::Io { from: source.clone(), error })
}

fn fresh() -> Result<Zeroizing<[u8; 32]>, KeyringError> {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(&mut key[..]).map_err(|_| KeyringError::NoRandomness)?;
    Ok(key)
}

fn parse(text: &str) -> Option<Keys> {
    let words = text.split(|at: char| at == ',' || at.is_whitespace()).filter(|word| !word.is_empty());
    let key = |word| {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(word).ok()?);
        <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
    };
    let keys: Keys = words.map(key).collect::<Option<_>>()?;
    (1..=MAX_REGISTRATION_KEYS).contains(&keys.len()).then_some(keys)
}

/// All or nothing: without its keys the relay's registrations are worth nothing.
fn write(path: &Path, keys: &Keys) -> io::Result<()> {
    let mut text = Zeroizing::new(String::with_capacity(keys.len() * 64));
    for key in keys {
        URL_SAFE_NO_PAD.encode_string(&key[..], &mut text);
        text.push('\n');
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let _ = fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_made_once_for_its_owner_alone_and_rotated_in_front() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("data.key");
        let source = KeySource::File(path.clone());
        let first = source.load(true).expect("made");
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(source.load(true).expect("read"), first);
        rotate(&source).expect("rotated");
        let both = source.load(true).expect("read");
        assert_eq!((both.len(), &both[1]), (2, &first[0]));
        assert_ne!(both[0], first[0]);
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_not_keys_is_named_and_not_shown() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("data.key");
        for text in ["", "secretsecret", "QUJD\n"] {
            fs::write(&path, text).expect("written");
            let error = KeySource::File(path.clone()).load(true).expect_err("not keys").to_string();
            assert!(error.contains("data.key"), "{error}");
            assert!(!error.contains("secretsecret"));
        }
        let source = KeySource::Environment(Zeroizing::new("secretsecret".to_owned()));
        let error = source.load(true).expect_err("not keys");
        assert!(!format!("{error} {error:?} {source:?}").contains("secretsecret"));
        assert!(matches!(rotate(&source), Err(KeyringError::NotOurs(_))));
    }

    #[test]
    fn keys_of_the_environment_are_separated_by_commas() {
        let [one, two] = [[1; 32], [2; 32]].map(|key| URL_SAFE_NO_PAD.encode(key));
        let source = KeySource::Environment(Zeroizing::new(format!("{one}, {two}")));
        assert_eq!(source.load(true).expect("keys"), [Zeroizing::new([1; 32]), Zeroizing::new([2; 32])]);
    }
}
