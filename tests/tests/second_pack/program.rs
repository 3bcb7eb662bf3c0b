//! Runs the pack on a new database, and says what it did.

mod notes;

use std::sync::Arc;

use actwright_delivery::mail::FileMailer;
use actwright_runtime::call::Options;
use actwright_runtime::database::load::load_rows;
use actwright_runtime::database::migrate::{Layout, Migrations};
use actwright_runtime::outbox::{FileStore, LogEvents};
use actwright_runtime::{Answer, Call, Caller, Database, Error, Pack, Runtime, Uuid};
use serde_json::{Value, json};
use sqlx::Row;

pub struct Bodies;

const MIGRATIONS: Migrations =
    Migrations { name: "notes", sqlite: &[("memos", include_str!("../migrations/0001_memos.sql"))], postgres: &[] };

fn id(kind: u8) -> Uuid {
    format!("{kind}0000000-0000-4000-8000-000000000001").parse().expect("a UUID")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("the URL of a database is missing")?;
    let pack = Pack { migrations: Some(MIGRATIONS), ..notes_api::pack::<Bodies>() };
    let database = Database::open(&url).await?;
    database.migrate(Layout::StandAlone, pack.migrations.as_ref()).await?;
    let user = |kind, name| {
        json!({ "user_id": id(kind), "username": name, "hashed_password": "-", "email": format!("{name}@office.example") })
    };
    let rows = json!({
        "tenants": [{ "client_name": "Office", "email": "office@office.example" }],
        "users": [user(2, "ann"), user(3, "bob")],
        "roles": [{ "role_id": id(4), "role_name": "Writer", "msp": true, "client": false }],
        "permissions": [
            { "permission_id": id(5), "resource": "memo", "action": "create", "msp": true, "client": false },
        ],
        "role_permissions": [{ "role_id": id(4), "permission_id": id(5) }],
        "user_roles": [{ "user_id": id(2), "role_id": id(4) }],
    });
    load_rows(&database, pack.tables, Some(id(1)), rows.as_object().ok_or("rows")?).await?;

    let folder = std::env::temp_dir();
    let mailer = Arc::new(FileMailer::new(folder.clone(), "office@office.example")?);
    let options = Options { events: vec![Arc::new(LogEvents)], ..Options::new(mailer, FileStore::folder(&folder)?) };
    let runtime = Runtime::new(database.clone(), pack, options);
    match call(&runtime, 2, json!({ "text": "  Water the plants " })).await {
        Ok(answer) => println!("answer: {}", answer.output["text"].as_str().unwrap_or_default()),
        Err(error) => {
            println!("error: {error}");
            return Ok(());
        }
    }
    let Database::Sqlite { writer, .. } = &database else { return Err("not SQLite".into()) };
    for row in sqlx::query("SELECT text, written_by, tenant FROM memos").fetch_all(writer).await? {
        let [text, by, tenant]: [String; 3] = [row.get(0), row.get(1), row.get(2)];
        println!("memo: {text} by {by} in {tenant}");
    }
    last_audit(&database).await?;
    let error = call(&runtime, 2, json!({ "text": "   " })).await.expect_err("an empty memo");
    let problem = &error.details["problems"][0];
    println!("empty: {} {}", text(&problem["pointer"]), text(&problem["code"]));
    let error = call(&runtime, 3, json!({ "text": "Bob was here" })).await.expect_err("no permission");
    println!("denied: {}", error.code.as_str());
    last_audit(&database).await?;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM memos").fetch_one(writer).await?;
    println!("memos: {count}");
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

async fn call(runtime: &Runtime, user: u8, input: Value) -> Result<Answer, Error> {
    runtime.call(Call::new("notes.add_note", id(1), Caller::User(id(user)), input)).await
}

async fn last_audit(database: &Database) -> Result<(), sqlx::Error> {
    let Database::Sqlite { writer, .. } = database else { return Ok(()) };
    let query = "SELECT operation, changed_data FROM audit_logs ORDER BY audit_id DESC LIMIT 1";
    let row = sqlx::query(query).fetch_one(writer).await?;
    println!("audit: {} {}", row.get::<String, _>(0), row.get::<String, _>(1));
    Ok(())
}
