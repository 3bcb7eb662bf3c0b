//! The statements that the runtime sends about our own tables, without the tenant in them.
//!
//! They are caught on their way to the database while calls, the relay and an operator do their work. Each is then run about the
//! rows of another tenant: the administrator reaches them, which shows that the first wall is off, and the application does not.

use std::collections::BTreeSet;
use std::sync::Arc;

use actwright_runtime::outbox::{CloudEvent, DeliveryError, EventSink, OutboxFilter, OutboxStatus};
use actwright_runtime::registry::BoxFuture;
use actwright_runtime::{Call, Caller, Options, Runtime, Uuid};
use actwright_tests::conformance::alias::id;
use actwright_tests::conformance::databases::Place;
use actwright_tests::statements;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Either, Executor, PgConnection, SqlSafeStr, Statement as _, TypeInfo};

use super::{OF_NORTH, attempt, connect, two_tenants};

/// Statements about our own tables. Which tenants there are is nobody's secret from the kernel. The log is the host's and has no wall; another
/// test beside this one may seal it.
fn about_our_tables(statements: Vec<String>) -> BTreeSet<String> {
    let ours = statements.into_iter().filter(|sent| {
        sent.contains("actwright.")
            && sent.contains("$1")
            && !sent.contains("actwright.migrations")
            && !sent.contains("FROM tenants")
            && !sent.contains("FROM audit_logs a")
    });
    ours.map(|sent| sent.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// Takes the first event and refuses the others, so that there is something of every kind to do.
#[derive(Debug)]
struct Moody(&'static str);

impl EventSink for Moody {
    fn name(&self) -> &str {
        self.0
    }

    fn publish<'a>(&'a self, _: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        let refused = self.0 == "refuses";
        Box::pin(async move { if refused { Err(DeliveryError::permanent("no")) } else { Ok(()) } })
    }
}

/// Everything that the runtime does with our tables on behalf of a tenant.
async fn work(place: &Place) {
    let honest = actwright_tests::conformance::run::runtime(place, &Default::default()).unwrap();
    let events: Vec<Arc<dyn EventSink>> = vec![Arc::new(Moody("takes")), Arc::new(Moody("refuses"))];
    let options = Options { events, ..honest.options().clone() };
    let runtime = Runtime::new(place.application.clone(), actwright_actions::pack(), options);
    let (tenant, caller) = (id("tenant.north"), Caller::User(id("user.admin")));
    let schedule = || {
        let input = json!({ "client_id": id("client.contoso"), "type_id": id("type.call"), "title": "Again",
            "start_time": "2026-03-01T09:00:00Z", "idempotency_key": "twice" });
        Call::new("crm.schedule_activity", tenant, caller, input)
    };
    let first = runtime.call(schedule()).await.unwrap();
    assert!(runtime.call(schedule()).await.unwrap().meta.deduplicated.is_some());
    let send = json!({ "quote_id": id("quote.draft"), "email_addresses": ["dana@contoso.example"] });
    let send = Call { idempotency_key: Some("send".to_owned()), ..Call::new("crm.send_quote", tenant, caller, send) };
    runtime.call(send).await.unwrap();
    runtime.relay().await.unwrap();
    runtime.effects_of(tenant, first.meta.invocation_id).await.unwrap();
    let dead = OutboxFilter { tenant: Some(tenant), status: Some(OutboxStatus::Dead), after: None, limit: 10 };
    let dead = runtime.outbox(dead).await.unwrap();
    let actor = Some(id("user.admin"));
    runtime.retry_dead_letter(Some(tenant), dead[0].outbox_id, actor).await.unwrap();
    runtime.relay().await.unwrap();
    runtime.discard_dead_letter(Some(tenant), dead[0].outbox_id, actor, "for a test").await.unwrap();
}

/// A statement with `tenant = $1` made true, values of `row` in place of what is compared with its columns, and values of the
/// right type in place of the rest. `None` where the types cannot be told.
async fn about(connection: &mut PgConnection, statement: &str, row: &Value, rival: Uuid) -> Option<String> {
    let mut text = statement.to_owned();
    let prepared = match connection.prepare(AssertSqlSafe(text.clone()).into_sql_str()).await {
        Ok(prepared) => prepared,
        // The driver tells the type of a value that stands alone.
        Err(_) => {
            for (value, ty) in [("$4", "timestamptz"), ("$6", "uuid"), ("$9", "uuid")] {
                text = text.replace(&format!("THEN {value} END"), &format!("THEN {value}::{ty} END"));
            }
            connection.prepare(AssertSqlSafe(text.clone()).into_sql_str()).await.ok()?
        }
    };
    let types: Vec<String> = match prepared.parameters() {
        Some(Either::Left(types)) => types.iter().map(|ty| ty.name().to_lowercase()).collect(),
        _ => Vec::new(),
    };
    while let Some(end) = text.find("tenant = $1") {
        let start = text[..end].rfind(|c: char| !c.is_alphanumeric() && c != '.').map_or(0, |at| at + 1);
        text.replace_range(start..end + "tenant = $1".len(), "TRUE");
    }
    for (number, ty) in types.iter().enumerate().map(|(index, ty)| (index + 1, ty)).rev() {
        let place = format!("${number}");
        let compared = text.split(&place).next().and_then(|before| before.trim_end().strip_suffix('='));
        let column = compared.and_then(|before| before.trim_end().rsplit([' ', '.', '(']).next()).unwrap_or_default();
        let value = row.get(column).filter(|value| !value.is_null()).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        if text.contains(&format!("{place}::{ty} IS NULL")) {
            text = text.replace(&place, "NULL");
            continue;
        }
        let value = value.unwrap_or_else(|| match ty.as_str() {
            "uuid" if number == 1 => rival.to_string(),
            "uuid" => row["outbox_id"].as_str().map_or_else(|| Uuid::nil().to_string(), str::to_owned),
            "uuid[]" | "text[]" => format!("{{{}}}", row["outbox_id"].as_str().unwrap_or_default()),
            "jsonb" => {
                json!([{ "outbox_id": Uuid::from_u128(1), "kind": "event", "name": "x", "key": "x", "payload": {} }])
                    .to_string()
            }
            "bool" => "false".to_owned(),
            "timestamptz" => "2026-01-01T00:00:00Z".to_owned(),
            "text" | "varchar" => "x".to_owned(),
            _ => "1".to_owned(),
        });
        text = text.replace(&place, &format!("'{}'::{ty}", value.replace('\'', "''")));
    }
    Some(text)
}

/// Rows that a statement reads or changes.
async fn reached(connection: &mut PgConnection, begin: &str, statement: &str) -> Result<usize, String> {
    let returning =
        if statement.contains("RETURNING") || statement.starts_with("SELECT") || statement.starts_with("WITH") {
            statement.to_owned()
        } else {
            format!("{statement} RETURNING 1")
        };
    attempt(connection, begin, &returning).await.map(|rows| rows.len())
}

#[tokio::test]
async fn the_statements_of_the_runtime_stay_behind_the_wall() {
    statements::listen();
    let (databases, place) = two_tenants().await;
    statements::heard();
    work(&place).await;
    let heard = about_our_tables(statements::heard());

    let (mut admin, mut application) = (connect(place.url()).await, connect(&place.application_url()).await);
    let rival = id("tenant.rival");
    let tables = super::tables(&mut admin).await;
    // The other tenant's row in a state in which each statement would find it.
    let mut due = format!(
        "UPDATE actwright.outbox SET status = 'pending', leased_by = outbox_id, available_at = '2020-01-01', subject = NULL
         WHERE tenant = '{rival}';"
    );
    for table in &tables {
        due += &format!("DELETE FROM actwright.{table} WHERE tenant <> '{rival}';");
    }
    sqlx::raw_sql(AssertSqlSafe(due)).execute(&mut admin).await.unwrap();
    // The audit log takes its tenant from the transaction.
    let of_rival = format!("SELECT set_config('app.current_tenant', '{rival}', true)");
    let mut proven = Vec::new();
    let mut failures = Vec::new();
    for statement in &heard {
        let Some(table) = tables.iter().find(|table| statement.contains(&format!("actwright.{table}"))) else {
            continue;
        };
        let dead = statement.contains("status = 'dead'") && !statement.contains("status = CASE");
        let state = if dead { "dead" } else { "pending" };
        let state = format!("UPDATE actwright.outbox SET status = '{state}' WHERE tenant = '{rival}'");
        sqlx::raw_sql(AssertSqlSafe(state)).execute(&mut admin).await.unwrap();
        let row = format!("SELECT to_jsonb(t) FROM actwright.{table} t WHERE tenant = '{rival}' LIMIT 1");
        let row = attempt(&mut admin, "SELECT 1", &row).await.unwrap().remove(0);
        let Some(stripped) = about(&mut admin, statement, &row, rival).await else { continue };
        let with_power = reached(&mut admin, &of_rival, &stripped).await;
        let behind = reached(&mut application, OF_NORTH, &stripped).await;
        match behind {
            Ok(0) => {}
            Err(code) if code == super::REFUSED => {}
            other => failures.push(format!("{other:?}: {stripped}")),
        }
        match with_power {
            Ok(rows) if rows > 0 => proven.push(statement),
            _ => {}
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(proven.len() >= 12, "only {proven:#?} of {heard:#?}");
    admin.close().await.unwrap();
    application.close().await.unwrap();
    databases.give_back(place).await.unwrap();
    databases.remove().await.unwrap();
}
