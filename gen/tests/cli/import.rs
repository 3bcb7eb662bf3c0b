//! `cargo gen import`: what it writes, and what it says of the rest.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::workspace::{err, gen_in, out, workspace};

const INPUT: &str = r##"{
  "title": "Pin a photo",
  "description": "Pins a photo to a board.",
  "type": "object",
  "required": ["board", "url"],
  "properties": {
    "board": { "type": "string", "format": "uuid" },
    "url": { "type": "string", "format": "uri", "maxLength": 2000 },
    "mood": { "$ref": "#/$defs/Mood" }
  },
  "$defs": { "Mood": { "enum": ["sunny", "rainy"] } }
}"##;

const API: &str = "\
openapi: 3.1.0
paths:
  /photos/{id}:
    get:
      operationId: getPhoto
      summary: Get a photo
      parameters: [{ name: id, in: path, required: true, schema: { type: string, format: uuid } }]
      responses:
        200:
          description: The photo.
          content: { application/json: { schema: { type: object, required: [url], properties: { url: { type: string } } } } }
    delete: { responses: { 204: { description: Gone. } } }
";

fn files(folder: &Path) {
    fs::write(folder.join("input.json"), INPUT).unwrap();
    fs::write(folder.join("api.yaml"), API).unwrap();
}

fn import(folder: &Path, arguments: &[&str]) -> Output {
    gen_in(folder, &[&["import"], arguments].concat())
}

/// A pair of schemas becomes an action, its types and its place in the catalog; then everything generates.
#[test]
fn schemas_become_an_action() {
    let folder = workspace();
    files(folder.path());
    let output = import(folder.path(), &["notes.pin_photo", "--input", "input.json", "--permission", "memo:create"]);
    insta::assert_snapshot!("import", format!("{}──── told\n{}", out(&output), err(&output)));
    let spec = fs::read_to_string(folder.path().join("specs/actions/notes/pin_photo.v1.yaml")).unwrap();
    assert!(spec.contains("  mood: { type: Mood, optional: true }\n"), "{spec}");
    assert!(fs::read_to_string(folder.path().join("specs/types/mood.yaml")).unwrap().contains("[sunny, rainy]"));
    assert!(fs::read_to_string(folder.path().join("specs/catalog.yaml")).unwrap().contains("notes.pin_photo"));
    assert!(gen_in(folder.path(), &[]).status.success());

    let again = import(folder.path(), &["notes.pin_photo", "--input", "input.json"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(err(&again), "error: notes.pin_photo is there already; import it under another name, and compare\n");
    // The type that is there is the same, and is used.
    let other = import(folder.path(), &["notes.pin_other", "--input", "input.json"]);
    assert!(other.status.success(), "{}", err(&other));
    assert!(!folder.path().join("specs/types/mood_input.yaml").exists());
}

/// Operations are listed and found by id or address; `--print` writes nothing.
#[test]
fn operations_become_actions() {
    let folder = workspace();
    files(folder.path());
    let listed = out(&import(folder.path(), &["--openapi", "api.yaml", "--list"]));
    insta::assert_snapshot!("operations", listed.replace(" \n", "\n"));
    for operation in ["getPhoto", "get /photos/{id}"] {
        let printed =
            import(folder.path(), &["notes.get_photo", "--openapi", "api.yaml", "--operation", operation, "--print"]);
        assert!(out(&printed).contains("label: Get a photo\n"), "{}", err(&printed));
        assert!(out(&printed).contains("effects: read\n"));
    }
    assert!(!folder.path().join("specs/actions/notes/get_photo.v1.yaml").exists());
    let deleted =
        import(folder.path(), &["notes.drop_photo", "--openapi", "api.yaml", "--operation", "DELETE /photos/{id}"]);
    assert!(out(&deleted).contains("and what the audit names: it was guessed"), "{}", err(&deleted));
}

/// What is wrong is told, and nothing is written.
#[test]
fn mistakes_are_told() {
    let folder = workspace();
    files(folder.path());
    fs::write(folder.path().join("broken.json"), "{\n  \"a\": 1,,\n}").unwrap();
    fs::write(folder.path().join("latin.json"), b"\"\xe9\"").unwrap();
    let mut told = String::new();
    for arguments in [
        &["notes.x", "--input", "nowhere.json"][..],
        &["notes.x", "--input", "broken.json"],
        &["notes.x", "--input", "latin.json"],
        &["x", "--input", "input.json"],
        &["notes.x", "--openapi", "input.json", "--operation", "getPhoto"],
        &["notes.x", "--openapi", "api.yaml", "--operation", "getPhotos"],
        &["notes.x", "--input", "input.json", "--permission", "nobody:create"],
        &["notes.x", "--input", "input.json", "--group", "nowhere"],
    ] {
        let output = import(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        told.push_str(&format!("──── {}\n{}", arguments.join(" "), err(&output)));
    }
    insta::assert_snapshot!("mistakes", told);
    for arguments in [
        &["notes.x"][..],
        &["--list"],
        &["notes.x", "--openapi", "api.yaml"],
        &["notes.x", "--input", "a", "--openapi", "b"],
    ] {
        assert_eq!(import(folder.path(), arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert!(!folder.path().join("specs/actions/notes/x.v1.yaml").exists());
}

/// What the page about imports shows.
#[test]
fn the_example_of_the_page_works() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/import.md")).unwrap();
    let block = |language: &str| {
        let (_, after) = page.split_once(&format!("```{language}\n")).unwrap();
        after.split("```").next().unwrap()
    };
    let folder = workspace();
    fs::write(folder.path().join("input.json"), block("json")).unwrap();
    let output = import(folder.path(), &["notes.pin_photo", "--input", "input.json"]);
    let spec = fs::read_to_string(folder.path().join("specs/actions/notes/pin_photo.v1.yaml")).unwrap();
    assert_eq!(spec, block("yaml"));
    assert_eq!(err(&output).trim_end(), block("text").trim_end());
}
