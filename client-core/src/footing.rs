//! How sure a device is that its group is the one that the others are in.
//!
//! RFC 9420 section 16.12: a committer can hand chosen members path secrets that they can't use. They
//! reject the commit, everybody else takes it. From one commit that does not open nobody can tell
//! whether it opens for others. So a device goes by **two of these signs**: a commit whose authority
//! held and whose MLS part failed; a committee device's [`Checkpoint`] of another group (two of
//! different devices are two signs); a Welcome that no committee device vouched for; an entry of class alert for a later epoch; a relay that serves no
//! more under the access key that this device has. Then it is *astray*: it warns, sends nothing
//! under its leaf and pleads for a fresh one. If nobody lets it in, it goes on where it was: a commit that
//! opens for nobody must not stop everybody.

use campana_derive::{Decode, Encode};
use campana_protocol::governance::ChannelKind;
use campana_protocol::handshake::{Checkpoint, EntryBody, checkpoint_digest};
use campana_protocol::id::{Hash, PublicKey, hash};
use campana_protocol::padding::{pad, unpad};
use campana_protocol::wire;

use crate::channel::Channel;
use crate::core::Core;
use crate::duty::Duty;
use crate::keys::{self, checkpoint_key};
use crate::limits::{ASTRAY_PATIENCE, CUT_PATIENCE, DOUBT, STEP};
use crate::mls::Group;
use crate::rows::Row;
use crate::session::{As, Asked};
use crate::state::{Job, ShutOut};
use crate::vault;

/// What a device has seen that speaks for or against its group.
#[derive(Clone, Default, Encode, Decode)]
pub(crate) struct Footing {
    /// A Welcome that no committee device vouched for let it in; its spare leaves are kept, for a
    /// better Welcome may come.
    #[n(0)]
    pub(crate) unconfirmed: bool,
    /// A commit whose authority held and whose MLS part failed here.
    #[n(1)]
    failed: Option<Failed>,
    /// Committee devices whose checkpoint named another group; two at most.
    #[n(2)]
    elsewhere: Vec<PublicKey>,
    /// An entry of class alert was for a later epoch.
    #[n(3)]
    later_alert: bool,
    /// The relay serves no more under the access key that this device has.
    #[n(4)]
    cut: bool,
    /// This device is of the committee and owes the others a checkpoint.
    #[n(5)]
    pub(crate) owes: bool,
    /// Who committed what it is owed for, if that is known: another's word is worth more.
    #[n(6)]
    committer: Option<PublicKey>,
    /// Since when it is astray, Unix milliseconds by this device's clock; 0: it is not.
    #[n(7)]
    astray_since: u64,
    /// It has pleaded in vain and gone on.
    #[n(8)]
    returned: bool,
    /// This state was rolled back, or is behind: it never goes on by itself, for its keys may have
    /// been used already.
    #[n(9)]
    #[cbor(default)]
    pub(crate) stays_lost: bool,
    /// It has pleaded since it was let in: a Welcome may be on its way to a spare leaf.
    #[n(10)]
    #[cbor(default)]
    pub(crate) pleaded: bool,
    /// Since when the device is cut, Unix milliseconds by its clock; 0: not known.
    #[n(11)]
    #[cbor(default)]
    cut_since: u64,
}

#[derive(Clone, Encode, Decode)]
struct Failed {
    /// Whose authority; none: a plea's.
    #[n(0)]
    by: Option<PublicKey>,
    /// When this device read it, Unix milliseconds.
    #[n(1)]
    at: u64,
}

impl Footing {
    /// Let in by a Welcome.
    pub(crate) fn of_a_joiner(confirmed: bool) -> Self {
        Self { unconfirmed: !confirmed, ..Self::default() }
    }

    fn signs(&self) -> usize {
        usize::from(self.failed.is_some())
            + usize::from(self.unconfirmed)
            + self.elsewhere.len()
            + usize::from(self.later_alert)
            + usize::from(self.cut)
    }

    /// A commit failed here that others may have taken.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    /// The relay has served nothing under this device's access key for [`CUT_PATIENCE`]. Devices of one fragment
    /// vouch for each other, so this may be the only sign.
    pub(crate) fn stays_cut(&self, now: u64) -> bool {
        // A clock that was set back must not delay the plea.
        self.cut && !(self.cut_since..self.cut_since.saturating_add(CUT_PATIENCE)).contains(&now)
    }

    /// When [`Self::stays_cut`] becomes true; none: it is already, or the device is not cut.
    fn cut_ends(&self, now: u64) -> Option<u64> {
        (self.cut && !self.stays_cut(now)).then(|| self.cut_since.saturating_add(CUT_PATIENCE))
    }

    /// Enough speaks against this device's group.
    pub(crate) fn astray(&self) -> bool {
        self.signs() >= 2
    }

    /// Not long ago a commit failed here: this device commits nothing until it knows more.
    pub(crate) fn in_doubt(&self, now: u64) -> bool {
        let failed = self.failed.as_ref().filter(|_| !self.returned);
        failed.is_some_and(|failed| (failed.at..failed.at.saturating_add(DOUBT)).contains(&now))
    }

    fn doubt_ends(&self) -> Option<u64> {
        self.failed.as_ref().filter(|_| !self.returned).map(|failed| failed.at.saturating_add(DOUBT))
    }

    /// This device is astray, has been given up on, and asks again only now and then.
    pub(crate) fn has_returned(&self) -> bool {
        self.returned && self.astray()
    }

    /// A committee device vouches for this device's group.
    fn confirm(&mut self) {
        let (owes, committer, pleaded) = (self.owes, self.committer, self.pleaded);
        *self = Self { owes, committer, pleaded, ..Self::default() };
    }
}

/// A checkpoint of this device.
fn make(channel: &Channel, role: &keys::KeyPair) -> Checkpoint {
    let (seq, log_hash) = (channel.meta.cursor, channel.meta.log_hash);
    let (epoch, authenticator) = (channel.group.epoch(), authenticator(&channel.group));
    let digest = checkpoint_digest(&channel.id, seq, &log_hash, epoch, &authenticator);
    Checkpoint { seq, log_hash, epoch, authenticator, key: role.public(), signature: role.sign_hash(&digest) }
}

fn authenticator(group: &Group) -> Hash {
    hash("campana epoch v1", &[group.epoch_authenticator().as_bytes()])
}

/// Whether one of the committee that this channel knows has signed it.
fn signed(channel: &Channel, checkpoint: &Checkpoint) -> bool {
    let Checkpoint { seq, log_hash, epoch, authenticator, key, signature } = checkpoint;
    let digest = checkpoint_digest(&channel.id, *seq, log_hash, *epoch, authenticator);
    channel.governance.committee().contains(key) && keys::verify(key, &digest, signature)
}

/// Whether a Welcome's checkpoint vouches for the group that it let this device into.
pub(crate) fn vouches(channel: &Channel, checkpoint: Option<&Checkpoint>) -> bool {
    checkpoint.is_some_and(|checkpoint| {
        signed(channel, checkpoint)
            && checkpoint.epoch == channel.group.epoch()
            && checkpoint.authenticator == authenticator(&channel.group)
            && (checkpoint.seq, checkpoint.log_hash) == (channel.meta.cursor, channel.meta.log_hash)
    })
}

impl Core {
    /// What a Welcome of this device carries; only a committee device's word counts.
    pub(crate) fn checkpoint_of(&self, kind: ChannelKind) -> Option<Checkpoint> {
        let channel = self.channels.get(&kind).filter(|channel| self.is_committee_in(channel))?;
        Some(make(channel, &self.membership()?.role()))
    }

    /// A commit of somebody whose authority held did not open here.
    pub(crate) fn commit_failed(&mut self, now: u64, kind: ChannelKind, by: Option<PublicKey>) {
        self.change_footing(kind, |footing| {
            if footing.failed.is_none() {
                footing.failed = Some(Failed { by, at: now });
            }
        });
    }

    /// An entry of class alert is for a later epoch than this device's.
    pub(crate) fn alert_for_a_later_epoch(&mut self, kind: ChannelKind) {
        self.change_footing(kind, |footing| footing.later_alert = true);
    }

    fn change_footing(&mut self, kind: ChannelKind, change: impl FnOnce(&mut Footing)) {
        if let Some(channel) = self.channels.get_mut(&kind) {
            change(&mut channel.meta.footing);
            self.mark(Row::Meta(kind));
        }
    }

    /// A commit is in force that chosen members may have been kept from: each committee device owes
    /// a checkpoint until one of them has said it.
    pub(crate) fn owe_checkpoint(&mut self, kind: ChannelKind, committer: Option<PublicKey>) {
        let owes = self.channels.get(&kind).is_some_and(|channel| self.is_committee_in(channel));
        self.change_footing(kind, |footing| {
            footing.owes = owes;
            footing.committer = committer;
        });
        self.waiting.remove(&Duty::Checkpoint(kind));
    }

    /// A checkpoint at its place in the log.
    pub(crate) fn checkpoint(&mut self, kind: ChannelKind, own: Option<u64>, sealed: &[u8]) {
        if let Some(id) = own {
            self.finish_job(id);
            return self.change_footing(kind, |footing| footing.owes = false);
        }
        let Some(channel) = self.channels.get_mut(&kind) else { return };
        let opened = channel.open_under(checkpoint_key, sealed);
        let read = opened.and_then(|padded| unpad(&padded).and_then(wire::decode::<Checkpoint>).ok());
        let Some(checkpoint) = read.filter(|checkpoint| signed(channel, checkpoint)) else { return };
        let (seq, log_hash) = (checkpoint.seq, checkpoint.log_hash);
        channel.anchor(seq, &log_hash);
        let forked = channel.agrees(seq, &log_hash) == Some(false);
        let epoch = channel.group.epoch();
        let same = checkpoint.epoch == epoch && checkpoint.authenticator == authenticator(&channel.group);
        let footing = &mut channel.meta.footing;
        let joined = footing.unconfirmed && !footing.pleaded && !channel.meta.lost;
        if same {
            // Whoever made a commit that failed here is the last to say that all is well.
            if footing.failed.as_ref().is_none_or(|failed| failed.by != Some(checkpoint.key)) {
                footing.confirm();
            }
            if footing.committer != Some(checkpoint.key) {
                footing.owes = false;
            }
        } else if (checkpoint.epoch >= epoch || footing.unconfirmed)
            // A group that somebody made up has whatever epoch they like.
            && footing.elsewhere.len() < 2
            && !footing.elsewhere.contains(&checkpoint.key)
        {
            footing.elsewhere.push(checkpoint.key);
        }
        // What it pleaded for has come, and the committee vouches for it: no later Welcome is better.
        if joined && same && !footing.unconfirmed {
            channel.meta.pleaded_at = 0;
        }
        // A device that was set back reads checkpoints of its own past: a Welcome may be on its way to it.
        let confirmed = same && !footing.unconfirmed && !channel.meta.lost && channel.meta.pleaded_at == 0;
        self.mark(Row::Meta(kind));
        if confirmed {
            self.drop_spares(kind);
        }
        if forked && let Some(membership) = self.membership_mut() {
            membership.forked = true;
        }
    }

    pub(crate) fn footing_duty(&mut self, now: u64, kind: ChannelKind) {
        self.notice_a_cut(now, kind);
        self.go_astray(now, kind);
        self.checkpoint_duty(now, kind);
    }

    /// All has been read that there is for a key that is not in force any more, and nothing there
    /// led to the next one.
    fn notice_a_cut(&mut self, now: u64, kind: ChannelKind) {
        let Some(channel) = self.channels.get(&kind) else { return };
        // The key that was just read may be on its way.
        let proving =
            self.session.asked_for(|asked| matches!(asked, Asked::Prove(other, _) if *other == kind));
        let cut = !proving
            && self.session.streams.get(&kind).is_some_and(|stream| {
                stream.proved == As::Member && stream.subscribed && !stream.current && self.caught_up(kind)
            })
            && (self.session.proved_with(kind) == Some(&channel.meta.access) || channel.meta.log_lost);
        if cut && !channel.meta.footing.cut {
            self.change_footing(kind, |footing| {
                footing.cut = true;
                footing.cut_since = now;
            });
        }
        let ends = self.channels.get(&kind).and_then(|channel| channel.meta.footing.cut_ends(now));
        if let Some(ends) = ends {
            self.wake_at(ends);
        }
    }

    fn go_astray(&mut self, now: u64, kind: ChannelKind) {
        let Some(channel) = self.channels.get_mut(&kind) else { return };
        let footing = &mut channel.meta.footing;
        if let Some(ends) = footing.doubt_ends().filter(|ends| now < *ends) {
            self.wake_at(ends);
        }
        let Some(channel) = self.channels.get_mut(&kind) else { return };
        let footing = &mut channel.meta.footing;
        if !footing.astray() || footing.returned {
            return;
        }
        if footing.astray_since == 0 {
            footing.astray_since = now.max(1);
            footing.stays_lost |= channel.meta.lost;
            channel.meta.gap = None;
            return self.fall_behind(kind);
        }
        // Under a key that is not in force any more there is nowhere to go on either.
        if footing.stays_lost || footing.cut {
            return;
        }
        // A clock that was set back must not keep it from going on.
        let until = footing.astray_since.saturating_add(ASTRAY_PATIENCE);
        if (footing.astray_since..until).contains(&now) || now < footing.astray_since {
            footing.astray_since = footing.astray_since.min(now.max(1));
            return self.wake_at(until);
        }
        footing.returned = true;
        channel.meta.lost = false;
        self.mark(Row::Meta(kind));
        self.drop_pleas(kind);
    }

    /// The first of the committee that read on says it, the committer last.
    fn checkpoint_duty(&mut self, now: u64, kind: ChannelKind) {
        let Some(channel) = self.channels.get(&kind) else { return };
        let footing = &channel.meta.footing;
        let ready = footing.owes
            && !channel.meta.lost
            && !channel.meta.unanchored
            && !footing.in_doubt(now)
            && channel.group.len() > 1
            && self.caught_up(kind);
        let (Some(rank), Some(own)) = (self.rank(), self.membership().map(|m| m.role_key())) else { return };
        let says = |job: &Job| matches!(job, Job::Checkpoint { kind: other, .. } if *other == kind);
        if !ready || self.outbox.values().any(says) {
            return;
        }
        let last = if footing.committer == Some(own) { channel.governance.committee().len() } else { 0 };
        if self.my_turn(now, Duty::Checkpoint(kind), STEP * (rank + last) as u64) {
            self.waiting.remove(&Duty::Checkpoint(kind));
            self.push_job(Job::Checkpoint { kind, attempt: None });
        }
    }

    /// Makes the bytes of a checkpoint. False: nobody needs it any more.
    pub(crate) fn attempt_checkpoint(&mut self, id: u64, kind: ChannelKind) -> bool {
        let nonce = self.random.bytes();
        let checkpoint = self.checkpoint_of(kind);
        let Some((channel, checkpoint)) = self.channels.get(&kind).zip(checkpoint) else {
            self.finish_job(id);
            return false;
        };
        if !channel.meta.footing.owes || channel.meta.unanchored {
            self.finish_job(id);
            return false;
        }
        let key = checkpoint_key(&channel.meta.access);
        let sealed = vault::seal(&key, &nonce, channel.id.as_bytes(), &pad(&wire::encode(&checkpoint)));
        let body = wire::encode(&EntryBody::Checkpoint(sealed));
        self.set_attempt(id, kind, None, body);
        true
    }

    /// The group is the committee's: the spare leaves that a better Welcome might have come for go.
    pub(crate) fn drop_spares(&mut self, kind: ChannelKind) {
        if self.spares.iter().any(|spare| spare.kind == kind) {
            self.spares.retain(|spare| spare.kind != kind);
            self.mark(Row::Spares);
        }
    }

    /// Under an older access key no plea can be appended: the committee is asked through the mailbox
    /// that this device joined by.
    pub(crate) fn plead_by_mail(&mut self, kind: ChannelKind) -> bool {
        let cut = self.channels.get(&kind).is_some_and(|channel| channel.meta.footing.cut);
        let channel = self.channels.get(&kind).map(|channel| channel.id);
        let Some(membership) = self.membership_mut().filter(|m| m.invitation.is_some()) else { return false };
        let (true, Some(channel)) = (cut, channel) else { return false };
        if !membership.shut_out.iter().any(|known| known.kind == kind) {
            membership.shut_out.push(ShutOut { kind, channel, asked_at: 0, asked: 0 });
        }
        true
    }
}
