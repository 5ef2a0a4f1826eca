//! What the operator's commands have to know of the relay whose directory they are given.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rustix::fs::fstat;

/// Runs this command anew as the owner of the data directory, if root has begun it: a file of root's in
/// there is one that the relay cannot write to, and its next start would fail.
///
/// # Errors
/// If the system does not let it.
pub fn as_owner_of(data_dir: &Path) -> io::Result<()> {
    let Ok(about) = fs::metadata(data_dir) else { return Ok(()) };
    if !rustix::process::geteuid().is_root() || about.uid() == 0 {
        return Ok(());
    }
    let arguments = std::env::args_os().skip(1);
    let error =
        Command::new(std::env::current_exe()?).args(arguments).uid(about.uid()).gid(about.gid()).exec();
    Err(io::Error::other(format!("the owner of {} cannot run this command: {error}", data_dir.display())))
}

/// Whether what is said there goes into systemd's journal, which many may read for a long time.
#[must_use]
pub fn is_journal(stream: impl std::os::fd::AsFd) -> bool {
    let said = std::env::var("JOURNAL_STREAM").ok();
    let Some((device, file)) = said.as_deref().and_then(|said| said.split_once(':')) else { return false };
    fstat(stream).is_ok_and(|about| device.parse() == Ok(about.st_dev) && file.parse() == Ok(about.st_ino))
}

/// Writes down where devices reach the relay, for links that are made beside it.
///
/// # Errors
/// The file's.
pub fn keep_address(data_dir: &Path, public_url: &str) -> io::Result<()> {
    let path = data_dir.join(ADDRESS);
    let part = path.with_extension("part");
    let mut file = File::create(&part)?;
    writeln!(file, "{public_url}")?;
    fs::rename(&part, &path)
}

/// Where devices reach the relay that was last started on a directory.
#[must_use]
pub fn address(data_dir: &Path) -> Option<String> {
    let text = fs::read_to_string(data_dir.join(ADDRESS)).ok()?;
    text.lines().next().map(str::to_owned)
}

const ADDRESS: &str = "public-url";
