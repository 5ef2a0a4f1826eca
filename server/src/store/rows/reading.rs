//! Reading rows: rights, pages of a log or mailbox, blob parts, and what there is in all.

use core::ops::ControlFlow;

use campana_protocol::frame::Entry;
use campana_protocol::id::{BlobId, ChannelId, Hash, MailboxId, PublicKey};
use campana_protocol::limits::{MAX_READ_BYTES, MAX_READ_ENTRIES};
use campana_protocol::wire;

use super::Beside;
use super::view::View;
use crate::store::bodies::{Found, Place};
use crate::store::engine::{Engine, EngineError};
use crate::store::error::ReadError;
use crate::store::key::{Key, Kind};
use crate::store::log::Log;
use crate::store::row::{self, StoredEntry, StoredPart, StoredPost};
use crate::store::{BlobPart, Head, Holding, Keys, MailboxState, Page, Post, Rights, Run};

pub(super) fn rights<E: Engine>(
    view: &View<E>,
    channel: &ChannelId,
    keys: &Keys,
) -> Result<Option<Rights>, ReadError> {
    let row: row::Channel = get(view, &Key::Channel(*channel))?.ok_or(ReadError::Unknown)?;
    judge(&row, keys, |member| get(view, &Key::Older(*channel, *member)))
}

pub(super) fn guard<E: Engine>(view: &View<E>, channel: &ChannelId) -> Result<Option<ChannelId>, ReadError> {
    let row: row::Channel = get(view, &Key::Channel(*channel))?.ok_or(ReadError::Unknown)?;
    Ok(row.guard)
}

pub(super) fn founded<E: Engine>(
    view: &View<E>,
    channel: &ChannelId,
) -> Result<(Vec<PublicKey>, PublicKey), ReadError> {
    let row: row::Channel = get(view, &Key::Channel(*channel))?.ok_or(ReadError::Unknown)?;
    Ok((row.owners, row.access))
}

pub(super) fn restored<E: Engine>(view: &View<E>, channel: &ChannelId) -> Result<bool, ReadError> {
    let row: row::Channel = get(view, &Key::Channel(*channel))?.ok_or(ReadError::Unknown)?;
    Ok(row.restored)
}

/// The one place where a key becomes a right.
pub(super) fn judge<X>(
    channel: &row::Channel,
    keys: &Keys,
    older: impl FnOnce(&PublicKey) -> Result<Option<row::Older>, X>,
) -> Result<Option<Rights>, X> {
    if keys.owner.is_some_and(|owner| channel.owners.contains(&owner)) {
        return Ok(Some(Rights::Owner));
    }
    let Some(member) = keys.member else {
        return Ok(None);
    };
    if member == channel.access {
        return Ok(Some(Rights::Current));
    }
    Ok(older(&member)?.map(|older| Rights::Until(older.until)))
}

pub(super) fn head<E: Engine>(
    view: &View<E>,
    log: Option<&Log>,
    channel: &ChannelId,
) -> Result<Head, ReadError> {
    // The log first: what a trim takes from it the row says by then.
    let last = log.map_or(0, |log| log.last(channel));
    let row: row::Head = get(view, &Key::Head(*channel))?.ok_or(ReadError::Unknown)?;
    Ok(Head { seq: row.seq.max(last), last_control: row.last_control })
}

pub(super) fn mailbox<E: Engine>(view: &View<E>, mailbox: &MailboxId) -> Result<MailboxState, ReadError> {
    let row: row::Mailbox = get(view, &Key::Mailbox(*mailbox))?.unwrap_or_default();
    Ok(MailboxState { opened: row.opened, kept: row.keep_ms.is_some(), head: row.head })
}

pub(super) fn blob_part<E: Engine>(
    view: &View<E>,
    beside: &Beside,
    channel: &ChannelId,
    blob: &BlobId,
    part: u16,
) -> Result<BlobPart, ReadError> {
    let row: StoredPart = get(view, &Key::BlobPart(*channel, *blob, part))?.ok_or(ReadError::Unknown)?;
    match body(beside, row.place.as_ref(), row.body.into())? {
        Found::Body(body) => Ok(BlobPart { of: row.of, body }),
        Found::Expired => Err(ReadError::Unknown),
        Found::Damaged => Err(ReadError::Failed),
    }
}

/// The body of a row that holds it, or its place.
fn body(beside: &Beside, place: Option<&Place>, inline: Vec<u8>) -> Result<Found, ReadError> {
    match (place, &beside.bodies) {
        (None, _) => Ok(Found::Body(inline)),
        (Some(place), Some(bodies)) => bodies.read(place).map_err(|error| failed(error.into())),
        (Some(_), None) => Ok(Found::Damaged),
    }
}

/// The page, and how many damaged rows it leaves out. Entries are in the log; those between, in
/// rows.
pub(super) fn entries<E: Engine>(
    view: &View<E>,
    beside: &Beside,
    channel: &ChannelId,
    after: u64,
    through: u64,
    max_bytes: usize,
) -> Result<(Page<Entry>, u64), ReadError> {
    let key = |seq| Key::Entry(*channel, seq);
    let mut gather = Gather::new(after, max_bytes, |bytes: &[u8], _| {
        let Some(StoredEntry { entry, place, .. }) = row::decode(bytes) else { return Ok(Parsed::Damaged) };
        let found = body(beside, place.as_ref(), entry.body.into())?;
        Ok(Parsed::of(found, |body| Entry { body: body.into(), ..entry }))
    });
    let log = beside.log.as_ref();
    let located = log.map(|log| log.entries(channel, after, through, MAX_READ_ENTRIES)).unwrap_or_default();
    let all_located = located.len() < MAX_READ_ENTRIES;
    for place in located {
        if gather.rows(view, &key, place.seq() - 1)?.is_break() {
            return Ok(gather.done());
        }
        let entry = place.read().map_err(|error| failed(error.into()))?;
        match entry.map(|entry| gather.put(place.seq(), entry.body.len(), entry)) {
            Some(ControlFlow::Break(())) => return Ok(gather.done()),
            Some(ControlFlow::Continue(())) => {}
            None => gather.damaged(place.seq()),
        }
    }
    if all_located {
        // Full or not: the page says how far it got.
        let _ = gather.rows(view, &key, through)?;
    }
    Ok(gather.done())
}

pub(super) fn pass<E: Engine>(view: &View<E>, channel: &ChannelId, pass: &Hash) -> Result<bool, ReadError> {
    Ok(get::<_, bool>(view, &Key::Pass(*channel, *pass))? == Some(false))
}

/// The page, and how many damaged rows it leaves out.
pub(super) fn posts<E: Engine>(
    view: &View<E>,
    beside: &Beside,
    mailbox: &MailboxId,
    after: u64,
    through: u64,
    max_bytes: usize,
) -> Result<(Page<Post>, u64), ReadError> {
    let key = |seq| Key::Post(*mailbox, seq);
    let mut gather = Gather::new(after, max_bytes, |bytes: &[u8], seq| {
        let Some(row) = row::decode::<StoredPost>(bytes) else { return Ok(Parsed::Damaged) };
        let found = body(beside, row.place.as_ref(), row.body.into())?;
        Ok(Parsed::of(found, |body| Post { seq, received_at: row.received_at, body }))
    });
    // Full or not: the page says how far it got.
    let _ = gather.rows(view, &key, through)?;
    Ok(gather.done())
}

/// What a row stands for.
enum Parsed<T> {
    Item(usize, T),
    Expired,
    Damaged,
}

impl<T> Parsed<T> {
    fn of(found: Found, item: impl FnOnce(Vec<u8>) -> T) -> Self {
        match found {
            Found::Body(body) => Self::Item(body.len(), item(body)),
            Found::Expired => Self::Expired,
            Found::Damaged => Self::Damaged,
        }
    }
}

/// A page being filled up to its limits.
struct Gather<T, P> {
    page: Page<T>,
    bytes: usize,
    max_bytes: usize,
    corrupt: u64,
    /// Rows that were damaged when they were looked at: deleted meanwhile, perhaps.
    doubtful: Vec<u64>,
    failed: Option<ReadError>,
    parse: P,
}

impl<T, P: Fn(&[u8], u64) -> Result<Parsed<T>, ReadError>> Gather<T, P> {
    fn new(after: u64, max_bytes: usize, parse: P) -> Self {
        let (page, max_bytes) = (Page { items: Vec::new(), through: after }, max_bytes.min(MAX_READ_BYTES));
        Self { page, bytes: 0, max_bytes, corrupt: 0, doubtful: Vec::new(), failed: None, parse }
    }

    fn done(self) -> (Page<T>, u64) {
        let corrupt = self.corrupt + self.doubtful.len() as u64;
        (self.page, corrupt)
    }

    /// Adds the rows after those looked at, up to and including `through`. Breaks when the page
    /// is full.
    fn rows<E: Engine>(
        &mut self,
        view: &View<E>,
        key: &dyn Fn(u64) -> Key,
        through: u64,
    ) -> Result<ControlFlow<()>, ReadError> {
        let after = self.page.through;
        if after >= through {
            return Ok(ControlFlow::Continue(()));
        }
        let mut goes = ControlFlow::Continue(());
        let end = key(through.saturating_add(1)).encode();
        let scanned = view.scan(&key(after + 1).encode(), &end, &mut |found, value| {
            if let Some(Key::Entry(_, seq) | Key::Post(_, seq)) = Key::decode(found) {
                goes = self.add(seq, value);
            }
            goes
        });
        // A row whose body is gone is damaged only if the row is still there.
        for seq in core::mem::take(&mut self.doubtful) {
            self.corrupt += u64::from(!matches!(view.get(&key(seq).encode()), Ok(None)));
        }
        if let Some(error) = self.failed {
            return Err(error);
        }
        if scanned.is_ok() {
            if goes.is_continue() {
                self.page.through = through;
            }
            return Ok(goes);
        }
        // One damaged row must not hide those after it: look at each by itself.
        for seq in (self.page.through + 1..=through).take(MAX_READ_ENTRIES) {
            match view.get(&key(seq).encode()) {
                Ok(Some(value)) => {
                    if self.add(seq, &value).is_break() {
                        return self.failed.map_or(Ok(ControlFlow::Break(())), Err);
                    }
                }
                Ok(None) => self.page.through = seq,
                Err(EngineError::Damaged(_)) => self.damaged(seq),
                Err(_) => return Err(ReadError::Failed),
            }
        }
        Ok(if self.page.through < through { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn add(&mut self, seq: u64, value: &[u8]) -> ControlFlow<()> {
        match (self.parse)(value, seq) {
            Ok(Parsed::Item(size, item)) => return self.put(seq, size, item),
            Ok(Parsed::Expired) => {}
            Ok(Parsed::Damaged) => self.doubtful.push(seq),
            Err(error) => {
                self.failed = Some(error);
                return ControlFlow::Break(());
            }
        }
        self.page.through = seq;
        ControlFlow::Continue(())
    }

    fn put(&mut self, seq: u64, size: usize, item: T) -> ControlFlow<()> {
        if !self.page.items.is_empty() && self.bytes + size > self.max_bytes {
            return ControlFlow::Break(());
        }
        self.bytes += size;
        self.page.items.push(item);
        self.page.through = seq;
        if self.page.items.len() >= MAX_READ_ENTRIES {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn damaged(&mut self, seq: u64) {
        self.corrupt += 1;
        self.page.through = seq;
    }
}

pub(super) fn run<E: Engine>(view: &View<E>) -> Result<Option<Run>, ReadError> {
    let row = get::<_, row::StoredRun>(view, &Key::Run)?;
    Ok(row.map(|row| Run { name: row.name.into(), restored: row.restored, since: row.since.map(Into::into) }))
}

pub(super) fn has_invitation<E: Engine>(view: &View<E>) -> Result<bool, ReadError> {
    let mut found = false;
    for kind in [Kind::Invitation, Kind::Founder] {
        let (from, to) = kind.range();
        let any = &mut |_: &[u8], _: &[u8]| {
            found = true;
            ControlFlow::Break(())
        };
        view.scan(&from, &to, any).map_err(failed)?;
    }
    Ok(found)
}

pub(super) fn holdings<E: Engine>(view: &View<E>, beside: &Beside) -> Result<Vec<Holding>, ReadError> {
    let mut holdings = Vec::new();
    for kind in Kind::ALL {
        let (from, to) = kind.range();
        let (mut rows, mut bytes) = (0, 0);
        let count = &mut |key: &[u8], value: &[u8]| {
            rows += 1;
            bytes += (key.len() + value.len() + beside_row(*kind, value)) as u64;
            ControlFlow::Continue(())
        };
        view.scan(&from, &to, count).map_err(failed)?;
        // Those in the log come with their record ids.
        if *kind == Kind::Entry
            && let Some(log) = beside.log.as_ref().map(Log::held)
        {
            rows += log.0;
            bytes += log.1;
        }
        holdings.push(Holding { kind: name(*kind), rows, bytes });
    }
    Ok(holdings)
}

/// Bytes of the body that a row of that kind has beside it.
fn beside_row(kind: Kind, value: &[u8]) -> usize {
    let place = match kind {
        Kind::Entry => row::decode::<StoredEntry>(value).and_then(|row| row.place),
        Kind::Post => row::decode::<StoredPost>(value).and_then(|row| row.place),
        Kind::BlobPart => row::decode::<StoredPart>(value).and_then(|row| row.place),
        _ => None,
    };
    place.map_or(0, |place| place.len())
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Format => "format version",
        Kind::Channel => "channels (owner and access keys)",
        Kind::Head => "channel counters",
        Kind::Older => "older access keys",
        Kind::Entry => "sealed entries",
        Kind::Record => "record ids of entries",
        Kind::Mailbox => "mailboxes",
        Kind::Post => "sealed posts",
        Kind::PostRecord => "record ids of posts",
        Kind::BlobPart => "sealed blob parts",
        Kind::Invitation => "invitations (hashes)",
        Kind::Founder => "founder keys",
        Kind::Expiry => "expiry times",
        Kind::Registration => "push registrations (sealed)",
        Kind::PushJob => "alerts being pushed",
        Kind::Unsettled => "pushes without an answer",
        Kind::Receipt => "receipts (tokens)",
        Kind::Tally => "counts of those",
        Kind::PushSecret => "VAPID key (sealed)",
        Kind::Ended => "ended registrations",
        Kind::Endpoint => "push endpoints (keyed hashes)",
        Kind::Run => "run of the relay (random)",
        Kind::Pass => "passes",
        Kind::OwedRing => "mailboxes whose readers are owed a push",
        Kind::HeldRing => "pushes held for later (hashes)",
        Kind::Cover => "registrations that get pushes at random too",
    }
}

pub(super) fn get<E: Engine, T: wire::Decode>(view: &View<E>, key: &Key) -> Result<Option<T>, ReadError> {
    match view.get(&key.encode()).map_err(failed)? {
        Some(bytes) => row::decode(&bytes).map(Some).ok_or(ReadError::Failed),
        None => Ok(None),
    }
}

pub(super) fn failed(error: EngineError) -> ReadError {
    tracing::error!(%error, "a row could not be read");
    ReadError::Failed
}
