//! Starting, inviting, joining.

use std::io::Read;

use campana_core::view::{Stage, View};
use campana_core::{Command, CommandError, Reply};
use campana_protocol::id::InviteId;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::json;

use super::ask::{Asked, First, ask, look_inside, settled};
use super::failure::Failure;
use super::options::{Invite, InviteVerb, Join, Start};
use super::{Desk, names};
use crate::device::now;

const HOUR_MS: u64 = 3_600_000;

pub(crate) async fn start(desk: &mut Desk, verb: Start) -> Result<(), Failure> {
    let command = Command::Start {
        link: link(verb.link)?,
        name: verb.name,
        committee_size: verb.committee,
        threshold: verb.threshold,
        verify_threshold: verb.confirmations,
    };
    let asked = once(desk, command, |view, _| {
        Ok(not_ended(view)? && settled(view) && matches!(view.stage, Stage::Founding | Stage::Member))
    })
    .await?;
    let words = &desk.screen.words;
    let name = asked.view.network.as_ref().map_or("", |network| network.name.as_str());
    let mut lines = vec![words.with("started", [("name", name.into())])];
    match verb.committee {
        0 | 1 => lines.push(words.say("start-alone-risk")),
        n => lines.push(words.with("started-next", [("missing", (n - 1).into())])),
    }
    let value = json!({"done": asked.done(), "stage": asked.view.stage, "network": asked.view.network, "me": asked.view.me});
    desk.screen.result(&value, if asked.done() { &lines } else { &[] });
    asked.end()
}

pub(crate) async fn invite(desk: &mut Desk, verb: Invite) -> Result<(), Failure> {
    match verb.verb {
        None => make_invite(desk, verb.hours, verb.committee).await,
        Some(InviteVerb::List) => list_invites(desk).await,
        Some(InviteVerb::Revoke { id }) => revoke_invite(desk, &id).await,
    }
}

async fn make_invite(desk: &mut Desk, hours: u64, committee: bool) -> Result<(), Failure> {
    let command = Command::Invite { lifetime_ms: hours.saturating_mul(HOUR_MS), committee };
    let asked = ask(desk, First::CatchUp, |_| Ok(vec![command.clone()]), |view, _| Ok(settled(view))).await?;
    let [Reply::Invite { id, link }] = asked.replies.as_slice() else { return Err(CommandError::Bug.into()) };
    let mut lines =
        vec![desk.screen.words.with("invite-made", [("id", id.to_string().into())]), link.clone()];
    if let Ok(code) = QrCode::new(link) {
        let code = code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
        lines.extend(code.lines().map(str::to_owned));
    }
    desk.screen.result(&json!({"done": asked.done(), "invite": id.to_string(), "link": link}), &lines);
    asked.end()
}

async fn list_invites(desk: &mut Desk) -> Result<(), Failure> {
    let looked = look_inside(desk).await?;
    let Some(committee) = &looked.view.committee else { return Err(names::not_committee(&looked.view)) };
    let words = &desk.screen.words;
    let lines: Vec<String> = committee
        .invites
        .iter()
        .map(|invite| {
            let hours = invite.expires_at.saturating_sub(now()) / HOUR_MS;
            let committee = if invite.committee { "yes" } else { "no" };
            words.with(
                "invite-line",
                [("id", invite.id.as_str().into()), ("hours", hours.into()), ("committee", committee.into())],
            )
        })
        .collect();
    let none = [words.say(if looked.is_whole() { "invites-none" } else { "list-unknown" })];
    desk.screen.result(&json!({"invites": committee.invites}), if lines.is_empty() { &none } else { &lines });
    looked.end()
}

async fn revoke_invite(desk: &mut Desk, beginning: &str) -> Result<(), Failure> {
    let mut revoked = String::new();
    let asked = ask(
        desk,
        First::CatchUp,
        |view| {
            let Some(committee) = &view.committee else { return Err(names::not_committee(view)) };
            let ids = committee.invites.iter().map(|invite| &invite.id);
            revoked.clone_from(names::id(ids, beginning, CommandError::UnknownInvite)?);
            Ok(vec![Command::RevokeInvite(InviteId::parse(&revoked).ok_or(CommandError::Bug)?)])
        },
        |view, _| Ok(settled(view)),
    )
    .await?;
    let line = desk.screen.words.with("invite-revoked", [("id", revoked.as_str().into())]);
    desk.screen.result(&json!({"done": asked.done(), "invite": revoked}), &[line]);
    asked.end()
}

pub(crate) async fn join(desk: &mut Desk, verb: Join) -> Result<(), Failure> {
    let command = Command::Join { link: link(verb.link)?, handle: verb.handle };
    let asked = once(desk, command, |view, _| {
        let inside = matches!(view.stage, Stage::Member | Stage::Founding);
        Ok(not_ended(view)?
            && view.unsent == 0
            && if verb.wait { inside && view.caught_up } else { inside || view.stage == Stage::Waiting })
    })
    .await?;
    let inside = matches!(asked.view.stage, Stage::Member | Stage::Founding);
    let words = &desk.screen.words;
    let mut lines = vec![words.say(if inside { "join-done" } else { "join-sent" })];
    if let Some(code) = asked.view.code.as_deref().filter(|_| !inside) {
        lines.push(words.with("your-code", [("code", code.into())]));
    }
    let value = json!({"done": asked.done(), "stage": asked.view.stage, "me": asked.view.me, "code": asked.view.code, "network": asked.view.network});
    desk.screen.result(&value, if asked.done() { &lines } else { &[] });
    asked.end()
}

async fn once(
    desk: &mut Desk,
    command: Command,
    goal: impl FnMut(&View, &[Reply]) -> Result<bool, Failure>,
) -> Result<Asked, Failure> {
    ask(desk, First::Ask, move |_| Ok(vec![command.clone()]), goal).await
}

/// The committee's or the relay's refusal ends the wait.
fn not_ended(view: &View) -> Result<bool, Failure> {
    match view.stage {
        Stage::InviteExpired
        | Stage::InviteRevoked
        | Stage::Declined
        | Stage::Removed
        | Stage::InvitationRefused => Err(Failure::Ended(view.stage)),
        Stage::Nowhere | Stage::Founding | Stage::Waiting | Stage::Member => Ok(true),
    }
}

/// A secret in the arguments shows in the list of processes: `-` reads it from standard input.
fn link(given: String) -> Result<String, Failure> {
    if given != "-" {
        return Ok(given);
    }
    let mut text = String::new();
    match std::io::stdin().take(8_192).read_to_string(&mut text) {
        Ok(read) if read > 0 => Ok(text.trim().to_owned()),
        _ => Err(Failure::NoInput),
    }
}
