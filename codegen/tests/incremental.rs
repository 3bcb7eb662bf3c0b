//! A session, which makes only what changes ask for, leaves what a full run leaves.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;

use actwright_codegen::{Error, Generator, Session};
use actwright_random_specs::Specs;

/// Sequences of edits, and edits in each.
const SEQUENCES: u64 = 8;
const EDITS: usize = 20;

/// Byte for byte, after every single edit of random sequences: specs written anew, added and removed, shared types,
/// events and pickers changed, files broken and mended.
#[test]
fn after_any_edits_a_session_leaves_what_a_full_run_leaves() {
    // No sequence waits for another.
    thread::scope(|scope| (0..SEQUENCES).for_each(|seed| drop(scope.spawn(move || edit(seed)))));
}

fn edit(seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let specs_folder = root.join("specs");
    let mut specs = Specs::new(seed, 6);
    let mut session = Session::new(Generator::new(&specs_folder, root.join("incremental")));
    let mut edit = "nothing yet";
    let mut said = Vec::new();
    for step in 0..EDITS {
        specs.write(&specs_folder).unwrap();
        let full = Generator::new(&specs_folder, root.join("full")).run();
        match (session.run(), full) {
            (Ok(_), Ok(_)) => {}
            (Err(Error::Specs(one)), Err(Error::Specs(other))) => {
                assert!(specs.is_broken(), "seed {seed}, step {step}, {edit}: {one}");
                assert_eq!(one.to_string(), other.to_string());
            }
            (one, other) => panic!("seed {seed}, step {step}, {edit}: {one:?}, in full {other:?}"),
        }
        let (one, other) = (files(&root.join("incremental")), files(&root.join("full")));
        assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "seed {seed}, {edit}");
        for (name, content) in &one {
            assert!(content == &other[name], "seed {seed}, step {step}, {edit}: {name} differs");
        }
        said.push(edit);
        edit = specs.edit();
    }
    said.sort_unstable();
    said.dedup();
    assert!(said.len() > 4, "seed {seed} tries too little: {said:?}");
}

/// One action is described anew: its own files and the lists change, and nothing else is touched.
#[test]
fn only_what_depends_on_a_change_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let specs_folder = folder.path().join("specs");
    let out = folder.path().join("out");
    Specs::new(1, 20).write(&specs_folder).unwrap();
    let mut session = Session::new(Generator::new(&specs_folder, &out));
    session.run().unwrap();
    assert!(session.run().unwrap().written.is_empty());

    let spec = fs::read_dir(specs_folder.join("actions/pack")).unwrap().next().unwrap().unwrap().path();
    let name = spec.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(&spec).unwrap();
    fs::write(&spec, text.replacen("\"label\": \"", "\"label\": \"Really ", 1)).unwrap();
    // The action's label is the first or not; either way it is one file that changed.
    let written = session.run().unwrap().written;
    assert!(!written.is_empty() && written.len() < 10, "{written:?}");
    let module = name.trim_end_matches(".v1");
    for path in &written {
        let path = path.strip_prefix(&out).unwrap().to_string_lossy().into_owned();
        let list = ["catalog.json", "docs/README.md", "manifest.json"].contains(&path.as_str());
        assert!(list || path.contains(module), "{path} does not depend on {name}");
    }

    // A file that nobody changed is not read again, so an edit of it stays until its spec changes.
    let code = out.join(format!("src/pack/{module}.rs"));
    fs::write(&code, "// edited").unwrap();
    assert!(session.run().unwrap().written.is_empty());
    fs::write(&spec, text).unwrap();
    let report = session.run().unwrap();
    assert_eq!(report.overwritten, [code]);
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let Ok(entries) = fs::read_dir(&next) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with(".stamp") {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                all.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    all
}
