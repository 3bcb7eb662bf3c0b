//! The outbox for people: what waits, what was given up and why; and what they do about it.

use std::fmt;
use std::str::FromStr;

use sea_query::{Value as Sql, Values};
use sea_query_sqlx::SqlxValues;
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::store::by_engine;
use crate::audit;
use crate::call::{AuditRow, Runtime, insert_audit, session};
use crate::database::{Engine, Tx};
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
        let mut select = Select::new(tx.engine(), filter.status);
        if let Some(tenant) = filter.tenant {
            select.where_id("tenant =", tenant);
        }
        if let Some(after) = filter.after {
            select.where_id("outbox_id >", after);
        }
        let rows = select.first(filter.limit.clamp(1, 1000), &mut tx).await?;
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
        let mut select = Select::new(tx.engine(), None);
        match tenant {
            Some(tenant) => select.where_id("tenant =", tenant),
            // The key begins with the tenant. A dead letter may be left of a tenant that is no more.
            None => {
                let known = by_engine(select.engine, SQLITE_TENANTS, POSTGRES_TENANTS);
                select.conditions.push(format!("tenant IN ({known})"));
            }
        }
        select.where_id("outbox_id =", outbox_id);
        let rows = select.first(1, &mut tx).await?;
        tx.rollback().await?;
        rows.first().map(StoredEffect::of).transpose()?.ok_or_else(|| Error::not_found("outbox entry", outbox_id))
    }

    /// The effects of a call, oldest first.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn effects_of(&self, tenant: Uuid, invocation_id: Uuid) -> Result<Vec<StoredEffect>> {
        let mut tx = self.database.begin_read_for(tenant).await?;
        let engine = tx.engine();
        let parameters = [tenant.encode(ColumnType::Uuid, engine), invocation_id.encode(ColumnType::Uuid, engine)];
        let statement = by_engine(engine, SQLITE_OF_CALL, POSTGRES_OF_CALL);
        let rows = tx.query_sql(statement, session::values(parameters)).await?;
        tx.rollback().await?;
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

macro_rules! columns {
    () => {
        "outbox_id, tenant, kind, name, key, subject, sink, status, attempts, last_error, action_id, \
         invocation_id, created_at, available_at, settled_at, payload"
    };
}

/// Selects effects. Only the conditions that are asked for are in the statement: one that can be switched off by its value keeps a
/// database from using an index for it.
struct Select {
    engine: Engine,
    from: &'static str,
    conditions: Vec<String>,
    parameters: Vec<Sql>,
}

impl Select {
    fn new(engine: Engine, status: Option<OutboxStatus>) -> Self {
        // There are few of these among many that were delivered, which SQLite does not know.
        let from = match (engine, status) {
            (Engine::Postgres, _) => "actwright.outbox",
            (Engine::Sqlite, Some(OutboxStatus::Pending)) => "actwright_outbox INDEXED BY actwright_outbox_due",
            (Engine::Sqlite, Some(OutboxStatus::Dead)) => "actwright_outbox INDEXED BY actwright_outbox_dead",
            (Engine::Sqlite, _) => "actwright_outbox",
        };
        let conditions = status.map(|status| format!("status = '{}'", status.as_str()));
        Self { engine, from, conditions: conditions.into_iter().collect(), parameters: Vec::new() }
    }

    /// The beginning of the next parameter's name, and its number.
    fn next(&mut self, value: Sql) -> String {
        self.parameters.push(value);
        let mark = if self.engine == Engine::Sqlite { '?' } else { '$' };
        format!("{mark}{}", self.parameters.len())
    }

    fn where_id(&mut self, compared: &str, id: Uuid) {
        let parameter = self.next(id.encode(ColumnType::Uuid, self.engine));
        self.conditions.push(format!("{compared} {parameter}"));
    }

    /// So many, oldest first.
    async fn first(mut self, limit: u32, tx: &mut Tx) -> Result<Vec<RawRow>> {
        let limit = self.next(i64::from(limit).encode(ColumnType::Bigint, self.engine));
        let conditions = if self.conditions.is_empty() { "true".to_owned() } else { self.conditions.join(" AND ") };
        let statement = format!(
            concat!("SELECT ", columns!(), " FROM {} WHERE {} ORDER BY outbox_id LIMIT {}"),
            self.from, conditions, limit
        );
        tx.query_sql(statement, SqlxValues(Values(self.parameters))).await
    }
}

const SQLITE_TENANTS: &str =
    "SELECT tenant FROM tenants UNION SELECT tenant FROM actwright_outbox WHERE status = 'dead'";
const POSTGRES_TENANTS: &str =
    "SELECT tenant FROM tenants UNION SELECT tenant FROM actwright.outbox WHERE status = 'dead'";
const SQLITE_OF_CALL: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM actwright_outbox INDEXED BY actwright_outbox_invocation WHERE tenant = ?1 AND invocation_id = ?2 ORDER BY outbox_id"
);
const POSTGRES_OF_CALL: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM actwright.outbox WHERE tenant = $1 AND invocation_id = $2 ORDER BY outbox_id"
);
const SQLITE_RETRY: &str = "UPDATE actwright_outbox SET status = 'pending', attempts = 0, available_at = ?3, \
     settled_at = NULL WHERE tenant = ?1 AND outbox_id = ?2 AND status = 'dead'";
const POSTGRES_RETRY: &str = "UPDATE actwright.outbox SET status = 'pending', attempts = 0, \
     available_at = least($3, clock_timestamp()), settled_at = NULL \
     WHERE tenant = $1 AND outbox_id = $2 AND status = 'dead'";
const SQLITE_DISCARD: &str = "UPDATE actwright_outbox SET status = 'discarded', settled_at = ?3 \
     WHERE tenant = ?1 AND outbox_id = ?2 AND status = 'dead'";
const POSTGRES_DISCARD: &str = "UPDATE actwright.outbox SET status = 'discarded', settled_at = $3 \
     WHERE tenant = $1 AND outbox_id = $2 AND status = 'dead'";
