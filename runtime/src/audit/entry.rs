//! What is to be sealed, read from an unsealed row or amendment.

use uuid::Uuid;

use super::record::{AmendmentRecord, AuditRecord, Content};
use crate::error::Result;
use crate::query::RawRow;

/// Something to seal. The sequence number and the hashes of the chain follow when it is appended.
pub(super) struct Entry {
    pub(super) audit_id: String,
    pub(super) amendment_id: Option<String>,
    pub(super) operation: String,
    pub(super) user: Option<String>,
    pub(super) logged_at: Option<i64>,
    pub(super) content: Content,
}

impl Entry {
    /// None for what has an id that we give to nothing. Such a row is reported as inserted.
    pub(super) fn of_row(tenant: Uuid, row: &RawRow) -> Result<Option<Self>> {
        let Some(audit_id) = id(row)? else { return Ok(None) };
        let record = AuditRecord::read(row, 1)?;
        let amendments = row.any_text(8)?.unwrap_or_default();
        // Amendments that do not explain the row are found when it is verified.
        let original = record.original(&amendments).unwrap_or(record);
        Ok(Some(Self {
            content: original.content(&tenant.to_string(), &audit_id),
            audit_id,
            amendment_id: None,
            operation: original.operation,
            user: original.user,
            logged_at: original.at,
        }))
    }

    pub(super) fn of_amendment(tenant: Uuid, row: &RawRow) -> Result<Option<Self>> {
        let Some(amendment_id) = id(row)? else { return Ok(None) };
        let record = AmendmentRecord::read(row, 1)?;
        Ok(Some(Self {
            content: record.content(&tenant.to_string(), &amendment_id),
            audit_id: record.audit_id,
            amendment_id: Some(amendment_id),
            operation: "amendment".to_owned(),
            user: None,
            logged_at: record.at,
        }))
    }
}

/// The id of what a row is about, if it is one: SQLite holds ids as text.
fn id(row: &RawRow) -> Result<Option<String>> {
    Ok(row.any_text(0)?.filter(|id| Uuid::parse_str(id).is_ok()))
}
