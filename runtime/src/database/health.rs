//! Whether a database answers, and how busy its connections are.

use std::time::Duration;

use serde::Serialize;

use super::Database;
use crate::error::Result;
use crate::spec::Effects;

/// A database that takes longer does not answer.
const ANSWER: Duration = Duration::from_secs(10);

/// The connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PoolState {
    /// `all`; of SQLite `writer` and `readers`.
    pub pool: &'static str,
    /// At most so many.
    pub limit: u32,
    /// So many are open.
    pub open: u32,
    /// Open ones that nobody uses.
    pub idle: u32,
}

impl Database {
    /// Asks the database for an answer.
    ///
    /// # Errors
    ///
    /// It gives none.
    pub async fn ping(&self) -> Result<()> {
        // A connection that died in the pool while nobody used it says nothing about the database: the next is asked.
        self.begin(Effects::Read, ANSWER).await?.rollback().await
    }

    /// How busy the connections are.
    pub fn pools(&self) -> Vec<PoolState> {
        fn state<D: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<D>) -> PoolState {
            let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
            PoolState { pool: name, limit: pool.options().get_max_connections(), open: pool.size(), idle }
        }
        match self {
            Self::Sqlite { writer, readers } => vec![state("writer", writer), state("readers", readers)],
            Self::Postgres { pool, .. } => vec![state("all", pool)],
        }
    }
}
