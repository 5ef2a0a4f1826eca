//! Where this device stands.

use campana_core::command::Suspicious;
use campana_core::view::{NetworkView, Stage, SuspicionView, View, Warning};
use campana_core::{Command, CommandError};
use serde_json::json;

use super::ask::{First, ask, look};
use super::clock::when;
use super::failure::Failure;
use super::{Desk, names};
use crate::words::{Words, codes};

pub(crate) async fn status(desk: &mut Desk) -> Result<(), Failure> {
    let looked = look(desk).await?;
    let view = &looked.view;
    let next = founding_step(view);
    let mut lines = lines(&desk.screen.words, view);
    lines.extend(next.map(|(word, n)| desk.screen.words.with(&format!("next-{word}"), [("n", n.into())])));
    desk.screen.result(&json!({"view": view, "next": next.map(|(word, _)| word)}), &lines);
    // Where a device stands that is in no network, or was told to ask nobody, it knows by itself.
    let inside = matches!(view.stage, Stage::Founding | Stage::Member);
    if inside && !desk.offline { looked.end() } else { Ok(()) }
}

/// What a founding committee has to do next, and how many devices it takes.
pub(crate) fn founding_step(view: &View) -> Option<(&'static str, usize)> {
    // The constitution is signed, and the founder's device has to pass it on to everybody.
    let unknown = view.network.as_ref().is_some_and(|network| network.governance_height == 0);
    if view.stage == Stage::Member && view.committee.is_some() && unknown {
        return Some(("founding-finish", 0));
    }
    let network = view.network.as_ref().filter(|_| view.stage == Stage::Founding)?;
    let missing = usize::from(network.committee_size).saturating_sub(network.members);
    if missing > 0 {
        return Some(("founding-invite", missing));
    }
    let drafts = view.committee.as_ref().map_or(&[][..], |committee| &committee.drafts);
    match drafts.iter().map(|draft| draft.needed.saturating_sub(draft.signatures)).max() {
        Some(0) | None => Some(("founding-finish", 0)),
        Some(unsigned) => Some(("founding-sign", unsigned)),
    }
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
    let when = known.at.map_or_else(|| "?".to_owned(), |at| when(words, at));
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
    if let Some(number) = &network.hotline {
        lines.push(words.with("status-hotline", [("number", number.as_str().into())]));
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
