//! A push that somebody asked for to see whether it arrives: later, once, and forgotten if the
//! relay stops.

use core::time::Duration;
use std::sync::Arc;

use campana_protocol::push::Push;
use tokio::time::{sleep, timeout};

use super::client::Outcome;
use super::gate::pause;
use super::sender::{Attempt, Outfit, Pushed};
use super::{Test, payload};
use crate::limits::PUSH_REQUEST_MS;
use crate::serve::now;
use crate::store::Store;

/// How often a test is tried.
const TRIES: u32 = 3;

pub(super) async fn run<S: Store>(outfit: Arc<Outfit<S>>, test: Test) {
    sleep(Duration::from_millis(test.delay_ms.into())).await;
    let plain = payload::of(&Push::Test { channel: test.channel, nonce: test.nonce }, &outfit.navigate);
    let pushed = Pushed::test(&test, plain, now());
    for failures in 0..TRIES {
        let found = outfit.shared.store().registration(&test.channel, &test.registration, now());
        let found = found.ok().flatten().and_then(|found| outfit.target(&test.channel, &found));
        let Some((target, _)) = found else {
            return outfit.count_unusable();
        };
        // Alerts to the same service let it in when it is its turn. A service that is shut: the
        // test says the truth by not arriving.
        let limit = Duration::from_millis(PUSH_REQUEST_MS);
        let gate = outfit.gate(&target);
        let queue = gate.queue_of(&test.registration);
        let Ok(pass) = timeout(limit, gate.enter(queue)).await else { return };
        let after = match outfit.send(&pushed, &test.registration, target.service, pass).await {
            Attempt::Answered { outcome, to } => {
                outfit.count(&outcome);
                match outcome {
                    Outcome::Delivered => return outfit.note(&pushed, to, false),
                    Outcome::Refused(_) => return outfit.note(&pushed, to, true),
                    Outcome::Gone => return outfit.end(&pushed, to),
                    Outcome::Later { after } | Outcome::Throttled { after } => after,
                    Outcome::Unauthorised => None,
                }
            }
            Attempt::Void => return,
            Attempt::Moved | Attempt::Unread => None,
        };
        sleep(pause(failures).max(after.unwrap_or_default())).await;
    }
}
