//! A channel: its group, its copy of the governance chain, and how far its log has been read.

use std::collections::VecDeque;

use campana_protocol::event::{empty_log, extend_log};
use campana_protocol::frame::Secret;
use campana_protocol::governance::{ChannelKind, Charter, SignedStatement};
use campana_protocol::handshake::{MemberCredential, Plea, RoleCredential};
use campana_protocol::id::{ChannelId, Hash, PublicKey};
use campana_protocol::wire;

use crate::footing::Footing;
use crate::governance::Governance;
use crate::keys::{access_key, plea_key};
use crate::limits::{ANSWER_PAUSE, FORMER_TTL, MAX_FORMER, MAX_OLDER, REMEMBERED};
use crate::mls::{Group, Leaf, Member, MlsError};
use crate::state::{Former, Meta, Place};
use crate::vault;

#[derive(Clone)]
pub(crate) struct Channel {
    pub(crate) kind: ChannelKind,
    pub(crate) id: ChannelId,
    pub(crate) meta: Meta,
    pub(crate) group: Group,
    pub(crate) governance: Governance,
    pub(crate) statements: Vec<SignedStatement>,
    recent: VecDeque<(u64, Hash)>,
    access: PublicKey,
    /// The next entry is under a rule that this version does not follow. The cursor stays before it,
    /// so that an updated app goes on from there. Not stored: each version finds out by itself.
    pub(crate) halted: bool,
}

impl Channel {
    /// A channel of one, before its log has an entry.
    pub(crate) fn create(
        kind: ChannelKind,
        charter: &Charter,
        governance: Governance,
        leaf: &Leaf,
        credential: &[u8],
    ) -> Result<Self, MlsError> {
        let id = charter.channel(kind);
        let context = wire::encode(&governance.context(kind));
        let group = Group::create(leaf, credential, id.as_bytes(), &context)?;
        let access = access_secret(&group, &id)?;
        let meta = Meta {
            leaf: leaf.to_bytes().to_vec(),
            access,
            cursor: 0,
            log_hash: empty_log(&id),
            last_control: 0,
            lost: false,
            gap: None,
            pleas: Vec::new(),
            sent: Vec::new(),
            pleaded_at: 0,
            unanchored: false,
            former: Vec::new(),
            older: Vec::new(),
            footing: Footing::default(),
            skips: Vec::new(),
            before: None,
            restored: None,
            log_lost: false,
        };
        Ok(Self::new(kind, meta, group, governance, Vec::new()))
    }

    pub(crate) fn new(
        kind: ChannelKind,
        meta: Meta,
        group: Group,
        governance: Governance,
        statements: Vec<SignedStatement>,
    ) -> Self {
        let id = governance.charter().channel(kind);
        let access = access_key(&meta.access).public();
        let recent = VecDeque::new();
        Self { kind, id, meta, group, governance, statements, recent, access, halted: false }
    }

    /// Moves the cursor over an entry.
    pub(crate) fn advance(&mut self, seq: u64, body: &[u8], control: bool) {
        self.recent.push_back((self.meta.cursor, self.meta.log_hash));
        if self.recent.len() > REMEMBERED {
            self.recent.pop_front();
        }
        self.meta.before = Some(self.meta.log_hash);
        self.meta.log_hash = extend_log(&self.meta.log_hash, seq, body);
        self.meta.cursor = seq;
        if control {
            self.meta.last_control = seq;
        }
    }

    /// Moves the cursor over entries that have expired. `last_control`: the log's, as the relay
    /// says; what is appended from here on has to name it.
    pub(crate) fn skip(&mut self, through: u64, last_control: u64) {
        self.recent.clear();
        self.meta.before = None;
        if last_control <= self.meta.last_control && self.meta.gap.is_none() {
            self.keep_skip(through);
        }
        let meta = &mut self.meta;
        if last_control > meta.last_control && meta.gap.is_none() {
            let (cursor, log_hash) = (meta.cursor, meta.log_hash);
            let (last_control, unanchored) = (meta.last_control, meta.unanchored);
            meta.gap = Some(Place { cursor, log_hash, last_control, unanchored });
        }
        self.meta.cursor = through;
        self.meta.unanchored = true;
        if last_control <= through {
            self.meta.last_control = self.meta.last_control.max(last_control);
        }
    }

    /// Back to where we were before a gap that could not be bridged: whether it is there is asked
    /// anew on every connection, for a relay may have made it up. False: there is none.
    pub(crate) fn go_back(&mut self) -> bool {
        if !self.meta.lost {
            return false;
        }
        let Some(place) = self.meta.gap.take() else { return false };
        self.recent.clear();
        self.meta.before = None;
        self.meta.lost = false;
        self.meta.cursor = place.cursor;
        self.meta.log_hash = place.log_hash;
        self.meta.last_control = place.last_control;
        self.meta.unanchored = place.unanchored;
        true
    }

    /// Public part of the key that opens the channel at the relay: derived once, for every turn asks.
    pub(crate) fn access(&self) -> PublicKey {
        self.access
    }

    /// Takes over a new access secret.
    pub(crate) fn rotate(&mut self, access: Secret) {
        self.access = access_key(&access).public();
        let older = core::mem::replace(&mut self.meta.access, access);
        self.meta.older.insert(0, older);
        self.meta.older.truncate(MAX_OLDER);
    }

    /// Opens a plea, be it under the present access secret or one that was before a removal. Whether
    /// who pleads is still a member is another question.
    pub(crate) fn open_plea(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        self.open_under(plea_key, sealed)
    }

    /// Opens what is sealed under a key of the present access secret or of one before it.
    pub(crate) fn open_under(&self, key: fn(&Secret) -> [u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut known = core::iter::once(&self.meta.access).chain(&self.meta.older);
        known.find_map(|access| vault::open(&key(access), self.id.as_bytes(), sealed))
    }

    /// Takes over the running hash that somebody else saw just where this device is, if its own
    /// leaves out entries that had expired. A false one shows as a fork at the next true one.
    pub(crate) fn anchor(&mut self, seq: u64, log_hash: &Hash) {
        if self.meta.unanchored && seq == self.meta.cursor && seq > 0 {
            self.meta.log_hash = *log_hash;
            self.meta.unanchored = false;
        }
    }

    /// What our next event says that we have seen: the beginning, where our own running hash
    /// leaves out what had expired.
    pub(crate) fn seen(&self) -> (u64, Hash) {
        if self.meta.unanchored { (0, empty_log(&self.id)) } else { (self.meta.cursor, self.meta.log_hash) }
    }

    /// Whether somebody who saw `log_hash` at `seq` saw the log that we did. `None`: too long ago
    /// to tell.
    pub(crate) fn agrees(&self, seq: u64, log_hash: &Hash) -> Option<bool> {
        if self.meta.unanchored {
            return None;
        }
        // Nobody can have seen what comes after their own entry.
        if seq > self.meta.cursor {
            return Some(false);
        }
        if seq == self.meta.cursor {
            return Some(*log_hash == self.meta.log_hash);
        }
        self.recent.iter().find(|(known, _)| *known == seq).map(|(_, hash)| hash == log_hash)
    }

    /// Who a member is, and since when with this leaf (0: as admitted). In the broadcast channel
    /// the key of the leaf they were admitted with, in a working group their role key.
    pub(crate) fn person(kind: ChannelKind, member: &Member) -> Option<(PublicKey, u64)> {
        match kind {
            ChannelKind::Broadcast if member.credential.is_empty() => Some((member.key, 0)),
            ChannelKind::Broadcast => wire::decode::<MemberCredential>(&member.credential)
                .ok()
                .map(|credential| (credential.member, credential.since)),
            _ => wire::decode::<RoleCredential>(&member.credential)
                .ok()
                .map(|credential| (credential.role_key, credential.since)),
        }
    }

    /// The member that stands for a person, and since when.
    pub(crate) fn find_person(&self, person: &PublicKey) -> Option<(Member, u64)> {
        self.group.members().find_map(|member| match Self::person(self.kind, &member) {
            Some((key, since)) if key == *person => Some((member, since)),
            _ => None,
        })
    }

    /// Pleas that may be answered now. Whoever has just got a fresh leaf waits a while for another:
    /// a choice of those who answer, and no rule.
    pub(crate) fn answerable(&self, now: u64) -> impl Iterator<Item = &Plea> {
        self.meta.pleas.iter().filter(move |plea| self.answered_until(&plea.person, now).is_none())
    }

    /// Until when a person whose plea was answered waits, if they still do.
    fn answered_until(&self, person: &PublicKey, now: u64) -> Option<u64> {
        let of_person = self.meta.former.iter().filter(|former| former.person == *person);
        let last = of_person.map(|former| former.at).max()?;
        (last..last.saturating_add(ANSWER_PAUSE)).contains(&now).then_some(last + ANSWER_PAUSE)
    }

    /// When the next plea may be answered that may not be now.
    pub(crate) fn answers_at(&self, now: u64) -> Option<u64> {
        self.meta.pleas.iter().filter_map(|plea| self.answered_until(&plea.person, now)).min()
    }

    /// A person's leaf has given its place to another.
    pub(crate) fn replaced(&mut self, now: u64, leaf: PublicKey, person: PublicKey) {
        let former = &mut self.meta.former;
        former.retain(|former| now.saturating_sub(former.at) < FORMER_TTL);
        if former.len() >= MAX_FORMER {
            former.remove(0);
        }
        former.push(Former { leaf, person, at: now });
    }

    /// Whose leaf it is, or was until lately: somebody who is a member.
    pub(crate) fn whose(&self, now: u64, leaf: &PublicKey) -> Option<PublicKey> {
        if let Some(member) = self.group.find(leaf).and_then(|index| self.group.member(index)) {
            return Self::person(self.kind, &member).map(|(person, _)| person);
        }
        // A clock that was set back hides no report.
        let lately = |former: &&Former| former.leaf == *leaf && now.saturating_sub(former.at) < FORMER_TTL;
        let person = self.meta.former.iter().find(lately)?.person;
        self.find_person(&person).map(|_| person)
    }

    /// Who a member of a working group is.
    pub(crate) fn role_key(&self, member: &Member) -> Option<PublicKey> {
        Self::person(self.kind, member).map(|(key, _)| key).filter(|_| self.kind != ChannelKind::Broadcast)
    }

    /// Members that the roster does not let stay.
    pub(crate) fn overdue(&self, governance: &Governance) -> Vec<Member> {
        let stays = |member: &Member| match self.kind {
            ChannelKind::Broadcast => {
                Self::person(self.kind, member).is_some_and(|(leaf, _)| !governance.leaf_removed(&leaf))
            }
            kind => self.role_key(member).is_some_and(|key| governance.belongs(&key, kind)),
        };
        self.group.members().filter(|member| !stays(member)).collect()
    }
}

/// The secret that members prove themselves to the relay with, from this epoch on.
pub(crate) fn access_secret(group: &Group, channel: &ChannelId) -> Result<Secret, MlsError> {
    group.export("campana access v1", channel.as_bytes()).map(|secret| Secret(*secret))
}

/// The key that the commit ending this epoch is sealed under.
pub(crate) fn handshake_key(group: &Group, channel: &ChannelId) -> Result<[u8; 32], MlsError> {
    group.export("campana handshake v1", channel.as_bytes()).map(|secret| *secret)
}
