//! The core as a browser runs it: in WebAssembly, with its randomness and its 32-bit sizes. One
//! group by hand, and the scenarios of whole networks that `cargo test -p campana-core` also runs.
//!
//! ```text
//! cargo build -p campana-wasm-check --target wasm32-unknown-unknown
//! node tests/wasm/run.mjs target/wasm32-unknown-unknown/debug/campana_wasm_check.wasm
//! ```
//!
//! It prints a line for each scenario and fails if one does, if the module imports anything but
//! the clock and the randomness, or if one has nothing to run. A further argument runs only those
//! whose name contains it.
#![allow(unsafe_code, reason = "an exported name is all there is")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a check that cannot go on should stop"
)]

/// The scenarios of a module, by name.
macro_rules! scenarios {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const ALL: &[(&str, fn())] = &[$((stringify!($name), $name)),+];
    };
}
use scenarios;

#[path = "../../../client-core/tests/core/alerts.rs"]
mod alerts;
#[path = "../../../client-core/tests/core/bell.rs"]
mod bell;
#[path = "../../../client-core/tests/core/fuzz.rs"]
mod fuzz;
#[path = "../../../client-core/tests/core/insider.rs"]
mod insider;
#[path = "../../../client-core/tests/core/loss.rs"]
mod loss;
#[path = "../../../client-core/tests/core/raid.rs"]
mod raid;
#[path = "../../../client-core/tests/core/relay.rs"]
#[allow(dead_code, reason = "some of it serves the core's unit tests alone")]
mod relay;
#[path = "../../../client-core/tests/core/rig.rs"]
mod rig;

use std::sync::Mutex;

use campana_core::mls::{
    Change, Group, Leaf, MlsError, Saved, SealingSecret, inspect_key_package, key_package, open_sealed, seal,
};

/// What the last call left to be read: a name, or why a scenario stopped.
static TEXT: Mutex<String> = Mutex::new(String::new());

/// Every scenario and the module it is in.
fn all() -> Vec<(String, fn())> {
    let modules = [
        ("raid", raid::ALL),
        ("loss", loss::ALL),
        ("insider", insider::ALL),
        ("alerts", alerts::ALL),
        ("bell", bell::ALL),
        ("fuzz", fuzz::ALL),
    ];
    let mut found: Vec<(String, fn())> = vec![("mls::a_group_lives".into(), a_group_lives)];
    for (module, scenarios) in modules {
        found.extend(scenarios.iter().map(|(name, run)| (format!("{module}::{name}"), *run)));
    }
    found
}

fn leave(text: String) {
    *TEXT.lock().unwrap() = text;
}

/// How many scenarios there are.
#[unsafe(no_mangle)]
pub extern "C" fn count() -> usize {
    all().len()
}

/// Leaves the name of a scenario in the text.
#[unsafe(no_mangle)]
pub extern "C" fn name(number: usize) {
    leave(all().swap_remove(number).0);
}

/// Runs a scenario. A failed one traps, and the text says why.
#[unsafe(no_mangle)]
pub extern "C" fn run(number: usize) {
    std::panic::set_hook(Box::new(|panic| leave(panic.to_string())));
    all()[number].1();
}

/// Where the text is.
#[unsafe(no_mangle)]
pub extern "C" fn text() -> *const u8 {
    TEXT.lock().unwrap().as_ptr()
}

/// How long the text is.
#[unsafe(no_mangle)]
pub extern "C" fn text_length() -> usize {
    TEXT.lock().unwrap().len()
}

/// A group's life, seen from below the core.
fn a_group_lives() {
    let (founder, newcomer) = (Leaf::generate().unwrap(), Leaf::generate().unwrap());
    let mut first = Group::create(&founder, b"founder", b"group", b"context").unwrap();
    let package = key_package(&newcomer, b"newcomer").unwrap();
    assert_eq!(inspect_key_package(&package.public).unwrap().key, newcomer.public());
    let add = [package.public];
    let prepared = first.commit(&Change { add: &add, ..Change::default() }).unwrap();
    first = first.apply(&prepared.secrets).unwrap();
    let mut second = Group::join(&newcomer, &package.secret, &prepared.welcomes[0], &prepared.tree).unwrap();

    let message = first.encrypt(b"words").unwrap();
    let mut tampered = message.clone();
    *tampered.last_mut().unwrap() ^= 1;
    assert_eq!(second.open(&tampered), Err(MlsError::Undecryptable));
    assert_eq!(second.open(&message).unwrap().plaintext.as_slice(), b"words");

    let prepared = second.commit(&Change { path: true, ..Change::default() }).unwrap();
    first = first.stage(&prepared.commit).unwrap().group;
    second = second.apply(&prepared.secrets).unwrap();
    assert_eq!(first.epoch_authenticator(), second.epoch_authenticator());
    let mut saved = Saved::default();
    saved.apply(second.save().unwrap());
    assert_eq!(Group::load(&saved).unwrap().epoch_authenticator(), first.epoch_authenticator());

    let secret = SealingSecret::from_seed(&[1; 32]).unwrap();
    let sealed = seal(&secret.public(), b"info", b"words").unwrap();
    assert_eq!(open_sealed(&secret, b"info", &sealed).unwrap().as_slice(), b"words");
    assert_eq!(first.epoch(), 2);
}
