//! Posting: whose ration a post draws on, and how much it weighs against others in a full mailbox.

use campana_protocol::code::Code;
use campana_protocol::frame::{Pass, pass_id};
use campana_protocol::id::{ChannelId, Hash, MailboxId, RecordId};
use campana_protocol::limits::{MAX_PASSED_POST, MAX_POST_BODY};

use super::Session;
use super::requests::within;
use crate::flood::Ration;
use crate::limits::POST_WEIGHT_MS;
use crate::shared::Shared;
use crate::store::{Rights, Store, Write};

/// How much a connection has posted lately, in kibibytes. In a full mailbox what is heavy gives way to
/// what is light, so a flood of few connections displaces itself. A number, not a name: what is stored with
/// a post does not say which others came from the same connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weight {
    /// In milliseconds of [`POST_WEIGHT_MS`] each.
    level: u64,
    at: u64,
}

impl Weight {
    pub(super) fn new(now: u64) -> Self {
        Self { level: 0, at: now }
    }

    /// What a post of so many bytes weighs: itself, and what came before it.
    fn add(&mut self, now: u64, bytes: usize) -> u16 {
        let gone = now.saturating_sub(self.at);
        self.at = now;
        self.level = self.level.saturating_sub(gone);
        // So that a whole minute's pause forgives a whole post, whenever it comes.
        let before = self.level.div_ceil(POST_WEIGHT_MS);
        let own = (bytes as u64).div_ceil(1_024).max(1);
        self.level =
            self.level.saturating_add(own * POST_WEIGHT_MS).min(u64::from(u16::MAX) * POST_WEIGHT_MS);
        u16::try_from(before + own).unwrap_or(u16::MAX)
    }
}

impl Session {
    pub(super) fn post<S: Store>(
        &mut self,
        shared: &Shared<S>,
        now: u64,
        request: u32,
        mailbox: MailboxId,
        (record, body): (RecordId, Vec<u8>),
        pass: Option<&Pass>,
    ) -> Result<(), Code> {
        within(body.len(), MAX_POST_BODY)?;
        let pass = self.holds(shared, pass, body.len())?;
        let vouched = self.grants.vouched(&shared.store);
        let owner = vouched.is_some_and(|(_, rights)| rights == Rights::Owner);
        let state = shared.store.mailbox(&mailbox).map_err(|error| error.code())?;
        let ration = match vouched {
            _ if owner || self.grants.reads(&mailbox) => None,
            // Strangers post there only if it is opened: they are refused, and use up nothing.
            None if !state.opened => None,
            None => Some(Ration::StrangersPosts(mailbox)),
            Some(_) if state.opened || state.kept => Some(Ration::MembersPosts(mailbox)),
            Some((channel, _)) => Some(Ration::UnopenedPosts(channel)),
        };
        if let Some(ration) = ration.filter(|_| pass.is_none()) {
            self.draw(shared, now, ration, body.len())?;
        }
        let weight = if owner || pass.is_some() { 0 } else { self.posted.add(now, body.len()) };
        let (insider, read) = (vouched.is_some(), shared.read_through(&mailbox));
        self.submit(shared, request, Write::Post { mailbox, insider, weight, read, record, body, pass })
    }

    /// The pass, if it is good for a post of this length.
    fn holds<S: Store>(
        &self,
        shared: &Shared<S>,
        pass: Option<&Pass>,
        length: usize,
    ) -> Result<Option<(ChannelId, Hash)>, Code> {
        let Some(pass) = pass.filter(|_| length <= MAX_PASSED_POST) else { return Ok(None) };
        if self.grants.current(&shared.store, &pass.channel).is_err() {
            return Ok(None);
        }
        let id = pass_id(&pass.secret);
        let unused = shared.store.pass(&pass.channel, &id).map_err(|error| error.code())?;
        Ok(unused.then_some((pass.channel, id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_posts_now_and_then_stays_light_and_who_floods_gets_heavy() {
        let mut now_and_then = Weight::new(0);
        for minute in 0..100 {
            assert_eq!(now_and_then.add(minute * 60_000, 2_000), 2);
        }
        let mut flood = Weight::new(0);
        assert_eq!([flood.add(0, 1), flood.add(0, 16_384), flood.add(0, 1)], [1, 17, 18]);
        for _ in 0..10_000 {
            flood.add(0, 16_384);
        }
        assert_eq!(flood.add(0, 1), u16::MAX);
    }
}
