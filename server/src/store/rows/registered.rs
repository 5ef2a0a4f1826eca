//! Reading registrations, push jobs and counts.

use core::ops::ControlFlow;

use campana_protocol::id::{ChannelId, PublicKey, RegistrationId};
use campana_protocol::limits::{CONTROL_TTL_MS, PROOF_MS, REGISTRATION_GRACE_MS};
use minicbor::bytes::ByteVec;

use super::push::REGISTRATIONS;
use super::reading::{failed, get};
use super::view::View;
use crate::store::engine::Engine;
use crate::store::error::ReadError;
use crate::store::key::{Key, Kind};
use crate::store::row::{self, Channel, Older, StoredJob, StoredRegistration};
use crate::store::{Coverage, PushJob, Registration, RegistrationPage};

type Row = (ChannelId, RegistrationId, StoredRegistration);

pub(super) fn page<E: Engine>(
    view: &View<E>,
    channel: &ChannelId,
    after: Option<RegistrationId>,
    limit: usize,
    now: u64,
) -> Result<RegistrationPage, ReadError> {
    let mut ringing = Ringing::of(view, channel)?;
    let (from, to) = span(channel);
    let (rows, through) = scan(view, after.map(|after| (*channel, after)), from, to, limit)?;
    let mut page = RegistrationPage { items: Vec::with_capacity(rows.len()), through };
    for (_, registration, row) in rows {
        if ringing.rings(view, &row, now)? {
            page.items.push(row.known_as(registration));
        }
    }
    Ok(page)
}

pub(super) fn one<E: Engine>(
    view: &View<E>,
    channel: &ChannelId,
    registration: &RegistrationId,
    now: u64,
) -> Result<Option<Registration>, ReadError> {
    let Some(row) = get::<_, StoredRegistration>(view, &Key::Registration(*channel, *registration))? else {
        return Ok(None);
    };
    let rings = Ringing::of(view, channel)?.rings(view, &row, now)?;
    Ok(rings.then(|| row.known_as(*registration)))
}

pub(super) fn all<E: Engine>(
    view: &View<E>,
    after: Option<(ChannelId, RegistrationId)>,
    limit: usize,
) -> Result<Vec<(ChannelId, Registration)>, ReadError> {
    let (from, to) = Kind::Registration.range();
    let (rows, _) = scan(view, after, from, to, limit)?;
    let plain = |(channel, registration, row): Row| (channel, row.known_as(registration));
    Ok(rows.into_iter().map(plain).collect())
}

pub(super) fn jobs<E: Engine>(view: &View<E>) -> Result<Vec<PushJob>, ReadError> {
    let mut jobs = Vec::new();
    let (from, to) = Kind::PushJob.range();
    let visit = &mut |key: &[u8], value: &[u8]| {
        if let (Some(Key::PushJob(channel, seq)), Some(job)) =
            (Key::decode(key), row::decode::<StoredJob>(value))
        {
            jobs.push(known(channel, seq, job));
        }
        ControlFlow::Continue(())
    };
    view.scan(&from, &to, visit).map_err(failed)?;
    Ok(jobs)
}

pub(super) fn job<E: Engine>(
    view: &View<E>,
    channel: &ChannelId,
    seq: u64,
) -> Result<Option<PushJob>, ReadError> {
    let job = get::<_, StoredJob>(view, &Key::PushJob(*channel, seq))?;
    Ok(job.map(|job| known(*channel, seq, job)))
}

fn known(channel: ChannelId, seq: u64, job: StoredJob) -> PushJob {
    let lanes = job.lanes.into_iter().map(|lane| (lane.tag, lane.cursor)).collect();
    PushJob { channel, seq, created_at: job.created_at, cursor: job.cursor, lanes }
}

pub(super) fn unsettled<E: Engine>(
    view: &View<E>,
    channel: &ChannelId,
    seq: u64,
) -> Result<Option<Vec<RegistrationId>>, ReadError> {
    let mut found = Vec::new();
    let from = Key::Unsettled(*channel, seq, 0).encode();
    let to = after(&Key::Unsettled(*channel, seq, u16::MAX));
    let mut whole = true;
    let visit = &mut |_: &[u8], page: &[u8]| {
        let ids = row::decode::<ByteVec>(page).filter(|ids| ids.len() % RegistrationId::LEN == 0);
        whole &= ids.is_some();
        if let Some(ids) = ids {
            found.extend(ids.chunks(RegistrationId::LEN).filter_map(RegistrationId::from_slice));
        }
        ControlFlow::Continue(())
    };
    view.scan(&from, &to, visit).map_err(failed)?;
    Ok(whole.then_some(found))
}

impl StoredRegistration {
    fn known_as(self, registration: RegistrationId) -> Registration {
        Registration { registration, sealed: self.sealed.into(), refused_at: self.refused_at }
    }
}

/// Looks at each registration of the channel, none of which it keeps.
pub(super) fn coverage<E: Engine>(
    view: &View<E>,
    channel: &ChannelId,
    seq: u64,
    now: u64,
) -> Result<Coverage, ReadError> {
    const AT_ONCE: usize = 1_024;
    let mut coverage = Coverage::default();
    if seq != REGISTRATIONS {
        coverage.receipts = get(view, &Key::Tally(*channel, seq))?.unwrap_or(0);
    }
    let mut ringing = Ringing::of(view, channel)?;
    let (from, to) = span(channel);
    let mut after = None;
    loop {
        let (rows, through) = scan(view, after, from.clone(), to.clone(), AT_ONCE)?;
        for (_, _, row) in rows {
            if ringing.rings(view, &row, now)? {
                coverage.registered += 1;
                let proved = row.proved_at != 0
                    && row.proved_at.saturating_add(PROOF_MS) > now
                    && row.refused_at.is_none();
                coverage.proved += u64::from(proved);
            }
        }
        match through {
            Some(registration) => after = Some((*channel, registration)),
            None => return Ok(coverage),
        }
    }
}

pub(super) fn secret<E: Engine>(view: &View<E>) -> Result<Option<Vec<u8>>, ReadError> {
    Ok(get::<_, ByteVec>(view, &Key::PushSecret)?.map(Vec::from))
}

/// Which registrations ring: those under the access key in force, and for a grace time those
/// under keys that were rotated.
struct Ringing {
    channel: ChannelId,
    access: PublicKey,
    /// Until when those under an older key ring. Few keys: a list is enough.
    older: Vec<(PublicKey, u64)>,
}

impl Ringing {
    fn of<E: Engine>(view: &View<E>, channel: &ChannelId) -> Result<Self, ReadError> {
        // A mailbox has no access key: whoever reads it registers for it.
        let row = get::<_, Channel>(view, &Key::Channel(*channel))?;
        let access = row.map_or(super::ring::READER, |row| row.access);
        Ok(Self { channel: *channel, access, older: Vec::new() })
    }

    fn rings<E: Engine>(
        &mut self,
        view: &View<E>,
        row: &StoredRegistration,
        now: u64,
    ) -> Result<bool, ReadError> {
        if row.expires_at <= now {
            return Ok(false);
        }
        if row.access == self.access {
            return Ok(true);
        }
        if let Some((_, until)) = self.older.iter().find(|(key, _)| *key == row.access) {
            return Ok(now < *until);
        }
        let until = match get::<_, Older>(view, &Key::Older(self.channel, row.access))? {
            // Kept for as long as the entry that rotated it, which says when that was.
            Some(older) => {
                older.expires_at.saturating_sub(CONTROL_TTL_MS).saturating_add(REGISTRATION_GRACE_MS)
            }
            None => 0,
        };
        self.older.push((row.access, until));
        Ok(now < until)
    }
}

/// Up to `limit` rows from `from`, or after `after`, to before `to`; and the last of them if there
/// may be more. Damaged ones are left out.
fn scan<E: Engine>(
    view: &View<E>,
    after_row: Option<(ChannelId, RegistrationId)>,
    from: Vec<u8>,
    to: Vec<u8>,
    limit: usize,
) -> Result<(Vec<Row>, Option<RegistrationId>), ReadError> {
    let from = match after_row {
        Some((channel, registration)) => after(&Key::Registration(channel, registration)),
        None => from,
    };
    let (mut rows, mut seen, mut last) = (Vec::new(), 0, None);
    let visit = &mut |key: &[u8], value: &[u8]| {
        if let Some(Key::Registration(channel, registration)) = Key::decode(key) {
            last = Some(registration);
            if let Some(row) = row::decode::<StoredRegistration>(value) {
                rows.push((channel, registration, row));
            }
        }
        seen += 1;
        if seen < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    view.scan(&from, &to, visit).map_err(failed)?;
    Ok((rows, last.filter(|_| seen >= limit)))
}

/// From a channel's first possible registration to after its last.
fn span(channel: &ChannelId) -> (Vec<u8>, Vec<u8>) {
    let first = Key::Registration(*channel, RegistrationId([0; 16])).encode();
    (first, after(&Key::Registration(*channel, RegistrationId([0xff; 16]))))
}

/// The first bytes after those of `key`.
fn after(key: &Key) -> Vec<u8> {
    [key.encode(), vec![0]].concat()
}
