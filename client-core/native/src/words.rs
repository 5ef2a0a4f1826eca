//! Words: codes and view models in the reader's language. The message files are in `words/`,
//! in Fluent, so that every shell says the same.

pub mod codes;
pub mod help;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language Campana speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// Español.
    Es,
    /// English.
    En,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::Es, Self::En];

    /// From the environment of a Unix shell.
    #[must_use]
    pub fn from_environment() -> Self {
        let set = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set).unwrap_or_default();
        if locale.to_ascii_lowercase().starts_with("es") { Self::Es } else { Self::En }
    }

    /// Its message file.
    #[must_use]
    pub const fn messages(self) -> &'static str {
        match self {
            Self::Es => include_str!("../words/es.ftl"),
            Self::En => include_str!("../words/en.ftl"),
        }
    }

    fn id(self) -> LanguageIdentifier {
        match self {
            Self::Es => LanguageIdentifier::from_bytes(b"es").unwrap_or_default(),
            Self::En => LanguageIdentifier::from_bytes(b"en").unwrap_or_default(),
        }
    }
}

/// One language's messages.
pub struct Words {
    bundle: FluentBundle<FluentResource>,
}

impl core::fmt::Debug for Words {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Words({:?})", self.bundle.locales)
    }
}

impl Words {
    /// In this language.
    #[must_use]
    pub fn new(language: Language) -> Self {
        let mut bundle = FluentBundle::new(vec![language.id()]);
        // A terminal shows the marks that isolate parameters as boxes.
        bundle.set_use_isolating(false);
        let resource = match FluentResource::try_new(language.messages().to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        let _ = bundle.add_resource(resource); // A double key: the test of the files finds it.
        Self { bundle }
    }

    /// A message without parameters.
    #[must_use]
    pub fn say(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// A message with parameters.
    #[must_use]
    pub fn with<const N: usize>(&self, key: &str, arguments: [(&str, FluentValue<'_>); N]) -> String {
        let arguments: FluentArgs<'_> = arguments.into_iter().collect();
        self.format(key, Some(&arguments))
    }

    /// The message of a code, such as `size` and `2-5`.
    #[must_use]
    pub fn code(&self, kind: &str, word: &str) -> String {
        self.say(&format!("{kind}-{word}"))
    }

    /// The messages of several codes, as a list.
    #[must_use]
    pub fn codes<'a>(&self, kind: &str, words: impl IntoIterator<Item = &'a &'static str>) -> String {
        words.into_iter().map(|word| self.code(kind, word)).collect::<Vec<_>>().join(", ")
    }

    fn format(&self, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        // A code this version does not know yet is shown as it is, never as nothing.
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        self.bundle.format_pattern(pattern, arguments, &mut Vec::new()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(language: Language) -> BTreeSet<&'static str> {
        let lines = language.messages().lines();
        lines
            .filter_map(|line| line.split_once(" = "))
            .map(|(key, _)| key)
            .filter(|key| !key.starts_with(' '))
            .collect()
    }

    #[test]
    fn every_language_has_the_same_keys_and_is_well_formed() {
        assert_eq!(keys(Language::Es), keys(Language::En));
        for language in Language::ALL {
            assert!(FluentResource::try_new(language.messages().to_owned()).is_ok(), "{language:?}");
            let count = language
                .messages()
                .lines()
                .filter(|line| line.contains(" = ") && !line.starts_with([' ', '#']));
            assert_eq!(count.count(), keys(language).len(), "a double key in {language:?}");
        }
    }

    #[test]
    fn every_code_has_words() {
        let keys = keys(Language::En);
        for key in codes::keys() {
            assert!(keys.contains(key.as_str()), "no words for {key}");
        }
    }

    #[test]
    fn numbers_agree_with_their_nouns() {
        let words = Words::new(Language::Es);
        assert_eq!(words.with("admitted", [("n", 1.into())]), "Una persona admitida.");
        assert_eq!(words.with("admitted", [("n", 7.into())]), "7 personas admitidas.");
        assert_eq!(words.say("no-such-key"), "no-such-key");
    }

    /// The app's messages, by key.
    fn apps(language: Language) -> std::collections::BTreeMap<String, String> {
        let name = match language {
            Language::Es => "es",
            Language::En => "en",
        };
        let path = format!("{}/../../pwa/messages/{name}.ftl", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("the app's messages");
        let lines = text.lines().filter_map(|line| line.split_once(" = "));
        lines.map(|(key, words)| (key.to_owned(), plain(words))).collect()
    }

    /// Without what a sentence's place changes: the capital and the full stop.
    fn plain(words: &str) -> String {
        words.trim().trim_end_matches('.').to_lowercase()
    }

    #[test]
    fn codes_have_the_same_words_as_in_the_app() {
        let kinds = ["size", "activity", "unit", "when", "equipment", "finding", "method", "role", "person"];
        // In a line of facts nobody says "I can't tell" of nothing.
        let alone = ["size-unknown", "unit-cannot-tell"];
        for language in Language::ALL {
            let (apps, words) = (apps(language), Words::new(language));
            let mut shared = 0;
            for key in codes::keys().iter().filter(|key| !alone.contains(&key.as_str())) {
                let Some(app) = apps.get(key) else { continue };
                let (kind, _) = key.split_once('-').expect("a kind and a word");
                let ours = plain(&words.say(key));
                if kinds.contains(&kind) {
                    shared += 1;
                    assert_eq!(&ours, app, "{key} in {language:?}");
                } else if kind == "setting" && key != "setting-unknown" {
                    // The app's choice is a noun, the terminal's fact says "at" or "in" it.
                    shared += 1;
                    assert!(ours.contains(app.as_str()), "{key} in {language:?}: {ours} is not {app}");
                }
            }
            assert!(shared >= 40, "only {shared} are compared");
        }
    }

    /// Words that the app does not use for what the terminal speaks of, too.
    #[test]
    fn one_thing_has_one_name() {
        let others: [(Language, &[&str]); 2] = [
            (Language::Es, &["relevo", "dispositivo", "baliza", "aviso de redada", "dado de baja"]),
            (Language::En, &["the relay", "a relay", "dispatch desk", "gadget"]),
        ];
        for (language, names) in others {
            for line in language.messages().lines().filter(|line| !line.starts_with('#')) {
                let text = line.split_once(" = ").map_or(line, |(_, text)| text).to_lowercase();
                assert!(names.iter().all(|name| !text.contains(name)), "{language:?}: {line}");
            }
        }
    }
}
