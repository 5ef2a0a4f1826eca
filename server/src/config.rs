//! Settings: flags before environment before file, each with a default that works.

use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use serde::Deserialize;

use crate::limits;
use crate::push::{HostPattern, Pin, sender};
use crate::rate::Rates;
use crate::reach::{connectable, unusable};
use crate::store::SledOptions;
use crate::tls::lan::address;
use crate::tls::settings::{Given, TlsConfig};

/// Where phones on the same Wi-Fi reach a relay by https.
const LAN_PORT: u16 = 7843;

/// Where they read how to trust it.
const LAN_PAGE_PORT: u16 = 7880;

/// Campana's relay: orders, stores and forwards ciphertext it cannot read.
///
/// Each setting can be given as a flag, as an environment variable or in the file named by
/// --config, and counts in that order.
#[derive(Debug, Parser)]
#[command(name = "campana-relay", version)]
#[non_exhaustive]
pub struct Cli {
    /// What to do; serves if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// A TOML file with settings; its keys are the long flags with _ for -.
    #[arg(long, global = true, env = "CAMPANA_RELAY_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The settings given as flags or in the environment.
    #[command(flatten)]
    pub settings: Settings,
}

/// What the relay can be asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Serve devices (the default).
    Serve,
    /// Serve phones on the same Wi-Fi by https, without a domain: with a certificate authority of the
    /// relay's own, for this machine's address alone, which each phone has to be told to trust once (the
    /// page that is printed says how). --listen names the address if the machine has several.
    Lan,
    /// Make an invitation with which one person can found one network, and print its link.
    /// Works beside a running relay, which takes it in within seconds.
    Invite,
    /// Print what the relay holds: counts and sizes of each kind of row, which is all there is
    /// to print. The relay must not be running.
    Holdings,
    /// Copy the store to a directory, beside a running relay or without one. What is there of an earlier
    /// backup is replaced. The registration key is not in it.
    Backup {
        /// Where to: a directory that the relay may write to.
        directory: PathBuf,
    },
    /// Put a new key before those that push registrations are sealed with; the next start seals
    /// everything anew. May be run beside a running relay.
    RotateRegistrationKey,
    /// Delete all push registrations and the relay's push key: for when the registration key is
    /// lost. Every phone must open the app once to get alerts again. The relay must not be running.
    ForgetRegistrations,
}

/// Settings that may be given.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Address to listen on: plain HTTP, for a proxy with TLS before it; https with --acme or --tls-cert.
    /// Port 0 takes a free one [default: 127.0.0.1:7800; with --acme [::]:443, all addresses].
    #[arg(long, global = true, env = "CAMPANA_RELAY_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Address at which `/metrics` is served to the operator; not served unless given. Keep it on the
    /// loopback: counters tell when something happens. Port 0 takes a free one.
    #[arg(long, global = true, env = "CAMPANA_RELAY_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<SocketAddr>,
    /// Address at which those who come without https are sent to it [default with --acme: [::]:80, all
    /// addresses, if it is free].
    #[arg(long, global = true, env = "CAMPANA_RELAY_REDIRECT_LISTEN", value_name = "ADDRESS:PORT")]
    pub redirect_listen: Option<SocketAddr>,
    /// PEM file of the certificate to serve https with, and of those that sign it. It is read again when it
    /// changes. Needs --tls-key and --public-url.
    #[arg(long, global = true, env = "CAMPANA_RELAY_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the certificate's key.
    #[arg(long, global = true, env = "CAMPANA_RELAY_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Host name to get and renew a certificate for, from Let's Encrypt unless --acme-directory names
    /// another authority: you agree to its terms of service by this. The name must lead to this machine,
    /// port 443. Repeat it or separate by commas; a list in the file.
    #[arg(long, global = true, env = "CAMPANA_RELAY_ACME", value_name = "NAME", value_delimiter = ',')]
    pub acme: Option<Vec<String>>,
    /// Whom the ACME authority may write to: mailto: and an address. Not needed.
    #[arg(long, global = true, env = "CAMPANA_RELAY_ACME_CONTACT", value_name = "URL")]
    pub acme_contact: Option<String>,
    /// The ACME authority's directory [default: Let's Encrypt's].
    #[arg(long, global = true, env = "CAMPANA_RELAY_ACME_DIRECTORY", value_name = "URL")]
    pub acme_directory: Option<String>,
    /// PEM file of authorities whose certificates the ACME authority's own server may have, beside the
    /// public ones.
    #[arg(long, global = true, env = "CAMPANA_RELAY_ACME_CA", value_name = "FILE")]
    pub acme_ca: Option<PathBuf>,
    /// Directory of everything the relay keeps [default: campana-data].
    #[arg(long, global = true, env = "CAMPANA_RELAY_DATA_DIR", value_name = "DIRECTORY")]
    pub data_dir: Option<PathBuf>,
    /// Where devices reach this relay, for the links it prints [default: http://<listen>; with --acme
    /// https:// and the name].
    #[arg(long, global = true, env = "CAMPANA_RELAY_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Directory of the browser app to serve [default: the one built into this binary, if any].
    #[arg(long, global = true, env = "CAMPANA_RELAY_APP_DIR", value_name = "DIRECTORY")]
    pub app_dir: Option<PathBuf>,
    /// Whether the first start prints an invitation [default: unless it would stand in systemd's journal].
    #[arg(long, global = true, env = "CAMPANA_RELAY_SHOW_INVITATION", num_args = 0..=1, default_missing_value = "true")]
    pub show_invitation: Option<bool>,
    /// How much is logged, on stderr; never an address or an id [default: info].
    #[arg(long, global = true, env = "CAMPANA_RELAY_LOG", value_enum)]
    pub log: Option<Log>,
    /// Most connections at once [default: 16384].
    #[arg(long, global = true, env = "CAMPANA_RELAY_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<u32>,
    /// Requests a connection may make a second for long [default: 64].
    #[arg(long, global = true, env = "CAMPANA_RELAY_REQUESTS_PER_SECOND", value_name = "N")]
    pub requests_per_second: Option<u32>,
    /// Requests a connection may make at once [default: 512].
    #[arg(long, global = true, env = "CAMPANA_RELAY_REQUEST_BURST", value_name = "N")]
    pub request_burst: Option<u32>,
    /// Alerts a channel takes at once, from everybody together [default: 32].
    #[arg(long, global = true, env = "CAMPANA_RELAY_ALERT_BURST", value_name = "N")]
    pub alert_burst: Option<u32>,
    /// Alerts a channel takes a minute for long [default: 6].
    #[arg(long, global = true, env = "CAMPANA_RELAY_ALERTS_PER_MINUTE", value_name = "N")]
    pub alerts_per_minute: Option<u32>,
    /// Posts a mailbox takes at once from others than its reader [default: 256].
    #[arg(long, global = true, env = "CAMPANA_RELAY_POST_BURST", value_name = "N")]
    pub post_burst: Option<u32>,
    /// Posts a mailbox takes from them a minute for long [default: 120].
    #[arg(long, global = true, env = "CAMPANA_RELAY_POSTS_PER_MINUTE", value_name = "N")]
    pub posts_per_minute: Option<u32>,
    /// Memory the store may use as cache, in MiB [default: 64].
    #[arg(long, global = true, env = "CAMPANA_RELAY_CACHE_MIB", value_name = "MIB")]
    pub cache_mib: Option<u32>,
    /// Free disk space below which nothing more is stored (reads go on), in MiB [default: 64].
    #[arg(long, global = true, env = "CAMPANA_RELAY_MIN_FREE_MIB", value_name = "MIB")]
    pub min_free_mib: Option<u32>,
    /// A host that pushes are sent to, beside the browsers' push services (Google, Mozilla, Apple,
    /// Microsoft): a name, or *. and the end of names. For UnifiedPush. Repeat it or separate by
    /// commas; a list in the file.
    #[arg(long, global = true, env = "CAMPANA_RELAY_PUSH_HOST", value_name = "HOST", value_delimiter = ',')]
    pub push_host: Option<Vec<String>>,
    /// Where a host is, instead of asking the system. The only way for pushes to a private address.
    /// Repeat it or separate by commas; a list in the file.
    #[arg(
        long,
        global = true,
        env = "CAMPANA_RELAY_PUSH_RESOLVE",
        value_name = "HOST=ADDRESS:PORT",
        value_delimiter = ','
    )]
    pub push_resolve: Option<Vec<String>>,
    /// PEM file of authorities whose certificates push services may have, beside the public ones.
    #[arg(long, global = true, env = "CAMPANA_RELAY_PUSH_CA", value_name = "FILE")]
    pub push_ca: Option<PathBuf>,
    /// Whom push services can turn to: mailto: or https: [default: the public URL if it is https].
    #[arg(long, global = true, env = "CAMPANA_RELAY_PUSH_SUBJECT", value_name = "URL")]
    pub push_subject: Option<String>,
    /// File of the keys that push registrations are sealed with; not in the data directory. Made at
    /// the first start. Ignored where the environment has `CAMPANA_RELAY_REGISTRATION_KEY` or systemd
    /// gives a credential `registration-key` [default: <data directory>.key].
    #[arg(long, global = true, env = "CAMPANA_RELAY_REGISTRATION_KEY_FILE", value_name = "FILE")]
    pub registration_key_file: Option<PathBuf>,
    /// Print what is printed at the start as one line of JSON.
    #[arg(long, global = true, env = "CAMPANA_RELAY_JSON", num_args = 0..=1, default_missing_value = "true")]
    pub json: Option<bool>,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(clippy::exhaustive_enums, reason = "the levels there are")]
pub enum Log {
    /// Nothing.
    Off,
    /// Failures.
    Error,
    /// And what may become one.
    Warn,
    /// And starting, stopping, trimming.
    Info,
    /// And each connection's coming and going.
    Debug,
}

/// Settings complete and checked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Address at which metrics are served, if they are.
    pub metrics_listen: Option<SocketAddr>,
    /// Address at which people are sent to https, if they are.
    pub redirect_listen: Option<SocketAddr>,
    /// Whether that address was chosen by the relay: then it goes on without.
    pub redirect_by_default: bool,
    /// Where the certificate comes from; plain HTTP without one.
    pub tls: Option<TlsConfig>,
    /// Directory of everything.
    pub data_dir: PathBuf,
    /// Where devices reach the relay, if it was said.
    pub public_url: Option<String>,
    /// Directory of the browser app, if it is not the one built in.
    pub app_dir: Option<PathBuf>,
    /// Whether the first start prints an invitation, if it was said.
    pub show_invitation: Option<bool>,
    /// How much is logged.
    pub log: Log,
    /// Most connections at once.
    pub max_connections: u32,
    /// Rates of one connection, and of one channel or mailbox.
    pub rates: Rates,
    /// How the store is opened.
    pub store: SledOptions,
    /// Where and how pushes are sent.
    pub push: PushConfig,
    /// Print JSON.
    pub json: bool,
}

/// Where and how pushes are sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PushConfig {
    /// Hosts beside the browsers' push services.
    pub hosts: Vec<HostPattern>,
    /// Hosts whose addresses are given.
    pub pins: Vec<Pin>,
    /// Authorities beside the public ones.
    pub ca: Option<PathBuf>,
    /// Whom push services can turn to, if it is known.
    pub subject: Option<String>,
    /// The registration keys' file.
    pub key_file: PathBuf,
}

impl PushConfig {
    /// How pushes are sent by a relay at `public_url`.
    #[must_use]
    pub fn sender(&self, public_url: &str) -> sender::Settings {
        // Push services want an address; this one at least cannot be somebody else's.
        const NOBODY: &str = "mailto:operator@campana.invalid";
        // Nothing but this machine reaches a relay on loopback: no phone subscribes there.
        let here = ["://127.", "://localhost", "://[::1]"].iter().any(|host| public_url.contains(host));
        if self.subject.is_none() && !here {
            tracing::warn!(
                "push services are not told whom to turn to, which Apple's refuses: set --push-subject \
                 or an https --public-url"
            );
        }
        sender::Settings {
            pins: self.pins.clone(),
            ca: self.ca.clone(),
            subject: self.subject.clone().unwrap_or_else(|| NOBODY.to_owned()),
            navigate: format!("{}/", public_url.trim_end_matches('/')),
        }
    }
}

/// Settings that cannot be used. Names the file and the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the settings file {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("the settings file {path} is not valid: {source}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Where and why; shows the key.
        source: Box<toml::de::Error>,
    },
    /// A value is out of range.
    #[error("the setting {key} {problem}")]
    OutOfRange {
        /// The setting, as in the file.
        key: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// This machine is on no local network.
    #[error("{0}")]
    NoAddress(std::io::Error),
}

impl Cli {
    /// The command line of this process. A variable of the environment that is empty is not there:
    /// whoever starts containers can often not leave one out.
    #[must_use]
    pub fn of_process() -> Self {
        const NOT_GIVEN: &str = "CAMPANA_RELAY_NOT_GIVEN";
        let command = Self::command().mut_args(|argument| {
            let value = argument.get_env().and_then(std::env::var_os);
            if value.is_some_and(|value| value.is_empty()) { argument.env(NOT_GIVEN) } else { argument }
        });
        Self::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    }

    /// The settings complete.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn complete(&self) -> Result<Config, ConfigError> {
        let file = self.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
        self.settings.clone().or(file).checked(self.command == Some(Command::Lan))
    }
}

impl Settings {
    fn or(self, other: Self) -> Self {
        Self {
            listen: self.listen.or(other.listen),
            metrics_listen: self.metrics_listen.or(other.metrics_listen),
            redirect_listen: self.redirect_listen.or(other.redirect_listen),
            tls_cert: self.tls_cert.or(other.tls_cert),
            tls_key: self.tls_key.or(other.tls_key),
            acme: self.acme.or(other.acme),
            acme_contact: self.acme_contact.or(other.acme_contact),
            acme_directory: self.acme_directory.or(other.acme_directory),
            acme_ca: self.acme_ca.or(other.acme_ca),
            data_dir: self.data_dir.or(other.data_dir),
            public_url: self.public_url.or(other.public_url),
            app_dir: self.app_dir.or(other.app_dir),
            show_invitation: self.show_invitation.or(other.show_invitation),
            log: self.log.or(other.log),
            max_connections: self.max_connections.or(other.max_connections),
            requests_per_second: self.requests_per_second.or(other.requests_per_second),
            request_burst: self.request_burst.or(other.request_burst),
            alert_burst: self.alert_burst.or(other.alert_burst),
            alerts_per_minute: self.alerts_per_minute.or(other.alerts_per_minute),
            post_burst: self.post_burst.or(other.post_burst),
            posts_per_minute: self.posts_per_minute.or(other.posts_per_minute),
            cache_mib: self.cache_mib.or(other.cache_mib),
            min_free_mib: self.min_free_mib.or(other.min_free_mib),
            push_host: self.push_host.or(other.push_host),
            push_resolve: self.push_resolve.or(other.push_resolve),
            push_ca: self.push_ca.or(other.push_ca),
            push_subject: self.push_subject.or(other.push_subject),
            registration_key_file: self.registration_key_file.or(other.registration_key_file),
            json: self.json.or(other.json),
        }
    }

    fn checked(mut self, lan: bool) -> Result<Config, ConfigError> {
        const MIB: u64 = 1_048_576;
        let out_of_range = |key, problem| Err(ConfigError::OutOfRange { key, problem });
        let defaults = (Rates::default(), SledOptions::default());
        let rates = Rates {
            request_burst: self.request_burst.unwrap_or(defaults.0.request_burst),
            requests_per_second: self.requests_per_second.unwrap_or(defaults.0.requests_per_second),
            alert_burst: self.alert_burst.unwrap_or(defaults.0.alert_burst),
            alerts_per_minute: self.alerts_per_minute.unwrap_or(defaults.0.alerts_per_minute),
            post_burst: self.post_burst.unwrap_or(defaults.0.post_burst),
            posts_per_minute: self.posts_per_minute.unwrap_or(defaults.0.posts_per_minute),
            ..defaults.0
        };
        if rates.request_burst < 1 + limits::SIGNATURE_COST {
            return out_of_range("request_burst", "must be at least 5: what one authentication costs");
        }
        if rates.requests_per_second == 0 {
            return out_of_range("requests_per_second", "must be at least 1");
        }
        for (key, value) in [
            ("alert_burst", rates.alert_burst),
            ("alerts_per_minute", rates.alerts_per_minute),
            ("post_burst", rates.post_burst),
            ("posts_per_minute", rates.posts_per_minute),
        ] {
            if value == 0 {
                return out_of_range(key, "must be at least 1");
            }
        }
        let max_connections = self.max_connections.unwrap_or(limits::MAX_CONNECTIONS);
        if max_connections == 0 {
            return out_of_range("max_connections", "must be at least 1");
        }
        if let Some(problem) = self.public_url.as_deref().and_then(unusable) {
            return out_of_range("public_url", problem);
        }
        let (tls, listen, redirect_by_default) = self.entrance(lan)?;
        let data_dir = self.data_dir.unwrap_or_else(|| PathBuf::from("campana-data"));
        let push = PushConfig {
            hosts: parsed(self.push_host, HostPattern::parse).ok_or(ConfigError::OutOfRange {
                key: "push_host",
                problem: "must be host names (or *. and the end of host names), without scheme or port",
            })?,
            pins: parsed(self.push_resolve, Pin::parse).ok_or(ConfigError::OutOfRange {
                key: "push_resolve",
                problem: "must be of the form HOST=ADDRESS:PORT, as in push.example.org=10.0.0.7:443",
            })?,
            ca: self.push_ca,
            subject: match self.push_subject {
                Some(subject) if !is_subject(&subject) => {
                    return out_of_range(
                        "push_subject",
                        "must be mailto: and an address, or an https: URL, with a dot in its host",
                    );
                }
                Some(subject) => Some(subject),
                None => self.public_url.clone().filter(|url| is_subject(url)),
            },
            key_file: self.registration_key_file.unwrap_or_else(|| beside(&data_dir)),
        };
        let bytes = |mib: Option<u32>, default| mib.map_or(default, |mib| u64::from(mib) * MIB);
        Ok(Config {
            listen,
            redirect_listen: self.redirect_listen,
            redirect_by_default,
            tls,
            metrics_listen: self.metrics_listen,
            data_dir,
            push,
            public_url: self.public_url,
            app_dir: self.app_dir,
            show_invitation: self.show_invitation,
            log: self.log.unwrap_or(Log::Info),
            max_connections,
            rates,
            store: SledOptions {
                cache_bytes: bytes(self.cache_mib, defaults.1.cache_bytes),
                min_free_bytes: bytes(self.min_free_mib, defaults.1.min_free_bytes),
            },
            json: self.json.unwrap_or(false),
        })
    }
}

impl Settings {
    /// Where the certificate comes from, where the relay listens, and whether it chose by itself where it
    /// sends people to https. Completes `public_url` and `redirect_listen`.
    fn entrance(&mut self, lan: bool) -> Result<(Option<TlsConfig>, SocketAddr, bool), ConfigError> {
        let out_of_range = |key, problem| ConfigError::OutOfRange { key, problem };
        let given = Given {
            certificate: self.tls_cert.take(),
            key: self.tls_key.take(),
            acme: self.acme.take().unwrap_or_default(),
            contact: self.acme_contact.take(),
            directory: self.acme_directory.take(),
            ca: self.acme_ca.take(),
            public_url: self.public_url.clone(),
        };
        let tls = given.checked().map_err(|(key, problem)| out_of_range(key, problem))?;
        if lan {
            return self.on_wifi(tls.is_some());
        }
        let mut listen = SocketAddr::from(([127, 0, 0, 1], 7800));
        let mut by_default = false;
        match &tls {
            Some(TlsConfig::Acme(acme)) => {
                let all = |port| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
                listen = all(443);
                by_default = self.redirect_listen.is_none();
                self.redirect_listen.get_or_insert(all(80));
                let name = acme.names.first().cloned().unwrap_or_default();
                self.public_url.get_or_insert_with(|| format!("https://{name}"));
            }
            Some(_) => {}
            None if self.redirect_listen.is_some()
                && !self.public_url.as_deref().is_some_and(|url| url.starts_with("https://")) =>
            {
                return Err(out_of_range(
                    "redirect_listen",
                    "needs an https:// public_url to send people to",
                ));
            }
            None => {}
        }
        Ok((tls, self.listen.unwrap_or(listen), by_default))
    }

    fn on_wifi(&mut self, certificate: bool) -> Result<(Option<TlsConfig>, SocketAddr, bool), ConfigError> {
        let out_of_range = |key, problem| Err(ConfigError::OutOfRange { key, problem });
        if certificate || self.public_url.is_some() {
            let key = if certificate { "acme" } else { "public_url" };
            return out_of_range(key, "must be left out with `lan`, which is for phones on this Wi-Fi alone");
        }
        let listen = match self.listen {
            Some(listen) => listen,
            None => SocketAddr::new(address::find().map_err(ConfigError::NoAddress)?, LAN_PORT),
        };
        if !address::is_local(listen.ip()) {
            return out_of_range(
                "listen",
                "must be this machine's address on a local network with `lan`, as in 192.168.1.5:7843",
            );
        }
        self.redirect_listen.get_or_insert(SocketAddr::new(listen.ip(), LAN_PAGE_PORT));
        Ok((Some(TlsConfig::Lan { address: listen.ip() }), listen, false))
    }
}

impl Config {
    /// Where the store is.
    #[must_use]
    pub fn store_dir(&self) -> PathBuf {
        self.data_dir.join("store")
    }

    /// Where devices reach a relay that listens on `listening`.
    #[must_use]
    pub fn public_url(&self, listening: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| {
            let scheme = if self.tls.is_some() { "https" } else { "http" };
            format!("{scheme}://{}", connectable(listening))
        })
    }
}

/// `None`: one of them is not one.
fn parsed<T>(texts: Option<Vec<String>>, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    texts.unwrap_or_default().iter().map(|text| parse(text.trim())).collect()
}

/// Whom a push service can turn to (RFC 8292); Apple's wants a host with a dot.
fn is_subject(text: &str) -> bool {
    let host = match (text.strip_prefix("mailto:"), text.strip_prefix("https://")) {
        (Some(address), _) => {
            address.split_once('@').filter(|(name, _)| !name.is_empty()).map(|(_, host)| host)
        }
        (None, Some(rest)) => rest.split(['/', ':', '?', '#']).next(),
        (None, None) => None,
    };
    text.is_ascii() && host.is_some_and(|host| HostPattern::parse(host).is_some() && !host.starts_with('*'))
}

/// Beside the data directory, so that a copy of the one is not a copy of the other.
fn beside(data_dir: &Path) -> PathBuf {
    let mut name = data_dir.file_name().unwrap_or_else(|| "campana-data".as_ref()).to_owned();
    name.push(".key");
    data_dir.with_file_name(name)
}

fn read_file(path: &Path) -> Result<Settings, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_path_buf(), source })?;
    toml::from_str(&text)
        .map_err(|source| ConfigError::Invalid { path: path.to_path_buf(), source: Box::new(source) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(text: &str, flags: &[&str]) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        let config = file.path().to_str().expect("a path");
        let all = ["campana-relay", "--config", config].into_iter().chain(flags.iter().copied());
        Cli::try_parse_from(all).expect("flags").complete()
    }

    #[test]
    fn a_flag_counts_before_the_file_and_the_file_before_the_default() {
        let config = complete("max_connections = 7\nrequest_burst = 9", &["--max-connections", "8"]);
        let config = config.expect("valid");
        assert_eq!(config.max_connections, 8);
        assert_eq!(config.rates.request_burst, 9);
        assert_eq!(config.listen.port(), 7800);
    }

    #[test]
    fn an_invalid_file_is_named_with_its_key() {
        for text in ["max_connection = 7", "max_connections = \"many\"", "listen = \"here\""] {
            let error = complete(text, &[]).expect_err("invalid");
            let key = text.split(' ').next().expect("a key");
            let ConfigError::Invalid { path, .. } = &error else { panic!("{error}") };
            assert!(error.to_string().contains(path.to_str().expect("a path")), "{error}");
            assert!(error.to_string().contains(key), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let cli = Cli::try_parse_from(["campana-relay", "--config", "/nowhere.toml"]).expect("flags");
        assert!(cli.complete().expect_err("missing").to_string().contains("/nowhere.toml"));
    }

    #[test]
    fn a_value_out_of_range_is_named() {
        for text in [
            "requests_per_second = 0",
            "request_burst = 1",
            "alert_burst = 0",
            "alerts_per_minute = 0",
            "post_burst = 0",
            "posts_per_minute = 0",
            "max_connections = 0",
            "public_url = \"x\"",
            "push_host = [\"10.0.0.1\"]",
            "push_resolve = [\"push.example.org=here\"]",
            "push_subject = \"mailto:me@localhost\"",
            "push_subject = \"me@example.org\"",
        ] {
            let error = complete(text, &[]).expect_err("out of range").to_string();
            assert!(error.contains(text.split(' ').next().expect("a key")), "{error}");
        }
    }

    #[test]
    fn a_relay_on_all_addresses_prints_one_that_can_be_reached() {
        let config = complete("", &[]).expect("valid");
        assert_eq!(config.public_url("0.0.0.0:1".parse().expect("one")), "http://127.0.0.1:1");
        assert_eq!(config.public_url("[::]:1".parse().expect("one")), "http://[::1]:1");
        assert_eq!(config.public_url("10.0.0.7:1".parse().expect("one")), "http://10.0.0.7:1");
    }

    #[test]
    fn a_certificate_of_its_own_changes_where_it_listens_and_what_it_prints() {
        let config = complete("acme = [\"Relay.example.org\"]", &[]).expect("valid");
        assert_eq!((config.listen.port(), config.redirect_listen.map(|at| at.port())), (443, Some(80)));
        assert!(config.redirect_by_default);
        assert_eq!(config.public_url(config.listen), "https://relay.example.org");
        assert_eq!(config.push.subject.as_deref(), Some("https://relay.example.org"));
        let config = complete("", &["lan", "--listen", "192.168.1.5:7000"]).expect("valid");
        assert_eq!(config.public_url(config.listen), "https://192.168.1.5:7000");
        assert_eq!(config.redirect_listen.map(|at| at.to_string()).as_deref(), Some("192.168.1.5:7880"));
        assert_eq!(complete("", &[]).expect("valid").redirect_listen, None);
    }

    #[test]
    fn push_hosts_come_as_lists_and_the_subject_from_the_public_url() {
        let flags = ["--push-host", "a.example,*.b.example", "--push-host", "c.example"];
        let config = complete("public_url = \"https://relay.example.org\"", &flags).expect("valid");
        assert_eq!(config.push.hosts.len(), 3);
        assert_eq!(config.push.subject.as_deref(), Some("https://relay.example.org"));
        let config = complete("push_resolve = [\"a.b=127.0.0.1:1\", \"c.d=[::1]:2\"]", &[]).expect("valid");
        assert_eq!((config.push.pins.len(), config.push.subject.as_deref()), (2, None));
        assert_eq!(config.push.key_file, Path::new("campana-data.key"));
    }

    #[test]
    fn every_setting_is_in_the_help() {
        let help = Cli::command().render_long_help().to_string();
        for argument in Cli::command().get_arguments() {
            if let Some(long) = argument.get_long() {
                assert!(help.contains(&format!("--{long}")), "{long}");
                assert!(argument.get_help().is_some(), "{long} is not explained");
            }
        }
    }
}
