//! One device: a real core, its durable rows, and what its owner has been shown.

use std::collections::{BTreeMap, BTreeSet};

use campana_core::{Core, Input, LoadError, NoticeId, Turn, VaultKey};

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
    /// That has ever happened.
    pub(super) ever_set_back: bool,
    /// Cut off from the relay until then.
    pub(super) cut_off_until: u64,
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
            ever_set_back: false,
            cut_off_until: 0,
        }
    }

    /// One turn in memory. Nothing is durable before [`Device::store`].
    pub(super) fn turn(&mut self, now: u64, input: Input) -> Option<Turn> {
        self.core.as_mut().map(|core| core.turn(now, input))
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
            (self.set_back, self.ever_set_back) = (true, true);
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
        self.core = Some(Core::load(VAULT, seed, rows)?);
        Ok(())
    }

    /// Its owner puts back an older copy of the store.
    pub(super) fn restore(&mut self) {
        if let Some(backup) = self.backup.take() {
            self.die(false);
            self.rows = backup;
            (self.set_back, self.ever_set_back) = (true, true);
            self.undo.clear();
            self.shown.clear();
        }
    }
}
