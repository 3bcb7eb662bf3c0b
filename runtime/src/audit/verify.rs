//! Verifying: is everything that was sealed still there and as it was, and is nothing there that should have been sealed?
//!
//! A chain is read in batches, each with the rows that it seals as they are now. Every batch is one statement, so that what
//! calls write at the same time is either not seen or seen whole.

use sea_query::Value as Sql;
use uuid::Uuid;

use super::complete::Complete;
use super::finding::{Anchor, Chain, Finding, FindingKind};
use super::record::{AMENDMENT_COLUMNS, AmendmentRecord, AuditRecord, Content, GENESIS, ROW_COLUMNS, Seal};
use super::seal::{Head, find_head, last_seals};
use super::sql::{self, Statement};
use crate::call::Runtime;
use crate::call::session::values;
use crate::database::{Database, Tx};
use crate::error::Result;
use crate::query::{ColumnType, ColumnValue, RawRow};
use crate::value::Timestamp;

/// Seals, or rows without one, that are in memory at a time.
const BATCH: i64 = 500;

/// What a verification goes by.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    /// Of this tenant only.
    pub tenant: Option<Uuid>,
    /// Places that the chains must hold, with the tenant.
    pub anchors: Vec<(Uuid, Anchor)>,
    /// Rows that are older were archived: they may be gone.
    pub archived_before: Option<Timestamp>,
}

/// Where findings go, as they are found.
type Report<'r> = &'r mut (dyn FnMut(Finding) + Send);

impl Runtime {
    /// Verifies the audit rows, and says how each chain stands. Findings are reported as they are found.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn verify_audit(
        &self,
        verification: &Verification,
        report: &mut (dyn FnMut(Finding) + Send),
    ) -> Result<Vec<Chain>> {
        let mut tenants = match verification.tenant {
            Some(tenant) => vec![tenant],
            None => self.tenants_with_audit().await?,
        };
        if verification.tenant.is_none() {
            tenants.extend(verification.anchors.iter().map(|(tenant, _)| *tenant));
            tenants.sort_unstable();
            tenants.dedup();
        }
        let mut chains = Vec::with_capacity(tenants.len());
        for tenant in tenants {
            let mut findings = 0;
            let mut counted = |finding| {
                findings += 1;
                report(finding);
            };
            let walk = Walk {
                database: &self.database,
                tenant,
                name: tenant.to_string(),
                verification,
                report: &mut counted,
                complete: Complete::new(self.options.seals),
                archived: 0,
                late: 0,
            };
            let chain = walk.run().await?;
            chains.push(Chain { findings, ..chain });
        }
        Ok(chains)
    }

    /// How the chains stand, without verifying them.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn audit_chains(&self, tenant: Option<Uuid>) -> Result<Vec<Chain>> {
        let tenants = match tenant {
            Some(tenant) => vec![tenant],
            None => self.tenants_with_audit().await?,
        };
        let mut chains = Vec::with_capacity(tenants.len());
        for tenant in tenants {
            let mut tx = self.database.begin_read_for(tenant).await?;
            let head = find_head(&mut tx, tenant).await?;
            chains.push(chain(&mut tx, tenant, head.as_ref()).await?);
            tx.rollback().await?;
        }
        Ok(chains)
    }

    async fn tenants_with_audit(&self) -> Result<Vec<Uuid>> {
        let mut tx = self.database.begin_read_for_all().await?;
        let rows = tx.query_sql(sql::TENANTS.of(tx.engine()), values([])).await?;
        tx.rollback().await?;
        // SQLite holds ids as text. What is under one that is none is missed, or new, where it was.
        let ids = rows.iter().map(|row| row.any_text(0).map(|id| id.and_then(|id| id.parse().ok())));
        ids.filter_map(Result::transpose).collect()
    }
}

async fn chain(tx: &mut Tx, tenant: Uuid, head: Option<&Head>) -> Result<Chain> {
    let engine = tx.engine();
    let complete_before = head.and_then(|head| head.complete_before);
    let parameters =
        values([tenant.encode(ColumnType::Uuid, engine), complete_before.encode(ColumnType::Timestamp, engine)]);
    let rows = tx.query_sql(sql::PENDING.of(engine), parameters).await?;
    let pending = rows.first().map_or(Ok(0), |row| row.get(0, ColumnType::Bigint))?;
    let (seq, hash) = head.map_or((0, GENESIS), |head| (head.seq, head.hash.as_str()));
    // A time which is to come is no anchor: every row until then would be judged by it.
    let noted = complete_before.filter(|before| *before <= Timestamp::now());
    let head = Anchor { seq, hash: hash.to_owned(), complete_before: noted };
    Ok(Chain { tenant, head, complete_before, pending, archived: 0, late: 0, findings: 0 })
}

/// The verification of one tenant's chain.
struct Walk<'v> {
    database: &'v Database,
    tenant: Uuid,
    /// The tenant as text, which is hashed.
    name: String,
    verification: &'v Verification,
    report: Report<'v>,
    /// By the seals up to where the walk is.
    complete: Complete,
    archived: u64,
    late: u64,
}

/// Where a walk along a chain is.
struct Link {
    seq: i64,
    hash: String,
    /// Something is wrong with it already, so that what follows it is not blamed.
    broken: bool,
}

impl Walk<'_> {
    async fn run(mut self) -> Result<Chain> {
        let mut tx = self.database.begin_read_for(self.tenant).await?;
        let head = find_head(&mut tx, self.tenant).await?;
        let last = last_seals(&mut tx, self.tenant, 1).await?.pop();
        let chain = chain(&mut tx, self.tenant, head.as_ref()).await?;
        tx.rollback().await?;
        self.judge_end(head.as_ref(), last.as_ref());
        let end = head.as_ref().map_or(0, |head| head.seq).max(last.as_ref().map_or(0, |(last, _)| last.seq));
        self.walk(end).await?;
        // Whichever says more: the end may have been moved back.
        let before = |amendments| chain.complete_before.max(self.complete.before(amendments));
        let (rows, amendments) = (before(false), before(true));
        if let Some(before) = rows {
            self.unsealed(&sql::INSERTED_ROWS, before, inserted_row).await?;
        }
        if let Some(before) = amendments {
            self.unsealed(&sql::INSERTED_AMENDMENTS, before, inserted_amendment).await?;
        }
        self.judge_anchors().await?;
        Ok(Chain { archived: self.archived, late: self.late, ..chain })
    }

    fn judge_end(&mut self, head: Option<&Head>, last: Option<&(Seal, String)>) {
        let (tenant, last_seq) = (self.tenant, last.map_or(0, |(last, _)| last.seq));
        let finding = |kind, seq| Finding { seq: Some(seq), ..Finding::new(tenant, kind) };
        let found = match head {
            None if last_seq == 0 => return,
            None => finding(FindingKind::HeadChanged, last_seq).note("the end of the chain is not noted any more"),
            Some(head) if last_seq > head.seq => {
                finding(FindingKind::SealsInserted, head.seq + 1).note(format!("up to {last_seq}"))
            }
            Some(head) if last_seq < head.seq => {
                finding(FindingKind::SealsRemoved, last_seq + 1).note(format!("up to {}, the end", head.seq))
            }
            Some(head) if last.map_or(GENESIS, |(_, hash)| hash) != head.hash => {
                finding(FindingKind::HeadChanged, head.seq).note("the last seal has another hash")
            }
            Some(head) if head.complete_before > Some(Timestamp::now()) => {
                finding(FindingKind::HeadChanged, head.seq).note("it says that a time which is to come is complete")
            }
            Some(_) => return,
        };
        (self.report)(found);
    }

    /// Goes along the chain up to a seal.
    async fn walk(&mut self, end: i64) -> Result<()> {
        let mut link = Link { seq: 0, hash: GENESIS.to_owned(), broken: false };
        while link.seq < end {
            let mut tx = self.database.begin_read_for(self.tenant).await?;
            let engine = tx.engine();
            let parameters = values([
                self.tenant.encode(ColumnType::Uuid, engine),
                Sql::BigInt(Some(link.seq)),
                Sql::BigInt(Some(BATCH)),
            ]);
            let rows = tx.query_sql(sql::SEALS.of(engine), parameters).await?;
            tx.rollback().await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                let (seal, hash) = Seal::read(row, 0)?;
                if seal.seq > end {
                    return Ok(());
                }
                let broken = self.judge_seal(&link, &seal, &hash);
                self.late += u64::from(seal.late);
                // What a changed seal says of a row is no ground to accuse the row.
                if !broken {
                    self.judge_sealed(&seal, row)?;
                    self.judge_time(&seal);
                    self.complete.extend(&seal);
                }
                link = Link { seq: seal.seq, hash, broken };
            }
        }
        Ok(())
    }

    /// Whether a seal is not what was written.
    fn judge_seal(&mut self, before: &Link, seal: &Seal, hash: &str) -> bool {
        let gap = seal.seq != before.seq + 1;
        if gap {
            let note = match seal.seq - before.seq {
                2 => String::new(),
                _ => format!("up to {}", seal.seq - 1),
            };
            let finding = Finding { seq: Some(before.seq + 1), ..Finding::new(self.tenant, FindingKind::SealsRemoved) };
            (self.report)(if note.is_empty() { finding } else { finding.note(note) });
        }
        if seal.hash(&self.name) != hash {
            (self.report)(Finding::of_seal(self.tenant, FindingKind::SealChanged, seal));
            return true;
        }
        if !gap && !before.broken && seal.previous != before.hash {
            (self.report)(Finding::of_seal(self.tenant, FindingKind::SealReplaced, seal));
            return true;
        }
        false
    }

    /// Whether something was sealed as if it had come in time, though everything of its time was complete.
    fn judge_time(&mut self, seal: &Seal) {
        let logged_at = seal.logged_at.and_then(Timestamp::from_micros);
        let (false, Some(logged_at)) = (seal.late, logged_at) else { return };
        let amendment = seal.amendment_id.is_some();
        let anchors = self.verification.anchors.iter().filter(|(tenant, _)| *tenant == self.tenant);
        let noted =
            anchors.filter(|(_, anchor)| anchor.seq < seal.seq).filter_map(|(_, anchor)| anchor.complete_before);
        if noted.chain(self.complete.before(amendment)).any(|before| logged_at < before) {
            let kind = if amendment { FindingKind::AmendmentInserted } else { FindingKind::RowInserted };
            let finding = Finding::of_seal(self.tenant, kind, seal);
            (self.report)(finding.note("it was sealed as if it had come in time, after everything of its time was"));
        }
    }

    /// Compares what is sealed with what is there.
    fn judge_sealed(&mut self, seal: &Seal, row: &RawRow) -> Result<()> {
        let found = match &seal.amendment_id {
            None if row.get(12, ColumnType::Boolean)? => {
                let amendments = row.any_text(14)?.unwrap_or_default();
                self.judge_row(seal, &AuditRecord::read(row, 15)?, &amendments)
            }
            None if self.was_archived(seal) => {
                self.archived += 1;
                None
            }
            None => Some(Finding::of_seal(self.tenant, FindingKind::RowRemoved, seal)),
            Some(_) if !row.get::<bool>(13, ColumnType::Boolean)? => match self.was_archived(seal) {
                true => None,
                false => Some(Finding::of_seal(self.tenant, FindingKind::AmendmentRemoved, seal)),
            },
            Some(id) => {
                let content = AmendmentRecord::read(row, 22)?.content(&self.name, id);
                self.differs(seal, &content, FindingKind::AmendmentChanged, AMENDMENT_COLUMNS)
            }
        };
        if let Some(finding) = found {
            (self.report)(finding);
        }
        Ok(())
    }

    fn judge_row(&self, seal: &Seal, now: &AuditRecord, amendments: &str) -> Option<Finding> {
        let Some(original) = now.original(amendments) else {
            let differs = now.content(&self.name, &seal.audit_id).differences(&seal.content, ROW_COLUMNS);
            let mut columns: Vec<&'static str> =
                differs.into_iter().filter(|column| *column != "changed_data").collect();
            columns.push("changed_data");
            let finding = Finding::of_seal(self.tenant, FindingKind::RowChanged, seal).columns(columns);
            return Some(finding.note("its amendments do not explain what it says"));
        };
        let content = original.content(&self.name, &seal.audit_id);
        self.differs(seal, &content, FindingKind::RowChanged, ROW_COLUMNS)
    }

    fn differs(&self, seal: &Seal, content: &Content, kind: FindingKind, columns: &[&'static str]) -> Option<Finding> {
        if content.hash == seal.content.hash {
            return None;
        }
        let columns = content.differences(&seal.content, columns);
        Some(Finding::of_seal(self.tenant, kind, seal).columns(columns))
    }

    fn was_archived(&self, seal: &Seal) -> bool {
        let logged_at = seal.logged_at.and_then(Timestamp::from_micros);
        self.verification.archived_before.is_some_and(|before| logged_at.is_some_and(|at| at < before))
    }

    /// Rows or amendments without a seal, of a time that is complete.
    async fn unsealed(
        &mut self,
        statement: &Statement,
        before: Timestamp,
        finding: fn(Uuid, &RawRow) -> Result<Finding>,
    ) -> Result<()> {
        let mut after = None::<Uuid>.encode(ColumnType::Uuid, self.database.engine());
        loop {
            let mut tx = self.database.begin_read_for(self.tenant).await?;
            let engine = tx.engine();
            let parameters = values([
                self.tenant.encode(ColumnType::Uuid, engine),
                before.encode(ColumnType::Timestamp, engine),
                after,
                Sql::BigInt(Some(BATCH)),
            ]);
            let rows = tx.query_sql(statement.of(engine), parameters).await?;
            tx.rollback().await?;
            for row in &rows {
                (self.report)(finding(self.tenant, row)?);
            }
            match rows.last() {
                Some(last) => after = last.place(0)?,
                None => return Ok(()),
            }
        }
    }

    async fn judge_anchors(&mut self) -> Result<()> {
        for (_, anchor) in self.verification.anchors.iter().filter(|(tenant, _)| *tenant == self.tenant) {
            let mut tx = self.database.begin_read_for(self.tenant).await?;
            let engine = tx.engine();
            let parameters = values([self.tenant.encode(ColumnType::Uuid, engine), Sql::BigInt(Some(anchor.seq))]);
            let rows = tx.query_sql(sql::SEAL_HASH.of(engine), parameters).await?;
            tx.rollback().await?;
            let hash = rows.first().map(|row| row.get::<String>(0, ColumnType::Text)).transpose()?;
            let held = match anchor.seq {
                0 => anchor.hash == GENESIS,
                _ => hash.as_ref() == Some(&anchor.hash),
            };
            if !held {
                let note = if hash.is_some() { "the seal has another hash" } else { "the chain does not reach it" };
                let finding =
                    Finding { seq: Some(anchor.seq), ..Finding::new(self.tenant, FindingKind::AnchorMissing) };
                (self.report)(finding.note(note));
            }
        }
        Ok(())
    }
}

fn inserted_row(tenant: Uuid, row: &RawRow) -> Result<Finding> {
    Ok(Finding {
        audit_id: row.any_text(0)?,
        operation: row.any_text(1)?,
        user_id: row.any_text(2)?,
        at: row.get::<Option<i64>>(3, ColumnType::Bigint)?.and_then(Timestamp::from_micros),
        ..Finding::new(tenant, FindingKind::RowInserted)
    })
}

fn inserted_amendment(tenant: Uuid, row: &RawRow) -> Result<Finding> {
    Ok(Finding {
        amendment_id: row.any_text(0)?,
        audit_id: row.any_text(1)?,
        at: row.get::<Option<i64>>(2, ColumnType::Bigint)?.and_then(Timestamp::from_micros),
        ..Finding::new(tenant, FindingKind::AmendmentInserted)
    })
}
