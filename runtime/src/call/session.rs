//! The start of every transaction: whose tenant, which actor, what they may do.

use std::time::Duration;

use sea_query::{Value as Sql, Values};
use sea_query_sqlx::SqlxValues;
use uuid::Uuid;

use super::Caller;
use crate::context::Scope;
use crate::database::{Database, Engine, Tx};
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue, Records, Tables};
use crate::spec::Effects;
use crate::value::Timestamp;

/// How long a transaction may take that is not a call's.
const LIMIT: Duration = Duration::from_secs(30);

/// Begins a transaction for a caller, which takes no longer than the limit. One statement sets the tenant, finds the actor, and
/// says which of `needed` (resource and action) they are granted.
pub(crate) async fn begin(
    limit: Duration,
    database: &Database,
    tables: Tables,
    effects: Effects,
    tenant: Uuid,
    caller: Caller,
    needed: &[(String, String)],
) -> Result<Scope> {
    let mut tx = database.begin(effects, limit).await?;
    let engine = tx.engine();
    let (resources, actions): (Vec<String>, Vec<String>) = needed.iter().cloned().unzip();
    let (id, actor) = match caller {
        Caller::User(user) => (user, USER),
        Caller::Run(run) => (run, ACTOR_OF_RUN),
    };
    let statement = match engine {
        Engine::Sqlite => sqlite_session(actor),
        Engine::Postgres => postgres_session(actor, needed.len()),
    };
    let parameters = values([
        tenant.encode(ColumnType::Uuid, engine),
        id.encode(ColumnType::Uuid, engine),
        resources.encode(ColumnType::TextArray, engine),
        actions.encode(ColumnType::TextArray, engine),
    ]);
    let rows = tx.query_sql(statement, parameters).await?;
    let Some(row) = rows.first() else {
        return Err(no_actor(&mut tx, tenant, caller).await?);
    };
    if row.get::<Option<bool>>(1, ColumnType::Boolean)?.unwrap_or(false) {
        return Err(Error::no_actor("The user is inactive and may not act."));
    }
    let actor = row.get(0, ColumnType::Uuid)?;
    Ok(Scope {
        actor,
        records: Records::new(tenant, actor),
        granted: row.get(2, ColumnType::TextArray)?,
        tx,
        tables,
        tenant,
        now: Timestamp::now(),
        mail_domain: String::new(),
        effects: Vec::new(),
        observed: Vec::new(),
        changes: None,
    })
}

/// Continues for an actor who was resolved before: after the commit, for jobs.
pub(crate) async fn resume(
    database: &Database,
    tables: Tables,
    effects: Effects,
    tenant: Uuid,
    actor: Uuid,
) -> Result<Scope> {
    let mut tx = database.begin(effects, LIMIT).await?;
    set_tenant(&mut tx, tenant).await?;
    Ok(Scope {
        tx,
        tables,
        records: Records::new(tenant, actor),
        tenant,
        actor,
        now: Timestamp::now(),
        mail_domain: String::new(),
        granted: Vec::new(),
        effects: Vec::new(),
        observed: Vec::new(),
        changes: None,
    })
}

/// PostgreSQL's triggers and policies read the tenant from the session.
pub(crate) async fn set_tenant(tx: &mut Tx, tenant: Uuid) -> Result<()> {
    if tx.engine() == Engine::Postgres {
        let tenant = Sql::String(Some(tenant.to_string()));
        tx.query_sql("SELECT set_config('app.current_tenant', $1, true)", values([tenant])).await?;
    }
    Ok(())
}

/// Opens our own tables to work that is for all tenants, such as the relay's. Policies of PostgreSQL ask for it.
pub(crate) async fn set_all_tenants(tx: &mut Tx) -> Result<()> {
    if tx.engine() == Engine::Postgres {
        tx.query_sql("SELECT set_config('actwright.all_tenants', 'on', true)", values([])).await?;
    }
    Ok(())
}

/// Says which of tenant, run and user is missing, without telling one tenant about another.
async fn no_actor(tx: &mut Tx, tenant: Uuid, caller: Caller) -> Result<Error> {
    let Caller::Run(run) = caller else {
        return Ok(Error::no_actor("The actor is not a user of the tenant."));
    };
    let engine = tx.engine();
    let statement = match engine {
        Engine::Sqlite => "SELECT run_id FROM workflow_runs WHERE tenant = ?1 AND run_id = ?2",
        Engine::Postgres => "SELECT run_id FROM workflow_runs WHERE tenant = $1 AND run_id = $2",
    };
    let parameters = values([tenant.encode(ColumnType::Uuid, engine), run.encode(ColumnType::Uuid, engine)]);
    let known = !tx.query_sql(statement, parameters).await?.is_empty();
    Ok(if known {
        Error::no_actor(
            "The workflow run has no actor: neither the publisher of its version nor the creator of the workflow is a \
             user of the tenant.",
        )
    } else {
        Error::not_found("workflow run", run)
    })
}

/// Parameters of a statement of the kernel.
pub(crate) fn values<const N: usize>(values: [Sql; N]) -> SqlxValues {
    SqlxValues(Values(values.into()))
}

/// The caller is a user: the second parameter is the actor.
const USER: &str = "$2";

/// The caller is a run: its actor is who published its version of the workflow, else who created the workflow. The tenant
/// of a workflow's definition and versions may be empty in a PSA database; the run's own may not be here.
const ACTOR_OF_RUN: &str = "(SELECT COALESCE(v.published_by, d.created_by) FROM workflow_runs r \
    JOIN workflow_definitions d ON d.workflow_id = r.workflow_id AND COALESCE(d.tenant, r.tenant) = r.tenant \
    LEFT JOIN workflow_definition_versions v ON v.workflow_id = r.workflow_id AND v.version = r.workflow_version \
    AND COALESCE(v.tenant, r.tenant) = r.tenant WHERE r.tenant = $1 AND r.run_id = $2)";

/// Whether a role of the user `u` has the permission `p`, by primary keys: both databases look permissions up by name first.
const GRANTED: &str = "EXISTS (SELECT 1 FROM user_roles ur \
    JOIN roles r ON r.tenant = ur.tenant AND r.role_id = ur.role_id AND r.msp \
    JOIN role_permissions rp ON rp.tenant = ur.tenant AND rp.role_id = ur.role_id \
    AND rp.permission_id = p.permission_id WHERE ur.tenant = $1 AND ur.user_id = u.user_id)";

/// Crossed joins keep their order: SQLite takes the permissions of a tenant, of which there are hundreds, for as few as those needed.
fn sqlite_session(actor: &str) -> String {
    format!(
        "SELECT u.user_id, u.is_inactive, (SELECT json_group_array(p.resource || ':' || p.action) \
         FROM json_each($3) wanted CROSS JOIN json_each($4) act ON act.key = wanted.key \
         CROSS JOIN permissions p ON p.tenant = $1 AND p.resource = wanted.value AND p.action = act.value AND p.msp \
         WHERE {GRANTED}) FROM users u WHERE u.tenant = $1 AND u.user_id = {actor}"
    )
}

/// The text says how many permissions there are. PostgreSQL plans a statement once and for all only where it expects no
/// better plan for the values at hand, and it would take an array of unknown length for a long one: then it plans this
/// statement anew for each call, which takes several times as long as running it.
fn postgres_session(actor: &str, needed: usize) -> String {
    format!(
        "SELECT u.user_id, u.is_inactive, ARRAY(SELECT p.resource || ':' || p.action \
         FROM (SELECT * FROM unnest($3::text[], $4::text[]) LIMIT {needed}) AS wanted(resource, action) \
         JOIN permissions p ON p.tenant = $1 AND p.resource = wanted.resource AND p.action = wanted.action AND p.msp \
         WHERE {GRANTED}), set_config('app.current_tenant', $1::text, true) \
         FROM users u WHERE u.tenant = $1 AND u.user_id = {actor}"
    )
}
