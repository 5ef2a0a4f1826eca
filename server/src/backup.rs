//! Backing up a relay that runs: the command leaves a request in the data directory, as `invite` leaves an
//! invitation, and the relay, which alone may have its store open, answers it.

use core::time::Duration;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::limits::{BACKUP_LOOK_MS, BACKUP_WAIT_MS};
use crate::store::Store;

/// What is answered when all went well.
const DONE: &str = "done";

/// Asks the relay on `data_dir` to back up to `to`, and waits until it has.
///
/// # Errors
/// What the relay says, or that it does not answer.
pub fn ask(data_dir: &Path, to: &Path) -> io::Result<()> {
    let (request, answer) = (request(data_dir), answer(data_dir));
    fs::create_dir_all(to)?;
    let to = to.canonicalize()?;
    match fs::remove_file(&answer) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let part = request.with_extension("part");
    fs::write(&part, to.as_os_str().as_bytes())?;
    fs::rename(&part, &request)?;
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(BACKUP_WAIT_MS) {
        match fs::read_to_string(&answer) {
            Ok(said) => {
                fs::remove_file(&answer)?;
                return if said == DONE { Ok(()) } else { Err(io::Error::other(said)) };
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        std::thread::sleep(Duration::from_millis(BACKUP_LOOK_MS));
    }
    Err(io::Error::other("the relay does not answer: is it an older version?"))
}

/// Answers a request, if one was left.
pub(crate) fn answer_request<S: Store>(store: &S, data_dir: &Path) {
    let to = match fs::read(request(data_dir)) {
        Ok(to) => PathBuf::from(OsStr::from_bytes(&to)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => return tracing::error!(%error, "a request for a backup cannot be read"),
    };
    let backed_up = fs::remove_file(request(data_dir)).and_then(|()| store.back_up(&to));
    let said = match &backed_up {
        Ok(()) => DONE.to_owned(),
        Err(error) => format!("the relay cannot back up to {}: {error}", to.display()),
    };
    let part = answer(data_dir).with_extension("part");
    if let Err(error) = fs::write(&part, said).and_then(|()| fs::rename(&part, answer(data_dir))) {
        tracing::error!(%error, "a request for a backup cannot be answered");
    }
    match backed_up {
        Ok(()) => tracing::info!("the store is backed up"),
        Err(error) => tracing::error!(%error, "the store cannot be backed up"),
    }
}

fn request(data_dir: &Path) -> PathBuf {
    data_dir.join("backup.request")
}

fn answer(data_dir: &Path) -> PathBuf {
    data_dir.join("backup.answer")
}
