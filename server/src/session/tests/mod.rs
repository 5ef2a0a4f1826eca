//! Sessions, driven through [`Relay`].

mod floods;
mod mailboxes;
mod pushes;
mod refusals;
mod rig;
mod stores;
mod rings;
mod streams;
