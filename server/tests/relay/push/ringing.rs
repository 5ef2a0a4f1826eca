//! The desk's bell: a post rings whoever is on call, and a held ring keeps its time.

use core::time::Duration;
use std::time::Instant;

use campana_protocol::frame::{ClientFrame, Subject};
use campana_protocol::id::{MailboxId, RecordId};
use campana_protocol::push::{Push, Subscription, ring_id};

use super::{PATIENCE, Phone, World, alert, id, register};
use crate::device::{Device, public};

const READER: u8 = 60;

fn mailbox() -> MailboxId {
    MailboxId::of(&public(READER))
}

fn on_call(number: u32, subscription: Subscription) -> ClientFrame {
    at_the_desk(number, subscription, false)
}

fn at_the_desk(number: u32, subscription: Subscription, cover: bool) -> ClientFrame {
    let (mailbox, registration) = (mailbox(), id(number));
    ClientFrame::RegisterMailbox { request: 1, mailbox, registration, subscription, proved_at: 0, cover }
}

fn post(record: u128) -> ClientFrame {
    let record = RecordId(record.to_be_bytes());
    ClientFrame::Post { request: 1, mailbox: mailbox(), record, body: vec![7; 900].into(), pass: None }
}

fn hold(secret: u8, after_ms: u64) -> ClientFrame {
    let id = ring_id(&campana_protocol::frame::Secret([secret; 32]));
    ClientFrame::HoldRing { request: 1, subject: Subject::Mailbox(mailbox()), id, after_ms }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_rings_the_desks_phones_and_looks_like_any_other_push() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let (verifier, member) = (Phone::new(), Phone::new());
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    owner.prove_for(READER, Subject::Mailbox(mailbox())).await;
    owner.done(on_call(1, verifier.subscription(sink.endpoint("on-call")))).await;
    owner.done(register(2, member.subscription(sink.endpoint("off-call")))).await;
    let began = Instant::now();
    owner.done(post(1)).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == 1).await);
    println!("a report was pushed after {} ms", began.elapsed().as_millis());
    // More of it within the minute rings nobody again.
    for record in 2..50 {
        owner.done(post(record)).await;
    }
    alert(&mut owner, 1, 700).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == 2).await);
    let arrivals = sink.arrivals();
    assert_eq!(arrivals[0].path, "/push/on-call");
    assert_eq!(verifier.read(&arrivals[0]), Push::Mail { mailbox: mailbox() });
    assert_eq!(arrivals[1].path, "/push/off-call");
    let form = |at: usize| {
        let names: Vec<_> = arrivals[at].headers.keys().map(ToString::to_string).collect();
        (names, arrivals[at].headers["ttl"].clone(), arrivals[at].body.len())
    };
    assert_eq!(form(0), form(1), "a report's push differs from an alert's in nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_cover_gets_what_whoever_is_on_call_gets() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let (verifier, cover) = (Phone::new(), Phone::new());
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    owner.prove_for(READER, Subject::Mailbox(mailbox())).await;
    owner.done(at_the_desk(1, verifier.subscription(sink.endpoint("on-call")), false)).await;
    owner.done(at_the_desk(2, cover.subscription(sink.endpoint("cover")), true)).await;
    let subject = Subject::Mailbox(mailbox());
    for (count, asks, push) in
        [(2, post(1), Push::Mail { mailbox: mailbox() }), (4, hold(1, 1_000), Push::Ring { subject })]
    {
        owner.done(asks).await;
        assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == count).await);
        for arrival in &sink.arrivals()[count - 2..] {
            let phone = if arrival.path.ends_with("cover") { &cover } else { &verifier };
            assert_eq!(phone.read(arrival), push, "{}", arrival.path);
        }
    }
    let paths: std::collections::BTreeSet<_> = sink.arrivals().into_iter().map(|one| one.path).collect();
    assert_eq!(paths.len(), 2, "both, each time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_that_is_owed_when_the_relay_dies_rings_after_the_next_start() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let mut process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    owner.prove_for(READER, Subject::Mailbox(mailbox())).await;
    owner.done(on_call(1, phone.subscription(sink.endpoint("on-call")))).await;
    owner.done(post(1)).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == 1).await);
    // Within the minute: it is owed, and not sent.
    owner.done(post(2)).await;
    process.kill();
    sink.clear();
    let mut process = world.start();
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == 1).await, "no restart loses a ring");
    process.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn held_rings_ring_in_time_unless_they_are_withdrawn_and_a_restart_goes_on_counting() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let phone = Phone::new();
    let mut process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    owner.prove_for(READER, Subject::Mailbox(mailbox())).await;
    owner.done(on_call(1, phone.subscription(sink.endpoint("on-call")))).await;
    let subject = Subject::Mailbox(mailbox());
    let began = Instant::now();
    owner.done(hold(1, 1_500)).await;
    owner.done(hold(2, 1_000)).await;
    let secret = campana_protocol::frame::Secret([2; 32]);
    owner.done(ClientFrame::WithdrawRing { request: 1, subject, secret }).await;
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == 1).await);
    assert!(began.elapsed() >= Duration::from_millis(1_500), "{:?}", began.elapsed());
    assert_eq!(phone.read(&sink.arrivals()[0]), Push::Ring { subject });
    owner.done(hold(3, 2_000)).await;
    process.kill();
    let mut process = world.start();
    assert!(sink.wait(PATIENCE, |arrivals| arrivals.len() == 2).await);
    process.kill();
}
