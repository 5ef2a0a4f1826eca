//! `campana watch`: stays connected and shows what comes. Every notice has a name, and a watch
//! prints a name twice only if it died between printing it and noting down that it had.

use std::collections::BTreeSet;
use std::fs::TryLockError;
use std::io;
use std::time::Duration;

use campana_core::view::{IncidentView, PersonState, Stage, View, Warning};
use campana_core::{CommandError, NoticeId, Reply};
use serde_json::{Value, json};

use super::Desk;
use super::exec::{self, Notices, Trouble};
use super::failure::Failure;
use super::incidents::lines;
use super::options::Watch as Options;
use super::screen::{Colour, Screen, versioned};
use crate::device::DeviceError;
use crate::edge::{Ended, Lost, Next, Shell};
use crate::files;
use crate::store::StoreError;
use crate::words::codes;

pub(crate) async fn watch(desk: &mut Desk, verb: Options) -> Result<(), Failure> {
    let path = desk.directory.join("watch.lock");
    let unreadable = |source| DeviceError::from(StoreError::Unreadable { path: path.clone(), source });
    let lock = files::open_private(&path).map_err(unreadable)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Failure::WatchRunning),
        Err(TryLockError::Error(source)) => return Err(unreadable(source).into()),
    }
    let _ = desk.screen.coloured(Colour::Dim, &desk.screen.words.say("watching"));
    let screen = &desk.screen;
    let (notices, queue) = exec::queue();
    let exec = (!verb.exec.is_empty()).then_some(notices);
    let seen = Seen::default();
    let mut watch = Watch { screen, seen, shown: BTreeSet::new(), deaf: false, bell: verb.bell, exec };
    let patience = Duration::from_secs(verb.exec_timeout);
    let programs = exec::run_all(&verb.exec, patience, queue, |trouble| say_trouble(screen, trouble));
    let watching = async {
        // Programs that still run or wait when the watch ends by itself are ended with it.
        tokio::select! {
            ended = desk.edge.run(&mut watch, None) => ended,
            () = async { programs.await; std::future::pending().await } => Ok(Ended::Done),
        }
    };
    tokio::select! {
        ended = watching => ended.map(drop).map_err(Into::into),
        () = stopped() => Ok(()),
    }
}

/// What did not go well with a program of `--exec`.
fn say_trouble(screen: &Screen, trouble: &Trouble) {
    let detail = trouble.detail();
    let message = screen.words.with(trouble.word(), [("detail", detail.into())]);
    let _ = screen.object(&json!({"event": "trouble", "code": trouble.word(), "message": message}));
    let _ = screen.coloured(Colour::Yellow, &format!("! {message}"));
}

async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

struct Watch<'a> {
    screen: &'a Screen,
    seen: Seen,
    /// Shown in this life, whether or not that could be noted down.
    shown: BTreeSet<NoticeId>,
    /// Nobody reads any more: nothing counts as shown.
    deaf: bool,
    /// Ring with each notice.
    bell: bool,
    /// The queue of a program's notices.
    exec: Option<Notices>,
}

/// What was shown last, to show changes only.
#[derive(Default)]
struct Seen {
    status: Option<Value>,
    queue: Option<Value>,
    incidents: Vec<IncidentView>,
    stage: Option<Stage>,
    warnings: Vec<Warning>,
    waiting: (usize, usize),
    connected: Option<bool>,
}

impl Watch<'_> {
    fn show_incident(&self, incident: &IncidentView) -> io::Result<()> {
        for (colour, line) in lines(&self.screen.words, incident) {
            self.screen.coloured(colour, &line)?;
        }
        Ok(())
    }

    fn show_notice(&self, notice: NoticeId, view: &View) -> io::Result<()> {
        let id = notice.incident.to_string();
        let kind = codes::notice(notice.kind);
        let incident = view.incidents.iter().find(|incident| incident.id == id);
        let name = format!("{id}/{kind}");
        let event = json!({"event": "notice", "notice": name, "kind": kind, "incident": incident});
        self.screen.object(&event)?;
        if self.bell {
            self.screen.ring()?;
        }
        self.screen
            .coloured(Colour::Plain, &format!("\u{1f514} {}", self.screen.words.code("notice", kind)))?;
        incident.map_or(Ok(()), |incident| self.show_incident(incident))?;
        let event = versioned(event);
        if self.exec.as_ref().is_some_and(|exec| exec.try_send(event).is_err()) {
            self.screen
                .coloured(Colour::Yellow, &format!("! {}", self.screen.words.say("exec-queue-full")))?;
            self.screen.object(&json!({"event": "trouble", "code": "exec-queue-full", "message": ""}))?;
        }
        Ok(())
    }

    /// For scripts: every change of what they may want to know.
    fn show_objects(&mut self, view: &View) -> io::Result<()> {
        let status = json!({
            "event": "status", "stage": view.stage, "network": view.network, "me": view.me, "roles": view.roles,
            "unsent": view.unsent, "caught_up": view.caught_up, "warnings": view.warnings,
        });
        if self.seen.status.as_ref() != Some(&status) {
            self.screen.object(&status)?;
            self.seen.status = Some(status);
        }
        if let Some(committee) = &view.committee {
            let queue = json!({
                "event": "queue", "people": committee.people, "drafts": committee.drafts, "invites": committee.invites,
            });
            if self.seen.queue.as_ref() != Some(&queue) {
                self.screen.object(&queue)?;
                self.seen.queue = Some(queue);
            }
        }
        for incident in &view.incidents {
            if !self.seen.incidents.contains(incident) {
                self.screen.object(&json!({"event": "incident", "incident": incident}))?;
            }
        }
        self.seen.incidents.clone_from(&view.incidents);
        Ok(())
    }

    /// For people: what changes what they do.
    fn show_lines(&mut self, view: &View) -> io::Result<()> {
        let words = &self.screen.words;
        if self.seen.stage != Some(view.stage) {
            self.screen.line(&words.code("stage", codes::stage(view.stage)))?;
            self.seen.stage = Some(view.stage);
        }
        for warning in view.warnings.iter().filter(|warning| !self.seen.warnings.contains(warning)) {
            let line = format!("! {}", words.code("warning", codes::warning(*warning)));
            self.screen.coloured(Colour::Yellow, &line)?;
        }
        self.seen.warnings.clone_from(&view.warnings);
        if let Some(committee) = &view.committee {
            let waiting =
                committee.people.iter().filter(|person| person.state == PersonState::Waiting).count();
            let drafts = committee.drafts.iter().filter(|draft| !draft.signed).count();
            if self.seen.waiting != (waiting, drafts) {
                self.screen.line(&words.with("queue", [("n", waiting.into()), ("drafts", drafts.into())]))?;
                self.seen.waiting = (waiting, drafts);
            }
        }
        Ok(())
    }

    fn show_link(&mut self, lost: Option<&Lost>) -> io::Result<()> {
        let connected = lost.is_none();
        if self.seen.connected == Some(connected) {
            return Ok(());
        }
        self.seen.connected = Some(connected);
        let why = lost.map(|lost| super::failure::lost(&self.screen.words, lost));
        self.screen.object(
            &json!({"event": "connection", "connected": connected, "why": why, "link": lost.map(Lost::word)}),
        )?;
        let words = &self.screen.words;
        let line =
            why.map_or_else(|| words.say("link-up"), |why| words.with("link-down", [("why", why.into())]));
        self.screen.coloured(Colour::Dim, &line)
    }
}

impl Shell for Watch<'_> {
    fn notice(&mut self, notice: NoticeId, view: &View) -> bool {
        if self.shown.contains(&notice) {
            return true;
        }
        self.deaf |= self.show_notice(notice, view).is_err();
        if !self.deaf {
            self.shown.insert(notice);
        }
        !self.deaf
    }

    fn look(&mut self, view: &View) -> Next {
        let shown = if self.screen.json { self.show_objects(view) } else { self.show_lines(view) };
        self.deaf |= shown.is_err();
        if self.deaf { Next::Done } else { Next::Wait }
    }

    fn answer(&mut self, _: Result<Reply, CommandError>) {}

    fn link(&mut self, lost: Option<&Lost>) {
        self.deaf |= self.show_link(lost).is_err();
    }

    fn trouble(&mut self, error: &DeviceError) {
        let failure = match error {
            DeviceError::Fault => "error-bug",
            _ => "error-store-write",
        };
        let message = self.screen.words.with(failure, [("detail", error.to_string().into())]);
        let shown =
            self.screen.object(&json!({"event": "trouble", "code": error.word(), "message": message}));
        self.deaf |=
            shown.and_then(|()| self.screen.coloured(Colour::Yellow, &format!("! {message}"))).is_err();
    }
}
