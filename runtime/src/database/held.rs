//! A connection in a transaction, held by one caller.
//!
//! It takes the place of the driver's transactions, which give a connection back to the pool in whatever state it is and wait
//! for its answer without end. Here a connection comes back only when its state is known: one whose statement was given up,
//! or that failed, is closed, which also tells the server to roll back.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Executor, Pool, Postgres, SqlStr, Sqlite};
use tokio::time::{Instant, timeout, timeout_at};

use super::fault::{Fault, ends_connection};
use super::limit::Limit;
use crate::error::{Error, Result};
use crate::observe::PoolWait;
use crate::registry::BoxFuture;
use crate::spec::Effects;

/// A connection that does not answer within this time when it is given back is closed.
const GIVING_BACK: Duration = Duration::from_secs(5);

/// Until the next attempt to reach a database that hung up while a connection was made.
const PAUSE: Duration = Duration::from_millis(50);

/// A connection in a transaction. Dropped without a commit, it rolls back.
pub(crate) struct Held<DB: Kind> {
    /// None when it was given back.
    connection: Option<PoolConnection<DB>>,
    /// What it was begun for.
    pub(super) effects: Effects,
    /// The transaction ends at this time, whatever the database does.
    until: Instant,
    limit: Limit,
    open: bool,
    /// A statement is under way, or was given up, or ended the connection.
    unsure: bool,
}

/// What the databases differ in here.
pub(crate) trait Kind: sqlx::Database {
    /// What metrics call the pool with the connections for this.
    fn pool(effects: Effects) -> &'static str;

    /// Whether a connection is of no more use after an error, or, without one, after a statement that was given up.
    fn spoils(error: Option<&sqlx::Error>) -> bool;

    /// Has what runs on a connection from now on end when the limit is reached.
    fn watch(connection: &mut Self::Connection, limit: Limit) -> BoxFuture<'_, Result<(), sqlx::Error>>;

    /// Waits until what was given up has ended.
    fn calm(connection: &mut Self::Connection) -> BoxFuture<'_, Result<(), sqlx::Error>>;

    /// Runs statements without parameters and rows.
    fn run(connection: &mut Self::Connection, sql: SqlStr) -> BoxFuture<'_, Result<(), sqlx::Error>>;
}

/// Steps of SQLite's virtual machine between two looks at the limit: less than a millisecond.
const STEPS: i32 = 10_000;

impl Kind for Postgres {
    fn pool(_: Effects) -> &'static str {
        "all"
    }

    /// The answer to the statement may never come, and the next one could be taken for it.
    fn spoils(error: Option<&sqlx::Error>) -> bool {
        error.is_none_or(ends_connection)
    }

    /// The server does so itself, by `statement_timeout`.
    fn watch(_: &mut Self::Connection, _: Limit) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        Box::pin(async { Ok(()) })
    }

    /// A connection whose statement was given up is not used again.
    fn calm(_: &mut Self::Connection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        Box::pin(async { Ok(()) })
    }

    fn run(connection: &mut Self::Connection, sql: SqlStr) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        Box::pin(async move { connection.execute(sql).await.map(|_| ()) })
    }
}

impl Kind for Sqlite {
    fn pool(effects: Effects) -> &'static str {
        match effects {
            Effects::Read => "readers",
            Effects::Write => "writer",
        }
    }

    /// The thread of a connection does one thing after the other, the rollback included.
    fn spoils(_: Option<&sqlx::Error>) -> bool {
        false
    }

    fn watch(connection: &mut Self::Connection, limit: Limit) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        Box::pin(async move {
            connection.lock_handle().await?.set_progress_handler(STEPS, move || !limit.is_reached());
            Ok(())
        })
    }

    fn calm(connection: &mut Self::Connection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        Box::pin(async move { connection.lock_handle().await.map(|_| ()) })
    }

    fn run(connection: &mut Self::Connection, sql: SqlStr) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        Box::pin(async move { connection.execute(sql).await.map(|_| ()) })
    }
}

impl<DB: Kind> Held<DB> {
    /// Begins a transaction with a statement, on a connection that works, in the time that the pool gives for it and no later
    /// than the transaction has to end.
    ///
    /// A connection may have died in the pool without anybody having noticed, as all have when a server was restarted. On
    /// such a one nothing was done, so the next is as good, until there is one that works.
    pub(super) async fn begin(pool: &Pool<DB>, statement: SqlStr, effects: Effects, until: Instant) -> Result<Self> {
        let patience = Instant::now() + pool.options().get_acquire_timeout();
        let working = async {
            loop {
                let waiting = PoolWait::begin(DB::pool(effects));
                let acquired = pool.acquire().await;
                drop(waiting);
                let connection = match acquired {
                    Err(error) if Fault::of(&error) == Fault::Away && !pool.is_closed() => {
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                    acquired => acquired?,
                };
                let limit = Limit::new(until.into_std());
                let mut held = Self {
                    connection: Some(connection),
                    effects,
                    until,
                    limit: limit.clone(),
                    open: true,
                    unsure: true,
                };
                let Some(connection) = held.connection.as_mut() else { continue };
                let begun = async {
                    DB::watch(connection, limit).await?;
                    DB::run(connection, statement.clone()).await
                };
                match begun.await {
                    Ok(()) => {
                        held.unsure = false;
                        return Ok(held);
                    }
                    Err(error) if DB::spoils(Some(&error)) => {
                        tracing::debug!(%error, "a connection of the pool was dead");
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        };
        timeout_at(patience.min(until), working).await.unwrap_or_else(|_| Err(Fault::NoConnection.into()))
    }

    /// Runs a statement, until the transaction has to end.
    pub(super) async fn ask<'h, T, A>(&'h mut self, ask: impl FnOnce(&'h mut DB::Connection) -> A) -> Result<T>
    where
        A: Future<Output = Result<T, sqlx::Error>>,
    {
        let Some(connection) = self.connection.as_mut() else { return Err(Fault::Unexpected.into()) };
        self.unsure = true;
        match timeout_at(self.until, ask(connection)).await {
            Ok(Ok(answer)) => {
                self.unsure = false;
                Ok(answer)
            }
            Ok(Err(error)) => {
                self.unsure = DB::spoils(Some(&error));
                Err(error.into())
            }
            Err(_) => Err(Fault::Stopped.into()),
        }
    }

    pub(super) async fn commit(mut self) -> Result<(), Uncommitted> {
        match self.end("COMMIT").await {
            Ok(()) => Ok(()),
            Err(error) => Err(Uncommitted { error, doubtful: self.unsure }),
        }
    }

    pub(super) async fn rollback(mut self) -> Result<()> {
        self.end("ROLLBACK").await
    }

    async fn end(&mut self, statement: &'static str) -> Result<()> {
        self.ask(|connection| DB::run(connection, SqlStr::from_static(statement))).await?;
        self.open = false;
        self.limit.lift();
        Ok(())
    }
}

/// A commit that failed.
pub(crate) struct Uncommitted {
    pub(crate) error: Error,
    /// The database did not answer, so that it may have committed.
    pub(crate) doubtful: bool,
}

impl From<Uncommitted> for Error {
    fn from(uncommitted: Uncommitted) -> Self {
        uncommitted.error
    }
}

impl<DB: Kind> Drop for Held<DB> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let mut returning = Returning(Some(connection));
        if self.unsure && DB::spoils(None) {
            return;
        }
        if self.unsure {
            self.limit.end_now();
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let undone = self.open.then(|| self.limit.clone());
            runtime.spawn(async move { timeout(GIVING_BACK, returning.give_back(undone)).await });
        }
    }
}

/// A connection on its way back to the pool. Dropped before it is there it is closed at once, and its place in the pool is
/// free for another: no caller waits for one that does not answer.
struct Returning<DB: Kind>(Option<PoolConnection<DB>>);

impl<DB: Kind> Returning<DB> {
    /// With the limit of a transaction that is to be undone.
    async fn give_back(&mut self, undone: Option<Limit>) {
        if let (Some(limit), Some(connection)) = (undone, self.0.as_mut()) {
            let undo = async {
                DB::calm(connection).await?;
                limit.lift();
                DB::run(connection, SqlStr::from_static("ROLLBACK")).await
            };
            // SQLite undoes a transaction by itself where there is no room for it or a write was ended, and then has nothing to roll
            // back.
            if let Err(error) = undo.await {
                tracing::debug!(%error, "a connection could not roll back");
                return;
            }
        }
        if let Some(mut connection) = self.0.take() {
            connection.return_to_pool().await;
        }
    }
}

impl<DB: Kind> Drop for Returning<DB> {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}
