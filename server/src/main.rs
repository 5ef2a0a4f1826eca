//! The relay's command line.

use std::io::{self, Write};
use std::process::ExitCode;

use campana_relay::config::{Cli, Command, Config, Log};
use campana_relay::store::{SledStore, Store};
use campana_relay::{invitation, serve};
use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "campana-relay: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let cli = Cli::parse();
    let config = cli.complete()?;
    start_log(config.log);
    match cli.command.unwrap_or(Command::Serve) {
        Command::Invite => invite(&config),
        Command::Holdings => holdings(&config),
        _ => serve_until_signal(&config),
    }
}

fn serve_until_signal(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let store = SledStore::open_directory(&config.store_dir(), &config.store)?;
    serve::take_invitations(&store, &config.data_dir);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(config.listen).await?;
        announce(config, &store, listener.local_addr()?)?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        serve::serve(listener, store, config, stop).await
    })?;
    Ok(())
}

/// Says where the relay listens and, on its first start, whom it lets in.
fn announce(config: &Config, store: &SledStore, listening: std::net::SocketAddr) -> io::Result<()> {
    let first = !store.has_invitation().map_err(io::Error::other)?;
    let link = if first {
        let secret = invitation::secret()?;
        invitation::leave(&config.data_dir, &secret, serve::now())?;
        serve::take_invitations(store, &config.data_dir);
        Some(invitation::link(&config.public_url(listening), &secret))
    } else {
        None
    };
    let mut out = io::stdout().lock();
    if config.json {
        let line = serde_json::json!({ "listening": listening.to_string(), "invitation": link });
        writeln!(out, "{line}")?;
    } else {
        writeln!(out, "Listening on http://{listening}")?;
        match link {
            Some(link) => print_invitation(&mut out, &link)?,
            None => writeln!(out, "An invitation was made earlier. For a new one: campana-relay invite")?,
        }
    }
    out.flush()
}

fn invite(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let secret = invitation::secret()?;
    invitation::leave(&config.data_dir, &secret, serve::now())?;
    let link = invitation::link(&config.public_url(config.listen), &secret);
    let mut out = io::stdout().lock();
    if config.json {
        writeln!(out, "{}", serde_json::json!({ "invitation": link }))?;
    } else {
        print_invitation(&mut out, &link)?;
    }
    Ok(())
}

fn print_invitation(out: &mut impl Write, link: &str) -> io::Result<()> {
    writeln!(out, "\nWith this link one person can found one network here, once, within 30 days.")?;
    writeln!(out, "It is shown only now; the relay keeps no copy.\n\n{link}\n")?;
    if let Some(code) = invitation::code(link) {
        writeln!(out, "{code}")?;
    }
    Ok(())
}

fn holdings(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let store = SledStore::open_directory(&config.store_dir(), &config.store)?;
    let holdings = store.holdings()?;
    let mut out = io::stdout().lock();
    if config.json {
        let rows = holdings
            .iter()
            .map(|held| serde_json::json!({ "kind": held.kind, "rows": held.rows, "bytes": held.bytes }));
        writeln!(out, "{}", serde_json::Value::from_iter(rows))?;
        return Ok(());
    }
    writeln!(out, "{:<34}{:>12}{:>16}", "What this relay holds", "rows", "bytes")?;
    for held in holdings {
        writeln!(out, "{:<34}{:>12}{:>16}", held.kind, held.rows, held.bytes)?;
    }
    Ok(())
}

/// Only the relay's own lines: what libraries log below a warning may name peers or bytes.
fn start_log(level: Log) {
    let level = match level {
        Log::Off => LevelFilter::OFF,
        Log::Error => LevelFilter::ERROR,
        Log::Warn => LevelFilter::WARN,
        Log::Info => LevelFilter::INFO,
        Log::Debug => LevelFilter::DEBUG,
    };
    let targets =
        Targets::new().with_target("campana_relay", level).with_default(level.min(LevelFilter::WARN));
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(false).with_target(false);
    tracing_subscriber::registry().with(lines).with(targets).init();
}
