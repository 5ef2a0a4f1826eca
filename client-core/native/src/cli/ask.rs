//! One-shot commands: catch up, ask, stay until it has happened.

use std::time::Duration;

use campana_core::view::{CommitteeView, PersonState, Stage};
use campana_core::{Command, CommandError, NoticeId, Reply, View};
use tokio::time::Instant;

use super::Desk;
use super::failure::Failure;
use super::screen::Known;
use crate::device::DeviceError;
use crate::edge::{Ended, Lost, Next, Shell};
use crate::limits::{DECIDE, FLUSH};

/// A name that is not known yet may still be in the mailbox: how long to look for it.
pub(crate) const SEARCH: Duration = Duration::from_secs(3);

/// Why something has not happened yet, or is not known to be all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// `--offline` was given.
    Offline,
    /// There is no connection to the relay.
    Lost(Lost),
    /// Connected, and the relay has not taken so many things yet.
    Unsent(usize),
    /// Connected, and not everything that the relay has is here yet.
    Behind,
    /// All is sent, and others have not answered.
    Unanswered,
}

impl Cause {
    /// The stable word for scripts and message keys.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Lost(_) => "unreachable",
            Self::Unsent(_) => "unsent",
            Self::Behind => "behind",
            Self::Unanswered => "unanswered",
        }
    }

    /// Every word.
    pub const WORDS: &'static [&'static str] = &["offline", "unreachable", "unsent", "behind", "unanswered"];
}

/// What a command came to.
pub(crate) struct Asked {
    pub(crate) replies: Vec<Reply>,
    pub(crate) view: View,
    /// Why it has not happened yet; `None`: it has.
    pub(crate) waiting: Option<Cause>,
    cause: Cause,
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

/// What this device knows, and whether that is all.
pub(crate) struct Looked {
    pub(crate) view: View,
    /// Why it may not be all.
    stale: Option<Cause>,
    since: Option<u64>,
}

impl Looked {
    /// Its view, of which `into` keeps whether it was all.
    pub(crate) fn take(self, into: &mut Option<Self>) -> View {
        into.insert(self).view.clone()
    }

    /// Whether what is shown is all.
    pub(crate) const fn is_whole(&self) -> bool {
        self.stale.is_none()
    }

    /// After the answer was shown: an exit code of its own if there may be more.
    pub(crate) fn end(self) -> Result<(), Failure> {
        let since = self.since;
        self.stale.map_or(Ok(()), |cause| Err(Failure::Stale { cause, since }))
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
    let link = if desk.offline { Link::Offline } else { Link::Trying };
    let mut shell = OneShot {
        make,
        goal,
        state,
        link,
        search: None,
        flush: None,
        reached: false,
        view: None,
        failure: None,
    };
    let mut ended = desk.edge.run(&mut shell, Some(deadline)).await?;
    if ended == Ended::TimeUp && !matches!(shell.state, State::Asked { .. }) {
        // The relay was too slow to catch up with: ask with what is here.
        shell.state = State::Late;
        ended = desk.edge.run(&mut shell, None).await?;
        if !shell.reached {
            ended = Ended::TimeUp;
        }
    }
    if let Some(failure) = shell.failure {
        return Err(failure);
    }
    let (State::Asked { replies, .. }, Some(view)) = (shell.state, shell.view) else {
        return Err(CommandError::Bug.into());
    };
    let since = desk.edge.device().caught_up_at();
    desk.screen.know(Known { caught_up: view.caught_up, since, unsent: view.unsent });
    let cause = shell.link.cause(&view);
    let undone = ended == Ended::TimeUp && !shell.reached || shell.link == Link::Offline && view.unsent > 0;
    Ok(Asked { replies, waiting: undone.then(|| cause.clone()), view, cause })
}

/// The view after catching up and counting, or as it is here if the relay can't be reached.
pub(crate) async fn look(desk: &mut Desk) -> Result<Looked, Failure> {
    let asked = ask(desk, First::CatchUp, |_| Ok(Vec::new()), |view, _| Ok(!view.counting)).await?;
    let since = desk.edge.device().caught_up_at();
    let whole = asked.view.caught_up && !asked.view.counting;
    Ok(Looked { stale: (!whole).then_some(asked.cause), since, view: asked.view })
}

/// As [`look`], of a device that is in a network: whoever is outside knows no list to be empty.
pub(crate) async fn look_inside(desk: &mut Desk) -> Result<Looked, Failure> {
    let looked = look(desk).await?;
    match looked.view.stage {
        Stage::Founding | Stage::Member => Ok(looked),
        Stage::Nowhere => Err(CommandError::NotInANetwork.into()),
        Stage::Waiting => Err(CommandError::NotAdmitted.into()),
        ended => Err(Failure::Ended(ended)),
    }
}

/// How the connection stands.
#[derive(Debug, PartialEq, Eq)]
enum Link {
    Offline,
    Trying,
    Up,
    Lost(Lost),
}

impl Link {
    fn cause(&self, view: &View) -> Cause {
        match self {
            Self::Offline => Cause::Offline,
            Self::Lost(why) => Cause::Lost(why.clone()),
            Self::Trying => Cause::Lost(Lost::Unreachable("no answer".to_owned())),
            Self::Up if view.unsent > 0 => Cause::Unsent(view.unsent),
            Self::Up if matches!(view.stage, Stage::Founding | Stage::Member) && !view.caught_up => {
                Cause::Behind
            }
            Self::Up => Cause::Unanswered,
        }
    }
}

enum State {
    CatchingUp,
    Ready,
    /// The time is up: ask, and stay no longer.
    Late,
    Asked {
        queue: Vec<Command>,
        replies: Vec<Reply>,
        late: bool,
    },
}

struct OneShot<M, G> {
    make: M,
    goal: G,
    state: State,
    link: Link,
    search: Option<Instant>,
    flush: Option<Instant>,
    reached: bool,
    view: Option<View>,
    failure: Option<Failure>,
}

impl<M, G> OneShot<M, G>
where
    M: FnMut(&View) -> Result<Vec<Command>, Failure>,
    G: FnMut(&View, &[Reply]) -> Result<bool, Failure>,
{
    fn next(&mut self, view: &View) -> Result<Next, Failure> {
        let late = matches!(self.state, State::Late);
        if matches!(self.state, State::CatchingUp) {
            if !self.is_lost() && !self.is_here(view) {
                return Ok(Next::Wait);
            }
            match (self.make)(view) {
                Err(failure) if failure.may_come() && !self.is_lost() && view.caught_up => {
                    if !self.searched() {
                        return Ok(Next::Wait);
                    }
                    return Err(failure);
                }
                made => self.start(made?, false),
            }
        } else if late || matches!(self.state, State::Ready) {
            let made = (self.make)(view)?;
            self.start(made, late);
        }
        let State::Asked { queue, replies, late } = &mut self.state else { return Ok(Next::Wait) };
        if let Some(command) = queue.pop() {
            return Ok(Next::Ask(command));
        }
        self.reached = (self.goal)(view, replies)?;
        let leaves = *late || self.link == Link::Offline || self.reached && self.flushed(view);
        Ok(if leaves { Next::Done } else { Next::Wait })
    }

    fn is_lost(&self) -> bool {
        matches!(self.link, Link::Lost(_))
    }

    /// Whether what this device owes the others has left it, as far as staying helps.
    fn flushed(&mut self, view: &View) -> bool {
        let deciding = view.committee.as_ref().is_some_and(is_deciding) || is_constituting(view);
        let patience = if deciding { DECIDE } else { FLUSH };
        let owes = deciding || view.unsent > 0;
        !owes || self.is_lost() || self.flush.get_or_insert_with(Instant::now).elapsed() >= patience
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

    fn start(&mut self, mut queue: Vec<Command>, late: bool) {
        queue.reverse();
        self.state = State::Asked { queue, replies: Vec::new(), late };
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
        self.link = lost.map_or(Link::Up, |lost| Link::Lost(lost.clone()));
    }

    fn trouble(&mut self, _: &DeviceError) {}

    fn restless(&self) -> bool {
        self.search.is_some() || matches!(self.state, State::Asked { .. })
    }
}

/// Whether the committee has decided something that is not in force yet.
fn is_deciding(committee: &CommitteeView) -> bool {
    committee.drafts.iter().any(|draft| draft.signatures >= draft.needed)
        || committee.people.iter().any(|person| person.state == PersonState::Admitting)
}

/// Whether this is the founder's device, which alone can pass the signed constitution on to everybody, and
/// has not yet.
fn is_constituting(view: &View) -> bool {
    let unknown = view.network.as_ref().is_some_and(|network| network.governance_height == 0);
    unknown && view.stage == Stage::Member && view.roles.contains(&"committee")
}

/// Whether everything is at the relay and seen there.
pub(crate) const fn settled(view: &View) -> bool {
    view.unsent == 0 && view.caught_up
}
