//! The outbox table after the commit: what was delivered, what was not, what is due.

use sea_query::Value as Sql;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Effect, EffectKind, Origin};
use crate::call::{amended_audit, session::values};
use crate::context::Scope;
use crate::database::{Database, Engine};
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue};
use crate::registry::Pack;
use crate::spec::ActionSpec;
use crate::value::Timestamp;

/// After so many failed attempts nobody tries again.
const MOST_ATTEMPTS: i64 = 12;

/// Marks an effect delivered inside a transaction.
pub(super) async fn mark_delivered(scope: &mut Scope, id: Uuid) -> Result<()> {
    let engine = scope.tx.engine();
    let parameters = values([
        scope.tenant.encode(ColumnType::Uuid, engine),
        id.encode(ColumnType::Uuid, engine),
        Timestamp::now().encode(ColumnType::Timestamp, engine),
    ]);
    scope.tx.execute_sql(by_engine(engine, SQLITE_DELIVERED, POSTGRES_DELIVERED), parameters).await?;
    Ok(())
}

/// Marks an effect delivered, by itself.
pub(super) async fn settle(database: &Database, tenant: Uuid, id: Uuid) -> Result<()> {
    let engine = database.engine();
    let parameters = values([
        tenant.encode(ColumnType::Uuid, engine),
        id.encode(ColumnType::Uuid, engine),
        Timestamp::now().encode(ColumnType::Timestamp, engine),
    ]);
    database.execute_sql(by_engine(engine, SQLITE_DELIVERED, POSTGRES_DELIVERED), parameters).await
}

/// Notes a failed attempt, and when the next one is due: twice as long each time, an hour at most.
pub(super) async fn postpone(database: &Database, tenant: Uuid, id: Uuid, attempts: i64, error: &Error) -> Result<()> {
    let engine = database.engine();
    let wait = 2_i64.saturating_pow(u32::try_from(attempts).unwrap_or(u32::MAX)).min(3600);
    let status = if attempts + 1 >= MOST_ATTEMPTS { "dead" } else { "pending" };
    let parameters = values([
        tenant.encode(ColumnType::Uuid, engine),
        id.encode(ColumnType::Uuid, engine),
        Timestamp::now().plus_seconds(wait).encode(ColumnType::Timestamp, engine),
        Sql::String(Some(error.to_string())),
        Sql::String(Some(status.to_owned())),
    ]);
    database.execute_sql(by_engine(engine, SQLITE_POSTPONE, POSTGRES_POSTPONE), parameters).await
}

/// An effect that is due, with the call that it comes from.
pub(super) struct Due {
    pub(super) origin: Origin,
    pub(super) effect: Effect,
    pub(super) attempts: i64,
}

/// Takes effects that are due, and holds them back from others for `hold` seconds.
pub(super) async fn take_due(database: &Database, pack: &Pack, limit: i64, hold: i64) -> Result<Vec<Due>> {
    let mut tx = database.begin_write().await?;
    let engine = tx.engine();
    let now = Timestamp::now();
    let parameters = values([
        now.encode(ColumnType::Timestamp, engine),
        now.plus_seconds(hold).encode(ColumnType::Timestamp, engine),
        limit.encode(ColumnType::Bigint, engine),
    ]);
    let rows = tx.query_sql(by_engine(engine, SQLITE_TAKE, POSTGRES_TAKE), parameters).await?;
    let mut due = Vec::with_capacity(rows.len());
    for row in rows {
        let kind = row.get::<String>(2, ColumnType::Text)?;
        let version = row.get::<i64>(7, ColumnType::Integer)?;
        // Of an action that this build does not have: left for one that has it.
        let Ok(entry) = pack.action(&row.get::<String>(6, ColumnType::Text)?, u32::try_from(version).ok()) else {
            continue;
        };
        due.push(Due {
            origin: Origin {
                tenant: row.get(0, ColumnType::Uuid)?,
                actor: row.get(9, ColumnType::Uuid)?,
                action: entry.spec().id,
                version: entry.spec().version,
                invocation: row.get(8, ColumnType::Uuid)?,
            },
            effect: Effect {
                id: row.get(1, ColumnType::Uuid)?,
                kind: EffectKind::parse(&kind).ok_or_else(|| Error::internal("The outbox holds an unknown kind."))?,
                name: row.get(3, ColumnType::Text)?,
                key: row.get(4, ColumnType::Text)?,
                payload: row.get(5, ColumnType::Json)?,
            },
            attempts: row.get(10, ColumnType::Integer)?,
        });
    }
    tx.commit().await?;
    due.sort_by_key(|due| due.effect.id);
    Ok(due)
}

/// Replaces fields of a call's stored output, and what its audit row says about them.
pub(super) async fn amend(
    scope: &mut Scope,
    spec: &ActionSpec,
    origin: &Origin,
    amendments: &Map<String, Value>,
) -> Result<()> {
    let engine = scope.tx.engine();
    let tenant = scope.tenant.encode(ColumnType::Uuid, engine);
    let invocation = origin.invocation.encode(ColumnType::Uuid, engine);
    let (select_output, update_output, select_audit, update_audit) = match engine {
        Engine::Sqlite => (SQLITE_OUTPUT, SQLITE_SET_OUTPUT, SQLITE_AUDIT, SQLITE_SET_AUDIT),
        Engine::Postgres => (POSTGRES_OUTPUT, POSTGRES_SET_OUTPUT, POSTGRES_AUDIT, POSTGRES_SET_AUDIT),
    };
    // A call without an idempotency key has no stored output.
    let rows = scope.tx.query_sql(select_output, values([tenant.clone(), invocation.clone()])).await?;
    if let Some(row) = rows.first()
        && let Value::Object(mut output) = row.get::<Value>(0, ColumnType::Json)?
    {
        output.extend(amendments.clone());
        let output = Value::Object(output).encode(ColumnType::Json, engine);
        scope.tx.execute_sql(update_output, values([tenant.clone(), invocation.clone(), output])).await?;
    }
    let rows = scope.tx.query_sql(select_audit, values([tenant.clone(), invocation.clone()])).await?;
    if let Some(row) = rows.first()
        && let Value::Object(mut changed) = row.get::<Value>(0, ColumnType::Json)?
    {
        for (field, value) in amendments {
            amended_audit(spec, field, value, &mut changed);
        }
        let changed = Value::Object(changed).encode(ColumnType::Json, engine);
        scope.tx.execute_sql(update_audit, values([tenant, invocation, changed])).await?;
    }
    Ok(())
}

fn by_engine(engine: Engine, sqlite: &'static str, postgres: &'static str) -> &'static str {
    match engine {
        Engine::Sqlite => sqlite,
        Engine::Postgres => postgres,
    }
}

const SQLITE_DELIVERED: &str = "UPDATE actwright_outbox SET status = 'delivered', delivered_at = ?3, \
     attempts = attempts + 1, last_error = NULL WHERE tenant = ?1 AND outbox_id = ?2";
const POSTGRES_DELIVERED: &str = "UPDATE actwright.outbox SET status = 'delivered', delivered_at = $3, \
     attempts = attempts + 1, last_error = NULL WHERE tenant = $1 AND outbox_id = $2";
const SQLITE_POSTPONE: &str = "UPDATE actwright_outbox SET attempts = attempts + 1, available_at = ?3, \
     last_error = ?4, status = ?5 WHERE tenant = ?1 AND outbox_id = ?2 AND status = 'pending'";
const POSTGRES_POSTPONE: &str = "UPDATE actwright.outbox SET attempts = attempts + 1, available_at = $3, \
     last_error = $4, status = $5 WHERE tenant = $1 AND outbox_id = $2 AND status = 'pending'";
const SQLITE_TAKE: &str = "UPDATE actwright_outbox SET available_at = ?2 WHERE (tenant, outbox_id) IN \
     (SELECT tenant, outbox_id FROM actwright_outbox WHERE status = 'pending' AND available_at <= ?1 \
     ORDER BY available_at LIMIT ?3) RETURNING tenant, outbox_id, kind, name, key, payload, action_id, \
     action_version, invocation_id, actor_id, attempts";
const POSTGRES_TAKE: &str = "UPDATE actwright.outbox SET available_at = $2 WHERE (tenant, outbox_id) IN \
     (SELECT tenant, outbox_id FROM actwright.outbox WHERE status = 'pending' AND available_at <= $1 \
     ORDER BY available_at LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING tenant, outbox_id, kind, name, key, payload, \
     action_id, action_version, invocation_id, actor_id, attempts";
const SQLITE_OUTPUT: &str = "SELECT output FROM actwright_idempotency_ledger WHERE tenant = ?1 AND invocation_id = ?2";
const POSTGRES_OUTPUT: &str =
    "SELECT output FROM actwright.idempotency_ledger WHERE tenant = $1 AND invocation_id = $2 FOR UPDATE";
const SQLITE_SET_OUTPUT: &str =
    "UPDATE actwright_idempotency_ledger SET output = ?3 WHERE tenant = ?1 AND invocation_id = ?2";
const POSTGRES_SET_OUTPUT: &str =
    "UPDATE actwright.idempotency_ledger SET output = $3 WHERE tenant = $1 AND invocation_id = $2";
const SQLITE_AUDIT: &str = "SELECT changed_data FROM audit_logs WHERE tenant = ?1 AND audit_id = ?2";
const POSTGRES_AUDIT: &str = "SELECT changed_data FROM audit_logs WHERE tenant = $1 AND audit_id = $2 FOR UPDATE";
const SQLITE_SET_AUDIT: &str = "UPDATE audit_logs SET changed_data = ?3 WHERE tenant = ?1 AND audit_id = ?2";
const POSTGRES_SET_AUDIT: &str = "UPDATE audit_logs SET changed_data = $3 WHERE tenant = $1 AND audit_id = $2";
