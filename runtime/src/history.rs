//! What calls left behind.

use serde::Serialize;
use uuid::Uuid;

use crate::call::{Runtime, session};
use crate::context::Scope;
use crate::database::{Database, Engine};
use crate::error::Result;
use crate::query::{ColumnType, ColumnValue, RawRow};
use crate::spec::Effects;
use crate::value::{Timestamp, Value};

/// A row of `audit_logs`.
#[derive(Debug, Clone, Serialize)]
pub struct AuditEntry {
    /// `workflow_action:…`, `workflow_action_denied:…` or `workflow_action_failed:…`.
    pub operation: String,
    /// On whose behalf.
    pub user_id: Option<String>,
    /// The run, or the invocation of a direct call.
    pub record_id: String,
    /// What the spec lists under `audit`.
    pub changed_data: Value,
    /// Action, version, step and target; or category, code and input of a refusal.
    pub details: Value,
    /// When.
    pub at: Timestamp,
}

/// How many effects a database holds in each state, over all tenants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OutboxCounts {
    /// Not delivered yet.
    pub pending: i64,
    /// Given up.
    pub dead: i64,
}

impl Runtime {
    /// The audit row of a call.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn audit_entry(&self, tenant: Uuid, invocation_id: Uuid) -> Result<Option<AuditEntry>> {
        let rows = self.of_call(tenant, invocation_id, SQLITE_AUDIT, POSTGRES_AUDIT).await?;
        let entry = |row: &RawRow| {
            Ok(AuditEntry {
                operation: row.get(0, ColumnType::Text)?,
                user_id: row.get(1, ColumnType::Text)?,
                record_id: row.get(2, ColumnType::Text)?,
                changed_data: row.get::<Option<Value>>(3, ColumnType::Json)?.unwrap_or_default(),
                details: row.get::<Option<Value>>(4, ColumnType::Json)?.unwrap_or_default(),
                at: row.get(5, ColumnType::Timestamp)?,
            })
        };
        rows.first().map(entry).transpose()
    }

    async fn of_call(
        &self,
        tenant: Uuid,
        invocation_id: Uuid,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> Result<Vec<RawRow>> {
        let mut scope: Scope = session::resume(&self.database, &[], Effects::Read, tenant, Uuid::nil()).await?;
        let engine = scope.tx.engine();
        let statement = match engine {
            Engine::Sqlite => sqlite,
            Engine::Postgres => postgres,
        };
        let parameters = [tenant.encode(ColumnType::Uuid, engine), invocation_id.encode(ColumnType::Uuid, engine)];
        let rows = scope.tx.query_sql(statement, session::values(parameters)).await?;
        scope.tx.rollback().await?;
        Ok(rows)
    }
}

impl Database {
    /// How much waits in the outbox.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn outbox_counts(&self) -> Result<OutboxCounts> {
        let mut tx = self.begin_read_for_all().await?;
        let statement = match tx.engine() {
            Engine::Sqlite => SQLITE_COUNTS,
            Engine::Postgres => POSTGRES_COUNTS,
        };
        let rows = tx.query_sql(statement, session::values([])).await?;
        let mut counts = OutboxCounts::default();
        for row in &rows {
            let count = row.get(1, ColumnType::Bigint)?;
            match row.get::<String>(0, ColumnType::Text)?.as_str() {
                "dead" => counts.dead = count,
                _ => counts.pending = count,
            }
        }
        tx.rollback().await?;
        Ok(counts)
    }
}

const SQLITE_AUDIT: &str = "SELECT operation, user_id, record_id, changed_data, details, timestamp FROM audit_logs \
     WHERE tenant = ?1 AND audit_id = ?2";
const POSTGRES_AUDIT: &str = "SELECT operation, user_id, record_id, changed_data, details, timestamp FROM audit_logs \
     WHERE tenant = $1 AND audit_id = $2";
const SQLITE_COUNTS: &str =
    "SELECT status, count(*) FROM actwright_outbox WHERE status IN ('pending', 'dead') GROUP BY status";
const POSTGRES_COUNTS: &str =
    "SELECT status, count(*) FROM actwright.outbox WHERE status IN ('pending', 'dead') GROUP BY status";
