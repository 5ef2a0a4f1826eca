//! The relay's command line.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use campana_relay::config::{Cli, Command, Config, Log};
use campana_relay::push::{self, KeySource, Policy};
use campana_relay::quiet::Quiet;
use campana_relay::serve::Listeners;
use campana_relay::store::{Look, OpenError, SledStore, Store, Write as StoreWrite, in_use};
use campana_relay::tls::Tls;
use campana_relay::tls::lan::Lan;
use campana_relay::tls::settings::TlsConfig;
use campana_relay::{backup, invitation, limits, operator, reach, run, serve};
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::Layer;
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
    let cli = Cli::of_process();
    let config = cli.complete()?;
    start_log(config.log);
    let command = cli.command.clone().unwrap_or(Command::Serve);
    // A relay that root starts may need root's ports.
    if !matches!(command, Command::Serve | Command::Lan) {
        operator::as_owner_of(&config.data_dir)?;
    }
    match command {
        Command::Backup { directory } => back_up(&config, &directory),
        Command::Invite => invite(&config),
        Command::Holdings => holdings(&config),
        Command::RotateRegistrationKey => rotate_registration_key(&config),
        Command::ForgetRegistrations => forget_registrations(&config),
        _ => serve_until_signal(&config),
    }
}

fn serve_until_signal(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let mut config = config.clone();
    config.max_connections = connections(config.max_connections);
    let config = &config;
    let store = SledStore::open_directory(&config.store_dir(), &config.store)?;
    // Without room to begin, reads are served all the same.
    if let Err(error) = run::begin(&store, &config.data_dir, serve::now()) {
        tracing::error!(%error, "whether the store was restored cannot be told");
    }
    serve::take_invitations(&store, &config.data_dir);
    let source = KeySource::find(&config.push.key_file);
    let push = push::open(&store, serve::now(), &source, Policy::new(&config.push.hosts))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listeners = open_listeners(config)?;
        let public_url = config.public_url(listeners.devices.local_addr()?);
        let tls =
            config.tls.as_ref().map(|tls| Tls::prepare(tls, &config.data_dir, &public_url)).transpose()?;
        announce(config, &store, &listeners, tls.as_ref().and_then(Tls::lan))?;
        let again = tls.as_ref().map(Tls::again);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        // A terminal that closes, or a tool that rotates logs: neither means the relay to end.
        tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                match &again {
                    Some(again) => {
                        tracing::info!("SIGHUP: the certificate is looked at again");
                        again.notify_one();
                    }
                    None => tracing::info!("SIGHUP is ignored: there is nothing to read again"),
                }
            }
        });
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        Ok::<(), Box<dyn std::error::Error>>(
            serve::serve(listeners, tls, store, Arc::new(push), config, stop).await?,
        )
    })
}

fn open_listeners(config: &Config) -> io::Result<Listeners> {
    let named = |address: SocketAddr| {
        listen(address).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => io::Error::other(format!(
                "{address} cannot be listened on: ports below 1024 need root, or CAP_NET_BIND_SERVICE \
                 (AmbientCapabilities=CAP_NET_BIND_SERVICE in a systemd unit)"
            )),
            _ => io::Error::other(format!("{address} cannot be listened on: {error}")),
        })
    };
    let plain = match config.redirect_listen {
        Some(address) if config.redirect_by_default => named(address)
            .inspect_err(|error| tracing::warn!(%error, "those who come without https are not sent to it"))
            .ok(),
        address => address.map(named).transpose()?,
    };
    let (devices, metrics) = (named(config.listen)?, config.metrics_listen.map(named).transpose()?);
    Ok(Listeners { devices, metrics, plain })
}

/// With room for a whole network that comes back at once after a restart.
fn listen(mut address: SocketAddr) -> io::Result<TcpListener> {
    const BACKLOG: u32 = 4_096;
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(all) => match TcpSocket::new_v6() {
            // A machine without IPv6 has all addresses too.
            Err(_) if all.ip().is_unspecified() => {
                address = (Ipv4Addr::UNSPECIFIED, all.port()).into();
                TcpSocket::new_v4()?
            }
            socket => socket?,
        },
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Each connection is an open file: asks for as many as the system allows. How many connections that
/// leaves room for: whoever opens too many must not keep the store from opening its files.
fn connections(wanted: u32) -> u32 {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
    let Some(allowed) = getrlimit(Resource::Nofile).current else { return wanted };
    let room = allowed.saturating_sub(limits::OWN_FILES).max(allowed / 2).max(1);
    if room < wanted.into() {
        tracing::warn!(
            allowed,
            wanted,
            room,
            "fewer open files are allowed than connections: raise the limit"
        );
    }
    u32::try_from(room).map_or(wanted, |room| room.min(wanted))
}

/// Says where the relay listens and, on its first start, whom it lets in.
fn announce(config: &Config, store: &SledStore, listeners: &Listeners, lan: Option<&Lan>) -> io::Result<()> {
    let address = |listener: &Option<TcpListener>| listener.as_ref().map(TcpListener::local_addr).transpose();
    let listening = listeners.devices.local_addr()?;
    let (metrics, plain) = (address(&listeners.metrics)?, address(&listeners.plain)?);
    let public_url = config.public_url(listening);
    let first = !store.has_invitation().map_err(io::Error::other)?;
    operator::keep_address(&config.data_dir, &config.public_url(listening))?;
    let shown = config.show_invitation.unwrap_or_else(|| !operator::is_journal(io::stdout()));
    let link = if first && shown {
        let secret = invitation::secret()?;
        invitation::leave(&config.data_dir, &secret, serve::now())?;
        serve::take_invitations(store, &config.data_dir);
        Some(invitation::link(&public_url, &secret))
    } else {
        None
    };
    let mut out = io::stdout().lock();
    if config.json {
        let text = |address: Option<SocketAddr>| address.map(|address| address.to_string());
        let line = serde_json::json!({
            "listening": listening.to_string(), "invitation": link, "metrics": text(metrics),
            "public_url": public_url, "redirect": text(plain), "fingerprint": lan.map(Lan::fingerprint),
        });
        writeln!(out, "{line}")?;
    } else {
        writeln!(out, "Devices reach this relay at {public_url} (it listens on {listening})")?;
        if let Some(who) = reach::who_cannot(&public_url) {
            writeln!(out, "{who}")?;
        }
        if matches!(config.tls, Some(TlsConfig::Acme(_))) && listening.ip().is_loopback() {
            writeln!(
                out,
                "It listens on this machine alone: the authority reaches it only if port 443 is forwarded there. \
                 Leave out `listen` otherwise."
            )?;
        }
        if let Some(plain) = plain.filter(|_| lan.is_none()) {
            writeln!(out, "Those who come without https, on {plain}, are sent to it")?;
        }
        if let Some(metrics) = metrics {
            writeln!(out, "Metrics, for you alone, on http://{metrics}/metrics")?;
        }
        if let Some((lan, page)) = lan.zip(plain) {
            print_trust(&mut out, lan, page)?;
        }
        match link {
            Some(link) => print_invitation(&mut out, &link)?,
            None => {
                let why =
                    if first { "Nobody can found a network yet." } else { "An invitation was made earlier." };
                let data_dir = std::path::absolute(&config.data_dir)?;
                writeln!(
                    out,
                    "{why} For an invitation: campana-relay --data-dir {} invite",
                    data_dir.display()
                )?;
                writeln!(out, "Open this link in a browser:\n\n{public_url}/\n")?;
            }
        }
    }
    out.flush()
}

/// How phones on the same Wi-Fi come to trust the relay.
fn print_trust(out: &mut impl Write, lan: &Lan, page: SocketAddr) -> io::Result<()> {
    let page = format!("http://{page}/");
    writeln!(
        out,
        "\nEach phone on this Wi-Fi has to trust this relay once. Open on the phone, and do what it says:"
    )?;
    writeln!(out, "\n{page}\n")?;
    if let Some(code) = invitation::code(&page) {
        writeln!(out, "{code}")?;
    }
    writeln!(
        out,
        "The certificate's SHA-256 fingerprint, to compare with the phone's:\n{}\n",
        lan.fingerprint()
    )
}

fn invite(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    // Where no relay ever was, nobody would know of the invitation.
    let running = in_use(&config.store_dir())?;
    let secret = invitation::secret()?;
    invitation::leave(&config.data_dir, &secret, serve::now())?;
    if running {
        invitation::wait_until_taken(&config.data_dir, &secret)?;
    } else {
        writeln!(io::stderr(), "The relay is not running: the link works once it is.")?;
    }
    let said = config.public_url.clone().or_else(|| operator::address(&config.data_dir));
    let link = invitation::link(&said.unwrap_or_else(|| config.public_url(config.listen)), &secret);
    let mut out = io::stdout().lock();
    if config.json {
        writeln!(out, "{}", serde_json::json!({ "invitation": link }))?;
    } else {
        print_invitation(&mut out, &link)?;
    }
    Ok(())
}

fn print_invitation(out: &mut impl Write, link: &str) -> io::Result<()> {
    if let Some(code) = invitation::code(link) {
        writeln!(out, "\n{code}")?;
    }
    writeln!(
        out,
        "One person can found one network here with it, once, within 30 days. It is shown only now."
    )?;
    writeln!(out, "Open this link in a browser:\n\n{link}\n")
}

fn holdings(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let look = Look::at(&config.store_dir(), &config.store)?;
    let holdings = look.store().map(Store::holdings).transpose()?.unwrap_or_default();
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

fn back_up(config: &Config, to: &Path) -> Result<(), Box<dyn std::error::Error>> {
    match SledStore::open_existing(&config.store_dir(), &config.store) {
        Ok(store) => store.back_up(to)?,
        Err(OpenError::InUse(_)) => backup::ask(&config.data_dir, to)?,
        Err(error) => return Err(error.into()),
    }
    writeln!(io::stdout(), "Backed up to {}. Keep the registration key apart from it.", to.display())?;
    Ok(())
}

fn rotate_registration_key(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let source = KeySource::find(&config.push.key_file);
    push::rotate(&source)?;
    writeln!(
        io::stdout(),
        "There is a new key in {source}. Start the relay again: it seals everything with the new key and \
         logs when the older ones are no longer needed; then delete their lines."
    )?;
    Ok(())
}

fn forget_registrations(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let store = SledStore::open_existing(&config.store_dir(), &config.store)?;
    let mut forgotten = 0;
    loop {
        let left = store.all_registrations(None, limits::MAX_TRIM)?.len();
        if left == 0 && store.push_secret()?.is_none() {
            break;
        }
        forgotten += left;
        for result in store.commit(serve::now(), &[StoreWrite::ForgetPush]) {
            result?;
        }
    }
    writeln!(
        io::stdout(),
        "{forgotten} registrations and the push key are forgotten. Every phone must open the app once to \
         get alerts again."
    )?;
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
    let lines = lines.with_filter(Quiet::default());
    tracing_subscriber::registry().with(lines).with(targets).init();
}
