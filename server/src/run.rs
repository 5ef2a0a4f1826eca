//! Whether the store is the one that the last run left.
//!
//! Each run of a relay has a random name, in its store and in a file beside the data directory. A store
//! that was restored from a backup has an older name, or none: then the relay says so and counts it, for
//! devices have to send again what the backup lacks.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::store::{Run, Store, Write};

/// Begins a run on `store`. How often the store has been restored; the file's name is that of the data
/// directory and `.run`.
///
/// # Errors
/// If the names cannot be read or written: nothing has begun.
pub fn begin<S: Store>(store: &S, data_dir: &Path, now: u64) -> io::Result<u64> {
    let path = beside(data_dir);
    let known = match fs::read_to_string(&path) {
        Ok(names) => Some(names),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let last = store.run().map_err(io::Error::other)?;
    let name = |run: &Run| run.name.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let last_name = last.as_ref().map(name);
    let restored = match (&known, &last_name) {
        (None, None) => false,
        (Some(known), Some(last)) => !known.lines().any(|name| name == last),
        _ => true,
    };
    let times = last.as_ref().map_or(0, |last| last.restored) + u64::from(restored);
    let mut run = Run { name: [0; 16], restored: times, since: last.and_then(|last| last.since) };
    getrandom::fill(&mut run.name).map_err(io::Error::other)?;
    if restored {
        run.since = Some(run.name);
    }
    // Both names until the store has the new one: a relay that dies between the two has not been restored.
    let both = [name(&run), last_name.unwrap_or_default()].join("\n");
    keep(&path, &both)?;
    for result in store.commit(now, &[Write::Begin { run }]) {
        result.map_err(io::Error::other)?;
    }
    keep(&path, &name(&run))?;
    if restored {
        tracing::warn!(
            times = run.restored,
            "the store is not the one that the last run left: it was restored, or moved here without {}",
            path.display()
        );
    }
    Ok(run.restored)
}

fn keep(path: &Path, names: &str) -> io::Result<()> {
    let part = path.with_extension("run.part");
    let mut file = File::create(&part)?;
    writeln!(file, "{names}")?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Beside the data directory, so that whoever puts back the one does not put back the other.
fn beside(data_dir: &Path) -> PathBuf {
    let mut name = data_dir.file_name().unwrap_or_else(|| "campana-data".as_ref()).to_owned();
    name.push(".run");
    data_dir.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[test]
    fn a_store_that_is_put_back_is_noticed_and_one_that_goes_on_is_not() {
        let root = tempfile::tempdir().expect("a directory");
        let data = root.path().join("data");
        let store = MemoryStore::new();
        let start = |store: &MemoryStore| begin(store, &data, 1).expect("begun");
        assert_eq!((start(&store), start(&store), start(&store)), (0, 0, 0));
        // A copy from before the next start, put back after it.
        let copy = store.engine().copy();
        assert_eq!(start(&store), 0);
        let copy = MemoryStore::on(copy);
        assert_eq!((start(&copy), start(&copy)), (1, 1));
        // An empty store where there was one.
        assert_eq!(start(&MemoryStore::new()), 1);
        // Moved to another machine without the file.
        fs::remove_file(beside(&data)).expect("removed");
        assert_eq!((start(&copy), start(&copy)), (2, 2));
    }

    #[test]
    fn a_start_that_was_interrupted_is_no_restoring() {
        let root = tempfile::tempdir().expect("a directory");
        let data = root.path().join("data");
        let store = MemoryStore::new();
        assert_eq!(begin(&store, &data, 1).expect("begun"), 0);
        let name = fs::read_to_string(beside(&data)).expect("there");
        // Its name was written down, and the store has the one before.
        keep(&beside(&data), &format!("another\n{}", name.trim())).expect("written");
        assert_eq!(begin(&store, &data, 1).expect("begun"), 0);
    }
}
