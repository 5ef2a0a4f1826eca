//! Alerts of this device. A terminal has no push service of its own: a UnifiedPush distributor
//! gives the endpoint, and whoever runs it receives the pushes.

use campana_core::view::{AlertsState, AlertsView, View};
use campana_core::{Command, Input, Permission, Platform, Subscribed};
use campana_protocol::id::{PushAuth, PushKey};
use campana_protocol::push::Subscription;
use serde_json::json;

use super::Desk;
use super::ask::{First, ask, look};
use super::failure::Failure;
use super::options::{Alerts, AlertsVerb};
use crate::words::codes;

pub(crate) async fn alerts(desk: &mut Desk, verb: Alerts) -> Result<(), Failure> {
    let view = match verb.verb {
        None => look(desk).await?,
        Some(AlertsVerb::On { endpoint, key, auth }) => {
            let subscription = Subscription { endpoint, key: key.0, auth: auth.0 };
            let subscribed = Subscribed { subscription, made_for: None };
            let platform =
                Platform { permission: Permission::Granted, subscription: Some(subscribed), failed: false };
            desk.edge.tell(Input::Platform(platform));
            turn(desk, Command::Alerts(true), |alerts| alerts.state != AlertsState::TurningOn).await?
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
    desk.screen.result(&json!({"alerts": view.alerts}), &[desk.screen.words.code("alerts", state)]);
    Ok(())
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
