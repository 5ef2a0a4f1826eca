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

/// Sessions that are refused everything would show nothing.
#[test]
fn sessions_get_through_to_everything_that_is_checked() {
    let mut all = [0; 8];
    let mut dice = 0x9e37_79b9_7f4a_7c15u64;
    for session in 0..60 {
        let mut data = Vec::new();
        while data.len() < 1_500 {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            data.extend(dice.to_be_bytes());
        }
        // Its length says whether there is a guard from the beginning.
        data.truncate(1_500 - session % 2);
        let seen = relay_session::relay_session(&data);
        let counts = [
            seen.appended,
            seen.alerts,
            seen.read,
            seen.refused,
            seen.rotated,
            seen.guarded,
            seen.posts,
            seen.blobs,
        ];
        all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
    }
    assert!(all.iter().all(|count| *count > 0), "{all:?}");
}

proptest! {
    #[test]
    fn whatever_devices_say_the_relay_answers_what_was_asked(data in proptest::collection::vec(any::<u8>(), 0..600)) {
        relay_session::relay_session(&data);
    }
}
