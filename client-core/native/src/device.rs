//! One device: its store and its core, one turn at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{SystemTime, UNIX_EPOCH};

use campana_core::{CommandError, Core, Effect, Input, LoadError, Reply, VaultKey, View};

use crate::store::{Session, Store, StoreError};
use crate::vault::{self, VaultError};

/// Why a turn could not be taken. Nothing that was durable is lost.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The rows.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// The core panicked: a fault of this program. It has been dropped, nothing was written.
    #[error("internal fault: nothing was changed; please report it")]
    Fault,
}

impl DeviceError {
    /// The stable word for scripts and message keys.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Store(error) => error.word(),
            Self::Vault(error) => error.word(),
            Self::Load(LoadError::Newer) => "store-newer",
            Self::Load(LoadError::Damaged) => "rows-damaged",
            Self::Random(_) => "no-random",
            Self::Fault => "bug",
        }
    }

    /// Every word of its own.
    pub const WORDS: &'static [&'static str] = &["rows-damaged", "no-random", "bug"];

    /// Whether trying again later can help: a full disk can be emptied, another process ends.
    #[must_use]
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Store(StoreError::Write(_) | StoreError::Busy) | Self::Fault)
    }
}

/// What turns decided, all of it durable.
#[derive(Debug, Default)]
pub struct Outcome {
    /// To carry out now, in order.
    pub effects: Vec<Effect>,
    /// When to tick, Unix milliseconds.
    pub wake: Option<u64>,
    /// Whether any turn was taken: without one, an earlier `wake` still holds.
    pub turned: bool,
    /// The answer to the last command.
    pub reply: Option<Result<Reply, CommandError>>,
}

/// A store and the core that lives in it.
pub struct Device {
    store: Store,
    vault: VaultKey,
    loaded: Option<Loaded>,
}

struct Loaded {
    core: Core,
    generation: u64,
}

impl core::fmt::Debug for Device {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Device").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Device {
    /// Opens the store and its vault, and loads the core.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn open(store: Store, passphrase: Option<&str>) -> Result<Self, DeviceError> {
        let vault = {
            let session = store.begin()?;
            vault::open(store.directory(), passphrase, session.generation() == 0)?
        };
        let mut device = Self { store, vault, loaded: None };
        device.load()?;
        Ok(device)
    }

    /// Takes turns on these inputs, each written before the next, and returns what they ask for.
    /// If another process has written since, its rows are taken over first; then, and after any
    /// failure, everything that is owed comes out again.
    ///
    /// # Errors
    /// [`DeviceError`]: the core was dropped, its connection is no longer known; connect anew.
    pub fn turn(&mut self, inputs: impl IntoIterator<Item = Input>) -> Result<Outcome, DeviceError> {
        let loaded = self.loaded.take();
        let session = self.store.begin()?;
        let mut turns = Turns { session, outcome: Outcome::default() };
        let (mut loaded, fresh) = turns.refresh(&self.vault, loaded)?;
        for input in inputs {
            turns.take(&mut loaded, input)?;
        }
        if fresh {
            // Last, so that what the inputs settle (a notice that was shown) is not owed again.
            turns.take(&mut loaded, Input::Resume)?;
        }
        self.loaded = Some(loaded);
        Ok(turns.outcome)
    }

    /// Loads the core without taking a turn.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn load(&mut self) -> Result<(), DeviceError> {
        if self.loaded.is_none() {
            let session = self.store.begin()?;
            self.loaded = Some(load(&session, &self.vault)?);
        }
        Ok(())
    }

    /// What a screen needs; `None` while the core is not loaded.
    #[must_use]
    pub fn view(&self) -> Option<View> {
        let loaded = self.loaded.as_ref()?;
        catch_unwind(AssertUnwindSafe(|| loaded.core.view(now()))).ok()
    }

    /// Adds, changes (`Some`) or removes (`None`) the passphrase that locks the store.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn change_passphrase(&mut self, passphrase: Option<&str>) -> Result<(), DeviceError> {
        let _held = self.store.begin()?;
        Ok(vault::change(self.store.directory(), &self.vault, passphrase)?)
    }

    /// The address of its relay.
    #[must_use]
    pub fn relay(&self) -> Option<String> {
        self.loaded.as_ref()?.core.relay().map(str::to_owned)
    }

    /// When it last held all that the relay has, Unix milliseconds.
    #[must_use]
    pub fn caught_up_at(&self) -> Option<u64> {
        self.store.caught_up_at()
    }

    /// Notes that it holds all that the relay has.
    pub(crate) fn note_caught_up(&self) {
        self.store.note_caught_up(now());
    }

    /// Whether another process seems to have written since: time for a turn.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.loaded.as_ref().is_none_or(|loaded| loaded.generation < self.store.hint())
    }
}

/// The turns of one session.
struct Turns<'a> {
    session: Session<'a>,
    outcome: Outcome,
}

impl Turns<'_> {
    /// The core as the store has it now, and whether that took loading.
    fn refresh(&self, vault: &VaultKey, loaded: Option<Loaded>) -> Result<(Loaded, bool), DeviceError> {
        match loaded {
            Some(loaded) if loaded.generation == self.session.generation() => Ok((loaded, false)),
            Some(mut loaded) => {
                let rows = self.session.rows()?;
                caught(|| loaded.core.reload(rows))??;
                loaded.generation = self.session.generation();
                Ok((loaded, true))
            }
            None => Ok((load(&self.session, vault)?, true)),
        }
    }

    fn take(&mut self, loaded: &mut Loaded, input: Input) -> Result<(), DeviceError> {
        let turn = caught(|| loaded.core.turn(now(), input))?;
        if !turn.changes.is_empty() {
            loaded.generation = self.session.commit(&turn.changes)?;
        }
        for effect in turn.effects {
            let again = matches!(effect, Effect::Notify(_)) && self.outcome.effects.contains(&effect);
            if !again {
                self.outcome.effects.push(effect);
            }
        }
        self.outcome.wake = turn.wake;
        self.outcome.turned = true;
        if turn.reply.is_some() {
            self.outcome.reply = turn.reply;
        }
        Ok(())
    }
}

fn load(session: &Session<'_>, vault: &VaultKey) -> Result<Loaded, DeviceError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(DeviceError::Random)?;
    let rows = session.rows()?;
    let core = if rows.is_empty() {
        Core::new(vault.clone(), seed)
    } else {
        caught(|| Core::load(vault.clone(), seed, rows))??
    };
    Ok(Loaded { core, generation: session.generation() })
}

fn caught<T>(work: impl FnOnce() -> T) -> Result<T, DeviceError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| DeviceError::Fault)
}

/// The time, Unix milliseconds.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
