//! The core in a browser: the same object in the window and in the service worker.
//!
//! Everything here is synchronous. The shell holds the store's lock, loads a [`Session`] from the
//! rows, gives it inputs, and writes what each turn changes before it does anything else. After
//! a panic the session is poisoned for good: the shell drops it and loads another.

pub mod command;
pub mod input;
pub mod link;
pub mod output;

use campana_core::{Core, GuessCost, LoadError, PinError, VaultKey, View};
use campana_protocol::push::Push;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::input::{Input, Rows};
use crate::link::Link;
use crate::output::Turn;

/// One device's core.
#[wasm_bindgen]
pub struct Session {
    core: Core,
}

#[wasm_bindgen]
impl Session {
    /// From stored rows; an empty list is a new device. `vault`: the 32-byte key that rows are
    /// sealed under. `seed`: 32 fresh random bytes.
    ///
    /// # Errors
    /// Throws the word `store-newer`, `rows-damaged` or `bad-call`.
    #[wasm_bindgen(constructor)]
    pub fn new(vault: &[u8], seed: &[u8], rows: Ts<Rows>) -> Result<Self, JsValue> {
        let vault = VaultKey(vault.try_into().map_err(|_| word(BAD_CALL))?);
        let seed = seed.try_into().map_err(|_| word(BAD_CALL))?;
        let rows = rows.to_rust().map_err(|_| word(BAD_CALL))?;
        let core = if rows.0.is_empty() {
            Core::new(vault, seed)
        } else {
            Core::load(vault, seed, rows.into_iter()).map_err(load_error)?
        };
        Ok(Self { core })
    }

    /// Takes over what another context has written.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub fn reload(&mut self, rows: Ts<Rows>) -> Result<(), JsValue> {
        let rows = rows.to_rust().map_err(|_| word(BAD_CALL))?;
        self.core.reload(rows.into_iter()).map_err(load_error)
    }

    /// One turn. `now`: Unix milliseconds.
    ///
    /// # Errors
    /// Throws `bad-call` if `input` is not an [`Input`]: nothing has changed.
    pub fn turn(&mut self, now: f64, input: Ts<Input>) -> Result<Ts<Turn>, JsValue> {
        let input = input.to_rust().map_err(|_| word(BAD_CALL))?;
        let turn = match input.understand() {
            Ok(input) => Turn::of(self.core.turn(milliseconds(now), input)),
            Err(refused) => Turn::refused(refused),
        };
        turn.into_ts().map_err(|_| word(BAD_CALL))
    }

    /// What a screen needs.
    ///
    /// # Errors
    /// None that can happen.
    pub fn view(&self, now: f64) -> Result<Ts<View>, JsValue> {
        self.core.view(milliseconds(now)).into_ts().map_err(|_| word(BAD_CALL))
    }

    /// Address of the relay, such as `https://relay.example`, once this device belongs to one.
    #[must_use]
    pub fn relay(&self) -> Option<String> {
        self.core.relay().map(str::to_owned)
    }
}

/// What a link leads to.
///
/// # Errors
/// None that can happen.
#[wasm_bindgen(js_name = describeLink)]
pub fn describe_link(text: &str, here: &str) -> Result<Ts<Link>, JsValue> {
    Link::of(text, here).into_ts().map_err(|_| word(BAD_CALL))
}

/// Whether a push is a test that its owner asked for: that needs no store to be told.
#[must_use]
#[wasm_bindgen(js_name = isTestPush)]
pub fn is_test_push(push: &[u8]) -> bool {
    matches!(Push::decode(push), Ok(Push::Test { .. }))
}

/// The vault key sealed under a PIN. `seed`: 32 fresh random bytes. Takes a second on an old phone.
///
/// # Errors
/// Throws `bad-call` if a length is wrong.
#[wasm_bindgen(js_name = lockVault)]
pub fn lock_vault(vault: &[u8], pin: &str, seed: &[u8]) -> Result<Vec<u8>, JsValue> {
    let vault = VaultKey(vault.try_into().map_err(|_| word(BAD_CALL))?);
    let seed = seed.try_into().map_err(|_| word(BAD_CALL))?;
    Ok(vault.lock(pin, GuessCost::Phone, seed))
}

/// The vault key that was sealed under a PIN. Takes as long as [`lock_vault`].
///
/// # Errors
/// Throws the word `pin-wrong` or `rows-damaged`.
#[wasm_bindgen(js_name = unlockVault)]
pub fn unlock_vault(locked: &[u8], pin: &str) -> Result<Vec<u8>, JsValue> {
    let vault = VaultKey::unlock(locked, pin).map_err(|error| {
        word(match error {
            PinError::Wrong => "pin-wrong",
            PinError::Damaged => "rows-damaged",
        })
    })?;
    Ok(vault.0.to_vec())
}

const BAD_CALL: &str = "bad-call";

fn load_error(error: LoadError) -> JsValue {
    word(match error {
        LoadError::Newer => "store-newer",
        LoadError::Damaged => "rows-damaged",
    })
}

fn word(word: &str) -> JsValue {
    JsValue::from_str(word)
}

/// Clocks before 1970 count as 1970.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and is far below 2^53"
)]
fn milliseconds(now: f64) -> u64 {
    now as u64
}
