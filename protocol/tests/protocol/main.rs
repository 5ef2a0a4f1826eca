//! The protocol as bytes: pinned, hostile, damaged.
#![allow(missing_docs, reason = "tests")]

mod cddl;
mod corpus;
mod derived;
mod hostile;
mod links;
mod samples;
mod shapes;
mod vectors;
