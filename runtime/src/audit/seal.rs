//! Sealing: each tenant's audit rows and amendments as one chain of hashes, in the order in which they are found.
//!
//! Calls never wait for it: it only reads their rows, and writes to tables that they do not touch. What is to be sealed is read
//! and hashed first; then one short transaction moves the end of the chain, if it still is where it was, and adds the seals.
//! Whoever seals at the same time finds the end moved and reads again, so the chain never forks.
//!
//! Rows become visible when their call commits, which is later than the time that they carry. A pass therefore begins where
//! everything was complete after the last one: at its beginning, less the longest time that a call may take.

use std::time::Duration;

use sea_query::Value as Sql;
use serde_json::{Value, json};
use uuid::Uuid;

use super::complete::Complete;
use super::entry::Entry;
use super::record::{GENESIS, Seal};
use super::sql;
use crate::call::Runtime;
use crate::call::session::values;
use crate::database::{Database, Engine, Tx};
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue, RawRow};
use crate::value::Timestamp;

/// Entries that are sealed in one transaction: it is over in a few milliseconds.
const BATCH: usize = 500;

/// Seals that a pass looks at to see where the chain has got to.
const LOOK_BACK: i64 = 100;

/// When audit rows are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealPolicy {
    /// How often a process that relays seals, too.
    pub every: Duration,
    /// The longest time from the beginning of a call to its commit, with what clocks of several machines may differ. A row
    /// that turns up later was not written by a call, and is not sealed unless somebody accepts it.
    pub horizon: Duration,
}

impl Default for SealPolicy {
    fn default() -> Self {
        Self { every: Duration::from_secs(10), horizon: Duration::from_secs(300) }
    }
}

/// What was sealed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Sealed {
    /// Audit rows.
    pub rows: u64,
    /// Amendments of audit rows.
    pub amendments: u64,
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) seq: i64,
    pub(super) hash: String,
    pub(super) complete_before: Option<Timestamp>,
}

/// A place in the order of rows or amendments.
#[derive(Debug, Clone)]
struct Place {
    at: Timestamp,
    id: Sql,
}

struct Batch {
    head: Head,
    /// When it was read, or earlier.
    read_at: Timestamp,
    entries: Vec<Entry>,
    rows: Place,
    amendments: Place,
    /// Nothing is left after it.
    last: bool,
}

impl Runtime {
    /// Seals what is not sealed yet, of one tenant or of all. Several may do so at once.
    ///
    /// # Errors
    ///
    /// Those of the database. What was sealed by then stays sealed, and a tenant whose chain is damaged keeps no other from being
    /// sealed.
    pub async fn seal_audit(&self, tenant: Option<Uuid>) -> Result<Sealed> {
        let tenants = match tenant {
            Some(tenant) => vec![tenant],
            None => self.tenants_to_seal(Timestamp::now()).await?,
        };
        self.seal_each(tenants, true).await
    }

    /// Seals where something waits, and moves the heads of quiet tenants now and then, so that an old row which turns up there
    /// is told from a new one.
    pub(crate) async fn seal_due(&self) -> Result<()> {
        let horizon = self.options.seals.horizon;
        let tenants = self.tenants_to_seal(Timestamp::now().minus(2 * horizon)).await?;
        let sealed = self.seal_each(tenants, false).await?;
        if sealed != Sealed::default() {
            tracing::debug!(rows = sealed.rows, amendments = sealed.amendments, "audit rows sealed");
        }
        Ok(())
    }

    /// Seals rows or amendments that came later than any call may last, and notes that they did: a machine's clock was wrong, or
    /// a row was restored. Without this they are reported as inserted.
    ///
    /// # Errors
    ///
    /// `NOT_FOUND` when one of them is not there or sealed already; then none is sealed. Otherwise those of the database.
    pub async fn seal_late(&self, tenant: Uuid, ids: &[Uuid]) -> Result<Sealed> {
        loop {
            let now = Timestamp::now();
            let mut tx = self.database.begin_read_for(tenant).await?;
            let head = read_head(&mut tx, tenant).await?;
            let mut entries = Vec::with_capacity(ids.len());
            for id in ids {
                entries.push(late_entry(&mut tx, tenant, *id).await?);
            }
            tx.rollback().await?;
            let sealed = count(&entries);
            if append(&self.database, tenant, &head, entries, (now, true), None).await? {
                return Ok(sealed);
            }
        }
    }

    async fn seal_each(&self, tenants: Vec<Uuid>, thorough: bool) -> Result<Sealed> {
        let mut sealed = Sealed::default();
        let mut failures = Vec::new();
        for tenant in tenants {
            if let Err(error) = self.seal_tenant(tenant, thorough, &mut sealed).await {
                tracing::warn!(%tenant, %error, "a tenant's audit rows could not be sealed");
                failures.push((tenant, error));
            }
        }
        let others = failures.len().saturating_sub(1);
        match failures.into_iter().next() {
            None => Ok(sealed),
            Some((tenant, error)) => {
                let more = if others == 0 { String::new() } else { format!(", nor those of {others} others") };
                let message = format!("Audit rows of tenant {tenant} could not be sealed{more}: {}", error.message);
                Err(Error { message: message.into(), ..error })
            }
        }
    }

    async fn tenants_to_seal(&self, moved_since: Timestamp) -> Result<Vec<Uuid>> {
        let mut tx = self.database.begin_read_for_all().await?;
        let engine = tx.engine();
        along_indexes(&mut tx).await?;
        let parameters = values([moved_since.encode(ColumnType::Timestamp, engine)]);
        let rows = tx.query_sql(sql::TENANTS_TO_SEAL.of(engine), parameters).await?;
        tx.rollback().await?;
        rows.iter().map(|row| row.get(0, ColumnType::Uuid)).collect()
    }

    async fn seal_tenant(&self, tenant: Uuid, thorough: bool, sealed: &mut Sealed) -> Result<()> {
        let horizon = self.options.seals.horizon;
        let complete = Timestamp::now().minus(horizon);
        let mut places = None;
        loop {
            let batch = read_batch(&self.database, self.options.seals, tenant, places.clone()).await?;
            let last = batch.last;
            let lags = batch.head.complete_before.is_none_or(|before| before.plus(horizon) < complete);
            if batch.entries.is_empty() && last && !(thorough || lags) {
                return Ok(());
            }
            let counted = count(&batch.entries);
            let complete = last.then_some(complete);
            let marks = (batch.read_at, false);
            if !append(&self.database, tenant, &batch.head, batch.entries, marks, complete).await? {
                // Somebody else sealed at the same time. Read again from where this batch began.
                continue;
            }
            places = Some((batch.rows, batch.amendments));
            sealed.rows += counted.rows;
            sealed.amendments += counted.amendments;
            if last {
                return Ok(());
            }
        }
    }
}

pub(super) async fn read_head(tx: &mut Tx, tenant: Uuid) -> Result<Head> {
    Ok(find_head(tx, tenant).await?.unwrap_or_else(|| Head { seq: 0, hash: GENESIS.to_owned(), complete_before: None }))
}

pub(super) async fn find_head(tx: &mut Tx, tenant: Uuid) -> Result<Option<Head>> {
    let engine = tx.engine();
    let rows = tx.query_sql(sql::HEAD.of(engine), values([tenant.encode(ColumnType::Uuid, engine)])).await?;
    let head = |row: &RawRow| {
        Ok(Head {
            seq: row.get(0, ColumnType::Bigint)?,
            hash: row.get(1, ColumnType::Text)?,
            complete_before: row.get(2, ColumnType::Timestamp)?,
        })
    };
    rows.first().map(head).transpose()
}

/// Makes what a pass reads follow from what there is to be sealed, whatever the database knows of its tables. SQLite does so anyway.
async fn along_indexes(tx: &mut Tx) -> Result<()> {
    if tx.engine() == Engine::Postgres {
        tx.query_sql(sql::ALONG_INDEXES, values([])).await?;
    }
    Ok(())
}

pub(super) async fn last_seals(tx: &mut Tx, tenant: Uuid, limit: i64) -> Result<Vec<(Seal, String)>> {
    let engine = tx.engine();
    let parameters = values([tenant.encode(ColumnType::Uuid, engine), Sql::BigInt(Some(limit))]);
    tx.query_sql(sql::LAST_SEALS.of(engine), parameters).await?.iter().map(|row| Seal::read(row, 0)).collect()
}

/// Where a pass begins, for rows and for amendments: where everything is complete, by the end of the chain or by its last seals,
/// if the end was moved back.
async fn first_places(tx: &mut Tx, policy: SealPolicy, tenant: Uuid, head: &Head) -> Result<(Place, Place)> {
    let seals = last_seals(tx, tenant, LOOK_BACK).await?;
    if seals.first().is_some_and(|(last, _)| last.seq > head.seq) {
        let message = "The end of the chain is before its last seal. `actwright audit verify` says more.";
        return Err(Error::conflict(message));
    }
    let mut complete = Complete::new(policy);
    let name = tenant.to_string();
    // What was made of a seal later is no ground to seal less.
    seals.iter().filter(|(seal, hash)| seal.hash(&name) == *hash).for_each(|(seal, _)| complete.extend(seal));
    let id = Uuid::nil().encode(ColumnType::Uuid, tx.engine());
    let place = |amendments| {
        let at = head.complete_before.max(complete.before(amendments)).unwrap_or(Timestamp::EPOCH);
        Place { at, id: id.clone() }
    };
    Ok((place(false), place(true)))
}

async fn read_batch(
    database: &Database,
    policy: SealPolicy,
    tenant: Uuid,
    places: Option<(Place, Place)>,
) -> Result<Batch> {
    let read_at = Timestamp::now();
    let mut tx = database.begin_read_for(tenant).await?;
    let engine = tx.engine();
    along_indexes(&mut tx).await?;
    let head = read_head(&mut tx, tenant).await?;
    let (mut rows, mut amendments) = match places {
        // Somebody else may have completed more meanwhile.
        Some((rows, amendments)) => (rows.no_earlier(&head, engine), amendments.no_earlier(&head, engine)),
        None => first_places(&mut tx, policy, tenant, &head).await?,
    };
    let from = |place: &Place| {
        values([
            tenant.encode(ColumnType::Uuid, engine),
            place.at.encode(ColumnType::Timestamp, engine),
            place.id.clone(),
            Sql::BigInt(i64::try_from(BATCH).ok()),
        ])
    };
    let found = tx.query_sql(sql::UNSEALED_ROWS.of(engine), from(&rows)).await?;
    let mut entries = Vec::with_capacity(found.len());
    let mut last = found.len() < BATCH;
    for row in &found {
        entries.extend(Entry::of_row(tenant, row)?);
        rows = Place { at: row.get(9, ColumnType::Timestamp)?, id: row.place(0)? };
    }
    let found = tx.query_sql(sql::UNSEALED_AMENDMENTS.of(engine), from(&amendments)).await?;
    last &= found.len() < BATCH;
    for row in &found {
        entries.extend(Entry::of_amendment(tenant, row)?);
        amendments = Place { at: row.get(5, ColumnType::Timestamp)?, id: row.place(0)? };
    }
    tx.rollback().await?;
    Ok(Batch { head, read_at, entries, rows, amendments, last })
}

impl Place {
    fn no_earlier(self, head: &Head, engine: Engine) -> Self {
        match head.complete_before {
            Some(at) if at > self.at => Self { at, id: Uuid::nil().encode(ColumnType::Uuid, engine) },
            _ => self,
        }
    }
}

async fn late_entry(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Entry> {
    let engine = tx.engine();
    let parameters = || values([tenant.encode(ColumnType::Uuid, engine), id.encode(ColumnType::Uuid, engine)]);
    let row = tx.query_sql(sql::UNSEALED_ROW.of(engine), parameters()).await?;
    let mut entry = row.first().map(|row| Entry::of_row(tenant, row)).transpose()?.flatten();
    if entry.is_none() {
        let amendment = tx.query_sql(sql::UNSEALED_AMENDMENT.of(engine), parameters()).await?;
        entry = amendment.first().map(|row| Entry::of_amendment(tenant, row)).transpose()?.flatten();
    }
    let entry = entry.ok_or_else(|| Error::not_found("unsealed audit row", id))?;
    match entry.logged_at {
        Some(_) => Ok(entry),
        None => Err(Error::validation(format!("{id} has a time that no calendar has. No call wrote it."))),
    }
}

fn count(entries: &[Entry]) -> Sealed {
    let amendments = entries.iter().filter(|entry| entry.amendment_id.is_some()).count() as u64;
    Sealed { rows: entries.len() as u64 - amendments, amendments }
}

/// Appends to the chain: seals of a time, that are late or not. False when its end is not where it was.
async fn append(
    database: &Database,
    tenant: Uuid,
    head: &Head,
    entries: Vec<Entry>,
    (sealed_at, late): (Timestamp, bool),
    complete: Option<Timestamp>,
) -> Result<bool> {
    // Somebody may have moved the end there.
    if i64::try_from(entries.len()).ok().and_then(|entries| head.seq.checked_add(entries)).is_none() {
        return Err(Error::conflict("The end of the chain has the last number that there is."));
    }
    let (seals, seq, hash) = chained(tenant, head, entries, sealed_at, late);
    let mut tx = database.begin_write_for(tenant).await?;
    let engine = tx.engine();
    let tenant = tenant.encode(ColumnType::Uuid, engine);
    let text = |text: &str| Sql::String(Some(text.to_owned()));
    if head.seq == 0 {
        tx.execute_sql(sql::BEGIN_CHAIN.of(engine), values([tenant.clone(), text(GENESIS)])).await?;
    }
    let parameters = values([
        tenant.clone(),
        Sql::BigInt(Some(head.seq)),
        text(&head.hash),
        Sql::BigInt(Some(seq)),
        text(&hash),
        complete.encode(ColumnType::Timestamp, engine),
    ]);
    if tx.execute_sql(sql::MOVE_HEAD.of(engine), parameters).await? == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    if let Value::Array(list) = &seals
        && !list.is_empty()
    {
        let parameters = values([tenant, seals.encode(ColumnType::Json, engine)]);
        tx.execute_sql(sql::INSERT_SEALS.of(engine), parameters).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// The seals of these entries after a head, and where the chain ends then.
fn chained(tenant: Uuid, head: &Head, entries: Vec<Entry>, at: Timestamp, late: bool) -> (Value, i64, String) {
    let tenant = tenant.to_string();
    let (mut seq, mut previous) = (head.seq, head.hash.clone());
    let mut seals = Vec::with_capacity(entries.len());
    for entry in entries {
        seq += 1;
        let Entry { audit_id, amendment_id, operation, user, logged_at, content } = entry;
        let sealed_at = Some(at.micros());
        let seal = Seal { seq, audit_id, amendment_id, operation, user, logged_at, content, late, sealed_at, previous };
        let hash = seal.hash(&tenant);
        seals.push(json!({
            "seq": seal.seq,
            "audit_id": seal.audit_id,
            "amendment_id": seal.amendment_id,
            "operation": seal.operation,
            "user_id": seal.user,
            "logged_at": seal.logged_at,
            "content": seal.content.hash,
            "hints": seal.content.hints,
            "late": seal.late,
            "sealed_at": seal.sealed_at,
            "previous": seal.previous,
            "hash": hash,
        }));
        previous = hash;
    }
    (Value::Array(seals), seq, previous)
}
