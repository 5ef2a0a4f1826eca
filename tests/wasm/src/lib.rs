//! Groups as a browser runs them: in WebAssembly, with its randomness and its 32-bit sizes.
//!
//! ```text
//! cargo build -p campana-wasm-check --target wasm32-unknown-unknown
//! node tests/wasm/run.mjs target/wasm32-unknown-unknown/debug/campana_wasm_check.wasm
//! ```
#![allow(unsafe_code, reason = "an exported name is all there is")]
#![allow(clippy::unwrap_used, reason = "a check that cannot go on should stop")]

use campana_core::mls::{
    Change, Group, Leaf, MlsError, Saved, SealingSecret, inspect_key_package, key_package, open_sealed, seal,
};

/// A group's life; the epoch it ends in. Traps when anything is not as it should be.
#[unsafe(no_mangle)]
pub extern "C" fn scenario() -> u32 {
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
    u32::try_from(first.epoch()).unwrap()
}
