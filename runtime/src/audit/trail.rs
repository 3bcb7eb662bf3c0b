//! The audit trail: who did what to a record, when, through which action, version and run.

use std::collections::{BTreeMap, BTreeSet};

use sea_query::Value as Sql;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::entity::Entity;
use super::sql::{Statement, trail as sql};
use crate::call::Runtime;
use crate::call::session::values;
use crate::database::{Database, Tx};
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue, RawRow};
use crate::value::Timestamp;

/// Rows that are looked at in one statement.
const BATCH: i64 = 500;

/// Which entries are asked for.
#[derive(Debug, Clone, Default)]
pub struct TrailQuery {
    /// Whose.
    pub tenant: Uuid,
    /// About this record only.
    pub entity: Option<Entity>,
    /// Not earlier.
    pub from: Option<Timestamp>,
    /// Not later.
    pub to: Option<Timestamp>,
    /// By this user only.
    pub actor: Option<Uuid>,
    /// Through this action only.
    pub action: Option<String>,
    /// Those after this entry, which is how to get the next page.
    pub after: Option<Uuid>,
    /// At most so many, up to 1,000.
    pub limit: u32,
}

/// Entries, oldest first.
#[derive(Debug, Clone, Serialize)]
pub struct Trail {
    /// The entries.
    pub entries: Vec<TrailEntry>,
    /// Give it as [`TrailQuery::after`] for the next page. None: there is none.
    pub next: Option<Uuid>,
    /// Fields by which entries hold the id without saying that it is of the kind that was asked for.
    pub also_as: Vec<String>,
}

/// How a call, or a decision about what it sent, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The call had its effect.
    Done,
    /// The actor may not do it, or not decide it.
    Denied,
    /// It failed, and had no effect.
    Failed,
    /// Somebody had a dead letter tried again.
    Retried,
    /// Somebody decided that a dead letter is not delivered.
    Discarded,
}

/// An audit row for people.
#[derive(Debug, Clone, Serialize)]
pub struct TrailEntry {
    /// Its id; the id of the call, for a call.
    pub audit_id: Uuid,
    /// When.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Through which action.
    pub action: Option<String>,
    /// In which version.
    pub version: Option<i64>,
    /// Who.
    pub actor: Option<Actor>,
    /// In which workflow run. None: in no run.
    pub run: Option<Run>,
    /// Where in the run.
    pub step_path: Option<String>,
    /// What changed, with what became known later.
    pub changed: Value,
    /// Of a refusal: category, code and the input without secrets. Of a dead letter: what it was and why.
    pub details: Value,
    /// What became known later, and when.
    pub amendments: Vec<Amendment>,
    /// Its place in the chain of seals. None: it is not sealed yet.
    pub seal: Option<i64>,
}

/// Who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// The user's id.
    pub user_id: String,
    /// First and last name, else the e-mail address, where the tenant still has the user.
    pub name: Option<String>,
}

/// In which workflow run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The run's id.
    pub run_id: String,
    /// Name of the workflow, where the run is still there.
    pub workflow: Option<String>,
    /// Version of the workflow.
    pub workflow_version: Option<i64>,
}

/// What became known of a call after its audit row had been written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Amendment {
    /// When.
    pub at: Timestamp,
    /// The fields as they were.
    pub old: Map<String, Value>,
    /// The fields as they are.
    pub new: Map<String, Value>,
}

impl Runtime {
    /// Audit entries, oldest first. A repeated call that had no effect has none.
    ///
    /// # Errors
    ///
    /// `NOT_FOUND` when there is no entry `after`; otherwise those of the database.
    pub async fn audit_trail(&self, query: &TrailQuery) -> Result<Trail> {
        let limit = query.limit.clamp(1, 1000) as usize;
        let mut others = BTreeSet::new();
        let mut entries: Vec<TrailEntry> = Vec::new();
        let (at, id) = match query.after {
            Some(id) => self.place_of(query.tenant, id).await?,
            None => (query.from.unwrap_or(Timestamp::EPOCH), Uuid::nil()),
        };
        let mut place = (at, id.encode(ColumnType::Uuid, self.database.engine()));
        // One more than asked for tells whether there is a next page.
        'pages: loop {
            let mut tx = self.database.begin_read_for(query.tenant).await?;
            let rows = read(&mut tx, query, &place).await?;
            tx.rollback().await?;
            for row in &rows {
                place = (row.get(6, ColumnType::Timestamp)?, row.place(0)?);
                let Some(entry) = TrailEntry::of(row)? else { continue };
                let named = query.entity.as_ref().is_none_or(|entity| {
                    let (changed, details) = (&entry.changed, &entry.details);
                    let named = entity.is_named_in(changed, &mut others);
                    entity.is_named_in(details, &mut others) || named || entity.is_run()
                });
                if named {
                    entries.push(entry);
                }
                if entries.len() > limit {
                    break 'pages;
                }
            }
            if rows.len() < BATCH as usize {
                break;
            }
        }
        let more = entries.len() > limit;
        entries.truncate(limit);
        name(&self.database, query.tenant, &mut entries).await?;
        entries.iter_mut().for_each(TrailEntry::tidy);
        let next = entries.last().filter(|_| more).map(|entry| entry.audit_id);
        let also_as =
            if query.entity.as_ref().is_some_and(Entity::is_run) { Vec::new() } else { others.into_iter().collect() };
        Ok(Trail { entries, next, also_as })
    }

    async fn place_of(&self, tenant: Uuid, id: Uuid) -> Result<(Timestamp, Uuid)> {
        let entry = self.audit_entry(tenant, id).await?;
        entry.map(|entry| (entry.at, id)).ok_or_else(|| Error::not_found("audit row", id))
    }
}

async fn read(tx: &mut Tx, query: &TrailQuery, (at, id): &(Timestamp, Sql)) -> Result<Vec<RawRow>> {
    let engine = tx.engine();
    let statement = match &query.entity {
        None => &sql::TRAIL,
        Some(entity) if entity.is_run() => &sql::TRAIL_OF_RUN,
        Some(_) => &sql::TRAIL_OF_ENTITY,
    };
    let text = |text: Option<String>| text.encode(ColumnType::Text, engine);
    let mut parameters = vec![
        query.tenant.encode(ColumnType::Uuid, engine),
        at.encode(ColumnType::Timestamp, engine),
        id.clone(),
        query.to.encode(ColumnType::Timestamp, engine),
        text(query.actor.map(|actor| actor.to_string())),
        text(query.action.clone()),
        Sql::BigInt(Some(BATCH)),
    ];
    let needles = query.entity.iter().flat_map(|entity| entity.needles(engine));
    parameters.extend(needles.map(|needle| Sql::String(Some(needle))));
    tx.query_sql(statement.of(engine), sea_query_sqlx::SqlxValues(sea_query::Values(parameters))).await
}

impl TrailEntry {
    /// None for what has an id that we give to nothing.
    fn of(row: &RawRow) -> Result<Option<Self>> {
        let text = |index| Ok::<_, Error>(row.any_text(index)?.unwrap_or_default());
        // What somebody put there may be no JSON.
        let json = |index| text(index).map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
        let Ok(audit_id) = text(0)?.parse::<Uuid>() else { return Ok(None) };
        let user = row.any_text(1)?;
        let (operation, record) = (text(2)?, text(3)?);
        let details: Value = json(5)?;
        let (kind, action) = operation.split_once(':').unwrap_or((&operation, ""));
        let outcome = match kind {
            "workflow_action_denied" | "outbox_retry_denied" | "outbox_discard_denied" => Outcome::Denied,
            "workflow_action_failed" => Outcome::Failed,
            "outbox_retry" => Outcome::Retried,
            "outbox_discard" => Outcome::Discarded,
            _ => Outcome::Done,
        };
        let action = Some(action).filter(|action| !action.is_empty()).or_else(|| details["action_id"].as_str());
        let in_run = kind.starts_with("workflow_action") && record != audit_id.to_string();
        Ok(Some(Self {
            audit_id,
            at: row.get(6, ColumnType::Timestamp)?,
            outcome,
            action: action.map(str::to_owned),
            version: details["action_version"].as_i64(),
            actor: user.map(|user_id| Actor { user_id, name: None }),
            run: in_run.then_some(Run { run_id: record, workflow: None, workflow_version: None }),
            step_path: details["step_path"].as_str().map(str::to_owned),
            changed: json(4)?,
            details,
            amendments: amended(&text(7)?),
            seal: row.get(8, ColumnType::Bigint)?,
        }))
    }

    /// Takes out of the details what has a field of its own.
    fn tidy(&mut self) {
        if let Some(details) = self.details.as_object_mut() {
            for name in ["action_id", "action_version", "step_path"] {
                details.remove(name);
            }
        }
    }
}

/// Reads a list of time in microseconds, old and new values. What cannot be read is none of ours; a verification names it.
fn amended(text: &str) -> Vec<Amendment> {
    let list: Vec<(Option<i64>, String, String)> = serde_json::from_str(text).unwrap_or_default();
    let fields = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok();
    let amendment = |(at, old, new): (Option<i64>, String, String)| {
        Some(Amendment { at: Timestamp::from_micros(at?)?, old: fields(&old)?, new: fields(&new)? })
    };
    list.into_iter().filter_map(amendment).collect()
}

/// Finds the names of users and workflows that the tenant has.
async fn name(database: &Database, tenant: Uuid, entries: &mut [TrailEntry]) -> Result<()> {
    let ids = |ids: BTreeSet<&str>| ids.into_iter().filter_map(|id| Uuid::parse_str(id).ok()).collect::<Vec<_>>();
    let users = ids(entries.iter().filter_map(|entry| Some(entry.actor.as_ref()?.user_id.as_str())).collect());
    let runs = ids(entries.iter().filter_map(|entry| Some(entry.run.as_ref()?.run_id.as_str())).collect());
    let mut tx = database.begin_read_for(tenant).await?;
    let mut names = BTreeMap::new();
    for row in find(&mut tx, &sql::USERS, tenant, users).await? {
        let part = |index| Ok::<_, Error>(row.get::<Option<String>>(index, ColumnType::Text)?.unwrap_or_default());
        let full = format!("{} {}", part(1)?, part(2)?).trim().to_owned();
        let name = if full.is_empty() { part(3)? } else { full };
        names.insert(row.get::<String>(0, ColumnType::Text)?, name);
    }
    let mut workflows = BTreeMap::new();
    for row in find(&mut tx, &sql::RUNS, tenant, runs).await? {
        let workflow: (Option<String>, Option<i64>) = (row.get(1, ColumnType::Text)?, row.get(2, ColumnType::Bigint)?);
        workflows.insert(row.get::<String>(0, ColumnType::Text)?, workflow);
    }
    tx.rollback().await?;
    for entry in entries {
        if let Some(actor) = &mut entry.actor {
            actor.name = names.get(&actor.user_id).cloned();
        }
        if let Some(run) = &mut entry.run {
            (run.workflow, run.workflow_version) = workflows.get(&run.run_id).cloned().unwrap_or_default();
        }
    }
    Ok(())
}

async fn find(tx: &mut Tx, statement: &Statement, tenant: Uuid, ids: Vec<Uuid>) -> Result<Vec<RawRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let engine = tx.engine();
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let parameters = [tenant.encode(ColumnType::Uuid, engine), ids.encode(ColumnType::TextArray, engine)];
    tx.query_sql(statement.of(engine), values(parameters)).await
}
