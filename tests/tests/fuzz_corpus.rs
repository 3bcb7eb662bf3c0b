//! What fuzzing of inputs has found so far, once more: every input of the corpus, without a fuzzer.
//!
//! `cargo +nightly fuzz run inputs` in `runtime/` looks for more. An input that makes it fail goes into the corpus with what mends
//! it.

use std::fs;
use std::path::Path;

#[path = "../../runtime/fuzz/src/lib.rs"]
mod fuzz;

#[test]
fn inputs_are_valid_or_have_problems() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/fuzz/corpus/inputs");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        fuzz::inputs(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 50, "a corpus of {count}");
}

/// A new action is fuzzed, too.
#[test]
fn every_action_is_fuzzed() {
    let fuzzed: Vec<&str> = fuzz::ACTIONS.iter().map(|(spec, _)| spec.id).collect();
    let all: Vec<&str> = actwright_actions::pack().actions.iter().map(|entry| entry.spec().id).collect();
    assert_eq!(fuzzed, all);
}
