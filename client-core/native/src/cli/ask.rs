//! One-shot commands: catch up, ask, stay until it has happened.

use std::time::Duration;

use campana_core::view::Stage;
use campana_core::{Command, CommandError, NoticeId, Reply, View};
use tokio::time::Instant;

use super::Desk;
use super::failure::Failure;
use crate::device::DeviceError;
use crate::edge::{Ended, Lost, Next, Shell};

/// A name that is not known yet may still be in the mailbox: how long to look for it.
const SEARCH: Duration = Duration::from_secs(3);

/// What a command came to.
pub(crate) struct Asked {
    pub(crate) replies: Vec<Reply>,
    pub(crate) view: View,
    /// Still on its way, and why.
    pub(crate) waiting: Option<Option<String>>,
}

impl Asked {
    /// Whether it has happened.
    pub(crate) const fn done(&self) -> bool {
        self.waiting.is_none()
    }

    /// After the answer was shown: the exit code of what is still on its way.
    pub(crate) fn end(self) -> Result<(), Failure> {
        self.waiting.map_or(Ok(()), |why| Err(Failure::Waiting(why)))
    }
}

/// When to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// Catch up first: it names things that others have made.
    CatchUp,
    /// Ask at once: a report is durable before the first packet leaves.
    Ask,
}

/// Gives the core the commands that `make` makes of the view, and stays until `goal` is reached.
pub(crate) async fn ask(
    desk: &mut Desk,
    first: First,
    make: impl FnMut(&View) -> Result<Vec<Command>, Failure>,
    goal: impl FnMut(&View, &[Reply]) -> Result<bool, Failure>,
) -> Result<Asked, Failure> {
    let deadline = Instant::now() + desk.timeout;
    let state = if first == First::Ask || desk.offline { State::Ready } else { State::CatchingUp };
    let mut shell = OneShot {
        make,
        goal,
        state,
        offline: desk.offline,
        search: None,
        lost: None,
        view: None,
        failure: None,
    };
    let mut ended = desk.edge.run(&mut shell, Some(deadline)).await?;
    if ended == Ended::TimeUp && !matches!(shell.state, State::Asked { .. }) {
        // The relay was too slow to catch up with: ask with what is here.
        shell.offline = true;
        shell.state = State::Ready;
        ended = desk.edge.run(&mut shell, None).await?;
    }
    if let Some(failure) = shell.failure {
        return Err(failure);
    }
    let (State::Asked { replies, .. }, Some(view)) = (shell.state, shell.view) else {
        return Err(CommandError::Bug.into());
    };
    let waiting = (ended == Ended::TimeUp || shell.offline && view.unsent > 0).then_some(shell.lost);
    Ok(Asked { replies, view, waiting })
}

/// The view after catching up and counting, or as it is here if the relay can't be reached.
pub(crate) async fn look(desk: &mut Desk) -> Result<View, Failure> {
    ask(desk, First::CatchUp, |_| Ok(Vec::new()), |view, _| Ok(!view.counting)).await.map(|asked| asked.view)
}

enum State {
    CatchingUp,
    Ready,
    Asked { queue: Vec<Command>, replies: Vec<Reply> },
}

struct OneShot<M, G> {
    make: M,
    goal: G,
    state: State,
    offline: bool,
    search: Option<Instant>,
    lost: Option<String>,
    view: Option<View>,
    failure: Option<Failure>,
}

impl<M, G> OneShot<M, G>
where
    M: FnMut(&View) -> Result<Vec<Command>, Failure>,
    G: FnMut(&View, &[Reply]) -> Result<bool, Failure>,
{
    fn next(&mut self, view: &View) -> Result<Next, Failure> {
        if matches!(self.state, State::CatchingUp) {
            if self.lost.is_none() && !self.is_here(view) {
                return Ok(Next::Wait);
            }
            match (self.make)(view) {
                Err(failure) if failure.may_come() && self.lost.is_none() && view.caught_up => {
                    if !self.searched() {
                        return Ok(Next::Wait);
                    }
                    return Err(failure);
                }
                made => self.start(made?),
            }
        } else if matches!(self.state, State::Ready) {
            let made = (self.make)(view)?;
            self.start(made);
        }
        let State::Asked { queue, replies } = &mut self.state else { return Ok(Next::Wait) };
        if let Some(command) = queue.pop() {
            return Ok(Next::Ask(command));
        }
        if self.offline || (self.goal)(view, replies)? { Ok(Next::Done) } else { Ok(Next::Wait) }
    }

    /// Whether what the relay has is here, as far as anybody can tell.
    fn is_here(&mut self, view: &View) -> bool {
        match view.stage {
            Stage::Nowhere | Stage::InvitationRefused | Stage::Removed => true,
            Stage::Founding | Stage::Member => view.caught_up,
            // Nobody knows whether an answer will come; one that is there comes soon.
            Stage::Waiting | Stage::InviteExpired | Stage::InviteRevoked | Stage::Declined => self.searched(),
        }
    }

    fn searched(&mut self) -> bool {
        Instant::now() >= *self.search.get_or_insert_with(|| Instant::now() + SEARCH)
    }

    fn start(&mut self, mut queue: Vec<Command>) {
        queue.reverse();
        self.state = State::Asked { queue, replies: Vec::new() };
    }
}

impl<M, G> Shell for OneShot<M, G>
where
    M: FnMut(&View) -> Result<Vec<Command>, Failure>,
    G: FnMut(&View, &[Reply]) -> Result<bool, Failure>,
{
    /// Notices stay owed: they are for `watch`.
    fn notice(&mut self, _: NoticeId, _: &View) -> bool {
        false
    }

    fn look(&mut self, view: &View) -> Next {
        self.view = Some(view.clone());
        if self.failure.is_some() {
            return Next::Done;
        }
        self.next(view).unwrap_or_else(|failure| {
            self.failure = Some(failure);
            Next::Done
        })
    }

    fn answer(&mut self, answer: Result<Reply, CommandError>) {
        match (answer, &mut self.state) {
            (Ok(reply), State::Asked { replies, .. }) => replies.push(reply),
            (Ok(_), _) => {}
            (Err(error), _) => self.failure = Some(error.into()),
        }
    }

    fn link(&mut self, lost: Option<&Lost>) {
        self.lost = lost.map(ToString::to_string);
    }

    fn trouble(&mut self, _: &DeviceError) {}

    fn restless(&self) -> bool {
        self.search.is_some()
    }
}

/// Whether everything is at the relay and seen there.
pub(crate) const fn settled(view: &View) -> bool {
    view.unsent == 0 && view.caught_up
}
