//! Stored workflows: who has to know of a change of an action before it is made.

use serde::Serialize;
use uuid::Uuid;

use crate::call::session;
use crate::database::Database;
use crate::error::Result;
use crate::query::{ColumnType, RawRow};
use crate::value::Value;

/// A definition that may run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoredWorkflow {
    /// What people call it, with its version.
    pub name: String,
    /// Its id, over all versions.
    pub workflow_id: Uuid,
    /// The version that was published; `None` for a draft.
    pub version: Option<i64>,
    /// Its steps.
    pub definition: Value,
}

/// Drafts, the last version of each workflow, and versions with runs that have not ended. Workflows of the system have no
/// tenant in a PSA database.
const STORED: &str = "\
    SELECT d.name, d.workflow_id, CAST(v.version AS bigint), v.definition_json \
    FROM workflow_definitions d \
    JOIN workflow_definition_versions v ON v.workflow_id = d.workflow_id AND COALESCE(v.tenant = d.tenant, TRUE) \
    WHERE v.version = (SELECT MAX(l.version) FROM workflow_definition_versions l \
        WHERE l.workflow_id = v.workflow_id AND COALESCE(l.tenant = v.tenant, TRUE)) \
    OR EXISTS (SELECT 1 FROM workflow_runs r WHERE r.workflow_id = v.workflow_id AND COALESCE(r.tenant = v.tenant, TRUE) \
        AND r.workflow_version = v.version AND r.completed_at IS NULL) \
    UNION ALL \
    SELECT d.name, d.workflow_id, CAST(NULL AS bigint), d.draft_definition FROM workflow_definitions d \
    ORDER BY 1, 2, 3";

impl Database {
    /// The workflows of all tenants that a change of an action may break: drafts, the last version of each, and versions
    /// with runs that have not ended.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn workflows(&self) -> Result<Vec<StoredWorkflow>> {
        let mut tx = self.begin_read().await?;
        let rows = tx.query_sql(STORED, session::values([])).await?;
        let stored = |row: &RawRow| {
            let name: String = row.get(0, ColumnType::Text)?;
            let version: Option<i64> = row.get(2, ColumnType::Bigint)?;
            let which = version.map_or_else(|| "draft".to_owned(), |version| format!("version {version}"));
            Ok(StoredWorkflow {
                name: format!("{name} ({which})"),
                workflow_id: row.get(1, ColumnType::Uuid)?,
                version,
                definition: row.get(3, ColumnType::Json)?,
            })
        };
        let all = rows.iter().map(stored).collect();
        tx.rollback().await?;
        all
    }
}
