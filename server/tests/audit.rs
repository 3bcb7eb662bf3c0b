//! `actwright audit` as auditors have it: the built program, a real SQLite file, and somebody who works on it behind the program's back.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Output};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tempfile::TempDir;

const TENANT: &str = "10000000-0000-4000-8000-000000000001";
const NADIA: &str = "20000000-0000-4000-8000-000000000001";
const CLIENT: &str = "50000000-0000-4000-8000-000000000001";

/// A database with the demonstration's rows.
struct Seeded {
    folder: TempDir,
}

impl Seeded {
    fn new() -> Self {
        let seeded = Self { folder: TempDir::new().expect("a folder") };
        assert!(seeded.run(&["db", "init"]).status.success());
        assert!(seeded.run(&["db", "seed"]).status.success());
        seeded
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("test.db").display())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_actwright"));
        command.args(arguments).env("ACTWRIGHT_DB", self.url()).env_remove("ACTWRIGHT_DATA");
        command.output().expect("the program runs")
    }

    /// The id of a call that leaves a note about the client.
    fn note(&self) -> String {
        let input = json!({ "target": { "type": "client", "id": CLIENT }, "body": "Called back." }).to_string();
        let arguments =
            ["call", "crm.create_activity_note", "--tenant", TENANT, "--actor", NADIA, "--input", &input, "--json"];
        let output = self.run(&arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        answer["meta"]["invocation_id"].as_str().expect("an id").to_owned()
    }

    fn tamper(&self, sql: String) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut connection = SqliteConnection::connect(&self.url()).await.expect("a connection");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("SQL");
            connection.close().await.expect("the end");
        });
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// What is said, and the exit code.
fn said(output: &Output) -> (String, Option<i32>) {
    (format!("{}{}", text(&output.stdout), text(&output.stderr)), output.status.code())
}

#[test]
fn what_was_changed_is_named_and_the_exit_code_says_so() {
    let seeded = Seeded::new();
    let (first, second) = (seeded.note(), seeded.note());
    let (sealed, code) = said(&seeded.run(&["audit", "seal"]));
    assert_eq!((sealed.as_str(), code), ("2 audit rows and 0 amendments sealed\n", Some(0)));
    let (whole, code) = said(&seeded.run(&["audit", "verify"]));
    assert!(whole.contains("whole  2 sealed") && code == Some(0), "{whole}");
    let anchors = seeded.run(&["audit", "anchor"]).stdout;
    let file = seeded.folder.path().join("anchors.jsonl");
    std::fs::write(&file, &anchors).expect("a file");
    let file = file.display().to_string();
    assert_eq!(said(&seeded.run(&["audit", "verify", "--anchors", &file])).1, Some(0));

    seeded.tamper(format!("UPDATE audit_logs SET user_id = 'somebody' WHERE audit_id = '{first}'"));
    let (told, code) = said(&seeded.run(&["audit", "verify"]));
    assert_eq!(code, Some(4));
    for expected in ["row changed", &first, "differs in user_id", "crm.create_activity_note", NADIA, "1 finding(s)"] {
        assert!(told.contains(expected), "no {expected} in {told}");
    }
    assert!(!told.contains(&second), "{told}");
    let output = seeded.run(&["audit", "verify", "--tenant", TENANT, "--json"]);
    let finding: Value = serde_json::from_str(text(&output.stdout).lines().next().expect("a line")).expect("JSON");
    assert_eq!(finding["finding"]["kind"], "row_changed");
    assert_eq!(finding["finding"]["columns"], json!(["user_id"]));

    // Whoever can write everything begins the chain anew: only the anchor tells.
    seeded.tamper("DELETE FROM actwright_audit_seals; DELETE FROM actwright_audit_heads".to_owned());
    assert_eq!(said(&seeded.run(&["audit", "seal"])).1, Some(0));
    assert_eq!(said(&seeded.run(&["audit", "verify"])).1, Some(0));
    let (told, code) = said(&seeded.run(&["audit", "verify", "--anchors", &file]));
    assert!(told.contains("anchor missing") && code == Some(4), "{told}");
    let wrong = format!("2:{}", "0".repeat(64));
    assert_eq!(said(&seeded.run(&["audit", "verify", "--tenant", TENANT, "--expect", &wrong])).1, Some(4));
}

#[test]
fn a_trail_says_who_did_what() {
    let seeded = Seeded::new();
    let id = seeded.note();
    let entity = format!("client:{CLIENT}");
    let (told, code) = said(&seeded.run(&["audit", "trail", "--tenant", TENANT, "--entity", &entity]));
    assert_eq!(code, Some(0), "{told}");
    for expected in ["done", "crm.create_activity_note@1", NADIA, &id, "not sealed yet"] {
        assert!(told.contains(expected), "no {expected} in {told}");
    }
    let output = seeded.run(&["audit", "trail", "--tenant", TENANT, "--entity", &entity, "--json"]);
    let trail: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(trail["entries"][0]["audit_id"], json!(id));
    let (told, _) = said(&seeded.run(&["audit", "trail", "--tenant", TENANT, "--from", "2999-01-01"]));
    assert_eq!(told, "No audit row matches.\n");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let seeded = Seeded::new();
    for (arguments, expected) in [
        (vec!["audit", "trail", "--tenant", TENANT, "--entity", "quote"], "expected KIND:UUID"),
        (vec!["audit", "trail", "--tenant", TENANT, "--from", "yesterday"], "is no time"),
        (vec!["audit", "verify", "--tenant", TENANT, "--expect", "1"], "expected SEQ:HASH"),
        (vec!["audit", "verify", "--expect", "1:00"], "SEQ:HASH"),
        (vec!["audit", "seal", "--accept", CLIENT], "--tenant"),
    ] {
        let (told, code) = said(&seeded.run(&arguments));
        assert!(told.contains(expected) && code == Some(2), "{arguments:?}: {told}");
    }
    let (told, code) = said(&seeded.run(&["audit", "seal", "--tenant", TENANT, "--accept", CLIENT]));
    assert!(told.contains("No unsealed audit row has the id") && code == Some(4), "{told}");
    let file = seeded.folder.path().join("anchors.jsonl");
    std::fs::write(&file, "{}\n").expect("a file");
    let (told, code) = said(&seeded.run(&["audit", "verify", "--anchors", &file.display().to_string()]));
    assert!(told.contains("line 1") && code == Some(3), "{told}");
}
