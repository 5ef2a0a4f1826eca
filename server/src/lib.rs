//! Campana's relay: orders, stores and forwards ciphertext it cannot read.
//!
//! The relay is an ordered, durable log per channel and knows nothing of what is in it: no
//! accounts, no names, no members, no addresses. What it does for a device is the documentation
//! of [`campana_protocol::frame`].
//!
//! # One relay, two drivers
//! Everything but sockets is synchronous and takes time as an argument: [`session`] (one
//! connection), [`hub`] and [`topic`] (who follows what), [`store`] (what is kept), [`shared`]
//! (what connections have in common, and the writes waiting for a commit), and the part of
//! [`push`] that sessions need. The axum shell
//! ([`serve`]) and [`Relay`], for simulators and tests, drive the same code.
//!
//! # The call contract of [`Relay`]
//! ```
//! use campana_protocol::frame::{RelayFrame, Secret};
//! use campana_relay::{Relay, store::MemoryStore};
//!
//! let mut relay = Relay::new(MemoryStore::new());
//! let connection = relay.connect(0, Secret([7; 32]));
//! let hello = relay.poll(connection).frames;
//! assert!(matches!(RelayFrame::decode(&hello[0]), Ok(RelayFrame::Hello { .. })));
//! ```
//! 1. [`Relay::connect`] makes a connection; its first polled frame is `Hello`. The nonce must be
//!    fresh random bytes: signatures cover it.
//! 2. [`Relay::receive`] hands in one frame. Reads are answered at once; writes wait in a bounded
//!    queue. A request sees what was durable when it is received: who needs a write done waits
//!    for its answer.
//! 3. [`Relay::commit`] makes all waiting writes durable, in the order they came, and only then
//!    are they answered and shown to subscribers. Dropping the relay before it is a crash: nobody
//!    has been told of those writes, and they are lost.
//! 4. [`Relay::poll`] gives what is to be sent next on a connection, about
//!    [`limits::PULL_BYTES`] at a time; poll until it gives nothing. Nothing is gathered for a
//!    connection that is not polled but its answers; entries it will be given later come from the
//!    ring or the store, in order, none left out. [`Outgoing::close`] says when to end it.
//! 5. [`Relay::ready`] names the connections that may have something to poll since it was last
//!    called, in the order of their ids. Polling others is allowed and gives nothing new to send.
//! 6. [`Relay::tick`] deletes what has expired; call it now and then, and again while there is
//!    more. It believes the time it is given; the shell asks a [`clock::Watch`] first.
//! 7. [`Relay::disconnect`] ends a connection; frames that arrive for it later are ignored.
//! 8. A restart is a new `Relay` on the same store. For [`store::MemoryStore`]:
//!    `MemoryStore::on(relay.shared().store().engine().clone())`.
//!
//! # Panics, errors
//! A panic is a bug of the relay, never something a peer can cause: bytes from outside are parsed
//! into typed frames or refused, and a store's failure is an error with a code. Every queue,
//! buffer and loop has its limit in [`limits`] or [`campana_protocol::limits`].

pub mod app;
pub mod backup;
pub mod bell;
pub mod clock;
pub mod config;
mod fair;
mod flood;
mod http;
pub mod hub;
pub mod invitation;
pub mod limits;
pub mod metrics;
pub mod operator;
mod patience;
mod places;
pub mod push;
pub mod quiet;
pub mod rate;
pub mod reach;
mod read;
pub mod relay;
pub mod run;
pub mod serve;
pub mod session;
pub mod shared;
mod socket;
pub mod store;
pub mod tls;
pub mod topic;

pub use relay::{Outgoing, Relay};
pub use session::ConnectionId;
