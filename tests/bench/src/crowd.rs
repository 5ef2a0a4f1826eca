//! A network of N members for one phone to be measured in. Most of them only asked to join: they
//! are in the tree, which is what a phone pays for, and never come back.
//!
//! Says `{"origin": …, "invite": …}` when all of them wait, then does what each line on standard
//! input asks: `admit` (everybody, the phone included), `alert` (one; says when it was signed).

use std::io::{BufRead, stdin};
use std::sync::Arc;
use std::time::Duration;

use campana_core::command::Who;
use campana_core::view::{PersonState, Stage, Status};
use campana_core::{Command, Core, Effect, Input, Reply, VaultKey};
use campana_protocol::governance::Role;
use campana_protocol::id::PublicKey;
use campana_protocol::report::{Finding, Method};
use campana_tests::rig::Relay;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};
use tokio_tungstenite::tungstenite::Message;

use crate::device::{Device, device, form, now, turn};

pub(crate) fn crowd(members: usize) -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let relay = Relay::start_for_a_crowd(directory.path());
    let link = relay.invitation.clone().ok_or("a fresh relay has an invitation")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(&relay.listening, link, members))
}

async fn serve(address: &str, link: String, members: usize) -> Result<(), Box<dyn std::error::Error>> {
    let (shown, _seen) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(64));
    let start = |seed| device(address.to_owned(), seed, shown.clone(), gate.clone());
    let founder = start(0);
    let network =
        Command::Start { link, name: "Valle".into(), committee_size: 1, threshold: 1, verify_threshold: 1 };
    founder.command(network).await;
    founder.until("the network", |view| view.stage == Stage::Member && view.unsent == 0).await;
    let invite = Command::Invite { lifetime_ms: 86_400_000, committee: false };
    let Some(Reply::Invite { link, .. }) = founder.command(invite).await else {
        return Err("no invite".into());
    };
    let (verifier, reporter) = (start(1), start(2));
    for (who, handle) in [(&verifier, "Vera"), (&reporter, "Rosa")] {
        who.command(Command::Join { link: link.clone(), handle: handle.into() }).await;
    }
    for number in 3..members as u64 {
        ask_to_join(address, &link, number).await?;
    }
    waiting(&founder, members - 1).await;
    println!("{}", json!({ "origin": format!("http://{address}"), "invite": link }));
    for line in stdin().lock().lines() {
        match line?.as_str() {
            "admit" => {
                // The phone's request too.
                waiting(&founder, members).await;
                founder.command(Command::Admit(Who::Everybody)).await;
                for who in [&verifier, &reporter] {
                    who.until("an admission", |view| view.stage == Stage::Member && view.caught_up).await;
                }
                let person =
                    verifier.view().await.me.as_deref().and_then(PublicKey::parse).ok_or("no key")?;
                founder.command(Command::Grant { person, role: Role::Verifier }).await;
                verifier.until("a role", |view| view.roles == ["verifier"] && view.caught_up).await;
                println!("{}", json!({ "admitted": true }));
            }
            "verifier" => {
                // The phone's owner calls herself so (push/page.mjs).
                let person = founder.view().await.committee.and_then(|committee| {
                    let phone = committee.people.into_iter().find(|person| person.handle == "Ana")?;
                    PublicKey::parse(&phone.key)
                });
                let person = person.ok_or("no phone")?;
                founder.command(Command::Grant { person, role: Role::Verifier }).await;
                founder.until("the grant", |view| view.unsent == 0 && view.caught_up).await;
                println!("{}", json!({ "granted": true }));
            }
            "report" => {
                reporter.command(Command::Report(form())).await;
                println!("{}", json!({ "reported_at": now() }));
            }
            "alert" => println!("{}", json!({ "signed_at": alert(&verifier, &reporter).await? })),
            _ => break,
        }
    }
    Ok(())
}

async fn waiting(founder: &Device, expected: usize) {
    let waits = move |view: &campana_core::View| {
        let people = view.committee.as_ref().map_or(&[][..], |committee| &committee.people);
        people.iter().filter(|person| person.state == PersonState::Waiting).count() >= expected
    };
    founder.until("everybody's request", waits).await;
}

async fn alert(verifier: &Device, reporter: &Device) -> Result<u64, Box<dyn std::error::Error>> {
    let Some(Reply::Incident(incident)) = reporter.command(Command::Report(form())).await else {
        return Err("no report".into());
    };
    let is = move |status| {
        move |view: &campana_core::View| {
            view.incidents.iter().any(|other| other.id == incident.to_string() && other.status == status)
        }
    };
    verifier.until("the report", is(Status::Unverified)).await;
    let signed_at = now();
    verifier
        .command(Command::Attest { incident, finding: Finding::Confirmed, method: Method::InPerson })
        .await;
    reporter.until("the alert", is(Status::Verified)).await;
    Ok(signed_at)
}

/// A device that asks to join and is gone.
async fn ask_to_join(address: &str, link: &str, number: u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    let mut core = Core::new(VaultKey([3; 32]), seed);
    let join = Command::Join { link: link.to_owned(), handle: format!("member {number}") };
    let _ = turn(&mut core, Input::Command(join));
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/v1/relay")).await?;
    let _ = turn(&mut core, Input::Connected);
    while core.view(now()).unsent > 0 {
        let message = tokio::time::timeout(Duration::from_secs(10), socket.next()).await?;
        let Some(Ok(Message::Binary(frame))) = message else { return Err("the relay hung up".into()) };
        for effect in turn(&mut core, Input::Received(vec![frame.to_vec()])).0.effects {
            if let Effect::Send(frame) = effect {
                socket.send(Message::binary(frame)).await?;
            }
        }
    }
    Ok(())
}
