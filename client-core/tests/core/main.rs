//! Whole networks of cores around a model relay, on virtual time.
#![expect(clippy::expect_used, reason = "tests")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

/// The scenarios of a module, by name, for where there is no test harness (see `tests/wasm`).
macro_rules! scenarios {
    ($($name:ident),+ $(,)?) => {
        #[cfg(not(test))]
        pub(crate) const ALL: &[(&str, fn())] = &[$((stringify!($name), $name)),+];
    };
}
use scenarios;

mod alerts;
mod bell;
mod fuzz;
mod insider;
mod loss;
mod raid;
#[allow(dead_code, reason = "shared with the unit tests")]
mod relay;
#[cfg(test)]
mod replay;
mod rig;
#[cfg(test)]
mod upgrade;
