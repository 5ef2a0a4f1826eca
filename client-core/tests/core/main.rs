//! Whole networks of cores around a model relay, on virtual time.
#![expect(clippy::expect_used, reason = "tests")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod insider;
mod loss;
mod raid;
mod relay;
mod rig;
