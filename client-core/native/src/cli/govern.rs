//! Statements of the committee: drafted by one device, in force when enough have signed.

use campana_core::command::ZoneChange;
use campana_core::view::{DraftView, NamedView, OperationView, View, ZoneChangeView};
use campana_core::{Command, CommandError, Reply};
use campana_protocol::id::{Hash, PublicKey};
use fluent_bundle::FluentValue;
use serde_json::json;

use super::ask::{First, ask, look_inside, settled};
use super::failure::Failure;
use super::options::{Approve, Hotline, Person, PersonRole, Withdraw, Zones};
use super::{Desk, names};
use crate::words::Words;

pub(crate) async fn grant(desk: &mut Desk, verb: PersonRole) -> Result<(), Failure> {
    about(desk, &verb.name, |person| Command::Grant { person, role: verb.role }).await
}

pub(crate) async fn revoke(desk: &mut Desk, verb: PersonRole) -> Result<(), Failure> {
    about(desk, &verb.name, |person| Command::Revoke { person, role: verb.role }).await
}

pub(crate) async fn remove(desk: &mut Desk, verb: Person) -> Result<(), Failure> {
    about(desk, &verb.name, |person| Command::Remove { person }).await
}

pub(crate) async fn zones(desk: &mut Desk, verb: Zones) -> Result<(), Failure> {
    let rename = |(code, name)| ZoneChange::Rename { code, name };
    let changes = verb.rename.into_iter().map(rename);
    let changes = changes.chain(verb.retire.into_iter().map(ZoneChange::Retire));
    let changes = changes.chain(verb.restore.into_iter().map(ZoneChange::Restore));
    let changes: Vec<_> = changes.chain(verb.names.into_iter().map(ZoneChange::Add)).collect();
    draft(desk, |_| Ok(vec![Command::ChangeZones(changes.clone())])).await
}

pub(crate) async fn hotline(desk: &mut Desk, verb: Hotline) -> Result<(), Failure> {
    let telephone = verb.telephone.unwrap_or_default();
    draft(desk, |_| Ok(vec![Command::SetHotline(telephone.clone())])).await
}

pub(crate) async fn raise_rules(desk: &mut Desk) -> Result<(), Failure> {
    draft(desk, |_| Ok(vec![Command::RaiseRules])).await
}

async fn about(desk: &mut Desk, name: &str, command: impl Fn(PublicKey) -> Command) -> Result<(), Failure> {
    draft(desk, |view| Ok(vec![command(names::person(view, name)?.1)])).await
}

pub(crate) async fn approve(desk: &mut Desk, verb: Approve) -> Result<(), Failure> {
    let mut meant: Vec<String> = Vec::new();
    draft(desk, |view| {
        let Some(committee) = &view.committee else { return Err(names::not_committee(view)) };
        meant = if verb.all {
            let open = committee.drafts.iter().filter(|draft| !draft.signed && draft.trouble.is_none());
            open.map(|draft| draft.id.clone()).collect()
        } else {
            let one = |beginning: &String| {
                let ids = committee.drafts.iter().map(|draft| &draft.id);
                names::id(ids, beginning, CommandError::UnknownDraft).cloned()
            };
            verb.ids.iter().map(one).collect::<Result<_, _>>()?
        };
        meant.iter().map(|id| Ok(Command::Approve(Hash::parse(id).ok_or(CommandError::Bug)?))).collect()
    })
    .await
}

pub(crate) async fn withdraw(desk: &mut Desk, verb: Withdraw) -> Result<(), Failure> {
    let mut meant = String::new();
    let asked = ask(
        desk,
        First::CatchUp,
        |view| {
            let Some(committee) = &view.committee else { return Err(names::not_committee(view)) };
            let ids = committee.drafts.iter().map(|draft| &draft.id);
            meant.clone_from(names::id(ids, &verb.id, CommandError::UnknownDraft)?);
            Ok(vec![Command::Withdraw(Hash::parse(&meant).ok_or(CommandError::Bug)?)])
        },
        |view, _| Ok(settled(view)),
    )
    .await?;
    let line = desk.screen.words.with("draft-withdrawn", [("short", names::short(&meant).into())]);
    let value = json!({"done": asked.done(), "draft": meant});
    desk.screen.result(&value, if asked.done() { std::slice::from_ref(&line) } else { &[] });
    asked.end()
}

/// Asks for drafts or signatures, and waits until each is in force or truly lacks signatures.
async fn draft(
    desk: &mut Desk,
    mut make: impl FnMut(&View) -> Result<Vec<Command>, Failure>,
) -> Result<(), Failure> {
    let mut approved: Vec<String> = Vec::new();
    let asked = ask(
        desk,
        First::CatchUp,
        |view| {
            let commands = make(view)?;
            approved = commands.iter().filter_map(approval).collect();
            Ok(commands)
        },
        |view, replies| Ok(settled(view) && drafted(replies).all(|id| !is_complete(view, &id))),
    )
    .await?;
    let mut ids = approved;
    ids.extend(drafted(&asked.replies));
    let words = &desk.screen.words;
    let mut lines = Vec::new();
    let mut objects = Vec::new();
    for id in &ids {
        match find(&asked.view, id) {
            Some(draft) => {
                lines.push(still_missing(words, draft));
                objects.push(json!({"draft": id, "in_force": false, "signatures": draft.signatures, "needed": draft.needed}));
            }
            None => {
                lines.push(words.say("draft-applied"));
                objects.push(json!({"draft": id, "in_force": asked.done()}));
            }
        }
    }
    if ids.is_empty() {
        lines.push(words.say("approved-none"));
    }
    let show = asked.done();
    desk.screen.result(&json!({"done": show, "drafts": objects}), if show { &lines } else { &[] });
    asked.end()
}

pub(crate) async fn drafts(desk: &mut Desk) -> Result<(), Failure> {
    let looked = look_inside(desk).await?;
    let Some(committee) = &looked.view.committee else { return Err(names::not_committee(&looked.view)) };
    let words = &desk.screen.words;
    let lines: Vec<String> = committee
        .drafts
        .iter()
        .map(|draft| {
            let operations = draft.operations.iter().map(|one| operation(words, one));
            let author = draft.author.as_ref().map(|author| names::called(&author.name, &author.code));
            let line = words.with(
                "draft-line",
                [
                    ("short", names::short(&draft.id).into()),
                    ("operations", operations.collect::<Vec<_>>().join("; ").into()),
                    ("author", author.unwrap_or_default().into()),
                    ("signatures", draft.signatures.into()),
                    ("needed", draft.needed.into()),
                    ("signed", FluentValue::from(if draft.signed { "yes" } else { "no" })),
                ],
            );
            match draft.trouble {
                Some(trouble) => {
                    format!("{line} — {}", words.code("error", CommandError::DraftTrouble(trouble).word()))
                }
                None => line,
            }
        })
        .collect();
    let none = [words.say(if looked.is_whole() { "drafts-none" } else { "list-unknown" })];
    desk.screen.result(&json!({"drafts": committee.drafts}), if lines.is_empty() { &none } else { &lines });
    looked.end()
}

fn approval(command: &Command) -> Option<String> {
    if let Command::Approve(id) = command { Some(id.to_string()) } else { None }
}

fn drafted(replies: &[Reply]) -> impl Iterator<Item = String> {
    replies.iter().filter_map(|reply| if let Reply::Draft(id) = reply { Some(id.to_string()) } else { None })
}

fn find<'a>(view: &'a View, id: &str) -> Option<&'a DraftView> {
    view.committee.as_ref()?.drafts.iter().find(|draft| draft.id == id)
}

/// All signatures are there and it is not in force yet: its commit is on the way.
fn is_complete(view: &View, id: &str) -> bool {
    find(view, id).is_some_and(|draft| draft.signatures >= draft.needed)
}

fn still_missing(words: &Words, draft: &DraftView) -> String {
    words.with(
        "draft-made",
        [
            ("id", draft.id.as_str().into()),
            ("short", names::short(&draft.id).into()),
            ("signatures", draft.signatures.into()),
            ("needed", draft.needed.into()),
            ("missing", draft.needed.saturating_sub(draft.signatures).into()),
        ],
    )
}

/// `"grant verifier Ana"` and the like.
fn operation(words: &Words, operation: &OperationView) -> String {
    let say = |key: &str, person: &str, role: &str, rest: String| {
        let role = if role.is_empty() { String::new() } else { words.code("role", role) };
        words.with(key, [("person", person.into()), ("role", role.into()), ("rest", rest.into())])
    };
    match operation {
        OperationView::Constitute { threshold, committee, adds, drops } => {
            let keys = |sign: char, these: &[NamedView]| -> String {
                these.iter().map(|one| format!(", {sign} {}", names::called(&one.name, &one.code))).collect()
            };
            let rest = format!("{threshold} / {committee}{}{}", keys('+', adds), keys('−', drops));
            say("operation-constitute", "", "", rest)
        }
        OperationView::Grant { role, name, code } => {
            say("operation-grant", &names::called(name, code), role, String::new())
        }
        OperationView::Revoke { role, name, code } => {
            say("operation-revoke", &names::called(name, code), role, String::new())
        }
        OperationView::Remove { name, code, .. } => {
            say("operation-remove", &names::called(name, code), "", String::new())
        }
        OperationView::Desk { .. } => words.say("operation-desk"),
        OperationView::Zones(changes) => {
            let changes: Vec<String> = changes.iter().map(|change| zone_change(words, change)).collect();
            say("operation-zones", "", "", changes.join(", "))
        }
        OperationView::Hotline(number) if number.is_empty() => words.say("operation-no-hotline"),
        OperationView::Hotline(number) => say("operation-hotline", "", "", number.clone()),
        OperationView::Rule(number) => say("operation-rule", "", "", number.to_string()),
        OperationView::Unknown => words.say("operation-unknown"),
    }
}

/// `"+ 3 north"` and the like.
fn zone_change(words: &Words, change: &ZoneChangeView) -> String {
    let say = |key: &str, code: u16, name: &str, from: &str| {
        words.with(key, [("code", code.into()), ("name", name.into()), ("from", from.into())])
    };
    match change {
        ZoneChangeView::Add { code, name } => say("zone-add", *code, name, ""),
        ZoneChangeView::Rename { code, from, name } => say("zone-rename", *code, name, from),
        ZoneChangeView::Retire { code, name } => say("zone-retire", *code, name, ""),
        ZoneChangeView::Restore { code, name } => say("zone-restore", *code, name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn an_operation_is_said_in_the_readers_language() {
        let words = Words::new(Language::Es);
        let code = "7KQ2M-9D4TX".to_owned();
        let grant = OperationView::Grant { role: "verifier", name: "Ana María".into(), code: code.clone() };
        let said = "Ana María (#7KQ2M-9D4TX): recibe la función de verificación";
        assert_eq!(operation(&words, &grant), said);
        let remove = OperationView::Remove { name: String::new(), code: code.clone(), other_leaf: false };
        assert_eq!(operation(&words, &remove), "#7KQ2M-9D4TX queda fuera");
        let adds = vec![NamedView { name: "Teo".into(), code }];
        let constitute = OperationView::Constitute { threshold: 2, committee: 3, adds, drops: Vec::new() };
        assert_eq!(operation(&words, &constitute), "el comité: 2 / 3, + Teo (#7KQ2M-9D4TX)");
        let zones = OperationView::Zones(vec![
            ZoneChangeView::Add { code: 3, name: "sur".into() },
            ZoneChangeView::Rename { code: 1, from: "norte".into(), name: "Norte".into() },
            ZoneChangeView::Retire { code: 2, name: "centro".into() },
        ]);
        let said = "zonas: nueva 3 «sur», 1 «norte» se llama «Norte», sin 2 «centro»";
        assert_eq!(operation(&words, &zones), said);
    }
}
