#![no_main]
#![allow(dead_code, unused_macros, clippy::unwrap_used, clippy::expect_used)]
//! A device of a real network and a relay that says anything.

macro_rules! scenarios {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const ALL: &[(&str, fn())] = &[$((stringify!($name), $name)),+];
    };
}
use scenarios;

#[path = "../../client-core/tests/core/fuzz.rs"]
mod fuzz;
#[path = "../../client-core/tests/core/relay.rs"]
mod relay;
#[path = "../../client-core/tests/core/rig.rs"]
mod rig;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::core_session(data));
