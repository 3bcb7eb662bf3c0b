//! What fuzzing has found so far, once more: every input of the corpus, without a fuzzer.
//!
//! `cargo +nightly fuzz run specs` and `… run assist` in `codegen/` look for more. An input that makes them fail goes into
//! the corpus with what mends it.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::Path;

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

fn over_the_corpus(target: &str, run: fn(&Path, &[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in fs::read_dir(root.join("fuzz/corpus").join(target)).unwrap() {
        run(&root.join("tests/errors/base"), &fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 50, "{target} has a corpus of {count}");
}

#[test]
fn specs_are_a_model_or_errors() {
    over_the_corpus("specs", fuzz::specs);
}

#[test]
fn an_editor_gets_answers() {
    over_the_corpus("assist", fuzz::assist);
}
