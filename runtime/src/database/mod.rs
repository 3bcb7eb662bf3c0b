//! The two databases: an embedded SQLite file, or PostgreSQL.

mod backup;
pub mod health;
pub mod load;
pub mod migrate;
mod tx;

use std::str::FromStr;
use std::time::Duration;

use sea_query_sqlx::SqlxValues;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use uuid::Uuid;

pub(crate) use tx::Tx;

use crate::call::session::{set_all_tenants, set_tenant};
use crate::error::{Error, Result};
use crate::step::step;

/// How long a call waits for a connection or for SQLite's writer before it is told to try again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// PostgreSQL 15 or later.
    Postgres,
}

/// A database that calls run against. Clones share their connections.
#[derive(Debug, Clone)]
pub enum Database {
    /// One writer, and readers beside it.
    Sqlite {
        /// A single connection: SQLite has one writer, and waiting in our queue is cheaper than in its.
        writer: SqlitePool,
        /// Sees committed data only, and never waits for the writer.
        readers: SqlitePool,
    },
    /// One pool for everything.
    Postgres(PgPool),
}

impl Database {
    /// Opens `sqlite:PATH` (created when it is not there), or `postgres://…`, with up to 16 connections.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` for a URL of another kind, a transient error when the database cannot be reached.
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_with(url, 16).await
    }

    /// As [`Database::open`], with at most so many connections.
    ///
    /// # Errors
    ///
    /// As [`Database::open`].
    pub async fn open_with(url: &str, connections: u32) -> Result<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)
                .map_err(|_| bad_url("The PostgreSQL URL is not valid."))?
                .application_name("actwright");
            let pool = PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(PATIENCE)
                .test_before_acquire(false)
                .after_connect(|connection, _| {
                    Box::pin(async move {
                        // Summaries join eight tables by their keys. Trying every order of joins takes PostgreSQL some
                        // twenty times as long as running the statement in the order in which it is written.
                        sqlx::query("SET join_collapse_limit = 1").execute(connection).await.map(|_| ())
                    })
                })
                .connect_with(options)
                .await?;
            return Ok(Self::Postgres(pool));
        }
        let Some(path) = url.strip_prefix("sqlite:") else {
            return Err(bad_url("The database URL is of no known kind."));
        };
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path == ":memory:" {
            return Err(bad_url("An in-memory SQLite database cannot be shared by connections; name a file."));
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // With WAL a power cut may undo the last commits but never corrupts; FULL keeps every commit.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE);
        let writer =
            SqlitePoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_with(options.clone()).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with(options.read_only(true).create_if_missing(false));
        Ok(Self::Sqlite { writer, readers })
    }

    /// Which database it is.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Runs one statement in a transaction of its own, as one tenant. Gives the number of rows that it changed.
    pub(crate) async fn execute_for(&self, tenant: Uuid, sql: &'static str, values: SqlxValues) -> Result<u64> {
        let mut tx = self.begin_write_for(tenant).await?;
        let changed = tx.execute_sql(sql, values).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Begins a transaction that may write what is one tenant's.
    pub(crate) async fn begin_write_for(&self, tenant: Uuid) -> Result<Tx> {
        let mut tx = self.begin_write().await?;
        set_tenant(&mut tx, tenant).await?;
        Ok(tx)
    }

    /// Begins a transaction about our own tables that may write what is anybody's: for work that is nobody's call.
    pub(crate) async fn begin_write_for_all(&self) -> Result<Tx> {
        let mut tx = self.begin_write().await?;
        set_all_tenants(&mut tx).await?;
        Ok(tx)
    }

    /// As [`Database::begin_write_for_all`], to read.
    pub(crate) async fn begin_read_for_all(&self) -> Result<Tx> {
        let mut tx = self.begin_read().await?;
        set_all_tenants(&mut tx).await?;
        Ok(tx)
    }

    /// Begins a transaction that may write.
    pub(crate) async fn begin_write(&self) -> Result<Tx> {
        step!("begin");
        Ok(match self {
            // A write transaction that begins as a reader may find itself unable to become a writer.
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that only reads.
    pub(crate) async fn begin_read(&self) -> Result<Tx> {
        step!("begin_read");
        Ok(match self {
            Self::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }
}

fn bad_url(message: &'static str) -> Error {
    Error::validation(format!("{message} Expected sqlite:PATH or postgres://USER@HOST/DATABASE."))
}
