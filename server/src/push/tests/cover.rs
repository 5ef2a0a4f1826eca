//! Pushes at random times to those who are cover.

use campana_protocol::id::MailboxId;

use super::*;
use crate::limits::COVER_LOOK_MS;
use crate::store::{MailboxRegistration, place};

const BOX: MailboxId = MailboxId([4; 32]);

fn register(relay: &Relay, number: u32, endpoint: String, cover: bool) {
    let (channel, registration) = (place(&campana_protocol::frame::Subject::Mailbox(BOX)), id(number));
    let subscription = Subscription { endpoint, key: device_key(), auth: PushAuth([1; 16]) };
    let push = relay.shared.push().expect("pushes");
    let (sealed, endpoint) = push.admit(&channel, &registration, &subscription).expect("on the list");
    let known = MailboxRegistration { mailbox: BOX, registration, sealed, endpoint, proved_at: 0, cover };
    for result in relay.shared.store().commit(now(), &[Write::RegisterMailbox(known)]) {
        result.expect("registered");
    }
}

#[tokio::test]
async fn who_is_cover_is_pushed_to_though_nothing_was_posted_and_who_is_on_call_is_not() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let relay = world.start();
    let covers = 120;
    for number in 0..covers {
        register(&relay, number, sink.endpoint(&format!("cover-{number}")), true);
        register(&relay, covers + number, sink.endpoint(&format!("on-call-{number}")), false);
    }
    assert!(!sink.wait(Duration::from_millis(300), |arrivals| !arrivals.is_empty()).await);
    // Each look draws one of 360: in 60 looks at 120 phones there are 20, and none once in 10^8 runs.
    for _ in 0..60 {
        tokio::time::pause();
        tokio::time::advance(Duration::from_millis(COVER_LOOK_MS)).await;
        tokio::time::resume();
        sink.wait(Duration::from_millis(20), |_| false).await;
    }
    assert!(sink.wait(PATIENCE, |arrivals| !arrivals.is_empty()).await);
    let arrivals = sink.arrivals();
    assert!(arrivals.iter().all(|arrival| arrival.path.contains("cover-")), "on call, only a post rings");
    let sizes: HashSet<_> = arrivals.iter().map(|arrival| arrival.body.len()).collect();
    assert_eq!(sizes, HashSet::from([2_918]), "and they look as all pushes do");
    assert!(arrivals.len() < 80, "{} of about 20", arrivals.len());
    relay.stop().await;
}
