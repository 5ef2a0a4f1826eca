//! The protocol as bytes: pinned, hostile, damaged.
#![allow(missing_docs, reason = "tests")]

mod corpus;
mod hostile;
mod samples;
mod vectors;
