//! The relay dies, or is stopped, in the middle.

use core::time::Duration;
use std::collections::HashMap;

use campana_sink::{Arrival, Sink};

use super::{
    PATIENCE, Phone, World, alert, by_path, devices, register_all, registered, wait_for_all, wait_for_metric,
};
use crate::device::Device;

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_everybody_is_reached_and_nobody_more_than_twice() {
    const PHONES: u32 = 2_000;
    let mut world = World::new();
    let (one, two) = (world.sink("one.example.org").await, world.sink("two.example.org").await);
    let phone = Phone::new();
    let mut process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    register_all(&mut owner, devices(PHONES, &phone, &[&one, &two])).await;
    alert(&mut owner, 1, 700).await;
    let some = |arrivals: &[Arrival]| arrivals.len() >= 300;
    assert!(one.wait(PATIENCE, some).await);
    process.kill();
    let before = one.count() + two.count();
    assert!(before < PHONES as usize, "it was to be killed in the middle");
    let process = world.start();
    assert!(
        wait_for_all(&[&one, &two], PHONES as usize).await,
        "of {before} and {}",
        one.count() + two.count()
    );
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    for sink in [&one, &two] {
        let counts = by_path(&sink.arrivals());
        assert!(counts.values().all(|count| *count <= 2), "{:?}", counts.values().max());
        // A repeated push replaces its first copy at the service.
        let mut topics = HashMap::new();
        for arrival in sink.arrivals() {
            let topic = arrival.headers["topic"].clone();
            assert_eq!(*topics.entry(arrival.path.clone()).or_insert(topic.clone()), topic);
        }
    }
    // And once it is done, it is done: another start pushes nothing.
    let after = one.count() + two.count();
    process.terminate();
    drop(process);
    let process = world.start();
    let mut member = Device::member(process.address).await;
    assert_eq!(registered(&mut member).await, u64::from(PHONES));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(one.count() + two.count(), after);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_in_the_middle_the_rest_follows_and_nothing_is_repeated() {
    let mut world = World::new();
    let sink = Sink::start(&world.authority, "push.example.org", Duration::from_millis(20)).await;
    world.allow(&sink.host, &sink.pin());
    let phone = Phone::new();
    let mut process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    register_all(&mut owner, devices(2_000, &phone, &[&sink])).await;
    alert(&mut owner, 1, 700).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() >= 200).await);
    process.terminate();
    assert!(process.wait().success());
    assert!(sink.count() < 2_000, "it was to be stopped in the middle");
    let process = world.start();
    assert!(wait_for_all(&[&sink], 2_000).await);
    assert!(wait_for_metric(&process, "campana_relay_push_jobs 0").await);
    assert_eq!(sink.count(), 2_000);
}
