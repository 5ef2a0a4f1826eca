//! The operator's invitation: one secret link that lets one person found a network here.
//!
//! Only its hash is kept. The `invite` command leaves the hash in a file that the running relay
//! (or the next one to start) takes into its store, so that it works beside a running relay.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campana_protocol::frame::Secret;
use campana_protocol::id::{self, Hash};
use campana_protocol::limits::INVITATION_TTL_MS;

use crate::limits::{BACKUP_LOOK_MS, INVITATION_WAIT_MS};
use crate::store::Write;

/// Most invitations taken in at once; the next tick goes on.
const MAX_TAKEN: usize = 64;

/// What the relay keeps of an invitation's secret.
#[must_use]
pub fn hash(secret: &Secret) -> Hash {
    id::hash("campana operator invitation", &[&secret.0])
}

/// A fresh secret.
///
/// # Errors
/// If the system has no randomness to give.
pub fn secret() -> io::Result<Secret> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(Secret(bytes))
}

/// The link that carries a secret. What follows `#` never leaves the browser that opens it.
#[must_use]
pub fn link(public_url: &str, secret: &Secret) -> String {
    format!("{}/#operator={}", public_url.trim_end_matches('/'), URL_SAFE_NO_PAD.encode(secret.0))
}

/// The link as a code for a terminal, if it fits one.
#[must_use]
pub fn code(link: &str) -> Option<String> {
    let code = qrcode::QrCode::new(link).ok()?;
    Some(code.render::<qrcode::render::unicode::Dense1x2>().build())
}

/// Leaves an invitation for the relay on `data_dir`. It is durable on return.
///
/// # Errors
/// The file's.
pub fn leave(data_dir: &Path, secret: &Secret, now: u64) -> io::Result<()> {
    let folder = folder(data_dir);
    fs::create_dir_all(&folder)?;
    let expires_at = now.saturating_add(INVITATION_TTL_MS);
    let name = hash(secret).to_string();
    let part = folder.join(format!("{name}.part"));
    let mut file = File::create(&part)?;
    writeln!(file, "{expires_at}")?;
    file.sync_all()?;
    fs::rename(&part, folder.join(name))?;
    File::open(&folder)?.sync_all()
}

/// Waits until the relay on `data_dir` has taken in what was left for it: only then is the link worth
/// anything. What it does not take is taken back.
///
/// # Errors
/// The file's, or that the relay does not take it.
pub fn wait_until_taken(data_dir: &Path, secret: &Secret) -> io::Result<()> {
    let file = folder(data_dir).join(hash(secret).to_string());
    let began = Instant::now();
    while file.try_exists()? {
        if began.elapsed() > Duration::from_millis(INVITATION_WAIT_MS) {
            fs::remove_file(&file)?;
            return Err(io::Error::other(
                "the relay does not take the invitation in: its log and /healthz say whether its disk is full",
            ));
        }
        std::thread::sleep(Duration::from_millis(BACKUP_LOOK_MS));
    }
    Ok(())
}

/// An invitation that was left, and the file to remove once it is in the store.
#[derive(Debug)]
#[non_exhaustive]
pub struct Left {
    /// What to commit.
    pub write: Write,
    /// Where it was left.
    pub file: PathBuf,
}

/// The invitations that were left. Files that are not invitations are not touched.
///
/// # Errors
/// The folder's.
pub fn left(data_dir: &Path) -> io::Result<Vec<Left>> {
    let files = match fs::read_dir(folder(data_dir)) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    Ok(files.take(MAX_TAKEN).filter_map(|file| parse(file.ok()?.path())).collect())
}

fn parse(file: PathBuf) -> Option<Left> {
    let invitation = Hash::parse(file.file_name()?.to_str()?)?;
    let expires_at = fs::read_to_string(&file).ok()?.trim().parse().ok()?;
    Some(Left { write: Write::Invite { invitation, expires_at }, file })
}

fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("invitations")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_found_and_holds_no_secret() {
        let data = tempfile::tempdir().expect("a directory");
        let secret = Secret([7; 32]);
        leave(data.path(), &secret, 1_000).expect("left");
        let found = left(data.path()).expect("read");
        assert_eq!(found.len(), 1);
        let expires_at = 1_000 + INVITATION_TTL_MS;
        assert_eq!(found[0].write, Write::Invite { invitation: hash(&secret), expires_at });
        let text = fs::read_to_string(&found[0].file).expect("text");
        assert!(!text.contains(&URL_SAFE_NO_PAD.encode(secret.0)));
    }

    #[test]
    fn a_link_has_one_slash_and_a_code() {
        let link = link("https://relay.example/", &Secret([0; 32]));
        assert!(link.starts_with("https://relay.example/#operator=AAAA"), "{link}");
        assert!(code(&link).is_some());
    }
}
