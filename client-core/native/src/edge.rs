//! The run loop: feeds the core what happens outside and carries out what it decides, always
//! after its changes are durable. No rules live here.

use std::time::Duration;

use campana_core::{Command, CommandError, Effect, Input, NoticeId, Reply, View};
use tokio::time::{Instant, sleep_until};

use crate::backoff::Backoff;
use crate::device::{Device, DeviceError, Outcome, now};
use crate::socket::Socket;
pub use crate::socket::{Lost, Network};

/// How often to look whether another process has written: one read of eight bytes.
const LOOK: Duration = Duration::from_millis(200);
/// A connection that has lasted this long was a good one.
const GOOD: Duration = Duration::from_secs(10);

/// Whoever shows things.
pub trait Shell {
    /// Shows a notice. `true`: it has been shown and is not owed any more.
    fn notice(&mut self, notice: NoticeId, view: &View) -> bool;

    /// Something may have changed: what next?
    fn look(&mut self, view: &View) -> Next;

    /// The core's answer to a command of [`Next::Ask`].
    fn answer(&mut self, answer: Result<Reply, CommandError>);

    /// The connection opened (`None`) or can't be had. A look follows.
    fn link(&mut self, lost: Option<&Lost>);

    /// A turn failed and will be tried again: a full disk, say.
    fn trouble(&mut self, error: &DeviceError);

    /// Whether it wants looks for the time alone, though nothing happens.
    fn restless(&self) -> bool {
        false
    }
}

/// What a shell wants after a look.
#[derive(Debug)]
pub enum Next {
    /// To be shown what comes.
    Wait,
    /// This.
    Ask(Command),
    /// Nothing more: what it waited for has happened.
    Done,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The shell has what it waited for.
    Done,
    /// The time was up.
    TimeUp,
}

/// A device at work.
#[derive(Debug)]
pub struct Edge {
    device: Device,
    told: Vec<Input>,
    wake: Option<u64>,
    backoff: Backoff,
    network: Network,
}

/// What a step came to.
enum Step {
    Go,
    Done,
    Reconnect,
}

impl Edge {
    /// Of a device.
    #[must_use]
    pub fn new(device: Device) -> Self {
        // Whatever is owed comes out at the first tick.
        Self {
            device,
            told: Vec::new(),
            wake: Some(0),
            backoff: Backoff::default(),
            network: Network::default(),
        }
    }

    /// The same, reaching its relay in another way.
    #[must_use]
    pub fn through(self, network: Network) -> Self {
        Self { network, ..self }
    }

    /// Something the core is to know before the next run begins.
    pub fn tell(&mut self, input: Input) {
        self.told.push(input);
    }

    /// The device.
    #[must_use]
    pub const fn device(&self) -> &Device {
        &self.device
    }

    /// The device, to change how it is kept.
    pub const fn device_mut(&mut self) -> &mut Device {
        &mut self.device
    }

    /// Runs until the shell is content or `deadline` has come. The first look comes before the
    /// first connection, so a command given there is durable whatever the network does.
    ///
    /// # Errors
    /// [`DeviceError`] that waiting can't mend.
    pub async fn run(
        &mut self,
        shell: &mut impl Shell,
        deadline: Option<Instant>,
    ) -> Result<Ended, DeviceError> {
        if matches!(self.begin(shell)?, Step::Done) {
            return Ok(Ended::Done);
        }
        let forever = async {
            loop {
                match self.connected(shell).await {
                    Ok(true) => return Ok(Ended::Done),
                    Ok(false) => {}
                    Err(error) if error.passes() => shell.trouble(&error),
                    Err(error) => return Err(error),
                }
                match self.pause(shell).await {
                    Ok(true) => return Ok(Ended::Done),
                    Ok(false) => {}
                    Err(error) if error.passes() => shell.trouble(&error),
                    Err(error) => return Err(error),
                }
            }
        };
        match deadline {
            None => forever.await,
            Some(deadline) => {
                tokio::select! {
                    ended = forever => ended,
                    () = sleep_until(deadline) => Ok(Ended::TimeUp),
                }
            }
        }
    }

    /// One connection, from its opening to its end. `true`: the shell is content.
    async fn connected(&mut self, shell: &mut impl Shell) -> Result<bool, DeviceError> {
        self.device.load()?;
        let Some(relay) = self.device.relay() else { return self.disconnected(shell, Vec::new()) };
        let mut socket = match Socket::connect(&relay, &self.network).await {
            Ok(socket) => socket,
            Err(lost) => {
                shell.link(Some(&lost));
                return self.disconnected(shell, Vec::new());
            }
        };
        let since = Instant::now();
        shell.link(None);
        let ended = self.converse(shell, &mut socket).await;
        drop(socket);
        if since.elapsed() >= GOOD {
            self.backoff.reset();
        }
        match ended? {
            Conversation::Done => return Ok(true),
            Conversation::Reconnect => {}
            Conversation::Lost(lost) => shell.link(Some(&lost)),
        }
        self.disconnected(shell, vec![Input::Disconnected])
    }

    fn disconnected(&mut self, shell: &mut impl Shell, inputs: Vec<Input>) -> Result<bool, DeviceError> {
        Ok(matches!(self.step(shell, None, inputs)?, Step::Done))
    }

    async fn converse(
        &mut self,
        shell: &mut impl Shell,
        socket: &mut Socket,
    ) -> Result<Conversation, DeviceError> {
        let mut inputs = vec![Input::Connected];
        loop {
            match self.step(shell, Some(socket), inputs)? {
                Step::Go => {}
                Step::Done => return Ok(Conversation::Done),
                Step::Reconnect => return Ok(Conversation::Reconnect),
            }
            inputs = tokio::select! {
                batch = socket.batch() => match batch {
                    Ok(batch) => vec![Input::Received(batch)],
                    Err(lost) => return Ok(Conversation::Lost(lost)),
                },
                inputs = self.next(shell.restless()) => inputs,
            };
        }
    }

    /// Waits before the next attempt, still ticking and taking over what others write.
    async fn pause(&mut self, shell: &mut impl Shell) -> Result<bool, DeviceError> {
        let mut random = [0];
        getrandom::fill(&mut random).map_err(DeviceError::Random)?;
        let until = Instant::now() + self.backoff.pause(random[0]);
        loop {
            let before = self.device.relay();
            tokio::select! {
                () = sleep_until(until) => return Ok(false),
                inputs = self.next(shell.restless()) => {
                    if matches!(self.step(shell, None, inputs)?, Step::Done) {
                        return Ok(true);
                    }
                }
            }
            if before != self.device.relay() {
                return Ok(false); // Another process has joined or started a network.
            }
        }
    }

    /// The next thing to do that does not come from the relay.
    async fn next(&self, restless: bool) -> Vec<Input> {
        loop {
            if self.wake.is_some_and(|wake| wake <= now()) {
                return vec![Input::Tick];
            }
            if self.device.is_behind() {
                return Vec::new();
            }
            let wait =
                self.wake.map_or(LOOK, |wake| Duration::from_millis(wake.saturating_sub(now())).min(LOOK));
            tokio::time::sleep(wait).await;
            if restless {
                return Vec::new();
            }
        }
    }

    fn begin(&mut self, shell: &mut impl Shell) -> Result<Step, DeviceError> {
        let told = core::mem::take(&mut self.told);
        self.step(shell, None, told)
    }

    /// Turns, then effects, then a look; again while notices were shown or commands given.
    fn step(
        &mut self,
        shell: &mut impl Shell,
        socket: Option<&Socket>,
        mut inputs: Vec<Input>,
    ) -> Result<Step, DeviceError> {
        let mut reconnect = false;
        loop {
            let Outcome { effects, wake, turned, reply } = self.device.turn(inputs)?;
            if turned {
                self.wake = wake;
            }
            let Some(view) = self.device.view() else { return Err(DeviceError::Fault) };
            if view.caught_up && socket.is_some() {
                self.device.note_caught_up();
            }
            inputs = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Send(bytes) => {
                        if let Some(socket) = socket {
                            socket.send(bytes);
                        }
                    }
                    Effect::Notify(notice) if shell.notice(notice, &view) => {
                        inputs.push(Input::Shown(notice))
                    }
                    Effect::Notify(_) => {}
                    Effect::Reconnect => reconnect = true,
                    // A distributor makes subscriptions, and its owner tells of them.
                    Effect::Subscribe(_) | Effect::Unsubscribe => {}
                }
            }
            if let Some(answer) = reply {
                shell.answer(answer);
            }
            if !inputs.is_empty() {
                continue;
            }
            match shell.look(&view) {
                Next::Ask(command) => inputs = vec![Input::Command(command)],
                Next::Done => return Ok(Step::Done),
                Next::Wait if reconnect => return Ok(Step::Reconnect),
                Next::Wait => return Ok(Step::Go),
            }
        }
    }
}

enum Conversation {
    Done,
    Reconnect,
    Lost(Lost),
}
