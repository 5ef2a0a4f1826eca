//! The waiting room and the members, as the committee sees them.

use campana_core::command::Who;
use campana_core::view::{PersonState, PersonView, View};
use campana_core::{Command, Reply};
use campana_protocol::id::PublicKey;
use fluent_bundle::FluentValue;
use serde_json::json;
use tokio::time::Instant;

use super::ask::{Asked, First, SEARCH, ask, look_inside, settled};
use super::failure::Failure;
use super::options::People;
use super::status::founding_step;
use super::{Desk, names};
use crate::words::{Words, codes};

pub(crate) async fn list(desk: &mut Desk) -> Result<(), Failure> {
    let looked = look_inside(desk).await?;
    let Some(committee) = &looked.view.committee else { return Err(names::not_committee(&looked.view)) };
    let words = &desk.screen.words;
    let lines: Vec<String> = committee.people.iter().map(|person| line(words, person)).collect();
    let none = [words.say(if looked.is_whole() { "people-none" } else { "list-unknown" })];
    desk.screen.result(&json!({"people": committee.people}), if lines.is_empty() { &none } else { &lines });
    looked.end()
}

pub(crate) async fn admit(desk: &mut Desk, verb: People) -> Result<(), Failure> {
    let (asked, keys) = decide(desk, &verb, Command::Admit, PersonState::Member).await?;
    let key = if keys.is_empty() { "admitted-none" } else { "admitted" };
    let mut lines = vec![desk.screen.words.with(key, [("n", keys.len().into())])];
    let next = founding_step(&asked.view);
    lines.extend(next.map(|(word, n)| desk.screen.words.with(&format!("next-{word}"), [("n", n.into())])));
    let value = json!({
        "done": asked.done(), "admitted": asked.done().then_some(keys.len()), "people": keys,
        "next": next.map(|(word, _)| word),
    });
    desk.screen.result(&value, if asked.done() { &lines } else { &[] });
    asked.end()
}

pub(crate) async fn decline(desk: &mut Desk, verb: People) -> Result<(), Failure> {
    let (asked, keys) = decide(desk, &verb, Command::Decline, PersonState::Declined).await?;
    let line = desk.screen.words.with("declined", [("n", keys.len().into())]);
    let value = json!({"done": asked.done(), "people": keys});
    desk.screen.result(&value, if asked.done() { std::slice::from_ref(&line) } else { &[] });
    asked.end()
}

/// Decides on people, and waits until each stands where that puts them.
async fn decide(
    desk: &mut Desk,
    verb: &People,
    command: fn(Who) -> Command,
    becomes: PersonState,
) -> Result<(Asked, Vec<String>), Failure> {
    let mut meant: Vec<String> = Vec::new();
    let until = Instant::now() + SEARCH;
    let asked = ask(
        desk,
        First::CatchUp,
        |view| {
            let keys = whom(view, verb, becomes)?;
            meant = keys.iter().map(ToString::to_string).collect();
            Ok(if keys.is_empty() { Vec::new() } else { vec![command(Who::These(keys))] })
        },
        |view, replies: &[Reply]| {
            let nobody = replies.is_empty();
            // Who waits lies in a mailbox, and nobody knows whether more is coming from there.
            if nobody && view.caught_up { Ok(Instant::now() >= until) } else { Ok(settled(view)) }
        },
    );
    let asked = asked.await?;
    if asked.waiting.is_some() || decided(&asked.view, &meant, becomes)? {
        return Ok((asked, meant));
    }
    let asked = ask(
        desk,
        First::Ask,
        |_| Ok(Vec::new()),
        |view, _| Ok(settled(view) && decided(view, &meant, becomes)?),
    );
    Ok((asked.await?, meant))
}

fn whom(view: &View, verb: &People, becomes: PersonState) -> Result<Vec<PublicKey>, Failure> {
    let Some(committee) = &view.committee else { return Err(names::not_committee(view)) };
    if verb.all {
        let waiting = committee.people.iter().filter(|person| person.state == PersonState::Waiting);
        return Ok(waiting.filter_map(|person| PublicKey::parse(&person.key)).collect());
    }
    let one = |name: &String| {
        let (person, key) = names::person(view, name)?;
        match person.state {
            PersonState::Waiting => Ok(key),
            // Another device's admission is on its way: asking again changes nothing and ends in it.
            PersonState::Admitting if becomes == PersonState::Member => Ok(key),
            state => Err(not_waiting(person, state)),
        }
    };
    verb.names.iter().map(one).collect()
}

/// Whether each of them stands where the decision puts them; an error if somebody decided otherwise.
fn decided(view: &View, keys: &[String], becomes: PersonState) -> Result<bool, Failure> {
    let Some(committee) = &view.committee else { return Ok(true) };
    for person in committee.people.iter().filter(|person| keys.contains(&person.key)) {
        match person.state {
            PersonState::Waiting | PersonState::Admitting => return Ok(false),
            state if state == becomes => {}
            state => return Err(not_waiting(person, state)),
        }
    }
    Ok(true)
}

fn not_waiting(person: &PersonView, state: PersonState) -> Failure {
    Failure::NotWaiting { name: names::called(&person.handle, &person.code), state }
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
