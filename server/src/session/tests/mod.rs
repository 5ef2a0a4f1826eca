//! Sessions, driven through [`Relay`].

mod mailboxes;
mod pushes;
mod refusals;
mod rig;
mod streams;
