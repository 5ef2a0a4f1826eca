//! Sessions in which devices say anything to the real relay's own code.
#![allow(missing_docs, reason = "tests")]

use std::path::Path;

use proptest::prelude::*;

#[path = "../../../fuzz/relay_session.rs"]
mod relay_session;

#[test]
fn the_corpus_of_sessions_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/relay_session");
    let mut files = 0;
    for file in std::fs::read_dir(folder).expect("the corpus is committed").flatten() {
        relay_session::relay_session(&std::fs::read(file.path()).expect("a file"));
        files += 1;
    }
    assert!(files > 0);
}

proptest! {
    #[test]
    fn whatever_devices_say_the_relay_answers_what_was_asked(data in proptest::collection::vec(any::<u8>(), 0..600)) {
        relay_session::relay_session(&data);
    }
}
