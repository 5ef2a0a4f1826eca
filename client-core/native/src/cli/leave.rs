//! Leaving a network, and how the store is locked.

use std::fs::TryLockError;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::time::Duration;

use campana_core::view::{AlertsState, Stage, View};
use campana_core::{Command, Input, Permission, Platform};
use campana_protocol::event::Duty;
use serde_json::json;
use zeroize::Zeroizing;

use super::ask::{First, ask, look};
use super::failure::Failure;
use super::options::{Global, Leave, Passphrase, PassphraseVerb};
use super::screen::Screen;
use super::{Desk, network, open, place};
use crate::edge::Edge;
use crate::files;
use crate::store::{Store, StoreError};

/// Erases this device's part in its network. The relay is told to push to it no longer if it can be
/// reached; a store that does not open is erased too.
pub(crate) async fn leave(global: &Global, screen: &Screen, verb: &Leave) -> Result<(), Failure> {
    let directory = place(global)?;
    if !directory.join("store.redb").exists() {
        return Err(Failure::NoStoreHere(directory));
    }
    let device = open(global).map(|(device, _)| device);
    let name = match &device {
        Ok(device) => device.view().and_then(|view| view.network).map(|network| network.name),
        Err(_) => None,
    };
    if !verb.yes && !sure(screen, name.as_deref())? {
        return Err(Failure::NotSure);
    }
    let path = directory.join("watch.lock");
    let lock = files::open_private(&path)
        .map_err(|source| Failure::Device(StoreError::Unreadable { path, source }.into()))?;
    if matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
        return Err(Failure::WatchRunning);
    }
    let mut told = false;
    if let Ok(device) = device {
        let timeout = Duration::from_secs(global.timeout);
        let silent = Screen::new(screen.language, screen.json);
        let edge = Edge::new(device).through(network(global)?);
        let mut desk =
            Desk { edge, screen: silent, offline: global.offline, timeout, directory: directory.clone() };
        told = say_goodbye(&mut desk).await;
    }
    Store::erase(&directory).map_err(|error| Failure::Device(error.into()))?;
    let lines = [screen.words.say("left"), screen.words.say("left-stays")];
    screen.result(&json!({"done": true, "relay_told": told, "network": name}), &lines);
    Ok(())
}

/// Asks the relay to push to this device no longer. Whether nothing is left there to be pushed to.
async fn say_goodbye(desk: &mut Desk) -> bool {
    let Ok(looked) = look(desk).await else { return false };
    let view = &looked.view;
    if !matches!(view.stage, Stage::Founding | Stage::Member) {
        return true;
    }
    if !view.caught_up {
        return false;
    }
    let mut commands = Vec::new();
    if view.desk.as_ref().is_some_and(|desk| desk.registered) {
        commands.push(Command::OnCall { duty: Duty::Off, from: 0, to: 0 });
    }
    if !is_silent(view) {
        let platform = Platform { permission: Permission::Granted, ..Platform::default() };
        desk.edge.tell(Input::Platform(platform));
        commands.push(Command::Alerts(false));
    }
    let done = |view: &View| is_silent(view) && view.desk.as_ref().is_none_or(|desk| !desk.registered);
    let asked = ask(desk, First::CatchUp, |_| Ok(commands.clone()), |view, _| Ok(done(view))).await;
    asked.is_ok_and(|asked| asked.done())
}

const fn is_silent(view: &View) -> bool {
    matches!(
        view.alerts.state,
        AlertsState::Off | AlertsState::Unavailable | AlertsState::Unsupported | AlertsState::NeedsInstall
    )
}

/// Asks whoever sits at the terminal; a script says `--yes`.
fn sure(screen: &Screen, network: Option<&str>) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::NotSure);
    }
    let question = match network {
        Some(name) => screen.words.with("leave-sure", [("name", name.into())]),
        None => screen.words.say("leave-sure-unknown"),
    };
    let mut out = io::stderr().lock();
    let _ = write!(out, "{question} ").and_then(|()| out.flush());
    let mut answer = String::new();
    io::stdin().lock().take(64).read_line(&mut answer).map_err(|_| Failure::NotSure)?;
    let answer = answer.trim().to_lowercase();
    Ok(screen.words.say("leave-yes").split_whitespace().any(|yes| yes == answer))
}

pub(crate) fn passphrase(desk: &mut Desk, verb: Passphrase) -> Result<(), Failure> {
    let (new, key) = match verb.verb {
        PassphraseVerb::Remove => (None, "passphrase-removed"),
        PassphraseVerb::Set { file } => {
            let mut text = Zeroizing::new(String::new());
            let read = if file.as_os_str() == "-" {
                io::stdin().take(4_096).read_to_string(&mut text)
            } else {
                std::fs::File::open(&file).and_then(|file| file.take(4_096).read_to_string(&mut text))
            };
            read.map_err(Failure::PassphraseFile)?;
            (Some(text), "passphrase-set")
        }
    };
    desk.edge.device_mut().change_passphrase(new.as_ref().map(|text| text.as_str()))?;
    let lines = [desk.screen.words.say(key), desk.screen.words.say("passphrase-copies")];
    desk.screen.result(&json!({"done": true, "passphrase": new.is_some()}), &lines);
    Ok(())
}
