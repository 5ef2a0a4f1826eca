//! Push services that refuse, are busy, or are down.

use core::time::Duration;

use campana_protocol::code::Code;
use campana_protocol::frame::{ClientFrame, RelayFrame};
use campana_sink::{Arrival, Behaviour};

use super::{
    PATIENCE, Phone, World, alert, ask, by_path, devices, id, register, register_all, registered,
    wait_for_metric,
};
use crate::device::{Device, channel};

#[tokio::test(flavor = "multi_thread")]
async fn only_404_and_410_end_a_registration_and_the_busy_are_asked_again() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let names = ["gone", "unknown", "refused", "busy", "failing", "fine", "moved"];
    let endpoints = names.iter().map(|name| phone.subscription(sink.endpoint(name)));
    register_all(&mut owner, endpoints.collect()).await;
    let first = std::sync::Mutex::new(std::collections::HashSet::new());
    let elsewhere = world.sink("elsewhere.example.org").await;
    let target = elsewhere.endpoint("moved");
    sink.behave(move |path| {
        let again = !first.lock().expect("not poisoned").insert(path.to_owned());
        match path.rsplit('/').next() {
            Some("gone") => Behaviour::Answer(410),
            Some("unknown") => Behaviour::Answer(404),
            Some("refused") => Behaviour::Answer(400),
            Some("moved") => Behaviour::Redirect(target.clone()),
            Some("busy") if !again => Behaviour::Later(429, 2),
            Some("failing") if !again => Behaviour::Answer(503),
            _ => Behaviour::Answer(201),
        }
    });
    alert(&mut owner, 1, 700).await;
    let done = |arrivals: &[Arrival]| arrivals.iter().filter(|at| at.status == Some(201)).count() == 3;
    assert!(sink.wait(PATIENCE, done).await);
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    let arrivals = sink.arrivals();
    let counts = by_path(&arrivals);
    for (name, times) in names.iter().zip([1, 1, 1, 2, 2, 1, 1]) {
        assert_eq!(counts[&format!("/push/{name}")], times, "{name}");
    }
    let busy: Vec<_> = arrivals.iter().filter(|at| at.path.ends_with("busy")).map(|at| at.at).collect();
    assert!(busy[1] - busy[0] >= Duration::from_secs(2), "Retry-After");
    assert_eq!((registered(&mut owner).await, elsewhere.count()), (5, 0));
    // Those whose push was refused are told when they ask, whatever the answer was.
    for (number, name) in names.iter().enumerate().skip(2) {
        let refused = refused(&mut owner, u32::try_from(number).expect("few")).await;
        assert_eq!(refused, matches!(*name, "refused" | "moved"), "{name}");
    }
    // The next alert finds the deleted ones gone.
    sink.behave(|_| Behaviour::Answer(201));
    sink.clear();
    alert(&mut owner, 2, 700).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() >= 5).await);
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    assert_eq!(sink.count(), 5);
    for number in 2..7 {
        assert!(!refused(&mut owner, number).await, "this one was taken");
    }
    // Their devices are told when they renew.
    for (number, ended) in [(0, true), (1, true), (2, false)] {
        let answer = ask(&mut owner, register(number, phone.subscription(sink.endpoint("new")))).await;
        let told = matches!(answer, RelayFrame::Refused { code: Code::SubscriptionEnded, .. });
        assert_eq!(told, ended, "{answer:?}");
    }
}

async fn refused(device: &mut Device, number: u32) -> bool {
    let read = ClientFrame::ReadRegistration { request: 7, channel: channel(), registration: id(number) };
    match ask(device, read).await {
        RelayFrame::Registration { request: 7, refused_at } => refused_at > 0,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_whose_pushes_are_too_long_for_its_service_is_told_and_not_counted_as_reached() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let subscription = phone.subscription(sink.endpoint("bridged"));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let proved_at = u64::try_from(now.as_millis()).expect("a time");
    let registration = id(1);
    let register =
        ClientFrame::Register { request: 1, channel: channel(), registration, subscription, proved_at };
    owner.done(register.clone()).await;
    assert_eq!(proved(&mut owner).await, 1);
    sink.behave(|_| Behaviour::Answer(413));
    alert(&mut owner, 1, 700).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == 1).await);
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    owner.done(register).await;
    assert!(refused(&mut owner, 1).await);
    assert_eq!((registered(&mut owner).await, proved(&mut owner).await), (1, 0));
    // A test that comes through sets it right.
    sink.behave(|_| Behaviour::Answer(201));
    let test = ClientFrame::TestPush { request: 5, channel: channel(), registration, delay_ms: 0, nonce: 1 };
    owner.done(test).await;
    assert!(wait_for_metric(&process, "campana_relay_pushes_delivered_total 1").await);
    let told = async {
        while refused(&mut owner, 1).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("it is taken back");
    assert_eq!(proved(&mut owner).await, 1);
}

async fn proved(device: &mut Device) -> u64 {
    match ask(device, ClientFrame::ReadCoverage { request: 8, channel: channel(), seq: 0 }).await {
        RelayFrame::Coverage { proved, .. } => proved,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_service_delays_no_other_and_is_reached_when_it_is_back() {
    let mut world = World::new();
    let (dead, well) = (world.sink("dead.example.org").await, world.sink("well.example.org").await);
    let phone = Phone::new();
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    // Many more than may wait for a lane that is open.
    register_all(&mut owner, devices(6_000, &phone, &[&dead, &well])).await;
    for (record, behaviour) in
        [Behaviour::Hang, Behaviour::Close, Behaviour::Answer(500)].into_iter().enumerate()
    {
        let broken = behaviour.clone();
        dead.behave(move |_| broken.clone());
        well.clear();
        alert(&mut owner, record as u128 + 1, 700).await;
        let all = well.wait(PATIENCE, |arrivals| arrivals.len() >= 3_000).await;
        assert!(all, "{behaviour:?}: {} of 3000", well.count());
    }
    dead.clear();
    dead.behave(|_| Behaviour::Answer(201));
    let reached = |arrivals: &[Arrival]| {
        arrivals.iter().filter(|arrival| arrival.status == Some(201)).count() >= 3 * 3_000
    };
    assert!(dead.wait(3 * PATIENCE, reached).await, "{} of 9000", dead.count());
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    assert!(wait_for_metric(&process, "campana_relay_push_lanes_shut 0").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_that_wait_for_a_dead_service_leave_room_for_new_ones() {
    let mut world = World::new();
    let well = world.sink("well.example.org").await;
    // Nobody listens there.
    world.allow("dead.example.org", "dead.example.org=127.0.0.1:1");
    let phone = Phone::new();
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let endpoints = [well.endpoint("one"), "https://dead.example.org/x".to_owned()];
    register_all(&mut owner, endpoints.map(|endpoint| phone.subscription(endpoint)).to_vec()).await;
    for record in 1..=100 {
        alert(&mut owner, record, 700).await;
    }
    assert!(well.wait(PATIENCE, |arrivals| arrivals.len() >= 100).await, "{}", well.count());
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 100").await, "none has ended");
}
