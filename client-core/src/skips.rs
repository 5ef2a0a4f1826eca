//! Entries that a relay said had expired before this device read them. What a relay says must not
//! outlast it: each such skip is provisional. On a later connection the device goes back to where it
//! was, or reads the skipped part late, until the time to live of the entries themselves has passed.

use campana_derive::{Decode, Encode};
use campana_protocol::frame::{Class, Entry};
use campana_protocol::governance::ChannelKind;
use campana_protocol::handshake::EntryBody;
use campana_protocol::limits::{DAY_MS, ENTRY_TTL_MS};
use campana_protocol::wire;

use crate::channel::Channel;
use crate::core::Core;
use crate::limits::MAX_SKIPS;
use crate::rows::Row;
use crate::state::Place;

/// A part of a log that was passed over.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Skip {
    /// Where this device was; its cursor moves on as the part is read after all.
    #[n(0)]
    place: Place,
    /// Seq of the last entry passed over.
    #[n(1)]
    through: u64,
    /// When, Unix milliseconds by this device's clock; 0: not known yet.
    #[n(2)]
    since: u64,
    /// When it was last asked for again.
    #[n(3)]
    checked_at: u64,
}

impl Channel {
    /// Keeps where this device was before it passes over entries.
    pub(crate) fn keep_skip(&mut self, through: u64) {
        let meta = &mut self.meta;
        let (cursor, log_hash) = (meta.cursor, meta.log_hash);
        let (last_control, unanchored) = (meta.last_control, meta.unanchored);
        let place = Place { cursor, log_hash, last_control, unanchored };
        if meta.skips.len() >= MAX_SKIPS {
            meta.skips.remove(0);
        }
        meta.skips.push(Skip { place, through, since: 0, checked_at: 0 });
    }

    /// Nothing has been read since the last skip: it may have been a lie, so the next connection
    /// begins where this device was. False: there is none.
    fn unskip(&mut self) -> bool {
        let meta = &mut self.meta;
        let Some(skip) = meta.skips.pop_if(|skip| skip.through == meta.cursor) else { return false };
        meta.before = None;
        meta.cursor = skip.place.cursor;
        meta.log_hash = skip.place.log_hash;
        meta.last_control = skip.place.last_control;
        meta.unanchored = skip.place.unanchored;
        true
    }

    /// Where the first part begins that has been passed over.
    pub(crate) fn first_skip(&self) -> Option<u64> {
        self.meta.skips.iter().map(|skip| skip.place.cursor).min()
    }
}

impl Core {
    /// At the beginning of each connection.
    pub(crate) fn doubt_skips(&mut self, now: u64, kind: ChannelKind) {
        let Some(channel) = self.channels.get_mut(&kind).filter(|c| !c.meta.skips.is_empty()) else { return };
        while channel.unskip() {}
        let skips = &mut channel.meta.skips;
        for skip in skips.iter_mut() {
            // A clock that was set back must not keep it for ever.
            if skip.since == 0 || skip.since > now {
                skip.since = now;
            }
        }
        skips.retain(|skip| now < skip.since.saturating_add(ENTRY_TTL_MS));
        let due = |skip: &Skip| !(skip.checked_at..skip.checked_at.saturating_add(DAY_MS)).contains(&now);
        if skips.iter().any(due) {
            skips.iter_mut().for_each(|skip| skip.checked_at = now);
            self.session.rereads.insert(kind);
        }
        self.mark(Row::Meta(kind));
    }

    /// An entry at a place that this device has passed. It counts if it was passed over and can be
    /// opened still: that needs no place in the log.
    pub(crate) fn late_entry(&mut self, now: u64, kind: ChannelKind, entry: &Entry) {
        let Some(channel) = self.channels.get_mut(&kind) else { return };
        let passed_over = |skip: &&mut Skip| skip.place.cursor < entry.seq && entry.seq <= skip.through;
        let Some(skip) = channel.meta.skips.iter_mut().find(passed_over) else { return };
        skip.place.cursor = entry.seq;
        channel.meta.skips.retain(|skip| skip.place.cursor < skip.through);
        self.mark_channel(kind);
        let (Ok(EntryBody::Application(message)), Class::Alert | Class::Update) =
            (wire::decode::<EntryBody>(&entry.body), entry.class)
        else {
            return;
        };
        self.read = false;
        self.application(now, kind, entry, None, &message);
        if (kind, entry.class) == (ChannelKind::Broadcast, Class::Alert) {
            self.late_alert(entry.seq, self.read);
        }
    }
}
