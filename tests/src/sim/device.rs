//! One device: a real core, its durable rows, and what its owner has been shown.

use std::collections::{BTreeMap, BTreeSet};

use campana_core::testing::{following, spoiling};
use campana_core::view::{View, Warning};
use campana_core::{Core, Input, LoadError, NoticeId, Turn, VaultKey};
use campana_protocol::governance::RULES;

pub(super) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

const VAULT: VaultKey = VaultKey([7; 32]);

pub(super) struct Device {
    /// `None`: dead until it starts again.
    pub(super) core: Option<Core>,
    pub(super) rows: Rows,
    /// What the last turn changed, to take it back if the disk lied.
    undo: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub(super) connection: Option<u64>,
    /// Its owner wants it online.
    pub(super) wanted: bool,
    /// Notices shown since its store was last rolled back.
    pub(super) shown: BTreeSet<NoticeId>,
    pub(super) backup: Option<Rows>,
    /// Its store has lost writes since it last started: what its owner was told may be undone.
    pub(super) set_back: bool,
    /// The same, until it has been seen to follow its logs again.
    pub(super) put_back: bool,
    /// That has ever happened.
    pub(super) ever_set_back: bool,
    /// Cut off from the relay until then.
    pub(super) cut_off_until: u64,
    /// How far its clock is off, ms.
    pub(super) clock: i64,
    /// How far it was off when it was last compared with the relay's.
    pub(super) compared: i64,
    /// It has been off at some time.
    pub(super) ever_off: bool,
    /// The rules that its app follows.
    pub(super) follows: u16,
    /// Encryption keys of those for whom nothing opens that it commits.
    pub(super) spoils: Vec<Vec<u8>>,
    /// Incidents that it has rung for, ever, and whether for entries that it could not read.
    pub(super) rang: BTreeSet<String>,
    pub(super) rang_unread: bool,
    /// Its place in a group has been in doubt, or lost, at some time.
    pub(super) ever_lost: bool,
    /// What its owner has been warned of, ever.
    pub(super) warned: BTreeSet<Warning>,
}

impl Device {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self {
            core: Some(Core::new(VAULT, seed)),
            rows: Rows::new(),
            undo: Vec::new(),
            connection: None,
            wanted: true,
            shown: BTreeSet::new(),
            backup: None,
            set_back: false,
            put_back: false,
            ever_set_back: false,
            cut_off_until: 0,
            clock: 0,
            compared: 0,
            ever_off: false,
            follows: RULES,
            spoils: Vec::new(),
            rang: BTreeSet::new(),
            rang_unread: false,
            ever_lost: false,
            warned: BTreeSet::new(),
        }
    }

    /// What its clock shows.
    pub(super) fn time(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.clock)
    }

    /// One turn in memory. Nothing is durable before [`Device::store`]. When it wants to wake is by the
    /// world's clock: a timer counts what passes.
    pub(super) fn turn(&mut self, now: u64, input: Input) -> Option<Turn> {
        let (time, follows, spoils) = (self.time(now), self.follows, self.spoils.clone());
        let core = self.core.as_mut()?;
        let mut turn = following(follows, || spoiling(spoils, || core.turn(time, input)));
        turn.wake = turn.wake.map(|wake| now.saturating_add(wake.saturating_sub(time)));
        Some(turn)
    }

    /// What it shows its owner.
    pub(super) fn view(&self, now: u64) -> Option<View> {
        self.core.as_ref().map(|core| following(self.follows, || core.view(self.time(now))))
    }

    pub(super) fn store(&mut self, turn: &mut Turn) {
        self.undo.clear();
        for change in std::mem::take(&mut turn.changes) {
            let before = match change.value {
                Some(value) => self.rows.insert(change.key.clone(), value),
                None => self.rows.remove(&change.key),
            };
            self.undo.push((change.key, before));
        }
    }

    /// The process dies; if the disk lied, its last write is gone too.
    pub(super) fn die(&mut self, disk_lied: bool) {
        self.core = None;
        self.connection = None;
        if disk_lied {
            (self.set_back, self.put_back, self.ever_set_back) = (true, true, true);
            for (key, before) in std::mem::take(&mut self.undo) {
                match before {
                    Some(value) => self.rows.insert(key, value),
                    None => self.rows.remove(&key),
                };
            }
            self.shown.clear();
        }
    }

    pub(super) fn start(&mut self, seed: [u8; 32]) -> Result<(), LoadError> {
        let rows = self.rows.iter().map(|(key, value)| (key.clone(), value.clone()));
        self.core = Some(following(self.follows, || Core::load(VAULT, seed, rows))?);
        Ok(())
    }

    /// Its owner puts back an older copy of the store.
    pub(super) fn restore(&mut self) {
        if let Some(backup) = self.backup.take() {
            self.die(false);
            self.rows = backup;
            (self.set_back, self.put_back, self.ever_set_back) = (true, true, true);
            self.undo.clear();
            self.shown.clear();
        }
    }
}
