//! Finding activities and quotes among 100,000 reads an index, not the table.
//!
//! The statements are those that the runtime sends, caught on their way to the database. `UPDATE_DOCS=1 cargo test -p
//! actwright-tests --test query_plans` writes the plans into `docs/query-plans.md`.

mod every;

use std::fmt::Write as _;
use std::path::Path;

use actwright_runtime::call::Runtime;
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::{Call, Caller};
use actwright_tests::conformance::alias::{self, Aliases};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use actwright_tests::statements;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row};

/// Ids of the rows that are made by number.
const CLIENT: &str = "c0000000-0000-4000-8000-000000000007";
const TICKET: &str = "70000000-0000-4000-8000-000000000007";

/// A search, and the values that its statement gets after the tenant.
struct Search {
    title: &'static str,
    action: &'static str,
    user: &'static str,
    input: Value,
    values: Vec<&'static str>,
}

impl Search {
    /// The table that must not be read as a whole.
    fn table(&self) -> &'static str {
        if self.action == "crm.find_quotes" { "quotes" } else { "interactions" }
    }
}

fn searches() -> Vec<Search> {
    let (from, to) = ("2026-01-10T00:00:00.000Z", "2026-01-11T00:00:00.000Z");
    let activities = |title, input, values: &[&'static str]| {
        let values = values.iter().copied().chain(["25"]).collect();
        Search { title, action: "crm.find_activities", user: "user.admin", input, values }
    };
    let quotes = |title, user, input, values: &[&'static str]| {
        let values = ["false"].iter().chain(values).copied().chain(["25", "0"]).collect();
        Search { title, action: "crm.find_quotes", user, input, values }
    };
    vec![
        activities("Activities by client", json!({ "client_id": CLIENT }), &[CLIENT]),
        activities("Activities by date", json!({ "date_from": from, "date_to": to }), &[from, to]),
        activities("Activities by ticket", json!({ "ticket_id": TICKET }), &[TICKET]),
        activities("Activities by client and date", json!({ "client_id": CLIENT, "date_from": from }), &[CLIENT, from]),
        quotes("All quotes, latest first", "user.admin", json!({}), &[]),
        quotes("All quotes, oldest first", "user.admin", json!({ "sortOrder": "asc" }), &[]),
        quotes("All quotes by total", "user.admin", json!({ "sortBy": "total_amount" }), &[]),
        quotes("Quotes by status", "user.admin", json!({ "status": "sent", "sortBy": "status" }), &["sent"]),
        quotes("Quotes by date", "user.admin", json!({ "date_from": from, "date_to": to }), &[from, to]),
        quotes("Quotes that a rule leaves", "user.finance", json!({}), &[CLIENT]),
    ]
}

/// 200 clients, 5,000 tickets, 100,000 activities and 100,000 quotes of one tenant, every fourth activity about a ticket,
/// one a minute up to the end of January 2026.
async fn fill(database: &Database) {
    let tenant = alias::id("tenant.north");
    let (user, kind) = (alias::id("user.admin"), alias::id("type.call"));
    let sqlite = database.engine() == Engine::Sqlite;
    let date = if sqlite {
        "1769903999000000 - n * 60000000"
    } else {
        "timestamptz '2026-01-31 23:59:59Z' - n * interval '1 minute'"
    };
    let id = |kind: char, number: &str| {
        let number =
            if sqlite { format!("printf('%012x', {number})") } else { format!("lpad(to_hex({number}), 12, '0')") };
        let text = format!("'{kind}0000000-0000-4000-8000-' || {number}");
        if sqlite { text } else { format!("({text})::uuid") }
    };
    let (client, ticket) = (id('c', "1 + n % 200"), id('7', "1 + n / 4 % 5000"));
    let fills = [
        (200, format!("clients (tenant, client_id, client_name) SELECT '{tenant}', {}, 'Client ' || n", id('c', "n"))),
        (
            5_000,
            format!(
                "tickets (tenant, ticket_id, ticket_number, client_id) SELECT '{tenant}', {}, 'T-9' || n, {client}",
                id('7', "n")
            ),
        ),
        (
            100_000,
            format!(
                "interactions (tenant, interaction_id, type_id, user_id, client_id, ticket_id, title, interaction_date)
                 SELECT '{tenant}', {}, '{kind}', '{user}', {client}, CASE WHEN n % 4 = 0 THEN {ticket} END,
                 'Activity ' || n, {date}",
                id('a', "n")
            ),
        ),
    ];
    let quotes = format!(
        "quotes (tenant, quote_id, quote_number, client_id, title, status, quote_date, total_amount)
         SELECT '{tenant}', {}, 'Q-' || n, {client}, 'Quote ' || n,
         CASE n % 3 WHEN 0 THEN 'draft' WHEN 1 THEN 'sent' ELSE 'accepted' END, {date}, n * 100",
        id('b', "n")
    );
    for (count, fill) in fills.into_iter().chain([(100_000, quotes)]) {
        let numbers = format!("SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}");
        let statement = format!("WITH RECURSIVE numbers (n) AS ({numbers}) INSERT INTO {fill} FROM numbers");
        execute(database, statement).await;
    }
    if !sqlite {
        execute(database, "ANALYZE".to_owned()).await;
    }
}

async fn execute(database: &Database, statement: String) {
    let statement = sqlx::raw_sql(AssertSqlSafe(statement));
    match database {
        Database::Sqlite { writer, .. } => statement.execute(writer).await.map(|_| ()),
        Database::Postgres { pool, .. } => statement.execute(pool).await.map(|_| ()),
    }
    .unwrap();
}

/// Searches, and gives the statement that was sent.
async fn statement(runtime: &Runtime, search: &Search) -> String {
    statements::listen();
    statements::heard();
    let (tenant, caller) = (alias::id("tenant.north"), Caller::User(alias::id(search.user)));
    let call = Call::new(search.action, tenant, caller, search.input.clone());
    let answer = runtime.call(call).await.unwrap();
    assert!(answer.output["count"].as_u64() > Some(0));
    let from = format!("FROM \"{}\"", search.table());
    let mut heard: Vec<String> = statements::heard().into_iter().filter(|sent| sent.contains(&from)).collect();
    assert_eq!(heard.len(), 1, "{heard:?}");
    heard.remove(0)
}

/// The plan of a statement, one step a line.
async fn plan(database: &Database, statement: &str, search: &Search) -> Vec<String> {
    match database {
        Database::Sqlite { readers, .. } => {
            let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"))).fetch_all(readers).await;
            rows.unwrap().iter().map(|row| row.get::<String, _>("detail")).collect()
        }
        Database::Postgres { pool, .. } => {
            let mut connection = pool.acquire().await.unwrap();
            let tenant = alias::id("tenant.north").to_string();
            let values: Vec<String> =
                [tenant.as_str()].iter().chain(&search.values).map(|value| format!("'{value}'")).collect();
            let prepare = format!("PREPARE search AS {statement}");
            sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.unwrap();
            let mut plans = Vec::new();
            // A server may plan for the values at hand, or once for all values.
            for mode in ["force_generic_plan", "force_custom_plan"] {
                let set = format!("SET plan_cache_mode = {mode}");
                sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut *connection).await.unwrap();
                let explain = format!("EXPLAIN (COSTS OFF) EXECUTE search({})", values.join(", "));
                let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
                let lines: Vec<String> = rows.iter().map(|row| row.get::<String, _>(0)).collect();
                judge(Engine::Postgres, search.table(), &lines);
                plans.push(lines);
            }
            sqlx::raw_sql("DEALLOCATE search; RESET plan_cache_mode").execute(&mut *connection).await.unwrap();
            plans.swap_remove(1)
        }
    }
}

/// Rows are read through an index that narrows them by more than the tenant, or gives them in order.
fn judge(engine: Engine, table: &str, plan: &[String]) {
    let text = plan.join("\n");
    match engine {
        Engine::Sqlite => {
            let read =
                plan.iter().find(|line| line.contains(&format!(" {table} "))).expect("a step that reads the table");
            assert!(read.starts_with(&format!("SEARCH {table} USING INDEX")), "{text}");
            assert!(read.contains("tenant=? AND "), "{text}");
            assert!(!text.contains("USE TEMP B-TREE"), "{text}");
        }
        Engine::Postgres => {
            assert!(!text.contains(&format!("Seq Scan on {table}")), "{text}");
            let index =
                plan.iter().position(|line| line.contains("Index Scan") && line.contains(&format!("{table}_tenant")));
            let condition = index.and_then(|index| plan.get(index + 1)).expect("an index on the table").trim();
            assert!(condition.starts_with("Index Cond: ((tenant = "), "{text}");
            assert!(condition.contains(" AND "), "{text}");
        }
    }
}

/// A database with many rows.
async fn filled(engine: Engine) -> (Databases, Place) {
    let mut aliases = Aliases::default();
    let databases = Databases::prepare(engine, &Fixture::base(&mut aliases).unwrap()).await.unwrap();
    let place = databases.take().await.unwrap();
    fill(&place.database).await;
    let rule = json!({ "template_key": "selected_clients", "config": { "client_ids": [CLIENT] } });
    let bundle = json!({ "north": { "bundles": { "narrow": { "to": "user.finance", "rules": [rule] } } } });
    Fixture::parse(&bundle, &mut aliases).unwrap().load(&place.database).await.unwrap();
    (databases, place)
}

async fn plans((databases, place): (Databases, Place)) -> String {
    let engine = place.database.engine();
    let runtime = runtime(&place, &Recorder::default()).unwrap();
    let mut shown = String::new();
    for search in searches() {
        let statement = statement(&runtime, &search).await;
        let plan = plan(&place.database, &statement, &search).await;
        judge(engine, search.table(), &plan);
        let tenant = format!("'{}'::uuid", alias::id("tenant.north"));
        let plan = plan.join("\n").replace(&tenant, "$tenant");
        let _ = write!(shown, "\n### {}\n\n`{}`\n\n```text\n{plan}\n```\n", search.title, search.input);
    }
    databases.give_back(place).await.unwrap();
    databases.remove().await.unwrap();
    shown
}

/// All that is sent is listened to, by one at a time.
static LISTENING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test]
async fn no_statement_reads_all_rows() {
    let _alone = LISTENING.lock().await;
    every::none_reads_all().await;
}

#[tokio::test]
async fn searches_use_an_index_among_100_000_rows() {
    let _alone = LISTENING.lock().await;
    let mut page = "# Query plans\n\n\
        How `crm.find_activities` and `crm.find_quotes` read 100,000 activities and 100,000 quotes of one tenant: the statements\n\
        that the runtime sends, as each database plans them. No search reads the whole table; every one goes through an index\n\
        that begins with the tenant and narrows the rows or gives them in order. Small tables that are joined to the rows may be read whole. Written and checked by\n\
        `tests/tests/query_plans` (`UPDATE_DOCS=1` writes this page).\n"
        .to_owned();
    let (sqlite, postgres) = tokio::join!(filled(Engine::Sqlite), filled(Engine::Postgres));
    // One after the other, because it is listened to all that is sent.
    for (name, filled) in [("SQLite", sqlite), ("PostgreSQL", postgres)] {
        let _ = write!(page, "\n## {name}\n{}", plans(filled).await);
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/query-plans.md"), page).unwrap();
    }
}
