//! How many phones have an alert, for the committee and the desk: counts the relay keeps, asked for
//! again while they still grow. Nothing here is stored.

use campana_protocol::frame::ClientFrame;
use campana_protocol::governance::{ChannelKind, Role};
use campana_protocol::limits::DAY_MS;

use crate::core::Core;
use crate::incident::Incident;
use crate::limits::{MAX_ASKED, OFTEN, SELDOM, YOUNG};
use crate::session::Asked;
use crate::sorted::Map;
use crate::view::{CoverageView, ReachView};

/// What the relay has said on this connection.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    receipts: Map<u64, u64>,
    registered: Option<(u64, u64)>,
    next: u64,
}

impl Core {
    /// Asks, if it is time.
    pub(crate) fn coverage_duty(&mut self, now: u64) {
        let current = self.session.streams.get(&ChannelKind::Broadcast).is_some_and(|stream| stream.current);
        if !self.session.pushes || !current || !self.sees_coverage() {
            return;
        }
        if now < self.session.coverage.next {
            return self.wake_at(self.session.coverage.next);
        }
        if self.session.asked_for(|asked| matches!(asked, Asked::Coverage(_))) {
            return;
        }
        let Some(channel) = self.channels.get(&ChannelKind::Broadcast).map(|channel| channel.id) else {
            return;
        };
        let mut recent: Vec<(u64, u64)> = self
            .incidents
            .values()
            .filter(|incident| now.saturating_sub(incident.updated_at) < DAY_MS)
            .filter_map(|incident| Some((incident.updated_at, *incident.seqs.last()?)))
            .collect();
        recent.sort_unstable_by(|a, b| b.cmp(a));
        recent.truncate(MAX_ASKED);
        let young = recent.first().is_some_and(|(at, _)| now.saturating_sub(*at) < YOUNG);
        if recent.is_empty() {
            recent.push((0, 0));
        }
        for (_, seq) in recent {
            let request = self.session.ask(Asked::Coverage(seq));
            self.send(&ClientFrame::ReadCoverage { request, channel, seq });
        }
        self.session.coverage.next = now + if young { OFTEN } else { SELDOM };
        self.wake_at(self.session.coverage.next);
    }

    /// Something new is to be counted: at once, and not when it is next time.
    pub(crate) fn coverage_soon(&mut self) {
        self.session.coverage.next = 0;
    }

    pub(crate) fn covered(&mut self, request: u32, receipts: u64, registered: u64, proved: u64) {
        let Some(Asked::Coverage(seq)) = self.session.requests.remove(&request) else { return };
        self.session.coverage.receipts.insert(seq, receipts);
        self.session.coverage.registered = Some((registered, proved));
    }

    /// The committee and the desk.
    fn sees_coverage(&self) -> bool {
        let (Some(membership), Some(channel)) =
            (self.membership(), self.channels.get(&ChannelKind::Broadcast))
        else {
            return false;
        };
        let own = membership.role_key();
        let governance = &channel.governance;
        governance.committee().contains(&own)
            || governance.holds(&own, Role::Dispatcher)
            || governance.holds(&own, Role::Verifier)
    }

    pub(crate) fn coverage_of(&self, incident: &Incident) -> Option<CoverageView> {
        let receipts = *self.session.coverage.receipts.get(incident.seqs.last()?)?;
        let members = self.channels.get(&ChannelKind::Broadcast)?.group.len();
        // Whoever lies can send more receipts than there are phones.
        let phones = usize::try_from(receipts).map_or(members, |receipts| receipts.min(members));
        Some(CoverageView { phones, members })
    }

    /// The relay will say how many phones ring, and has not said all of it yet.
    pub(crate) fn counting(&self) -> bool {
        let asked = self.session.asked_for(|asked| matches!(asked, Asked::Coverage(_)));
        let never = self.session.coverage.registered.is_none() && self.session.pushes;
        asked || (never && self.sees_coverage())
    }

    pub(crate) fn reach_view(&self) -> Option<ReachView> {
        let (registered, proved) = self.session.coverage.registered.filter(|_| self.sees_coverage())?;
        let members = self.channels.get(&ChannelKind::Broadcast)?.group.len();
        let count = |count: u64| usize::try_from(count).map_or(members, |count| count.min(members));
        Some(ReachView { members, registered: count(registered), proved: count(proved) })
    }
}
