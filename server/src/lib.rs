//! Campana's relay.

pub mod limits;
pub mod store;
