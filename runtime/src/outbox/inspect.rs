//! The outbox for people: what waits, what was given up and why; and what they do about it.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::store::by_engine;
use crate::audit;
use crate::call::{AuditRow, Runtime, insert_audit, session};
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue, RawRow};
use crate::spec::Effects;
use crate::value::Timestamp;

/// Where an effect stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxStatus {
    /// It is delivered as soon as it is due.
    Pending,
    /// It is out.
    Delivered,
    /// It was given up: a dead letter. Nobody tries again until somebody asks for it.
    Dead,
    /// Somebody decided that it is not delivered.
    Discarded,
}

impl OutboxStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Dead, Self::Discarded];

    /// As it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Discarded => "discarded",
        }
    }
}

impl fmt::Display for OutboxStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OutboxStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|status| status.as_str()).collect();
            format!("{text} is no status; there are {}", known.join(", "))
        })
    }
}

/// Something of the outbox.
#[derive(Debug, Clone, Serialize)]
pub struct StoredEffect {
    /// Its id.
    pub outbox_id: Uuid,
    /// Whose.
    pub tenant: Uuid,
    /// `event`, `mail` or `job`.
    pub kind: String,
    /// Event name, subject of the mail, or job.
    pub name: String,
    /// Event key, Message-ID, or the id of a job: the same at every attempt.
    pub key: String,
    /// What an event is about.
    pub subject: Option<String>,
    /// The sink that an event is for, the recipient that a mail is for.
    pub sink: Option<String>,
    /// Where it stands.
    pub status: OutboxStatus,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// The action that asked for it.
    pub action_id: String,
    /// The call that asked for it.
    pub invocation_id: Uuid,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it is due, if it waits.
    pub available_at: Timestamp,
    /// When it was delivered, given up or discarded.
    pub settled_at: Option<Timestamp>,
    /// What is delivered.
    pub payload: Value,
}

/// Which effects are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct OutboxFilter {
    /// Of this tenant only.
    pub tenant: Option<Uuid>,
    /// In this state only.
    pub status: Option<OutboxStatus>,
    /// Those after this one, which is how to get the next page.
    pub after: Option<Uuid>,
    /// At most so many, up to 1,000.
    pub limit: u32,
}

/// Who decides about a dead letter, for the audit log.
#[derive(Debug, Clone, Copy)]
enum Decision<'a> {
    Retry,
    Discard { reason: &'a str },
}

impl Runtime {
    /// Effects, oldest first.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn outbox(&self, filter: OutboxFilter) -> Result<Vec<StoredEffect>> {
        let mut tx = self.database.begin_read_of(filter.tenant).await?;
        let engine = tx.engine();
        let parameters = session::values([
            filter.tenant.encode(ColumnType::Uuid, engine),
            filter.status.map(|status| status.as_str().to_owned()).encode(ColumnType::Text, engine),
            filter.after.encode(ColumnType::Uuid, engine),
            i64::from(filter.limit.clamp(1, 1000)).encode(ColumnType::Bigint, engine),
        ]);
        let rows = tx.query_sql(by_engine(engine, SQLITE_LIST, POSTGRES_LIST), parameters).await?;
        tx.rollback().await?;
        rows.iter().map(StoredEffect::of).collect()
    }

    /// The effect of this id; `tenant` limits the search to one tenant's.
    ///
    /// # Errors
    ///
    /// `NOT_FOUND`, and those of the database.
    pub async fn outbox_entry(&self, tenant: Option<Uuid>, outbox_id: Uuid) -> Result<StoredEffect> {
        let mut tx = self.database.begin_read_of(tenant).await?;
        let engine = tx.engine();
        let parameters =
            session::values([tenant.encode(ColumnType::Uuid, engine), outbox_id.encode(ColumnType::Uuid, engine)]);
        let rows = tx.query_sql(by_engine(engine, SQLITE_ENTRY, POSTGRES_ENTRY), parameters).await?;
        tx.rollback().await?;
        rows.first().map(StoredEffect::of).transpose()?.ok_or_else(|| Error::not_found("outbox entry", outbox_id))
    }

    /// The effects of a call, oldest first.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn effects_of(&self, tenant: Uuid, invocation_id: Uuid) -> Result<Vec<StoredEffect>> {
        let mut scope = session::resume(&self.database, &[], Effects::Read, tenant, Uuid::nil()).await?;
        let engine = scope.tx.engine();
        let parameters = [tenant.encode(ColumnType::Uuid, engine), invocation_id.encode(ColumnType::Uuid, engine)];
        let statement = by_engine(engine, SQLITE_OF_CALL, POSTGRES_OF_CALL);
        let rows = scope.tx.query_sql(statement, session::values(parameters)).await?;
        scope.tx.rollback().await?;
        rows.iter().map(StoredEffect::of).collect()
    }

    /// Makes a dead letter due, with all its attempts before it again. `actor` is who decided so, for the audit log.
    ///
    /// # Errors
    ///
    /// `NOT_FOUND`, `CONFLICT` when it is no dead letter, and those of the database.
    pub async fn retry_dead_letter(&self, tenant: Option<Uuid>, outbox_id: Uuid, actor: Option<Uuid>) -> Result<()> {
        self.decide(tenant, outbox_id, actor, Decision::Retry).await?;
        self.wake_relay();
        Ok(())
    }

    /// Decides that a dead letter is not delivered. The row and its payload stay until retention removes them.
    ///
    /// # Errors
    ///
    /// As [`Runtime::retry_dead_letter`].
    pub async fn discard_dead_letter(
        &self,
        tenant: Option<Uuid>,
        outbox_id: Uuid,
        actor: Option<Uuid>,
        reason: &str,
    ) -> Result<()> {
        self.decide(tenant, outbox_id, actor, Decision::Discard { reason }).await
    }

    async fn decide(
        &self,
        tenant: Option<Uuid>,
        outbox_id: Uuid,
        actor: Option<Uuid>,
        decision: Decision<'_>,
    ) -> Result<()> {
        let entry = self.outbox_entry(tenant, outbox_id).await?;
        let mut scope =
            session::resume(&self.database, &[], Effects::Write, entry.tenant, actor.unwrap_or_default()).await?;
        let engine = scope.tx.engine();
        let (statement, operation, reason) = match decision {
            Decision::Retry => (by_engine(engine, SQLITE_RETRY, POSTGRES_RETRY), "outbox_retry", Value::Null),
            Decision::Discard { reason } => {
                (by_engine(engine, SQLITE_DISCARD, POSTGRES_DISCARD), "outbox_discard", json!(reason))
            }
        };
        let parameters = session::values([
            entry.tenant.encode(ColumnType::Uuid, engine),
            outbox_id.encode(ColumnType::Uuid, engine),
            scope.now.encode(ColumnType::Timestamp, engine),
        ]);
        if scope.tx.execute_sql(statement, parameters).await? == 0 {
            scope.tx.rollback().await?;
            let now = self.outbox_entry(tenant, outbox_id).await?.status;
            return Err(Error::conflict(format!("The outbox entry {outbox_id} is no dead letter: it is {now}.")));
        }
        let mut details = audit::target_of(&mut scope, entry.invocation_id).await?;
        details.extend(decided(&entry, reason));
        let audit = AuditRow {
            id: Uuid::now_v7(),
            user: actor.map(|actor| actor.to_string()),
            operation: operation.to_owned(),
            record: outbox_id,
            changed: json!({}),
            details: details.into(),
        };
        insert_audit(&mut scope, &audit).await?;
        scope.tx.commit().await
    }
}

/// What the audit row of a decision says besides the record that the effect is about.
fn decided(entry: &StoredEffect, reason: Value) -> Map<String, Value> {
    [
        ("action_id", json!(entry.action_id)),
        ("outbox_id", json!(entry.outbox_id)),
        ("kind", json!(entry.kind)),
        ("name", json!(entry.name)),
        ("key", json!(entry.key)),
        ("invocation_id", json!(entry.invocation_id)),
        ("last_error", json!(entry.last_error)),
        ("reason", reason),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

impl StoredEffect {
    fn of(row: &RawRow) -> Result<Self> {
        let status: String = row.get(7, ColumnType::Text)?;
        Ok(Self {
            outbox_id: row.get(0, ColumnType::Uuid)?,
            tenant: row.get(1, ColumnType::Uuid)?,
            kind: row.get(2, ColumnType::Text)?,
            name: row.get(3, ColumnType::Text)?,
            key: row.get(4, ColumnType::Text)?,
            subject: row.get(5, ColumnType::Text)?,
            sink: row.get(6, ColumnType::Text)?,
            status: status.parse().map_err(Error::internal)?,
            attempts: row.get(8, ColumnType::Integer)?,
            last_error: row.get(9, ColumnType::Text)?,
            action_id: row.get(10, ColumnType::Text)?,
            invocation_id: row.get(11, ColumnType::Uuid)?,
            created_at: row.get(12, ColumnType::Timestamp)?,
            available_at: row.get(13, ColumnType::Timestamp)?,
            settled_at: row.get(14, ColumnType::Timestamp)?,
            payload: row.get(15, ColumnType::Json)?,
        })
    }
}

macro_rules! select {
    ($table:literal, $rest:literal) => {
        concat!(
            "SELECT outbox_id, tenant, kind, name, key, subject, sink, status, attempts, last_error, action_id, \
             invocation_id, created_at, available_at, settled_at, payload FROM ",
            $table,
            " ",
            $rest
        )
    };
}

const SQLITE_LIST: &str = select!(
    "actwright_outbox",
    "WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR status = ?2) AND (?3 IS NULL OR outbox_id > ?3) \
     ORDER BY outbox_id LIMIT ?4"
);
const POSTGRES_LIST: &str = select!(
    "actwright.outbox",
    "WHERE ($1::uuid IS NULL OR tenant = $1) AND ($2::text IS NULL OR status = $2) \
     AND ($3::uuid IS NULL OR outbox_id > $3) ORDER BY outbox_id LIMIT $4"
);
const SQLITE_ENTRY: &str = select!("actwright_outbox", "WHERE (?1 IS NULL OR tenant = ?1) AND outbox_id = ?2");
const POSTGRES_ENTRY: &str = select!("actwright.outbox", "WHERE ($1::uuid IS NULL OR tenant = $1) AND outbox_id = $2");
const SQLITE_OF_CALL: &str = select!("actwright_outbox", "WHERE tenant = ?1 AND invocation_id = ?2 ORDER BY outbox_id");
const POSTGRES_OF_CALL: &str =
    select!("actwright.outbox", "WHERE tenant = $1 AND invocation_id = $2 ORDER BY outbox_id");
const SQLITE_RETRY: &str = "UPDATE actwright_outbox SET status = 'pending', attempts = 0, available_at = ?3, \
     settled_at = NULL WHERE tenant = ?1 AND outbox_id = ?2 AND status = 'dead'";
const POSTGRES_RETRY: &str = "UPDATE actwright.outbox SET status = 'pending', attempts = 0, \
     available_at = least($3, clock_timestamp()), settled_at = NULL \
     WHERE tenant = $1 AND outbox_id = $2 AND status = 'dead'";
const SQLITE_DISCARD: &str = "UPDATE actwright_outbox SET status = 'discarded', settled_at = ?3 \
     WHERE tenant = ?1 AND outbox_id = ?2 AND status = 'dead'";
const POSTGRES_DISCARD: &str = "UPDATE actwright.outbox SET status = 'discarded', settled_at = $3 \
     WHERE tenant = $1 AND outbox_id = $2 AND status = 'dead'";
