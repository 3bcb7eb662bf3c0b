//! The end of a call's transaction: the stored result, the audit row and the outbox, in one statement on PostgreSQL.

use sea_query::Value as Sql;
use serde_json::{Value, json};
use uuid::Uuid;

use super::session::values;
use crate::context::Scope;
use crate::database::Engine;
use crate::error::Result;
use crate::outbox::{Effect, Origin};
use crate::query::{ColumnType, ColumnValue};
use crate::value::Timestamp;

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

/// Writes everything that belongs to the call besides its own rows.
pub(crate) async fn finish(
    scope: &mut Scope,
    origin: &Origin,
    key: Option<&str>,
    output: &Value,
    audit: &AuditRow,
    effects: &[Effect],
    held_until: Timestamp,
) -> Result<()> {
    if scope.tx.engine() == Engine::Sqlite {
        if let Some(key) = key {
            store_output(scope, origin, key, output).await?;
        }
        insert_effects(scope, origin, effects, held_until).await?;
        return insert_audit(scope, audit).await;
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
        held_until.encode(ColumnType::Timestamp, engine),
        scope.now.encode(ColumnType::Timestamp, engine),
        rows(effects).encode(ColumnType::Json, engine),
        audit.user.clone().encode(ColumnType::Text, engine),
        Sql::String(Some(audit.operation.clone())),
        Sql::String(Some(audit.record.to_string())),
        audit.changed.clone().encode(ColumnType::Json, engine),
        audit.details.clone().encode(ColumnType::Json, engine),
    ]);
    scope.tx.execute_sql(POSTGRES_FINISH, parameters).await?;
    Ok(())
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

/// Writes effects into the outbox, held back from the relay until `held_until`.
pub(crate) async fn insert_effects(
    scope: &mut Scope,
    origin: &Origin,
    effects: &[Effect],
    held_until: Timestamp,
) -> Result<()> {
    if effects.is_empty() {
        return Ok(());
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
        held_until.encode(ColumnType::Timestamp, engine),
        scope.now.encode(ColumnType::Timestamp, engine),
        rows(effects).encode(ColumnType::Json, engine),
    ]);
    scope.tx.execute_sql(statement, parameters).await?;
    Ok(())
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
            "payload": effect.payload,
        })
    });
    rows.collect()
}

const POSTGRES_FINISH: &str = "WITH ledger AS (UPDATE actwright.idempotency_ledger SET output = $5 \
     WHERE tenant = $1 AND action_id = $2 AND action_version = $3 AND idempotency_key = $4), \
     effects AS (INSERT INTO actwright.outbox (tenant, outbox_id, kind, name, key, payload, action_id, \
     action_version, invocation_id, actor_id, available_at, created_at) \
     SELECT $1, e.outbox_id, e.kind, e.name, e.key, e.payload, $2, $3, $6, $7, $8, $9 \
     FROM jsonb_to_recordset($10) AS e(outbox_id uuid, kind text, name text, key text, payload jsonb)) \
     INSERT INTO audit_logs (audit_id, tenant, user_id, operation, table_name, record_id, changed_data, details, \
     timestamp) VALUES ($6, $1, $11, $12, 'workflow_runs', $13, $14, $15, $9)";
const SQLITE_STORE_OUTPUT: &str = "UPDATE actwright_idempotency_ledger SET output = ?5 \
     WHERE tenant = ?1 AND action_id = ?2 AND action_version = ?3 AND idempotency_key = ?4";
const SQLITE_EFFECTS: &str = "INSERT INTO actwright_outbox (tenant, outbox_id, kind, name, key, payload, action_id, \
     action_version, invocation_id, actor_id, available_at, created_at) \
     SELECT ?1, e.value ->> 'outbox_id', e.value ->> 'kind', e.value ->> 'name', e.value ->> 'key', \
     e.value -> 'payload', ?2, ?3, ?4, ?5, ?6, ?7 FROM json_each(?8) e";
const POSTGRES_EFFECTS: &str = "INSERT INTO actwright.outbox (tenant, outbox_id, kind, name, key, payload, action_id, \
     action_version, invocation_id, actor_id, available_at, created_at) \
     SELECT $1, e.outbox_id, e.kind, e.name, e.key, e.payload, $2, $3, $4, $5, $6, $7 \
     FROM jsonb_to_recordset($8) AS e(outbox_id uuid, kind text, name text, key text, payload jsonb)";
const SQLITE_AUDIT: &str = "INSERT INTO audit_logs (audit_id, tenant, user_id, operation, table_name, record_id, \
     changed_data, details, timestamp) VALUES (?1, ?2, ?3, ?4, 'workflow_runs', ?5, ?6, ?7, ?8)";
const POSTGRES_AUDIT: &str = "INSERT INTO audit_logs (audit_id, tenant, user_id, operation, table_name, record_id, \
     changed_data, details, timestamp) VALUES ($1, $2, $3, $4, 'workflow_runs', $5, $6, $7, $8)";
