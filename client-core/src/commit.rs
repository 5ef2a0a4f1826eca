//! Commits of our own: what is due is decided when the commit is made, so that whatever happened
//! meanwhile is taken into account; it is in force when it is seen at its place in the log.

use campana_protocol::frame::Secret;
use campana_protocol::governance::{ChannelKind, Operation, SignedStatement, Statement};
use campana_protocol::handshake::{Authority, EntryBody, Handshake, Plea, commit_digest, plea_digest};
use campana_protocol::id::{BlobId, ChannelId, PublicKey, RecordId};
use campana_protocol::limits::{MAX_ADMISSIONS, MAX_BLOB_PART, MAX_CONTROL_BODY};
use campana_protocol::mailbox::{BlobPointer, Post, ReturnAddress, SEAL_INFO, Snapshot, Welcome};
use campana_protocol::padding::pad;
use campana_protocol::wire;

use crate::channel::{Channel, access_secret, handshake_key};
use crate::core::Core;
use crate::governance::Governance;
use crate::judge::{Verdict, apply_all, check_plea, entitled, modest};
use crate::keys::{access_key, plea_key};
use crate::limits::{MAX_KEY_PACKAGE, MAX_SINCE_STEP, MAX_SPARES, MAX_STATEMENTS};
use crate::mls::{self, Change, Member, MlsError, claimed_key, inspect_key_package};
use crate::rows::Row;
use crate::sorted::Set;
use crate::state::{Job, Joiner, PreparedCommit, Spare};
use crate::vault;

/// So few are looked for in a group one by one.
const FEW: usize = 8;

/// What a commit would do.
#[derive(Default)]
pub(crate) struct Due {
    pub(crate) plea: Option<Plea>,
    pub(crate) statements: Vec<SignedStatement>,
    pub(crate) remove: Vec<Member>,
    pub(crate) add: Vec<(Vec<u8>, ReturnAddress)>,
    /// Nothing else, and the keys above our own leaf.
    pub(crate) rekey: bool,
}

impl Due {
    pub(crate) fn nothing(&self) -> bool {
        !self.rekey && self.nothing_else()
    }

    fn nothing_else(&self) -> bool {
        self.plea.is_none() && self.statements.is_empty() && self.remove.is_empty() && self.add.is_empty()
    }
}

impl Core {
    /// What a commit in this channel would do now. What the committee has decided comes first: so
    /// nobody stays by pleading, and whoever it removes gets no fresh leaf before. A plea is a commit
    /// of its own.
    pub(crate) fn due(&self, now: u64, kind: ChannelKind) -> Due {
        let due = self.due_to_others(now, kind);
        Due { rekey: due.nothing_else() && self.rekeys(now, kind), ..due }
    }

    fn due_to_others(&self, now: u64, kind: ChannelKind) -> Due {
        let goes_on = |channel: &&Channel| !channel.meta.lost && !channel.meta.footing.in_doubt(now);
        let Some(channel) = self.channels.get(&kind).filter(goes_on) else {
            return Due::default();
        };
        let plea = channel.answerable(now).find(|plea| check_plea(channel, plea).is_ok());
        let plea = plea.map(|plea| Due { plea: Some(plea.clone()), ..Due::default() });
        if !self.is_committee_in(channel) {
            return plea.unwrap_or_default();
        }
        let (statements, after) = self.pending(channel, MAX_STATEMENTS);
        let own = channel.group.own_key();
        let remove: Vec<Member> =
            channel.overdue(&after).into_iter().filter(|member| member.key != own).collect();
        match plea {
            Some(plea) if statements.is_empty() && remove.is_empty() => plea,
            _ => Due { statements, remove, add: self.due_additions(channel, &after), ..Due::default() },
        }
    }

    pub(crate) fn is_committee_in(&self, channel: &Channel) -> bool {
        self.membership().is_some_and(|m| channel.governance.committee().contains(&m.role_key()))
    }

    fn due_additions(&self, channel: &Channel, after: &Governance) -> Vec<(Vec<u8>, ReturnAddress)> {
        let kind = channel.kind;
        let waits = self.people.values().filter(|person| {
            let admitted = person.member || person.approved;
            let belongs = match kind {
                ChannelKind::Broadcast => person.approved && !person.member,
                // Who asked with a committee invite comes in while the committee is founded.
                _ if !after.constituted() => person.committee && admitted,
                _ => admitted && after.belongs(&person.role_key, kind),
            };
            belongs && !person.declined && !after.key_removed(&person.role_key)
        });
        let waits: Vec<_> = waits.collect();
        // One look through the group for each would take time with the square of the network.
        let members: Option<Set<PublicKey>> =
            (waits.len() > FEW).then(|| channel.group.members().map(|member| member.key).collect());
        let inside = |key: &PublicKey| match &members {
            Some(members) => members.contains(key),
            None => channel.group.find(key).is_some(),
        };
        let packages = waits.into_iter().filter_map(|person| {
            let package = person.packages.iter().find(|package| package.kind == kind)?;
            // Whoever is in already costs no check of signatures: this is asked in every turn.
            claimed_key(&package.key_package).filter(|key| !inside(key))?;
            let newcomer = inspect_key_package(&package.key_package).ok()?;
            let member = Member { index: 0, key: newcomer.key, credential: newcomer.credential };
            let fits = package.key_package.len() <= MAX_KEY_PACKAGE
                && entitled(kind, &member, after)
                && !inside(&member.key);
            fits.then(|| (package.key_package.clone(), person.reply))
        });
        packages.take(MAX_ADMISSIONS).collect()
    }

    /// Makes a commit of what is due. False: nothing is, and the job is gone.
    ///
    /// A plea or key package can look right and still not go into this group: such a one is
    /// dropped, for otherwise whoever made it would stop all commits of this channel.
    pub(crate) fn attempt_commit(&mut self, now: u64, id: u64, kind: ChannelKind) -> bool {
        let mut most = MAX_ADMISSIONS;
        loop {
            let mut due = self.due(now, kind);
            due.add.truncate(most);
            let plea = due.plea.as_ref().map(|plea| plea.person);
            let last = due.add.first().cloned().filter(|_| due.add.len() == 1);
            most = due.add.len() / 2;
            let prepared = if due.nothing() && !mls::spoils() {
                Err(MlsError::Invalid)
            } else {
                self.prepare(kind, due)
            };
            match (prepared, plea, last) {
                (Ok((body, rotate, prepared)), ..) => {
                    if let Some(Job::Commit { prepared: place, .. }) = self.outbox.get_mut(&id) {
                        *place = Some(prepared);
                    }
                    self.mark_channel(kind);
                    self.set_attempt(id, kind, rotate, body);
                    return true;
                }
                (Err(_), Some(person), _) => {
                    self.forget_plea(kind, &person);
                    most = MAX_ADMISSIONS;
                }
                (Err(_), None, Some((package, _))) => {
                    self.forget_package(kind, &package);
                    most = MAX_ADMISSIONS;
                }
                (Err(_), None, None) if most > 0 => {}
                (Err(_), None, None) => {
                    self.finish_job(id);
                    return false;
                }
            }
        }
    }

    fn forget_plea(&mut self, kind: ChannelKind, person: &PublicKey) {
        if let Some(channel) = self.channels.get_mut(&kind) {
            channel.meta.pleas.retain(|plea| plea.person != *person);
            self.mark(Row::Meta(kind));
        }
    }

    fn forget_package(&mut self, kind: ChannelKind, package: &[u8]) {
        let mut changed = Vec::new();
        for person in self.people.values_mut() {
            let before = person.packages.len();
            person.packages.retain(|own| own.kind != kind || own.key_package != package);
            if person.packages.len() < before {
                // Without one for the broadcast channel there is no way in.
                person.declined |= kind == ChannelKind::Broadcast;
                changed.push(person.role_key);
            }
        }
        for key in changed {
            self.mark(Row::Person(key));
        }
    }

    fn prepare(
        &mut self,
        kind: ChannelKind,
        due: Due,
    ) -> Result<(Vec<u8>, Option<PublicKey>, PreparedCommit), MlsError> {
        let role = self.membership().map(crate::state::Membership::role).ok_or(MlsError::Invalid)?;
        let nonce = self.random.bytes();
        let channel = self.channels.get_mut(&kind).ok_or(MlsError::Invalid)?;
        let (rejoin, rekey) = (due.plea.is_some(), due.rekey);
        let (add, remove, replies) = match &due.plea {
            Some(plea) => {
                let (lost, _) = channel.find_person(&plea.person).ok_or(MlsError::Invalid)?;
                (vec![plea.key_package.clone()], vec![lost.index], vec![plea.reply])
            }
            None => {
                let (packages, replies) = due.add.into_iter().unzip();
                (packages, due.remove.iter().map(|member| member.index).collect(), replies)
            }
        };
        let (governance, statements) =
            apply_all(&channel.governance, &due.statements).map_err(|_| MlsError::Invalid)?;
        let context = wire::encode(&governance.context(kind));
        let context = (!statements.is_empty()).then_some(context.as_slice());
        let path = rekey || mls::spoils();
        let change = Change { add: &add, remove: &remove, context, path };
        let commit = channel.group.commit(&change)?;
        // What the others would skip is not sent.
        if !modest(channel, &commit.commit, add.len()) {
            return Err(MlsError::Invalid);
        }
        let after = channel.group.apply(&commit.secrets)?;
        let rotates = !rejoin && !remove.is_empty();
        let access = rotates.then(|| access_secret(&after, &channel.id)).transpose()?;
        let removed =
            remove.iter().filter_map(|index| channel.group.member(*index)).map(|lost| lost.key).collect();
        let added = add.iter().map(|package| inspect_key_package(package).map(|newcomer| newcomer.key));
        let added = added.collect::<Result<Vec<_>, _>>()?;
        let authority = match due.plea {
            Some(plea) => Authority::Rejoin { plea },
            None if rekey => Authority::Rekey,
            None => {
                let digest =
                    commit_digest(&channel.id, channel.group.epoch(), &commit.commit, &governance.head());
                let signature = role.sign_hash(&digest);
                Authority::Committee { statements: statements.clone(), key: role.public(), signature }
            }
        };
        let handshake = Handshake { commit: commit.commit, authority };
        let key = handshake_key(&channel.group, &channel.id)?;
        let sealed = vault::seal(&key, &nonce, channel.id.as_bytes(), &pad(&wire::encode(&handshake)));
        let body = wire::encode(&EntryBody::Handshake(sealed));
        // Beyond 12,000 members a path through a blank tree is more than the relay takes: others go first.
        if rekey && body.len() > MAX_CONTROL_BODY {
            return Err(MlsError::Invalid);
        }
        let joiners = replies
            .into_iter()
            .zip(commit.welcomes)
            .map(|(reply, welcome)| Joiner { reply, welcome })
            .collect();
        let rotate = access.as_ref().map(|access| access_key(access).public());
        let prepared = PreparedCommit {
            secrets: commit.secrets.to_vec(),
            statements,
            joiners,
            tree: commit.tree,
            access,
            removed,
            added,
            rejoin,
        };
        Ok((body, rotate, prepared))
    }

    /// Our own commit was seen in the log. In force unless another ended its epoch before.
    pub(crate) fn own_commit(&mut self, now: u64, kind: ChannelKind, id: u64) {
        let Some(Job::Commit { prepared: Some(prepared), .. }) = self.outbox.get(&id).cloned() else {
            return;
        };
        let Some(channel) = self.channels.get(&kind) else { return };
        let group = match channel.group.apply(&prepared.secrets) {
            Ok(group) => group,
            Err(MlsError::Corrupt | MlsError::Library(_)) => return self.lose(kind),
            Err(_) => {
                if let Some(job) = self.outbox.get_mut(&id) {
                    job.forget_attempt();
                    self.mark(Row::Job(id));
                }
                self.session.forget_job(id);
                return;
            }
        };
        let Ok((governance, statements)) = apply_all(&channel.governance, &prepared.statements) else {
            return;
        };
        let verdict = Verdict {
            group,
            governance,
            statements,
            added: prepared.added.clone(),
            removed: prepared.removed.clone(),
            removed_self: false,
            access: prepared.access.clone(),
            rejoin: prepared.rejoin,
            by: self.membership().map(|membership| membership.role_key()).filter(|_| !prepared.rejoin),
        };
        self.session.own_commit = Some((id, prepared));
        self.take(now, kind, verdict);
    }

    /// After the cursor has passed our own commit: its Welcomes can be made, for they say where
    /// the joiners read on.
    pub(crate) fn finish_own_commit(&mut self, kind: ChannelKind, seq: u64) {
        let Some((id, prepared)) = self.session.own_commit.take() else { return };
        self.finish_job(id);
        if !prepared.joiners.is_empty() {
            self.welcome(kind, seq, &prepared);
        }
        let moved = prepared.statements.iter().any(moves_desk);
        if kind == ChannelKind::Desk && (moved || prepared.access.is_some()) && !prepared.rejoin {
            self.hand_on_desk_secret();
        }
    }

    fn welcome(&mut self, kind: ChannelKind, seq: u64, prepared: &PreparedCommit) {
        let Some(channel) = self.channels.get(&kind) else { return };
        let snapshot = Snapshot {
            charter: wire::encode(channel.governance.charter()),
            statements: channel.statements.clone(),
            tree: prepared.tree.clone(),
            events: self.snapshot_events(kind, prepared.rejoin),
        };
        let (id, access, log_hash) = (channel.id, channel.meta.access.clone(), channel.meta.log_hash);
        let key: Secret = self.random.secret();
        let blob = BlobId(self.random.bytes());
        let sealed =
            vault::seal(&key.0, &self.random.bytes(), blob.as_bytes(), &pad(&wire::encode(&snapshot)));
        let parts: Vec<Vec<u8>> = sealed.chunks(MAX_BLOB_PART).map(<[u8]>::to_vec).collect();
        let of = parts.len() as u16;
        for (part, body) in (0..).zip(parts) {
            self.push_job(Job::Blob { kind, blob, part, of, body });
        }
        let membership = self.membership();
        let desk = membership.and_then(|m| m.desks.first()).map(|reading| reading.secret.clone());
        let join = membership.and_then(|m| m.join.as_ref()).map(|reading| reading.secret.clone());
        let checkpoint = self.checkpoint_of(kind);
        for joiner in &prepared.joiners {
            let welcome = Welcome {
                kind,
                channel: id,
                welcome: joiner.welcome.clone(),
                snapshot: BlobPointer { blob, parts: of, key: key.clone() },
                access: access.clone(),
                seq,
                log_hash,
                desk: desk.clone().filter(|_| kind == ChannelKind::Desk),
                join: join.clone().filter(|_| kind == ChannelKind::Committee),
                checkpoint: checkpoint.clone(),
            };
            self.post_to(&joiner.reply, &Post::Welcome(welcome));
        }
    }

    /// Queues a sealed post.
    pub(crate) fn post_to(&mut self, to: &ReturnAddress, post: &Post) {
        let record = RecordId(self.random.bytes());
        if let Ok(body) = mls::seal(&to.sealing, SEAL_INFO.as_bytes(), &pad(&wire::encode(post))) {
            self.push_job(Job::Post { mailbox: to.mailbox, record, body });
        }
    }

    /// Makes our plea. False: not possible now.
    pub(crate) fn attempt_plea(&mut self, now: u64, id: u64, kind: ChannelKind) -> bool {
        let since = self.plea_since(now, kind);
        let nonce = self.random.bytes();
        let Some(channel) = self.channels.get(&kind) else { return false };
        // A relay that was restored to before the key may have gone on under a former one.
        let stands = self.session.streams.get(&kind).and_then(|stream| stream.access);
        let former = channel.meta.older.iter().find(|older| stands == Some(access_key(older).public()));
        let former = former.filter(|_| channel.meta.log_lost);
        let (channel, access) = (channel.id, former.unwrap_or(&channel.meta.access).clone());
        let Some(plea) = self.make_plea(kind, &channel, since) else { return false };
        let padded = pad(&wire::encode(&plea));
        let sealed = vault::seal(&plea_key(&access), &nonce, channel.as_bytes(), &padded);
        let body = wire::encode(&EntryBody::Plea(sealed));
        self.set_attempt(id, kind, None, body);
        true
    }

    /// The `since` of a leaf that a plea asks for: later than that of this device's leaf, and than any that an
    /// earlier plea asked for, also one that this state does not know of, because it was put back. So it is a
    /// time, by the relay's clock, and if the leaf's own is in the future it is both together.
    pub(crate) fn plea_since(&self, now: u64, kind: ChannelKind) -> u64 {
        let own =
            self.channels.get(&kind).and_then(|channel| channel.group.member(channel.group.own_index()));
        let last = own.and_then(|own| Channel::person(kind, &own)).map_or(0, |(_, since)| since);
        // A relay must not be able to use up all numbers.
        let time = self.relay_time(now).min(MAX_SINCE_STEP);
        if time > last { time } else { last.saturating_add(time) }
    }

    /// A plea of ours, and the fresh leaf that it asks for kept.
    pub(crate) fn make_plea(&mut self, kind: ChannelKind, channel: &ChannelId, since: u64) -> Option<Plea> {
        let spare = self.make_spare(kind, since).ok()?;
        let membership = self.membership()?;
        let (person, reply) = (membership.person(kind), membership.reply().address());
        let key_package = spare.key_package.clone();
        let signature = person.sign_hash(&plea_digest(channel, &key_package, &reply));
        self.keep_spare(spare);
        Some(Plea { person: person.public(), key_package, reply, signature })
    }

    fn keep_spare(&mut self, spare: Spare) {
        let kind = spare.kind;
        self.spares.push(spare);
        while self.spares.iter().filter(|spare| spare.kind == kind).count() > MAX_SPARES {
            // The very first may be the one that the committee admits: it stays.
            let of_kind = self.spares.iter().enumerate().filter(|(_, spare)| spare.kind == kind);
            let second = of_kind.map(|(at, _)| at).nth(1);
            second.map(|second| self.spares.remove(second));
        }
        self.mark(Row::Spares);
    }
}

fn moves_desk(signed: &SignedStatement) -> bool {
    let statement = wire::decode::<Statement>(&signed.statement);
    statement.is_ok_and(|s| s.operations.iter().any(|op| matches!(op, Operation::Desk { .. })))
}
