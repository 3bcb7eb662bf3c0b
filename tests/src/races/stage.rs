//! Where a run takes place: a database with the few rows, a runtime on it, and sinks that fail now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actwright_runtime::Runtime;
use actwright_runtime::call::Options;
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::outbox::{CloudEvent, DeliveryError, DeliveryPolicy, EventSink, FileStore, Mail, Mailer};
use actwright_runtime::registry::BoxFuture;
use serde_json::{Value, json};

use super::facts::Evidence;
use super::history::Record;
use super::judge::judge;
use super::random::Random;
use super::rows;
use crate::conformance::databases::{Databases, Place};
use crate::conformance::dump::{Dump, dump};
use crate::conformance::recorder::Recorder;

/// Databases for runs on one engine.
#[derive(Debug)]
pub struct Stage {
    databases: Databases,
}

/// One run's own database and sinks.
#[derive(Debug)]
pub struct Scene {
    place: Place,
    sinks: Sinks,
}

impl Stage {
    /// Creates the tables and loads the rows.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn prepare(engine: Engine) -> Result<Self, String> {
        Ok(Self { databases: Databases::prepare(engine, &rows::fixture()?).await? })
    }

    /// A database with the rows and nothing else. Of deliveries, every tenth fails the first time where `flaky`.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn scene(&self, flaky: bool) -> Result<Scene, String> {
        let place = self.databases.take().await?;
        Ok(Scene { place, sinks: Sinks { flaky, ..Sinks::default() } })
    }

    /// Ends a run.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn give_back(&self, scene: Scene) -> Result<(), String> {
        self.databases.give_back(scene.place).await
    }

    /// Removes all databases.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn remove(self) -> Result<(), String> {
        self.databases.remove().await
    }
}

impl Scene {
    /// A program of its own on the database, with so many connections and no more rights than programs have.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn program(&self, connections: u32) -> Result<Runtime, String> {
        let database = Database::open_with(&self.place.application_url(), connections).await.map_err(text)?;
        let files = FileStore::folder(&self.place.folder.path().join("files")).map_err(text)?;
        let options = Options {
            events: vec![Arc::new(self.sinks.clone())],
            // Time is what the conductor makes of it.
            event_patience: Duration::from_secs(3600),
            delivery: DeliveryPolicy {
                first_pause: Duration::from_millis(20),
                longest_pause: Duration::from_millis(100),
                ..DeliveryPolicy::default()
            },
            ..Options::new(Arc::new(self.sinks.clone()), files)
        };
        Ok(Runtime::new(database, actwright_actions::pack(), options))
    }

    /// Where the database is.
    pub fn url(&self) -> &str {
        self.place.url()
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn dump(&self) -> Result<Dump, String> {
        dump(&self.place.database).await.map_err(text)
    }

    /// Delivers what is left when all calls are over: leases of calls whose callers are gone end at once.
    ///
    /// # Errors
    ///
    /// What cannot be delivered.
    pub async fn drain(&self, runtime: &Runtime) -> Result<(), String> {
        runtime.finish().await;
        for _ in 0..20 {
            self.end_leases().await.map_err(text)?;
            runtime.relay().await.map_err(text)?;
            if runtime.database().outbox_counts().await.map_err(text)?.pending == 0 {
                return Ok(());
            }
        }
        Err("the outbox does not empty".to_owned())
    }

    async fn end_leases(&self) -> Result<(), sqlx::Error> {
        match &self.place.database {
            Database::Sqlite { writer, .. } => {
                let statement = "UPDATE actwright_outbox SET available_at = 0 WHERE status = 'pending'";
                sqlx::query(statement).execute(writer).await.map(|_| ())
            }
            Database::Postgres { pool, .. } => {
                let statement = "UPDATE actwright.outbox SET available_at = 'epoch' WHERE status = 'pending'";
                let mut tx = pool.begin().await?;
                sqlx::query("SELECT set_config('actwright.all_tenants', 'on', true)").execute(&mut *tx).await?;
                sqlx::query(statement).execute(&mut *tx).await?;
                tx.commit().await
            }
        }
    }

    /// Everything that is wrong with what callers saw and what is there now.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn judge(&self, records: &[Record]) -> Result<Vec<String>, String> {
        let dump = self.dump().await?;
        let (events, mails) = (self.sinks.taken.events(), self.sinks.mails());
        Ok(judge(records, &Evidence { dump: &dump, events: &events, mails: &mails }))
    }
}

/// Take events and mails, and remember them. Where they are flaky, one in ten fails before that.
#[derive(Debug, Clone, Default)]
struct Sinks {
    flaky: bool,
    attempts: Arc<AtomicU64>,
    taken: Recorder,
}

impl Sinks {
    fn attempt(&self) -> Result<(), DeliveryError> {
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed);
        let fails = self.flaky && Random::part(attempt, 0).percent(10);
        if fails { Err(DeliveryError::temporary("Not now.")) } else { Ok(()) }
    }

    /// Each mail once for each time that it reached somebody.
    fn mails(&self) -> Vec<Value> {
        let reached = |mail: &Value| mail["reached"].as_array().cloned().unwrap_or_default();
        let each = |mail: &Value| {
            let to = |recipient| json!({ "message_id": mail["message_id"], "recipient": recipient });
            reached(mail).into_iter().map(to).collect::<Vec<_>>()
        };
        self.taken.mails().iter().flat_map(each).collect()
    }
}

impl EventSink for Sinks {
    fn name(&self) -> &str {
        "flaky"
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            self.attempt()?;
            self.taken.publish(event).await
        })
    }
}

impl Mailer for Sinks {
    fn domain(&self) -> &str {
        self.taken.domain()
    }

    fn send<'a>(
        &'a self,
        mail: &'a Mail,
        recipient: &'a str,
        files: &'a FileStore,
    ) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            self.attempt()?;
            self.taken.send(mail, recipient, files).await
        })
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
