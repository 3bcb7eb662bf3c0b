//! The record that a call was about, for audit rows of what is done with its effects later.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::sql::trail::DETAILS;
use crate::call::session::values;
use crate::context::Scope;
use crate::error::Result;
use crate::query::{ColumnType, ColumnValue};

/// What the details of every call hold besides its target.
const COMMON: &[&str] = &["action_id", "step_path", "category", "code", "input"];

/// The version of the action and the target of a call, as its audit row has them. Nothing where the row is not there.
pub(crate) async fn target_of(scope: &mut Scope, invocation: Uuid) -> Result<Map<String, Value>> {
    let engine = scope.tx.engine();
    let parameters =
        values([scope.tenant.encode(ColumnType::Uuid, engine), invocation.encode(ColumnType::Uuid, engine)]);
    let rows = scope.tx.query_sql(DETAILS.of(engine), parameters).await?;
    let details = rows.first().map(|row| row.get::<Value>(0, ColumnType::Json)).transpose()?;
    let Some(Value::Object(mut details)) = details else { return Ok(Map::new()) };
    details.retain(|name, _| !COMMON.contains(&name.as_str()));
    Ok(details)
}
