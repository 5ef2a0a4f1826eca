//! What only committee devices keep: invites, people, drafts, owner keys.

use campana_protocol::event::{Admitted, Approve, DeskSecret, Draft, Event, Invite, Owner};
use campana_protocol::frame::{Class, Secret};
use campana_protocol::governance::{
    Approval, ChannelKind, DeskMailbox, Operation, SignedStatement, Statement, statement_digest,
};
use campana_protocol::id::{Hash, PublicKey};
use campana_protocol::mailbox::{Post, SignedJoin, invite_proof};
use campana_protocol::wire;

use crate::channel::Channel;
use crate::core::Core;
use crate::duty::Duty;
use crate::governance::{Governance, followed, follows};
use crate::keys::{self, MailboxKeys};
use crate::limits::{
    MAX_DESKS, MAX_DRAFTS, MAX_DRAFTS_BYTES, MAX_INVITES, MAX_OWNER_KEYS, MAX_REFUSALS, MAX_SIGNERS,
    MAX_STATEMENTS, MAX_STATEMENTS_BYTES, MAX_UNSEEN, STEP,
};
use crate::post::{Known, check_join};
use crate::rows::Row;
use crate::sorted::Set;
use crate::state::{DraftRecord, InviteRecord, Job, OwedRefusal, Person, Reading, Registry};

impl Core {
    /// Queues an event.
    pub(crate) fn say(&mut self, kind: ChannelKind, event: &Event, class: Class) -> u64 {
        self.push_job(Job::Event {
            kind,
            event: event.kind(),
            payload: event.payload(),
            class,
            attempt: None,
        })
    }

    /// This device's place among the committee's devices; `None`: it is not one.
    pub(crate) fn rank(&self) -> Option<usize> {
        self.rank_after(0)
    }

    /// The same after so many attempts that may have come to nothing: each device comes first in turn.
    pub(crate) fn rank_after(&self, attempts: usize) -> Option<usize> {
        let own = self.membership()?.role_key();
        let channel = self
            .channels
            .get(&ChannelKind::Committee)
            .or_else(|| self.channels.get(&ChannelKind::Broadcast))?;
        let committee = channel.governance.committee();
        let rank = committee.iter().position(|key| *key == own)?;
        Some((rank + attempts) % committee.len())
    }

    /// `from`: whose device said it; `None`: a snapshot, which its committer answers for.
    pub(crate) fn committee_event(&mut self, event: Event, from: Option<PublicKey>) {
        match event {
            Event::Draft(draft) => self.draft_event(draft),
            Event::Approve(approve) => self.approve_event(&approve, from),
            Event::Invite(invite) => {
                let known = self.registry.invites.iter().any(|record| record.invite.invite == invite.invite);
                if !known {
                    self.keep_invite(invite);
                    self.retry_early_joins();
                }
            }
            Event::RevokeInvite(id) => {
                if let Some(record) = self.registry.invites.iter_mut().find(|r| r.invite.invite == id) {
                    record.revoked = true;
                }
            }
            Event::Declined(role_key) => {
                if let Some(person) = self.people.get_mut(&role_key).filter(|person| !person.member) {
                    person.declined = true;
                    self.mark(Row::Person(role_key));
                }
                self.refusal_answered(role_key);
            }
            Event::Admitted(admitted) => self.admitted_event(admitted.join, from),
            Event::Withdrawn(statement) => self.withdrawn_event(&statement, from),
            Event::Unsigned(statement) => self.unsigned_event(&statement, from),
            // A device speaks for itself alone.
            Event::Owner(owner) if from.is_none_or(|from| from == owner.role_key) => self.owner_event(owner),
            Event::Owner(_)
            | Event::Alert(_)
            | Event::FollowUp(_)
            | Event::Known(_)
            | Event::Attestation(_)
            | Event::DeskSecret(_)
            | Event::OnCall(_) => {}
        }
        self.mark(Row::Registry);
    }

    /// One device answers, and says so to the others, who follow in order if it does not.
    pub(crate) fn owe_refusal(&mut self, owed: OwedRefusal) {
        let Registry { refusals, refused, .. } = &mut self.registry;
        if refused.contains(&owed.role_key) || refusals.iter().any(|o| o.role_key == owed.role_key) {
            return;
        }
        if refusals.len() >= MAX_REFUSALS {
            refusals.remove(0);
        }
        refusals.push(owed);
        self.mark(Row::Registry);
    }

    fn refusal_answered(&mut self, role_key: PublicKey) {
        self.waiting.remove(&Duty::Refuse(role_key));
        if self.people.contains_key(&role_key) {
            return;
        }
        let Registry { refusals, refused, .. } = &mut self.registry;
        refusals.retain(|owed| owed.role_key != role_key);
        if refused.len() >= MAX_REFUSALS {
            refused.remove(0);
        }
        refused.push(role_key);
        self.mark(Row::Registry);
    }

    pub(crate) fn refusal_duties(&mut self, now: u64) {
        // Who has read on knows whom another has answered.
        if self.registry.refusals.is_empty() || !self.caught_up(ChannelKind::Committee) {
            return;
        }
        let Some(rank) = self.rank() else { return };
        for OwedRefusal { role_key, reply, refusal } in self.registry.refusals.clone() {
            if self.my_turn(now, Duty::Refuse(role_key), STEP * rank as u64) {
                self.post_to(&reply, &Post::Refusal(refusal));
                self.say(ChannelKind::Committee, &Event::Declined(role_key), Class::Update);
                self.refusal_answered(role_key);
            }
        }
    }

    pub(crate) fn keep_invite(&mut self, invite: Invite) {
        let invites = &mut self.registry.invites;
        if invites.len() >= MAX_INVITES
            && let Some((first, _)) =
                invites.iter().enumerate().min_by_key(|(_, record)| record.invite.expires_at)
        {
            invites.remove(first);
        }
        invites.push(InviteRecord { invite, revoked: false });
        self.mark(Row::Registry);
    }

    fn owner_event(&mut self, owner: Owner) {
        let ours = self.channels.get(&ChannelKind::Committee).is_some_and(|channel| {
            let charter = channel.governance.charter();
            ChannelKind::ALL.into_iter().any(|kind| charter.channel(kind) == owner.channel)
        });
        if ours {
            let known = &mut self.registry.owners;
            known.retain(|other| (other.channel, other.role_key) != (owner.channel, owner.role_key));
            if known.len() < MAX_OWNER_KEYS {
                known.push(owner);
            }
        }
    }

    fn draft_event(&mut self, draft: Draft) {
        let digest = statement_digest(&draft.statement);
        let Draft { statement, approval, desk } = draft;
        let Some(chain) = self.chain() else { return };
        let signed = chain.committee().contains(&approval.key)
            && keys::verify(&approval.key, &digest, &approval.signature);
        if !signed || chain.check_draft(&statement).is_err() {
            return;
        }
        let drafts = &mut self.registry.drafts;
        drafts.retain(|record| !record.decided && chain.check_draft(&record.statement).is_ok());
        if drafts.iter().any(|record| record.statement == statement) {
            return;
        }
        let of_author = |record: &DraftRecord| record.author() == Some(&approval.key);
        loop {
            let theirs = drafts.iter().filter(|record| of_author(record));
            let (count, bytes) =
                theirs.fold((1, statement.len()), |(n, bytes), other| (n + 1, bytes + other.statement.len()));
            match drafts.iter().position(of_author) {
                Some(oldest) if count > MAX_DRAFTS || bytes > MAX_DRAFTS_BYTES => drafts.remove(oldest),
                _ => break,
            };
        }
        let (approvals, unsigned) = (Vec::new(), Vec::new());
        drafts.push(DraftRecord { statement, approvals, desk, decided: false, withdrawn: false, unsigned });
        self.approve_event(&Approve { statement: digest, approval }, None);
        self.approve_founding(&digest);
    }

    /// A committee device that came in by a committee invite signs the constitution that names it
    /// as the charter says: that is what it was invited for.
    fn approve_founding(&mut self, digest: &Hash) {
        let (Some(chain), Some(membership)) = (self.chain(), self.membership()) else { return };
        let own = membership.role_key();
        let Some(record) = self.registry.drafts.iter().find(|r| statement_digest(&r.statement) == *digest)
        else {
            return;
        };
        let Ok(statement) = chain.check_draft(&record.statement) else { return };
        let names_us = match statement.operations.as_slice() {
            [Operation::Constitute { committee, .. }] => committee.contains(&own) && followed(&statement),
            _ => false,
        };
        if !chain.constituted() && names_us && record.approvals.iter().all(|approval| approval.key != own) {
            self.sign_draft(digest);
        }
    }

    /// Signs a draft and says so, unless this device's screen can't vouch for what it does.
    pub(crate) fn sign_draft(&mut self, digest: &Hash) {
        let Some(chain) = self.chain() else { return };
        let vouched = |record: &&DraftRecord| {
            statement_digest(&record.statement) == *digest
                && chain
                    .check_draft(&record.statement)
                    .is_ok_and(|statement| self.draft_trouble(&chain, record, &statement).is_none())
        };
        if !self.registry.drafts.iter().any(|record| vouched(&record)) {
            return;
        }
        let Some(role) = self.membership().map(crate::state::Membership::role) else { return };
        let approval = Approval { key: role.public(), signature: role.sign_hash(digest) };
        self.say(
            ChannelKind::Committee,
            &Event::Approve(Approve { statement: *digest, approval }),
            Class::Update,
        );
    }

    /// The author's alone. The signatures that there are stay good, and older devices count on: this
    /// device signs the draft no more, and follows what becomes of it.
    fn withdrawn_event(&mut self, statement: &Hash, from: Option<PublicKey>) {
        let mut drafts = self.registry.drafts.iter_mut();
        let record = drafts.find(|record| statement_digest(&record.statement) == *statement);
        if let Some(record) = record.filter(|record| from.is_none_or(|from| record.author() == Some(&from))) {
            record.withdrawn = true;
        }
    }

    /// The signer's own device takes a signature back, while there are too few.
    fn unsigned_event(&mut self, statement: &Hash, from: Option<PublicKey>) {
        let Some(from) = from else { return };
        let mut drafts = self.registry.drafts.iter_mut();
        let record = drafts.find(|record| statement_digest(&record.statement) == *statement);
        let Some(record) = record.filter(|record| !record.decided && record.author() != Some(&from)) else {
            return;
        };
        record.approvals.retain(|approval| approval.key != from);
        if record.unsigned.len() < MAX_SIGNERS && !record.unsigned.contains(&from) {
            record.unsigned.push(from);
        }
    }

    /// `from`: whose device said it; `None`: a snapshot, or the draft that it came with.
    fn approve_event(&mut self, approve: &Approve, from: Option<PublicKey>) {
        let Some(chain) = self.chain() else { return };
        let Some(record) =
            self.registry.drafts.iter_mut().find(|r| statement_digest(&r.statement) == approve.statement)
        else {
            return;
        };
        let approval = &approve.approval;
        let Ok(statement) = chain.check_draft(&record.statement) else {
            record.decided = true;
            return;
        };
        let known = record.approvals.iter().any(|other| other.key == approval.key);
        // A signature that was taken back is not a replay's to bring again.
        let taken_back = record.unsigned.contains(&approval.key) && from != Some(approval.key);
        let counts = record.approvals.len() < MAX_SIGNERS
            && chain.may_sign(&statement, &approval.key)
            && keys::verify(&approval.key, &approve.statement, &approval.signature);
        if record.decided || known || taken_back || !counts {
            return;
        }
        record.unsigned.retain(|key| *key != approval.key);
        record.approvals.push(approval.clone());
        let signed =
            SignedStatement { statement: record.statement.clone(), signatures: record.approvals.clone() };
        let signers: Set<PublicKey> = record.approvals.iter().map(|approval| approval.key).collect();
        if !chain.sufficient(&statement, &signers) {
            return;
        }
        record.decided = true;
        let desk = record.desk.clone();
        if chain.clone().apply(&signed).is_err() {
            return;
        }
        self.registry.complete.push(signed);
        if self.membership().is_some_and(|m| m.role_key() == approval.key) {
            self.act_at_once();
        }
        let moves_desk = statement.operations.iter().any(|op| matches!(op, Operation::Desk { .. }));
        if let (true, Some(desk)) = (moves_desk, desk) {
            self.owe_desk_secret(desk);
        }
    }

    /// The chain as far as the committee has decided it.
    pub(crate) fn chain(&self) -> Option<Governance> {
        let channel = self.channels.get(&ChannelKind::Committee)?;
        Some(self.pending(channel, usize::MAX).1)
    }

    /// What the committee has decided and a channel has not applied, and the chain after it. A
    /// committee device can apply signed statements in another order than the committee's log has
    /// them: what does not apply any more is left out, and stops nothing else.
    pub(crate) fn pending(&self, channel: &Channel, most: usize) -> (Vec<SignedStatement>, Governance) {
        let (decided, applied) = (&self.registry.complete, &channel.statements);
        let first = if begins_with(decided, applied) { applied.len() } else { 0 };
        let mut after = channel.governance.clone();
        let (mut pending, mut bytes) = (Vec::new(), 0);
        for statement in &decided[first..] {
            let mut next = after.clone();
            if most == MAX_STATEMENTS
                && !pending.is_empty()
                && bytes + statement.statement.len() > MAX_STATEMENTS_BYTES
            {
                break;
            }
            if pending.len() < most && !after.beyond() && next.apply(statement).is_ok() {
                after = next;
                // What this version does not follow, a newer device of the committee applies.
                if !after.beyond() {
                    bytes += statement.statement.len();
                    pending.push(statement.clone());
                }
            }
        }
        (pending, after)
    }

    /// Statements that a channel has applied are decided, even if this device does not know it: it
    /// was restored from a copy, or the committee's log was passed by.
    pub(crate) fn adopt_chain(&mut self) {
        if !self.channels.contains_key(&ChannelKind::Committee) {
            return;
        }
        let mut missing: Vec<SignedStatement> = Vec::new();
        let decided = &self.registry.complete;
        let unlike = self.channels.values().filter(|channel| !begins_with(decided, &channel.statements));
        for statement in unlike.flat_map(|channel| &channel.statements) {
            if decided.iter().chain(&missing).all(|other| other.statement != statement.statement) {
                missing.push(statement.clone());
            }
        }
        if !missing.is_empty() {
            self.registry.complete.extend(missing);
            self.mark(Row::Registry);
        }
    }

    /// A statement of these operations, drafted and signed by this device.
    pub(crate) fn draft(&mut self, operations: Vec<Operation>, desk: Option<Secret>) -> Option<Hash> {
        self.draft_under(operations, desk, None)
    }

    /// Drafts that the network goes on under the rules of this version. The zones as they are go with
    /// it: devices from before there were rule numbers take no statement without an operation.
    pub(crate) fn draft_rule(&mut self) -> Option<Hash> {
        let zones = self.chain()?.zones().current().to_vec();
        self.draft_under(vec![Operation::Zones { zones }], None, Some(follows()))
    }

    /// See [`Self::draft`]. `rule`: the rule number from there on, if the statement raises it.
    pub(crate) fn draft_under(
        &mut self,
        operations: Vec<Operation>,
        desk: Option<Secret>,
        rule: Option<u16>,
    ) -> Option<Hash> {
        let chain = self.chain()?;
        let role = self.membership()?.role();
        let statement = wire::encode(&Statement {
            network: chain.network(),
            nonce: self.random.bytes(),
            drafted_at: chain.height(),
            operations,
            rule,
        });
        let digest = statement_digest(&statement);
        let approval = Approval { key: role.public(), signature: role.sign_hash(&digest) };
        self.say(ChannelKind::Committee, &Event::Draft(Draft { statement, approval, desk }), Class::Update);
        Some(digest)
    }

    /// Somebody is a member, says another device (`from`) or a snapshot: believed of whoever signed the
    /// request, with the proof of the invite if this device knows it, and as far as this device has seen
    /// their leaf admitted. A snapshot may be ahead of it: such a request waits.
    fn admitted_event(&mut self, signed: SignedJoin, from: Option<PublicKey>) {
        let person = self.admitted_person(&signed, None);
        match person.filter(|person| !self.people.contains_key(&person.role_key)) {
            Some(person) if person.member => self.keep_person(person),
            Some(_) if from.is_none() && self.registry.unseen.len() < MAX_UNSEEN => {
                self.registry.unseen.push(signed);
            }
            _ => {}
        }
    }

    /// The same of all whom a snapshot names. Looking each of them up in the group and among the people
    /// would take time with the square of the network.
    pub(crate) fn admitted_before(&mut self, joins: Vec<SignedJoin>) {
        if joins.len() < 2 {
            return joins.into_iter().for_each(|signed| self.admitted_event(signed, None));
        }
        let mut known = Known {
            leaves: self.people.values().map(|person| person.leaf).collect(),
            members: self.broadcast_persons(),
        };
        let mut roles: Set<PublicKey> = self.people.keys().copied().collect();
        let mut people = Vec::new();
        for signed in joins {
            let person = self.admitted_person(&signed, Some(&known));
            match person.filter(|person| !roles.contains(&person.role_key)) {
                Some(person) if person.member => {
                    known.leaves.insert(person.leaf);
                    roles.insert(person.role_key);
                    self.mark(Row::Person(person.role_key));
                    people.push((person.role_key, person));
                }
                Some(_) if self.registry.unseen.len() < MAX_UNSEEN => {
                    self.registry.unseen.push(signed);
                    self.mark(Row::Registry);
                }
                _ => {}
            }
        }
        if !people.is_empty() {
            let before = core::mem::take(&mut self.people);
            self.people = before.into_iter().chain(people).collect();
        }
    }

    fn admitted_person(&self, signed: &SignedJoin, known: Option<&Known>) -> Option<Person> {
        let join = check_join(signed)?;
        let record = self.registry.invites.iter().find(|record| record.invite.invite == join.invite);
        let proved = record.is_none_or(|r| invite_proof(&r.invite.secret, &join.role_key) == join.proof);
        let committee = record.is_some_and(|record| record.invite.committee);
        self.applicant(join, signed.clone(), committee, 0, known).filter(|_| proved)
    }

    fn broadcast_persons(&self) -> Set<PublicKey> {
        let channel = self.channels.get(&ChannelKind::Broadcast);
        let members = channel.into_iter().flat_map(|channel| channel.group.members());
        members.filter_map(|member| Some(Channel::person(ChannelKind::Broadcast, &member)?.0)).collect()
    }

    /// This device has read on: whoever a snapshot named may be seen by now.
    pub(crate) fn retry_unseen(&mut self) {
        if self.registry.unseen.is_empty() {
            return;
        }
        let unseen = core::mem::take(&mut self.registry.unseen);
        self.admitted_before(unseen);
        self.mark(Row::Registry);
    }

    /// What a new committee device has to know of the past.
    pub(crate) fn registry_events(&self) -> Vec<Event> {
        let invites =
            self.registry.invites.iter().filter(|r| !r.revoked).map(|r| Event::Invite(r.invite.clone()));
        let people = self.people.values().filter(|person| person.member).map(|person| &person.join);
        let people = people.chain(&self.registry.unseen);
        let people = people.map(|join| Event::Admitted(Admitted { join: join.clone() }));
        let owners = self.registry.owners.iter().cloned().map(Event::Owner);
        let open = self.registry.drafts.iter().filter(|draft| !draft.decided);
        let drafts = open.flat_map(|record| {
            let statement = statement_digest(&record.statement);
            let (first, more) = record.approvals.split_first()?;
            let draft = Draft {
                statement: record.statement.clone(),
                approval: first.clone(),
                desk: record.desk.clone(),
            };
            let more = more
                .iter()
                .map(move |approval| Event::Approve(Approve { statement, approval: approval.clone() }));
            let withdrawn = record.withdrawn.then_some(Event::Withdrawn(statement));
            Some(core::iter::once(Event::Draft(draft)).chain(more).chain(withdrawn))
        });
        // What does not fit is left out from the end: people ask again, and can be admitted again.
        owners.chain(drafts.flatten()).chain(invites).chain(people).collect()
    }

    /// Tells the committee this device's owner keys, so that an owner can enter them.
    pub(crate) fn offer_owner_keys(&mut self) {
        let Some(membership) = self.membership().cloned() else { return };
        let Some(charter) =
            self.channels.get(&ChannelKind::Committee).map(|c| c.governance.charter().clone())
        else {
            return;
        };
        for kind in ChannelKind::ALL {
            let owner = Owner {
                channel: charter.channel(kind),
                role_key: membership.role_key(),
                owner: membership.owner(kind).public(),
            };
            self.say(ChannelKind::Committee, &Event::Owner(owner), Class::Update);
        }
    }

    /// Takes over the secret of a desk mailbox that the committee has named, and of no other. It may come
    /// after the mailbox has moved again: reports wait in the one before, too.
    pub(crate) fn desk_secret(&mut self, secret: Secret) {
        let mailbox = desk_mailbox(&secret);
        let now = self.chain().is_some_and(|chain| *chain.desk() == mailbox)
            || self.channels.values().any(|channel| *channel.governance.desk() == mailbox);
        if !now && !self.channels.values().any(|channel| has_named(channel, &mailbox)) {
            return;
        }
        let Some(membership) = self.membership_mut() else { return };
        let desks = &mut membership.desks;
        if desks.iter().all(|reading| reading.secret != secret) {
            // The first is the one that Welcomes name.
            let place = if now { 0 } else { desks.len().min(1) };
            desks.insert(place, Reading::new(secret));
            desks.truncate(MAX_DESKS);
        }
        self.read_mailboxes();
    }

    /// The committee has moved the desk's mailbox: each of its devices owes the desk the secret until it
    /// has seen that one of them has said it.
    fn owe_desk_secret(&mut self, secret: Secret) {
        let known =
            |core: &Self| core.membership().is_some_and(|m| m.desks.iter().any(|r| r.secret == secret));
        if known(self) {
            return;
        }
        self.desk_secret(secret.clone());
        let desks = self.membership_mut().into_iter().flat_map(|membership| &mut membership.desks);
        desks.filter(|reading| reading.secret == secret).for_each(|reading| reading.untold = true);
    }

    /// The desk was told this secret.
    pub(crate) fn desk_told(&mut self, secret: &Secret) {
        let desks = self.membership_mut().into_iter().flat_map(|membership| &mut membership.desks);
        desks.filter(|reading| reading.secret == *secret).for_each(|reading| reading.untold = false);
    }

    /// One of the committee tells the desk; the others follow in order if that device is gone.
    pub(crate) fn desk_secret_duty(&mut self, now: u64) {
        let owed = self.membership().is_some_and(|m| m.desks.iter().any(|reading| reading.untold));
        let (true, Some(rank)) = (owed, self.rank()) else { return };
        let Some(channel) = self.channels.get(&ChannelKind::Desk) else { return };
        // Under the statement, and with nobody left in the group whom it lets in no more.
        let safe = !channel.meta.lost
            && channel.overdue(&channel.governance).is_empty()
            && self.caught_up(ChannelKind::Desk);
        let desks = self.membership().into_iter().flat_map(|membership| &membership.desks);
        let due = |reading: &&Reading| reading.untold && has_named(channel, &desk_mailbox(&reading.secret));
        let due: Vec<Secret> = desks.filter(due).map(|reading| reading.secret.clone()).collect();
        let says = Event::DeskSecret(DeskSecret { secret: Secret([0; 32]) }).kind();
        let queued = self
            .outbox
            .values()
            .any(|job| matches!(job, Job::Event { kind: ChannelKind::Desk, event, .. } if *event == says));
        if !safe || due.is_empty() || queued {
            return;
        }
        if self.my_turn(now, Duty::DeskSecret, STEP * (rank as u64 + 1)) {
            self.waiting.remove(&Duty::DeskSecret);
            for secret in due {
                self.say(ChannelKind::Desk, &Event::DeskSecret(DeskSecret { secret }), Class::Update);
            }
        }
    }

    /// After the desk mailbox has moved: those at the desk get its secret.
    pub(crate) fn hand_on_desk_secret(&mut self) {
        let Some(desk) = self.channels.get(&ChannelKind::Desk).map(|channel| *channel.governance.desk())
        else {
            return;
        };
        let mut readings = self.membership().into_iter().flat_map(|membership| &membership.desks);
        let secret = readings.find(|reading| desk_mailbox(&reading.secret) == desk);
        if let Some(secret) = secret.map(|reading| reading.secret.clone()) {
            self.say(ChannelKind::Desk, &Event::DeskSecret(DeskSecret { secret }), Class::Update);
        }
    }

    /// Keeps people's standing in step with a commit. `removed`: the leaves they were admitted with.
    pub(crate) fn people_changed(
        &mut self,
        kind: ChannelKind,
        added: &[PublicKey],
        removed: &[PublicKey],
        rejoin: bool,
    ) {
        if kind == ChannelKind::Broadcast {
            self.retry_unseen();
        }
        if self.people.is_empty() {
            return;
        }
        let added: Set<PublicKey> = added.iter().copied().collect();
        let removed: Set<PublicKey> = removed.iter().copied().collect();
        let mut changed = Vec::new();
        for person in self.people.values_mut() {
            let before = (person.member, person.packages.len());
            // Whoever rejoins stays who they are.
            if kind == ChannelKind::Broadcast && !rejoin {
                person.member &= !removed.contains(&person.leaf);
                person.member |= added.contains(&person.leaf);
            }
            person.packages.retain(|package| {
                package.kind != kind
                    || crate::mls::inspect_key_package(&package.key_package)
                        .is_ok_and(|newcomer| !added.contains(&newcomer.key))
            });
            if before != (person.member, person.packages.len()) {
                changed.push(person.role_key);
            }
        }
        for key in changed {
            self.mark(Row::Person(key));
        }
    }
}

/// Whether a channel's chain has named this mailbox for the desk, now or before.
fn has_named(channel: &Channel, mailbox: &DeskMailbox) -> bool {
    let names = |operation: &Operation| matches!(operation, Operation::Desk { mailbox: m } if m == mailbox);
    let says = |signed: &SignedStatement| {
        wire::decode::<Statement>(&signed.statement).is_ok_and(|said| said.operations.iter().any(names))
    };
    channel.governance.charter().desk_mailbox == *mailbox || channel.statements.iter().any(says)
}

/// The mailbox that a desk secret opens.
pub(crate) fn desk_mailbox(secret: &Secret) -> DeskMailbox {
    let keys = MailboxKeys::derive(secret);
    DeskMailbox { mailbox: keys.id(), sealing: keys.sealing_key() }
}

/// Whether a chain goes on from the other.
fn begins_with(chain: &[SignedStatement], start: &[SignedStatement]) -> bool {
    chain.len() >= start.len() && chain.iter().zip(start).all(|(a, b)| a.statement == b.statement)
}
