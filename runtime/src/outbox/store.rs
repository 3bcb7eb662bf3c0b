//! The outbox table after the commit: who delivers what, what was delivered, what was not, what is due.
//!
//! On PostgreSQL leases are measured by the server's clock, so that those of the machines may differ.

use std::time::Duration;

use sea_query::Value as Sql;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{DeliveryError, DeliveryPolicy, Effect, EffectKind, Origin, Retry};
use crate::audit::amendments;
use crate::call::{amended_audit, insert_effects, session::values};
use crate::context::Scope;
use crate::database::{Database, Engine};
use crate::decode::withhold;
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue};
use crate::registry::Pack;
use crate::spec::{ActionSpec, Effects};
use crate::value::Timestamp;

/// Marks an effect delivered inside the transaction of the job that it is. Fails when somebody else has it by now, who then
/// does the job.
pub(super) async fn mark_delivered(scope: &mut Scope, id: Uuid, holder: Uuid) -> Result<()> {
    let engine = scope.tx.engine();
    let parameters = own(scope.tenant, id, holder, engine);
    match scope.tx.execute_sql(by_engine(engine, SQLITE_DELIVERED, POSTGRES_DELIVERED), values(parameters)).await? {
        0 => Err(Error::transient("The work took too long and is done by somebody else.")),
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

/// An effect that is due, with the call that it comes from.
pub(super) struct Due {
    pub(super) origin: Origin,
    pub(super) effect: Effect,
    pub(super) attempts: u32,
}

/// Takes up to `room` effects that are due, of each subject the first, and holds them back from others. Leaves those of lanes
/// that are `busy`, and those of actions that this build does not have: another one may have them.
pub(super) async fn take_due(
    database: &Database,
    pack: &Pack,
    holder: Uuid,
    room: usize,
    busy: Vec<String>,
    lease: Duration,
) -> Result<Vec<Due>> {
    if room == 0 {
        return Ok(Vec::new());
    }
    let mut tx = database.begin_write_for_all().await?;
    let engine = tx.engine();
    let limit = i64::try_from(room).unwrap_or(i64::MAX).encode(ColumnType::Bigint, engine);
    let known: Vec<String> =
        pack.actions.iter().map(|entry| format!("{}@{}", entry.spec().id, entry.spec().version)).collect();
    let (lease, holder) = (until(lease, engine), holder.encode(ColumnType::Uuid, engine));
    let busy = busy.encode(ColumnType::TextArray, engine);
    let known = known.encode(ColumnType::TextArray, engine);
    let parameters = match engine {
        Engine::Postgres => values([lease, limit, holder, busy, known]),
        Engine::Sqlite => {
            let now = Timestamp::now().encode(ColumnType::Timestamp, engine);
            values([lease, limit, holder, busy, known, now])
        }
    };
    let rows = tx.query_sql(by_engine(engine, SQLITE_TAKE, POSTGRES_TAKE), parameters).await?;
    tx.commit().await?;
    let mut due = Vec::with_capacity(rows.len());
    for row in rows {
        let kind = row.get::<String>(2, ColumnType::Text)?;
        let version = row.get::<i64>(7, ColumnType::Integer)?;
        let entry = pack.action(&row.get::<String>(6, ColumnType::Text)?, u32::try_from(version).ok())?;
        due.push(Due {
            origin: Origin {
                tenant: row.get(0, ColumnType::Uuid)?,
                actor: row.get(9, ColumnType::Uuid)?,
                action: entry.spec().id,
                version: entry.spec().version,
                invocation: row.get(8, ColumnType::Uuid)?,
                at: row.get(13, ColumnType::Timestamp)?,
            },
            effect: Effect {
                id: row.get(1, ColumnType::Uuid)?,
                kind: EffectKind::parse(&kind).ok_or_else(|| Error::internal("The outbox holds an unknown kind."))?,
                name: row.get(3, ColumnType::Text)?,
                key: row.get(4, ColumnType::Text)?,
                subject: row.get(11, ColumnType::Text)?,
                sink: row.get(12, ColumnType::Text)?,
                payload: row.get(5, ColumnType::Json)?,
            },
            attempts: u32::try_from(row.get::<i64>(10, ColumnType::Integer)?).unwrap_or(u32::MAX),
        });
    }
    due.sort_by_key(|due| due.effect.id);
    Ok(due)
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
const SQLITE_TAKE: &str = "UPDATE actwright_outbox SET available_at = ?1, leased_by = ?3 WHERE (tenant, outbox_id) IN \
     (SELECT due.tenant, due.outbox_id FROM actwright_outbox due WHERE due.status = 'pending' \
     AND due.available_at <= ?6 \
     AND iif(due.kind = 'event', COALESCE(due.sink, ''), '') NOT IN (SELECT value FROM json_each(?4)) \
     AND due.action_id || '@' || due.action_version IN (SELECT value FROM json_each(?5)) \
     AND (due.subject IS NULL OR NOT EXISTS (SELECT 1 FROM actwright_outbox earlier \
     WHERE earlier.tenant = due.tenant AND earlier.sink = due.sink AND earlier.subject = due.subject \
     AND earlier.status = 'pending' AND (earlier.position, earlier.outbox_id) < (due.position, due.outbox_id))) \
     ORDER BY due.available_at, due.outbox_id LIMIT ?2) RETURNING tenant, outbox_id, kind, name, key, payload, \
     action_id, action_version, invocation_id, actor_id, attempts, subject, sink, created_at";
/// The rows are locked in a statement part of its own, which runs once: as a condition of the update it might run several times,
/// and take more than the limit.
const POSTGRES_TAKE: &str = "WITH due AS MATERIALIZED (SELECT due.tenant, due.outbox_id FROM actwright.outbox due \
     WHERE due.status = 'pending' AND due.available_at <= clock_timestamp() \
     AND CASE WHEN due.kind = 'event' THEN COALESCE(due.sink, '') ELSE '' END <> ALL ($4) AND due.action_id || '@' || due.action_version = ANY ($5) \
     AND (due.subject IS NULL OR NOT EXISTS (SELECT 1 FROM actwright.outbox earlier \
     WHERE earlier.tenant = due.tenant AND earlier.sink = due.sink AND earlier.subject = due.subject \
     AND earlier.status = 'pending' AND (earlier.position, earlier.outbox_id) < (due.position, due.outbox_id))) \
     ORDER BY due.available_at, due.outbox_id LIMIT $2 FOR UPDATE SKIP LOCKED) \
     UPDATE actwright.outbox o SET available_at = clock_timestamp() + make_interval(secs => $1), leased_by = $3 \
     FROM due WHERE o.tenant = due.tenant AND o.outbox_id = due.outbox_id \
     RETURNING o.tenant, o.outbox_id, o.kind, o.name, o.key, o.payload, o.action_id, o.action_version, o.invocation_id, \
     o.actor_id, o.attempts, o.subject, o.sink, o.created_at";
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
