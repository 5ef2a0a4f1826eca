//! Reading mailboxes: join requests, Welcomes, refusals, reports.

use campana_protocol::frame::ClientFrame;
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::{IncidentId, MailboxId, PublicKey};
use campana_protocol::limits::DAY_MS;
use campana_protocol::mailbox::{Join, Post, Refusal, SEAL_INFO, SignedJoin, invite_proof, join_digest};
use campana_protocol::name::clean;
use campana_protocol::padding::unpad;
use campana_protocol::report::{PrivateReport, PublicReport, SignedReport, private_hash, report_digest};
use campana_protocol::wire;

use crate::core::Core;
use crate::governance::name_holds;
use crate::incident::Incident;
use crate::keys::{self, MailboxKeys};
use crate::limits::{
    EARLY_REPORT_TTL, MAX_DOUBTS, MAX_EARLY_JOINS, MAX_EARLY_REPORTS, MAX_EARLY_REPORTS_OF_ONE, MAX_JOIN,
    MAX_KEY_PACKAGE, MAX_UNVERIFIED, MAX_WAITING, WORDS_TTL,
};
use crate::mls::{inspect_key_package, open_sealed};
use crate::rows::Row;
use crate::session::Asked;
use crate::sorted::Set;
use crate::state::{Doubt, EarlyJoin, EarlyReport, OwedRefusal, Package, Person, Standing};

/// Whose mailbox it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mine {
    Reply,
    Desk,
    Join,
}

/// What [`Core::applicant`] compares with.
pub(crate) struct Known {
    /// Leaves of people who are on record.
    pub(crate) leaves: Set<PublicKey>,
    /// Persons in the broadcast group, as they were admitted.
    pub(crate) members: Set<PublicKey>,
}

impl Core {
    fn find_mailbox(&self, mailbox: &MailboxId) -> Option<(Mine, MailboxKeys)> {
        let membership = self.membership()?;
        let reply = membership.reply();
        if reply.id() == *mailbox {
            return Some((Mine::Reply, reply));
        }
        let desks = membership.desks.iter().map(|reading| (Mine::Desk, reading));
        let join = membership.join.iter().map(|reading| (Mine::Join, reading));
        desks.chain(join).find_map(|(mine, reading)| {
            let keys = reading.keys();
            (keys.id() == *mailbox).then_some((mine, keys))
        })
    }

    /// How far a mailbox has been read, and where it is read from again.
    fn mailbox_place(&mut self, mailbox: &MailboxId) -> Option<(&mut u64, &mut Option<Doubt>)> {
        let membership = self.membership_mut()?;
        if membership.reply().id() == *mailbox {
            return Some((&mut membership.reply_cursor, &mut membership.reply_doubt));
        }
        let mut readings = membership.desks.iter_mut().chain(&mut membership.join);
        let reading = readings.find(|reading| reading.keys().id() == *mailbox)?;
        Some((&mut reading.cursor, &mut reading.doubt))
    }

    /// From where on a mailbox is read on this connection. What an earlier relay passed over, or said
    /// of where the mailbox ends, does not outlast it.
    pub(crate) fn begin_mailbox(&mut self, mailbox: &MailboxId) -> Option<u64> {
        let (cursor, doubt) = self.mailbox_place(mailbox)?;
        let after = doubt.map_or(*cursor, |doubt| doubt.after);
        self.session.mail_cursors.insert(*mailbox, after);
        Some(after)
    }

    /// Moves to a post. False: it has been read on this connection.
    ///
    /// A relay numbers posts by its clock, so that one from the future is an error of a clock or a
    /// lie: what it leads past may have been passed over.
    fn move_mailbox_cursor(&mut self, now: u64, mailbox: &MailboxId, seq: u64) -> bool {
        let Some(last) = self.session.mail_cursors.get(mailbox).copied() else { return false };
        if seq <= last {
            return false;
        }
        self.session.mail_cursors.insert(*mailbox, seq);
        let future = seq > now.saturating_add(DAY_MS);
        let Some((cursor, doubt)) = self.mailbox_place(mailbox) else { return false };
        *cursor = seq;
        *doubt = match *doubt {
            // The first one since then: it is from the future again, or it is not.
            Some(known) if last == known.after => {
                let tries = known.tries + 1;
                (future && tries < MAX_DOUBTS).then_some(Doubt { tries, ..known })
            }
            None if future => Some(Doubt { after: last, tries: 0 }),
            other => other,
        };
        true
    }

    pub(crate) fn post(&mut self, now: u64, mailbox: MailboxId, seq: u64, received_at: u64, body: &[u8]) {
        let Some((mine, keys)) = self.find_mailbox(&mailbox) else { return };
        if !self.move_mailbox_cursor(now, &mailbox, seq) {
            return;
        }
        let opened = open_sealed(keys.sealing(), SEAL_INFO.as_bytes(), body).ok();
        let post = opened.and_then(|padded| unpad(&padded).and_then(wire::decode::<Post>).ok());
        match (mine, post) {
            (Mine::Reply, Some(Post::Welcome(welcome))) => self.take_welcome(welcome),
            (Mine::Reply, Some(Post::Refusal(refusal))) => self.take_refusal(refusal),
            (Mine::Desk, Some(Post::Report(report))) => self.report_post(now, received_at, report),
            (Mine::Join, Some(Post::Join(join))) => self.join_post(seq, received_at, join),
            (Mine::Join, Some(Post::KeyPackages(join))) => self.key_packages_post(join),
            (Mine::Join, Some(Post::Plea(kind, plea))) => self.keep_plea(kind, plea),
            (Mine::Join, Some(Post::Passes(passes))) => self.passes_post(now, received_at, &passes),
            // Not sealed to us, or not meant for this mailbox.
            _ => {}
        }
        if mine == Mine::Reply {
            let request = self.session.ask(Asked::Nothing);
            self.send(&ClientFrame::TrimMailbox { request, mailbox, through: seq });
        }
    }

    fn take_refusal(&mut self, refusal: Refusal) {
        if let Some(membership) = self.membership_mut()
            && membership.standing == Standing::Waiting
        {
            membership.standing = Standing::Refused(refusal);
        }
    }

    fn join_post(&mut self, seq: u64, received_at: u64, signed: SignedJoin) {
        let Some(join) = check_join(&signed) else { return };
        let record = self.registry.invites.iter().find(|record| record.invite.invite == join.invite);
        let Some(record) = record.cloned() else { return self.keep_early_join(seq, received_at, signed) };
        if invite_proof(&record.invite.secret, &join.role_key) != join.proof
            || self.people.contains_key(&join.role_key)
        {
            return;
        }
        let refusal = if record.revoked {
            Some(Refusal::InviteRevoked)
        } else if received_at > record.invite.expires_at {
            Some(Refusal::InviteExpired)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            return self.owe_refusal(OwedRefusal { role_key: join.role_key, reply: join.reply, refusal });
        }
        if let Some(person) = self.applicant(join, signed, record.invite.committee, seq, None) {
            self.keep_person(person);
            self.limit_waiting();
        }
    }

    /// Who asks, from a request that holds; a member if this device has seen their leaf admitted. `known`:
    /// what is there, for whoever asks this of many at once.
    pub(crate) fn applicant(
        &self,
        join: Join,
        signed: SignedJoin,
        committee: bool,
        order: u64,
        known: Option<&Known>,
    ) -> Option<Person> {
        let broadcast = join.key_packages.iter().find(|package| package.kind == ChannelKind::Broadcast)?;
        let leaf = inspect_key_package(&broadcast.key_package).ok()?;
        // A leaf is one person's: used key packages show in commits, and must not pass for another's.
        let (taken, member) = match known {
            Some(known) => (known.leaves.contains(&leaf.key), known.members.contains(&leaf.key)),
            None => {
                let channel = self.channels.get(&ChannelKind::Broadcast);
                let taken = self.people.values().any(|person| person.leaf == leaf.key);
                (taken, channel.is_some_and(|channel| channel.find_person(&leaf.key).is_some()))
            }
        };
        if taken {
            return None;
        }
        Some(Person {
            role_key: join.role_key,
            handle: clean(&join.handle),
            leaf: leaf.key,
            committee,
            approved: false,
            declined: false,
            member,
            packages: packages(join.key_packages),
            reply: join.reply,
            order,
            passes_at: 0,
            join: signed,
        })
    }

    pub(crate) fn keep_person(&mut self, person: Person) {
        self.mark(Row::Person(person.role_key));
        self.people.insert(person.role_key, person);
    }

    /// Whoever has an invite can ask any number of times: those who wait have their bound.
    fn limit_waiting(&mut self) {
        if self.people.len() <= MAX_WAITING {
            return;
        }
        let waiting = self.people.values().filter(|person| !person.member && !person.approved);
        let order: Set<(bool, u64, PublicKey)> =
            waiting.map(|person| (!person.declined, person.order, person.role_key)).collect();
        let beyond = order.len().saturating_sub(MAX_WAITING);
        for (_, _, key) in order.into_iter().take(beyond) {
            self.people.remove(&key);
            self.mark(Row::Person(key));
        }
    }

    /// The invite may be on its way to us: the request is tried again when one comes.
    fn keep_early_join(&mut self, seq: u64, received_at: u64, join: SignedJoin) {
        let early = &mut self.registry.early_joins;
        // One request of each person.
        let whose = |join: &SignedJoin| wire::decode::<Join>(&join.join).ok().map(|join| join.role_key);
        early.retain(|other| whose(&other.join) != whose(&join));
        if early.len() == MAX_EARLY_JOINS {
            early.remove(0);
        }
        early.push(EarlyJoin { seq, received_at, join });
        self.mark(Row::Registry);
    }

    pub(crate) fn retry_early_joins(&mut self) {
        for early in core::mem::take(&mut self.registry.early_joins) {
            self.join_post(early.seq, early.received_at, early.join);
        }
        self.mark(Row::Registry);
    }

    /// New key packages of somebody known, for working groups that they were removed from. The
    /// leaf in the broadcast channel stays the one that the committee admitted and can remove.
    fn key_packages_post(&mut self, signed: SignedJoin) {
        let Some(join) = check_join(&signed) else { return };
        let Some(person) = self.people.get_mut(&join.role_key) else { return };
        let groups = packages(join.key_packages).into_iter().filter(|p| p.kind != ChannelKind::Broadcast);
        for package in groups {
            person.packages.retain(|known| known.kind != package.kind);
            person.packages.push(package);
        }
        self.mark(Row::Person(join.role_key));
    }

    fn report_post(&mut self, now: u64, received_at: u64, report: SignedReport) {
        if self.take_report(now, received_at, &report) == Some(false) {
            let Some(membership) = self.membership_mut() else { return };
            keep_early_report(&mut membership.early_reports, EarlyReport { report, received_at });
        }
    }

    /// Takes in a report. `Some(false)`: its reporter is not known as a member yet.
    fn take_report(&mut self, now: u64, received_at: u64, signed: &SignedReport) -> Option<bool> {
        let public = PublicReport::decode(&signed.public).ok()?;
        PrivateReport::decode(&signed.private).ok()?;
        let digest = report_digest(&signed.public, &private_hash(&signed.private));
        let channel = self.channels.get(&ChannelKind::Broadcast)?;
        if public.network != channel.governance.network()
            || !keys::verify(&signed.leaf, &digest, &signed.signature)
        {
            return None;
        }
        if channel.governance.strict() && wire::encode(&public) != signed.public {
            return None;
        }
        let Some(reporter) = channel.whose(now, &signed.leaf) else { return Some(false) };
        let id = public.incident;
        let (age, own_time) = (self.known_age(received_at), self.own_time(received_at));
        let incident = self.incidents.get_or_insert_with(id, || Incident::new(id, now));
        if !incident.report(&signed.public, &signed.private) || incident.at_desk {
            return Some(true);
        }
        incident.at_desk = true;
        incident.received_at = received_at;
        incident.since = now.saturating_sub(age);
        incident.reporter = Some(reporter);
        incident.updated_at = now;
        // Nobody can verify yesterday's: no news, and no words of it.
        if age >= WORDS_TTL && incident.alert.is_none() {
            incident.past = true;
            incident.updated_at = own_time.min(now);
        }
        self.mark(Row::Incident(id));
        self.take_early_attestations(&id);
        self.limit_reports_of(&reporter);
        Some(true)
    }

    /// Whoever reports more than anybody can see loses their own oldest, and nobody else's.
    fn limit_reports_of(&mut self, reporter: &PublicKey) {
        let unverified = self
            .incidents
            .values()
            .filter(|incident| incident.alert.is_none() && incident.reporter == Some(*reporter));
        let order: Set<(bool, u64, IncidentId)> = unverified
            .map(|incident| (!incident.attestations.is_empty(), incident.received_at, incident.id))
            .collect();
        let beyond = order.len().saturating_sub(MAX_UNVERIFIED);
        for (_, _, id) in order.into_iter().take(beyond) {
            self.incidents.remove(&id);
            self.mark(Row::Incident(id));
        }
    }

    /// Tries reports again whose reporter was not known yet.
    pub(crate) fn retry_early_reports(&mut self, now: u64) {
        if self.membership().is_none_or(|membership| membership.early_reports.is_empty()) {
            return;
        }
        let early = self.membership_mut().map(|m| core::mem::take(&mut m.early_reports)).unwrap_or_default();
        for report in early {
            let fresh = self.known_age(report.received_at) < EARLY_REPORT_TTL;
            if fresh
                && self.take_report(now, report.received_at, &report.report) == Some(false)
                && let Some(membership) = self.membership_mut()
            {
                membership.early_reports.push(report);
            }
        }
    }
}

/// One more that waits. Whoever fills the room with theirs loses their own first.
fn keep_early_report(early: &mut Vec<EarlyReport>, new: EarlyReport) {
    let theirs = |other: &EarlyReport| other.report.leaf == new.report.leaf;
    let first = if early.iter().filter(|other| theirs(other)).count() >= MAX_EARLY_REPORTS_OF_ONE {
        early.iter().position(theirs)
    } else {
        (early.len() >= MAX_EARLY_REPORTS).then_some(0)
    };
    first.map(|first| early.remove(first));
    early.push(new);
}

/// A join request whose signature and shape hold.
pub(crate) fn check_join(signed: &SignedJoin) -> Option<Join> {
    let join: Join = wire::decode_within(&signed.join, MAX_JOIN).ok()?;
    let holds = keys::verify(&join.role_key, &join_digest(&signed.join), &signed.signature)
        && name_holds(&join.handle)
        && !clean(&join.handle).is_empty()
        && join.key_packages.len() <= ChannelKind::ALL.len()
        && join.key_packages.iter().all(|package| package.key_package.len() <= MAX_KEY_PACKAGE);
    holds.then_some(join)
}

fn packages(packages: Vec<campana_protocol::mailbox::KeyPackageFor>) -> Vec<Package> {
    packages.into_iter().map(|p| Package { kind: p.kind, key_package: p.key_package }).collect()
}
