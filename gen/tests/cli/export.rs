//! `cargo gen export`: what it writes, leaves alone and says.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::workspace::{edit, err, gen_in, out, workspace};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A second run writes nothing, a changed spec only what it changes, and what is gone from the specs goes from the folder.
#[test]
fn only_what_differs_is_written() {
    let folder = workspace();
    let export = |arguments: &[&str]| gen_in(folder.path(), &[&["export", "typescript"], arguments].concat());
    assert_eq!(out(&export(&[])), "8 files in exported/typescript; wrote 8\n");
    assert_eq!(out(&export(&[])), "8 files in exported/typescript; nothing differs\n");
    assert_eq!(out(&export(&["--check"])), "Everything is as the specs say.\n");
    edit(folder.path(), "specs/actions/notes/find_notes.v1.yaml", "label: Find Notes", "label: Look For Notes");
    let drift = export(&["--check"]);
    assert_eq!(drift.status.code(), Some(1));
    assert!(err(&drift).contains("actions/notes.find_notes.v1.ts: out of date: export again"), "{}", err(&drift));
    assert_eq!(out(&export(&[])), "8 files in exported/typescript; wrote 2\n");

    fs::remove_file(folder.path().join("specs/actions/notes/add_note.v2.yaml")).unwrap();
    assert_eq!(out(&export(&[])), "7 files in exported/typescript; wrote 1, removed 1\n");
    let written = names(&folder.path().join("exported/typescript/actions"));
    assert_eq!(written, ["notes.add_note.v1.ts", "notes.find_notes.v1.ts"]);
}

/// A file of somebody else stays, and so does everything beside it; an edit of an exported file is told.
#[test]
fn files_of_others_are_left_alone() {
    let folder = workspace();
    let export = |target: &str| gen_in(folder.path(), &["export", target, "--out", "web"]);
    fs::create_dir(folder.path().join("web")).unwrap();
    fs::write(folder.path().join("web/client.ts"), "mine").unwrap();
    let refused = export("typescript");
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(err(&refused), "web/client.ts is there, and was not exported: move it, or export into another folder\n");
    assert_eq!(names(&folder.path().join("web")), ["client.ts"]);
    fs::remove_file(folder.path().join("web/client.ts")).unwrap();

    assert!(export("typescript").status.success());
    // Two targets in one folder do not take each other's files for their own.
    assert!(export("openapi").status.success());
    assert_eq!(out(&export("typescript")), "8 files in web; nothing differs\n");
    fs::write(folder.path().join("web/index.ts"), "edited").unwrap();
    let again = export("typescript");
    assert_eq!(out(&again), "8 files in web; wrote 1\n");
    assert_eq!(err(&again), "web/index.ts had been edited by hand; the edit is gone\n");
}

/// Ejected templates give what built-in ones give, and are not ejected twice.
#[test]
fn templates_can_be_taken_over() {
    let folder = workspace();
    let export = |arguments: &[&str]| gen_in(folder.path(), &[&["export"], arguments].concat());
    export(&["mdbook"]);
    let ejected = out(&export(&["mdbook", "--eject"]));
    assert!(ejected.contains("created templates/mdbook/src/SUMMARY.md.tera\n"), "{ejected}");
    assert!(out(&export(&["mdbook"])).ends_with("nothing differs\n"));
    fs::write(folder.path().join("templates/mdbook/book.toml.tera"), "[book]\ntitle = \"Ours\"\n").unwrap();
    assert!(out(&export(&["mdbook", "--eject"])).contains("templates/mdbook/book.toml.tera is there already\n"));
    export(&["mdbook"]);
    let book = fs::read_to_string(folder.path().join("exported/mdbook/book.toml")).unwrap();
    assert_eq!(book, "[book]\ntitle = \"Ours\"\n");
    assert_eq!(err(&export(&["openapi", "--eject"])), "openapi is not made from built-in templates\n");
}

/// What there is to export, with what a team has added.
#[test]
fn targets_are_listed() {
    let folder = workspace();
    fs::create_dir_all(folder.path().join("templates/kotlin")).unwrap();
    fs::write(folder.path().join("templates/kotlin/a.kt.tera"), "{{ model.actions | length }}").unwrap();
    let listed = out(&gen_in(folder.path(), &["export", "--list"]));
    let root = folder.path().canonicalize().unwrap().display().to_string();
    insta::assert_snapshot!("targets", listed.replace(&root, "…"));
    assert!(gen_in(folder.path(), &["export", "kotlin"]).status.success());
    assert_eq!(fs::read_to_string(folder.path().join("exported/kotlin/a.kt")).unwrap(), "3\n");
}

/// Wrong targets, templates and specs say what is wrong, and nothing is written.
#[test]
fn mistakes_are_told() {
    let folder = workspace();
    let fails = |arguments: &[&str]| {
        let output = gen_in(folder.path(), &[&["export"], arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        err(&output)
    };
    assert_eq!(fails(&["opanapi"]), "there is no target `opanapi`: did you mean `openapi`?\n");
    assert_eq!(gen_in(folder.path(), &["export"]).status.code(), Some(2));
    fs::create_dir_all(folder.path().join("templates/openapi")).unwrap();
    fs::write(folder.path().join("templates/openapi/README.md.tera"), "{{ model.nobody }}").unwrap();
    assert!(fails(&["openapi"]).contains("templates/openapi/README.md.tera:1:10"));
    edit(folder.path(), "specs/actions/notes/find_notes.v1.yaml", "label:", "lable:");
    assert!(fails(&["model"]).contains("specs/actions/notes/find_notes.v1.yaml:"));
    assert!(!folder.path().join("exported").exists());
}

/// What the page about outputs shows: templates and the files that they become.
#[test]
fn the_examples_of_the_page_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/outputs.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Cargo.toml"), "[workspace]\n").unwrap();
    let specs = root.join("codegen/tests/errors/base");
    assert!(Command::new("cp").arg("-r").arg(specs).arg(folder.path().join("specs")).status().unwrap().success());
    let mut shown = Vec::new();
    for (before, block) in blocks(&page) {
        let Some(path) = before.trim_end().strip_suffix("`:").and_then(|text| text.rsplit('`').next()) else {
            continue;
        };
        let path = folder.path().join(path);
        if path.extension().is_some_and(|extension| extension == "tera") {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, block).unwrap();
        } else {
            shown.push((path, block));
        }
    }
    assert!(gen_in(folder.path(), &["export", "sheet"]).status.success());
    assert_eq!(shown.len(), 2);
    for (path, block) in shown {
        assert_eq!(fs::read_to_string(&path).unwrap(), block, "{}", path.display());
    }
}

/// The fenced blocks of a page, each with the text before it.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("\n```") {
        let (_, after) = after.split_once('\n').unwrap();
        let (block, next) = after.split_once("```").unwrap();
        found.push((before, block));
        rest = next;
    }
    found
}
