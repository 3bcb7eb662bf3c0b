//! What a verification finds.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use uuid::Uuid;

use super::record::Seal;
use crate::value::Timestamp;

/// What is wrong with a row, an amendment, a seal, or the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// An audit row is not what it was when it was sealed.
    RowChanged,
    /// An audit row that was sealed is gone.
    RowRemoved,
    /// An audit row has no seal though everything of its time has, or got one only after that: it was inserted later, or its seal
    /// was removed.
    RowInserted,
    /// An amendment is not what it was when it was sealed.
    AmendmentChanged,
    /// An amendment that was sealed is gone.
    AmendmentRemoved,
    /// An amendment has no seal though everything of its time has, or got one only after that.
    AmendmentInserted,
    /// A seal is not what it was when it was written.
    SealChanged,
    /// A seal does not follow the one before it: one of the two was written anew.
    SealReplaced,
    /// Seals are gone.
    SealsRemoved,
    /// There are seals behind the end of the chain.
    SealsInserted,
    /// The end of the chain is not what the last seal says.
    HeadChanged,
    /// The chain does not hold a seal that was noted down elsewhere: it was cut off or written anew.
    AnchorMissing,
}

impl FindingKind {
    /// As it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RowChanged => "row_changed",
            Self::RowRemoved => "row_removed",
            Self::RowInserted => "row_inserted",
            Self::AmendmentChanged => "amendment_changed",
            Self::AmendmentRemoved => "amendment_removed",
            Self::AmendmentInserted => "amendment_inserted",
            Self::SealChanged => "seal_changed",
            Self::SealReplaced => "seal_replaced",
            Self::SealsRemoved => "seals_removed",
            Self::SealsInserted => "seals_inserted",
            Self::HeadChanged => "head_changed",
            Self::AnchorMissing => "anchor_missing",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('_', " "))
    }
}

/// Something that was changed, removed or inserted behind the runtime's back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whose.
    pub tenant: Uuid,
    /// What.
    pub kind: FindingKind,
    /// The place in the chain, where it has one.
    pub seq: Option<i64>,
    /// The audit row.
    pub audit_id: Option<String>,
    /// The amendment, if it is about one.
    pub amendment_id: Option<String>,
    /// The operation that was sealed, or that an inserted row claims.
    pub operation: Option<String>,
    /// The actor that was sealed, or that an inserted row claims.
    pub user_id: Option<String>,
    /// The time that was sealed, or that an inserted row claims.
    pub at: Option<Timestamp>,
    /// The columns that differ, as far as can be said.
    pub columns: Vec<String>,
    /// For people, what the fields do not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Finding {
    pub(super) fn new(tenant: Uuid, kind: FindingKind) -> Self {
        Self {
            tenant,
            kind,
            seq: None,
            audit_id: None,
            amendment_id: None,
            operation: None,
            user_id: None,
            at: None,
            columns: Vec::new(),
            note: None,
        }
    }

    /// About what a seal is for, by what the seal says of it.
    pub(super) fn of_seal(tenant: Uuid, kind: FindingKind, seal: &Seal) -> Self {
        Self {
            seq: Some(seal.seq),
            audit_id: Some(seal.audit_id.clone()),
            amendment_id: seal.amendment_id.clone(),
            operation: Some(seal.operation.clone()),
            user_id: seal.user.clone(),
            at: seal.logged_at.and_then(Timestamp::from_micros),
            ..Self::new(tenant, kind)
        }
    }

    pub(super) fn columns(self, columns: Vec<&'static str>) -> Self {
        Self { columns: columns.into_iter().map(str::to_owned).collect(), ..self }
    }

    pub(super) fn note(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }
}

/// A place in a chain that was noted down elsewhere: `SEQ:HASH`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Anchor {
    /// The sequence number of a seal.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
    /// What was complete then, if that was noted down, too. Everything older was sealed by then.
    #[serde(skip)]
    pub complete_before: Option<Timestamp>,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl FromStr for Anchor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is no anchor; expected SEQ:HASH as `actwright audit anchor` prints it");
        let (seq, hash) = text.trim().split_once(':').ok_or_else(wrong)?;
        let seq = seq.parse().ok().filter(|seq| *seq >= 0).ok_or_else(wrong)?;
        let hash = hash.to_ascii_lowercase();
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        Ok(Self { seq, hash, complete_before: None })
    }
}

/// How a tenant's chain stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// Whose.
    pub tenant: Uuid,
    /// Its last seal, to be noted down elsewhere. Zero and zeros where there is none.
    pub head: Anchor,
    /// Everything older is sealed.
    pub complete_before: Option<Timestamp>,
    /// Rows that are not sealed yet, and may still be.
    pub pending: i64,
    /// Rows that are gone, and were older than what was said to be archived.
    pub archived: u64,
    /// Rows that came later than any call may last, and were accepted.
    pub late: u64,
    /// How much is wrong.
    pub findings: u64,
}
