//! The bytes of everything that travels, pinned. `UPDATE_VECTORS=1` writes them anew: a change in
//! them is a change of the protocol.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::samples;

fn file(group: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(format!("{group}.json"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_bytes_on_the_wire_have_not_changed() {
    for (group, samples) in samples::all() {
        let now: BTreeMap<&str, String> = samples.iter().map(|(name, bytes)| (*name, hex(bytes))).collect();
        if std::env::var_os("UPDATE_VECTORS").is_some() {
            let text = serde_json::to_string_pretty(&now).expect("a map of strings");
            std::fs::write(file(group), text + "\n").expect("a writable checkout");
            continue;
        }
        let text = std::fs::read_to_string(file(group)).expect("vectors are committed");
        let pinned: BTreeMap<String, String> = serde_json::from_str(&text).expect("a map of strings");
        assert_eq!(pinned.len(), now.len(), "{group}");
        for (name, bytes) in now {
            assert_eq!(pinned.get(name), Some(&bytes), "{group}: {name}");
        }
    }
}

/// The seeds of the fuzzers' corpus are the same bytes.
#[test]
fn the_corpus_holds_every_vector() {
    for (group, samples) in samples::all() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(group);
        for (name, bytes) in samples {
            let file = folder.join(name);
            if std::env::var_os("UPDATE_VECTORS").is_some() {
                std::fs::create_dir_all(&folder).expect("a writable checkout");
                std::fs::write(&file, &bytes).expect("a writable checkout");
            }
            assert_eq!(std::fs::read(&file).ok(), Some(bytes), "{group}: {name}");
        }
    }
}
