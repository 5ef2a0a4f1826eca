//! A client's processes: one store, one-shot commands, and a `watch` that may die and come back.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::Programs;
use super::cluster::{PATIENCE, until};

/// What a one-shot command came to.
#[derive(Debug)]
pub struct Out {
    /// Its exit code; `None`: killed.
    pub code: Option<i32>,
    /// What it printed.
    pub json: Value,
    /// What it printed to standard error.
    pub error: Value,
}

impl Out {
    /// The stable word of its error.
    pub fn error_code(&self) -> &str {
        self.error["error"]["code"].as_str().unwrap_or("")
    }
}

/// One run of `watch`, and every line it printed.
#[derive(Debug, Clone, Default)]
pub struct Life {
    /// Its lines, in order.
    pub events: Vec<Value>,
}

/// A client.
#[derive(Debug)]
pub struct Client {
    /// What it is called.
    pub name: String,
    /// Its store.
    pub store: PathBuf,
    lives: Arc<Mutex<Vec<Life>>>,
    watch: Option<Child>,
}

impl Client {
    /// A client with a store of its own in a directory.
    pub fn new(directory: &Path, name: &str) -> Self {
        let store = directory.join(format!("client {name}"));
        Self { name: name.to_owned(), store, lives: Arc::default(), watch: None }
    }

    fn program(&self) -> Command {
        let mut program = Command::new(&Programs::find().client);
        program.arg("--store").arg(&self.store).arg("--json").stdin(Stdio::null());
        for name in ["CAMPANA_STORE", "CAMPANA_PASSPHRASE", "CAMPANA_LANG"] {
            program.env_remove(name);
        }
        program
    }

    /// Starts a one-shot command.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut program = self.program();
        program.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        program.spawn().expect("the client starts")
    }

    /// Runs a one-shot command to its end, whatever that is.
    pub fn run(&self, arguments: &[&str]) -> Out {
        finish(self.spawn(arguments))
    }

    /// What a command prints for a person, in this language.
    pub fn printed(&self, language: &str, arguments: &[&str]) -> String {
        let mut program = Command::new(&Programs::find().client);
        program
            .arg("--store")
            .arg(&self.store)
            .args(["--lang", language])
            .args(arguments)
            .stdin(Stdio::null());
        let out = program.output().expect("the client starts");
        assert!(
            out.status.success(),
            "{}: {arguments:?}: {}",
            self.name,
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    /// Runs a command that must be done.
    pub fn done(&self, arguments: &[&str]) -> Value {
        let out = self.run(arguments);
        assert_eq!(out.code, Some(0), "{}: {arguments:?}: {} {}", self.name, out.json, out.error);
        out.json
    }

    /// Runs a command that must be refused, with this word.
    pub fn refused(&self, code: i32, word: &str, arguments: &[&str]) {
        let out = self.run(arguments);
        assert_eq!(
            (out.code, out.error_code()),
            (Some(code), word),
            "{}: {arguments:?}: {}",
            self.name,
            out.error
        );
    }

    /// What `status` shows, without asking the relay.
    pub fn view(&self) -> Value {
        self.done(&["--offline", "status"])["view"].take()
    }

    /// Starts `watch --json`.
    pub fn watch(&mut self) {
        assert!(self.watch.is_none(), "{} watches already", self.name);
        let mut program = self.program();
        program.args(["watch"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = program.spawn().expect("the client starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        self.watch = Some(child);
        let lives = Arc::clone(&self.lives);
        locked(&lives).push(Life::default());
        let life = locked(&lives).len() - 1;
        thread::spawn(move || {
            // A line cut off by a kill was never read by anybody: it does not count.
            for event in lines.map_while(Result::ok).map_while(|line| serde_json::from_str(&line).ok()) {
                keeps_the_schema(&event);
                locked(&lives)[life].events.push(event);
            }
        });
    }

    /// `kill -9` of its watch.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.watch.take() {
            child.kill().expect("our own child");
            child.wait().expect("our own child");
            // What it had printed is still in the pipe.
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether its watch runs.
    pub fn watches(&self) -> bool {
        self.watch.is_some()
    }

    /// The process id of its watch.
    pub fn watch_id(&self) -> Option<u32> {
        self.watch.as_ref().map(Child::id)
    }

    /// Every life of its watch so far.
    pub fn lives(&self) -> Vec<Life> {
        locked(&self.lives).clone()
    }

    /// Every event of this kind, over all lives.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        let lives = self.lives();
        lives.into_iter().flat_map(|life| life.events).filter(|event| event["event"] == kind).collect()
    }

    /// Every notice, by its name.
    pub fn notices(&self) -> Vec<String> {
        self.events("notice")
            .iter()
            .map(|event| event["notice"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The last `status` its watch printed.
    pub fn status(&self) -> Value {
        self.events("status").pop().unwrap_or(Value::Null)
    }

    /// The last state of an incident its watch printed.
    pub fn incident(&self, id: &str) -> Option<Value> {
        let mut all = self.events("incident").into_iter().map(|mut event| event["incident"].take());
        all.rfind(|incident| incident["id"] == id)
    }

    /// Waits until its watch has shown a notice, and returns the notice's event.
    pub fn wait_for_notice(&self, incident: &str, kind: &str) -> Value {
        let name = format!("{incident}/{kind}");
        let mut found = Value::Null;
        until(&format!("{} is shown {name}", self.name), PATIENCE, || {
            found = self
                .events("notice")
                .into_iter()
                .find(|event| event["notice"] == name.as_str())
                .unwrap_or_default();
            !found.is_null()
        });
        found
    }

    /// Waits until its watch has printed a status like this.
    pub fn wait_for_status(&self, what: &str, mut like: impl FnMut(&Value) -> bool) {
        until(&format!("{}: {what}; last: {}", self.name, self.status()), PATIENCE, || like(&self.status()));
    }

    /// A notice may be printed twice only if the first was the last thing a life did before it
    /// was killed: nobody can print and note it down in one instant.
    pub fn assert_nothing_shown_twice(&self) {
        let lives = self.lives();
        let mut seen: Vec<(String, bool)> = Vec::new();
        for life in &lives {
            for (at, event) in life.events.iter().enumerate().filter(|(_, event)| event["event"] == "notice")
            {
                let name = event["notice"].as_str().unwrap_or_default().to_owned();
                // Notices of one turn are noted down together.
                let excused = life.events[at..].iter().all(|later| later["event"] == "notice");
                let before = seen.iter().find(|(other, _)| *other == name);
                assert!(before.is_none_or(|(_, excused)| *excused), "{} was shown {name} twice", self.name);
                seen.push((name, excused));
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(mut child) = self.watch.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits for a one-shot command.
pub(crate) fn finish(child: Child) -> Out {
    let out = child.wait_with_output().expect("our own child");
    let parse = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        serde_json::from_str(text.trim()).unwrap_or_else(|_| Value::String(text.into_owned()))
    };
    let (json, error) = (parse(&out.stdout), parse(&out.stderr));
    [&json, &error].into_iter().filter(|value| value.is_object()).for_each(keeps_the_schema);
    Out { code: out.status.code(), json, error }
}

/// Every object that any test sees is what docs/terminal.schema.json promises to scripts.
fn keeps_the_schema(value: &Value) {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| {
        let text = include_str!("../../../docs/terminal.schema.json");
        let schema = serde_json::from_str(text).expect("the schema is JSON");
        jsonschema::validator_for(&schema).expect("the schema is one")
    });
    let broken = schema.validate(value).err().map(|error| error.to_string());
    assert_eq!(broken, None, "{value}");
}

fn locked(lives: &Mutex<Vec<Life>>) -> MutexGuard<'_, Vec<Life>> {
    lives.lock().unwrap_or_else(PoisonError::into_inner)
}
