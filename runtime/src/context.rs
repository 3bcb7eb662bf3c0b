//! What a body gets instead of a connection.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use sea_query::Value as Sql;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::call::RowChange;
use crate::call::session::values;
use crate::database::{Engine, Tx};
use crate::error::{Error, Result};
use crate::outbox::{Effect, EffectKind};
use crate::query::{Insert, Records, Select, Table, Tables, Update};
use crate::registry::Action;
use crate::value::Timestamp;

/// One tenant's data inside one transaction, seen by one actor.
pub struct Scope {
    pub(crate) tx: Tx,
    /// What statements may be about. A table that a body makes up, and calls common to all tenants, is not among them.
    pub(crate) tables: Tables,
    pub(crate) records: Records,
    pub(crate) tenant: Uuid,
    pub(crate) actor: Uuid,
    pub(crate) now: Timestamp,
    /// What `Message-ID`s end with.
    pub(crate) mail_domain: String,
    /// `resource:action` of what was asked for and is granted.
    pub(crate) granted: Vec<String>,
    pub(crate) effects: Vec<Effect>,
    /// Jobs that are due whatever becomes of the call.
    pub(crate) observed: Vec<Effect>,
    pub(crate) changes: Option<Vec<RowChange>>,
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("tenant", &self.tenant).field("actor", &self.actor).finish_non_exhaustive()
    }
}

impl Scope {
    /// The time of the call: the same whenever it is asked.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The user on whose behalf the call is made.
    pub fn actor(&self) -> Uuid {
        self.actor
    }

    /// A new id that sorts after those made before.
    pub fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    /// The `Message-ID` of the mail about what has this id, the same whenever it is asked.
    pub fn message_id(&self, id: Uuid) -> String {
        format!("<{id}@{}>", self.mail_domain)
    }

    /// Reads rows of a table.
    pub fn select(&mut self, table: &'static Table) -> Select<'_> {
        Select::new(&mut self.tx, self.tables, &mut self.records, self.tenant, table)
    }

    /// Waits until no other transaction of the tenant holds this name, and holds it until this one ends: for what has no
    /// row yet that could be locked. On SQLite a writer is alone in any case.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn hold(&mut self, name: &str) -> Result<()> {
        if self.tx.engine() == Engine::Postgres {
            let name = format!("actwright:{}:{name}", self.tenant);
            let statement = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
            self.tx.query_sql(statement, values([Sql::String(Some(name))])).await?;
        }
        Ok(())
    }

    /// Leaves a job that is due whatever becomes of the call: to record what the call found to be so, such as that a quote
    /// has expired, also when that is why the call is refused. A refused call keeps it with its audit row; a dry run
    /// forgets it.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the payload cannot be written as JSON, or the action only reads.
    pub fn observe(&mut self, job: &'static str, payload: impl Serialize) -> Result<()> {
        self.tx.check_writes()?;
        self.observed.push(job_effect(job, payload)?);
        Ok(())
    }

    /// Inserts a row into a table.
    pub fn insert(&mut self, table: &'static Table) -> Insert<'_> {
        Insert::new(&mut self.tx, self.tables, &mut self.changes, self.tenant, table)
    }

    /// Changes rows of a table.
    pub fn update(&mut self, table: &'static Table) -> Update<'_> {
        Update::new(&mut self.tx, self.tables, &mut self.records, &mut self.changes, self.tenant, table)
    }
}

/// The context of one action's body: its tenant's data, and what its spec lets it ask for.
pub struct Context<'a, A> {
    scope: &'a mut Scope,
    action: PhantomData<fn() -> A>,
}

impl<A> fmt::Debug for Context<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scope.fmt(f)
    }
}

impl<A> Deref for Context<'_, A> {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        self.scope
    }
}

impl<A> DerefMut for Context<'_, A> {
    fn deref_mut(&mut self) -> &mut Scope {
        self.scope
    }
}

impl<'a, A: Action> Context<'a, A> {
    pub(crate) fn new(scope: &'a mut Scope) -> Self {
        Self { scope, action: PhantomData }
    }

    /// Emits an event once the call has committed. Only events that the spec names compile.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the payload cannot be written as JSON, or the action only reads.
    pub fn emit<E: Event>(&mut self, event: E) -> Result<()>
    where
        A: Emits<E>,
    {
        self.scope.tx.check_writes()?;
        let (key, subject) = (event.key(), event.subject());
        let mut payload = json!({
            "tenantId": self.scope.tenant,
            "occurredAt": self.scope.now,
            "actor": { "actorType": "USER", "actorUserId": self.scope.actor },
        });
        let own = serde_json::to_value(event).map_err(|_| Error::internal("An event cannot be written as JSON."))?;
        if let (Some(payload), Value::Object(own)) = (payload.as_object_mut(), own) {
            payload.extend(own);
        }
        let effect = Effect::new(EffectKind::Event, E::NAME, Some(key), payload);
        self.scope.effects.push(Effect { subject: Some(subject), ..effect });
        Ok(())
    }

    /// Requires a permission that only the body can know to be needed. The spec lists it under `may_require`.
    ///
    /// # Errors
    ///
    /// `PERMISSION_DENIED`, or `INTERNAL_ERROR` when the spec does not list it.
    pub fn require(&self, resource: &str, action: &str) -> Result<()> {
        if !A::SPEC.may_require.contains(&(resource, action)) {
            return Err(Error::internal(format!(
                "{} does not list {resource}:{action} under may_require.",
                A::SPEC.id
            )));
        }
        if self.scope.granted.iter().any(|granted| *granted == format!("{resource}:{action}")) {
            return Ok(());
        }
        Err(Error::denied(resource, action))
    }

    /// Leaves work for after the commit: a job of the pack, with its payload.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the payload cannot be written as JSON, or the action only reads.
    pub fn defer(&mut self, job: &'static str, payload: impl Serialize) -> Result<()> {
        self.scope.tx.check_writes()?;
        self.scope.effects.push(job_effect(job, payload)?);
        Ok(())
    }
}

fn job_effect(job: &'static str, payload: impl Serialize) -> Result<Effect> {
    let payload = serde_json::to_value(payload);
    let payload = payload.map_err(|_| Error::internal("A job's payload cannot be written as JSON."))?;
    Ok(Effect::new(EffectKind::Job, job, None, payload))
}

/// An event, as its generated type declares it.
pub trait Event: Serialize {
    /// As subscribers know it.
    const NAME: &'static str;

    /// The same for the same happening, so that subscribers can tell a repetition.
    fn key(&self) -> String;

    /// What it is about. Events of one subject are delivered in order; without a subject in its spec, an event is about
    /// itself.
    fn subject(&self) -> String {
        self.key()
    }
}

/// An action whose spec names the event under `emits`.
#[diagnostic::on_unimplemented(
    message = "the action does not emit this event",
    label = "not among the events of the action's spec",
    note = "name the event under `emits` in the action's spec"
)]
pub trait Emits<E> {}
