//! Loads rows from data, for demonstrations and tests: table by table, column by column, with the codecs of the tables.

use std::time::Duration;

use sea_query::{Expr, Query};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Database, Tx};
use crate::call::session::set_tenant;
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue, Scope, TENANT, Table, json_to_value};
use crate::spec::Effects;
use crate::value::Timestamp;

/// Data may be large.
const LIMIT: Duration = Duration::from_secs(3600);

/// Inserts rows. `data` maps each table to a list of rows, and is loaded in its order. A row may name its own `tenant`;
/// others get `tenant`. A time may be RFC 3339 or relative: `now`, `now-3d`, `now+2h`, `now-90m`.
///
/// # Errors
///
/// `VALIDATION_ERROR` that names table, row and column; then nothing is loaded.
pub async fn load_rows(
    database: &Database,
    tables: &[&Table],
    tenant: Option<Uuid>,
    data: &Map<String, Value>,
) -> Result<u64> {
    let mut tx = database.begin(Effects::Write, LIMIT).await?;
    let now = Timestamp::now();
    if let Some(tenant) = tenant {
        set_tenant(&mut tx, tenant).await?;
    }
    let mut count = 0;
    for (table, rows) in data {
        let shared = tables.iter().any(|one| one.name == table && one.scope != Scope::Tenant);
        let tenant = tenant.filter(|_| !shared);
        let columns =
            columns_of(table, tables).ok_or_else(|| Error::validation(format!("There is no table {table}.")))?;
        let rows = rows.as_array().ok_or_else(|| Error::validation(format!("{table}: expected a list of rows.")))?;
        for (number, row) in rows.iter().enumerate() {
            let place = format!("{table}, row {}", number + 1);
            let row = row.as_object().ok_or_else(|| Error::validation(format!("{place}: expected columns.")))?;
            insert(&mut tx, table, &columns, tenant, row, now, &place).await?;
            count += 1;
        }
    }
    tx.commit().await?;
    Ok(count)
}

/// Name and type of every column that may be loaded: those of the pack, and those that only the kernel knows.
fn columns_of(table: &str, tables: &[&Table]) -> Option<Vec<(&'static str, ColumnType)>> {
    let pack = tables.iter().find(|one| one.name == table);
    let host = HOST_COLUMNS.iter().find(|(name, _)| *name == table);
    if pack.is_none() && host.is_none() {
        return None;
    }
    let pack = pack.into_iter().flat_map(|table| table.columns).map(|column| (column.name, column.ty));
    let host = host.into_iter().flat_map(|(_, columns)| columns.iter().copied());
    Some(pack.chain(host).chain([(TENANT, ColumnType::Uuid)]).collect())
}

async fn insert(
    tx: &mut Tx,
    table: &str,
    columns: &[(&'static str, ColumnType)],
    tenant: Option<Uuid>,
    row: &Map<String, Value>,
    now: Timestamp,
    place: &str,
) -> Result<()> {
    let engine = tx.engine();
    let mut names = Vec::new();
    let mut values = Vec::new();
    if let Some(tenant) = tenant
        && !row.contains_key(TENANT)
    {
        names.push(TENANT);
        values.push(Expr::val(tenant.encode(ColumnType::Uuid, engine)));
    }
    for (name, value) in row {
        let (column, ty) = columns
            .iter()
            .find(|(column, _)| column == name)
            .ok_or_else(|| Error::validation(format!("{place}: there is no column {name}.")))?;
        let encoded = match value.as_str().and_then(|text| relative(text, now)) {
            Some(at) if *ty == ColumnType::Timestamp => Some(at.encode(*ty, engine)),
            _ => json_to_value(value, *ty, engine),
        };
        let encoded = encoded.ok_or_else(|| {
            Error::validation(format!("{place}, column {name}: {value} does not fit a column of type {ty:?}."))
        })?;
        names.push(column);
        values.push(Expr::val(encoded));
    }
    let mut statement = Query::insert();
    statement.into_table(sea_query::Alias::new(table)).columns(names);
    statement.values(values).map_err(|_| Error::validation(format!("{place}: a column is named twice.")))?;
    tx.execute(&statement)
        .await
        .map_err(|error| Error { message: format!("{place}: {}", error.message).into(), ..error })?;
    Ok(())
}

/// `now`, or so many days, hours, minutes or seconds before or after it.
fn relative(text: &str, now: Timestamp) -> Option<Timestamp> {
    let offset = text.strip_prefix("now")?;
    if offset.is_empty() {
        return Some(now);
    }
    let (number, unit) = offset.split_at_checked(offset.len() - 1)?;
    let number: i64 = number.parse().ok()?;
    let seconds = match unit {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    Some(now.plus_seconds(number.checked_mul(seconds)?))
}

/// Columns of the host's tables that no pack declares, because no body may see them.
const HOST_COLUMNS: &[(&str, &[(&str, ColumnType)])] = &[
    ("tenants", &[("client_name", ColumnType::Text), ("email", ColumnType::Text)]),
    (
        "users",
        &[
            ("user_id", ColumnType::Uuid),
            ("username", ColumnType::Text),
            ("hashed_password", ColumnType::Text),
            ("first_name", ColumnType::Text),
            ("last_name", ColumnType::Text),
            ("email", ColumnType::Text),
            ("is_inactive", ColumnType::Boolean),
            ("user_type", ColumnType::Text),
        ],
    ),
    (
        "roles",
        &[
            ("role_id", ColumnType::Uuid),
            ("role_name", ColumnType::Text),
            ("description", ColumnType::Text),
            ("msp", ColumnType::Boolean),
            ("client", ColumnType::Boolean),
        ],
    ),
    (
        "permissions",
        &[
            ("permission_id", ColumnType::Uuid),
            ("resource", ColumnType::Text),
            ("action", ColumnType::Text),
            ("msp", ColumnType::Boolean),
            ("client", ColumnType::Boolean),
        ],
    ),
    ("role_permissions", &[("role_id", ColumnType::Uuid), ("permission_id", ColumnType::Uuid)]),
    ("user_roles", &[("user_id", ColumnType::Uuid), ("role_id", ColumnType::Uuid)]),
    ("team_members", &[("team_id", ColumnType::Uuid), ("user_id", ColumnType::Uuid), ("role", ColumnType::Text)]),
    (
        "authorization_bundles",
        &[
            ("bundle_id", ColumnType::Uuid),
            ("name", ColumnType::Text),
            ("status", ColumnType::Text),
            ("published_revision_id", ColumnType::Uuid),
        ],
    ),
    (
        "authorization_bundle_revisions",
        &[
            ("revision_id", ColumnType::Uuid),
            ("bundle_id", ColumnType::Uuid),
            ("revision_number", ColumnType::Integer),
            ("lifecycle_state", ColumnType::Text),
        ],
    ),
    (
        "authorization_bundle_rules",
        &[
            ("rule_id", ColumnType::Uuid),
            ("bundle_id", ColumnType::Uuid),
            ("revision_id", ColumnType::Uuid),
            ("resource_type", ColumnType::Text),
            ("action", ColumnType::Text),
            ("template_key", ColumnType::Text),
            ("constraint_key", ColumnType::Text),
            ("config", ColumnType::Json),
        ],
    ),
    (
        "authorization_bundle_assignments",
        &[
            ("assignment_id", ColumnType::Uuid),
            ("bundle_id", ColumnType::Uuid),
            ("target_type", ColumnType::Text),
            ("target_id", ColumnType::Uuid),
            ("status", ColumnType::Text),
        ],
    ),
    (
        "workflow_definitions",
        &[
            ("workflow_id", ColumnType::Uuid),
            ("name", ColumnType::Text),
            ("payload_schema_ref", ColumnType::Text),
            ("draft_definition", ColumnType::Json),
            ("status", ColumnType::Text),
            ("created_by", ColumnType::Uuid),
        ],
    ),
    (
        "workflow_definition_versions",
        &[
            ("version_id", ColumnType::Uuid),
            ("workflow_id", ColumnType::Uuid),
            ("version", ColumnType::Integer),
            ("definition_json", ColumnType::Json),
            ("published_by", ColumnType::Uuid),
            ("published_at", ColumnType::Timestamp),
        ],
    ),
    (
        "workflow_runs",
        &[
            ("run_id", ColumnType::Uuid),
            ("workflow_id", ColumnType::Uuid),
            ("workflow_version", ColumnType::Integer),
            ("status", ColumnType::Text),
            ("completed_at", ColumnType::Timestamp),
        ],
    ),
];
