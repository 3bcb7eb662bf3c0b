//! How much waits in the outbox, and for how long already.

use std::time::Duration;

use serde::Serialize;

use super::store::by_engine;
use crate::call::session::values;
use crate::database::Database;
use crate::error::Result;
use crate::query::ColumnType;
use crate::value::Timestamp;

/// Effects of one kind in one state, over all tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutboxDepth {
    /// `event`, `mail` or `job`.
    pub kind: String,
    /// `pending` or `dead`.
    pub status: String,
    /// How many.
    pub count: i64,
    /// How long ago the oldest was asked for.
    pub oldest: Duration,
}

impl Database {
    /// How much waits to be delivered or looked at.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn outbox_depth(&self) -> Result<Vec<OutboxDepth>> {
        let mut tx = self.begin_read_for_all().await?;
        let rows = tx.query_sql(by_engine(tx.engine(), SQLITE_DEPTH, POSTGRES_DEPTH), values([])).await?;
        tx.rollback().await?;
        let depth = rows.iter().map(|row| {
            Ok(OutboxDepth {
                kind: row.get(0, ColumnType::Text)?,
                status: row.get(1, ColumnType::Text)?,
                count: row.get(2, ColumnType::Bigint)?,
                oldest: age(row.get(3, ColumnType::Timestamp)?),
            })
        });
        depth.collect()
    }
}

fn age(at: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(Timestamp::now().micros().saturating_sub(at.micros())).unwrap_or(0))
}

/// Each state by itself, so that its index is used: there are few among many that were delivered.
macro_rules! depth {
    ($table:literal) => {
        concat!(
            "SELECT kind, status, count(*), min(created_at) FROM ",
            $table,
            " WHERE status = 'pending' GROUP BY kind, status \
             UNION ALL SELECT kind, status, count(*), min(created_at) FROM ",
            $table,
            " WHERE status = 'dead' GROUP BY kind, status"
        )
    };
}

const SQLITE_DEPTH: &str = depth!("actwright_outbox");
const POSTGRES_DEPTH: &str = depth!("actwright.outbox");
