//! The end of a call's transaction: the stored result, the audit row and the outbox, in one statement on PostgreSQL.

use std::time::Duration;

use sea_query::Value as Sql;
use serde_json::{Value, json};
use uuid::Uuid;

use super::session::values;
use crate::context::Scope;
use crate::database::Engine;
use crate::error::Result;
use crate::outbox::{Effect, Origin, until};
use crate::query::{ColumnType, ColumnValue};

/// A row of `audit_logs`.
#[derive(Debug, Clone)]
pub(crate) struct AuditRow {
    /// The invocation's id, so that the row can be found from the ledger and the outbox.
    pub(crate) id: Uuid,
    pub(crate) user: Option<String>,
    pub(crate) operation: String,
    pub(crate) record: Uuid,
    pub(crate) changed: Value,
    pub(crate) details: Value,
}

/// Writes everything that belongs to the call besides its own rows. The call itself holds its effects for the time of the
/// lease, but for those whose ids this gives: others of their subject have to be delivered first.
pub(crate) async fn finish(
    scope: &mut Scope,
    origin: &Origin,
    key: Option<&str>,
    output: &Value,
    audit: &AuditRow,
    effects: &[Effect],
    lease: Duration,
) -> Result<Vec<Uuid>> {
    if scope.tx.engine() == Engine::Sqlite {
        if let Some(key) = key {
            store_output(scope, origin, key, output).await?;
        }
        let waiting = insert_effects(scope, origin, Some(origin.invocation), effects, lease).await?;
        insert_audit(scope, audit).await?;
        return Ok(waiting);
    }
    let engine = Engine::Postgres;
    let parameters = values([
        scope.tenant.encode(ColumnType::Uuid, engine),
        Sql::String(Some(origin.action.to_owned())),
        i64::from(origin.version).encode(ColumnType::Integer, engine),
        key.map(str::to_owned).encode(ColumnType::Text, engine),
        output.clone().encode(ColumnType::Json, engine),
        origin.invocation.encode(ColumnType::Uuid, engine),
        origin.actor.encode(ColumnType::Uuid, engine),
        until(lease, engine),
        scope.now.encode(ColumnType::Timestamp, engine),
        rows(effects).encode(ColumnType::Json, engine),
        audit.user.clone().encode(ColumnType::Text, engine),
        Sql::String(Some(audit.operation.clone())),
        Sql::String(Some(audit.record.to_string())),
        audit.changed.clone().encode(ColumnType::Json, engine),
        audit.details.clone().encode(ColumnType::Json, engine),
    ]);
    let waiting = scope.tx.query_sql(POSTGRES_FINISH, parameters).await?;
    waiting.iter().map(|row| row.get(0, ColumnType::Uuid)).collect()
}

async fn store_output(scope: &mut Scope, origin: &Origin, key: &str, output: &Value) -> Result<()> {
    let engine = Engine::Sqlite;
    let parameters = values([
        scope.tenant.encode(ColumnType::Uuid, engine),
        Sql::String(Some(origin.action.to_owned())),
        i64::from(origin.version).encode(ColumnType::Integer, engine),
        Sql::String(Some(key.to_owned())),
        output.clone().encode(ColumnType::Json, engine),
    ]);
    scope.tx.execute_sql(SQLITE_STORE_OUTPUT, parameters).await?;
    Ok(())
}

/// Writes effects into the outbox. The holder has them for the time of the lease, but for those whose ids this gives: others of
/// their subject have to be delivered first. Without a holder they are due when the lease is over.
pub(crate) async fn insert_effects(
    scope: &mut Scope,
    origin: &Origin,
    holder: Option<Uuid>,
    effects: &[Effect],
    lease: Duration,
) -> Result<Vec<Uuid>> {
    if effects.is_empty() {
        return Ok(Vec::new());
    }
    let engine = scope.tx.engine();
    let statement = match engine {
        Engine::Sqlite => SQLITE_EFFECTS,
        Engine::Postgres => POSTGRES_EFFECTS,
    };
    let parameters = values([
        scope.tenant.encode(ColumnType::Uuid, engine),
        Sql::String(Some(origin.action.to_owned())),
        i64::from(origin.version).encode(ColumnType::Integer, engine),
        origin.invocation.encode(ColumnType::Uuid, engine),
        origin.actor.encode(ColumnType::Uuid, engine),
        until(lease, engine),
        origin.at.encode(ColumnType::Timestamp, engine),
        rows(effects).encode(ColumnType::Json, engine),
        holder.encode(ColumnType::Uuid, engine),
    ]);
    let inserted = scope.tx.query_sql(statement, parameters).await?;
    let mut waiting = Vec::new();
    for row in &inserted {
        if holder.is_some() && row.get::<Option<Uuid>>(1, ColumnType::Uuid)?.is_none() {
            waiting.push(row.get(0, ColumnType::Uuid)?);
        }
    }
    Ok(waiting)
}

/// Writes one audit row.
pub(crate) async fn insert_audit(scope: &mut Scope, audit: &AuditRow) -> Result<()> {
    let engine = scope.tx.engine();
    let statement = match engine {
        Engine::Sqlite => SQLITE_AUDIT,
        Engine::Postgres => POSTGRES_AUDIT,
    };
    let parameters = values([
        audit.id.encode(ColumnType::Uuid, engine),
        scope.tenant.encode(ColumnType::Uuid, engine),
        audit.user.clone().encode(ColumnType::Text, engine),
        Sql::String(Some(audit.operation.clone())),
        Sql::String(Some(audit.record.to_string())),
        audit.changed.clone().encode(ColumnType::Json, engine),
        audit.details.clone().encode(ColumnType::Json, engine),
        scope.now.encode(ColumnType::Timestamp, engine),
    ]);
    scope.tx.execute_sql(statement, parameters).await?;
    Ok(())
}

/// Effects as rows of one JSON parameter, so that the statement is the same for any number of them.
fn rows(effects: &[Effect]) -> Value {
    let rows = effects.iter().map(|effect| {
        json!({
            "outbox_id": effect.id,
            "kind": effect.kind.as_str(),
            "name": effect.name,
            "key": effect.key,
            "subject": effect.subject,
            "sink": effect.sink,
            "payload": effect.payload,
        })
    });
    rows.collect()
}

/// Rows of JSON as effects, and the last place in the order of the same subject and sink that is taken by one that waits already.
macro_rules! postgres_effects {
    ($rows:literal) => {
        concat!(
            "FROM jsonb_to_recordset(",
            $rows,
            ") AS e(outbox_id uuid, kind text, name text, key text, subject text, sink text, payload jsonb) \
             CROSS JOIN LATERAL (SELECT max(o.position) AS place FROM actwright.outbox o WHERE e.subject IS NOT NULL \
             AND o.tenant = $1 AND o.sink = e.sink AND o.subject = e.subject AND o.status = 'pending') last"
        )
    };
}

const POSTGRES_FINISH: &str = concat!(
    "WITH ledger AS (UPDATE actwright.idempotency_ledger SET output = $5 \
     WHERE tenant = $1 AND action_id = $2 AND action_version = $3 AND idempotency_key = $4), \
     effects AS (INSERT INTO actwright.outbox (tenant, outbox_id, kind, name, key, subject, sink, position, payload, \
     action_id, action_version, invocation_id, actor_id, leased_by, available_at, created_at) \
     SELECT $1, e.outbox_id, e.kind, e.name, e.key, e.subject, e.sink, COALESCE(last.place + 1, 0), e.payload, $2, $3, $6, \
     $7, CASE WHEN last.place IS NULL THEN $6 END, CASE WHEN last.place IS NULL \
     THEN clock_timestamp() + make_interval(secs => $8) ELSE clock_timestamp() END, $9 ",
    postgres_effects!("$10"),
    " RETURNING outbox_id, leased_by), \
     audit AS (INSERT INTO audit_logs (audit_id, tenant, user_id, operation, table_name, record_id, changed_data, \
     details, timestamp) VALUES ($6, $1, $11, $12, 'workflow_runs', $13, $14, $15, $9)) \
     SELECT outbox_id FROM effects WHERE leased_by IS NULL"
);
const SQLITE_STORE_OUTPUT: &str = "UPDATE actwright_idempotency_ledger SET output = ?5 \
     WHERE tenant = ?1 AND action_id = ?2 AND action_version = ?3 AND idempotency_key = ?4";
const SQLITE_EFFECTS: &str = "INSERT INTO actwright_outbox (tenant, outbox_id, kind, name, key, subject, sink, position, \
     payload, action_id, action_version, invocation_id, actor_id, leased_by, available_at, created_at) \
     SELECT ?1, outbox_id, kind, name, key, subject, sink, COALESCE(place + 1, 0), payload, ?2, ?3, ?4, ?5, \
     iif(place IS NULL, ?9, NULL), iif(place IS NULL, ?6, ?7), ?7 \
     FROM (SELECT e.value ->> 'outbox_id' AS outbox_id, e.value ->> 'kind' AS kind, e.value ->> 'name' AS name, \
     e.value ->> 'key' AS key, e.value ->> 'subject' AS subject, e.value ->> 'sink' AS sink, \
     e.value -> 'payload' AS payload, (SELECT max(o.position) FROM actwright_outbox o WHERE o.tenant = ?1 \
     AND o.sink = e.value ->> 'sink' AND o.subject = e.value ->> 'subject' AND o.status = 'pending') AS place \
     FROM json_each(?8) e) RETURNING outbox_id, leased_by";
const POSTGRES_EFFECTS: &str = concat!(
    "INSERT INTO actwright.outbox (tenant, outbox_id, kind, name, key, subject, sink, position, payload, action_id, \
     action_version, invocation_id, actor_id, leased_by, available_at, created_at) \
     SELECT $1, e.outbox_id, e.kind, e.name, e.key, e.subject, e.sink, COALESCE(last.place + 1, 0), e.payload, $2, $3, $4, \
     $5, CASE WHEN last.place IS NULL THEN $9 END, CASE WHEN last.place IS NULL \
     THEN clock_timestamp() + make_interval(secs => $6) ELSE clock_timestamp() END, $7 ",
    postgres_effects!("$8"),
    " RETURNING outbox_id, leased_by"
);
const SQLITE_AUDIT: &str = "INSERT INTO audit_logs (audit_id, tenant, user_id, operation, table_name, record_id, \
     changed_data, details, timestamp) VALUES (?1, ?2, ?3, ?4, 'workflow_runs', ?5, ?6, ?7, ?8)";
const POSTGRES_AUDIT: &str = "INSERT INTO audit_logs (audit_id, tenant, user_id, operation, table_name, record_id, \
     changed_data, details, timestamp) VALUES ($1, $2, $3, $4, 'workflow_runs', $5, $6, $7, $8)";
