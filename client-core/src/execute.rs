//! Commands: checked against the rules before anything changes.

use std::sync::OnceLock;

use campana_protocol::event::{Event, Invite};
use campana_protocol::frame::Class;
use campana_protocol::governance::{
    ChannelKind, Charter, DeskMailbox, Operation, Role, Zone, statement_digest,
};
use campana_protocol::id::{ChannelId, Hash, InviteId, PublicKey};
use campana_protocol::link::{Invitation, InviteLink, OperatorLink};
use campana_protocol::mailbox::{
    Join, KeyPackageFor, Post, Refusal, ReturnAddress, SignedJoin, invite_proof, join_digest,
};
use campana_protocol::name::{self, clean};
use campana_protocol::wire;

use crate::channel::Channel;
use crate::command::{Command, CommandError, Reply, Who, ZoneChange};
use crate::core::Core;
use crate::governance::{Governance, followed, follows, name_holds, thresholds_hold};
use crate::keys::{KeyPair, MailboxKeys};
use crate::rows::Row;
use crate::state::{DraftRecord, Job, Membership, Reading, Standing, owner};
use crate::unread::Unread;
use crate::welcome::{admitted_leaf, credential};

impl Core {
    pub(crate) fn execute(&mut self, now: u64, command: Command) -> Result<Reply, CommandError> {
        match command {
            Command::Start { link, name, committee_size, threshold, verify_threshold } => {
                self.start(now, &link, name, [committee_size, threshold, verify_threshold])
            }
            Command::Join { link, handle } => self.join(&link, handle),
            Command::Cancel => self.cancel(),
            Command::Invite { lifetime_ms, committee } => self.invite(now, lifetime_ms, committee),
            Command::RevokeInvite(id) => self.revoke_invite(id),
            Command::Admit(who) => self.admit(&who),
            Command::Decline(who) => self.decline(&who),
            Command::Grant { person, role } => self.grant(person, role),
            Command::Revoke { person, role } => self.revoke(person, role),
            Command::Remove { person } => self.remove(person),
            Command::ChangeZones(changes) => self.change_zones(&changes),
            Command::SetHotline(telephone) => self.set_hotline(&telephone),
            Command::RaiseRules => self.raise_rules(),
            Command::Approve(id) => self.approve(id),
            Command::Withdraw(id) => self.withdraw(id),
            Command::Report(form) => self.make_report(now, form),
            Command::Attest { incident, finding, method } => {
                self.make_attestation(now, incident, finding, method)
            }
            Command::FollowUp { incident, kind } => self.make_follow_up(now, incident, kind),
            Command::Dismiss(suspicion) => self.dismiss(suspicion),
            Command::Alerts(wanted) => self.want_alerts(wanted),
            Command::DismissUnread => {
                self.dismiss_unread();
                Ok(Reply::Accepted)
            }
            Command::OnCall { duty, from, to } => self.want_bell(now, duty, from, to),
            Command::TestAlerts { delay_ms } => self.test_alerts(now, delay_ms),
        }
    }

    fn start(&mut self, now: u64, link: &str, name: String, sizes: [u8; 3]) -> Result<Reply, CommandError> {
        if !self.may_start() {
            return Err(CommandError::AlreadyInANetwork);
        }
        let link = OperatorLink::parse(link)?;
        let [committee_size, threshold, verify_threshold] = sizes;
        if !thresholds_hold(committee_size, threshold, verify_threshold) {
            return Err(CommandError::BadThreshold);
        }
        let name = clean(&name);
        if !name_holds(&name) {
            return Err(CommandError::BadName);
        }
        if self.device.membership.is_some() {
            self.forget_everything();
        }
        let secret = self.random.secret();
        let (desk, join) = (self.random.secret(), self.random.secret());
        let desk_keys = MailboxKeys::derive(&desk);
        let channel = |kind| ChannelId::of(&owner(&secret, kind).public());
        let charter = Charter {
            name: name.clone(),
            founder: KeyPair::derive(&secret, "campana role v1").public(),
            committee_size,
            threshold,
            verify_threshold,
            created_at: now,
            broadcast: channel(ChannelKind::Broadcast),
            desk: channel(ChannelKind::Desk),
            committee: channel(ChannelKind::Committee),
            desk_mailbox: DeskMailbox { mailbox: desk_keys.id(), sealing: desk_keys.sealing_key() },
        };
        let join_reader = MailboxKeys::derive(&join).reader.public();
        let membership = Membership {
            standing: Standing::Member,
            relay: link.relay,
            secret,
            reply_cursor: 0,
            handle: String::new(),
            network: charter.network(),
            name,
            invitation: None,
            desks: vec![Reading::new(desk)],
            join: Some(Reading::new(join)),
            welcomes: Vec::new(),
            early_reports: Vec::new(),
            forked: false,
            forged: false,
            shut_out: Vec::new(),
            joined_at: 0,
            clock: None,
            early_attestations: Vec::new(),
            forgeries: None,
            forks: None,
            passes: Vec::new(),
            passes_at: 0,
            restored: None,
            unread: Unread::default(),
            reply_doubt: None,
            role_key: OnceLock::new(),
        };
        let governance = Governance::genesis(charter.clone()).map_err(|_| CommandError::Bug)?;
        let mut channels = Vec::new();
        for kind in ChannelKind::ALL {
            let leaf = admitted_leaf(&membership, kind).map_err(|_| CommandError::Bug)?;
            let credential = credential(&membership, kind, &leaf, 0);
            let channel = Channel::create(kind, &charter, governance.clone(), &leaf, &credential);
            channels.push(channel.map_err(|_| CommandError::Bug)?);
        }
        self.device.membership = Some(membership);
        self.mark(Row::Device);
        self.mark(Row::Charter);
        self.push_job(Job::Redeem { invitation: link.secret });
        for channel in channels {
            let kind = channel.kind;
            self.channels.insert(kind, channel);
            self.mark_channel(kind);
            self.push_job(Job::Create { kind });
        }
        self.push_job(Job::OpenMailbox { reader: join_reader });
        self.offer_owner_keys();
        Ok(Reply::Accepted)
    }

    /// Whether this device is in no network that anybody else knows of, so that another start loses nothing.
    fn may_start(&self) -> bool {
        let ended = |standing| !matches!(standing, Standing::Member | Standing::Waiting);
        self.membership().is_none_or(|membership| ended(membership.standing)) || self.is_unheard()
    }

    /// Started here, and no relay has answered yet: its address may have been mistyped.
    fn is_unheard(&self) -> bool {
        self.outbox.values().any(|job| matches!(job, Job::Redeem { .. }))
    }

    fn join(&mut self, link: &str, handle: String) -> Result<Reply, CommandError> {
        // Whoever waits may have another link: the new request takes the place of the old one.
        let over = self.membership().is_some_and(|membership| membership.standing != Standing::Member);
        // Whoever nobody lets back in, or whom the relay does not know any more, may begin anew.
        let shut_out = self.channels.get(&ChannelKind::Broadcast).is_some_and(|channel| channel.meta.lost);
        let again = over || shut_out || self.is_unheard() || !self.session.refused.is_empty();
        if self.device.membership.is_some() && !again {
            return Err(CommandError::AlreadyInANetwork);
        }
        let InviteLink { relay, invite } = InviteLink::parse(link)?;
        let handle = clean(&handle);
        if !name_holds(&handle) {
            return Err(CommandError::BadName);
        }
        self.forget_everything();
        let membership = Membership {
            standing: Standing::Waiting,
            relay,
            secret: self.random.secret(),
            reply_cursor: 0,
            handle: handle.clone(),
            network: invite.network,
            name: invite.name.clone(),
            invitation: Some(invite.clone()),
            desks: Vec::new(),
            join: None,
            welcomes: Vec::new(),
            early_reports: Vec::new(),
            forked: false,
            forged: false,
            shut_out: Vec::new(),
            joined_at: 0,
            clock: None,
            early_attestations: Vec::new(),
            forgeries: None,
            forks: None,
            passes: Vec::new(),
            passes_at: 0,
            restored: None,
            unread: Unread::default(),
            reply_doubt: None,
            role_key: OnceLock::new(),
        };
        let role = membership.role();
        let reply = membership.reply().address();
        self.device.membership = Some(membership);
        self.mark(Row::Device);
        self.spares.clear();
        let mut key_packages = Vec::new();
        for kind in ChannelKind::ALL {
            let spare = self.make_spare(kind, 0).map_err(|_| CommandError::Bug)?;
            key_packages.push(KeyPackageFor { kind, key_package: spare.key_package.clone() });
            self.spares.push(spare);
        }
        self.mark(Row::Spares);
        let proof = invite_proof(&invite.secret, &role.public());
        let join = wire::encode(&Join {
            invite: invite.id,
            proof,
            handle,
            role_key: role.public(),
            key_packages,
            reply,
        });
        let signature = role.sign_hash(&join_digest(&join));
        let to = ReturnAddress { mailbox: invite.mailbox, sealing: invite.sealing };
        self.post_to(&to, &Post::Join(SignedJoin { join, signature }));
        Ok(Reply::Accepted)
    }

    /// Whoever is no member leaves the waiting room: nothing of the request stays.
    fn cancel(&mut self) -> Result<Reply, CommandError> {
        let membership = self.membership().ok_or(CommandError::NotInANetwork)?;
        if membership.standing == Standing::Member {
            return Err(CommandError::AlreadyInANetwork);
        }
        self.forget_everything();
        self.device.membership = None;
        self.mark(Row::Device);
        self.spares.clear();
        self.mark(Row::Spares);
        Ok(Reply::Accepted)
    }

    fn invite(&mut self, now: u64, lifetime_ms: u64, committee: bool) -> Result<Reply, CommandError> {
        let chain = self.committee_chain()?;
        if committee && chain.constituted() {
            return Err(CommandError::Constituted);
        }
        if !committee && !chain.constituted() {
            return Err(CommandError::NotConstituted);
        }
        let (id, secret) = (InviteId(self.random.bytes()), self.random.secret());
        let membership = self.membership().ok_or(CommandError::NotInANetwork)?;
        let join = membership.join.as_ref().ok_or(CommandError::NotCommittee)?.keys();
        // The relay's clock judges it.
        let expires_at = self.relay_time(now).saturating_add(lifetime_ms);
        // What every joiner can check: the chain as the broadcast channel has it.
        let broadcast =
            &self.channels.get(&ChannelKind::Broadcast).ok_or(CommandError::NotAdmitted)?.governance;
        let invitation = Invitation {
            network: membership.network,
            name: membership.name.clone(),
            mailbox: join.id(),
            sealing: join.sealing_key(),
            id,
            secret: secret.clone(),
            expires_at,
            committee,
            height: broadcast.height(),
            head: broadcast.head(),
        };
        let link = InviteLink { relay: membership.relay.clone(), invite: invitation }.format();
        let invite = Invite { invite: id, secret, expires_at, committee };
        self.keep_invite(invite.clone());
        self.say(ChannelKind::Committee, &Event::Invite(invite), Class::Update);
        Ok(Reply::Invite { id, link })
    }

    fn revoke_invite(&mut self, id: InviteId) -> Result<Reply, CommandError> {
        self.committee_chain()?;
        let record = self.registry.invites.iter_mut().find(|record| record.invite.invite == id);
        record.ok_or(CommandError::UnknownInvite)?.revoked = true;
        self.mark(Row::Registry);
        self.say(ChannelKind::Committee, &Event::RevokeInvite(id), Class::Update);
        Ok(Reply::Accepted)
    }

    fn waiting_people(&self, who: &Who) -> Result<Vec<PublicKey>, CommandError> {
        let waits =
            |key: &PublicKey| self.people.get(key).is_some_and(|p| !p.member && !p.approved && !p.declined);
        match who {
            Who::Everybody => Ok(self.people.keys().filter(|key| waits(key)).copied().collect()),
            Who::These(keys) if keys.iter().all(|key| self.people.contains_key(key)) => {
                Ok(keys.iter().filter(|key| waits(key)).copied().collect())
            }
            Who::These(_) => Err(CommandError::UnknownPerson),
        }
    }

    fn admit(&mut self, who: &Who) -> Result<Reply, CommandError> {
        self.committee_chain()?;
        let people = self.waiting_people(who)?;
        for key in &people {
            if let Some(person) = self.people.get_mut(key) {
                person.approved = true;
                self.mark(Row::Person(*key));
            }
        }
        self.act_at_once();
        Ok(Reply::People(people.len()))
    }

    fn decline(&mut self, who: &Who) -> Result<Reply, CommandError> {
        self.committee_chain()?;
        let people = self.waiting_people(who)?;
        for key in &people {
            let Some(person) = self.people.get_mut(key) else { continue };
            person.declined = true;
            let reply = person.reply;
            self.mark(Row::Person(*key));
            self.post_to(&reply, &Post::Refusal(Refusal::Declined));
            self.say(ChannelKind::Committee, &Event::Declined(*key), Class::Update);
        }
        Ok(Reply::People(people.len()))
    }

    /// Roles can be granted to people the committee knows, and to its own devices.
    fn grant(&mut self, person: PublicKey, role: Role) -> Result<Reply, CommandError> {
        let chain = self.constituted_chain()?;
        let known = self.people.get(&person).is_some_and(|p| p.member || p.approved);
        if !known && !chain.committee().contains(&person) {
            return Err(CommandError::UnknownPerson);
        }
        if chain.holds(&person, role) {
            return Err(CommandError::AlreadyDone);
        }
        self.drafted(vec![Operation::Grant { role_key: person, role }], false)
    }

    fn revoke(&mut self, person: PublicKey, role: Role) -> Result<Reply, CommandError> {
        let chain = self.constituted_chain()?;
        if !chain.holds(&person, role) {
            return Err(CommandError::AlreadyDone);
        }
        let desk_role = matches!(role, Role::Verifier | Role::Dispatcher);
        let other_desk_role = chain.roles(&person).any(|held| held != role && held != Role::Responder);
        let leaves_desk = desk_role && !other_desk_role && !chain.committee().contains(&person);
        self.drafted(vec![Operation::Revoke { role_key: person, role }], leaves_desk)
    }

    fn remove(&mut self, person: PublicKey) -> Result<Reply, CommandError> {
        let chain = self.constituted_chain()?;
        let leaf = self.people.get(&person).filter(|p| p.member).ok_or(CommandError::UnknownPerson)?.leaf;
        if chain.committee().contains(&person) {
            return Err(CommandError::UnknownPerson);
        }
        let at_desk = chain.holds(&person, Role::Verifier) || chain.holds(&person, Role::Dispatcher);
        self.drafted(vec![Operation::Remove { role_key: person, leaf }], at_desk)
    }

    fn change_zones(&mut self, changes: &[ZoneChange]) -> Result<Reply, CommandError> {
        let chain = self.constituted_chain()?;
        let open = self.registry.drafts.iter().filter(|draft| draft.open());
        let operations = open
            .filter_map(|draft| chain.check_draft(&draft.statement).ok())
            .flat_map(|draft| draft.operations);
        let drafted = operations.flat_map(|operation| match operation {
            Operation::Zones { zones } => zones,
            _ => Vec::new(),
        });
        let zones = chain.zones().changed(changes, drafted.map(|zone| zone.code))?;
        self.drafted(vec![Operation::Zones { zones }], false)
    }

    fn set_hotline(&mut self, text: &str) -> Result<Reply, CommandError> {
        let chain = self.constituted_chain()?;
        let telephone = name::telephone(text).unwrap_or_default();
        if telephone.is_empty() && !text.trim().is_empty() {
            return Err(CommandError::BadTelephone);
        }
        if telephone == chain.hotline() {
            return Err(CommandError::AlreadyDone);
        }
        self.drafted(vec![Operation::Hotline { telephone: telephone.into() }], false)
    }

    fn raise_rules(&mut self) -> Result<Reply, CommandError> {
        let chain = self.constituted_chain()?;
        let raises = |statement: &[u8]| {
            chain.check_draft(statement).is_ok_and(|statement| statement.rule == Some(follows()))
        };
        let open = self.registry.drafts.iter().filter(|draft| draft.open());
        if let Some(known) = open.map(|draft| &draft.statement).find(|statement| raises(statement)) {
            let id = statement_digest(known);
            return self.approve(id).map(|_| Reply::Draft(id));
        }
        if chain.rule() >= follows() {
            return Err(CommandError::AlreadyDone);
        }
        self.draft_rule().map(Reply::Draft).ok_or(CommandError::Bug)
    }

    /// Drafts; when somebody leaves the desk its mailbox moves in the same statement.
    fn drafted(&mut self, mut operations: Vec<Operation>, moves_desk: bool) -> Result<Reply, CommandError> {
        if let Some(id) = self.draft_of(&operations, moves_desk) {
            return Ok(Reply::Draft(id));
        }
        let desk = moves_desk.then(|| self.random.secret());
        if let Some(secret) = &desk {
            let keys = MailboxKeys::derive(secret);
            let mailbox = DeskMailbox { mailbox: keys.id(), sealing: keys.sealing_key() };
            operations.push(Operation::Desk { mailbox });
        }
        self.draft(operations, desk).map(Reply::Draft).ok_or(CommandError::Bug)
    }

    /// The draft that says the same and waits, signed by this device from now on if it was not.
    fn draft_of(&mut self, operations: &[Operation], moves_desk: bool) -> Option<Hash> {
        let chain = self.chain()?;
        let own = self.membership()?.role_key();
        let vouched = |record: &&DraftRecord| {
            record.open()
                && chain
                    .check_draft(&record.statement)
                    .is_ok_and(|statement| self.draft_trouble(&chain, record, &statement).is_none())
        };
        let open = self.registry.drafts.iter().filter(vouched).map(|record| {
            let signed = record.approvals.iter().any(|approval| approval.key == own);
            (record.statement.clone(), signed)
        });
        let queued = self.outbox.values().filter_map(|job| {
            let Job::Event { kind: ChannelKind::Committee, event, payload, .. } = job else { return None };
            match Event::decode(*event, payload) {
                Ok(Some(Event::Draft(draft))) => Some((draft.statement, true)),
                _ => None,
            }
        });
        let (statement, signed) = open.chain(queued).find(|(statement, _)| {
            let Ok(known) = chain.check_draft(statement) else { return false };
            let moves = |operation: &Operation| matches!(operation, Operation::Desk { .. });
            let others: Vec<&Operation> = known.operations.iter().filter(|op| !moves(op)).collect();
            known.rule.is_none()
                && known.operations.iter().any(moves) == moves_desk
                && others.len() == operations.len()
                && others.into_iter().zip(operations).all(|(a, b)| alike(&chain, a, b))
        })?;
        let id = statement_digest(&statement);
        if !signed && !self.approving(&id) {
            self.sign_draft(&id);
        }
        Some(id)
    }

    /// Whether our signature on a draft is on its way.
    fn approving(&self, id: &Hash) -> bool {
        self.outbox.values().any(|job| match job {
            Job::Event { kind: ChannelKind::Committee, event, payload, .. } => {
                matches!(Event::decode(*event, payload),
                    Ok(Some(Event::Approve(approve))) if approve.statement == *id)
            }
            _ => false,
        })
    }

    fn approve(&mut self, id: Hash) -> Result<Reply, CommandError> {
        let chain = self.committee_chain()?;
        let own = self.membership().map(|membership| membership.role_key());
        let record = self
            .registry
            .drafts
            .iter()
            .find(|record| statement_digest(&record.statement) == id && record.open())
            .ok_or(CommandError::UnknownDraft)?;
        let statement = chain.check_draft(&record.statement).map_err(|_| CommandError::UnknownDraft)?;
        if !followed(&statement) {
            return Err(CommandError::UpdateNeeded);
        }
        if record.approvals.iter().any(|approval| Some(approval.key) == own) || self.approving(&id) {
            return Err(CommandError::AlreadyDone);
        }
        if let Some(trouble) = self.draft_trouble(&chain, record, &statement) {
            return Err(CommandError::DraftTrouble(trouble));
        }
        self.sign_draft(&id);
        Ok(Reply::Accepted)
    }

    /// Withdraws a draft of this device's own; of another's, takes back its signature. Nothing that was
    /// signed becomes unsigned by that: the devices that know these events stop counting.
    fn withdraw(&mut self, id: Hash) -> Result<Reply, CommandError> {
        self.committee_chain()?;
        let own = self.membership().ok_or(CommandError::NotInANetwork)?.role_key();
        let of_id = |record: &&DraftRecord| statement_digest(&record.statement) == id && record.open();
        let record = self.registry.drafts.iter().find(of_id).ok_or(CommandError::UnknownDraft)?;
        let event = if record.author() == Some(&own) {
            Event::Withdrawn(id)
        } else if record.approvals.iter().any(|approval| approval.key == own) || self.approving(&id) {
            Event::Unsigned(id)
        } else {
            return Err(CommandError::NotSigned);
        };
        self.say(ChannelKind::Committee, &event, Class::Update);
        Ok(Reply::Accepted)
    }

    /// The chain, for a committee device (the founder, while it founds).
    fn committee_chain(&self) -> Result<Governance, CommandError> {
        let membership = self.membership().ok_or(CommandError::NotInANetwork)?;
        if membership.standing != Standing::Member {
            return Err(CommandError::NotAdmitted);
        }
        let chain = self.chain().ok_or(CommandError::NotCommittee)?;
        if chain.beyond() {
            return Err(CommandError::UpdateNeeded);
        }
        if chain.committee().contains(&membership.role_key()) {
            Ok(chain)
        } else {
            Err(CommandError::NotCommittee)
        }
    }

    fn constituted_chain(&self) -> Result<Governance, CommandError> {
        let chain = self.committee_chain()?;
        if chain.constituted() { Ok(chain) } else { Err(CommandError::NotConstituted) }
    }
}

/// Whether two operations do the same. A zone that is new in both may have another number.
fn alike(chain: &Governance, a: &Operation, b: &Operation) -> bool {
    let (Operation::Zones { zones: a }, Operation::Zones { zones: b }) = (a, b) else { return a == b };
    let given: Vec<u16> =
        chain.zones().current().iter().chain(chain.zones().retired()).map(|zone| zone.code).collect();
    let number = |zone: &Zone| given.contains(&zone.code).then_some(zone.code);
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name && number(a) == number(b))
}
