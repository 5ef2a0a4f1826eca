//! Sessions, driven through [`Relay`].

mod mailboxes;
mod refusals;
mod rig;
mod streams;
