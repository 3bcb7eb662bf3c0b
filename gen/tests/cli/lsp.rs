//! The language server, as an editor talks to it: JSON-RPC over the standard input and output.

mod client;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::workspace::workspace;
use client::Client;

const SPEC: &str = "specs/actions/notes/pin_note.v1.yaml";
const BODY: &str = "actions/src/notes/pin_note.rs";

/// `«` is where the tests put their cursor, by the word before it.
const ACTION: &str = "\
action: notes.pin_note
version: 1
label: Pin Note
description: Pin a memo to the board.
effects: write
idempotency: engine
permissions:
  - memo:create
  - { require: \"memo:read\", when: { present: spot.row } }
input:
  board_id: { type: uuid, label: Board, description: The board., picker: board }
  text: { type: string, max_length: 80, label: Text, description: What it says. }
  spot: { type: Spot, optional: true, label: Spot, description: Where. }
rules:
  - { requires: { field: spot, with: [spot.row] } }
output:
  memo_id: { type: uuid, label: Memo, description: The memo. }
audit:
  target: { memo_id: output.memo_id }
  changed: { text: input.text, row: input.spot.row }
emits: [NOTE_PINNED]
examples:
  - name: in the corner
    input: { board_id: 5d2b7f10-93ce-4e6a-8f41-b0c9d8e7a615, text: Milk, spot: { row: 1 } }
";

/// A workspace with an action that uses everything.
fn with_everything() -> TempDir {
    let folder = workspace();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(SPEC, ACTION);
    write(
        "specs/types/spot.yaml",
        "type: Spot\ndescription: A place on a board.\nfields:\n  row: { type: integer, optional: true, label: Row, description: Counted from the top. }\n",
    );
    write(
        "specs/events/note_pinned.yaml",
        "event: NOTE_PINNED\ndescription: A note was pinned.\nkey: \"note:{noteId}\"\npayload:\n  noteId: { type: uuid, label: Note, description: The note. }\n",
    );
    write(
        "specs/pickers/board.yaml",
        "picker: board\nlabel: Board\nhint: Search boards\ntable: memos\nid: memo_id\nlabel_template: \"{text}\"\nsearch: [text]\npermission: memo:read\n",
    );
    write(BODY, "//! `notes.pin_note`: pins.\n\nimpl Body for Bodies {\n    // …\n}\n");
    let catalog = folder.path().join("specs/catalog.yaml");
    let text = fs::read_to_string(&catalog).unwrap();
    fs::write(catalog, text.replace("    actions:\n", "    actions:\n      - notes.pin_note\n")).unwrap();
    folder
}

/// The line and column behind the first occurrence of a text, as an editor counts.
fn behind(text: &str, part: &str) -> Value {
    let at = text.find(part).unwrap() + part.len();
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    json!({ "line": text[..at].matches('\n').count(), "character": text[start..at].encode_utf16().count() })
}

fn started(folder: &Path) -> Client {
    let mut client = Client::start(folder);
    client.open(SPEC, ACTION);
    client
}

/// What is wrong is told as it is typed, with code and help, and is taken back when it is right again.
#[test]
fn diagnostics_follow_the_typing() {
    let folder = with_everything();
    let mut client = started(folder.path());
    assert_eq!(client.diagnostics(SPEC), json!([]));

    client.change(SPEC, &ACTION.replace("picker: board }", "picker: bord }"));
    let told = client.diagnostics(SPEC);
    insta::assert_snapshot!("diagnostics", format!("{told:#}"));
    let fixes = client.ask(
        "textDocument/codeAction",
        json!({
            "textDocument": client.document(SPEC), "range": told[0]["range"], "context": { "diagnostics": told },
        }),
    );
    assert_eq!(fixes[0]["title"], "Change to `board`");
    let edit = fixes[0]["edit"]["changes"].as_object().unwrap().values().next().unwrap();
    assert_eq!(edit[0]["newText"], "board");

    client.change(SPEC, "action: [");
    let told = client.diagnostics(SPEC);
    assert_eq!(told[0]["code"], "AW0002", "{told}");
    client.change(SPEC, ACTION);
    assert_eq!(client.diagnostics(SPEC), json!([]));
}

/// A mistake in one file can be seen in another, and what somebody else changes on disk counts, too.
#[test]
fn files_that_are_not_open_are_judged_too() {
    let folder = with_everything();
    let mut client = started(folder.path());
    assert_eq!(client.diagnostics(SPEC), json!([]));
    fs::remove_file(folder.path().join("specs/events/note_pinned.yaml")).unwrap();
    client.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    let told = client.diagnostics(SPEC);
    assert!(told[0]["message"].as_str().unwrap().contains("there is no event `NOTE_PINNED`"), "{told}");
    // What the editor holds goes before what is on disk, saved or not.
    client.open(
        "specs/events/note_pinned.yaml",
        "event: NOTE_PINNED\nkey: \"note:{noteId}\"\npayload:\n  noteId: { type: uuid }\n",
    );
    assert_eq!(client.diagnostics(SPEC), json!([]));
}

/// What may stand at the cursor, wherever an author needs a name.
#[test]
fn names_are_completed() {
    let folder = with_everything();
    let mut client = started(folder.path());
    let mut told = String::new();
    for typed in [
        "|",
        "action: notes.x\nver|",
        "effects: |",
        "permissions:\n  - |",
        "permissions:\n  - memo:|",
        "permissions: [me|]",
        "may_require:\n  - memo:cr|\n",
        "input:\n  a: { type: | }",
        "input:\n  a: { type: string, m| }",
        "input:\n  a:\n    type: integer\n    |\n",
        "input:\n  a: { type: uuid, picker: | }",
        "input:\n  a: { type: uuid }\n  b:\n    type: uuid\n    picker: { kind: board, depends_on: [|] }\n",
        "input:\n  a: { type: Spot }\nrules:\n  - any_of: [|]\n",
        "input:\n  a: { type: Spot }\nrules:\n  - |",
        "input:\n  a: { type: Spot }\nrules:\n  - forbid: { a.| }\n",
        "input:\n  a: { type: Spot }\noutput:\n  c: { type: uuid }\naudit:\n  changed:\n    x: inp|",
        "emits: [|]",
        "input:\n  a: { type: Spot }\nexamples:\n  - name: x\n    input: { a: { | } }",
        "input:\n  a: { type: boolean, optional: | }",
        "idempotency: { mode: |, key: x }",
    ] {
        let (before, after) = typed.split_once('|').unwrap();
        let text = format!("{before}{after}");
        client.change(SPEC, &text);
        let at = json!({ "textDocument": client.document(SPEC), "position": behind(&text, before) });
        let answer = client.ask("textDocument/completion", at);
        let labels: Vec<&str> = answer.as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap()).collect();
        told += &format!("{typed}\n    → {}\n\n", labels.join("  "));
    }
    insta::assert_snapshot!("completions", told);
}

/// A key is completed with its colon, in place of what was typed of it.
#[test]
fn a_completion_takes_the_place_of_what_was_typed() {
    let folder = with_everything();
    let mut client = started(folder.path());
    let typed = "input:\n  bo: { type: uuid, pick }\n";
    client.change(SPEC, typed);
    let answer = client.ask(
        "textDocument/completion",
        json!({ "textDocument": client.document(SPEC), "position": behind(typed, "pick") }),
    );
    let picker = answer.as_array().unwrap().iter().find(|one| one["label"] == "picker").unwrap();
    insta::assert_snapshot!("completion", format!("{picker:#}"));
}

/// What a name or a key means.
#[test]
fn names_are_explained() {
    let folder = with_everything();
    let mut client = started(folder.path());
    let mut told = String::new();
    for part in [
        "idempo",
        "notes.pin",
        "memo:cr",
        "type: Sp",
        "picker: bo",
        "spot.r",
        "input.te",
        "NOTE_P",
        "max_len",
        "exam",
        "  te",
    ] {
        let at = json!({ "textDocument": client.document(SPEC), "position": behind(ACTION, part) });
        let hover = client.ask("textDocument/hover", at);
        told += &format!("── {part}\n{}\n\n", hover["contents"]["value"].as_str().unwrap_or("nothing"));
    }
    insta::assert_snapshot!("hovers", told);
}

/// From a name to where it is declared, from a spec to its body, and back.
#[test]
fn definitions_are_found() {
    let folder = with_everything();
    let mut client = started(folder.path());
    let mut goes_to = |part: &str| {
        let at = json!({ "textDocument": client.document(SPEC), "position": behind(ACTION, part) });
        let found = client.ask("textDocument/definition", at);
        let file = found["uri"].as_str().unwrap_or_default().rsplit_once("specs/").map(|(_, file)| file.to_owned());
        (file.unwrap_or_default(), found["range"]["start"]["line"].as_u64().unwrap_or(99))
    };
    assert_eq!(goes_to("type: Sp"), ("types/spot.yaml".to_owned(), 0));
    assert_eq!(goes_to("picker: bo"), ("pickers/board.yaml".to_owned(), 0));
    assert_eq!(goes_to("NOTE_P"), ("events/note_pinned.yaml".to_owned(), 0));
    assert_eq!(goes_to("- mem").0, "permissions.yaml");
    assert_eq!(goes_to("input.te"), ("actions/notes/pin_note.v1.yaml".to_owned(), 11));
    assert_eq!(goes_to("input.spot.r"), ("types/spot.yaml".to_owned(), 3));

    let at = json!({ "textDocument": client.document(SPEC), "position": behind(ACTION, "notes.pin") });
    let body = client.ask("textDocument/definition", at);
    assert!(body["uri"].as_str().unwrap().ends_with(BODY), "{body}");
    for (line, spec) in [(0, true), (2, true), (3, false)] {
        let at = json!({ "textDocument": client.document(BODY), "position": { "line": line, "character": 3 } });
        let found = client.ask("textDocument/definition", at);
        assert_eq!(found["uri"].as_str().is_some_and(|uri| uri.ends_with(SPEC)), spec, "line {line}: {found}");
    }
}

/// Every use of a field, in whatever file.
#[test]
fn uses_are_found() {
    let folder = with_everything();
    let mut client = started(folder.path());
    let spot = fs::read_to_string(folder.path().join("specs/types/spot.yaml")).unwrap();
    let found = client.ask(
        "textDocument/references",
        json!({
            "textDocument": client.document("specs/types/spot.yaml"), "position": behind(&spot, "  ro"),
            "context": { "includeDeclaration": true },
        }),
    );
    assert_eq!(found.as_array().unwrap().len(), 5, "{found:#}");
}

/// A field has a new name wherever specs use it, and what they say is right after that.
#[test]
fn a_field_is_renamed_everywhere() {
    let folder = with_everything();
    let mut client = started(folder.path());
    let spot = fs::read_to_string(folder.path().join("specs/types/spot.yaml")).unwrap();
    let here = |client: &Client| json!({ "textDocument": client.document("specs/types/spot.yaml"), "position": behind(&spot, "  ro") });
    let range = client.ask("textDocument/prepareRename", here(&client));
    assert_eq!(range["start"], json!({ "line": 3, "character": 2 }));
    let mut request = here(&client);
    request["newName"] = json!("line");
    let changes = client.ask("textDocument/rename", request)["changes"].clone();
    let mut texts = vec![(SPEC, ACTION.to_owned()), ("specs/types/spot.yaml", spot.clone())];
    for (file, text) in &mut texts {
        let edits = changes.as_object().unwrap().iter().find(|(uri, _)| uri.ends_with(*file)).unwrap().1;
        *text = client::edited(text, edits.as_array().unwrap());
    }
    insta::assert_snapshot!("renamed", format!("{}\n{}", texts[0].1, texts[1].1));
    for (file, text) in &texts {
        client.open(file, text);
    }
    assert_eq!(client.diagnostics(SPEC), json!([]));

    let mut request = json!({ "textDocument": client.document(SPEC), "position": behind(ACTION, "  te") });
    for (name, why) in [("board_id", "beside it"), ("self", "cannot be the name"), ("a b", "cannot be the name")] {
        request["newName"] = json!(name);
        let error = client.refused("textDocument/rename", request.clone());
        assert!(error.contains(why), "{name}: {error}");
    }
    let at = json!({ "textDocument": client.document(SPEC), "position": behind(ACTION, "picker: bo") });
    assert!(client.refused("textDocument/prepareRename", at).contains("Only fields"));
}

/// Whatever an editor asks about files that are none of ours, or not there, it gets an answer.
#[test]
fn strange_questions_have_answers() {
    let folder = with_everything();
    let mut client = started(folder.path());
    for file in ["README.md", "specs/nothing.yaml", "specs/deep/er/x.yaml", "src/main.rs"] {
        for line in [0, 99_999] {
            let at = json!({ "textDocument": client.document(file), "position": { "line": line, "character": 5 } });
            for method in ["textDocument/completion", "textDocument/hover", "textDocument/definition"] {
                assert!(client.ask(method, at.clone()).as_array().is_none_or(Vec::is_empty), "{method} of {file}");
            }
        }
    }
    client.open("specs/types/ünïcode 🦀.yaml", "type: Spöt\n");
    let told = client.diagnostics("specs/types/ünïcode 🦀.yaml");
    assert_eq!(told[0]["code"], "AW0102", "{told}");
}
