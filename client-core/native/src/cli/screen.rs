//! Where words go: a terminal, a pipe, or one JSON object per line.

use std::io::{self, IsTerminal, Write};

use serde_json::{Value, json};

use super::failure::Failure;
use crate::words::{Language, Words};

/// Colour besides shape and word, never instead of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Plain,
    Dim,
    Red,
    Green,
    Blue,
    Yellow,
}

/// The version of the objects that scripts read; it grows when a field changes its meaning or goes.
pub(crate) const VERSION: u64 = 1;

/// What every answer says about itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// Everything the relay has was here.
    pub(crate) caught_up: bool,
    /// When that was last so, Unix milliseconds.
    pub(crate) since: Option<u64>,
    /// Things that still wait to be sent.
    pub(crate) unsent: usize,
}

/// Standard output.
pub(crate) struct Screen {
    pub(crate) words: Words,
    pub(crate) language: Language,
    pub(crate) json: bool,
    colours: bool,
    known: Option<Known>,
}

impl Screen {
    pub(crate) fn new(language: Language, json: bool) -> Self {
        let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { words: Words::new(language), language, json, colours, known: None }
    }

    /// What the answers from now on say about themselves.
    pub(crate) const fn know(&mut self, known: Known) {
        self.known = Some(known);
    }

    /// A line for a person; nothing if scripts read.
    pub(crate) fn line(&self, text: &str) -> io::Result<()> {
        self.coloured(Colour::Plain, text)
    }

    /// A line in a colour.
    pub(crate) fn coloured(&self, colour: Colour, text: &str) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        let code = match colour {
            Colour::Plain => "",
            Colour::Dim => "2",
            Colour::Red => "1;31",
            Colour::Green => "32",
            Colour::Blue => "1;34",
            Colour::Yellow => "33",
        };
        let text = harmless(text);
        let mut out = io::stdout().lock();
        if self.colours && !code.is_empty() {
            writeln!(out, "\u{1b}[{code}m{text}\u{1b}[0m")?;
        } else {
            writeln!(out, "{text}")?;
        }
        out.flush()
    }

    /// An object for a script; nothing if a person reads.
    pub(crate) fn object(&self, value: &Value) -> io::Result<()> {
        if !self.json {
            return Ok(());
        }
        let value = versioned(value.clone());
        let mut out = io::stdout().lock();
        writeln!(out, "{value}")?;
        out.flush()
    }

    /// Rings the bell of the terminal, whatever standard output is.
    pub(crate) fn ring(&self) -> io::Result<()> {
        let mut out = io::stderr().lock();
        out.write_all(b"\x07")?;
        out.flush()
    }

    /// What a command came to: an object for scripts, lines for people.
    pub(crate) fn result(&self, value: &Value, lines: &[String]) {
        // A closed pipe: whoever asked no longer listens.
        self.answer(value);
        for line in lines {
            let _ = self.line(line);
        }
        if let Some(known) = self.known.filter(|known| known.unsent > 0 && known.caught_up && !self.json) {
            let line = self.words.with("still-unsent", [("n", known.unsent.into())]);
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
    }

    /// A command's answer as an object, with what it says about itself.
    pub(crate) fn answer(&self, value: &Value) {
        let mut value = value.clone();
        if let Some(known) = self.known {
            value["caught_up"] = known.caught_up.into();
            value["caught_up_at"] = known.since.into();
            value["unsent"] = known.unsent.into();
        }
        let _ = self.object(&value);
    }

    /// A failure, on standard error.
    pub(crate) fn fail(&self, failure: &Failure) {
        let message = failure.message(&self.words);
        let mut out = io::stderr().lock();
        let _ = if self.json {
            let cause = failure.cause();
            let value = json!({
                "version": VERSION,
                "error": {"code": failure.word(), "message": message, "exit": failure.exit(), "cause": cause, "link": failure.link()},
            });
            writeln!(out, "{value}")
        } else if cause_alone(failure) {
            writeln!(out, "{}", harmless(&message))
        } else {
            writeln!(out, "{}", harmless(&self.words.with("error-line", [("message", message.into())])))
        };
    }
}

/// An object with the version of its form.
pub(crate) fn versioned(mut value: Value) -> Value {
    value["version"] = VERSION.into();
    value
}

/// What is not a failure of the command: it was taken on, or shown as far as it is known.
const fn cause_alone(failure: &Failure) -> bool {
    matches!(failure, Failure::Waiting(_) | Failure::Stale { .. })
}

/// Other people chose the names and words: no escape sequence of theirs reaches the terminal, and no
/// line break, which would make a line that looks like ours.
fn harmless(text: &str) -> String {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    text.chars().map(|c| if hostile(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn what_others_wrote_cannot_drive_the_terminal() {
        assert_eq!(harmless("Ana\u{1b}[2J\u{202e}x\r"), "Ana\u{fffd}[2J\u{fffd}x\u{fffd}");
        assert_eq!(harmless("a gate\n● VERIFIED ALERT"), "a gate\u{fffd}● VERIFIED ALERT");
        assert_eq!(harmless("Peña — Holyoke"), "Peña — Holyoke");
    }
}
