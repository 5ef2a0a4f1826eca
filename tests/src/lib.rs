//! The whole system under test.

pub mod rig;
