//! What can be typed.

use std::ffi::OsString;
use std::path::PathBuf;

use campana_core::command::ReportForm;
use campana_protocol::governance::Role;
use campana_protocol::report::{Activity, Equipment, Finding, Method, Setting, Size, Unit, When};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::words::Language;
use crate::words::help::speaking;

/// An end-to-end encrypted alert network, from a terminal.
///
/// Exit codes: 0 done; 1 refused; 2 wrong usage; 3 accepted and waiting in the outbox (do not
/// repeat it); 4 the store or the configuration; 5 shown as far as this device knows, which may not
/// be all.
#[derive(Debug, Parser)]
#[command(name = "campana", version)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

impl Options {
    /// Reads a command line. Ids may begin with a hyphen, and so may be lists of them: the flags that every
    /// command takes are read first, wherever they stand before a `--`.
    pub(crate) fn read(
        arguments: impl IntoIterator<Item = OsString>,
        language: Language,
    ) -> Result<Self, clap::Error> {
        let mut command = speaking(Self::command(), language);
        let mut matches = command.try_get_matches_from_mut(hoisted(arguments))?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
    }
}

/// The long names of what [`Global`] takes, and whether a value follows.
fn globals() -> Vec<(String, bool)> {
    let command = Global::augment_args(clap::Command::new("campana"));
    let long = |argument: &clap::Arg| {
        let name = argument.get_long()?;
        Some((format!("--{name}"), argument.get_action().takes_values()))
    };
    command.get_arguments().filter_map(long).collect()
}

/// Puts what [`Global`] takes before the command.
fn hoisted(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut rest = arguments.into_iter();
    let mut first: Vec<OsString> = rest.next().into_iter().collect();
    let mut others: Vec<OsString> = Vec::new();
    let globals = globals();
    while let Some(argument) = rest.next() {
        let text = argument.to_str().unwrap_or_default();
        if text == "--" {
            others.push(argument);
            others.extend(rest);
            break;
        }
        // What follows `--exec` is another program's.
        if text == "--exec" {
            others.push(argument);
            others.extend(rest);
            break;
        }
        // `--words` takes whatever follows.
        let free = others.last().is_some_and(|last| last == "--words");
        let name = text.split_once('=').map_or(text, |(name, _)| name);
        match globals.iter().find(|(global, _)| global == name).filter(|_| !free) {
            None => others.push(argument),
            Some((_, takes_value)) => {
                let value = *takes_value && !text.contains('=');
                first.push(argument);
                first.extend(value.then(|| rest.next()).flatten());
            }
        }
    }
    first.extend(others);
    first
}

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// This device's store; one directory is one device. Default: ~/.campana
    #[arg(long, global = true, env = "CAMPANA_STORE", value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// One JSON object per line, for scripts. Errors too, on standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Language. Default: the system's.
    #[arg(long, global = true, env = "CAMPANA_LANG", value_enum)]
    pub(crate) lang: Option<Language>,
    /// Seconds to wait until what was asked for has happened.
    #[arg(long, global = true, default_value_t = 30, value_name = "SECONDS")]
    pub(crate) timeout: u64,
    /// Leave it in the outbox, don't connect.
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// File with further certificate authorities (PEM), such as your network's own.
    #[arg(long, global = true, env = "CAMPANA_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Proxy to the server: http://HOST:PORT, socks5h://HOST:PORT (Tor: socks5h://127.0.0.1:9050).
    /// Default: HTTPS_PROXY, ALL_PROXY and NO_PROXY.
    #[arg(long, global = true, env = "CAMPANA_PROXY", value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// File with the passphrase that locks the store. Or set CAMPANA_PASSPHRASE.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Start a network with an operator's link.
    Start(Start),
    /// Make, list or revoke invites.
    Invite(Invite),
    /// Ask to join with an invite.
    Join(Join),
    /// Who waits and who is in (committee).
    People,
    /// Admit people who wait (committee).
    Admit(People),
    /// Decline people who wait (committee).
    Decline(People),
    /// Draft: somebody gets a role (committee).
    Grant(PersonRole),
    /// Draft: somebody loses a role (committee).
    Revoke(PersonRole),
    /// Draft: somebody's membership ends (committee).
    Remove(Person),
    /// Draft: zones are added, renamed, retired (committee).
    Zones(Zones),
    /// Draft: the hotline's telephone number, which members see at home and with each alert (committee).
    Hotline(Hotline),
    /// Draft: the network goes on under this version's rules; older apps stop until they are updated
    /// (committee).
    RaiseRules,
    /// Drafts that wait for signatures (committee).
    Drafts,
    /// Sign drafts (committee).
    Approve(Approve),
    /// Withdraw an own draft, or take the own signature on another's back (committee).
    Withdraw(Withdraw),
    /// Report what is seen.
    Report(Report),
    /// Sign what was found about a report (verifiers).
    Attest(Attest),
    /// An alert was wrong: tell everybody who got it.
    Correct(Incident),
    /// It is over: tell everybody who got the alert.
    AllClear(Incident),
    /// Incidents on this device.
    Incidents,
    /// Alerts of this device: how they stand, turned on or off, tested.
    Alerts(Alerts),
    /// Dismiss alerts that this device could not read, and warnings of forgeries and forks; a warning
    /// comes back with the next one.
    Dismiss,
    /// Whether this device is pushed to when a report comes (verifiers, dispatchers).
    OnCall(OnCall),
    /// Where this device stands.
    Status,
    /// Stay connected and show what comes.
    Watch(Watch),
    /// Print what makes a shell complete commands: for bash, zsh or fish.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a directory.
    #[command(hide = true)]
    Man {
        /// Where to.
        directory: PathBuf,
    },
    /// Leave the network: everything that this device keeps of it is erased.
    Leave(Leave),
    /// Add, change or remove the passphrase that locks the store.
    Passphrase(Passphrase),
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Ring the terminal's bell with each notice.
    #[arg(long)]
    pub(crate) bell: bool,
    /// Seconds until a program of --exec is ended.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub(crate) exec_timeout: u64,
    /// Run this program, without a shell, for each notice, one after another; the notice comes as one JSON
    /// object on its standard input. Last: what follows are the program's own arguments.
    #[arg(long, num_args = 1.., allow_hyphen_values = true, value_name = "PROGRAM [ARGUMENTS]")]
    pub(crate) exec: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Leave {
    /// Don't ask.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Passphrase {
    #[command(subcommand)]
    pub(crate) verb: PassphraseVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PassphraseVerb {
    /// Add one, or change it (the old one is given as for any command).
    Set {
        /// File with the new one; - reads it from standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Keep the store without one.
    Remove,
}

#[derive(Debug, Args)]
pub(crate) struct Start {
    /// The network's name.
    #[arg(long)]
    pub(crate) name: String,
    /// Committee devices (n), this one included.
    #[arg(long, default_value_t = 3)]
    pub(crate) committee: u8,
    /// Committee signatures that a rule needs (k).
    #[arg(long, default_value_t = 2)]
    pub(crate) threshold: u8,
    /// Confirmations that verify a report.
    #[arg(long, default_value_t = 2)]
    pub(crate) confirmations: u8,
    /// The operator's link; - reads it from standard input.
    pub(crate) link: String,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Invite {
    #[command(subcommand)]
    pub(crate) verb: Option<InviteVerb>,
    /// Hours until it expires.
    #[arg(long, default_value_t = 72)]
    pub(crate) hours: u64,
    /// For another committee device, while founding.
    #[arg(long)]
    pub(crate) committee: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InviteVerb {
    /// Invites in force.
    List,
    /// Refuse later requests with this invite.
    Revoke {
        /// Its id, or the beginning.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Alerts {
    #[command(subcommand)]
    pub(crate) verb: Option<AlertsVerb>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsVerb {
    /// Have pushes sent to a UnifiedPush endpoint.
    On {
        /// The endpoint; the server's operator must allow its host.
        #[arg(long)]
        endpoint: String,
        /// The subscription's public key (p256dh), base64url.
        #[arg(long, value_parser = super::alerts::key, allow_hyphen_values = true)]
        key: super::alerts::Text<campana_protocol::id::PushKey>,
        /// Its authentication secret, base64url.
        #[arg(long, value_parser = super::alerts::auth, allow_hyphen_values = true)]
        auth: super::alerts::Text<campana_protocol::id::PushAuth>,
    },
    /// Take in a push that arrived: what was decrypted of it, on standard input.
    Pushed,
    /// No more pushes to this device.
    Off,
    /// Ask for one push to this device.
    Test {
        /// Seconds to wait first.
        #[arg(long, default_value_t = 0)]
        delay: u32,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OnCall {
    #[command(subcommand)]
    pub(crate) verb: Option<OnCallVerb>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OnCallVerb {
    /// Pushes when a report comes.
    On {
        /// From this time of the day, UTC.
        #[arg(long, default_value = "00:00", value_parser = super::on_call::minute)]
        from: u16,
        /// To this one; the same: all day.
        #[arg(long, default_value = "00:00", value_parser = super::on_call::minute)]
        to: u16,
    },
    /// The same pushes and others at random times, so that who is on call does not stand out.
    Cover,
    /// No more of them.
    Off,
}

#[derive(Debug, Args)]
pub(crate) struct Join {
    /// The invite's link; - reads it from standard input.
    pub(crate) link: String,
    /// What the committee will call you.
    #[arg(long)]
    pub(crate) handle: String,
    /// Stay until admitted (or --timeout).
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct People {
    /// Handles, or codes such as #7KQ2M-9D4TX. After --, any name: campana admit -- --json
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) names: Vec<String>,
    /// Everybody who waits.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PersonRole {
    /// A handle, or a code such as #7KQ2M-9D4TX.
    pub(crate) name: String,
    /// dispatcher, verifier or responder.
    #[arg(value_parser = word(Role::ALL.to_vec(), Role::word))]
    pub(crate) role: Role,
}

#[derive(Debug, Args)]
pub(crate) struct Person {
    /// A handle, or a code such as #7KQ2M-9D4TX.
    pub(crate) name: String,
}

#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Zones {
    /// Names of new zones; each gets the next number.
    pub(crate) names: Vec<String>,
    /// NUMBER=NAME: another name for the same place.
    #[arg(long, value_parser = numbered)]
    pub(crate) rename: Vec<(u16, String)>,
    /// Number of a zone that nobody shall choose any more; old reports keep its name.
    #[arg(long)]
    pub(crate) retire: Vec<u16>,
    /// Number of a retired zone to choose from again.
    #[arg(long)]
    pub(crate) restore: Vec<u16>,
}

#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Hotline {
    /// As people write it, such as "+1 413-555-0100".
    #[arg(required_unless_present = "none")]
    pub(crate) telephone: Option<String>,
    /// There is none any more.
    #[arg(long, conflicts_with = "telephone")]
    pub(crate) none: bool,
}

fn numbered(text: &str) -> Result<(u16, String), String> {
    let (code, name) = text.split_once('=').ok_or("write NUMBER=NAME")?;
    let code = code.parse().map_err(|_| "write NUMBER=NAME")?;
    Ok((code, name.to_owned()))
}

#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Approve {
    /// Drafts' ids, or beginnings.
    #[arg(required_unless_present = "all", conflicts_with = "all", allow_hyphen_values = true)]
    pub(crate) ids: Vec<String>,
    /// Every draft this device has not signed.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    /// The draft's id, or the beginning.
    #[arg(allow_hyphen_values = true)]
    pub(crate) id: String,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// What they are doing; may be repeated.
    #[arg(long, required = true, value_delimiter = ',', value_parser = word(Activity::ALL.to_vec(), Activity::word))]
    activity: Vec<Activity>,
    /// How many agents.
    #[arg(long, default_value = "unknown", value_parser = word(Size::ALL.to_vec(), Size::word))]
    size: Size,
    /// What kind of place.
    #[arg(long, default_value = "unknown", value_parser = word(Setting::ALL.to_vec(), Setting::word))]
    setting: Setting,
    /// Zone number (see status); 0: none.
    #[arg(long, default_value_t = 0)]
    zone: u16,
    /// Markings; may be repeated.
    #[arg(long, value_delimiter = ',', value_parser = word(Unit::ALL.to_vec(), Unit::word))]
    unit: Vec<Unit>,
    /// When.
    #[arg(long, default_value = "now", value_parser = word(When::ALL.to_vec(), When::word))]
    when: When,
    /// Equipment seen; may be repeated.
    #[arg(long, value_delimiter = ',', value_parser = word(Equipment::ALL.to_vec(), Equipment::word))]
    equipment: Vec<Equipment>,
    /// Corner, landmark, what was seen. Only those who verify read it.
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    words: String,
    /// An exercise, and for ever.
    #[arg(long)]
    drill: bool,
}

impl Report {
    pub(crate) fn form(self) -> ReportForm {
        ReportForm {
            drill: self.drill,
            size: self.size,
            activities: once_each(self.activity),
            setting: self.setting,
            zone: self.zone,
            units: once_each(self.unit),
            when: self.when,
            equipment: once_each(self.equipment),
            words: self.words,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Attest {
    /// The incident's id, or the beginning.
    #[arg(allow_hyphen_values = true)]
    pub(crate) incident: String,
    /// What was found.
    #[arg(long, value_parser = word(Finding::ALL.to_vec(), Finding::word))]
    pub(crate) finding: Finding,
    /// How it was checked.
    #[arg(long, value_parser = word(Method::ALL.to_vec(), Method::word))]
    pub(crate) method: Method,
}

#[derive(Debug, Args)]
pub(crate) struct Incident {
    /// The incident's id, or the beginning.
    #[arg(allow_hyphen_values = true)]
    pub(crate) incident: String,
}

/// Parses one of a code's stable words; help and errors list them.
fn word<T>(all: Vec<T>, word: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let words = all.iter().map(|code| word(*code)).collect::<Vec<_>>();
    PossibleValuesParser::new(words)
        .try_map(move |text| all.iter().copied().find(|code| word(*code) == text).ok_or("no such word"))
}

fn once_each<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list.dedup();
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_well_formed() {
        Options::command().debug_assert();
    }

    #[test]
    fn codes_are_given_by_their_stable_words() {
        let line = "campana report --activity detaining,loading --size 2-5 --unit ice --equipment masks";
        let Verb::Report(report) = Options::try_parse_from(line.split(' ')).expect("well formed").verb else {
            panic!("not a report")
        };
        let form = report.form();
        assert_eq!(form.activities, [Activity::Detaining, Activity::Loading]);
        assert_eq!((form.size, form.when), (Size::Few, When::Now));
        assert!(Options::try_parse_from("campana report --activity dancing".split(' ')).is_err());
    }

    /// Ids are base64url: one in sixty-four begins with a hyphen.
    #[test]
    fn an_id_may_begin_with_a_hyphen() {
        let lines: [&[&str]; 4] = [
            &["campana", "approve", "-CQ9Y_DI"],
            &["campana", "invite", "revoke", "-CQ9Y_DI"],
            &["campana", "attest", "-CQ9Y_DI", "--finding", "confirmed", "--method", "in-person"],
            &["campana", "all-clear", "-CQ9Y_DI"],
        ];
        for line in lines {
            assert!(Options::try_parse_from(line).is_ok(), "{line:?}");
        }
        let all = Options::try_parse_from(["campana", "approve", "--all"]).expect("a flag stays a flag");
        assert!(format!("{all:?}").contains("all: true"));
    }

    #[test]
    fn a_flag_is_never_a_name_or_an_id() {
        for line in [
            &["campana", "admit", "Eva", "--json"][..],
            &["campana", "approve", "-CQ9Y_DI", "abcdefgh", "--json"],
            &["campana", "approve", "abcdefgh", "--json", "--lang=es", "-CQ9Y_DI"],
            &["campana", "remove", "Eva", "--json"],
            &["campana", "all-clear", "-CQ9Y_DI", "--json"],
        ] {
            let options = Options::read(line.iter().map(Into::into), Language::En).expect("well formed");
            assert!(options.global.json, "{line:?}");
            assert!(!format!("{:?}", options.verb).contains("--json"), "{line:?}");
        }
        let odd = ["campana", "admit", "--json", "--", "--json", "-Eva"].map(Into::into);
        let options = Options::read(odd, Language::Es).expect("well formed");
        assert!(format!("{:?}", options.verb).contains(r#"["--json", "-Eva"]"#), "{options:?}");
        assert!(Options::read(["campana", "admit", "-Eva"].map(Into::into), Language::En).is_err());
        let exec = ["campana", "watch", "--exec", "sip", "-x", "--json"].map(Into::into);
        let options = Options::read(exec, Language::En).expect("well formed");
        assert!(!options.global.json && format!("{:?}", options.verb).contains(r#"["sip", "-x", "--json"]"#));
        let words = ["campana", "report", "--activity", "gone", "--words", "--json"].map(Into::into);
        assert!(!Options::read(words, Language::En).expect("well formed").global.json, "a report's words");
    }
}
