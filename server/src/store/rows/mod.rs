//! The rules of the store over any [`Engine`]: one writer at a time, a durable view for readers.
//!
//! Beside the rows lie bodies, and a log where bursts of appends go (`burst`).

mod append;
mod backup;
mod blob;
mod burst;
mod founding;
mod mailbox;
mod pass;
mod push;
mod reading;
mod registered;
mod ring;
mod room;
mod trim;
mod tx;
mod view;

use core::ops::ControlFlow;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use campana_protocol::frame::Entry;
use campana_protocol::id::{BlobId, ChannelId, Hash, MailboxId, PublicKey, RegistrationId};

use self::tx::{Done, Tx};
use self::view::View;
use super::bodies::Bodies;
use super::engine::{Change, Engine, EngineError};
use super::error::{ReadError, StoreError, WriteError};
use super::key::{Key, Kind};
use super::log::Log;
use super::write::{Write, Written};
use super::{
    BlobPart, Coverage, Head, Health, HeldRing, Holding, Keys, MailboxState, Page, Post, PushJob,
    Registration, RegistrationPage, Rights, Run, Store, Trimmed,
};
use crate::limits::{MAX_TRIM, REOPEN_BYTES};

/// The version of what is written here. 2: entries may be in a log beside the rows; the rows of 1
/// are as they were. 3: the log's files begin with a mark; those of 2 are read as they were. 4: what
/// is unsettled of a push job is on pages; jobs of before begin anew. 5: bodies lie beside the rows.
pub(crate) const FORMAT: u16 = 5;

/// The value of the row that says so. It begins with a zero, as every short value did until 4: so
/// versions of then can tell that this one is newer.
pub(crate) fn format_value(format: u16) -> Vec<u8> {
    [&[0], &format.to_be_bytes()[..]].concat()
}

/// The format in such a value.
pub(crate) fn format_of(value: &[u8]) -> Option<u16> {
    value.last_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

/// A [`Store`] over an engine.
#[derive(Debug)]
pub struct RowStore<E> {
    view: View<E>,
    beside: Beside,
    writer: Mutex<()>,
    failed: AtomicBool,
    corrupt_rows: AtomicU64,
    written_at: Option<u64>,
}

/// What lies beside the rows of a store on disk.
#[derive(Debug, Default)]
struct Beside {
    log: Option<Log>,
    bodies: Option<Bodies>,
}

impl<E: Engine> RowStore<E> {
    /// Opens the rows in `engine`, writing the format version if there are none.
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn open(engine: E) -> Result<Self, FormatError> {
        let key = Key::Format.encode();
        match engine.get(&key)?.map(|value| format_of(&value)) {
            Some(Some(FORMAT)) => {}
            Some(Some(newer)) if newer > FORMAT => return Err(FormatError::Newer(newer)),
            // Older ones are converted before.
            Some(_) => return Err(FormatError::Unreadable),
            None => engine.apply(&[Change::Put(key, format_value(FORMAT))])?,
        }
        Ok(Self {
            view: View::new(engine),
            beside: Beside::default(),
            writer: Mutex::new(()),
            failed: AtomicBool::new(false),
            corrupt_rows: AtomicU64::new(0),
            written_at: None,
        })
    }

    /// Where a channel's log ends by its rows, unless there is no such channel or `seq` has a row: then
    /// the log has no entry there.
    pub(crate) fn head_beside(&self, channel: &ChannelId, seq: u64) -> Option<u64> {
        let head = self.engine().get(&Key::Head(*channel).encode()).ok()??;
        let entry = self.engine().get(&Key::Entry(*channel, seq).encode()).ok()?;
        let head: super::row::Head = super::row::decode(&head)?;
        entry.is_none().then_some(head.seq)
    }

    /// The same store with a log and bodies beside its rows, last written to then.
    ///
    /// # Errors
    /// [`EngineError`].
    pub(crate) fn with(
        mut self,
        log: Log,
        bodies: Bodies,
        written_at: Option<u64>,
    ) -> Result<Self, EngineError> {
        for channel in log.channels() {
            let head = self.engine().get(&Key::Head(channel).encode())?;
            // Without its counters a channel takes no writes, and says so then.
            if let Some(head) = head.as_deref().and_then(super::row::decode::<super::row::Head>) {
                log.forget(&channel, head.log_expired);
            }
        }
        log.sweep();
        let (from, to) = Kind::Record.range();
        self.engine().scan(&from, &to, &mut |key, _| {
            if let Some(Key::Record(channel, record)) = Key::decode(key) {
                log.add_row(log.name(&channel, &record));
            }
            ControlFlow::Continue(())
        })?;
        self.corrupt_rows = AtomicU64::new(log.damaged());
        self.written_at = written_at;
        self.beside = Beside { log: Some(log), bodies: Some(bodies) };
        Ok(self)
    }

    /// The engine underneath.
    pub fn engine(&self) -> &E {
        self.view.engine()
    }

    fn writable(&self) -> Result<(), StoreError> {
        match self.health() {
            Health::Writable => Ok(()),
            Health::Full => Err(StoreError::Full),
            Health::Failed => Err(StoreError::Failed),
        }
    }

    /// Makes what `tx` did durable. Until then readers see what was there before.
    fn make_durable(&self, tx: Tx<'_, E>) -> Result<(), StoreError> {
        let Done { bodies, changes, erased } = tx.done();
        if changes.is_empty() {
            return Ok(());
        }
        if let Some(files) = &self.beside.bodies {
            files.write(bodies).map_err(|error| self.fail(&error))?;
        }
        self.view.apply(changes).map_err(|error| self.fail(&error))?;
        if let Some(files) = &self.beside.bodies {
            erased.iter().for_each(|place| files.erase(place));
        }
        Ok(())
    }

    fn begin(&self) -> Tx<'_, E> {
        Tx::new(self.engine(), self.beside.log.as_ref(), self.beside.bodies.as_ref())
    }

    /// What is on disk is unknown now: readers keep the view from before, nobody writes.
    fn fail(&self, error: &dyn core::fmt::Display) -> StoreError {
        self.failed.store(true, Ordering::SeqCst);
        tracing::error!(%error, "a write failed; the store takes no more until it is opened again");
        StoreError::Failed
    }

    /// Judges `writes` and makes them durable, in the log if they may go there.
    fn carry_out(&self, now: u64, writes: &[Write]) -> Result<Vec<Result<Written, WriteError>>, StoreError> {
        let mut tx = self.begin();
        if let Some(log) = &self.beside.log
            && let Some(burst) = burst::carry_out(&mut tx, log, now, writes)
        {
            let (results, batch) = burst?;
            self.sound(&results)?;
            log.append(batch).map_err(|error| self.fail(&error))?;
            return Ok(results);
        }
        let results: Vec<_> = writes.iter().map(|write| carry_out(&mut tx, now, write)).collect();
        self.sound(&results)?;
        self.make_durable(tx)?;
        Ok(results)
    }

    /// An engine that ran into the end of the disk behind our back can fail a read first.
    fn sound(&self, results: &[Result<Written, WriteError>]) -> Result<(), StoreError> {
        if results.contains(&Err(StoreError::Failed.into())) { Err(StoreError::Failed) } else { Ok(()) }
    }

    fn skip_corrupt(&self, rows: u64) {
        if rows > 0 {
            self.corrupt_rows.fetch_add(rows, Ordering::Relaxed);
            tracing::error!(rows, "damaged rows were left out");
        }
    }
}

impl<E: Engine> Store for RowStore<E> {
    fn rights(&self, channel: &ChannelId, keys: &Keys) -> Result<Option<Rights>, ReadError> {
        reading::rights(&self.view, channel, keys)
    }

    fn guard(&self, channel: &ChannelId) -> Result<Option<ChannelId>, ReadError> {
        reading::guard(&self.view, channel)
    }

    fn founded(&self, channel: &ChannelId) -> Result<(Vec<PublicKey>, PublicKey), ReadError> {
        reading::founded(&self.view, channel)
    }

    fn restored(&self, channel: &ChannelId) -> Result<bool, ReadError> {
        reading::restored(&self.view, channel)
    }

    fn head(&self, channel: &ChannelId) -> Result<Head, ReadError> {
        reading::head(&self.view, self.beside.log.as_ref(), channel)
    }

    fn read(
        &self,
        channel: &ChannelId,
        after: u64,
        through: u64,
        max_bytes: usize,
    ) -> Result<Page<Entry>, ReadError> {
        let (page, corrupt) = reading::entries(&self.view, &self.beside, channel, after, through, max_bytes)?;
        self.skip_corrupt(corrupt);
        Ok(page)
    }

    fn mailbox(&self, mailbox: &MailboxId) -> Result<MailboxState, ReadError> {
        reading::mailbox(&self.view, mailbox)
    }

    fn pass(&self, channel: &ChannelId, pass: &Hash) -> Result<bool, ReadError> {
        reading::pass(&self.view, channel, pass)
    }

    fn read_posts(
        &self,
        mailbox: &MailboxId,
        after: u64,
        through: u64,
        max_bytes: usize,
    ) -> Result<Page<Post>, ReadError> {
        let (page, corrupt) = reading::posts(&self.view, &self.beside, mailbox, after, through, max_bytes)?;
        self.skip_corrupt(corrupt);
        Ok(page)
    }

    fn blob_part(&self, channel: &ChannelId, blob: &BlobId, part: u16) -> Result<BlobPart, ReadError> {
        reading::blob_part(&self.view, &self.beside, channel, blob, part)
    }

    fn commit(&self, now: u64, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        let _writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match self.writable().and_then(|()| self.carry_out(now, writes)) {
            Ok(results) => results,
            Err(error) => {
                if error == StoreError::Failed {
                    self.failed.store(true, Ordering::SeqCst);
                }
                writes.iter().map(|_| Err(error.into())).collect()
            }
        }
    }

    fn trim(&self, now: u64) -> Result<Trimmed, WriteError> {
        let _writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the rows, which take room to delete; and also of a store that has failed for want of it.
        let files = self.beside.bodies.as_ref().map_or(0, |bodies| bodies.expire(now));
        if files > 0 {
            tracing::info!(files, "expired bodies are deleted");
        }
        // A full disk is when trimming is wanted most; only a failed store does not trim its rows.
        if self.failed.load(Ordering::SeqCst) {
            return Err(StoreError::Failed.into());
        }
        let mut tx = self.begin();
        let mut trimmed = trim::expired(&mut tx, now)?;
        let forgotten = trim::log(&mut tx, now)?;
        self.make_durable(tx)?;
        if let Some(log) = self.beside.log.as_ref().filter(|_| !forgotten.is_empty()) {
            let mut entries = 0;
            for (channel, through) in forgotten {
                entries += log.forget(&channel, through);
                if !trimmed.channels.contains(&channel) {
                    trimmed.channels.push(channel);
                }
            }
            log.sweep();
            trimmed.rows += entries;
            trimmed.more |= entries >= MAX_TRIM;
        }
        Ok(trimmed)
    }

    fn registrations(
        &self,
        channel: &ChannelId,
        after: Option<RegistrationId>,
        limit: usize,
        now: u64,
    ) -> Result<RegistrationPage, ReadError> {
        registered::page(&self.view, channel, after, limit, now)
    }

    fn registration(
        &self,
        channel: &ChannelId,
        registration: &RegistrationId,
        now: u64,
    ) -> Result<Option<Registration>, ReadError> {
        registered::one(&self.view, channel, registration, now)
    }

    fn all_registrations(
        &self,
        after: Option<(ChannelId, RegistrationId)>,
        limit: usize,
    ) -> Result<Vec<(ChannelId, Registration)>, ReadError> {
        registered::all(&self.view, after, limit)
    }

    fn push_jobs(&self) -> Result<Vec<PushJob>, ReadError> {
        registered::jobs(&self.view)
    }

    fn push_job(&self, channel: &ChannelId, seq: u64) -> Result<Option<PushJob>, ReadError> {
        registered::job(&self.view, channel, seq)
    }

    fn unsettled(&self, channel: &ChannelId, seq: u64) -> Result<Option<Vec<RegistrationId>>, ReadError> {
        registered::unsettled(&self.view, channel, seq)
    }

    fn coverage(&self, channel: &ChannelId, seq: u64, now: u64) -> Result<Coverage, ReadError> {
        registered::coverage(&self.view, channel, seq, now)
    }

    fn owes_ring(&self, mailbox: &MailboxId) -> Result<bool, ReadError> {
        ring::owes(&self.view, mailbox)
    }

    fn owed_rings(&self) -> Result<Vec<MailboxId>, ReadError> {
        ring::owed(&self.view)
    }

    fn held_rings(&self) -> Result<Vec<HeldRing>, ReadError> {
        ring::held(&self.view)
    }

    fn covers(&self) -> Result<Vec<(MailboxId, RegistrationId)>, ReadError> {
        ring::covers(&self.view)
    }

    fn push_secret(&self) -> Result<Option<Vec<u8>>, ReadError> {
        registered::secret(&self.view)
    }

    fn written_at(&self) -> Option<u64> {
        self.written_at
    }

    fn run(&self) -> Result<Option<Run>, ReadError> {
        reading::run(&self.view)
    }

    fn back_up(&self, to: &Path) -> io::Result<()> {
        backup::back_up(self, to)
    }

    fn has_invitation(&self) -> Result<bool, ReadError> {
        reading::has_invitation(&self.view)
    }

    fn holdings(&self) -> Result<Vec<Holding>, ReadError> {
        reading::holdings(&self.view, &self.beside)
    }

    fn health(&self) -> Health {
        let failed = self.failed.load(Ordering::SeqCst);
        match self.engine().has_room(if failed { REOPEN_BYTES } else { 0 }) {
            true if failed => Health::Failed,
            true => Health::Writable,
            false => Health::Full,
        }
    }

    fn corrupt_rows(&self) -> u64 {
        self.corrupt_rows.load(Ordering::Relaxed)
    }
}

/// Every rule reads first and changes last, so that one which refuses has changed nothing.
fn carry_out<E: Engine>(tx: &mut Tx<'_, E>, now: u64, write: &Write) -> Result<Written, WriteError> {
    match write {
        Write::Invite { invitation, expires_at } => founding::invite(tx, *invitation, *expires_at),
        Write::Redeem { invitation, founder } => founding::redeem(tx, now, *invitation, *founder),
        Write::Create { founder, owner, access } => founding::create(tx, *founder, *owner, *access),
        Write::SetOwners { channel, by, approved, owners } => {
            founding::set_owners(tx, *channel, by, approved, owners)
        }
        Write::SetGuard { channel, by, guard } => founding::set_guard(tx, *channel, by, *guard),
        Write::Append(entry) => append::append(tx, now, entry),
        Write::OpenMailbox { channel, by, mailbox } => {
            mailbox::set(tx, *channel, by, *mailbox, |row| row.opened = true)
        }
        Write::KeepMailbox { channel, by, mailbox, keep_ms } => {
            mailbox::set(tx, *channel, by, *mailbox, |row| row.keep_ms = row.keep_ms.or(Some(*keep_ms)))
        }
        Write::Post { mailbox, insider, weight, read, record, body, pass } => {
            let (bytes, passed) = (body.len() as u64, pass.is_some());
            let new = room::New { insider: *insider, weight: *weight, read: *read, bytes, passed };
            mailbox::post(tx, now, *mailbox, &new, (*record, body), *pass)
        }
        Write::AddPasses { channel, by, passes } => pass::add(tx, now, *channel, by, passes),
        Write::TrimMailbox { mailbox, through } => mailbox::trim(tx, *mailbox, *through),
        Write::PutBlob { channel, by, blob, part, of, body } => {
            let part = blob::Part { channel: *channel, blob: *blob, part: *part, of: *of, body };
            blob::put(tx, now, by, &part)
        }
        Write::Register { channel, by, registration, sealed, endpoint, proved_at } => {
            push::register(tx, now, (*channel, by, *registration), (sealed, *endpoint, *proved_at))
        }
        Write::Unregister { channel, registration } => push::unregister(tx, *channel, *registration),
        Write::Receipt { channel, by, seq, token } => push::receipt(tx, now, *channel, by, *seq, *token),
        Write::PushProgress(progress) => push::progress(tx, progress),
        Write::End { channel, registration, sealed } => push::end(tx, now, *channel, *registration, sealed),
        Write::Refused { channel, registration, sealed, refused } => {
            push::refused(tx, now, (*channel, *registration), sealed, *refused)
        }
        Write::Reseal { channel, registration, from, to } => {
            push::reseal(tx, *channel, *registration, from, to)
        }
        Write::RegisterMailbox(new) => ring::register(tx, now, new),
        Write::Ring { mailbox } => ring::ring(tx, now, *mailbox),
        Write::HoldRing { subject, id, after_ms } => ring::hold(tx, *subject, *id, *after_ms),
        Write::WithdrawRing { subject, id } => ring::withdraw(tx, now, *subject, *id),
        Write::RingHeld { subject, id } => ring::ring_held(tx, now, *subject, *id),
        Write::CountDown(left) => ring::count_down(tx, left),
        Write::KeepPushSecret { sealed } => push::keep_secret(tx, sealed),
        Write::Begin { run } => founding::begin(tx, run),
        Write::ForgetPush => push::forget_all(tx),
    }
}

/// Rows that this version cannot open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Written by a newer version.
    #[error("format {0}")]
    Newer(u16),
    /// The version itself is not readable.
    #[error("the format version is not readable")]
    Unreadable,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

#[cfg(test)]
mod tests {
    use campana_protocol::code::Code;
    use campana_protocol::id::Hash;

    use super::*;
    use crate::store::engine::Visit;
    use crate::store::memory::Memory;

    /// Fails to read once told to, as an engine does that ran into the end of the disk by itself.
    struct Failing {
        memory: Memory,
        fails: AtomicBool,
    }

    impl Engine for Failing {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
            if self.fails.load(Ordering::SeqCst) {
                return Err(EngineError::Failed("told to".to_owned()));
            }
            self.memory.get(key)
        }

        fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), EngineError> {
            self.memory.scan(from, to, visit)
        }

        fn apply(&self, changes: &[Change]) -> Result<(), EngineError> {
            self.memory.apply(changes)
        }

        fn has_room(&self, _: u64) -> bool {
            true
        }
    }

    #[test]
    fn an_engine_that_fails_a_read_stops_the_writes() {
        let engine = Failing { memory: Memory::default(), fails: AtomicBool::new(false) };
        let store = RowStore::open(engine).expect("opens");
        let invite = |number| Write::Invite { invitation: Hash([number; 32]), expires_at: 5 };
        assert!(store.commit(0, &[invite(1)])[0].is_ok());
        store.engine().fails.store(true, Ordering::SeqCst);
        let refused = store.commit(0, &[invite(2), invite(3)]);
        assert_eq!(refused, [Err(StoreError::Failed.into()), Err(StoreError::Failed.into())]);
        assert_eq!(WriteError::from(StoreError::Failed).code(), Code::ReadOnly);
        // What it holds is not known any more: it stays so until the store is opened again.
        store.engine().fails.store(false, Ordering::SeqCst);
        assert_eq!(store.health(), Health::Failed);
        assert_eq!(store.commit(0, &[invite(4)]), [Err(StoreError::Failed.into())]);
    }
}
