//! The command line. Each command is one file's worth of three things: which command to give the
//! core, when it has really happened, and what to say about it.
//!
//! Exit codes: 0 done; 1 refused; 2 wrong usage; 3 accepted and waiting in the outbox (do not
//! repeat it); 4 the store or the configuration; 5 shown as far as this device knows, and not known
//! to be all.

mod alerts;
pub mod ask;
mod clock;
mod exec;
pub mod failure;
mod govern;
mod incidents;
mod join;
mod leave;
mod names;
mod on_call;
mod options;
mod people;
mod screen;
mod status;
mod usage;
mod watch;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::CommandFactory;
use tracing_subscriber::EnvFilter;

use crate::device::Device;
use crate::edge::{Edge, Network};
use crate::store::Store;
use failure::Failure;
use options::{Global, Options, Verb};
use screen::Screen;

/// What every command works with.
pub(crate) struct Desk {
    pub(crate) edge: Edge,
    pub(crate) screen: Screen,
    pub(crate) offline: bool,
    pub(crate) timeout: Duration,
    pub(crate) directory: PathBuf,
}

/// Everything that can be typed.
#[must_use]
pub fn command() -> clap::Command {
    Options::command()
}

/// Runs one command line.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let language = usage::language(&arguments);
    let options = match Options::read(arguments.clone(), language) {
        Ok(options) => options,
        Err(error) => return usage::explain(&error, language, usage::wants_json(&arguments)),
    };
    if let Some(printed) = usage::print(&options.verb, language) {
        return printed;
    }
    let filter = EnvFilter::try_from_env("CAMPANA_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    // A panic is a fault of ours that costs one turn; where it happened is enough to report it.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(
            "internal fault at {}",
            panic.location().map_or_else(String::new, ToString::to_string)
        );
    }));
    let screen = Screen::new(language, options.global.json);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return ExitCode::from(4) };
    match runtime.block_on(run(options, screen)) {
        Ok(()) => ExitCode::SUCCESS,
        Err((screen, failure)) => {
            screen.fail(&failure);
            ExitCode::from(failure.exit())
        }
    }
}

async fn run(options: Options, screen: Screen) -> Result<(), (Screen, Failure)> {
    let Options { global, verb } = options;
    if let Verb::Leave(verb) = verb {
        return leave::leave(&global, &screen, &verb).await.map_err(|failure| (screen, failure));
    }
    let (device, directory) = match open(&global) {
        Ok(opened) => opened,
        Err(failure) => return Err((screen, failure)),
    };
    let edge = match network(&global) {
        Ok(network) => Edge::new(device).through(network),
        Err(failure) => return Err((screen, failure)),
    };
    let timeout = Duration::from_secs(global.timeout);
    let mut desk = Desk { edge, screen, offline: global.offline, timeout, directory };
    let done = match verb {
        Verb::Start(verb) => join::start(&mut desk, verb).await,
        Verb::Invite(verb) => join::invite(&mut desk, verb).await,
        Verb::Join(verb) => join::join(&mut desk, verb).await,
        Verb::People => people::list(&mut desk).await,
        Verb::Admit(verb) => people::admit(&mut desk, verb).await,
        Verb::Decline(verb) => people::decline(&mut desk, verb).await,
        Verb::Grant(verb) => govern::grant(&mut desk, verb).await,
        Verb::Revoke(verb) => govern::revoke(&mut desk, verb).await,
        Verb::Remove(verb) => govern::remove(&mut desk, verb).await,
        Verb::Zones(verb) => govern::zones(&mut desk, verb).await,
        Verb::Hotline(verb) => govern::hotline(&mut desk, verb).await,
        Verb::Drafts => govern::drafts(&mut desk).await,
        Verb::RaiseRules => govern::raise_rules(&mut desk).await,
        Verb::Approve(verb) => govern::approve(&mut desk, verb).await,
        Verb::Withdraw(verb) => govern::withdraw(&mut desk, verb).await,
        Verb::Report(verb) => incidents::report(&mut desk, verb).await,
        Verb::Attest(verb) => incidents::attest(&mut desk, verb).await,
        Verb::Correct(verb) => incidents::correct(&mut desk, verb).await,
        Verb::AllClear(verb) => incidents::all_clear(&mut desk, verb).await,
        Verb::Incidents => incidents::list(&mut desk).await,
        Verb::Alerts(verb) => alerts::alerts(&mut desk, verb).await,
        Verb::Dismiss => status::dismiss(&mut desk).await,
        Verb::OnCall(verb) => on_call::on_call(&mut desk, verb).await,
        Verb::Status => status::status(&mut desk).await,
        Verb::Watch(verb) => watch::watch(&mut desk, verb).await,
        Verb::Passphrase(verb) => leave::passphrase(&mut desk, verb),
        Verb::Leave(_) | Verb::Completion { .. } | Verb::Man { .. } => Ok(()), // Above: they need no store that opens.
    };
    done.map_err(|failure| (desk.screen, failure))
}

fn open(global: &Global) -> Result<(Device, PathBuf), Failure> {
    let directory = place(global)?;
    let passphrase = match &global.passphrase_file {
        Some(path) => Some(fs::read_to_string(path).map_err(Failure::PassphraseFile)?),
        None => std::env::var("CAMPANA_PASSPHRASE").ok().filter(|text| !text.is_empty()),
    }
    .map(zeroize::Zeroizing::new);
    let store = Store::open(&directory).map_err(|error| Failure::Device(error.into()))?;
    let device = Device::open(store, passphrase.as_ref().map(|text| text.as_str()))?;
    Ok((device, directory))
}

/// How the relay is reached.
fn network(global: &Global) -> Result<Network, Failure> {
    Network::new(global.proxy.clone(), global.ca.as_deref()).map_err(Failure::CaFile)
}

/// Where the store is.
fn place(global: &Global) -> Result<PathBuf, Failure> {
    let home = || std::env::home_dir().map(|home| home.join(".campana"));
    global.store.clone().or_else(home).ok_or(Failure::NoStore)
}
