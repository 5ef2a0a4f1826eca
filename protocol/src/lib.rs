//! What travels between Campana's devices and its relay.
//!
//! No I/O, no clock, no randomness. Two layers live here and never mix:
//! * [`frame`], [`push`]: what a device and the relay say to each other. The relay reads these.
//! * [`event`], [`handshake`], [`mailbox`], [`link`]: what devices say to each other, sealed.
//!   The relay carries them as opaque, padded bytes.
//!
//! [`name`] is about what people see: names, and the short code of a key.
//!
//! `docs/PROTOCOL.md` is the same in prose, `protocol/campana.cddl` in CDDL; `protocol/vectors/` pins the bytes.

extern crate self as campana_protocol;

mod base64url;
pub mod code;
pub mod event;
pub mod frame;
pub mod governance;
pub mod handshake;
pub mod id;
pub mod limits;
pub mod link;
pub mod mailbox;
pub mod name;
pub mod padding;
pub mod push;
pub mod report;
pub mod wire;
