//! What needs no store: wrong usage, completion, manual pages.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::json;

use super::command;
use super::options::Verb;
use super::screen::versioned;
use crate::words::help::speaking;
use crate::words::{Language, Words};

/// The language of a command line that may not be well formed.
pub(crate) fn language(arguments: &[OsString]) -> Language {
    let texts: Vec<&str> = before_dashes(arguments).collect();
    let after = texts.iter().position(|text| *text == "--lang").and_then(|at| texts.get(at + 1)).copied();
    let given = texts.iter().find_map(|text| text.strip_prefix("--lang=")).or(after).map(str::to_owned);
    let set = given.or_else(|| std::env::var("CAMPANA_LANG").ok());
    set.and_then(|word| Language::from_str(&word, true).ok()).unwrap_or_else(Language::from_environment)
}

/// Whether a script reads.
pub(crate) fn wants_json(arguments: &[OsString]) -> bool {
    before_dashes(arguments).any(|text| text == "--json")
}

fn before_dashes(arguments: &[OsString]) -> impl Iterator<Item = &str> {
    arguments.iter().map(|text| text.to_str().unwrap_or_default()).take_while(|text| *text != "--")
}

/// Says what is wrong with a command line, or shows the help that was asked for.
pub(crate) fn explain(error: &clap::Error, language: Language, json: bool) -> ExitCode {
    let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if asked || language == Language::En && !json {
        let _ = error.print();
        return code;
    }
    if !json && error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return code;
    }
    let message = message(error, &Words::new(language));
    let mut out = io::stderr().lock();
    let _ = if json {
        let error = json!({"code": "usage", "message": message, "exit": 2, "cause": null, "link": null});
        writeln!(out, "{}", versioned(json!({"error": error})))
    } else {
        writeln!(out, "{message}")
    };
    code
}

/// What clap says, in the reader's language.
fn message(error: &clap::Error, words: &Words) -> String {
    let part = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let kind = match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => "value",
        ErrorKind::UnknownArgument => "unknown",
        ErrorKind::InvalidSubcommand => "command",
        ErrorKind::MissingRequiredArgument => "missing",
        ErrorKind::ArgumentConflict => "conflict",
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "nothing",
        _ => "other",
    };
    let argument = match kind {
        "command" => part(ContextKind::InvalidSubcommand),
        _ => part(ContextKind::InvalidArg),
    };
    let valid = part(ContextKind::ValidValue);
    let mut text = words.with(
        &format!("usage-{kind}"),
        [
            ("argument", argument.into()),
            ("value", part(ContextKind::InvalidValue).into()),
            ("other", part(ContextKind::PriorArg).into()),
        ],
    );
    if !valid.is_empty() {
        text.push(' ');
        text.push_str(&words.with("usage-valid", [("valid", valid.into())]));
    }
    format!("{text} {}", words.say("usage-help"))
}

/// Prints what a command that needs no store prints; `None`: it is another.
pub(crate) fn print(verb: &Verb, language: Language) -> Option<ExitCode> {
    let done = match verb {
        Verb::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut speaking(command(), language), "campana", &mut script);
            io::stdout().lock().write_all(&script)
        }
        Verb::Man { directory } => manual(directory, language),
        _ => return None,
    };
    Some(match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr().lock(), "{error}");
            ExitCode::from(4)
        }
    })
}

fn manual(directory: &Path, language: Language) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    clap_mangen::generate_to(speaking(command(), language), directory)
}

#[cfg(test)]
mod tests {
    use super::super::options::Options;
    use super::*;

    fn said(line: &[&str], language: Language) -> String {
        let error = Options::read(line.iter().map(Into::into), language).expect_err("wrong");
        message(&error, &Words::new(language))
    }

    #[test]
    fn wrong_usage_is_said_in_the_readers_language() {
        let report = ["campana", "report", "--activity", "dancing"];
        let spanish = said(&report, Language::Es);
        assert!(spanish.contains("dancing") && spanish.contains("watching"), "{spanish}");
        assert!(spanish.contains("Valen") && spanish.contains("campana --help"), "{spanish}");
        assert!(said(&["campana", "fly"], Language::Es).contains("No existe la orden «fly»"));
        assert!(said(&["campana", "attest", "x"], Language::Es).contains("--finding"));
        assert!(said(&["campana", "status", "--loud"], Language::En).contains("--loud"));
        assert!(said(&["campana"], Language::Es).contains("Falta la orden"));
    }

    #[test]
    fn every_shell_gets_a_script_and_every_command_a_page() {
        use clap_complete::Shell;
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command(), "campana", &mut script);
            assert!(String::from_utf8_lossy(&script).contains("all-clear"), "{shell}");
        }
        let directory = tempfile::tempdir().expect("a directory");
        manual(directory.path(), Language::Es).expect("pages");
        assert!(directory.path().join("campana-all-clear.1").exists());
    }
}
