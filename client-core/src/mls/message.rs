//! Application messages, and how a group gets back to where it was when one fails.

use mls_rs::group::{ContentType, ReceivedMessage};
use zeroize::Zeroizing;

use super::{Group, MlsError, host};

/// Messages opened after a checkpoint before the next one is taken: bounds what a failed message
/// costs, and what of the past stays in memory.
const REPLAYED: usize = 64;

/// A message somebody else sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The sender's place.
    pub sender: u32,
    /// Which of the sender's keys of this epoch opened it.
    pub generation: u32,
    /// What they said, padding included.
    pub plaintext: Zeroizing<Vec<u8>>,
}

/// The library spends a message's key even on a tampered copy. A copy of the group before each
/// message would undo that, but costs more than the message itself; so the group keeps one earlier
/// state, and the messages opened since, to walk the way again when one fails.
#[derive(Clone, Default)]
pub(super) struct Rewind {
    state: Option<Zeroizing<Vec<u8>>>,
    opened: Vec<Vec<u8>>,
}

impl Group {
    /// Encrypts and signs an application message. Pad before: its length shows.
    ///
    /// # Errors
    /// [`MlsError::Library`].
    pub fn encrypt(&mut self, plaintext: &[u8]) -> Result<Vec<u8>, MlsError> {
        let message = self
            .inner
            .encrypt_application_message(plaintext, Vec::new())
            .map_err(|_| MlsError::Library("encrypting a message"))?;
        self.rewind = Rewind::default();
        message.to_bytes().map_err(|_| MlsError::Library("encoding a message"))
    }

    /// Opens an application message of another member. Each opens once.
    ///
    /// # Errors
    /// Any but [`MlsError::Corrupt`]; the group is then as it was before.
    pub fn open(&mut self, message: &[u8]) -> Result<Opened, MlsError> {
        let parsed = self.private_message(message, ContentType::Application)?;
        if self.rewind.state.is_none() || self.rewind.opened.len() >= REPLAYED {
            let state = host::snapshot(&mut self.inner)?;
            self.rewind_to(state);
        }
        let error = match self.inner.process_incoming_message(parsed) {
            Ok(ReceivedMessage::ApplicationMessage(opened)) => {
                // The one whose key opened the message, so it is genuine.
                let generation = opened.unauthenticated_key_generation.unwrap_or_default();
                match self.heard.count(opened.sender_index, generation) {
                    Ok(()) => {
                        self.rewind.opened.push(message.to_vec());
                        let plaintext = Zeroizing::new(opened.data().to_vec());
                        return Ok(Opened { sender: opened.sender_index, generation, plaintext });
                    }
                    Err(error) => error,
                }
            }
            Ok(_) => MlsError::Invalid,
            Err(error) => MlsError::outside(&error),
        };
        // A message of ours is told by its header, before any key is spent.
        if error != MlsError::OwnMessage {
            self.walk_again()?;
        }
        Err(error)
    }

    /// Makes `state`, which must be that of this very moment, the one to go back to.
    pub(super) fn rewind_to(&mut self, state: Zeroizing<Vec<u8>>) {
        self.rewind = Rewind { state: Some(state), opened: Vec::new() };
    }

    fn walk_again(&mut self) -> Result<(), MlsError> {
        let state = self.rewind.state.clone().ok_or(MlsError::Library("nowhere to go back to"))?;
        let mut inner = host::restore(state, self.inner.export_tree().into_owned())
            .map_err(|_| MlsError::Library("going back"))?;
        for message in &self.rewind.opened {
            let message = self.private_message(message, ContentType::Application)?;
            inner.process_incoming_message(message).map_err(|_| MlsError::Library("walking again"))?;
        }
        self.inner = inner;
        Ok(())
    }
}

impl core::fmt::Debug for Opened {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Opened({} B from leaf {})", self.plaintext.len(), self.sender)
    }
}
