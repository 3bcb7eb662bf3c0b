//! The two databases: an embedded SQLite file, or PostgreSQL.

mod backup;
mod fault;
pub mod health;
mod held;
mod limit;
pub mod load;
pub mod migrate;
mod role;
mod tx;

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_query_sqlx::SqlxValues;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Row, SqlSafeStr};
use tokio::time::Instant;
use uuid::Uuid;

use held::Held;
pub use role::RoleStatus;
pub(crate) use tx::Tx;

use crate::call::session::{set_all_tenants, set_tenant};
use crate::error::{Error, Result};
use crate::spec::Effects;
use crate::step::step;

/// How long a call waits for a connection or for SQLite's writer before it is told to try again.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a transaction may take that is nobody's call, such as a relay's look.
const LIMIT: Duration = Duration::from_secs(30);

/// A server stops a statement this much earlier than we stop waiting for it, so that its answer is here in time.
const MARGIN: Duration = Duration::from_millis(500);

/// What each connection to PostgreSQL begins with.
///
/// Summaries join eight tables by their keys. Trying every order of joins takes PostgreSQL some twenty times as long as
/// running the statement in the order in which it is written.
///
/// A transaction whose process, machine or network is gone ends: one that waits for a statement after half a minute, one that
/// is in a statement as soon as the connection is seen to be closed, where the server's operating system can tell. What the
/// server is configured to do of these goes first.
///
/// The answer is the server's own limit of statements in milliseconds, 0 for none.
const POSTGRES_SESSION: &str = "SET join_collapse_limit = 1; \
     DO $$ BEGIN IF current_setting('idle_in_transaction_session_timeout') = '0' THEN \
     PERFORM set_config('idle_in_transaction_session_timeout', '30s', false); END IF; END $$; \
     DO $$ BEGIN IF current_setting('client_connection_check_interval') = '0' THEN \
     PERFORM set_config('client_connection_check_interval', '2s', false); END IF; \
     EXCEPTION WHEN OTHERS THEN NULL; END $$; \
     SELECT setting FROM pg_settings WHERE name = 'statement_timeout'";

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
    /// PostgreSQL.
    Postgres {
        /// One pool for everything.
        pool: PgPool,
        /// What the server itself allows a statement, in milliseconds; 0 for no limit.
        statement_timeout: Arc<AtomicU32>,
    },
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
            let statement_timeout = Arc::new(AtomicU32::new(0));
            let told = statement_timeout.clone();
            let pool = PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(PATIENCE)
                .test_before_acquire(false)
                .after_connect(move |connection, _| {
                    let told = told.clone();
                    Box::pin(async move {
                        let row = sqlx::raw_sql(POSTGRES_SESSION).fetch_one(connection).await?;
                        let setting: String = row.try_get(0)?;
                        told.store(setting.parse().unwrap_or(0), Ordering::Relaxed);
                        Ok(())
                    })
                })
                .connect_with(options)
                .await?;
            return Ok(Self::Postgres { pool, statement_timeout });
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
        let writer = sqlite_pool(1).connect_with(options.clone()).await?;
        let readers = sqlite_pool(connections).connect_lazy_with(options.read_only(true).create_if_missing(false));
        Ok(Self::Sqlite { writer, readers })
    }

    /// Which database it is.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres { .. } => Engine::Postgres,
        }
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { pool, .. } => pool.close().await,
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

    /// Begins a transaction that reads what is one tenant's.
    pub(crate) async fn begin_read_for(&self, tenant: Uuid) -> Result<Tx> {
        let mut tx = self.begin_read().await?;
        set_tenant(&mut tx, tenant).await?;
        Ok(tx)
    }

    /// Begins a transaction about our own tables that reads what is one tenant's, or anybody's.
    pub(crate) async fn begin_read_of(&self, tenant: Option<Uuid>) -> Result<Tx> {
        match tenant {
            Some(tenant) => self.begin_read_for(tenant).await,
            None => self.begin_read_for_all().await,
        }
    }

    /// Begins a transaction that may write.
    pub(crate) async fn begin_write(&self) -> Result<Tx> {
        self.begin(Effects::Write, LIMIT).await
    }

    /// Begins a transaction that only reads.
    pub(crate) async fn begin_read(&self) -> Result<Tx> {
        self.begin(Effects::Read, LIMIT).await
    }

    /// Begins a transaction that takes no longer than the limit: no statement of it does on the server, which so ends those
    /// that wait for locks when nobody waits for them any more, and the whole of it does not here. One that reads sees one
    /// state of the database from beginning to end, on either.
    pub(crate) async fn begin(&self, effects: Effects, limit: Duration) -> Result<Tx> {
        match effects {
            Effects::Read => step!("begin_read"),
            Effects::Write => step!("begin"),
        }
        let until = Instant::now() + limit + MARGIN;
        Ok(match (self, effects) {
            (Self::Sqlite { readers, .. }, Effects::Read) => {
                Tx::Sqlite(Held::begin(readers, "BEGIN".into_sql_str(), effects, until).await?)
            }
            // A write transaction that begins as a reader may find itself unable to become a writer.
            (Self::Sqlite { writer, .. }, Effects::Write) => {
                Tx::Sqlite(Held::begin(writer, "BEGIN IMMEDIATE".into_sql_str(), effects, until).await?)
            }
            (Self::Postgres { pool, statement_timeout }, effects) => {
                let modes = match effects {
                    Effects::Read => " ISOLATION LEVEL REPEATABLE READ, READ ONLY",
                    Effects::Write => "",
                };
                let ours = limit.as_millis().clamp(1, i32::MAX as u128);
                let milliseconds = match u128::from(statement_timeout.load(Ordering::Relaxed)) {
                    0 => ours,
                    theirs => ours.min(theirs),
                };
                // Asking the server for its own limit here would take as long as the rest of beginning and ending a transaction.
                let statement = AssertSqlSafe(format!("BEGIN{modes}; SET LOCAL statement_timeout = {milliseconds}"));
                Tx::Postgres(Held::begin(pool, statement.into_sql_str(), effects, until).await?)
            }
        })
    }
}

fn sqlite_pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE)
}

fn bad_url(message: &'static str) -> Error {
    Error::validation(format!("{message} Expected sqlite:PATH or postgres://USER@HOST/DATABASE."))
}
