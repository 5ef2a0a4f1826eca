//! The sender against push services on this machine: stores that fail, services that hang, names
//! that lie.

mod cover;
mod ill;

use core::net::SocketAddr;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex};

use campana_protocol::frame::Class;
use campana_protocol::id::{ChannelId, Hash, PublicKey, PushAuth, PushKey, RecordId, RegistrationId};
use campana_protocol::push::Subscription;
use campana_sink::{Arrival, Authority, Behaviour, Sink};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::resolve::{Found, Resolver};
use super::vapid::VapidSecret;
use super::vault::Vault;
use super::{HostPattern, Pin, Policy, Push, sender};
use crate::limits::{FAILURES_TO_SHUT, LANE_HIGH, MAX_PUSH_JOBS, PUSH_PAGE};
use crate::rate::Rates;
use crate::serve::now;
use crate::shared::Shared;
use crate::store::engine::{Change, Engine, EngineError, Visit};
use crate::store::memory::Memory;
use crate::store::rows::RowStore;
use crate::store::{Append, Keys, Store, Write};

const PATIENCE: Duration = Duration::from_secs(60);
const OWNER: PublicKey = PublicKey([3; 32]);
const KEYS: Keys = Keys { owner: Some(OWNER), member: None };

/// Memory whose registrations cannot be read so many times.
#[derive(Debug, Clone, Default)]
struct Flaky {
    memory: Memory,
    fails: Arc<AtomicUsize>,
}

impl Flaky {
    fn judge(&self, key: &[u8]) -> Result<(), EngineError> {
        // Registrations and unsettled ones: what only a job reads.
        let concerned = matches!(key.first(), Some(13 | 21));
        let left = |left: usize| left.checked_sub(1);
        if concerned && self.fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok() {
            return Err(EngineError::Failed("told to".to_owned()));
        }
        Ok(())
    }
}

impl Engine for Flaky {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.judge(key)?;
        self.memory.get(key)
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), EngineError> {
        self.judge(from)?;
        self.memory.scan(from, to, visit)
    }

    fn apply(&self, changes: &[Change]) -> Result<(), EngineError> {
        self.memory.apply(changes)
    }

    fn has_room(&self, _: u64) -> bool {
        true
    }
}

/// Push services, and what relays keep from one start to the next.
struct World {
    authority: Authority,
    files: tempfile::TempDir,
    hosts: Vec<HostPattern>,
    pins: Vec<Pin>,
    engine: Flaky,
    lookup: fn(String) -> Found,
    channels: u8,
    records: u128,
}

/// A relay without its sockets.
struct Relay {
    shared: Arc<Shared<RowStore<Flaky>>>,
    stop: watch::Sender<bool>,
    sending: JoinHandle<()>,
    committing: JoinHandle<()>,
}

fn nowhere(_: String) -> Found {
    Box::pin(async { Err(io::Error::other("no such name")) })
}

impl World {
    fn new() -> Self {
        let files = tempfile::tempdir().expect("a directory");
        let authority = Authority::new();
        authority.write(&files.path().join("ca.pem"));
        let (hosts, pins, engine) = (Vec::new(), Vec::new(), Flaky::default());
        let mut world =
            Self { authority, files, hosts, pins, engine, lookup: nowhere, channels: 0, records: 0 };
        world.channel(OWNER);
        world
    }

    fn channel(&mut self, owner: PublicKey) -> ChannelId {
        self.channels += 1;
        let (invitation, founder) = (Hash([self.channels; 32]), PublicKey([self.channels; 32]));
        let writes = [
            Write::Invite { invitation, expires_at: u64::MAX },
            Write::Redeem { invitation, founder },
            Write::Create { founder, owner, access: PublicKey([9; 32]) },
        ];
        let store = RowStore::open(self.engine.clone()).expect("opens");
        for result in store.commit(now(), &writes) {
            result.expect("created");
        }
        ChannelId::of(&owner)
    }

    async fn sink(&mut self, host: &str) -> Sink {
        let sink = Sink::start(&self.authority, host, Duration::ZERO).await;
        self.allow(host);
        self.pins.push(Pin::parse(&sink.pin()).expect("a pin"));
        sink
    }

    fn allow(&mut self, pattern: &str) {
        self.hosts.push(HostPattern::parse(pattern).expect("a name"));
    }

    fn start(&self) -> Relay {
        let vault = Vault::new(&[zeroize::Zeroizing::new([7; 32])]);
        let secret = VapidSecret::from_bytes(&[5; 32]).expect("a key");
        let push = Arc::new(Push::new(vault, secret, Policy::new(&self.hosts)));
        let store = RowStore::open(self.engine.clone()).expect("opens");
        let shared = Arc::new(Shared::with_push(store, Rates::default(), Some(Arc::clone(&push))));
        let settings = sender::Settings {
            pins: Vec::new(),
            ca: Some(self.files.path().join("ca.pem")),
            subject: "mailto:ops@example.org".to_owned(),
            navigate: "https://relay.example.org/".to_owned(),
        };
        let resolver = Resolver::asking(self.pins.clone(), self.lookup);
        let sender =
            sender::prepare_with(Arc::clone(&shared), push, &settings, resolver).expect("certificates");
        let (stop, stopped) = watch::channel(false);
        let sending = tokio::spawn(sender.run(stopped));
        let committer = Arc::clone(&shared);
        let committing = tokio::spawn(async move {
            loop {
                committer.work().rung().await;
                while committer.commit_waiting(now()) > 0 {}
            }
        });
        Relay { shared, stop, sending, committing }
    }
}

impl Relay {
    /// As on SIGTERM.
    async fn stop(self) {
        self.stop.send(true).expect("it runs");
        self.sending.await.expect("ends");
        self.committing.abort();
    }

    /// As by a power cut.
    async fn kill(self) {
        self.sending.abort();
        self.committing.abort();
        let _ = (self.sending.await, self.committing.await);
    }

    fn register(&self, number: u32, endpoint: String) {
        self.register_as(id(number), endpoint);
    }

    fn register_as(&self, registration: RegistrationId, endpoint: String) {
        let channel = ChannelId::of(&OWNER);
        let subscription = Subscription { endpoint, key: device_key(), auth: PushAuth([1; 16]) };
        let push = self.shared.push().expect("pushes");
        let (sealed, endpoint) = push.admit(&channel, &registration, &subscription).expect("on the list");
        let write = Write::Register { channel, by: KEYS, registration, sealed, endpoint, proved_at: 0 };
        for result in self.shared.store().commit(now(), &[write]) {
            result.expect("registered");
        }
    }

    fn alert(&self, world: &mut World) {
        world.records += 1;
        let append = Append {
            channel: ChannelId::of(&OWNER),
            by: KEYS,
            in_guard: Keys::default(),
            record: RecordId(world.records.to_be_bytes()),
            class: Class::Alert,
            control_seq: 0,
            rotate: None,
            place: None,
            body: vec![7; 700],
        };
        self.shared.submit(Write::Append(append)).expect("room");
    }

    /// Until no alert is being pushed.
    async fn quiet(&self) -> bool {
        self.until(|store| store.push_jobs().expect("read").is_empty()).await
    }

    async fn until(&self, enough: impl Fn(&RowStore<Flaky>) -> bool) -> bool {
        let began = Instant::now();
        while !enough(self.shared.store()) {
            if began.elapsed() > PATIENCE {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        true
    }

    /// What is unsettled has been read, so that nothing is both unsettled and read again.
    fn consistent(&self, sinks: &[&Sink]) {
        let (store, push) = (self.shared.store(), self.shared.push().expect("pushes"));
        for job in store.push_jobs().expect("read") {
            let start = push.secret.order(&job.channel, job.seq);
            let place = |id: RegistrationId| (id <= start, id);
            let unsettled = store.unsettled(&job.channel, job.seq).expect("read").expect("whole");
            for id in unsettled {
                let found = store.registration(&job.channel, &id, now()).expect("read").expect("there");
                let host = push.open(&job.channel, &id, &found.sealed).expect("opens").endpoint;
                let sink = sinks.iter().find(|sink| host.starts_with(&sink.endpoint(""))).expect("a sink");
                let tag = push.secret.lane(&job.channel, job.seq, &sink.host);
                let own = job.lanes.iter().find(|(known, _)| *known == tag);
                let cursor = own.map_or(job.cursor, |(_, cursor)| *cursor).expect("something was read");
                assert!(place(id) <= place(cursor), "{id:?} is behind the cursor");
            }
        }
    }

    fn unsettled(&self) -> Vec<usize> {
        let store = self.shared.store();
        let jobs = store.push_jobs().expect("read");
        jobs.iter()
            .map(|job| store.unsettled(&job.channel, job.seq).expect("read").expect("whole").len())
            .collect()
    }
}

/// Spread over the whole range, as random ones are.
fn id(number: u32) -> RegistrationId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
    RegistrationId(id)
}

/// A point of the curve: the same for all, since nobody here reads a push.
fn device_key() -> PushKey {
    static KEY: Mutex<Option<PushKey>> = Mutex::new(None);
    *KEY.lock()
        .expect("not poisoned")
        .get_or_insert_with(|| PushKey::from_slice(&campana_sink::Phone::new().key()).expect("65 bytes"))
}

/// How often each endpoint was given its push.
fn taken(sink: &Sink) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for arrival in sink.arrivals().into_iter().filter(|arrival| arrival.status == Some(201)) {
        *times.entry(arrival.path).or_default() += 1;
    }
    times
}

fn all_taken(count: usize) -> impl Fn(&[Arrival]) -> bool {
    move |arrivals| arrivals.iter().filter(|arrival| arrival.status == Some(201)).count() >= count
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_fails_to_read_is_read_again_and_nobody_is_left_out() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let relay = world.start();
    for number in 0..50 {
        relay.register(number, sink.endpoint(&number.to_string()));
    }
    // First of what is unsettled; a failure is told from the next only by being one more.
    for fails in [1, 2, 20] {
        sink.clear();
        world.engine.fails.store(fails, Ordering::SeqCst);
        relay.alert(&mut world);
        assert!(sink.wait(PATIENCE, all_taken(50)).await, "{fails}: {}", sink.count());
        assert!(relay.quiet().await);
        assert!(taken(&sink).values().all(|times| *times == 1), "{fails}");
        assert_eq!(world.engine.fails.load(Ordering::SeqCst), 0);
    }
    // Nor when it is begun anew with what was under way.
    sink.clear();
    sink.behave(|_| Behaviour::Answer(503));
    relay.alert(&mut world);
    assert!(
        relay
            .until(|store| {
                let jobs = store.push_jobs().expect("read");
                jobs.iter().any(|job| {
                    store.unsettled(&job.channel, job.seq).expect("read").expect("whole").len() == 50
                })
            })
            .await
    );
    relay.kill().await;
    sink.behave(|_| Behaviour::Answer(201));
    world.engine.fails.store(7, Ordering::SeqCst);
    let relay = world.start();
    assert!(sink.wait(PATIENCE, all_taken(50)).await, "{}", sink.count());
    assert!(relay.quiet().await);
    assert!(taken(&sink).values().all(|times| *times == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_hangs_or_puts_many_off_takes_no_time_from_the_others() {
    // More than one lane holds.
    const EACH: u32 = 2_600;
    let mut world = World::new();
    let (ill, well) = (world.sink("ill.example.org").await, world.sink("well.example.org").await);
    let relay = world.start();
    for number in 0..2 * EACH {
        let sink = if number.is_multiple_of(2) { &ill } else { &well };
        relay.register(number, sink.endpoint(&number.to_string()));
    }
    let mut took = Vec::new();
    for (behaviour, named) in [
        (Behaviour::Answer(201), "undisturbed"),
        (Behaviour::Hang, "hangs"),
        (Behaviour::Later(429, 600), "puts half of them off"),
    ] {
        ill.behave(move |path| {
            let number: u32 = path.rsplit('/').next().and_then(|text| text.parse().ok()).expect("a number");
            let half = number.is_multiple_of(4) && behaviour != Behaviour::Hang;
            if half { Behaviour::Answer(201) } else { behaviour.clone() }
        });
        well.clear();
        ill.clear();
        let began = Instant::now();
        relay.alert(&mut world);
        assert!(well.wait(PATIENCE, all_taken(EACH as usize)).await, "{named}: {}", well.count());
        took.push(began.elapsed());
        // A time-out alone is 10 s.
        assert!(took[took.len() - 1] < 2 * took[0] + Duration::from_secs(5), "{named}: {took:?}");
        if named == "undisturbed" {
            assert!(relay.quiet().await);
        }
    }
    // Those that it does not put off get theirs all the same.
    assert!(ill.wait(PATIENCE, all_taken(EACH as usize / 2)).await, "{}", ill.count());
    assert!(taken(&well).values().all(|times| *times == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_service_that_is_down_stays_on_the_disk() {
    const MANY: u32 = 4_000;
    const ALERTS: usize = 2;
    let mut world = World::new();
    let well = world.sink("well.example.org").await;
    world.allow("down.example.org");
    let relay = world.start();
    for number in 0..MANY {
        relay.register(number, format!("https://down.example.org/{number}"));
    }
    relay.register(MANY, well.endpoint("one"));
    for _ in 0..ALERTS {
        relay.alert(&mut world);
    }
    assert!(well.wait(PATIENCE, all_taken(ALERTS)).await, "{}", well.count());
    let has_begun = |store: &RowStore<Flaky>| {
        store.push_jobs().expect("read").iter().filter(|job| !job.lanes.is_empty()).count() == ALERTS
    };
    assert!(relay.until(has_begun).await);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let unsettled = relay.unsettled();
    assert!(unsettled.iter().all(|held| (1..LANE_HIGH + PUSH_PAGE).contains(held)), "{unsettled:?}");
    // And is found there by the next start, each once.
    relay.stop().await;
    let down = world.sink("down.example.org").await;
    let relay = world.start();
    assert!(down.wait(3 * PATIENCE, all_taken(ALERTS * MANY as usize)).await, "{}", down.count());
    assert!(relay.quiet().await);
    let times: HashSet<_> = taken(&down).into_values().collect();
    assert_eq!((taken(&down).len(), times), (MANY as usize, HashSet::from([ALERTS])));
    assert_eq!(well.count(), ALERTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_nobody_is_left_out_and_little_repeated() {
    const PHONES: u32 = 2_400;
    let mut world = World::new();
    let (slow, well) = (world.sink("slow.example.org").await, world.sink("well.example.org").await);
    slow.behave(|_| Behaviour::Later(503, 1));
    let mut relay = world.start();
    for number in 0..PHONES {
        let sink = if number.is_multiple_of(2) { &slow } else { &well };
        relay.register(number, sink.endpoint(&number.to_string()));
    }
    relay.alert(&mut world);
    let mut kills = 0;
    while well.count() < PHONES as usize / 2 && kills < 30 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        relay.kill().await;
        kills += 1;
        relay = world.start();
        relay.consistent(&[&slow, &well]);
    }
    slow.behave(|_| Behaviour::Answer(201));
    assert!(relay.quiet().await);
    for sink in [&slow, &well] {
        let taken = taken(sink);
        assert_eq!(taken.len(), PHONES as usize / 2);
        assert!(taken.values().all(|times| *times <= 1 + kills), "{:?} after {kills}", taken.values().max());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_a_member_makes_up_hold_up_nobody() {
    let mut world = World::new();
    // Junk hangs, as a name server does that does not answer.
    world.lookup = |host| {
        Box::pin(async move {
            if host.starts_with("junk") {
                core::future::pending::<()>().await;
            }
            Err(io::Error::other("no such name"))
        })
    };
    world.allow("*.wild.example.org");
    let named = world.sink("named.wild.example.org").await;
    let other = Sink::start(&world.authority, "other.wild.example.org", Duration::ZERO).await;
    world.pins.push(Pin::parse(&other.pin()).expect("a pin"));
    let relay = world.start();
    relay.register(0, named.endpoint("one"));
    relay.register(1, other.endpoint("two"));
    // It has answered before the junk comes.
    relay.alert(&mut world);
    assert!(other.wait(PATIENCE, all_taken(1)).await && relay.quiet().await);
    // Low ids, high ids, and between.
    for number in 0..400 {
        let mut junk = id(number + 2);
        if number.is_multiple_of(2) {
            junk = RegistrationId(u128::from(number + 2).to_be_bytes());
        }
        relay.register_as(junk, format!("https://junk{number}.wild.example.org/x"));
    }
    let began = Instant::now();
    relay.alert(&mut world);
    assert!(named.wait(PATIENCE, all_taken(2)).await, "a host with a line of its own");
    assert!(other.wait(PATIENCE, all_taken(2)).await, "a host that answers");
    assert!(began.elapsed() < Duration::from_secs(8), "before the first junk was given up");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_alerts_than_run_at_once_are_each_pushed_once() {
    let mut world = World::new();
    let well = world.sink("well.example.org").await;
    world.allow("down.example.org");
    let relay = world.start();
    relay.register(1, well.endpoint("one"));
    relay.register(2, "https://down.example.org/x".to_owned());
    let alerts = 2 * MAX_PUSH_JOBS;
    for _ in 0..alerts {
        relay.alert(&mut world);
    }
    assert!(well.wait(PATIENCE, all_taken(alerts)).await, "{}", well.count());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(well.count(), alerts);
    relay.stop().await;
    let relay = world.start();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((well.count(), relay.unsettled().len()), (alerts, alerts));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_leads_elsewhere_by_now_is_pushed_there() {
    let mut world = World::new();
    let (first, second) = (world.sink("first.example.org").await, world.sink("second.example.org").await);
    first.behave(|_| Behaviour::Later(429, 1));
    let relay = world.start();
    relay.register(1, first.endpoint("one"));
    relay.alert(&mut world);
    assert!(first.wait(PATIENCE, |arrivals| arrivals.len() == 1).await);
    relay.register(1, second.endpoint("one"));
    assert!(second.wait(PATIENCE, all_taken(1)).await);
    assert!(relay.quiet().await);
    assert_eq!((first.count(), second.count()), (1, 1));
}

/// Where the names of the next test lead: to the port of its push service, by addresses that are
/// this machine's or its network's own.
static PORT: AtomicUsize = AtomicUsize::new(0);

fn inwards(host: String) -> Found {
    Box::pin(async move {
        let port = u16::try_from(PORT.load(Ordering::SeqCst)).expect("a port");
        let addresses: &[&str] = match host.split('.').next() {
            Some("loopback") => &["127.0.0.1"],
            Some("loopbacks") => &["127.0.0.2", "127.255.255.254"],
            Some("unspecified") => &["0.0.0.0"],
            Some("six") => &["::1", "::"],
            Some("mapped") => &["::ffff:127.0.0.1", "::ffff:0.0.0.0"],
            Some("compatible") => &["::7f00:1"],
            Some("translated") => &["64:ff9b::7f00:1", "2002:7f00:1::1"],
            Some("tunnelled") => &["2a00::5efe:7f00:1", "2a00::200:5efe:7f00:1"],
            Some("private") => &["10.0.0.1", "172.16.0.1", "192.168.0.1", "fd00::1"],
            Some("link") => &["169.254.169.254", "fe80::1"],
            Some("shared") => &["100.64.0.1", "192.88.99.1"],
            Some("mixed") => &["10.0.0.1", "127.0.0.1", "::1"],
            _ => return Err(io::Error::other("no such name")),
        };
        Ok(addresses.iter().map(|text| SocketAddr::new(text.parse().expect("an address"), port)).collect())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_inwards_is_connected_to_by_nobody() {
    const NAMES: [&str; 12] = [
        "loopback",
        "loopbacks",
        "unspecified",
        "six",
        "mapped",
        "compatible",
        "translated",
        "tunnelled",
        "private",
        "link",
        "shared",
        "mixed",
    ];
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    PORT.store(usize::from(sink.address.port()), Ordering::SeqCst);
    world.lookup = inwards;
    world.allow("*.hostile.example.org");
    let relay = world.start();
    for (number, name) in (1..).zip(NAMES) {
        relay.register(number, format!("https://{name}.hostile.example.org/push/{name}"));
    }
    relay.register(0, sink.endpoint("wanted"));
    relay.alert(&mut world);
    assert!(sink.wait(PATIENCE, all_taken(1)).await);
    let tried = || relay.shared.metrics.pushes_deferred_total.load(Ordering::Relaxed);
    assert!(relay.until(|_| tried() >= 2 * NAMES.len() as u64).await, "each twice, some more: {}", tried());
    assert_eq!((sink.connections(), sink.count()), (1, 1));
}
