//! The whole system under test: real processes, and whole networks on virtual time.

pub mod rig;
pub mod sim;
