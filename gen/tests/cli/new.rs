//! `cargo gen new`: specs that are right from the first moment, and next versions.

use std::fs;

use crate::workspace::{edit, err, gen_in, out, workspace};

/// With nothing but a name there is a spec that is right, its place in the catalog, and a word on what to do next.
#[test]
fn a_name_is_enough() {
    let folder = workspace();
    let new = gen_in(folder.path(), &["new", "notes.drop_note", "--yes"]);
    assert_eq!(new.status.code(), Some(0), "{}", err(&new));
    insta::assert_snapshot!("new", out(&new));
    insta::assert_snapshot!(
        "spec",
        fs::read_to_string(folder.path().join("specs/actions/notes/drop_note.v1.yaml")).unwrap()
    );
    let generated = gen_in(folder.path(), &["--skeletons"]);
    assert_eq!(generated.status.code(), Some(0), "{}", err(&generated));
    assert!(out(&generated).contains("created actions/src/notes/drop_note.rs"), "{}", out(&generated));
}

/// What is given is what is written.
#[test]
fn everything_can_be_given() {
    let folder = workspace();
    let flags = [
        "new",
        "notes.count_notes",
        "--label",
        "Count: Notes",
        "--description",
        "How many there are.",
        "--effects",
        "read",
        "--permission",
        "memo:read",
        "--permission",
        "memo:create",
        "--subject",
        "board",
        "--group",
        "notes",
    ];
    let new = gen_in(folder.path(), &flags);
    assert_eq!(new.status.code(), Some(0), "{}", err(&new));
    insta::assert_snapshot!(
        "spec_with_flags",
        fs::read_to_string(folder.path().join("specs/actions/notes/count_notes.v1.yaml")).unwrap()
    );
}

/// The next version begins as a copy, body and all, and compiles after a run of the generator.
#[test]
fn the_next_version_is_a_copy() {
    let folder = workspace();
    gen_in(folder.path(), &["--skeletons"]);
    let new = gen_in(folder.path(), &["new", "--version", "2", "notes.find_notes"]);
    assert_eq!(new.status.code(), Some(0), "{}", err(&new));
    let spec = |version: u32| {
        fs::read_to_string(folder.path().join(format!("specs/actions/notes/find_notes.v{version}.yaml"))).unwrap()
    };
    assert_eq!(spec(2), spec(1).replace("version: 1", "version: 2"));
    let body = fs::read_to_string(folder.path().join("actions/src/notes/find_notes_v2.rs")).unwrap();
    assert!(body.contains("notes::find_notes_v2::{Body, Context, Input, Output}"), "{body}");
    assert_eq!(gen_in(folder.path(), &[]).status.code(), Some(0));
    let list = fs::read_to_string(folder.path().join("actions/src/notes/mod.rs")).unwrap();
    assert!(list.contains("pub mod find_notes_v2;"), "{list}");
}

/// What cannot be is told, and leaves nothing.
#[test]
fn what_cannot_be_is_refused() {
    let folder = workspace();
    let catalog = fs::read_to_string(folder.path().join("specs/catalog.yaml")).unwrap();
    for (arguments, told) in [
        (&["new", "notes"][..], "write module.name"),
        (&["new", "notes.Drop"], "write module.name"),
        (&["new", "notes.find_notes", "--yes"], "its next version: cargo gen new --version 2 notes.find_notes"),
        (&["new", "--version", "4", "notes.add_note"], "the last version of notes.add_note is 2, so the next one is 3"),
        (&["new", "--version", "2", "notes.drop_note"], "there is no notes.drop_note to copy"),
        (&["new", "notes.drop_note", "--yes", "--permission", "memo:burn"], "error[AW0303]"),
        (&["new", "notes.drop_note", "--yes", "--group", "nowhere"], "the catalog has no group `nowhere`"),
        (&["new", "notes.drop_note", "--yes", "--subject", "Two Words"], "nothing was written"),
    ] {
        let new = gen_in(folder.path(), arguments);
        assert_eq!(new.status.code(), Some(1), "{arguments:?}");
        assert!(err(&new).contains(told), "{arguments:?}: {}", err(&new));
    }
    assert!(!folder.path().join("specs/actions/notes/drop_note.v1.yaml").exists());
    assert_eq!(fs::read_to_string(folder.path().join("specs/catalog.yaml")).unwrap(), catalog);

    edit(folder.path(), "specs/actions/notes/find_notes.v1.yaml", "type: uuid", "type: uuuid");
    let wrong = gen_in(folder.path(), &["new", "notes.drop_note", "--yes"]);
    assert!(err(&wrong).contains("the specs are wrong already"), "{}", err(&wrong));
}
