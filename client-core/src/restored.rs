//! A relay that was restored from a backup has lost the end of its logs; its devices have not
//! (docs/PROTOCOL.md, "A relay that was restored"). They put back what they have processed, at the same
//! places, and nobody takes those places for anything else. Whoever has been passed over all the same is
//! let in again with a fresh leaf. That a relay says it was restored loosens no check.

use campana_protocol::code::{Action, Code};
use campana_protocol::event::extend_log;
use campana_protocol::frame::{Class, ClientFrame, Entry};
use campana_protocol::governance::ChannelKind;

use crate::core::Core;
use crate::limits::{AGAIN_SPREAD, PUT_BACK_AFTER, PUT_BACK_AT_ONCE, PUT_BACK_SPREAD, QUIET, STEP};
use crate::rows::Row;
use crate::session::{As, Asked, Stream};
use crate::state::Job;

/// A channel that waits to be put back, on one connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    /// Where the relay's log ends.
    head: u64,
    /// The last entry that this device has put back or is putting back.
    sent: u64,
    /// When something last came back, Unix milliseconds.
    since: u64,
    /// How long this device leaves it to others from then on, if it is no owner.
    patience: u64,
    /// How long it waits besides: the relay did not take what it put back.
    pause: u64,
}

impl Core {
    /// The relay has said hello, and which restoring it goes on from.
    pub(crate) fn relay_restored(&mut self, now: u64) {
        self.limit_all_kept(now);
        let Some(restored) = self.session.restored else { return };
        if self.membership().is_none_or(|membership| membership.restored == Some(restored)) {
            return;
        }
        if let Some(membership) = self.membership_mut() {
            membership.restored = Some(restored);
        }
        self.send_mail_again(now);
        if self.registry.owned.is_empty() {
            return;
        }
        self.registry.settings.clear();
        self.registry.set_owners.clear();
        self.mark(Row::Registry);
        let join = self.membership().and_then(|membership| membership.join.as_ref());
        if let Some(reader) = join.map(|join| join.keys().reader.public()) {
            self.push_job(Job::OpenMailbox { reader });
        }
    }

    /// Posts and blobs, spread over a while: everybody does it.
    fn send_mail_again(&mut self, now: u64) {
        let ids: Vec<u64> = self.mailed.keys().copied().collect();
        let pause = self.random.below(AGAIN_SPREAD);
        for id in ids {
            let Some(mailed) = self.mailed.get(&id).cloned() else { continue };
            self.forget_mailed(id);
            let job = self.push_job(mailed.job);
            self.session.held.insert(job, (now.saturating_add(pause), pause));
        }
    }

    /// Whether a channel takes nothing new at present.
    pub(crate) fn waits_for_owner(&self, kind: ChannelKind) -> bool {
        self.session.streams.get(&kind).is_some_and(|stream| stream.restored)
    }

    /// Whether this device does not know yet that the log of a restored relay is the one that it has read.
    pub(crate) fn place_unchecked(&self, kind: ChannelKind) -> bool {
        let channel = self.channels.get(&kind);
        self.session.restored.is_some()
            && channel.is_some_and(|channel| channel.meta.restored != self.session.restored)
    }

    /// The place from which a log is read on: the last entry is asked for once more if the relay was
    /// restored since this device read it.
    pub(crate) fn place_to_check(&self, kind: ChannelKind) -> Option<u64> {
        let channel = self.channels.get(&kind)?;
        (self.place_unchecked(kind) && channel.meta.before.is_some() && channel.meta.cursor > 0)
            .then(|| channel.meta.cursor - 1)
    }

    /// What a subscription says of a log that may have been restored. False: it is as ever.
    pub(crate) fn restored_log(&mut self, now: u64, kind: ChannelKind, stream: Stream) -> bool {
        let Some(channel) = self.channels.get(&kind) else { return false };
        let cursor = channel.meta.cursor;
        let unchecked = channel.meta.restored != self.session.restored;
        let (before, lost) = (channel.meta.before.is_some(), channel.meta.log_lost);
        if stream.restored {
            let patience = PUT_BACK_AFTER + self.random.below(PUT_BACK_SPREAD);
            let known = self.session.waits.get(&kind).filter(|known| known.head >= stream.head).copied();
            let fresh = Waits { head: stream.head, sent: stream.head, since: now, patience, pause: 0 };
            self.session.waits.insert(kind, known.unwrap_or(fresh));
        } else {
            self.session.waits.remove(&kind);
        }
        if lost {
            // What it pleads has to name the last control entry of the log that there is.
            if let Some(channel) = self.channels.get_mut(&kind) {
                channel.meta.last_control = stream.last_control;
                self.mark(Row::Meta(kind));
            }
            self.place_holds(kind);
            return true;
        }
        if self.session.restored.is_none() || stream.head >= cursor {
            // Nothing is there to compare with.
            if unchecked && (cursor == 0 || !before) {
                self.place_holds(kind);
            }
            return false;
        }
        if !unchecked && !stream.restored {
            return false;
        }
        if !stream.restored {
            self.lose_log(kind);
        }
        true
    }

    /// An entry at a place that this device has passed.
    pub(crate) fn passed_entry(&mut self, now: u64, kind: ChannelKind, entry: &Entry) {
        let Some(channel) = self.channels.get(&kind) else { return };
        let meta = &channel.meta;
        if meta.log_lost {
            return self.unread_in_place(kind, entry);
        }
        let at_cursor = meta.before.filter(|_| entry.seq == meta.cursor);
        let same = at_cursor.map(|before| extend_log(&before, entry.seq, &entry.body) == meta.log_hash);
        let kept = self.kept.get(&(kind, entry.seq)).map(|kept| kept.is(entry));
        // A hash that leaves out what had expired is compared with nobody's.
        let same = same.filter(|_| !meta.unanchored).or(kept);
        let checks = meta.restored != self.session.restored || self.session.waits.contains_key(&kind);
        let last = entry.seq == meta.cursor;
        self.came_back(now, kind, entry.seq);
        if checks && same == Some(false) {
            self.lose_log(kind);
            self.unread_in_place(kind, entry);
        } else if last {
            self.place_holds(kind);
        }
    }

    /// The entry at this device's place stands in the log of the restored relay, or can't be looked up.
    pub(crate) fn place_holds(&mut self, kind: ChannelKind) {
        let restored = self.session.restored;
        if let Some(channel) = self.channels.get_mut(&kind).filter(|c| c.meta.restored != restored) {
            channel.meta.restored = restored;
            self.mark(Row::Meta(kind));
        }
    }

    /// An alert that this device can't read: it is at a place that this device has passed.
    fn unread_in_place(&mut self, kind: ChannelKind, entry: &Entry) {
        if (kind, entry.class) == (ChannelKind::Broadcast, Class::Alert) {
            self.late_alert(entry.seq, false);
        }
        if entry.class == Class::Control
            && let Some(channel) = self.channels.get_mut(&kind)
        {
            channel.meta.last_control = channel.meta.last_control.max(entry.seq);
            self.mark(Row::Meta(kind));
            // It may have been what ends it.
            if self.waits_for_owner(kind) {
                self.subscribe(kind);
            }
        }
    }

    /// The log has gone on without what this device has processed: it is let in again.
    fn lose_log(&mut self, kind: ChannelKind) {
        let last_control = self.session.streams.get(&kind).map_or(0, |stream| stream.last_control);
        if let Some(channel) = self.channels.get_mut(&kind) {
            channel.meta.log_lost = true;
            channel.meta.unanchored = true;
            channel.meta.last_control = last_control;
        }
        self.lose(kind);
        self.place_holds(kind);
        self.mark(Row::Meta(kind));
    }

    /// Something has come into a log that waits.
    pub(crate) fn came_back(&mut self, now: u64, kind: ChannelKind, seq: u64) {
        let patience = PUT_BACK_AFTER + self.random.below(PUT_BACK_SPREAD);
        if let Some(waits) = self.session.waits.get_mut(&kind).filter(|waits| waits.head < seq) {
            *waits = Waits { head: seq, sent: waits.sent.max(seq), since: now, patience, pause: 0 };
        }
    }

    pub(crate) fn restored_duty(&mut self, now: u64, kind: ChannelKind) {
        let Some(waits) = self.session.waits.get(&kind).copied() else { return };
        let (Some(channel), Some(stream)) =
            (self.channels.get(&kind), self.session.streams.get(&kind).copied())
        else {
            return;
        };
        let meta = &channel.meta;
        let ready = stream.subscribed && stream.restored && stream.current && !meta.lost && !channel.halted;
        if !ready || self.session.retry_at.is_some() {
            return;
        }
        let owner = stream.proved == As::Owner;
        let rank = STEP * self.rank().unwrap_or(0) as u64;
        // A clock that was set back makes nobody wait for their own past.
        let due = |patience: u64| {
            let at = waits.since.saturating_add(patience);
            (now >= at || now < waits.since, at)
        };
        let (cursor, ends) = (meta.cursor, !meta.footing.in_doubt(now));
        if waits.head < cursor {
            let goes_on = waits.sent > waits.head;
            let patience = if owner { rank } else { waits.patience };
            return match due(patience + waits.pause) {
                (true, _) => self.put_back(kind, owner, cursor),
                _ if goes_on => self.put_back(kind, owner, cursor),
                (false, at) => self.wake_at(at),
            };
        }
        let restores = |job: &Job| matches!(job, Job::Restore { kind: other, .. } if *other == kind);
        if !owner || !ends || !self.caught_up(kind) {
            return;
        }
        match due(QUIET + rank) {
            (true, _) if self.outbox.values().any(restores) => {}
            (true, _) => {
                self.push_job(Job::Restore { kind, attempt: None });
            }
            (false, at) => self.wake_at(at),
        }
    }

    /// Whether nothing has come back for so long that this owner may end that a channel waits. What it has
    /// queued for an earlier restoring may not.
    pub(crate) fn is_quiet(&self, now: u64, kind: ChannelKind) -> bool {
        let cursor = self.channels.get(&kind).map_or(0, |channel| channel.meta.cursor);
        self.session.waits.get(&kind).is_some_and(|waits| {
            let until = waits.since.saturating_add(QUIET);
            waits.head >= cursor && !(waits.since..until).contains(&now)
        })
    }

    /// As many at once as a slow line carries.
    fn put_back(&mut self, kind: ChannelKind, owner: bool, cursor: u64) {
        let Some(channel) = self.channels.get(&kind).map(|channel| channel.id) else { return };
        while let Some(waits) = self.session.waits.get(&kind).copied() {
            let seq = waits.sent + 1;
            if seq > cursor || seq - waits.head > PUT_BACK_AT_ONCE {
                return;
            }
            let Some(kept) = self.kept.get(&(kind, seq)).cloned() else { return };
            if let Some(waits) = self.session.waits.get_mut(&kind) {
                waits.sent = seq;
            }
            let request = self.session.ask(Asked::PutBack(kind, seq));
            self.send(&ClientFrame::PutBack {
                request,
                channel,
                seq,
                record: kept.record,
                class: kept.class,
                control_seq: kept.control_seq,
                rotate: kept.rotate.filter(|_| owner),
                body: kept.body.into(),
            });
        }
    }

    /// Another device was faster, or has put something else there: the log says which. Or this device may
    /// not: the next one does.
    pub(crate) fn not_put_back(&mut self, now: u64, kind: ChannelKind, code: Code) {
        if let Some(waits) = self.session.waits.get_mut(&kind) {
            waits.sent = waits.head;
            waits.since = now;
            waits.pause = STEP;
        }
        if matches!(code.action(), Action::CatchUp | Action::Reject)
            && !self.session.asked_for(|asked| matches!(asked, Asked::Subscribe(other, _) if *other == kind))
        {
            self.subscribe(kind);
        }
    }

    /// The relay does not know this device's access key: it may have been restored to before the key was
    /// made. False: there is no other key to try.
    pub(crate) fn prove_former(&mut self, kind: ChannelKind) -> bool {
        if self.session.restored.is_none() {
            return false;
        }
        let tried = self.session.former_keys.get(&kind).copied().unwrap_or(0);
        let known = self.channels.get(&kind).map_or(0, |channel| channel.meta.older.len());
        if tried >= known {
            return false;
        }
        self.session.former_keys.insert(kind, tried + 1);
        self.prove_as(kind, As::Member);
        true
    }
}
