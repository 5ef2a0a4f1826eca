//! What an embedded engine must do under [`super::rows::RowStore`]: sorted bytes, one durable
//! batch at a time.

use core::ops::ControlFlow;
use std::path::Path;

/// Sorted keys and values. Only one thread writes at a time; reads come from anywhere.
pub trait Engine: Send + Sync + 'static {
    /// The value of a key.
    ///
    /// # Errors
    /// [`EngineError`].
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// Visits the rows from `from` to before `to`, in order, until told to stop.
    ///
    /// # Errors
    /// [`EngineError`]; rows before the failing one have been visited.
    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), EngineError>;

    /// Carries out all changes or none, and returns once they are durable: after a power cut they
    /// are there. No value is longer than [`LONGEST_VALUE`]: bodies are elsewhere.
    ///
    /// # Errors
    /// [`EngineError`]; whether they were carried out is then unknown.
    fn apply(&self, changes: &[Change]) -> Result<(), EngineError>;

    /// An empty engine of this kind in a directory.
    ///
    /// # Errors
    /// [`EngineError`], as of one that is not on disk.
    fn fresh(&self, _directory: &Path) -> Result<Self, EngineError>
    where
        Self: Sized,
    {
        Err(EngineError::Failed("this store is not on disk".to_owned()))
    }

    /// Whether there is room to write, `bytes` at least.
    fn has_room(&self, bytes: u64) -> bool;
}

/// Called with key and value.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// One change of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "an engine must carry out every kind of change")]
pub enum Change {
    /// Sets a value.
    Put(Vec<u8>, Vec<u8>),
    /// Deletes a row, if it is there.
    Delete(Vec<u8>),
}

/// Longest value of a row: twice a page of registrations without an answer, which is the longest there is.
pub const LONGEST_VALUE: usize = 32_768;

/// An engine that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// What is stored there is damaged.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The disk failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The engine failed in another way.
    #[error("{0}")]
    Failed(String),
}
