//! Ids of another tenant, sent by somebody who may do everything in their own: the answer is that for ids of nobody, to the
//! byte, but for the id itself.

use serde_json::{Value, json};

use crate::seeded::{CLIENT, NADIA, Seeded, TENANT, follow_up};
use crate::serving::Answer;

/// Has the users, roles and permissions of the demonstration, with the same ids, and nothing else.
const OTHER: &str = "10000000-0000-4000-8000-000000000002";
const NOBODYS: &str = "00000000-0000-4000-8000-00000000000b";

async fn another_tenant(seeded: &Seeded) -> sqlx::SqlitePool {
    let pool = sqlx::SqlitePool::connect(&seeded.url).await.expect("the database");
    for table in ["tenants", "users", "roles", "permissions", "role_permissions", "user_roles"] {
        let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info(?1) WHERE name <> 'tenant'")
            .bind(table)
            .fetch_all(&pool)
            .await
            .expect("columns");
        let columns = columns.join(", ");
        let copy = format!(
            "INSERT INTO {table} (tenant, {columns}) SELECT '{OTHER}', {columns} FROM {table} WHERE tenant = '{TENANT}'"
        );
        sqlx::query(sqlx::AssertSqlSafe(copy)).execute(&pool).await.expect("a copy");
    }
    pool
}

/// Status, headers and body, without what is of this request alone.
fn told(answer: &Answer, asked: &str) -> String {
    let own = |line: &&str| ["date:", "x-request-id:"].iter().any(|name| line.starts_with(name));
    let mut text = answer.text.clone();
    for line in answer.head.lines().filter(own) {
        if let Some((_, value)) = line.split_once(": ") {
            text = text.replace(value, "THIS");
        }
    }
    for own in ["\"at\":\"", "\"invocation_id\":\""] {
        if let Some((before, value)) = text.clone().split_once(own) {
            text = format!("{before}{}", value.split_once('"').map_or("", |(_, after)| after));
        }
    }
    let head: Vec<&str> = answer.head.lines().filter(|line| !own(line)).collect();
    format!("{}\n{text}", head.join("\n")).replace(asked, "ID")
}

#[tokio::test]
async fn ids_of_another_tenant_are_ids_of_nobody() {
    let seeded = Seeded::sqlite();
    let pool = another_tenant(&seeded).await;
    let server = seeded.serve(&[]);
    assert_eq!(server.call("crm.schedule_activity@1", "", &follow_up("Theirs")).status, 200);
    let one = |sql: &'static str| {
        let pool = pool.clone();
        async move { sqlx::query_scalar::<_, String>(sql).fetch_one(&pool).await.expect("a row") }
    };
    let entry = one("SELECT outbox_id FROM actwright_outbox LIMIT 1").await;
    let quote = one("SELECT quote_id FROM quotes WHERE status = 'draft' LIMIT 1").await;
    let activity = one("SELECT interaction_id FROM interactions LIMIT 1").await;
    let rows = "SELECT (SELECT count(*) FROM interactions) || ' ' || (SELECT count(*) FROM quote_activities) || ' ' || \
        (SELECT group_concat(status) FROM actwright_outbox)";
    let before = one(rows).await;

    let act = |action: &str, input: Value| ("POST", format!("/api/v1/actions/{action}/1"), input);
    let requests = [
        (&entry, ("GET", "/api/v1/outbox/ID".to_owned(), json!(null))),
        (&entry, ("POST", "/api/v1/outbox/ID/retry".to_owned(), json!({}))),
        (&entry, ("POST", "/api/v1/outbox/ID/discard".to_owned(), json!({ "reason": "not ours" }))),
        (&CLIENT.to_owned(), ("GET", "/api/v1/pickers/client?ids=ID".to_owned(), json!(null))),
        (&CLIENT.to_owned(), ("GET", "/api/v1/pickers/contact?client_id=ID".to_owned(), json!(null))),
        (
            &CLIENT.to_owned(),
            act("crm.create_activity_note", json!({ "target": { "type": "client", "id": "ID" }, "body": "x" })),
        ),
        (&CLIENT.to_owned(), act("crm.find_activities", json!({ "client_id": "ID", "on_empty": "error" }))),
        (
            &CLIENT.to_owned(),
            act(
                "crm.create_quote",
                json!({ "client_id": "ID", "title": "x",
            "quote_date": "2026-03-02T00:00:00Z", "valid_until": "2026-04-01T00:00:00Z" }),
            ),
        ),
        (&quote, act("crm.send_quote", json!({ "quote_id": "ID" }))),
        (&quote, act("crm.find_quotes", json!({ "quote_id": "ID" }))),
        (&activity, act("crm.update_activity", json!({ "activity_id": "ID", "patch": { "title": "x" } }))),
    ];
    let (owner, stranger) = (seeded.token(NADIA), seeded.token_in(OTHER, NADIA));
    for (id, (method, path, input)) in &requests {
        let ask = |token: &str, id: &str| {
            let input: Value = serde_json::from_str(&input.to_string().replace("ID", id)).expect("JSON");
            let path = path.replace("ID", id);
            if *method == "GET" { server.get_as(token, &path) } else { server.send_as(token, method, &path, &input) }
        };
        let (theirs, nobodys) = (ask(&stranger, id), ask(&stranger, NOBODYS));
        assert_eq!(told(&theirs, id), told(&nobodys, NOBODYS), "{method} {path}");
        if *method == "GET" && path.contains("ID") {
            assert_ne!(told(&ask(&owner, id), id), told(&theirs, id), "{path}: whose it is has another answer");
        }
    }
    let listed = server.get_as(&stranger, "/api/v1/outbox?status=delivered").json();
    assert_eq!(listed["entries"], json!([]), "a list is of the tenant of the token");
    assert_eq!(one(rows).await, before);
}
