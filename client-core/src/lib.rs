//! The member's side of Campana: keys, rules and state, without I/O.

pub mod mls;
