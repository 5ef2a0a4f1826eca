//! The push of one alert: reads registrations page by page, gives each to the lane of its service,
//! and writes down how far it has come. A service that falls behind is read for by itself from
//! then on, as it gets on: the pages for the others wait for nobody.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use campana_protocol::id::RegistrationId;
use campana_protocol::limits::PUSH_TTL_MS;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};

use super::endpoint::{Service, Target};
use super::gate::Gate;
use super::lane::{Event, Lane};
use super::payload;
use super::rings;
use super::sender::{Outfit, Pushed, Stop};
use super::turns::Name;
use super::walk::Walk;
use crate::limits::{
    LANE_HIGH, LANE_LOW, LANE_PUT_OFF, PUSH_DRAIN_MS, PUSH_PAGE, PUSH_PAGE_MS, PUSH_PARK_MS,
    PUSH_PROGRESS_MS, PUSH_PROGRESS_SETTLED, PUSH_PROGRESS_SHARE, PUSH_PROGRESS_SLOW_MS, PUSH_READ_AGAIN_MS,
};
use crate::serve::now;
use crate::shared::{Inbox, Ticket};
use crate::store::{PushJob, PushProgress, ReadError, RegistrationPage, Store, Write};

/// How a job's task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The alert has been pushed, or its time is over.
    Over,
    /// What is left is written down.
    Parked,
}

/// The job in progress.
struct Job<S> {
    outfit: Arc<Outfit<S>>,
    name: Name,
    pushed: Arc<Pushed>,
    lanes: HashMap<Service, Handle>,
    tasks: JoinSet<()>,
    events: mpsc::UnboundedSender<Event>,
    stop: watch::Receiver<Stop>,
    /// To be looked up and given to lanes.
    found: VecDeque<RegistrationId>,
    /// Given to lanes and not settled.
    waiting: HashMap<RegistrationId, Service>,
    /// Reads for all lanes that keep up.
    front: Walk,
    /// When it reads on whoever is busy: there may be services that it has not come to.
    front_due: Instant,
    dirty: bool,
    done: bool,
    /// A write is on its way.
    writing: bool,
    inbox: Arc<Inbox>,
}

struct Handle {
    inbox: mpsc::UnboundedSender<(RegistrationId, Arc<Gate>)>,
    waiting: usize,
    put_off: Arc<AtomicUsize>,
    /// Reads for this lane alone: it has fallen behind.
    own: Option<Walk>,
}

/// What can be read next.
#[derive(Debug, Clone, Copy)]
enum Next {
    Found,
    Front,
    Own(Service),
}

/// Pushes until all are settled, its time is over, or it is told to stop.
pub(super) async fn run<S: Store>(
    outfit: Arc<Outfit<S>>,
    name: Name,
    mut stop: watch::Receiver<Stop>,
) -> End {
    let age = now().saturating_sub(name.created_at);
    let deadline = Instant::now() + Duration::from_millis(PUSH_TTL_MS.saturating_sub(age));
    let (events, mut heard) = mpsc::unbounded_channel();
    let (job, unsettled, plain) = loop {
        match load(&outfit, &name) {
            // It has ended, or there was nobody to push to.
            Ok(None) => return End::Over,
            Ok(Some(loaded)) => break loaded,
            Err(error) => tracing::error!(%error, "an alert to be pushed cannot be read: again in a moment"),
        }
        tokio::select! {
            () = sleep(Duration::from_millis(PUSH_READ_AGAIN_MS)) => {}
            _ = stop.changed() => return End::Parked,
            // Nobody would want it any more.
            () = sleep_until(deadline) => return End::Over,
        }
    };
    let over = plain.is_none() || deadline <= Instant::now();
    let pushed = Pushed::entry(&name, plain.unwrap_or_default());
    let mut running = Job::new((outfit, name, pushed), &job, unsettled, (events, stop.clone()));
    if over {
        return running.finish().await;
    }
    let (mut settled_since, mut written_at) = (0, Instant::now());
    let mut read_again = None;
    let mut ticks = interval(Duration::from_millis(PUSH_PROGRESS_MS));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    loop {
        let next = running.next();
        if next.is_none() && running.waiting.is_empty() && running.all_read() {
            return running.finish().await;
        }
        tokio::select! {
            biased;
            _ = stop.changed() => return running.stop(heard).await,
            () = sleep_until(deadline) => return running.finish().await,
            _ = ticks.tick() => {
                // Each write holds all that waits: while little moves, it is not worth that twice a second.
                let much = settled_since * PUSH_PROGRESS_SHARE >= running.waiting.len();
                if much || written_at.elapsed() >= Duration::from_millis(PUSH_PROGRESS_SLOW_MS) {
                    settled_since = PUSH_PROGRESS_SETTLED;
                }
            }
            () = running.inbox.bell.rung() => running.committed(),
            Some(event) = heard.recv() => {
                running.hear(event);
                settled_since += 1;
            }
            () = sleep_until(read_again.unwrap_or(deadline)), if next.is_some() && read_again.is_some() => {
                read_again = None;
            }
            () = sleep_until(running.front_due), if next.is_none() && !running.front.done() => {}
            Some(next) = core::future::ready(next), if read_again.is_none() => {
                if let Err(error) = running.read(next) {
                    tracing::error!(%error, "registrations cannot be read: again in a moment");
                    read_again = Some(Instant::now() + Duration::from_millis(PUSH_READ_AGAIN_MS));
                }
            }
        }
        if settled_since >= PUSH_PROGRESS_SETTLED {
            (settled_since, written_at) = (0, Instant::now());
            running.write();
        }
    }
}

/// The job, its unsettled registrations, and what is pushed (`None`: the entry has gone).
type Loaded = (PushJob, Vec<RegistrationId>, Option<Vec<u8>>);

fn load<S: Store>(outfit: &Outfit<S>, name: &Name) -> Result<Option<Loaded>, ReadError> {
    let (store, Name { channel, seq, .. }) = (outfit.shared.store(), *name);
    let Some(mut job) = store.push_job(&channel, seq)? else { return Ok(None) };
    let unsettled = store.unsettled(&channel, seq)?.unwrap_or_else(|| {
        tracing::error!("whom an alert has not reached yet is damaged: it is pushed anew to everybody");
        (job.cursor, job.lanes) = (None, Vec::new());
        Vec::new()
    });
    if let Some(plain) = rings::plain(&channel, seq, &outfit.navigate) {
        return Ok(Some((job, unsettled, Some(plain))));
    }
    let page = store.read(&channel, seq.saturating_sub(1), seq, usize::MAX)?;
    let plain =
        page.items.into_iter().next().map(|entry| payload::of_entry(channel, entry, &outfit.navigate));
    Ok(Some((job, unsettled, plain)))
}

impl<S: Store> Job<S> {
    /// Where it stopped.
    fn new(
        (outfit, name, pushed): (Arc<Outfit<S>>, Name, Pushed),
        job: &PushJob,
        unsettled: Vec<RegistrationId>,
        (events, stop): (mpsc::UnboundedSender<Event>, watch::Receiver<Stop>),
    ) -> Self {
        let push = Arc::clone(&outfit.push);
        let start = push.secret.order(&name.channel, name.seq);
        let mut running = Self {
            outfit,
            name,
            pushed: Arc::new(pushed),
            lanes: HashMap::new(),
            tasks: JoinSet::new(),
            events,
            stop,
            found: unsettled.into(),
            waiting: HashMap::new(),
            front: Walk::from(start, job.cursor),
            front_due: Instant::now(),
            dirty: false,
            done: false,
            writing: false,
            inbox: Arc::default(),
        };
        for service in push.policy.all_services() {
            let tag = running.tag(service);
            if let Some((_, cursor)) = job.lanes.iter().find(|(known, _)| *known == tag) {
                running.lane(service).own = Some(Walk::from(start, *cursor));
            }
        }
        running
    }

    fn tag(&self, service: Service) -> u64 {
        let push = &self.outfit.push;
        push.secret.lane(&self.name.channel, self.name.seq, push.policy.line(service))
    }

    /// What can be read now: what lanes have room for.
    fn next(&self) -> Option<Next> {
        if !self.found.is_empty() {
            return Some(Next::Found);
        }
        let own = |handle: &Handle| handle.own.is_some_and(|own| !own.done()) && handle.hungry();
        if let Some((service, _)) = self.lanes.iter().find(|(_, handle)| own(handle)) {
            return Some(Next::Own(*service));
        }
        let mut keeping_up = self.lanes.values().filter(|handle| handle.own.is_none()).peekable();
        let wanted =
            keeping_up.peek().is_none() || keeping_up.any(Handle::hungry) || self.front_due <= Instant::now();
        (!self.front.done() && wanted).then_some(Next::Front)
    }

    fn all_read(&self) -> bool {
        let own = |handle: &Handle| handle.own.is_none_or(|own| own.done());
        self.found.is_empty() && self.front.done() && self.lanes.values().all(own)
    }

    fn read(&mut self, next: Next) -> Result<(), ReadError> {
        match next {
            Next::Found => self.read_found(),
            Next::Front => self.read_front(),
            Next::Own(service) => self.read_own(service),
        }
    }

    /// Those that were under way when it last stopped, and those that lead elsewhere by now.
    fn read_found(&mut self) -> Result<(), ReadError> {
        for _ in 0..PUSH_PAGE {
            let Some(id) = self.found.front() else { break };
            let found = self.outfit.shared.store().registration(&self.name.channel, id, now())?;
            self.found.pop_front();
            // Those that ended meanwhile are settled.
            self.dirty = true;
            let Some(registration) = found else { continue };
            match self.outfit.target(&self.name.channel, &registration) {
                Some((target, _)) => self.dispatch(registration.registration, &target),
                None => self.outfit.count_unusable(),
            }
        }
        Ok(())
    }

    fn page(&self, walk: &Walk) -> Result<RegistrationPage, ReadError> {
        self.outfit.shared.store().registrations(&self.name.channel, walk.after(), PUSH_PAGE, now())
    }

    fn read_front(&mut self) -> Result<(), ReadError> {
        let page = self.page(&self.front)?;
        let mut before = self.front;
        for registration in self.front.take(page) {
            let id = registration.registration;
            match self.outfit.target(&self.name.channel, &registration) {
                Some((target, _)) => {
                    let lane = self.lane(target.service);
                    if lane.own.is_none() && lane.full() {
                        lane.own = Some(before);
                    }
                    if lane.own.is_none() {
                        self.dispatch(id, &target);
                    }
                }
                None => self.outfit.count_unusable(),
            }
            before = before.moved(id);
        }
        self.front_due = Instant::now() + Duration::from_millis(PUSH_PAGE_MS);
        self.dirty = true;
        Ok(())
    }

    fn read_own(&mut self, service: Service) -> Result<(), ReadError> {
        let Some(mut own) = self.lanes.get(&service).and_then(|lane| lane.own) else { return Ok(()) };
        let page = self.page(&own)?;
        for registration in own.take(page) {
            if let Some((target, _)) = self.outfit.target(&self.name.channel, &registration)
                && target.service == service
            {
                self.dispatch(registration.registration, &target);
            }
        }
        self.lane(service).own = Some(own);
        self.dirty = true;
        Ok(())
    }

    fn dispatch(&mut self, id: RegistrationId, target: &Target) {
        if self.waiting.contains_key(&id) {
            return;
        }
        let gate = self.outfit.gate(target);
        self.waiting.insert(id, target.service);
        let lane = self.lane(target.service);
        lane.waiting += 1;
        // A lane that has ended was stopped, and so is this job.
        let _ = lane.inbox.send((id, gate));
    }

    fn lane(&mut self, service: Service) -> &mut Handle {
        self.lanes.entry(service).or_insert_with(|| {
            let (inbox, out) = mpsc::unbounded_channel();
            let put_off = Arc::<AtomicUsize>::default();
            let lane = Lane {
                outfit: Arc::clone(&self.outfit),
                pushed: Arc::clone(&self.pushed),
                service,
                inbox: out,
                events: self.events.clone(),
                put_off: Arc::clone(&put_off),
                stop: self.stop.clone(),
            };
            self.tasks.spawn(lane.run());
            Handle { inbox, waiting: 0, put_off, own: None }
        })
    }

    fn hear(&mut self, event: Event) {
        let (Event::Settled(id) | Event::Moved(id)) = event;
        let Some(service) = self.waiting.remove(&id) else { return };
        self.lane(service).waiting -= 1;
        self.dirty = true;
        if let Event::Moved(id) = event {
            self.found.push_back(id);
        }
    }

    /// Writes down what has changed, in one piece: whenever the relay dies, what is before the
    /// cursors and not unsettled has been settled, and nothing is both behind a cursor and unsettled.
    fn write(&mut self) {
        if !self.dirty || self.writing {
            return;
        }
        let own = |(service, lane): (&Service, &Handle)| Some((self.tag(*service), lane.own?.at()));
        let progress = PushProgress {
            channel: self.name.channel,
            seq: self.name.seq,
            cursor: self.front.at(),
            lanes: self.lanes.iter().filter_map(own).collect(),
            unsettled: self.found.iter().chain(self.waiting.keys()).copied().collect(),
            done: self.done,
        };
        let ticket = Ticket { request: 0, inbox: Arc::clone(&self.inbox) };
        // A full queue is a busy relay: the next tick tries again.
        if self.outfit.shared.enqueue(Write::PushProgress(progress), Some(ticket)).is_ok() {
            (self.writing, self.dirty) = (true, false);
        }
    }

    /// What became of the last write.
    fn committed(&mut self) {
        for (_, result) in self.inbox.take() {
            self.writing = false;
            if let Err(error) = result {
                // The store has said why; the next tick tries again.
                tracing::debug!(%error, "a push job's progress is not written yet");
                self.dirty = true;
            }
        }
    }

    /// Until all is written down, or the relay stops and it cannot be.
    async fn write_all(&mut self) {
        loop {
            self.answered().await;
            self.write();
            self.answered().await;
            if !self.dirty {
                return;
            }
            if *self.stop.borrow() == Stop::Now {
                return tracing::warn!(
                    "a push job's progress is not written: what was sent last is repeated"
                );
            }
            sleep(Duration::from_millis(PUSH_PROGRESS_MS)).await;
        }
    }

    /// Until no write is on its way.
    async fn answered(&mut self) {
        while self.writing {
            self.inbox.bell.rung().await;
            self.committed();
        }
    }

    /// The job is over, whatever is left.
    async fn finish(mut self) -> End {
        self.found.clear();
        self.waiting.clear();
        self.tasks.abort_all();
        (self.done, self.dirty) = (true, true);
        self.write_all().await;
        End::Over
    }

    /// Waits for what is under way, then writes down what is left. It ends when that is durable:
    /// who goes on with it reads it again.
    async fn stop(mut self, mut heard: mpsc::UnboundedReceiver<Event>) -> End {
        let (none, _) = mpsc::unbounded_channel();
        self.events = none;
        let limit = match *self.stop.borrow() {
            Stop::Now => PUSH_DRAIN_MS,
            Stop::No | Stop::Park => PUSH_PARK_MS,
        };
        let now_at_once = async |stop: &mut watch::Receiver<Stop>| {
            let _ = stop.wait_for(|stop| *stop == Stop::Now).await;
            sleep(Duration::from_millis(PUSH_DRAIN_MS)).await;
        };
        let mut stop = self.stop.clone();
        let draining = async {
            while let Some(event) = heard.recv().await {
                self.hear(event);
            }
        };
        tokio::select! {
            _ = timeout(Duration::from_millis(limit), draining) => {}
            () = now_at_once(&mut stop) => {}
        }
        self.tasks.shutdown().await;
        self.write_all().await;
        End::Parked
    }
}

impl Handle {
    /// How many wait that have no time of their own.
    fn moving(&self) -> usize {
        self.waiting.saturating_sub(self.put_off.load(Ordering::Relaxed))
    }

    fn hungry(&self) -> bool {
        self.moving() < LANE_LOW && !self.full()
    }

    fn full(&self) -> bool {
        self.moving() >= LANE_HIGH || self.put_off.load(Ordering::Relaxed) >= LANE_PUT_OFF
    }
}
