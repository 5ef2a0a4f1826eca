//! Alerts of this device. A terminal has no push service of its own: a UnifiedPush distributor
//! gives the endpoint for the relay's key, and whoever runs it hands back what it decrypts.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campana_core::view::{AlertsState, AlertsView, View};
use campana_core::{Command, Input, Permission, Platform, Subscribed};
use campana_protocol::id::{PushAuth, PushKey};
use campana_protocol::limits::PUSH_BYTES;
use campana_protocol::push::{Push, Subscription};
use fluent_bundle::FluentValue;
use serde_json::json;

use super::Desk;
use super::ask::{First, Looked, ask, look};
use super::failure::Failure;
use super::options::{Alerts, AlertsVerb};
use crate::words::codes;

pub(crate) async fn alerts(desk: &mut Desk, verb: Alerts) -> Result<(), Failure> {
    let turned_on = matches!(verb.verb, Some(AlertsVerb::On { .. }));
    let mut looked = None;
    let view = match verb.verb {
        None => look(desk).await?.take(&mut looked),
        Some(AlertsVerb::On { endpoint, key, auth }) => {
            let subscription = Subscription { endpoint, key: key.0, auth: auth.0 };
            let subscribed = Subscribed { subscription, made_for: None };
            let platform = Platform {
                permission: Permission::Granted,
                subscription: Some(subscribed),
                ..Platform::default()
            };
            desk.edge.tell(Input::Platform(platform));
            turn(desk, Command::Alerts(true), |alerts| alerts.state != AlertsState::TurningOn).await?
        }
        Some(AlertsVerb::Pushed) => {
            let mut plain = Vec::new();
            let most = 2 * PUSH_BYTES as u64;
            std::io::stdin().take(most).read_to_end(&mut plain).map_err(|_| Failure::NotAPush)?;
            let push = payload(&plain).ok_or(Failure::NotAPush)?;
            desk.edge.tell(Input::Pushed { push, in_sight: false, arrived_at: None });
            look(desk).await?.take(&mut looked)
        }
        Some(AlertsVerb::Off) => {
            desk.edge
                .tell(Input::Platform(Platform { permission: Permission::Granted, ..Platform::default() }));
            turn(desk, Command::Alerts(false), |alerts| alerts.state == AlertsState::Off).await?
        }
        Some(AlertsVerb::Test { delay }) => {
            let delay_ms = delay.saturating_mul(1_000);
            let taken_on = |alerts: &AlertsView| alerts.test.as_ref().is_none_or(|test| test.sent);
            turn(desk, Command::TestAlerts { delay_ms }, taken_on).await?
        }
    };
    let state = codes::alerts(view.alerts.state);
    let key = view.alerts.push_key.map(|key| key.to_string());
    let mut lines = vec![desk.screen.words.code("alerts", state)];
    lines.extend(
        key.iter().map(|key| desk.screen.words.with("push-key", [("key", FluentValue::from(key.as_str()))])),
    );
    desk.screen.result(&json!({"alerts": view.alerts, "push_key": key}), &lines);
    if turned_on && view.alerts.state == AlertsState::Stopped {
        return Err(Failure::EndpointRefused);
    }
    looked.map_or(Ok(()), Looked::end)
}

/// What a relay's push holds for the core (docs/PUSH.md).
fn payload(plain: &[u8]) -> Option<Vec<u8>> {
    let json: serde_json::Value = serde_json::from_slice(plain).ok()?;
    let push = URL_SAFE_NO_PAD.decode(json["notification"]["data"]["m"].as_str()?).ok()?;
    Push::decode(&push).ok().map(|_| push)
}

async fn turn(
    desk: &mut Desk,
    command: Command,
    done: impl Fn(&AlertsView) -> bool,
) -> Result<View, Failure> {
    let asked = ask(
        desk,
        First::CatchUp,
        |_| Ok(vec![command.clone()]),
        |view, _| Ok(view.caught_up && done(&view.alerts)),
    )
    .await?;
    let view = asked.view.clone();
    asked.end().map(|()| view)
}

/// A key as browsers and distributors print it: base64url without padding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<T>(pub(crate) T);

pub(crate) fn key(text: &str) -> Result<Text<PushKey>, String> {
    PushKey::parse(text).map(Text).ok_or_else(|| "65 bytes in base64url".to_owned())
}

pub(crate) fn auth(text: &str) -> Result<Text<PushAuth>, String> {
    PushAuth::parse(text).map(Text).ok_or_else(|| "16 bytes in base64url".to_owned())
}

#[cfg(test)]
mod tests {
    use campana_protocol::id::ChannelId;

    use super::*;

    #[test]
    fn what_a_relay_pushes_is_taken_in_and_nothing_else() {
        let push = Push::Test { channel: ChannelId([1; 32]), nonce: 7 }.encode();
        let message = |m: &str| format!(r#"{{"web_push":8030,"notification":{{"data":{{"m":"{m}"}}}}}}   "#);
        assert_eq!(payload(message(&URL_SAFE_NO_PAD.encode(&push)).as_bytes()), Some(push));
        for other in ["", "{}", "[1]", &message("AAAA"), &message("?"), "not JSON"] {
            assert_eq!(payload(other.as_bytes()), None, "{other}");
        }
    }
}
