//! Dead letters over HTTP: of the tenant, with permission, audited.

use std::fs;

use serde_json::{Value, json};

use crate::seeded::{NADIA, PRIYA, Seeded, follow_up};
use crate::serving::{Serving, eventually};

const NO_RETRIES: [&str; 2] = ["delivery.attempts=1", "delivery.first_pause=10ms"];

/// Where events cannot be written, because a folder is in the way.
fn block(seeded: &Seeded) {
    fs::create_dir_all(seeded.data().join("events.jsonl")).expect("a folder");
}

fn unblock(seeded: &Seeded) {
    fs::remove_dir(seeded.data().join("events.jsonl")).expect("the folder");
}

fn dead(server: &Serving) -> Vec<Value> {
    let listed = server.get("/api/v1/outbox?status=dead");
    assert_eq!(listed.status, 200, "{listed:?}");
    listed.json()["entries"].as_array().expect("entries").clone()
}

fn given_up(server: &Serving, title: &str) -> String {
    let before = dead(server).len();
    assert_eq!(server.call("crm.schedule_activity@1", "", &follow_up(title)).status, 200);
    eventually("the event is given up", || dead(server).len() == before + 1);
    dead(server).last().expect("an entry")["outbox_id"].as_str().expect("an id").to_owned()
}

fn told(seeded: &Seeded) {
    block(seeded);
    let server = seeded.serve(&NO_RETRIES);
    let first = given_up(&server, "One");
    let second = given_up(&server, "Two");
    let page = server.get("/api/v1/outbox?limit=1").json();
    assert_eq!(page["entries"][0]["outbox_id"], json!(first));
    assert_eq!(page["next"], json!(first));
    let rest = server.get(&format!("/api/v1/outbox?limit=1&after={first}")).json();
    assert_eq!(rest["entries"][0]["outbox_id"], json!(second));

    let entry = server.get(&format!("/api/v1/outbox/{first}")).json()["entry"].clone();
    assert_eq!((&entry["status"], &entry["kind"]), (&json!("dead"), &json!("event")));
    assert!(entry["payload"].is_object() && entry["last_error"].is_string(), "{entry}");

    // Whoever may not see settings sees nothing, and whoever may not change them changes nothing.
    let priya = seeded.token(PRIYA);
    let stranger = seeded.token_in("10000000-0000-4000-8000-000000000009", NADIA);
    let reason = json!({ "reason": "Not needed" });
    for token in [&priya, &stranger] {
        for path in ["/api/v1/outbox".to_owned(), format!("/api/v1/outbox/{first}")] {
            let refused = server.get_as(token, &path);
            assert_eq!((refused.status, refused.code().as_str()), (403, "PERMISSION_DENIED"), "{path}");
        }
        for what in ["retry", "discard"] {
            let refused = server.send_as(token, "POST", &format!("/api/v1/outbox/{first}/{what}"), &reason);
            assert_eq!((refused.status, refused.code().as_str()), (403, "PERMISSION_DENIED"), "{what}");
        }
    }
    assert_eq!(dead(&server).len(), 2);

    unblock(seeded);
    let retried = server.send("POST", &format!("/api/v1/outbox/{first}/retry"), &json!({}));
    assert_eq!((retried.status, &retried.json()["status"]), (200, &json!("pending")));
    eventually("the relay of the server delivers what is due again", || {
        server.get(&format!("/api/v1/outbox/{first}")).json()["entry"]["status"] == "delivered"
    });
    let events = fs::read_to_string(seeded.data().join("events.jsonl")).expect("events");
    assert_eq!(events.lines().count(), 1);
    let again = server.send("POST", &format!("/api/v1/outbox/{first}/retry"), &json!({}));
    assert_eq!((again.status, again.code().as_str()), (409, "CONFLICT"));

    let discard = |body: &Value| server.send("POST", &format!("/api/v1/outbox/{second}/discard"), body);
    for wrong in [json!({}), json!({ "reason": " " }), json!({ "reason": 5 }), json!({ "reason": "a", "why": "b" })] {
        assert_eq!(discard(&wrong).status, 400, "{wrong}");
    }
    assert_eq!(discard(&reason).status, 200);
    assert!(dead(&server).is_empty());
    let discarded = server.get("/api/v1/outbox?status=discarded").json();
    assert_eq!(discarded["entries"][0]["outbox_id"], json!(second));
    let nobody = server.get("/api/v1/outbox/00000000-0000-4000-8000-000000000000");
    assert_eq!((nobody.status, nobody.code().as_str()), (404, "NOT_FOUND"));
    for wrong in ["status=lost", "limit=0", "limit=1001", "after=1", "tenant=x"] {
        assert_eq!(server.get(&format!("/api/v1/outbox?{wrong}")).status, 400, "{wrong}");
    }
}

#[test]
fn dead_letters_are_decided_on_by_who_may_on_sqlite() {
    told(&Seeded::sqlite());
}

#[test]
fn dead_letters_are_decided_on_by_who_may_on_postgres() {
    told(&Seeded::postgres("letters"));
}

/// Auditors find who decided what, and who tried to without permission.
#[tokio::test]
async fn decisions_and_denials_are_audited() {
    let seeded = Seeded::sqlite();
    block(&seeded);
    let server = seeded.serve(&NO_RETRIES);
    let id = given_up(&server, "One");
    let denied = server.send_as(&seeded.token(PRIYA), "POST", &format!("/api/v1/outbox/{id}/retry"), &json!({}));
    assert_eq!(denied.status, 403);
    let discarded = server.send("POST", &format!("/api/v1/outbox/{id}/discard"), &json!({ "reason": "Sent by hand" }));
    assert_eq!(discarded.status, 200);
    let pool = sqlx::SqlitePool::connect(&seeded.url).await.expect("the database");
    let rows: Vec<(String, Option<String>, String)> =
        sqlx::query_as("SELECT operation, user_id, details FROM audit_logs WHERE record_id = ?1 ORDER BY timestamp")
            .bind(&id)
            .fetch_all(&pool)
            .await
            .expect("rows");
    let told: Vec<(&str, Option<&str>)> = rows.iter().map(|row| (row.0.as_str(), row.1.as_deref())).collect();
    assert_eq!(told, [("outbox_retry_denied", Some(PRIYA)), ("outbox_discard", Some(NADIA))]);
    assert!(rows[1].2.contains("Sent by hand"));
}
