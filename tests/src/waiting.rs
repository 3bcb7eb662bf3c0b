//! Rows in the outbox without calls, for tests of what becomes of them; and a sink that watches.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actwright_runtime::database::Database;
use actwright_runtime::outbox::{
    CloudEvent, DeliveryError, DeliveryPolicy, EventSink, FileStore, OutboxFilter, StoredEffect,
};
use actwright_runtime::registry::BoxFuture;
use actwright_runtime::{Options, Runtime, Uuid};
use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::conformance::recorder::Recorder;

/// An event that waits, due since a minute.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Whose.
    pub tenant: Uuid,
    /// As emitted.
    pub id: Uuid,
    /// Its key.
    pub key: String,
    /// What it is about.
    pub subject: String,
    /// Who gets it.
    pub sink: String,
    /// Which comes first.
    pub position: i64,
    /// The action that emitted it, in version 1.
    pub action: String,
}

impl Waiting {
    /// An event with this key about this subject, for the sink `witness`.
    pub fn new(tenant: Uuid, key: impl Into<String>, subject: impl Into<String>) -> Self {
        Self {
            tenant,
            id: Uuid::now_v7(),
            key: key.into(),
            subject: subject.into(),
            sink: "witness".to_owned(),
            position: 0,
            action: "crm.tag_activity".to_owned(),
        }
    }

    /// Puts them all into the outbox.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn put(database: &Database, waiting: &[Self]) -> Result<(), sqlx::Error> {
        for some in waiting.chunks(200) {
            let rows: Vec<String> = some.iter().map(Self::values).collect();
            let statement = format!(
                "INSERT INTO {{outbox}} (tenant, outbox_id, kind, name, key, subject, sink, position, payload, action_id, \
                 action_version, invocation_id, actor_id, available_at, created_at) VALUES {}",
                rows.join(", ")
            );
            execute(database, &statement).await?;
        }
        Ok(())
    }

    fn values(&self) -> String {
        let Self { tenant, id, key, subject, sink, position, action } = self;
        let payload = json!({ "key": key });
        format!(
            "('{tenant}', '{id}', 'event', 'THING_MADE', '{key}', '{subject}', '{sink}', {position}, '{payload}', '{action}', \
             1, '{}', '{}', {{now}} - 60 * {{second}}, {{now}} - 60 * {{second}})",
            Uuid::now_v7(),
            Uuid::nil()
        )
    }
}

/// Runs a statement in which `{outbox}` stands for the table, `{now}` for the time and `{second}` for a second. Gives the number of
/// rows that it changed.
///
/// # Errors
///
/// Those of the database.
pub async fn execute(database: &Database, statement: &str) -> Result<u64, sqlx::Error> {
    let written = |table: &str, now: &str, second: &str| {
        AssertSqlSafe(statement.replace("{outbox}", table).replace("{now}", now).replace("{second}", second))
    };
    match database {
        Database::Sqlite { writer, .. } => {
            let now = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)";
            let changed = sqlx::query(written("actwright_outbox", now, "1000000")).execute(writer).await?;
            Ok(changed.rows_affected())
        }
        Database::Postgres { pool, .. } => {
            let mut tx = pool.begin().await?;
            sqlx::query("SELECT set_config('actwright.all_tenants', 'on', true)").execute(&mut *tx).await?;
            let statement = written("actwright.outbox", "clock_timestamp()", "interval '1 second'");
            let changed = sqlx::query(statement).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(changed.rows_affected())
        }
    }
}

/// Lets the time pass until everything that waits is due.
///
/// # Errors
///
/// Those of the database.
pub async fn time_passes(database: &Database) -> Result<u64, sqlx::Error> {
    execute(database, "UPDATE {outbox} SET available_at = {now} - {second} WHERE status = 'pending'").await
}

/// Everything in the outbox, in the order of ids.
///
/// # Errors
///
/// Those of the runtime.
pub async fn all(runtime: &Runtime) -> actwright_runtime::Result<Vec<StoredEffect>> {
    let mut found: Vec<StoredEffect> = Vec::new();
    loop {
        let after = found.last().map(|entry| entry.outbox_id);
        let page = runtime.outbox(OutboxFilter { after, limit: 1000, ..OutboxFilter::default() }).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

/// A runtime of the CRM's actions with these sinks, and a mailer that records.
///
/// # Errors
///
/// The folder cannot be used.
pub fn runtime(
    database: &Database,
    folder: &Path,
    events: Vec<Arc<dyn EventSink>>,
    delivery: DeliveryPolicy,
) -> Result<Runtime, String> {
    let files = FileStore::folder(&folder.join("files")).map_err(|error| error.to_string())?;
    let options = Options { events, delivery, ..Options::new(Arc::new(Recorder::default()), files) };
    Ok(Runtime::new(database.clone(), actwright_actions::pack(), options))
}

/// Says how an attempt goes.
type Judge = dyn Fn(&CloudEvent) -> Result<(), DeliveryError> + Send + Sync;

/// A sink that remembers what it gets, and notes when two of one subject are under way at once. Clones share what they saw.
#[derive(Clone)]
pub struct Witness {
    judge: Arc<Judge>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    events: Vec<CloudEvent>,
    under_way: BTreeSet<(Uuid, String)>,
    overlaps: Vec<String>,
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

impl Witness {
    /// One that takes everything.
    pub fn new() -> Self {
        Self::that(|_| Ok(()))
    }

    /// One whose attempts go as this says.
    pub fn that(judge: impl Fn(&CloudEvent) -> Result<(), DeliveryError> + Send + Sync + 'static) -> Self {
        Self { judge: Arc::new(judge), seen: Arc::default() }
    }

    /// What it took, in order.
    pub fn events(&self) -> Vec<CloudEvent> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).events.clone()
    }

    /// Keys of what it took, in order.
    pub fn keys(&self) -> Vec<String> {
        self.events().into_iter().map(|event| event.id).collect()
    }

    /// Subjects of which two events were under way at once.
    pub fn overlaps(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).overlaps.clone()
    }
}

impl Default for Witness {
    fn default() -> Self {
        Self::new()
    }
}

impl EventSink for Witness {
    fn name(&self) -> &str {
        "witness"
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            let subject = (event.tenant, event.subject.clone());
            {
                let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                if !seen.under_way.insert(subject.clone()) {
                    seen.overlaps.push(event.subject.clone());
                }
            }
            // As long as others need to get in between.
            tokio::time::sleep(Duration::from_millis(u64::from(event.id.bytes().map(u32::from).sum::<u32>() % 4)))
                .await;
            let outcome = (self.judge)(event);
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.under_way.remove(&subject);
            if outcome.is_ok() {
                seen.events.push(event.clone());
            }
            outcome
        })
    }
}
