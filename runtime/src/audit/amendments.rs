//! What becomes known of a call after its audit row was written, such as that a mail is out. The row gets the new values; the
//! old ones are kept beside it, and both are sealed, so that nothing is lost and every change has its reason.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::call::session::values;
use crate::context::Scope;
use crate::database::Engine;
use crate::error::Result;
use crate::query::{ColumnType, ColumnValue};

/// Notes which fields of an audit row change, in the transaction that changes them.
pub(crate) async fn append(
    scope: &mut Scope,
    audit_id: Uuid,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Result<()> {
    let new: Map<String, Value> = entries(after.iter().filter(|(name, value)| before.get(*name) != Some(*value)));
    let old: Map<String, Value> = entries(before.iter().filter(|(name, _)| new.contains_key(*name)));
    let engine = scope.tx.engine();
    let statement = match engine {
        Engine::Sqlite => SQLITE_APPEND,
        Engine::Postgres => POSTGRES_APPEND,
    };
    let parameters = values([
        scope.tenant.encode(ColumnType::Uuid, engine),
        Uuid::now_v7().encode(ColumnType::Uuid, engine),
        audit_id.encode(ColumnType::Uuid, engine),
        Value::Object(old).encode(ColumnType::Json, engine),
        Value::Object(new).encode(ColumnType::Json, engine),
        scope.now.encode(ColumnType::Timestamp, engine),
    ]);
    scope.tx.execute_sql(statement, parameters).await?;
    Ok(())
}

/// Takes an amendment back. False when the fields do not have the values that it gave them.
pub(super) fn revert(changed: &mut Map<String, Value>, old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    if new.iter().any(|(name, value)| changed.get(name) != Some(value)) {
        return false;
    }
    for name in new.keys() {
        match old.get(name) {
            Some(value) => changed.insert(name.clone(), value.clone()),
            None => changed.remove(name),
        };
    }
    true
}

fn entries<'v>(entries: impl Iterator<Item = (&'v String, &'v Value)>) -> Map<String, Value> {
    entries.map(|(name, value)| (name.clone(), value.clone())).collect()
}

const SQLITE_APPEND: &str = "INSERT INTO actwright_audit_amendments (tenant, amendment_id, audit_id, old_values, \
     new_values, amended_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const POSTGRES_APPEND: &str = "INSERT INTO actwright.audit_amendments (tenant, amendment_id, audit_id, old_values, \
     new_values, amended_at) VALUES ($1, $2, $3, $4, $5, $6)";
