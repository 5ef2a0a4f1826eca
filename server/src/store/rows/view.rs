//! What readers see: durable rows only.
//!
//! An engine shows a batch before it is durable. Were a reader to see it, a device could be sent
//! an entry that a power cut then takes back, and its seq be given to another. So while a batch
//! is on its way to disk, readers are given what its rows held before.

use core::ops::ControlFlow;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::store::engine::{Change, Engine, EngineError, Visit};

/// What the rows of the batch on its way held before (`None`: they were not there).
type Before = HashMap<Vec<u8>, Option<Vec<u8>>>;

#[derive(Debug)]
pub(super) struct View<E> {
    engine: E,
    before: RwLock<Before>,
}

impl<E: Engine> View<E> {
    pub(super) fn new(engine: E) -> Self {
        Self { engine, before: RwLock::default() }
    }

    pub(super) fn engine(&self) -> &E {
        &self.engine
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let before = self.reading();
        match before.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.engine.get(key),
        }
    }

    /// Deletions on their way may show already: only what has expired is ever deleted, what its reader
    /// no longer wants, or a push job's pages, which nobody reads while it writes.
    pub(super) fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), EngineError> {
        let before = self.reading();
        self.engine.scan(from, to, &mut |key, value| match before.get(key) {
            None => visit(key, value),
            Some(Some(value)) => visit(key, value),
            Some(None) => ControlFlow::Continue(()),
        })
    }

    /// Carries out changes, each with what its row held before. If that fails, readers keep
    /// seeing what was there before.
    pub(super) fn apply(&self, changes: Vec<(Change, Option<Vec<u8>>)>) -> Result<(), EngineError> {
        let mut bare = Vec::with_capacity(changes.len());
        let mut before = Before::with_capacity(changes.len());
        for (change, old) in changes {
            if let Change::Put(key, _) = &change {
                before.insert(key.clone(), old);
            }
            bare.push(change);
        }
        *self.replacing() = before;
        self.engine.apply(&bare)?;
        *self.replacing() = Before::new();
        Ok(())
    }

    fn reading(&self) -> RwLockReadGuard<'_, Before> {
        self.before.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn replacing(&self) -> RwLockWriteGuard<'_, Before> {
        self.before.write().unwrap_or_else(PoisonError::into_inner)
    }
}
