//! Faults of what calls depend on, and what has to hold after them.

pub mod invariants;
pub mod load;
pub mod proxy;
pub mod server;

use std::sync::Arc;
use std::time::Duration;

use actwright_runtime::database::Database;
use actwright_runtime::database::migrate::Layout;
use actwright_runtime::outbox::FileStore;
use actwright_runtime::{Call, Caller, Options, Runtime};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tempfile::TempDir;

use crate::conformance::alias::{Aliases, id};
use crate::conformance::dump::{self, Dump};
use crate::conformance::fixture::Fixture;
use crate::conformance::recorder::Recorder;

/// Creates all tables in a new database, with the rows that every conformance case starts from.
///
/// # Errors
///
/// What went wrong.
pub async fn prepare(url: &str) -> Result<(), String> {
    let database = Database::open_with(url, 2).await.map_err(text)?;
    let migrations = actwright_actions::pack().migrations;
    database.migrate(Layout::StandAlone, migrations.as_ref()).await.map_err(text)?;
    Fixture::base(&mut Aliases::default())?.load(&database).await?;
    database.close().await;
    Ok(())
}

/// A runtime on a database whose effects are recorded.
#[derive(Debug)]
pub struct Party {
    /// Makes calls.
    pub runtime: Runtime,
    /// What left.
    pub recorder: Recorder,
    /// For files. Vanishes with this value.
    pub folder: TempDir,
}

impl Party {
    /// Opens a database with this many connections.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn at(url: &str, connections: u32) -> Result<Self, String> {
        let database = Database::open_with(url, connections).await.map_err(text)?;
        let (recorder, folder) = (Recorder::default(), tempfile::tempdir().map_err(text)?);
        let files = FileStore::folder(&folder.path().join("files")).map_err(text)?;
        let options =
            Options { events: vec![Arc::new(recorder.clone())], ..Options::new(Arc::new(recorder.clone()), files) };
        Ok(Self { runtime: Runtime::new(database, actwright_actions::pack(), options), recorder, folder })
    }

    /// Lets the time pass until nobody holds anything of the outbox, and delivers what is left.
    ///
    /// # Panics
    ///
    /// When something is not delivered.
    pub async fn deliver(&self) {
        self.runtime.finish().await;
        let statement = "SET available_at = created_at WHERE status = 'pending'";
        let changed = match self.runtime.database() {
            Database::Sqlite { writer, .. } => {
                let statement = AssertSqlSafe(format!("UPDATE actwright_outbox {statement}"));
                sqlx::query(statement).execute(writer).await.map(|_| ())
            }
            Database::Postgres { pool, .. } => {
                let statement = AssertSqlSafe(format!("UPDATE actwright.outbox {statement}"));
                sqlx::query(statement).execute(pool).await.map(|_| ())
            }
        };
        changed.expect("a database that can be written");
        assert_eq!(self.runtime.relay().await.expect("a relay").failed, 0, "a delivery failed");
    }

    /// Everything that the database holds.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    pub async fn dump(&self) -> Dump {
        dump::dump(self.runtime.database()).await.expect("a database that can be read")
    }

    /// Waits for what is under way, and closes the connections.
    pub async fn close(self) {
        self.runtime.finish().await;
        self.runtime.database().close().await;
    }
}

/// A call that writes an activity and emits an event. One key is one activity.
pub fn schedule(key: &str, timeout: Duration) -> Call {
    Call { idempotency_key: Some(key.to_owned()), timeout: Some(timeout), ..unkeyed(key) }
}

/// As [`schedule`], without a key.
pub fn unkeyed(title: &str) -> Call {
    let input = json!({
        "client_id": id("client.contoso"), "type_id": id("type.call"), "title": title,
        "start_time": "2026-03-05T09:00:00Z",
    });
    call("crm.schedule_activity", input)
}

/// A call of the administrator.
pub fn call(action: &str, input: Value) -> Call {
    Call::new(action, id("tenant.north"), Caller::User(id("user.admin")), input)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
