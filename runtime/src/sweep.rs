//! Removes what has expired: results for repetitions, and what was delivered or discarded.
//!
//! A few rows at a time, each lot in a transaction of its own, so that no call waits for long. Whoever else removes rows or
//! claims a key at the same time is not waited for: rows that others hold are left for the next time.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::call::Runtime;
use crate::call::session::values;
use crate::database::Engine;
use crate::error::Result;
use crate::observe;
use crate::query::{ColumnType, ColumnValue};
use crate::step::step;
use crate::value::Timestamp;

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Idempotency keys with the results of their calls.
    pub results: u64,
    /// Events, mails and jobs that were delivered or discarded.
    pub settled: u64,
}

/// A kind of rows that expires.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Results,
    Settled,
}

impl Runtime {
    /// Removes what has expired, as [`Options::retention`](crate::Options::retention) says, and returns. Several may do so at
    /// once, in one process or in many. What is pending or a dead letter stays, and so does the result of a call that has
    /// something pending.
    ///
    /// # Errors
    ///
    /// Those of the database. What was removed until then is gone.
    pub async fn sweep(&self) -> Result<Swept> {
        let retention = &self.options.retention;
        let now = Timestamp::now();
        let mut swept = Swept::default();
        if retention.results.is_some() {
            swept.results = self.remove(Kind::Results, retention.results_expired(now)).await?;
        }
        if retention.settled.is_some() {
            swept.settled = self.remove(Kind::Settled, retention.settled_expired(now)).await?;
        }
        Ok(swept)
    }

    /// Sweeps, and logs what there was.
    pub(crate) async fn sweep_due(&self) -> Result<()> {
        let Swept { results, settled } = self.sweep().await?;
        observe::swept("results", results);
        observe::swept("settled", settled);
        if results + settled > 0 {
            tracing::info!(results, settled, "removed what had expired");
        }
        Ok(())
    }

    /// Removes lots until one is not full. Pauses after each for as long as it took, so that the database is others' for at
    /// least half of the time.
    async fn remove(&self, kind: Kind, expired: Timestamp) -> Result<u64> {
        let batch = u64::from(self.options.retention.batch.max(1));
        let mut removed = 0;
        loop {
            let begun = Instant::now();
            let lot = self.remove_lot(kind, expired, batch).await?;
            removed += lot;
            if lot < batch {
                return Ok(removed);
            }
            tokio::time::sleep(begun.elapsed().min(LONGEST_PAUSE)).await;
        }
    }

    async fn remove_lot(&self, kind: Kind, expired: Timestamp, batch: u64) -> Result<u64> {
        let mut tx = self.database.begin_write_for_all().await?;
        let engine = tx.engine();
        let statement = match (kind, engine) {
            (Kind::Results, Engine::Sqlite) => SQLITE_RESULTS,
            (Kind::Results, Engine::Postgres) => POSTGRES_RESULTS,
            (Kind::Settled, Engine::Sqlite) => SQLITE_SETTLED,
            (Kind::Settled, Engine::Postgres) => POSTGRES_SETTLED,
        };
        let parameters = values([
            expired.encode(ColumnType::Timestamp, engine),
            i64::try_from(batch).unwrap_or(i64::MAX).encode(ColumnType::Bigint, engine),
        ]);
        let removed = tx.execute_sql(statement, parameters).await?;
        tx.commit().await?;
        step!("swept", removed);
        Ok(removed)
    }
}

/// However slow the database is.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Without statistics SQLite would go through all of a tenant's effects for each result.
const SQLITE_RESULTS: &str = "DELETE FROM actwright_idempotency_ledger \
     WHERE (tenant, action_id, action_version, idempotency_key) IN \
     (SELECT l.tenant, l.action_id, l.action_version, l.idempotency_key FROM actwright_idempotency_ledger l \
     WHERE l.created_at <= ?1 AND NOT EXISTS (SELECT 1 FROM actwright_outbox o INDEXED BY actwright_outbox_invocation \
     WHERE o.tenant = l.tenant AND o.invocation_id = l.invocation_id AND o.status = 'pending') \
     ORDER BY l.created_at LIMIT ?2)";
/// The rows are chosen in a statement part of its own, which runs once: as a condition of the deletion it might run several times, and
/// remove more than a lot.
const POSTGRES_RESULTS: &str = "WITH expired AS MATERIALIZED \
     (SELECT l.tenant, l.action_id, l.action_version, l.idempotency_key FROM actwright.idempotency_ledger l \
     WHERE l.created_at <= $1 AND NOT EXISTS (SELECT 1 FROM actwright.outbox o WHERE o.tenant = l.tenant \
     AND o.invocation_id = l.invocation_id AND o.status = 'pending') \
     ORDER BY l.created_at LIMIT $2 FOR UPDATE OF l SKIP LOCKED) \
     DELETE FROM actwright.idempotency_ledger l USING expired e WHERE l.tenant = e.tenant AND l.action_id = e.action_id \
     AND l.action_version = e.action_version AND l.idempotency_key = e.idempotency_key";
const SQLITE_SETTLED: &str = "DELETE FROM actwright_outbox WHERE (tenant, outbox_id) IN \
     (SELECT tenant, outbox_id FROM actwright_outbox \
     WHERE status IN ('delivered', 'discarded') AND settled_at <= ?1 ORDER BY settled_at LIMIT ?2)";
const POSTGRES_SETTLED: &str = "WITH expired AS MATERIALIZED (SELECT tenant, outbox_id FROM actwright.outbox \
     WHERE status IN ('delivered', 'discarded') AND settled_at <= $1 ORDER BY settled_at LIMIT $2 FOR UPDATE SKIP LOCKED) \
     DELETE FROM actwright.outbox o USING expired e WHERE o.tenant = e.tenant AND o.outbox_id = e.outbox_id";
