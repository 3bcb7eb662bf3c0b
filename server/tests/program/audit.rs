//! `actwright audit` as auditors have it: the built program, a real SQLite file, and somebody who works on it behind the program's back.

use actwright_tests::conformance::fixture::folder;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::seeded::{CLIENT, NADIA, Seeded, TENANT, blocking, parsed, said, text};

/// The id of a call that leaves a note about the client.
fn note(seeded: &Seeded) -> String {
    let input = json!({ "target": { "type": "client", "id": CLIENT }, "body": "Called back." });
    let answer = parsed(&seeded.call("crm.create_activity_note", NADIA, &input, &["--json"]));
    answer["meta"]["invocation_id"].as_str().expect("an id").to_owned()
}

fn tamper(seeded: &Seeded, sql: String) {
    blocking(async {
        let mut connection = SqliteConnection::connect(&seeded.url).await.expect("a connection");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("SQL");
        connection.close().await.expect("the end");
    });
}

/// A line of `audit anchor` says what was complete, so that a row which is put before it later is named.
#[test]
fn an_anchor_names_what_was_backdated_after_it() {
    let seeded = Seeded::sqlite();
    let first = note(&seeded);
    assert_eq!(said(&seeded.run(&["audit", "seal"])).1, Some(0));
    let file = seeded.folder.path().join("anchors.jsonl");
    std::fs::write(&file, seeded.run(&["audit", "anchor"]).stdout).expect("a file");
    let new = "00000000-0000-7000-8000-0000000000aa";
    let columns = "user_id, operation, table_name, record_id, changed_data, details, timestamp";
    tamper(
        &seeded,
        format!(
            "INSERT INTO audit_logs (tenant, audit_id, {columns}) SELECT tenant, '{new}', {columns} FROM audit_logs \
             WHERE audit_id = '{first}'; UPDATE audit_logs SET timestamp = timestamp - 3600000000 \
             WHERE audit_id = '{new}'; UPDATE actwright_audit_heads SET complete_before = NULL"
        ),
    );
    assert_eq!(said(&seeded.run(&["audit", "seal"])).1, Some(0));
    assert_eq!(said(&seeded.run(&["audit", "verify"])).1, Some(0));
    let (told, code) = said(&seeded.run(&["audit", "verify", "--anchors", &file.display().to_string()]));
    assert!(told.contains("row inserted") && told.contains(new) && code == Some(4), "{told}");
}

#[test]
fn what_was_changed_is_named_and_the_exit_code_says_so() {
    let seeded = Seeded::sqlite();
    let (first, second) = (note(&seeded), note(&seeded));
    let (sealed, code) = said(&seeded.run(&["audit", "seal"]));
    assert_eq!((sealed.as_str(), code), ("2 audit rows and 0 amendments sealed\n", Some(0)));
    let (whole, code) = said(&seeded.run(&["audit", "verify"]));
    assert!(whole.contains("whole  2 sealed") && code == Some(0), "{whole}");
    let anchors = seeded.run(&["audit", "anchor"]).stdout;
    let file = seeded.folder.path().join("anchors.jsonl");
    std::fs::write(&file, &anchors).expect("a file");
    let file = file.display().to_string();
    assert_eq!(said(&seeded.run(&["audit", "verify", "--anchors", &file])).1, Some(0));

    tamper(&seeded, format!("UPDATE audit_logs SET user_id = 'somebody' WHERE audit_id = '{first}'"));
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
    tamper(&seeded, "DELETE FROM actwright_audit_seals; DELETE FROM actwright_audit_heads".to_owned());
    assert_eq!(said(&seeded.run(&["audit", "seal"])).1, Some(0));
    assert_eq!(said(&seeded.run(&["audit", "verify"])).1, Some(0));
    let (told, code) = said(&seeded.run(&["audit", "verify", "--anchors", &file]));
    assert!(told.contains("anchor missing") && code == Some(4), "{told}");
    let wrong = format!("2:{}", "0".repeat(64));
    assert_eq!(said(&seeded.run(&["audit", "verify", "--tenant", TENANT, "--expect", &wrong])).1, Some(4));
}

#[test]
fn a_trail_says_who_did_what() {
    let seeded = Seeded::sqlite();
    let id = note(&seeded);
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

/// Whoever can name themselves cannot write lines of their own into what an auditor reads.
#[test]
fn names_do_not_forge_lines() {
    let seeded = Seeded::sqlite();
    note(&seeded);
    let forged = "2026-01-01T00:00:00.000Z  done  crm.forged@1";
    let name = format!("char(10) || '{forged}' || char(155) || '2K'");
    tamper(&seeded, format!("UPDATE users SET last_name = {name} WHERE user_id = '{NADIA}'"));
    let (told, code) = said(&seeded.run(&["audit", "trail", "--tenant", TENANT]));
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains(&format!("\\n{forged}\\u{{9b}}2K")), "{told}");
    assert!(told.lines().all(|line| !line.starts_with(forged)), "{told}");
}

/// Beside a PSA, the trail is read from the PSA's own audit log, and says the names of its users.
#[test]
fn a_trail_is_read_beside_a_psa() {
    let seeded = Seeded::new_postgres("psa trail");
    blocking(async {
        let mut connection = sqlx::PgConnection::connect(&seeded.url).await.expect("a connection");
        for file in ["schema.sql", "seed.sql"] {
            let sql = std::fs::read_to_string(folder("fixtures/psa").join(file)).expect("a file");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("SQL");
        }
        connection.close().await.expect("the end");
    });
    let (told, code) = said(&seeded.run(&["db", "init", "--layout", "psa"]));
    assert_eq!(code, Some(0), "{told}");
    let client = "40000000-0000-4000-8000-000000000001";
    let input = json!({ "target": { "type": "client", "id": client }, "body": "Called back." });
    let answer = parsed(&seeded.call("crm.create_activity_note", NADIA, &input, &["--json"]));
    assert_eq!(said(&seeded.run(&["audit", "seal"])).1, Some(0));
    let entity = format!("client:{client}");
    let (told, code) = said(&seeded.run(&["audit", "trail", "--tenant", TENANT, "--entity", &entity]));
    assert_eq!(code, Some(0), "{told}");
    let id = answer["meta"]["invocation_id"].as_str().expect("an id");
    let (who, row) = (format!("by Glinda Good ({NADIA})"), format!("row {id}, seal 1"));
    for expected in ["done  crm.create_activity_note@1", &who, &row] {
        assert!(told.contains(expected), "no {expected} in {told}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let seeded = Seeded::sqlite();
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
    // A moment that cannot be read must not be taken for none, by which less is found.
    let moment = format!(r#"{{"tenant": "{TENANT}", "seq": 0, "hash": "{:064}", "complete_before": "noon"}}"#, 0);
    for (line, expected) in [("{}", "missing field"), (moment.as_str(), "noon")] {
        std::fs::write(&file, format!("{line}\n")).expect("a file");
        let (told, code) = said(&seeded.run(&["audit", "verify", "--anchors", &file.display().to_string()]));
        assert!(told.contains("line 1") && told.contains(expected) && code == Some(3), "{told}");
    }
}
