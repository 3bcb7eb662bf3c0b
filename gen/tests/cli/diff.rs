//! `cargo gen diff` in a repository: what it compares with, what it says, and how it exits.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::workspace::{edit, err, gen_in, json, out, workspace};
use serde_json::json;
use tempfile::TempDir;

const ADD: &str = "specs/actions/notes/add_note.v1.yaml";
const FIND: &str = "specs/actions/notes/find_notes.v1.yaml";

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A workspace whose specs are committed on `main`, in a folder of a larger repository, and a branch off it.
fn repository() -> (TempDir, std::path::PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("packs");
    fs::rename(workspace().keep(), &folder).unwrap();
    git(outer.path(), &["init", "--quiet", "--initial-branch=main"]);
    git(outer.path(), &["add", "."]);
    git(outer.path(), &["commit", "--quiet", "-m", "specs"]);
    git(outer.path(), &["checkout", "--quiet", "-b", "work"]);
    (outer, folder)
}

/// Without the id of the commit, which is another each time.
fn stable(text: &str) -> String {
    let is_id = |word: &str| word.len() == 12 && word.chars().all(|c| c.is_ascii_hexdigit());
    let word = |word: &str| match word.trim_end_matches(['.', ':']) {
        id if is_id(id) => word.replace(id, "COMMIT"),
        _ => word.to_owned(),
    };
    text.split('\n').map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}

fn change(folder: &Path) {
    edit(folder, ADD, "max_length: 80", "max_length: 40");
    edit(folder, ADD, "  text: {", "  author: { type: string, label: Author, description: Who says it. }\n  text: {");
    edit(folder, FIND, "label: Find Notes", "label: Search Notes");
    edit(folder, FIND, "items: { type: string }", "items: { type: string, nullable: true }");
}

/// What a reviewer reads, on a terminal and beside the change.
#[test]
fn a_branch_is_compared_with_where_it_left_main() {
    let (_outer, folder) = repository();
    let same = gen_in(&folder, &["diff"]);
    assert_eq!(same.status.code(), Some(0), "{}", err(&same));
    assert_eq!(stable(&out(&same)), "Nothing has changed since COMMIT.\n");

    change(&folder);
    git(&folder, &["commit", "--quiet", "-am", "change"]);
    let text = gen_in(&folder, &["diff"]);
    assert_eq!(text.status.code(), Some(1));
    insta::assert_snapshot!("text", stable(&out(&text)));
    insta::assert_snapshot!("text_of_all", stable(&out(&gen_in(&folder, &["diff", "--all"]))));
    insta::assert_snapshot!("markdown", stable(&out(&gen_in(&folder, &["diff", "--format", "markdown"]))));

    let facts = json(&gen_in(&folder, &["diff", "--format", "json"]));
    assert_eq!(facts["ok"], false);
    let rules: Vec<&str> =
        facts["changes"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["INPUT_REQUIRED_FIELD_ADDED", "INPUT_LENGTH_NARROWED", "TEXT_CHANGED", "OUTPUT_NULL_ADMITTED"]);
    assert_eq!(facts["changes"][0]["subject"], json!({ "action": "notes.add_note", "version": 1 }));
    assert_eq!(facts["changes"][0]["audience"], json!(["callers", "workflows"]));
}

/// Compatible changes of what is published go through.
#[test]
fn compatible_changes_are_no_failure() {
    let (_outer, folder) = repository();
    edit(&folder, ADD, "max_length: 80", "max_length: 90");
    let diff = gen_in(&folder, &["diff"]);
    assert_eq!(diff.status.code(), Some(0));
    assert_eq!(stable(&out(&diff)), "Changes since COMMIT: 1 compatible.\n");
}

/// A folder and a revision, and names of neither.
#[test]
fn anything_can_be_compared_with() {
    let (_outer, folder) = repository();
    let old = workspace();
    change(&folder);
    let specs = old.path().join("specs").display().to_string();
    assert_eq!(gen_in(&folder, &["diff", "--against", &specs]).status.code(), Some(1));
    assert_eq!(gen_in(&folder, &["diff", "--against", "HEAD"]).status.code(), Some(1));
    for (against, told) in [("nowhere", "neither a folder nor a revision"), ("--help-me", "unexpected argument")] {
        let failed = gen_in(&folder, &["diff", "--against", against]);
        assert_ne!(failed.status.code(), Some(0));
        assert!(err(&failed).contains(told), "{}", err(&failed));
    }
}

/// Specs that cannot be read are told as such, on either side.
#[test]
fn wrong_specs_cannot_be_compared() {
    let (_outer, folder) = repository();
    edit(&folder, ADD, "type: uuid", "type: uuuid");
    let now = gen_in(&folder, &["diff"]);
    assert_eq!(now.status.code(), Some(1));
    assert!(err(&now).contains("error[AW0201]"), "{}", err(&now));
    git(&folder, &["commit", "--quiet", "-am", "wrong"]);
    edit(&folder, ADD, "type: uuuid", "type: uuid");
    let then = gen_in(&folder, &["diff", "--against", "HEAD"]);
    assert_eq!(then.status.code(), Some(1));
    assert!(err(&then).contains("are wrong, so nothing can be compared"), "{}", err(&then));
}

/// Outside of a repository, or in one without a main branch, somebody has to say what to compare with.
#[test]
fn without_a_main_branch_it_asks() {
    let folder = workspace();
    let alone = gen_in(folder.path(), &["diff"]);
    assert_eq!(alone.status.code(), Some(1));
    assert!(err(&alone).contains("say which with --against"), "{}", err(&alone));
}

/// Stored workflows are named with the steps that break.
#[test]
fn stored_workflows_are_named() {
    let (outer, folder) = repository();
    change(&folder);
    let stored = outer.path().join("workflows/boards");
    fs::create_dir_all(&stored).unwrap();
    let step = |action: &str, version: u32, mapping: serde_json::Value| {
        json!({ "type": "action.call", "name": "pin", "saveAs": "pinned",
            "config": { "actionId": action, "version": version, "inputMapping": mapping } })
    };
    let hit = json!({ "name": "Board duty", "steps": [step("notes.add_note", 1, json!({ "text": "Clean up" }))] });
    let newer = json!({ "name": "Other duty", "steps": [step("notes.add_note", 2, json!({ "text": "Clean up" }))] });
    fs::write(stored.join("duty.json"), hit.to_string()).unwrap();
    fs::write(stored.join("others.json"), json!([newer]).to_string()).unwrap();
    let workflows = outer.path().join("workflows").display().to_string();
    let told = out(&gen_in(&folder, &["diff", "--workflows", &workflows]));
    insta::assert_snapshot!("workflows", stable(&told));
    // One file is read as well as a folder of them, and so is what another program writes.
    let file = stored.join("duty.json");
    let of_file = out(&gen_in(&folder, &["diff", "--workflows", &file.display().to_string()]));
    assert!(of_file.contains("Board duty") && !of_file.contains("Other duty"), "{of_file}");
    let piped = Command::new(env!("CARGO_BIN_EXE_actwright-gen"))
        .args(["diff", "--workflows", "-"])
        .current_dir(&folder)
        .stdin(fs::File::open(&file).unwrap())
        .output()
        .unwrap();
    assert!(out(&piped).contains("standard input"), "{}", out(&piped));
    fs::write(stored.join("broken.json"), "{").unwrap();
    let broken = gen_in(&folder, &["diff", "--workflows", &workflows]);
    assert!(err(&broken).contains("broken.json: not JSON"), "{}", err(&broken));
}
