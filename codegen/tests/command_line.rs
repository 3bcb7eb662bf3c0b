//! `cargo gen` as people and programs run it: what it prints and how it exits.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A workspace of one's own with the specs of the tests.
fn workspace() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Cargo.toml"), "[workspace]\n").unwrap();
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packs/notes");
    let status = Command::new("cp").arg("-r").arg(specs).arg(folder.path().join("specs")).status().unwrap();
    assert!(status.success());
    folder
}

fn gen_in(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_actwright-codegen")).args(arguments).current_dir(folder).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Works from anywhere in the workspace, and says how much it did.
#[test]
fn it_generates_and_then_has_nothing_to_do() {
    let folder = workspace();
    let deep: PathBuf = folder.path().join("specs/actions");
    let first = gen_in(&deep, &[]);
    assert_eq!(first.status.code(), Some(0), "{}", err(&first));
    assert!(out(&first).ends_with("3 actions\n"), "{}", out(&first));
    assert!(folder.path().join("generated/src/notes/add_note.rs").exists());
    assert_eq!(out(&gen_in(&deep, &[])), "Nothing has changed.\n");
    assert_eq!(out(&gen_in(folder.path(), &["--check"])), "Everything is as the specs say.\n");
}

/// Continuous integration goes by the exit code, people by the file and the command.
#[test]
fn a_check_exits_1_and_names_file_and_command() {
    let folder = workspace();
    gen_in(folder.path(), &[]);
    fs::write(folder.path().join("generated/catalog.json"), "{}").unwrap();
    let check = gen_in(folder.path(), &["--check"]);
    assert_eq!(check.status.code(), Some(1));
    let said = err(&check);
    assert!(said.contains("generated/catalog.json: hand-edited"), "{said}");
    assert!(said.contains("run `cargo gen`"), "{said}");

    let check = gen_in(folder.path(), &["--check", "--format", "json"]);
    assert_eq!(check.status.code(), Some(1));
    let facts = json(&check);
    assert_eq!(facts["ok"], false);
    assert_eq!(facts["drift"][0]["problem"], "hand-edited");
    assert!(facts["drift"][0]["file"].as_str().unwrap().ends_with("generated/catalog.json"), "{facts}");
}

/// Editors and scripts read where each mistake is.
#[test]
fn mistakes_come_with_their_place() {
    let folder = workspace();
    let spec = folder.path().join("specs/actions/notes/add_note.v1.yaml");
    let text = fs::read_to_string(&spec).unwrap().replacen("type: uuid", "type: uuuid", 1);
    fs::write(&spec, text).unwrap();
    let human = gen_in(folder.path(), &[]);
    assert_eq!(human.status.code(), Some(1));
    assert!(err(&human).contains("add_note.v1.yaml:") && err(&human).contains("uuid"), "{}", err(&human));

    let machine = gen_in(folder.path(), &["--format", "json"]);
    assert_eq!(machine.status.code(), Some(1));
    let facts = json(&machine);
    let error = &facts["errors"][0];
    assert!(error["code"].as_str().unwrap().starts_with("AW"), "{error}");
    assert!(error["file"].as_str().unwrap().ends_with("add_note.v1.yaml"), "{error}");
    assert!(error["line"].as_u64().unwrap() > 1 && error["column"].as_u64().unwrap() > 1, "{error}");
    assert!(!folder.path().join("generated").exists());
}

/// What a run did, for programs.
#[test]
fn a_run_as_json_lists_what_it_wrote() {
    let folder = workspace();
    let facts = json(&gen_in(folder.path(), &["--skeletons", "--format", "json"]));
    assert_eq!((&facts["ok"], &facts["actions"]), (&true.into(), &3.into()));
    assert_eq!(facts["skeletons"].as_array().unwrap().len(), 3);
    assert!(facts["written"].as_array().unwrap().len() > 10, "{facts}");
}

/// Output of other specs must not land among this workspace's own.
#[test]
fn specs_of_another_place_need_a_place_for_their_output() {
    let (folder, other) = (workspace(), workspace());
    let specs = other.path().join("specs");
    let specs = specs.to_str().unwrap();
    for (arguments, missing) in [
        (vec!["--specs", specs], "--out"),
        (vec!["--specs", specs, "--out", "elsewhere", "--skeletons"], "--bodies"),
        (vec!["--check", "--skeletons"], "--skeletons"),
        (vec!["--format", "xml"], "human"),
    ] {
        let output = gen_in(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(err(&output).contains(missing), "{}", err(&output));
    }
    let output = gen_in(folder.path(), &["--specs", specs, "--out", "elsewhere"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(folder.path().join("elsewhere/catalog.json").exists());
    assert!(!folder.path().join("generated").exists());
}
