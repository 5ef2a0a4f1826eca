//! `watch --exec`: a program for each notice, one after another. Whatever becomes of it, the watch goes on.

use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::limits::EXEC_QUEUE;

/// Where notices go.
pub(crate) type Notices = mpsc::Sender<Value>;

/// What a program came to that was not well.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It could not be started.
    NotStarted(String),
    /// It ended with this code; `None`: by a signal.
    Failed(Option<i32>),
    /// It took too long, and was ended.
    TooLong,
}

impl Trouble {
    /// The stable word for scripts and message keys.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::NotStarted(_) => "exec-not-started",
            Self::Failed(_) => "exec-failed",
            Self::TooLong => "exec-too-long",
        }
    }

    /// The system's word or the exit code.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::NotStarted(why) => why.clone(),
            Self::Failed(code) => code.map_or_else(|| "?".to_owned(), |code| code.to_string()),
            Self::TooLong => String::new(),
        }
    }
}

/// A queue of notices.
pub(crate) fn queue() -> (Notices, mpsc::Receiver<Value>) {
    mpsc::channel(EXEC_QUEUE)
}

/// Runs the program for each notice of the queue and says what did not go well; ends with the queue.
pub(crate) async fn run_all(
    program: &[OsString],
    patience: Duration,
    mut notices: mpsc::Receiver<Value>,
    say: impl Fn(&Trouble),
) {
    while let Some(notice) = notices.recv().await {
        if let Err(trouble) = run(program, patience, &notice).await {
            say(&trouble);
        }
    }
}

async fn run(program: &[OsString], patience: Duration, notice: &Value) -> Result<(), Trouble> {
    let not_started = |error: std::io::Error| Trouble::NotStarted(error.to_string());
    let [name, arguments @ ..] = program else { return Ok(()) };
    let mut command = Command::new(name);
    // Its output is not ours: standard output may be a script's stream of objects.
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().map_err(not_started)?;
    let mut input = child.stdin.take();
    let line = format!("{notice}\n");
    let ended = timeout(patience, async {
        if let Some(input) = &mut input {
            // A program that does not read what it is given has not failed for that.
            let _ = input.write_all(line.as_bytes()).await;
        }
        drop(input.take());
        child.wait().await
    })
    .await;
    match ended {
        Err(_) => Err(Trouble::TooLong),
        Ok(Err(error)) => Err(not_started(error)),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(Trouble::Failed(status.code())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn program(words: &[&str]) -> Vec<OsString> {
        words.iter().map(Into::into).collect()
    }

    #[tokio::test]
    async fn a_program_gets_the_notice_and_its_failure_stops_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("told").display().to_string();
        let notice = json!({"event": "notice", "kind": "alert; $(rm x)"});
        let patience = Duration::from_secs(20);
        let copy = program(&["dd", &format!("of={path}"), "status=none"]);
        assert_eq!(run(&copy, patience, &notice).await, Ok(()));
        assert_eq!(std::fs::read_to_string(&path).expect("told"), format!("{notice}\n"));
        assert_eq!(run(&program(&["false"]), patience, &notice).await, Err(Trouble::Failed(Some(1))));
        let none = run(&program(&["/no/such/program"]), patience, &notice).await;
        assert!(matches!(none, Err(Trouble::NotStarted(_))));
        let short = Duration::from_millis(50);
        assert_eq!(run(&program(&["sleep", "600"]), short, &notice).await, Err(Trouble::TooLong));
        // The next one runs all the same.
        let (notices, queue) = queue();
        for _ in 0..3 {
            notices.send(notice.clone()).await.expect("room");
        }
        drop(notices);
        let failures = std::cell::Cell::new(0);
        run_all(&program(&["false"]), patience, queue, |_| failures.set(failures.get() + 1)).await;
        assert_eq!(failures.get(), 3);
    }
}
