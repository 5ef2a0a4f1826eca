//! Where this device stands.

use campana_core::command::Suspicious;
use campana_core::view::{NetworkView, SuspicionView, View, Warning};
use campana_core::{Command, CommandError};
use serde_json::json;

use super::ask::{First, ask, look};
use super::failure::Failure;
use super::incidents::age;
use super::{Desk, names};
use crate::words::{Words, codes};

pub(crate) async fn status(desk: &mut Desk) -> Result<(), Failure> {
    let view = look(desk).await?;
    desk.screen.result(&json!({"view": view}), &lines(&desk.screen.words, &view));
    Ok(())
}

fn lines(words: &Words, view: &View) -> Vec<String> {
    let mut lines = vec![words.code("stage", codes::stage(view.stage))];
    if let Some(network) = &view.network {
        lines.extend(network_lines(words, network));
    }
    if !view.roles.is_empty() {
        lines.push(words.with("status-roles", [("roles", words.codes("role", &view.roles).into())]));
    }
    if let Some(code) = &view.code {
        lines.push(words.with("your-code", [("code", code.as_str().into())]));
    }
    if let Some(me) = &view.me {
        lines.push(words.with("status-key", [("key", me.as_str().into())]));
    }
    if view.network.is_some() {
        lines.push(words.code("alerts", codes::alerts(view.alerts.state)));
    }
    if let Some(reach) = &view.reach {
        let counts = [reach.registered, reach.members, reach.proved].map(Into::into);
        let [registered, members, proved] = counts;
        lines.push(
            words
                .with("status-reach", [("registered", registered), ("members", members), ("proved", proved)]),
        );
    }
    if view.network.is_some() {
        lines.push(words.with("status-unsent", [("n", view.unsent.into())]));
    }
    if view.network.is_some() && !view.caught_up {
        lines.push(words.say("status-behind"));
    }
    lines.extend(
        view.warnings.iter().map(|warning| format!("! {}", words.code("warning", codes::warning(*warning)))),
    );
    lines.extend(view.suspicions.iter().map(|known| format!("  {}", suspicion(words, known))));
    lines
}

fn suspicion(words: &Words, known: &SuspicionView) -> String {
    let who = known.name.as_ref().or(known.leaf.as_ref());
    let who = who.map_or_else(|| words.say("suspicion-unknown"), |who| names::short(who).to_owned());
    let when = known.at.map_or_else(|| "?".to_owned(), |at| age(words, at));
    words.with("suspicion", [("count", known.count.into()), ("when", when.into()), ("who", who.into())])
}

pub(crate) async fn dismiss(desk: &mut Desk) -> Result<(), Failure> {
    let commands = |view: &View| {
        let known = view.suspicions.iter().filter_map(|known| match known.warning {
            Warning::ForgedAlert => Some(Suspicious::ForgedAlert),
            Warning::Forked => Some(Suspicious::Forked),
            _ => None,
        });
        let unread = (view.unread > 0).then_some(Command::DismissUnread);
        let commands: Vec<Command> = known.map(Command::Dismiss).chain(unread).collect();
        if commands.is_empty() { Err(CommandError::AlreadyDone.into()) } else { Ok(commands) }
    };
    let asked =
        ask(desk, First::Ask, commands, |view, _| Ok(view.suspicions.is_empty() && view.unread == 0)).await?;
    let line = desk.screen.words.say("dismissed");
    desk.screen
        .result(&json!({"done": asked.done()}), if asked.done() { std::slice::from_ref(&line) } else { &[] });
    asked.end()
}

fn network_lines(words: &Words, network: &NetworkView) -> Vec<String> {
    let mut lines = vec![words.with(
        "status-network",
        [
            ("name", network.name.as_str().into()),
            ("members", network.members.into()),
            ("k", network.threshold.into()),
            ("n", network.committee_size.into()),
            ("v", network.verify_threshold.into()),
        ],
    )];
    if !network.zones.is_empty() {
        let zones: Vec<String> =
            network.zones.iter().map(|zone| format!("{} {}", zone.code, zone.name)).collect();
        lines.push(words.with("status-zones", [("zones", zones.join(", ").into())]));
    }
    lines.push(words.with(
        "status-chain",
        [
            ("height", network.governance_height.into()),
            ("head", names::short(&network.governance_head).into()),
            ("cursor", network.cursor.into()),
            ("log", names::short(&network.log_hash).into()),
        ],
    ));
    lines
}
