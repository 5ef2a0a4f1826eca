//! The push of one alert: reads registrations page by page, gives each to the lane of its
//! service, and writes down how far it has come.

use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use campana_protocol::id::RegistrationId;
use campana_protocol::limits::PUSH_TTL_MS;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::gate::Gate;
use super::lane::Lane;
use super::payload;
use super::sender::{Outfit, Pushed};
use crate::limits::{
    MAX_LANES, PUSH_DRAIN_MS, PUSH_PAGE, PUSH_PROGRESS_MS, PUSH_PROGRESS_SETTLED, PUSH_WINDOW,
};
use crate::serve::now;
use crate::shared::QueueFull;
use crate::store::{PushJob, PushProgress, Registration, Store, Write};

/// The job in progress.
struct Job<S> {
    outfit: Arc<Outfit<S>>,
    job: PushJob,
    pushed: Arc<Pushed>,
    lanes: Vec<Handle>,
    by_host: HashMap<String, usize>,
    tasks: JoinSet<()>,
    settled: mpsc::UnboundedSender<RegistrationId>,
    stop: watch::Receiver<bool>,
    /// Dispatched and not settled, each with its lane.
    waiting: HashMap<RegistrationId, usize>,
    /// Those that the store knows as unsettled.
    written: HashSet<RegistrationId>,
    /// All up to this one have been dispatched.
    cursor: Option<RegistrationId>,
    dirty: bool,
}

struct Handle {
    inbox: mpsc::UnboundedSender<RegistrationId>,
    gate: Arc<Gate>,
    waiting: usize,
}

/// Pushes until all are settled, its time is over, or the relay stops.
pub(super) async fn run<S: Store>(outfit: Arc<Outfit<S>>, job: PushJob, mut stop: watch::Receiver<bool>) {
    let age = now().saturating_sub(job.created_at);
    let deadline = Instant::now() + Duration::from_millis(PUSH_TTL_MS.saturating_sub(age));
    let store = outfit.shared.store();
    let written = store.unsettled(&job.channel, job.seq).unwrap_or_default();
    let page = store.read(&job.channel, job.seq.saturating_sub(1), job.seq, usize::MAX);
    let entry = page.ok().and_then(|page| page.items.into_iter().next());
    let plain = entry.map(|entry| payload::of_entry(job.channel, entry, &outfit.navigate));
    let pushed = Pushed::entry(&job, plain.clone().unwrap_or_default());
    let (settled, mut heard) = mpsc::unbounded_channel();
    let mut running = Job {
        outfit,
        job,
        pushed: Arc::new(pushed),
        lanes: Vec::new(),
        by_host: HashMap::new(),
        tasks: JoinSet::new(),
        settled,
        stop: stop.clone(),
        waiting: HashMap::new(),
        written: HashSet::from_iter(written.iter().copied()),
        cursor: job.cursor,
        dirty: false,
    };
    if plain.is_none() || deadline <= Instant::now() {
        return running.finish().await;
    }
    running.resume(&written);
    let mut more = true;
    let mut settled_since = 0;
    let mut ticks = interval(Duration::from_millis(PUSH_PROGRESS_MS));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    loop {
        while more && !*stop.borrow() && running.moving() < PUSH_WINDOW {
            more = running.dispatch_page();
        }
        if !more && running.waiting.is_empty() {
            return running.finish().await;
        }
        tokio::select! {
            Some(registration) = heard.recv() => {
                running.settle(registration);
                settled_since += 1;
            }
            _ = ticks.tick() => settled_since = PUSH_PROGRESS_SETTLED,
            () = sleep_until(deadline) => return running.finish().await,
            _ = stop.changed() => return running.stop(heard).await,
        }
        if settled_since >= PUSH_PROGRESS_SETTLED {
            settled_since = 0;
            // A full queue is a busy relay: the next tick tries again.
            let _ = running.write();
        }
    }
}

impl<S: Store> Job<S> {
    /// Those that were under way when the relay last stopped.
    fn resume(&mut self, unsettled: &[RegistrationId]) {
        for id in unsettled {
            match self.outfit.shared.store().registration(&self.job.channel, id, now()) {
                Ok(Some(registration)) => self.dispatch(&registration),
                Ok(None) | Err(_) => self.dirty = true,
            }
        }
    }

    /// Whether there is another page.
    fn dispatch_page(&mut self) -> bool {
        let page = self.outfit.shared.store().registrations(&self.job.channel, self.cursor, PUSH_PAGE, now());
        let Ok(page) = page else {
            // The store fails: what is dispatched goes on, the rest waits for the next start.
            return false;
        };
        for registration in &page.items {
            self.dispatch(registration);
        }
        let last = page.items.last().map(|registration| registration.registration);
        self.cursor = page.through.or(last).or(self.cursor);
        self.dirty = true;
        page.through.is_some()
    }

    fn dispatch(&mut self, registration: &Registration) {
        let id = registration.registration;
        let Some(host) = self.outfit.host(&self.job.channel, registration) else {
            return self.outfit.count_unusable();
        };
        let lane = self.lane(host);
        self.lanes[lane].waiting += 1;
        self.waiting.insert(id, lane);
        // A lane that has ended was stopped, and so is this job.
        let _ = self.lanes[lane].inbox.send(id);
    }

    /// The lane of a host. Past a limit, hosts share: those names are no push service's.
    fn lane(&mut self, host: String) -> usize {
        let host = if self.lanes.len() < MAX_LANES || self.by_host.contains_key(&host) {
            host
        } else {
            String::new()
        };
        if let Some(lane) = self.by_host.get(&host) {
            return *lane;
        }
        let gate = self.outfit.gates.of(&host);
        let (inbox, out) = mpsc::unbounded_channel();
        let lane = Lane {
            outfit: Arc::clone(&self.outfit),
            pushed: Arc::clone(&self.pushed),
            gate: Arc::clone(&gate),
            inbox: out,
            settled: self.settled.clone(),
            stop: self.stop.clone(),
        };
        self.tasks.spawn(lane.run());
        self.lanes.push(Handle { inbox, gate, waiting: 0 });
        self.by_host.insert(host, self.lanes.len() - 1);
        self.lanes.len() - 1
    }

    /// Those waiting in lanes that get on. A lane that is shut holds up nobody.
    fn moving(&self) -> usize {
        self.lanes.iter().filter(|lane| !lane.gate.is_shut()).map(|lane| lane.waiting).sum()
    }

    fn settle(&mut self, registration: RegistrationId) {
        if let Some(lane) = self.waiting.remove(&registration) {
            self.lanes[lane].waiting -= 1;
            self.dirty = true;
        }
    }

    /// Writes down what has changed, in pieces. The cursor comes last: what is before it has been
    /// written by then.
    fn write(&mut self) -> Result<(), QueueFull> {
        if !self.dirty {
            return Ok(());
        }
        let added: Vec<_> = self.waiting.keys().filter(|id| !self.written.contains(*id)).copied().collect();
        for ids in added.chunks(PUSH_PAGE) {
            self.submit(|progress| progress.unsettled = ids.to_vec())?;
            self.written.extend(ids);
        }
        let removed: Vec<_> =
            self.written.iter().filter(|id| !self.waiting.contains_key(*id)).copied().collect();
        for ids in removed.chunks(PUSH_PAGE) {
            self.submit(|progress| progress.settled = ids.to_vec())?;
            for id in ids {
                self.written.remove(id);
            }
        }
        let cursor = self.cursor;
        self.submit(|progress| progress.cursor = cursor)?;
        self.dirty = false;
        Ok(())
    }

    fn submit(&self, fill: impl FnOnce(&mut PushProgress)) -> Result<(), QueueFull> {
        let (channel, seq) = (self.job.channel, self.job.seq);
        let mut progress = PushProgress {
            channel,
            seq,
            cursor: None,
            unsettled: Vec::new(),
            settled: Vec::new(),
            done: false,
        };
        fill(&mut progress);
        self.outfit.shared.submit(Write::PushProgress(progress))
    }

    /// The job is over, whatever is left.
    async fn finish(mut self) {
        self.waiting.clear();
        self.tasks.abort_all();
        self.dirty = true;
        while self.write().is_err() || self.submit(|progress| progress.done = true).is_err() {
            tokio::time::sleep(Duration::from_millis(PUSH_PROGRESS_MS)).await;
            if *self.stop.borrow() {
                return;
            }
        }
    }

    /// Waits a little for what is under way, then writes down what is left for the next start.
    async fn stop(mut self, mut heard: mpsc::UnboundedReceiver<RegistrationId>) {
        let (none, _) = mpsc::unbounded_channel();
        self.settled = none;
        let limit = Duration::from_millis(PUSH_DRAIN_MS);
        let _ = timeout(limit, async {
            while let Some(registration) = heard.recv().await {
                self.settle(registration);
            }
        })
        .await;
        if self.write().is_err() {
            tracing::warn!("a push job's progress could not be written: what was sent last is repeated");
        }
    }
}
