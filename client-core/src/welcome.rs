//! Being let in: a Welcome, the snapshot it points to, and the checks that make it this network's.

use campana_protocol::frame::{ClientFrame, Subject};
use campana_protocol::governance::{ChannelKind, Charter, GovernanceContext, SignedStatement};
use campana_protocol::handshake::{MemberCredential, RoleCredential, credential_digest};
use campana_protocol::id::{BlobId, ChannelId, Hash};
use campana_protocol::limits::MAX_BLOB_PARTS;
use campana_protocol::mailbox::{Post, ReturnAddress, Snapshot, Welcome};
use campana_protocol::padding::unpad;
use campana_protocol::wire;

use crate::channel::Channel;
use crate::core::Core;
use crate::duty::Duty;
use crate::footing::{self, Footing};
use crate::governance::Governance;
use crate::keys::access_key;
use crate::limits::{ASK_AGAIN, MAX_ASKS, MAX_WELCOMES, PLEA_PATIENCE, TEN_YEARS};
use crate::mls::{Group, KeyPackageSecret, Leaf, MlsError, key_package};
use crate::rows::Row;
use crate::session::Asked;
use crate::state::{Job, Membership, Meta, Reading, ShutOut, Spare, Standing};
use crate::vault;

impl Core {
    /// A leaf and key package for a kind of channel: to be admitted with (`since` 0), or to take
    /// the place of whatever leaf this device has there.
    pub(crate) fn make_spare(&self, kind: ChannelKind, since: u64) -> Result<Spare, MlsError> {
        let membership = self.membership().ok_or(MlsError::Invalid)?;
        let leaf = if since == 0 { admitted_leaf(membership, kind)? } else { Leaf::generate()? };
        let credential = credential(membership, kind, &leaf, since);
        let package = key_package(&leaf, &credential)?;
        Ok(Spare {
            kind,
            leaf: leaf.to_bytes().to_vec(),
            secret: package.secret.to_bytes().to_vec(),
            key_package: package.public,
        })
    }

    pub(crate) fn take_welcome(&mut self, welcome: Welcome) {
        let channel = self.channels.get(&welcome.kind);
        let wants = |channel: &Channel| {
            channel.meta.lost || channel.meta.pleaded_at > 0 || channel.meta.footing.unconfirmed
        };
        let wanted = channel.is_none_or(wants) && self.spares.iter().any(|spare| spare.kind == welcome.kind);
        let blob = welcome.snapshot.blob;
        let Some(membership) = self.membership_mut() else { return };
        let known = membership.welcomes.iter().any(|known| known.snapshot.blob == blob);
        let parts = welcome.snapshot.parts;
        if !wanted || known || parts == 0 || parts > MAX_BLOB_PARTS {
            return;
        }
        // Whoever knows our address can send one that leads nowhere: it must not be in the way.
        if membership.welcomes.len() >= MAX_WELCOMES {
            membership.welcomes.remove(0);
        }
        membership.welcomes.push(welcome);
        self.fetch_snapshot(blob);
    }

    fn pending_welcome(&self, blob: BlobId) -> Option<&Welcome> {
        self.membership()?.welcomes.iter().find(|welcome| welcome.snapshot.blob == blob)
    }

    /// Proves the channel's access secret, then asks for the parts.
    pub(crate) fn fetch_snapshot(&mut self, blob: BlobId) {
        let Some(welcome) = self.pending_welcome(blob) else { return };
        let (channel, key) = (welcome.channel, access_key(&welcome.access));
        self.authenticate(Subject::Channel(channel), &key, Asked::ProveWelcome(blob));
    }

    pub(crate) fn ask_parts(&mut self, blob: BlobId) {
        let Some(welcome) = self.pending_welcome(blob) else { return };
        let (channel, parts) = (welcome.channel, welcome.snapshot.parts);
        for part in 0..parts {
            let request = self.session.ask(Asked::Part(blob, part));
            self.send(&ClientFrame::GetBlob { request, channel, blob, part });
        }
    }

    pub(crate) fn part(&mut self, now: u64, blob: BlobId, part: u16, of: u16, body: Vec<u8>) {
        let Some(welcome) = self.pending_welcome(blob).cloned() else { return };
        if of != welcome.snapshot.parts {
            return self.snapshot_refused(blob);
        }
        let parts = self.session.parts.get_or_insert_with(blob, Default::default);
        parts.insert(part, body);
        if parts.len() < usize::from(of) {
            return;
        }
        let sealed: Vec<u8> = parts.values().flatten().copied().collect();
        let joined = self.join_channel(now, &welcome, &sealed);
        self.snapshot_refused(blob);
        if joined.is_ok() {
            if let Some(membership) = self.membership_mut() {
                membership.welcomes.retain(|known| known.kind != welcome.kind);
            }
            self.joined(now, &welcome);
        }
    }

    /// The relay does not have the snapshot (any more), or it is not what it should be: this
    /// Welcome is of no use. A lost leaf goes on pleading; whoever has none asks for another way in.
    pub(crate) fn snapshot_refused(&mut self, blob: BlobId) {
        self.session.parts.remove(&blob);
        let Some(welcome) = self.pending_welcome(blob).cloned() else { return };
        let outside = !self.channels.contains_key(&welcome.kind);
        let Some(membership) = self.membership_mut() else { return };
        membership.welcomes.retain(|known| known.snapshot.blob != blob);
        let (kind, channel) = (welcome.kind, welcome.channel);
        let shut_out = &mut membership.shut_out;
        if outside && !shut_out.iter().any(|known| (known.kind, known.channel) == (kind, channel)) {
            if shut_out.len() >= MAX_WELCOMES {
                shut_out.remove(0);
            }
            shut_out.push(ShutOut { kind, channel, asked_at: 0, asked: 0 });
        }
    }

    /// A working group that this device's role lets it into, and that it is not in although there
    /// was time: its Welcome was read by a state that is gone.
    fn miss_groups(&mut self, now: u64) {
        for kind in [ChannelKind::Desk, ChannelKind::Committee] {
            let duty = Duty::Missed(kind);
            let Some(channel) = self.missed_group(kind) else {
                self.waiting.remove(&duty);
                continue;
            };
            if self.my_turn(now, duty, PLEA_PATIENCE)
                && let Some(membership) = self.membership_mut()
            {
                membership.shut_out.push(ShutOut { kind, channel, asked_at: 0, asked: 0 });
                self.waiting.remove(&duty);
            }
        }
    }

    fn missed_group(&self, kind: ChannelKind) -> Option<ChannelId> {
        let membership = self.membership().filter(|membership| membership.standing == Standing::Member)?;
        let chain = &self.channels.get(&ChannelKind::Broadcast)?.governance;
        let on_its_way = membership.welcomes.iter().any(|welcome| welcome.kind == kind)
            || membership.shut_out.iter().any(|known| known.kind == kind);
        let belongs = chain.constituted() && chain.belongs(&membership.role_key(), kind);
        let missed = belongs && !on_its_way && !self.channels.contains_key(&kind);
        missed.then(|| chain.charter().channel(kind))
    }

    /// Asks the committee for a fresh leaf in the place of one that this device could not take,
    /// through the mailbox that it asked to join by: that one takes posts of anybody.
    pub(crate) fn shut_out_duty(&mut self, now: u64) {
        self.miss_groups(now);
        let Some(membership) = self.membership().filter(|membership| !membership.shut_out.is_empty()) else {
            return;
        };
        let Some(invitation) = membership.invitation.as_ref() else { return };
        let to = ReturnAddress { mailbox: invitation.mailbox, sealing: invitation.sealing };
        let unsent = |job: &Job| matches!(job, Job::Post { mailbox, .. } if *mailbox == to.mailbox);
        if self.outbox.values().any(unsent) {
            return;
        }
        let asks = membership.shut_out.iter().filter(|known| known.asked < MAX_ASKS);
        for ShutOut { kind, channel, asked_at, asked } in asks.cloned().collect::<Vec<_>>() {
            let welcomed = self.membership().is_some_and(|m| m.welcomes.iter().any(|w| w.kind == kind));
            let pause = ASK_AGAIN[usize::from(asked.saturating_sub(1)).min(ASK_AGAIN.len() - 1)];
            let again = asked_at.saturating_add(pause);
            if (asked_at..again).contains(&now) {
                self.wake_at(again);
                continue;
            }
            if welcomed {
                continue;
            }
            // Whoever has no group to look into does not know how far in the future the last one was.
            let unknown = if self.channels.contains_key(&kind) { 0 } else { u64::from(asked) * TEN_YEARS };
            let since = self.plea_since(now, kind).saturating_add(unknown);
            let Some(plea) = self.make_plea(kind, &channel, since) else { continue };
            self.post_to(&to, &Post::Plea(kind, plea));
            let shut_out = self.membership_mut().into_iter().flat_map(|m| &mut m.shut_out);
            for known in shut_out.filter(|known| (known.kind, known.channel) == (kind, channel)) {
                known.asked_at = now;
                known.asked += 1;
            }
        }
    }

    fn join_channel(&mut self, now: u64, welcome: &Welcome, sealed: &[u8]) -> Result<(), MlsError> {
        let padded = vault::open(&welcome.snapshot.key.0, welcome.snapshot.blob.as_bytes(), sealed)
            .ok_or(MlsError::Undecryptable)?;
        let snapshot: Snapshot = unpad(&padded).and_then(wire::decode).map_err(|_| MlsError::Invalid)?;
        let (governance, statements) = self.check_snapshot(welcome, &snapshot).ok_or(MlsError::Invalid)?;
        let (group, leaf) = self.join_group(welcome, &snapshot.tree)?;
        let context: GovernanceContext = wire::decode(&group.context()).map_err(|_| MlsError::Invalid)?;
        if context != governance.context(welcome.kind) || group.id() != welcome.channel.as_bytes() {
            return Err(MlsError::Invalid);
        }
        let meta = Meta {
            leaf,
            access: welcome.access.clone(),
            cursor: welcome.seq,
            log_hash: welcome.log_hash,
            last_control: welcome.seq,
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
            restored: self.session.restored,
            log_lost: false,
        };
        let kind = welcome.kind;
        if self.channels.get(&kind).is_some_and(|channel| channel.meta.log_lost) {
            self.say_kept_again(now, kind);
            self.forget_kept(kind);
        }
        if kind == ChannelKind::Committee && self.registry.complete.len() < statements.len() {
            self.registry.complete.clone_from(&statements);
            self.mark(Row::Registry);
        }
        self.drop_channel_state(kind);
        let mut channel = Channel::new(kind, meta, group, governance, statements);
        let vouched = footing::vouches(&channel, welcome.checkpoint.as_ref());
        channel.meta.footing = Footing::of_a_joiner(vouched);
        if !vouched {
            // It counts as pleaded: the committee has a while to vouch before it is asked again.
            channel.meta.pleaded_at = now;
        }
        self.channels.insert(kind, channel);
        if vouched {
            self.drop_spares(kind);
        }
        self.mark(Row::Charter);
        self.mark(Row::Statement(kind, 0));
        self.mark_channel(kind);
        self.take_snapshot_events(now, kind, &snapshot.events);
        Ok(())
    }

    /// The chain must start from the charter that the invite named and pass through the head that
    /// the invite saw.
    pub(crate) fn check_snapshot(
        &self,
        welcome: &Welcome,
        snapshot: &Snapshot,
    ) -> Option<(Governance, Vec<SignedStatement>)> {
        let membership = self.membership()?;
        let charter: Charter = wire::decode(&snapshot.charter).ok()?;
        if charter.network() != membership.network || charter.channel(welcome.kind) != welcome.channel {
            return None;
        }
        let mut governance = Governance::genesis(charter).ok()?;
        let expected: Option<(u64, Hash)> = membership.invitation.as_ref().map(|i| (i.height, i.head));
        let mut passed = expected.is_none_or(|at| at == (governance.height(), governance.head()));
        // A device that comes back has seen a chain itself: this one goes on from there. What any
        // member may welcome it into must not be from before somebody's role ended.
        let known = self.channels.get(&welcome.kind).map(|channel| &channel.governance);
        let known = known.map(|known| (known.height(), known.head()));
        let mut goes_on = known.is_none_or(|at| at == (governance.height(), governance.head()));
        let mut statements = Vec::with_capacity(snapshot.statements.len());
        for statement in &snapshot.statements {
            statements.push(governance.apply_and_trim(statement).ok()?);
            let at = Some((governance.height(), governance.head()));
            passed |= expected == at;
            goes_on |= known == at;
        }
        if !goes_on {
            return None;
        }
        // A working group's chain may be behind the one that the invite saw.
        let behind = expected.is_some_and(|(height, _)| governance.height() < height);
        (passed || (behind && welcome.kind != ChannelKind::Broadcast)).then_some((governance, statements))
    }

    fn join_group(&self, welcome: &Welcome, tree: &[u8]) -> Result<(Group, Vec<u8>), MlsError> {
        for spare in self.spares.iter().filter(|spare| spare.kind == welcome.kind) {
            let leaf = Leaf::from_bytes(&spare.leaf)?;
            let secret = KeyPackageSecret::from_bytes(&spare.secret)?;
            if let Ok(group) = Group::join(&leaf, &secret, &welcome.welcome, tree) {
                return Ok((group, spare.leaf.clone()));
            }
        }
        Err(MlsError::Undecryptable)
    }

    /// Removes what was left of a lost channel; jobs stay, and are sent under the fresh leaf.
    fn drop_channel_state(&mut self, kind: ChannelKind) {
        self.drop_pleas(kind);
        self.forget_chunks(kind);
    }

    /// Our own pleas that have not been seen in the log are not needed any more.
    pub(crate) fn drop_pleas(&mut self, kind: ChannelKind) {
        let pleads = |job: &Job| matches!(job, Job::Plead { kind: other, .. } if *other == kind);
        let pleas: Vec<u64> = self.outbox.iter().filter(|(_, job)| pleads(job)).map(|(id, _)| *id).collect();
        for id in pleas {
            self.finish_job(id);
        }
    }

    fn joined(&mut self, now: u64, welcome: &Welcome) {
        let kind = welcome.kind;
        let joined_at = self.relay_time(now);
        if let Some(membership) = self.membership_mut() {
            if kind == ChannelKind::Broadcast && membership.standing != Standing::Member {
                membership.standing = Standing::Member;
                membership.joined_at = joined_at;
            }
            membership.shut_out.retain(|known| known.kind != kind);
            if let Some(join) = &welcome.join
                && membership.join.is_none()
            {
                membership.join = Some(Reading::new(join.clone()));
            }
        }
        if let Some(desk) = &welcome.desk {
            self.desk_secret(desk.clone());
        }
        if kind == ChannelKind::Committee {
            self.offer_owner_keys();
        }
        if kind == ChannelKind::Broadcast {
            // What was missed came with the Welcome.
            self.dismiss_unread();
            self.sign_reports_again();
        }
        self.session.leave(kind);
        self.prove(kind);
        self.read_mailboxes();
        self.retry_unseen();
        self.retry_early_reports(now);
    }
}

/// The leaf that a device is admitted with. In the broadcast channel it is the person's own key,
/// so that the device can plead for another even if it forgets everything but its secret.
pub(crate) fn admitted_leaf(membership: &Membership, kind: ChannelKind) -> Result<Leaf, MlsError> {
    match kind {
        ChannelKind::Broadcast => Leaf::from_bytes(membership.member_seed().as_slice()),
        _ => Leaf::generate(),
    }
}

/// What a leaf says of itself: [`Channel::person`] reads it.
pub(crate) fn credential(membership: &Membership, kind: ChannelKind, leaf: &Leaf, since: u64) -> Vec<u8> {
    let person = membership.person(kind);
    match kind {
        ChannelKind::Broadcast if since == 0 => Vec::new(),
        ChannelKind::Broadcast => wire::encode(&MemberCredential { member: person.public(), since }),
        _ => {
            let digest = credential_digest(&membership.network, kind, &leaf.public(), since);
            let signature = person.sign_hash(&digest);
            wire::encode(&RoleCredential { role_key: person.public(), since, signature })
        }
    }
}
