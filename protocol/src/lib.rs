//! What travels between Campana's devices and its relay.
//!
//! No I/O, no clock, no randomness. Two layers live here and never mix: [`frame`] is what a
//! device and the relay say to each other; everything else is what devices say to each other,
//! sealed, and the relay carries it as opaque, padded bytes.

pub mod code;
pub mod frame;
pub mod id;
pub mod limits;
pub mod padding;
pub mod wire;
