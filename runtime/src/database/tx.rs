//! A transaction on either database. Dropped without a commit, it rolls back.

use sea_query::{PostgresQueryBuilder, QueryStatementWriter, SqliteQueryBuilder};
use sea_query_sqlx::{SqlxBinder, SqlxValues};
use sqlx::{AssertSqlSafe, Postgres, Sqlite};

use super::Engine;
use super::held::{Held, Uncommitted};
use crate::error::{Error, Result};
use crate::query::RawRow;
use crate::spec::Effects;
use crate::step::step;

#[allow(missing_debug_implementations)]
pub(crate) enum Tx {
    Sqlite(Held<Sqlite>),
    Postgres(Held<Postgres>),
}

impl Tx {
    pub(crate) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Refuses what a body has no use for in a transaction that only reads. The database would refuse it, too, but as if it were
    /// the database that cannot be written.
    pub(crate) fn check_writes(&self) -> Result<()> {
        let effects = match self {
            Self::Sqlite(tx) => tx.effects,
            Self::Postgres(tx) => tx.effects,
        };
        match effects {
            Effects::Write => Ok(()),
            Effects::Read => Err(Error::internal(
                "An action or a job that only reads tried to change something. Expected `effects: write` in the spec of the action, \
                 or `begin(Effects::Write)` in the job.",
            )),
        }
    }

    /// Runs a built statement and gives its rows.
    pub(crate) async fn query<S: SqlxBinder + QueryStatementWriter>(&mut self, statement: &S) -> Result<Vec<RawRow>> {
        let (sql, values) = self.build(statement);
        self.query_sql(sql, values).await
    }

    /// Runs a built statement and says how many rows it changed.
    pub(crate) async fn execute<S: SqlxBinder + QueryStatementWriter>(&mut self, statement: &S) -> Result<u64> {
        let (sql, values) = self.build(statement);
        self.execute_sql(sql, values).await
    }

    fn build<S: SqlxBinder>(&self, statement: &S) -> (String, SqlxValues) {
        match self {
            Self::Sqlite(_) => statement.build_sqlx(SqliteQueryBuilder),
            Self::Postgres(_) => statement.build_sqlx(PostgresQueryBuilder),
        }
    }

    /// Runs SQL of the kernel itself. Values travel as parameters, never in the text.
    pub(crate) async fn query_sql(&mut self, sql: impl Into<Sql>, values: SqlxValues) -> Result<Vec<RawRow>> {
        let sql = AssertSqlSafe(sql.into().0);
        step!("statement");
        Ok(match self {
            Self::Sqlite(tx) => {
                let rows = tx.ask(|connection| sqlx::query_with(sql, values).fetch_all(connection)).await?;
                rows.into_iter().map(RawRow::Sqlite).collect()
            }
            Self::Postgres(tx) => {
                let rows = tx.ask(|connection| sqlx::query_with(sql, values).fetch_all(connection)).await?;
                rows.into_iter().map(RawRow::Postgres).collect()
            }
        })
    }

    /// As [`Tx::query_sql`], for statements without rows.
    pub(crate) async fn execute_sql(&mut self, sql: impl Into<Sql>, values: SqlxValues) -> Result<u64> {
        let sql = AssertSqlSafe(sql.into().0);
        step!("statement");
        Ok(match self {
            Self::Sqlite(tx) => {
                tx.ask(|connection| sqlx::query_with(sql, values).execute(connection)).await?.rows_affected()
            }
            Self::Postgres(tx) => {
                tx.ask(|connection| sqlx::query_with(sql, values).execute(connection)).await?.rows_affected()
            }
        })
    }

    pub(crate) async fn commit(self) -> Result<()> {
        Ok(self.try_commit().await?)
    }

    /// As [`Tx::commit`], and says of a failure whether it may have committed all the same.
    pub(crate) async fn try_commit(self) -> Result<(), Uncommitted> {
        step!("commit");
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        step!("committed");
        Ok(())
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

/// Text of a statement: the kernel's own constants, or what the builder wrote.
pub(crate) struct Sql(std::borrow::Cow<'static, str>);

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Sql {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}
