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

use super::record::{AmendmentRecord, AuditRecord, Content, GENESIS, Seal};
use super::sql;
use crate::call::Runtime;
use crate::call::session::values;
use crate::database::{Database, Engine, Tx};
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue, RawRow};
use crate::value::Timestamp;

/// Entries that are sealed in one transaction: it is over in a few milliseconds.
const BATCH: usize = 500;

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
#[derive(Debug, Clone, Copy)]
struct Place {
    at: Timestamp,
    id: Uuid,
}

/// Something to seal. The sequence number and the hashes of the chain follow when it is appended.
struct Entry {
    audit_id: String,
    amendment_id: Option<String>,
    operation: String,
    user: Option<String>,
    logged_at: Option<i64>,
    content: Content,
}

struct Batch {
    head: Head,
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
    /// Those of the database. What was sealed by then stays sealed.
    pub async fn seal_audit(&self, tenant: Option<Uuid>) -> Result<Sealed> {
        let tenants = match tenant {
            Some(tenant) => vec![tenant],
            None => self.tenants_to_seal(Timestamp::now()).await?,
        };
        let mut sealed = Sealed::default();
        for tenant in tenants {
            self.seal_tenant(tenant, true, &mut sealed).await?;
        }
        Ok(sealed)
    }

    /// Seals where something waits, and moves the heads of quiet tenants now and then, so that an old row which turns up there
    /// is told from a new one.
    pub(crate) async fn seal_due(&self) -> Result<()> {
        let horizon = self.options.seals.horizon;
        let mut sealed = Sealed::default();
        for tenant in self.tenants_to_seal(Timestamp::now().minus(2 * horizon)).await? {
            self.seal_tenant(tenant, false, &mut sealed).await?;
        }
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
            let mut tx = self.database.begin_read_for(tenant).await?;
            let head = read_head(&mut tx, tenant).await?;
            let mut entries = Vec::with_capacity(ids.len());
            for id in ids {
                entries.push(late_entry(&mut tx, tenant, *id).await?);
            }
            tx.rollback().await?;
            let sealed = count(&entries);
            if append(&self.database, tenant, &head, entries, true, None).await? {
                return Ok(sealed);
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
            let batch = read_batch(&self.database, tenant, places).await?;
            let last = batch.last;
            let lags = batch.head.complete_before.is_none_or(|before| before.plus(horizon) < complete);
            if batch.entries.is_empty() && last && !(thorough || lags) {
                return Ok(());
            }
            let counted = count(&batch.entries);
            let complete = last.then_some(complete);
            if !append(&self.database, tenant, &batch.head, batch.entries, false, complete).await? {
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

async fn read_batch(database: &Database, tenant: Uuid, places: Option<(Place, Place)>) -> Result<Batch> {
    let mut tx = database.begin_read_for(tenant).await?;
    let engine = tx.engine();
    along_indexes(&mut tx).await?;
    let head = read_head(&mut tx, tenant).await?;
    let start = Place { at: head.complete_before.unwrap_or(Timestamp::EPOCH), id: Uuid::nil() };
    let (mut rows, mut amendments) = places.unwrap_or((start, start));
    let from = |place: Place| {
        values([
            tenant.encode(ColumnType::Uuid, engine),
            place.at.encode(ColumnType::Timestamp, engine),
            place.id.encode(ColumnType::Uuid, engine),
            Sql::BigInt(i64::try_from(BATCH).ok()),
        ])
    };
    let found = tx.query_sql(sql::UNSEALED_ROWS.of(engine), from(rows)).await?;
    let mut entries = Vec::with_capacity(found.len());
    let mut last = found.len() < BATCH;
    for row in &found {
        entries.push(Entry::of_row(tenant, row)?);
        rows = Place { at: row.get(9, ColumnType::Timestamp)?, id: row_id(row)? };
    }
    let found = tx.query_sql(sql::UNSEALED_AMENDMENTS.of(engine), from(amendments)).await?;
    last &= found.len() < BATCH;
    for row in &found {
        entries.push(Entry::of_amendment(tenant, row)?);
        amendments = Place { at: row.get(5, ColumnType::Timestamp)?, id: row_id(row)? };
    }
    tx.rollback().await?;
    Ok(Batch { head, entries, rows, amendments, last })
}

/// The id of what a row is about. One that is no UUID can be in SQLite only, where ids are text: it is taken for the first.
fn row_id(row: &RawRow) -> Result<Uuid> {
    Ok(row.get::<String>(0, ColumnType::Text)?.parse().unwrap_or_default())
}

async fn late_entry(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Entry> {
    let engine = tx.engine();
    let parameters = || values([tenant.encode(ColumnType::Uuid, engine), id.encode(ColumnType::Uuid, engine)]);
    if let Some(row) = tx.query_sql(sql::UNSEALED_ROW.of(engine), parameters()).await?.first() {
        return Entry::of_row(tenant, row);
    }
    if let Some(row) = tx.query_sql(sql::UNSEALED_AMENDMENT.of(engine), parameters()).await?.first() {
        return Entry::of_amendment(tenant, row);
    }
    Err(Error::not_found("unsealed audit row", id))
}

fn count(entries: &[Entry]) -> Sealed {
    let amendments = entries.iter().filter(|entry| entry.amendment_id.is_some()).count() as u64;
    Sealed { rows: entries.len() as u64 - amendments, amendments }
}

/// Appends to the chain. False when its end is not where it was.
async fn append(
    database: &Database,
    tenant: Uuid,
    head: &Head,
    entries: Vec<Entry>,
    late: bool,
    complete: Option<Timestamp>,
) -> Result<bool> {
    let (seals, seq, hash) = chained(tenant, head, entries, late);
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
fn chained(tenant: Uuid, head: &Head, entries: Vec<Entry>, late: bool) -> (Value, i64, String) {
    let tenant = tenant.to_string();
    let now = Timestamp::now().micros();
    let (mut seq, mut previous) = (head.seq, head.hash.clone());
    let mut seals = Vec::with_capacity(entries.len());
    for entry in entries {
        seq += 1;
        let Entry { audit_id, amendment_id, operation, user, logged_at, content } = entry;
        let sealed_at = Some(now);
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

impl Entry {
    fn of_row(tenant: Uuid, row: &RawRow) -> Result<Self> {
        let audit_id: String = row.get(0, ColumnType::Text)?;
        let record = AuditRecord::read(row, 1)?;
        let amendments: String = row.get(8, ColumnType::Text)?;
        // Amendments that do not explain the row are found when it is verified.
        let original = record.original(&amendments).unwrap_or(record);
        Ok(Self {
            content: original.content(&tenant.to_string(), &audit_id),
            audit_id,
            amendment_id: None,
            operation: original.operation,
            user: original.user,
            logged_at: original.at,
        })
    }

    fn of_amendment(tenant: Uuid, row: &RawRow) -> Result<Self> {
        let amendment_id: String = row.get(0, ColumnType::Text)?;
        let record = AmendmentRecord::read(row, 1)?;
        Ok(Self {
            content: record.content(&tenant.to_string(), &amendment_id),
            audit_id: record.audit_id,
            amendment_id: Some(amendment_id),
            operation: "amendment".to_owned(),
            user: None,
            logged_at: record.at,
        })
    }
}
