//! The engine that forgets: for tests, simulation and trying things out.

use core::ops::ControlFlow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::engine::{Change, Engine, EngineError, Visit};
use super::rows::RowStore;

/// A store in memory. A clone of its engine is the same memory, so a relay can be started again
/// on what an earlier one committed.
pub type MemoryStore = RowStore<Memory>;

/// Rows in a map.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    rows: Arc<RwLock<BTreeMap<Vec<u8>, Vec<u8>>>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::on(Memory::default())
    }

    /// A store on the rows of an earlier one ([`RowStore::engine`]).
    #[must_use]
    pub fn on(memory: Memory) -> Self {
        Self::open(memory).expect("memory neither fails nor holds a newer format")
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// The same rows, apart from now on: a backup.
    #[must_use]
    pub fn copy(&self) -> Self {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner).clone();
        Self { rows: Arc::new(RwLock::new(rows)) }
    }
}

impl Engine for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.rows.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), EngineError> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        if from < to {
            for (key, value) in
                rows.range::<[u8], _>((core::ops::Bound::Included(from), core::ops::Bound::Excluded(to)))
            {
                if let ControlFlow::Break(()) = visit(key, value) {
                    break;
                }
            }
        }
        Ok(())
    }

    fn apply(&self, changes: &[Change]) -> Result<(), EngineError> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match change {
                Change::Put(key, value) => drop(rows.insert(key.clone(), value.clone())),
                Change::Delete(key) => drop(rows.remove(key)),
            }
        }
        Ok(())
    }

    fn has_room(&self, _: u64) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::Fixture;

    struct InMemory(MemoryStore);

    impl Fixture for InMemory {
        type Store = MemoryStore;

        fn new() -> Self {
            Self(MemoryStore::new())
        }

        fn store(&self) -> &MemoryStore {
            &self.0
        }

        fn reopen(&mut self) {
            self.0 = MemoryStore::on(self.0.engine().clone());
        }
    }

    crate::conformance_tests!(super::InMemory);
}
