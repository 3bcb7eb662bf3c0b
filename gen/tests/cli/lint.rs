//! `cargo gen lint`: what it finds, what is silenced, and how it exits.

use crate::workspace::{edit, err, gen_in, json, out, workspace};

const ADD: &str = "specs/actions/notes/add_note.v1.yaml";

/// Findings are for people, and do not stop the generator.
#[test]
fn findings_are_told_with_what_to_do() {
    let folder = workspace();
    edit(folder.path(), ADD, "label: Add Note", "label: Note");
    let lint = gen_in(folder.path(), &["lint"]);
    assert_eq!(lint.status.code(), Some(1));
    insta::assert_snapshot!("lint", err(&lint));
    assert_eq!(gen_in(folder.path(), &[]).status.code(), Some(0));
    let sarif = json(&gen_in(folder.path(), &["lint", "--format", "sarif"]));
    assert_eq!(sarif["runs"][0]["results"][0]["level"], "warning");
    assert!(out(&gen_in(folder.path(), &["lint", "--format", "github"])).starts_with("::warning file=specs/"));
}

/// A silence is for its line, the line below, or all of the file; its reason is kept.
#[test]
fn what_is_silenced_is_listed_with_its_reason() {
    let folder = workspace();
    let all = ["add_note.v1", "add_note.v2", "find_notes.v1"];
    for name in all {
        let head = "# allow(AW1201, AW1501, AW1303): this pack is a test\naction: notes";
        let head = if name == "find_notes.v1" { head } else { "# allow(AW1201): this pack is a test\naction: notes" };
        edit(folder.path(), &format!("specs/actions/notes/{name}.yaml"), "action: notes", head);
    }
    let ids =
        |name: &str, from: &str, to: &str| edit(folder.path(), &format!("specs/actions/notes/{name}.yaml"), from, to);
    ids(
        "add_note.v1",
        "  board_id",
        "  # The board is never picked.\n  # allow(AW1501): a step before gives it\n  board_id",
    );
    ids("add_note.v2", "The board. }\n  text", "The board. } # allow(AW1501): a step before gives it\n  text");
    let lint = gen_in(folder.path(), &["lint", "--silenced"]);
    assert_eq!(lint.status.code(), Some(0), "{}", err(&lint));
    insta::assert_snapshot!("silenced", out(&lint));
    let facts = json(&gen_in(folder.path(), &["lint", "--format", "json"]));
    assert_eq!(facts["ok"], true);
    assert_eq!(facts["silenced"].as_array().map(Vec::len), Some(7));
    assert_eq!(facts["silenced"][1]["reason"], "a step before gives it");
}

/// A silence that silences nothing, or says nothing, is told.
#[test]
fn silences_are_judged() {
    let folder = workspace();
    for (comment, told) in [
        ("# allow(AW1501)", "a silence needs a reason"),
        ("# allow(AW1501):  ", "a silence needs a reason"),
        ("# allow(AW1501: no end", "the list of codes does not end"),
        ("# allow(AW9999): why", "there is no code `AW9999`"),
        ("# allow(AW0101): why", "AW0101 cannot be silenced"),
        ("# allow(AW1002): why", "AW1002 cannot be silenced"),
        ("# allow(AW1103): why", "nothing is found here that this would silence"),
    ] {
        let line = format!("label: Add Note {comment}\n");
        edit(folder.path(), ADD, "label: Add Note\n", &line);
        let lint = gen_in(folder.path(), &["lint"]);
        assert!(err(&lint).contains(told), "{comment}: {}", err(&lint));
        edit(folder.path(), ADD, &line, "label: Add Note\n");
    }
}

/// Wrong specs are told as such.
#[test]
fn wrong_specs_are_not_linted() {
    let folder = workspace();
    edit(folder.path(), ADD, "type: uuid", "type: uuuid");
    let lint = gen_in(folder.path(), &["lint"]);
    assert_eq!(lint.status.code(), Some(1));
    assert!(err(&lint).contains("error[AW0201]") && !err(&lint).contains("warning"), "{}", err(&lint));
}
