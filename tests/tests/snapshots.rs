//! Every generated file, as it was reviewed: schemas, catalog, Rust.
//!
//! The snapshots make a change of the generator show in full where it is reviewed. After a change that is meant,
//! `INSTA_UPDATE=always cargo test -p actwright-tests --test snapshots` writes them anew.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use actwright_codegen::Generator;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the repository").to_owned()
}

/// Files below a folder, as paths from `root`.
fn files(root: &Path, folder: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            files(root, &name, found);
        } else {
            found.insert(name);
        }
    }
}

/// Without this, the snapshots would show what was generated once.
#[test]
fn generated_files_are_what_the_generator_emits() {
    let root = repository();
    let checked = Generator::new(root.join("specs"), root.join("generated")).bodies(root.join("actions/src")).check();
    checked.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn generated_files_are_as_reviewed() {
    let generated = repository().join("generated");
    let mut names = BTreeSet::from(["catalog.json".to_owned()]);
    files(&generated, "schemas", &mut names);
    files(&generated, "src", &mut names);
    assert!(names.len() > 30, "only {} files were found", names.len());

    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("snapshots/generated");
    let mut expected = BTreeSet::new();
    let mut differ = Vec::new();
    for name in names {
        let content = fs::read_to_string(generated.join(&name)).unwrap();
        let snapshot = name.replace('/', "__");
        // One that differs does not hide the others.
        let compare = || settings.bind(|| insta::assert_snapshot!(snapshot.as_str(), content));
        if catch_unwind(AssertUnwindSafe(compare)).is_err() {
            differ.push(name);
        }
        expected.insert(format!("{snapshot}.snap"));
    }
    assert!(differ.is_empty(), "not as reviewed: {}", differ.join(", "));

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/generated");
    let stored = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let left: Vec<String> = stored.filter(|name| name.ends_with(".snap") && !expected.contains(name)).collect();
    assert!(left.is_empty(), "nothing generates these any more; remove them: {}", left.join(", "));
}
