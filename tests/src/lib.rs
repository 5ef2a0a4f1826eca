//! Tests of the whole system.

pub mod sim;
