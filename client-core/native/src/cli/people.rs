//! The waiting room and the members, as the committee sees them.

use campana_core::command::Who;
use campana_core::view::{PersonState, PersonView, View};
use campana_core::{Command, Reply};
use campana_protocol::id::PublicKey;
use fluent_bundle::FluentValue;
use serde_json::json;

use super::ask::{Asked, First, ask, look, settled};
use super::failure::Failure;
use super::options::People;
use super::{Desk, names};
use crate::words::{Words, codes};

pub(crate) async fn list(desk: &mut Desk) -> Result<(), Failure> {
    let view = look(desk).await?;
    let Some(committee) = &view.committee else { return Err(names::not_committee(&view)) };
    let words = &desk.screen.words;
    let lines: Vec<String> = committee.people.iter().map(|person| line(words, person)).collect();
    let none = [words.say("people-none")];
    desk.screen.result(&json!({"people": committee.people}), if lines.is_empty() { &none } else { &lines });
    Ok(())
}

pub(crate) async fn admit(desk: &mut Desk, verb: People) -> Result<(), Failure> {
    let (asked, keys) = decide(desk, &verb, Command::Admit).await?;
    let key = if keys.is_empty() { "admitted-none" } else { "admitted" };
    let line = desk.screen.words.with(key, [("n", keys.len().into())]);
    let value = json!({"done": asked.done(), "admitted": asked.done().then_some(keys.len()), "people": keys});
    desk.screen.result(&value, if asked.done() { std::slice::from_ref(&line) } else { &[] });
    asked.end()
}

pub(crate) async fn decline(desk: &mut Desk, verb: People) -> Result<(), Failure> {
    let (asked, keys) = decide(desk, &verb, Command::Decline).await?;
    let line = desk.screen.words.with("declined", [("n", keys.len().into())]);
    let value = json!({"done": asked.done(), "people": keys});
    desk.screen.result(&value, if asked.done() { std::slice::from_ref(&line) } else { &[] });
    asked.end()
}

/// Decides on people, and waits until none of them waits any more.
async fn decide(
    desk: &mut Desk,
    verb: &People,
    command: fn(Who) -> Command,
) -> Result<(Asked, Vec<String>), Failure> {
    let mut meant: Vec<String> = Vec::new();
    let asked = ask(
        desk,
        First::CatchUp,
        |view| {
            let keys = whom(view, verb)?;
            meant = keys.iter().map(ToString::to_string).collect();
            Ok(if keys.is_empty() { Vec::new() } else { vec![command(Who::These(keys))] })
        },
        |view, _: &[Reply]| Ok(settled(view)),
    );
    let asked = asked.await?;
    if asked.waiting.is_some() || decided(&asked.view, &meant) {
        return Ok((asked, meant));
    }
    let asked =
        ask(desk, First::Ask, |_| Ok(Vec::new()), |view, _| Ok(settled(view) && decided(view, &meant)))
            .await?;
    Ok((asked, meant))
}

fn whom(view: &View, verb: &People) -> Result<Vec<PublicKey>, Failure> {
    let Some(committee) = &view.committee else { return Err(names::not_committee(view)) };
    if verb.all {
        let waiting = committee.people.iter().filter(|person| person.state == PersonState::Waiting);
        return Ok(waiting.filter_map(|person| PublicKey::parse(&person.key)).collect());
    }
    verb.names.iter().map(|name| names::person(view, name).map(|(_, key)| key)).collect()
}

fn decided(view: &View, keys: &[String]) -> bool {
    let Some(committee) = &view.committee else { return true };
    let pending =
        |person: &&PersonView| matches!(person.state, PersonState::Waiting | PersonState::Admitting);
    !committee.people.iter().filter(pending).any(|person| keys.contains(&person.key))
}

fn line(words: &Words, person: &PersonView) -> String {
    let roles = match (person.roles.is_empty(), person.state) {
        (false, _) => words.codes("role", &person.roles),
        (true, PersonState::Member) => words.say("role-none"),
        (true, _) => "–".to_owned(),
    };
    words.with(
        "person-line",
        [
            ("handle", person.handle.as_str().into()),
            ("namesake", FluentValue::from(if person.namesake { "yes" } else { "no" })),
            ("state", words.code("person", codes::person(person.state)).into()),
            ("roles", roles.into()),
            ("code", person.code.as_str().into()),
        ],
    )
}
