//! Phones whose service fails for them alone, and services that do not accept the relay's token.

use super::*;
use crate::push::Test;

/// From an alert to the last of the healthy phones' pushes, with so many phones whose pushes fail.
async fn delays(bad: u32, failure: Behaviour) -> Vec<Duration> {
    const WELL: u32 = 20;
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    sink.behave(move |path| if path.contains("bad") { failure.clone() } else { Behaviour::Answer(201) });
    let relay = world.start();
    for number in 0..bad + WELL {
        let name = if number < bad { format!("bad{number}") } else { number.to_string() };
        relay.register(number, sink.endpoint(&name));
    }
    let mut took = Vec::new();
    for alert in 1..=6 {
        let began = Instant::now();
        relay.alert(&mut world);
        let reached = all_taken(alert * WELL as usize);
        assert!(sink.wait(PATIENCE, reached).await, "alert {alert}: {:?}", taken(&sink));
        took.push(began.elapsed());
        // The failing ones are tried again meanwhile.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(taken(&sink).values().all(|times| *times == 6));
    took
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_that_fail_for_ever_delay_nobody_but_themselves() {
    for bad in [1, 6] {
        for failure in [Behaviour::Answer(502), Behaviour::Later(507, 600), Behaviour::Later(429, 600)] {
            let took = delays(bad, failure.clone()).await;
            assert!(took.iter().all(|took| *took <= Duration::from_secs(2)), "{bad} {failure:?}: {took:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_whose_pushes_hang_delay_nobody_but_themselves() {
    let took = delays(6, Behaviour::Hang).await;
    // One that hangs is given up after 10 s.
    assert!(took.iter().all(|took| *took <= Duration::from_secs(4)), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_does_not_accept_the_token_settles_no_push_and_is_not_left_alone() {
    let mut world = World::new();
    let sink = world.sink("push.example.org").await;
    let relay = world.start();
    // More than failures would shut the way to their host.
    let phones = u32::try_from(2 * FAILURES_TO_SHUT).expect("few");
    for number in 0..phones {
        relay.register(number, sink.endpoint(&number.to_string()));
    }
    let asked = Arc::new(Mutex::new(BTreeMap::<String, u32>::new()));
    let counted = Arc::clone(&asked);
    sink.behave(move |path| {
        let mut asked = counted.lock().expect("not poisoned");
        let times = asked.entry(path.to_owned()).or_default();
        *times += 1;
        match *times {
            1 => Behaviour::Answer(401),
            2 => Behaviour::Answer(403),
            _ => Behaviour::Answer(201),
        }
    });
    relay.alert(&mut world);
    assert!(sink.wait(PATIENCE, all_taken(phones as usize)).await, "{}", sink.count());
    assert!(relay.quiet().await);
    assert_eq!(sink.count(), 3 * phones as usize);
    let metrics = &relay.shared.metrics;
    assert_eq!(metrics.pushes_unauthorised_total.load(Ordering::Relaxed), 2 * u64::from(phones));
    assert_eq!(metrics.pushes_refused_total.load(Ordering::Relaxed), 0);
    // A test is no different.
    sink.clear();
    asked.lock().expect("not poisoned").clear();
    let test = Test { channel: ChannelId::of(&OWNER), registration: id(0), delay_ms: 0, nonce: 1 };
    relay.shared.push().expect("pushes").test(test).expect("taken on");
    assert!(sink.wait(PATIENCE, all_taken(1)).await);
}
