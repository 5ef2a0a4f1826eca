//! A push to one registration alone, and not for an alert: a test that somebody asked for, or cover.
//! Once, and forgotten if the relay stops.

use core::time::Duration;
use std::sync::Arc;

use campana_protocol::frame::Subject;
use campana_protocol::id::{ChannelId, MailboxId, RegistrationId};
use campana_protocol::push::Push;
use tokio::time::{sleep, timeout};

use super::client::Outcome;
use super::gate::pause;
use super::sender::{Attempt, Outfit, Pushed};
use super::{Test, payload};
use crate::limits::PUSH_REQUEST_MS;
use crate::serve::now;
use crate::store::{Store, place};

/// How often a test is tried.
const TRIES: u32 = 3;

pub(super) async fn run<S: Store>(outfit: Arc<Outfit<S>>, test: Test) {
    sleep(Duration::from_millis(test.delay_ms.into())).await;
    let plain = payload::of(&Push::Test { channel: test.channel, nonce: test.nonce }, &outfit.navigate);
    let pushed = Pushed::test(&test, plain, now());
    once(outfit, test.channel, test.registration, pushed).await;
}

/// As a ring that was held for a mailbox: there is nothing to read.
pub(super) async fn cover<S: Store>(
    outfit: Arc<Outfit<S>>,
    mailbox: MailboxId,
    registration: RegistrationId,
) {
    let subject = Subject::Mailbox(mailbox);
    let plain = payload::of(&Push::Ring { subject }, &outfit.navigate);
    let channel = place(&subject);
    let pushed = Pushed::cover(channel, plain, now());
    once(outfit, channel, registration, pushed).await;
}

async fn once<S: Store>(
    outfit: Arc<Outfit<S>>,
    channel: ChannelId,
    registration: RegistrationId,
    pushed: Pushed,
) {
    for failures in 0..TRIES {
        let found = outfit.shared.store().registration(&channel, &registration, now());
        let found = found.ok().flatten().and_then(|found| outfit.target(&channel, &found));
        let Some((target, _)) = found else {
            return outfit.count_unusable();
        };
        // Alerts to the same service let it in when it is its turn. A service that is shut: the
        // test says the truth by not arriving.
        let limit = Duration::from_millis(PUSH_REQUEST_MS);
        let gate = outfit.gate(&target);
        let queue = gate.queue_of(&registration);
        let Ok(pass) = timeout(limit, gate.enter(queue)).await else { return };
        let after = match outfit.send(&pushed, &registration, target.service, pass).await {
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
