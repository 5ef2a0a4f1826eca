//! Sessions, driven through [`Relay`].

mod floods;
mod mailboxes;
mod pushes;
mod refusals;
mod rig;
mod rings;
mod stores;
mod streams;
