//! Generating and checking, and what is told of mistakes.

use std::fs;
use std::path::PathBuf;

use crate::workspace::{edit, err, gen_in, json, out, workspace};
use serde_json::Value;

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
    edit(folder.path(), "specs/actions/notes/add_note.v1.yaml", "type: uuid", "type: uuuid");
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

/// Who meets a code wants to know what it is about, and what right looks like.
#[test]
fn codes_are_explained() {
    let folder = workspace();
    let page = gen_in(folder.path(), &["explain", "aw0101"]);
    assert_eq!(page.status.code(), Some(0));
    assert!(out(&page).starts_with("# AW0101: an unknown key\n"), "{}", out(&page));
    assert!(out(&page).contains("Wrong, in `specs/") || out(&page).contains("Wrong, `specs/"), "{}", out(&page));
    let list = gen_in(folder.path(), &["explain"]);
    assert!(out(&list).lines().any(|line| line == "AW0101  an unknown key"), "{}", out(&list));
    let unknown = gen_in(folder.path(), &["explain", "AW9999"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("`cargo gen explain` lists them"), "{}", err(&unknown));
    assert_eq!(json(&gen_in(folder.path(), &["explain", "AW0101", "--json"]))["title"], "an unknown key");
}

/// Code hosts read their own formats, and read that nothing is wrong, too.
#[test]
fn code_hosts_get_their_formats() {
    let folder = workspace();
    let right = json(&gen_in(folder.path(), &["--format", "sarif"]));
    assert_eq!(right["runs"][0]["results"], Value::Array(Vec::new()));
    assert_eq!(out(&gen_in(folder.path(), &["--format", "github"])), "");

    edit(folder.path(), "specs/actions/notes/add_note.v1.yaml", "type: uuid", "type: uuuid");
    let github = gen_in(folder.path(), &["--format", "github"]);
    assert_eq!(github.status.code(), Some(1));
    let line = out(&github);
    assert!(line.starts_with("::error file=specs/actions/notes/add_note.v1.yaml,line="), "{line}");
    assert!(line.contains(",title=AW0201%3A an unknown type::"), "{line}");
    assert!(line.trim_end().ends_with("%0Adid you mean `uuid`?"), "{line}");

    let sarif = json(&gen_in(folder.path(), &["--format", "sarif"]));
    let (driver, result) = (&sarif["runs"][0]["tool"]["driver"], &sarif["runs"][0]["results"][0]);
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(driver["rules"][index]["id"], result["ruleId"]);
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "specs/actions/notes/add_note.v1.yaml");
    let (start, end) = (place["region"]["startColumn"].as_u64(), place["region"]["endColumn"].as_u64());
    assert_eq!(end.unwrap() - start.unwrap(), 5, "the length of uuuid");
    assert_eq!(result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"], "uuid");
}
