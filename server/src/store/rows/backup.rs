//! A backup of a store in use.
//!
//! Writes wait only while the rows are copied to one plain file, which is the time it takes to read them.
//! What has been appended to the log and to bodies by then does not change any more: it is copied
//! while the store goes on. What has expired is in none of it, and the backup that was there before is
//! gone once the new one is complete: whoever backs up to the same place keeps nothing longer than the
//! relay did, and a day.

use core::ops::ControlFlow;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::RowStore;
use crate::store::convert::{beside, replace, resume};
use crate::store::engine::{Change, Engine};
use crate::store::key::Key;

/// Rows that are put into the backup at a time.
const BATCH_ROWS: usize = 4_096;

/// Backs `store` up to a directory `store` in `to`.
pub(super) fn back_up<E: Engine>(store: &RowStore<E>, to: &Path) -> io::Result<()> {
    let directory = to.join("store");
    fs::create_dir_all(to)?;
    resume(&directory)?;
    let fresh = beside(&directory, "new");
    fs::create_dir_all(&fresh)?;
    let rows = fresh.join("rows");
    let copied = copy(store, &fresh, &rows).and_then(|()| replace(&directory, &fresh));
    if copied.is_err() {
        let _ = fs::remove_dir_all(&fresh);
    }
    copied
}

fn copy<E: Engine>(store: &RowStore<E>, fresh: &Path, rows: &Path) -> io::Result<()> {
    let files = {
        let _writing = store.writer.lock().unwrap_or_else(PoisonError::into_inner);
        dump(store.engine(), rows)?;
        let log = store.beside.log.iter().flat_map(|log| log.lengths());
        let log: Vec<_> = log.map(|(path, length)| ("log", path, length)).collect();
        let bodies = store.beside.bodies.iter().flat_map(|bodies| bodies.lengths());
        log.into_iter().chain(bodies.map(|(path, length)| ("bodies", path, length))).collect::<Vec<_>>()
    };
    for (folder, from, length) in files {
        prefix(&from, length, &fresh.join(folder))?;
    }
    for folder in ["log", "bodies"] {
        fs::create_dir_all(fresh.join(folder))?;
        File::open(fresh.join(folder))?.sync_all()?;
    }
    let engine = store.engine().fresh(fresh).map_err(io::Error::other)?;
    load(&engine, rows).map_err(io::Error::other)?;
    fs::remove_file(rows)?;
    File::open(fresh)?.sync_all()
}

/// Writes all rows to a file, each key and value behind its length.
fn dump<E: Engine>(engine: &E, path: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut written = Ok(());
    let scanned = engine.scan(&[], &[0xff], &mut |key, value| {
        // A run of its own: a relay that is started on the backup is to find out.
        if key == Key::Run.encode() {
            return ControlFlow::Continue(());
        }
        for bytes in [key, value] {
            // Rows are far below 4 GiB.
            written =
                (file.write_all(&(bytes.len() as u32).to_be_bytes())).and_then(|()| file.write_all(bytes));
            if written.is_err() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    scanned.map_err(io::Error::other)?;
    written?;
    file.flush()
}

fn load<E: Engine>(engine: &E, path: &Path) -> io::Result<()> {
    let mut file = BufReader::new(File::open(path)?);
    loop {
        let mut changes = Vec::new();
        while changes.len() < BATCH_ROWS {
            let Some(key) = piece(&mut file)? else { break };
            let value = piece(&mut file)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            changes.push(Change::Put(key, value));
        }
        if changes.is_empty() {
            return Ok(());
        }
        engine.apply(&changes).map_err(io::Error::other)?;
    }
}

/// The next bytes behind their length; `None` at the end.
fn piece(file: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match file.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
    file.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

/// Copies the beginning of a file, unless it has expired meanwhile.
fn prefix(from: &PathBuf, length: u64, folder: &Path) -> io::Result<()> {
    let (Some(name), from) = (from.file_name(), File::open(from)) else { return Ok(()) };
    let from = match from {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    fs::create_dir_all(folder)?;
    let mut to = File::create(folder.join(name))?;
    io::copy(&mut from.take(length), &mut to)?;
    to.sync_all()
}
