//! Passes: what gets a member's report through while somebody floods the desk's mailbox.
//!
//! The relay has no accounts, so to it a flood is as many people as it has connections. The committee knows
//! its members: ahead of time each sends it the hashes of a few secrets, signed, and an owner's device lets
//! them in at the relay, many members' at once and in the order of their bytes, and keeps no word of whose
//! they were. A report that the relay puts off goes again with one of the secrets, for which the relay has
//! room of its own. So whoever floods has as many reports through as everybody else.
//!
//! A device asks by mail, for a stranger to the log can't and the log would keep it.

use campana_protocol::frame::{ClientFrame, Pass, Secret, pass_id};
use campana_protocol::governance::ChannelKind;
use campana_protocol::id::Hash;
use campana_protocol::limits::{DAY_MS, MAX_PASSES, PASS_TTL_MS, PASSES_EACH};
use campana_protocol::mailbox::{Passes, Post, ReturnAddress, SignedPasses, passes_digest};
use campana_protocol::wire;

use crate::core::Core;
use crate::duty::Duty;
use crate::keys;
use crate::limits::{MAX_PASSES_KEPT, PASSES_AT_ONCE, PASSES_SPREAD, PASSES_WAIT};
use crate::rows::Row;
use crate::session::{As, Asked};
use crate::state::{Job, Standing};

const BROADCAST: ChannelKind = ChannelKind::Broadcast;

impl Core {
    pub(crate) fn passes_duty(&mut self, now: u64) {
        match self.session.proved(BROADCAST) {
            Some(As::Owner) => self.let_passes_in(now),
            // Owners are not rationed.
            Some(As::Member) if !self.owns(BROADCAST) => self.ask_for_passes(now),
            _ => {}
        }
    }

    fn ask_for_passes(&mut self, now: u64) {
        let at = self.relay_time(now);
        let Some(membership) = self.membership().filter(|m| m.standing == Standing::Member) else { return };
        let Some(invitation) = membership.invitation.as_ref() else { return };
        let to = ReturnAddress { mailbox: invitation.mailbox, sealing: invitation.sealing };
        let due = membership.passes_at == 0 || membership.passes_at.abs_diff(at) >= PASS_TTL_MS / 2;
        let busy = self.outbox.values().any(|job| matches!(job, Job::Report { .. } | Job::Post { .. }));
        let ready = self.caught_up(BROADCAST)
            && self.session.streams.get(&BROADCAST).is_some_and(|stream| stream.current)
            && self.session.retry_at.is_none();
        if !due || busy || !ready {
            return;
        }
        let known = self.waiting.contains_key(&Duty::Passes);
        if !known {
            self.session.passes_in = self.random.below(PASSES_SPREAD);
        }
        if !self.my_turn(now, Duty::Passes, self.session.passes_in) {
            return;
        }
        self.waiting.remove(&Duty::Passes);
        let secrets: Vec<Secret> = (0..PASSES_EACH).map(|_| Secret(self.random.bytes())).collect();
        let Some(membership) = self.membership_mut() else { return };
        let network = membership.network;
        let keys = membership.role();
        let passes = secrets.iter().map(pass_id).collect();
        membership.passes = secrets;
        membership.passes_at = at;
        let passes = wire::encode(&Passes { role_key: keys.public(), passes });
        let signature = keys.sign(passes_digest(&network, &passes).as_bytes());
        self.post_to(&to, &Post::Passes(SignedPasses { passes, signature }));
    }

    /// A member wants passes let in. Once in half of their lifetime: whoever asks more often has no more.
    pub(crate) fn passes_post(&mut self, now: u64, received_at: u64, signed: &SignedPasses) {
        let Some(network) = self.membership().map(|membership| membership.network) else { return };
        let Ok(asked) = wire::decode::<Passes>(&signed.passes) else { return };
        let digest = passes_digest(&network, &signed.passes);
        let Some(person) = self.people.get_mut(&asked.role_key).filter(|person| person.member) else {
            return;
        };
        let again = person.passes_at.abs_diff(received_at) >= PASS_TTL_MS / 2 - DAY_MS;
        if !again
            || asked.passes.len() > PASSES_EACH
            || self.registry.passes.len() >= MAX_PASSES_KEPT
            || !keys::verify(&asked.role_key, &digest, &signed.signature)
        {
            return;
        }
        person.passes_at = received_at;
        self.mark(Row::Person(asked.role_key));
        if self.registry.passes.is_empty() {
            self.registry.passes_since = now;
        }
        self.registry.passes.extend(asked.passes);
        // The order in which they came would say whose they are.
        self.registry.passes.sort_unstable();
        self.registry.passes.dedup();
        self.mark(Row::Registry);
    }

    fn let_passes_in(&mut self, now: u64) {
        let passes = &self.registry.passes;
        let asked = self.session.asked_for(|asked| matches!(asked, Asked::Passes(_)));
        if passes.is_empty() || self.session.passes_unknown || self.session.retry_at.is_some() || asked {
            return;
        }
        let due = self.registry.passes_since.saturating_add(PASSES_WAIT);
        // A clock that was set back makes nobody wait for its past.
        if passes.len() < PASSES_AT_ONCE && (self.registry.passes_since..due).contains(&now) {
            return self.wake_at(due);
        }
        let Some(channel) = self.channels.get(&BROADCAST).map(|channel| channel.id) else { return };
        let passes: Vec<Hash> = passes.iter().take(MAX_PASSES).copied().collect();
        let request = self.session.ask(Asked::Passes(passes.clone()));
        self.send(&ClientFrame::AddPasses { request, channel, passes });
    }

    /// The relay has let them in, or will not.
    pub(crate) fn passes_settled(&mut self, passes: &[Hash]) {
        self.registry.passes.retain(|pass| !passes.contains(pass));
        self.mark(Row::Registry);
    }

    /// The pass that a report goes with: none, until the relay has put it off.
    pub(crate) fn pass_for(&mut self, id: u64) -> Option<Pass> {
        let channel = self.channels.get(&BROADCAST)?.id;
        if !self.session.put_off.contains(&id) || !matches!(self.outbox.get(&id), Some(Job::Report { .. })) {
            return None;
        }
        let secret = match self.session.passing.get(&id) {
            Some(secret) => secret.clone(),
            None => {
                let secret = self.membership_mut().filter(|m| !m.passes.is_empty())?.passes.pop()?;
                self.session.passing.insert(id, secret.clone());
                secret
            }
        };
        Some(Pass { channel, secret })
    }

    /// The relay has put it off: it goes with a pass next, and with another one if it had one.
    pub(crate) fn put_off(&mut self, id: u64) {
        self.session.put_off.insert(id);
        self.session.passing.remove(&id);
    }
}
