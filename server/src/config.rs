//! Settings: flags before environment before file, each with a default that works.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Deserialize;

use crate::limits;
use crate::rate::Rates;
use crate::store::SledOptions;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Serve devices (the default).
    Serve,
    /// Make an invitation with which one person can found one network, and print its link.
    /// Works beside a running relay, which takes it in within seconds.
    Invite,
    /// Print what the relay holds: counts and sizes of each kind of row, which is all there is
    /// to print. The relay must not be running.
    Holdings,
}

/// Settings that may be given.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Address to listen on, plain HTTP; put a proxy with TLS before it. Port 0 takes a free one
    /// [default: 127.0.0.1:7800].
    #[arg(long, global = true, env = "CAMPANA_RELAY_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Directory of everything the relay keeps [default: campana-data].
    #[arg(long, global = true, env = "CAMPANA_RELAY_DATA_DIR", value_name = "DIRECTORY")]
    pub data_dir: Option<PathBuf>,
    /// Where devices reach this relay, for the links it prints [default: http://<listen>].
    #[arg(long, global = true, env = "CAMPANA_RELAY_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Directory of the browser app to serve [default: the one built into this binary, if any].
    #[arg(long, global = true, env = "CAMPANA_RELAY_APP_DIR", value_name = "DIRECTORY")]
    pub app_dir: Option<PathBuf>,
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
    /// Memory the store may use as cache, in MiB [default: 64].
    #[arg(long, global = true, env = "CAMPANA_RELAY_CACHE_MIB", value_name = "MIB")]
    pub cache_mib: Option<u32>,
    /// Free disk space below which nothing more is stored (reads go on), in MiB [default: 64].
    #[arg(long, global = true, env = "CAMPANA_RELAY_MIN_FREE_MIB", value_name = "MIB")]
    pub min_free_mib: Option<u32>,
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
    /// Directory of everything.
    pub data_dir: PathBuf,
    /// Where devices reach the relay, if it was said.
    pub public_url: Option<String>,
    /// Directory of the browser app, if it is not the one built in.
    pub app_dir: Option<PathBuf>,
    /// How much is logged.
    pub log: Log,
    /// Most connections at once.
    pub max_connections: u32,
    /// Rates of one connection.
    pub rates: Rates,
    /// How the store is opened.
    pub store: SledOptions,
    /// Print JSON.
    pub json: bool,
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
}

impl Cli {
    /// The settings complete.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn complete(&self) -> Result<Config, ConfigError> {
        let file = self.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
        self.settings.clone().or(file).checked()
    }
}

impl Settings {
    fn or(self, other: Self) -> Self {
        Self {
            listen: self.listen.or(other.listen),
            data_dir: self.data_dir.or(other.data_dir),
            public_url: self.public_url.or(other.public_url),
            app_dir: self.app_dir.or(other.app_dir),
            log: self.log.or(other.log),
            max_connections: self.max_connections.or(other.max_connections),
            requests_per_second: self.requests_per_second.or(other.requests_per_second),
            request_burst: self.request_burst.or(other.request_burst),
            cache_mib: self.cache_mib.or(other.cache_mib),
            min_free_mib: self.min_free_mib.or(other.min_free_mib),
            json: self.json.or(other.json),
        }
    }

    fn checked(self) -> Result<Config, ConfigError> {
        const MIB: u64 = 1_048_576;
        let out_of_range = |key, problem| Err(ConfigError::OutOfRange { key, problem });
        let defaults = (Rates::default(), SledOptions::default());
        let rates = Rates {
            request_burst: self.request_burst.unwrap_or(defaults.0.request_burst),
            requests_per_second: self.requests_per_second.unwrap_or(defaults.0.requests_per_second),
            ..defaults.0
        };
        if rates.request_burst < 1 + limits::SIGNATURE_COST {
            return out_of_range("request_burst", "must be at least 5: what one authentication costs");
        }
        if rates.requests_per_second == 0 {
            return out_of_range("requests_per_second", "must be at least 1");
        }
        let max_connections = self.max_connections.unwrap_or(limits::MAX_CONNECTIONS);
        if max_connections == 0 {
            return out_of_range("max_connections", "must be at least 1");
        }
        if let Some(url) = &self.public_url
            && !(url.starts_with("https://") || url.starts_with("http://"))
        {
            return out_of_range("public_url", "must begin with https:// (or http:// for trying out)");
        }
        let bytes = |mib: Option<u32>, default| mib.map_or(default, |mib| u64::from(mib) * MIB);
        Ok(Config {
            listen: self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 7800))),
            data_dir: self.data_dir.unwrap_or_else(|| PathBuf::from("campana-data")),
            public_url: self.public_url,
            app_dir: self.app_dir,
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

impl Config {
    /// Where the store is.
    #[must_use]
    pub fn store_dir(&self) -> PathBuf {
        self.data_dir.join("store")
    }

    /// Where devices reach a relay that listens on `listening`.
    #[must_use]
    pub fn public_url(&self, listening: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{listening}"))
    }
}

fn read_file(path: &Path) -> Result<Settings, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_path_buf(), source })?;
    toml::from_str(&text)
        .map_err(|source| ConfigError::Invalid { path: path.to_path_buf(), source: Box::new(source) })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

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
        for text in
            ["requests_per_second = 0", "request_burst = 1", "max_connections = 0", "public_url = \"x\""]
        {
            let error = complete(text, &[]).expect_err("out of range").to_string();
            assert!(error.contains(text.split(' ').next().expect("a key")), "{error}");
        }
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
