//! Files that nobody but the relay's user may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::TlsError;

/// Writes a file whole or not at all; it is durable on return.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), TlsError> {
    keep(path, bytes).map_err(|source| TlsError::File { path: path.to_path_buf(), source })
}

fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let part = path.with_extension("part");
    // One that a crash left may have other rights.
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    File::open(folder)?.sync_all()
}

/// `None`: there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, TlsError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TlsError::File { path: path.to_path_buf(), source }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn nobody_else_may_read_it_whatever_a_crash_left() {
        let root = tempfile::tempdir().expect("a directory");
        let folder = root.path().join("acme");
        let path = folder.join("key.pem");
        fs::create_dir(&folder).expect("made");
        fs::write(folder.join("key.part"), "open to all").expect("left");
        for text in ["one", "two"] {
            write(&path, text.as_bytes()).expect("written");
            assert_eq!(read(&path).expect("read").as_deref(), Some(text.as_bytes()));
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
        write(&root.path().join("lan/key.pem"), b"x").expect("written");
        assert_eq!(fs::metadata(root.path().join("lan")).expect("there").permissions().mode() & 0o777, 0o700);
        assert_eq!(read(&folder.join("other")).expect("none"), None);
    }
}
