//! The outbox table after the commit: what was delivered, and what was not. What is due is taken in [`super::due`].
//!
//! On PostgreSQL leases are measured by the server's clock, so that those of the machines may differ.

use std::time::Duration;

use sea_query::Value as Sql;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{DeliveryError, DeliveryPolicy, Effect, Origin, Retry};
use crate::audit::amendments;
use crate::call::{amended_audit, insert_effects, session::values};
use crate::context::Scope;
use crate::database::{Database, Engine};
use crate::decode::withhold;
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue};
use crate::spec::{ActionSpec, Effects};
use crate::value::Timestamp;

/// Marks an effect delivered inside the transaction of the job that it is. Fails when somebody else has it by now, who then
/// does the job.
pub(super) async fn mark_delivered(scope: &mut Scope, id: Uuid, holder: Uuid) -> Result<()> {
    let engine = scope.tx.engine();
    let parameters = own(scope.tenant, id, holder, engine);
    match scope.tx.execute_sql(by_engine(engine, SQLITE_DELIVERED, POSTGRES_DELIVERED), values(parameters)).await? {
        0 => Err(Error::conflict("The work was done already, or took too long and is done by somebody else.")),
        _ => Ok(()),
    }
}

/// Marks an effect delivered, by itself. False when somebody else has it by now.
pub(super) async fn settle(database: &Database, tenant: Uuid, id: Uuid, holder: Uuid) -> Result<bool> {
    let engine = database.engine();
    let parameters = values(own(tenant, id, holder, engine));
    let statement = by_engine(engine, SQLITE_DELIVERED, POSTGRES_DELIVERED);
    Ok(database.execute_for(tenant, statement, parameters).await? > 0)
}

/// Marks a mail delivered, and leaves what follows it as a job.
pub(super) async fn replace(database: &Database, origin: &Origin, id: Uuid, holder: Uuid, job: Effect) -> Result<()> {
    let mut scope = crate::call::session::resume(database, &[], Effects::Write, origin.tenant, origin.actor).await?;
    mark_delivered(&mut scope, id, holder).await?;
    insert_effects(&mut scope, origin, None, &[job], Duration::ZERO).await?;
    scope.tx.commit().await
}

/// Notes a failed attempt, `before` of which failed already, and when the next one is due or that there is none. False when
/// somebody else has the effect by now.
pub(super) async fn fail(
    database: &Database,
    policy: &DeliveryPolicy,
    tenant: Uuid,
    id: Uuid,
    holder: Uuid,
    before: u32,
    error: &DeliveryError,
) -> Result<bool> {
    let engine = database.engine();
    let jitter = rand::random();
    let pause = match error.retry {
        _ if before + 1 >= policy.attempts => None,
        Retry::Never => None,
        Retry::Backoff => Some(policy.pause(before, jitter)),
        Retry::After(asked) => Some(policy.pause_asked_for(asked, before, jitter)),
    };
    let dead = pause.is_none();
    if dead {
        tracing::error!(outbox_id = %id, %tenant, %error, "given up: look at it with `actwright outbox show`");
    }
    let [tenant_value, id, holder, now] = own(tenant, id, holder, engine);
    let parameters = values([
        tenant_value,
        id,
        holder,
        now,
        until(pause.unwrap_or_default(), engine),
        Sql::String(Some(shortened(&error.message))),
        dead.encode(ColumnType::Boolean, engine),
    ]);
    Ok(database.execute_for(tenant, by_engine(engine, SQLITE_FAILED, POSTGRES_FAILED), parameters).await? > 0)
}

/// Leaves an effect to whoever comes next.
pub(super) async fn release(database: &Database, tenant: Uuid, id: Uuid, holder: Uuid) -> Result<()> {
    let engine = database.engine();
    let parameters = values(own(tenant, id, holder, engine));
    database.execute_for(tenant, by_engine(engine, SQLITE_RELEASE, POSTGRES_RELEASE), parameters).await?;
    Ok(())
}

/// Prolongs leases, and gives the ids of those that are still the holder's.
pub(super) async fn renew(
    database: &Database,
    tenant: Uuid,
    holder: Uuid,
    ids: Vec<Uuid>,
    lease: Duration,
) -> Result<Vec<Uuid>> {
    let mut tx = database.begin_write_for(tenant).await?;
    let engine = tx.engine();
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let parameters = values([
        tenant.encode(ColumnType::Uuid, engine),
        holder.encode(ColumnType::Uuid, engine),
        ids.encode(ColumnType::TextArray, engine),
        until(lease, engine),
    ]);
    let rows = tx.query_sql(by_engine(engine, SQLITE_RENEW, POSTGRES_RENEW), parameters).await?;
    tx.commit().await?;
    rows.iter().map(|row| row.get(0, ColumnType::Uuid)).collect()
}

/// Replaces fields of a call's stored output, and what its audit row says about them. What the row said before is kept beside it.
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
        let mut output = Value::Object(output);
        withhold(spec.output_schema, &mut output);
        let output = output.encode(ColumnType::Json, engine);
        scope.tx.execute_sql(update_output, values([tenant.clone(), invocation.clone(), output])).await?;
    }
    let rows = scope.tx.query_sql(select_audit, values([tenant.clone(), invocation.clone()])).await?;
    if let Some(row) = rows.first()
        && let Value::Object(before) = row.get::<Value>(0, ColumnType::Json)?
    {
        let mut changed = before.clone();
        for (field, value) in amendments {
            amended_audit(spec, field, value, &mut changed);
        }
        if changed != before {
            amendments::append(scope, origin.invocation, &before, &changed).await?;
            let changed = Value::Object(changed).encode(ColumnType::Json, engine);
            scope.tx.execute_sql(update_audit, values([tenant, invocation, changed])).await?;
        }
    }
    Ok(())
}

/// Tenant, id, holder, and the time: what every note about one effect begins with.
fn own(tenant: Uuid, id: Uuid, holder: Uuid, engine: Engine) -> [Sql; 4] {
    [
        tenant.encode(ColumnType::Uuid, engine),
        id.encode(ColumnType::Uuid, engine),
        holder.encode(ColumnType::Uuid, engine),
        Timestamp::now().encode(ColumnType::Timestamp, engine),
    ]
}

/// A time from now on, as statements take it: seconds, to be added by the server, or the time itself.
pub(crate) fn until(pause: Duration, engine: Engine) -> Sql {
    match engine {
        Engine::Postgres => Sql::Double(Some(pause.as_secs_f64())),
        Engine::Sqlite => Timestamp::now().plus(pause).encode(ColumnType::Timestamp, engine),
    }
}

/// What an effect remembers of an error.
fn shortened(message: &str) -> String {
    const MOST: usize = 1000;
    match message.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

pub(super) fn by_engine(engine: Engine, sqlite: &'static str, postgres: &'static str) -> &'static str {
    match engine {
        Engine::Sqlite => sqlite,
        Engine::Postgres => postgres,
    }
}

const SQLITE_DELIVERED: &str = "UPDATE actwright_outbox SET status = 'delivered', settled_at = ?4, \
     attempts = attempts + 1, last_error = NULL, leased_by = NULL \
     WHERE tenant = ?1 AND outbox_id = ?2 AND leased_by = ?3 AND status = 'pending'";
const POSTGRES_DELIVERED: &str = "UPDATE actwright.outbox SET status = 'delivered', settled_at = $4, \
     attempts = attempts + 1, last_error = NULL, leased_by = NULL \
     WHERE tenant = $1 AND outbox_id = $2 AND leased_by = $3 AND status = 'pending'";
const SQLITE_FAILED: &str = "UPDATE actwright_outbox SET attempts = attempts + 1, available_at = ?5, last_error = ?6, \
     leased_by = NULL, status = iif(?7, 'dead', 'pending'), settled_at = iif(?7, ?4, NULL) \
     WHERE tenant = ?1 AND outbox_id = ?2 AND leased_by = ?3 AND status = 'pending'";
const POSTGRES_FAILED: &str = "UPDATE actwright.outbox SET attempts = attempts + 1, \
     available_at = clock_timestamp() + make_interval(secs => $5), last_error = $6, leased_by = NULL, \
     status = CASE WHEN $7 THEN 'dead' ELSE 'pending' END, settled_at = CASE WHEN $7 THEN $4 END \
     WHERE tenant = $1 AND outbox_id = $2 AND leased_by = $3 AND status = 'pending'";
const SQLITE_RELEASE: &str = "UPDATE actwright_outbox SET available_at = ?4, leased_by = NULL \
     WHERE tenant = ?1 AND outbox_id = ?2 AND leased_by = ?3 AND status = 'pending'";
const POSTGRES_RELEASE: &str = "UPDATE actwright.outbox SET available_at = least($4, clock_timestamp()), leased_by = NULL \
     WHERE tenant = $1 AND outbox_id = $2 AND leased_by = $3 AND status = 'pending'";
const SQLITE_RENEW: &str = "UPDATE actwright_outbox SET available_at = ?4 \
     WHERE tenant = ?1 AND leased_by = ?2 AND status = 'pending' \
     AND outbox_id IN (SELECT value FROM json_each(?3)) RETURNING outbox_id";
const POSTGRES_RENEW: &str = "UPDATE actwright.outbox SET available_at = clock_timestamp() + make_interval(secs => $4) \
     WHERE tenant = $1 AND leased_by = $2 AND status = 'pending' AND outbox_id = ANY ($3::uuid[]) RETURNING outbox_id";
// Without statistics SQLite takes a key that begins with the tenant for as good as an index on the call.
const SQLITE_OUTPUT: &str = "SELECT output FROM actwright_idempotency_ledger \
     INDEXED BY actwright_idempotency_ledger_invocation WHERE tenant = ?1 AND invocation_id = ?2";
const POSTGRES_OUTPUT: &str =
    "SELECT output FROM actwright.idempotency_ledger WHERE tenant = $1 AND invocation_id = $2 FOR UPDATE";
const SQLITE_SET_OUTPUT: &str = "UPDATE actwright_idempotency_ledger \
     INDEXED BY actwright_idempotency_ledger_invocation SET output = ?3 WHERE tenant = ?1 AND invocation_id = ?2";
const POSTGRES_SET_OUTPUT: &str =
    "UPDATE actwright.idempotency_ledger SET output = $3 WHERE tenant = $1 AND invocation_id = $2";
const SQLITE_AUDIT: &str = "SELECT changed_data FROM audit_logs WHERE tenant = ?1 AND audit_id = ?2";
const POSTGRES_AUDIT: &str = "SELECT changed_data FROM audit_logs WHERE tenant = $1 AND audit_id = $2 FOR UPDATE";
const SQLITE_SET_AUDIT: &str = "UPDATE audit_logs SET changed_data = ?3 WHERE tenant = ?1 AND audit_id = ?2";
const POSTGRES_SET_AUDIT: &str = "UPDATE audit_logs SET changed_data = $3 WHERE tenant = $1 AND audit_id = $2";
