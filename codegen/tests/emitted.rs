//! What is emitted for every type, constraint and rule that a spec can say, as it was reviewed.
//!
//! The specs are in `packs/everything`. After a change that is meant,
//! `INSTA_UPDATE=always cargo test -p actwright-codegen --test emitted` writes the snapshots anew. That the Rust compiles
//! is tested where there is a runtime to compile it against, in `tests/tests/second_pack.rs`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use actwright_codegen::Generator;
use tempfile::TempDir;

fn generated() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packs/everything");
    Generator::new(specs, folder.path()).run().unwrap();
    folder
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn every_construct_is_emitted_as_reviewed() {
    let folder = generated();
    for name in [
        "src/lib.rs",
        "src/alpha/make_everything.rs",
        "src/alpha/make_everything_v2.rs",
        "src/alpha/look_up.rs",
        "src/types.rs",
        "src/events.rs",
        "src/pickers.rs",
        "src/tables.rs",
        "schemas/alpha.make_everything.v1.input.json",
        "schemas/alpha.make_everything.v1.input.refs.json",
        "schemas/alpha.make_everything.v1.output.json",
        "schemas/alpha.make_everything.v2.input.json",
        "docs/alpha.make_everything.v1.md",
        "docs/alpha.look_up.v1.md",
        "catalog.json",
    ] {
        let content = fs::read_to_string(folder.path().join(name)).unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name.replace('/', "__"), content));
    }
}

/// `include!` and editors take what parses; a line that runs off the screen hides what it says.
#[test]
fn emitted_rust_parses_and_fits_a_screen() {
    let folder = generated();
    let files = rust_files(&folder.path().join("src"));
    assert!(files.len() > 8, "{files:?}");
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let longest = text.lines().filter(|line| !line.contains('"') && !line.contains("///"));
        let longest = longest.map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(longest <= 130, "{}: a line of {longest} columns", path.display());
    }
}

/// Generated code is read in reviews, and compiled by everybody.
#[test]
fn an_action_takes_a_hundred_lines_on_average() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let modules = rust_files(&repository.join("generated/src/crm"));
    let lines: usize = modules.iter().map(|path| fs::read_to_string(path).unwrap().lines().count()).sum();
    assert!(lines <= 100 * modules.len(), "{lines} lines for {} actions", modules.len());
}
