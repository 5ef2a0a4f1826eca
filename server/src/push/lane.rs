//! The pushes of one alert to one service: as many at once as its gate lets through, each again
//! until it is settled.

use core::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use campana_protocol::id::RegistrationId;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::client::{Answer, Outcome};
use super::gate::{Gate, Pass, pause};
use super::sender::{Outfit, Pushed, Sent};
use crate::store::Store;

/// Where a lane's work comes from and goes to.
pub(super) struct Lane<S> {
    pub(super) outfit: Arc<Outfit<S>>,
    pub(super) pushed: Arc<Pushed>,
    pub(super) gate: Arc<Gate>,
    pub(super) inbox: mpsc::UnboundedReceiver<RegistrationId>,
    pub(super) settled: mpsc::UnboundedSender<RegistrationId>,
    pub(super) stop: watch::Receiver<bool>,
}

/// A registration and how often it has failed.
type Due = (RegistrationId, u32);

impl<S: Store> Lane<S> {
    /// Until its inbox is closed and all are settled, or the relay stops and what is under way is
    /// answered.
    pub(super) async fn run(mut self) {
        let mut ready: VecDeque<Due> = VecDeque::new();
        let mut later: BinaryHeap<Reverse<(Instant, Due)>> = BinaryHeap::new();
        let mut under_way = FuturesUnordered::new();
        let (mut open, mut stopping) = (true, *self.stop.borrow());
        loop {
            let now = Instant::now();
            while later.peek().is_some_and(|Reverse((at, _))| *at <= now)
                && let Some(Reverse((_, due))) = later.pop()
            {
                ready.push_back(due);
            }
            let idle = !open && ready.is_empty() && later.is_empty();
            if under_way.is_empty() && (idle || stopping) {
                return;
            }
            let next = later.peek().map(|Reverse((at, _))| *at);
            let gate = Arc::clone(&self.gate);
            tokio::select! {
                biased;
                _ = self.stop.changed(), if !stopping => stopping = true,
                Some((due, sent)) = under_way.next(), if !under_way.is_empty() => {
                    if let Some(again) = self.settle(due, sent) {
                        later.push(Reverse(again));
                    }
                }
                pass = gate.enter(), if !ready.is_empty() && !stopping => {
                    if let Some(due) = ready.pop_front() {
                        under_way.push(self.send(due, pass));
                    }
                }
                heard = self.inbox.recv(), if open => match heard {
                    Some(registration) => ready.push_back((registration, 0)),
                    None => open = false,
                },
                () = sleep_until(next.unwrap_or(now)), if next.is_some() => {}
            }
        }
    }

    fn send(&self, due: Due, pass: Pass) -> impl Future<Output = (Due, Option<Sent>)> + use<S> {
        let (outfit, pushed) = (Arc::clone(&self.outfit), Arc::clone(&self.pushed));
        async move {
            let sent = outfit.send(&pushed, &due.0).await;
            if let Some(sent) = &sent {
                pass.report(&sent.answer);
            }
            (due, sent)
        }
    }

    /// When it is to be tried again, if it is.
    fn settle(&self, (registration, failures): Due, sent: Option<Sent>) -> Option<(Instant, Due)> {
        if let Some(sent) = sent {
            self.outfit.count(&sent.answer.outcome);
            match sent.answer {
                Answer { outcome: Outcome::Later { after }, .. } => {
                    let wait = pause(failures).max(after.unwrap_or_default());
                    return Some((Instant::now() + wait, (registration, failures.saturating_add(1))));
                }
                Answer { outcome: Outcome::Gone, .. } => {
                    self.outfit.end(&self.pushed, registration, sent.sealed);
                }
                Answer { outcome: Outcome::Delivered | Outcome::Refused(_), .. } => {}
            }
        }
        // Nobody listens any more: the job has ended.
        let _ = self.settled.send(registration);
        None
    }
}
