//! Every file of the fuzzers' committed corpus, through the fuzzers' own targets.

use std::path::Path;

use crate::hostile::targets;

#[test]
fn the_corpus_runs_through_every_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let mut files = 0;
    for folder in std::fs::read_dir(&corpus).expect("the corpus is committed").flatten() {
        let target = folder.file_name().to_string_lossy().into_owned();
        if target.ends_with("_session") {
            continue;
        }
        for file in std::fs::read_dir(folder.path()).expect("a folder").flatten() {
            targets::run(&target, &std::fs::read(file.path()).expect("a file"));
            files += 1;
        }
    }
    assert!(files > 50, "{files} files");
}
