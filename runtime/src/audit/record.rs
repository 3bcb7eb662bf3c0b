//! Audit rows, amendments and seals as the databases hold them, and the bytes that are hashed.
//!
//! What is read may have been tampered with, so nothing is expected of it: ids and JSON are read as text, times as
//! microseconds.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::amendments::revert;
use super::json;
use crate::decode::canonical;
use crate::error::Result;
use crate::query::{ColumnType, RawRow};

/// The columns of an audit row besides its tenant and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AuditRecord {
    pub(super) user: Option<String>,
    pub(super) operation: String,
    pub(super) table: String,
    pub(super) record: String,
    pub(super) changed: String,
    pub(super) details: String,
    /// Microseconds; none for a time that no calendar has.
    pub(super) at: Option<i64>,
}

/// The columns of an amendment besides its tenant and id.
#[derive(Debug, Clone)]
pub(super) struct AmendmentRecord {
    pub(super) audit_id: String,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) at: Option<i64>,
}

/// A hash over everything, and the beginnings of one hash for each column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) hash: String,
    pub(super) hints: String,
}

/// A link of the chain.
#[derive(Debug, Clone)]
pub(super) struct Seal {
    pub(super) seq: i64,
    pub(super) audit_id: String,
    pub(super) amendment_id: Option<String>,
    pub(super) operation: String,
    pub(super) user: Option<String>,
    pub(super) logged_at: Option<i64>,
    pub(super) content: Content,
    pub(super) late: bool,
    pub(super) sealed_at: Option<i64>,
    /// The hash of the seal before.
    pub(super) previous: String,
}

/// What the first seal of a chain follows.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The columns that [`AuditRecord::content`] gives hints for, in their order.
pub(super) const ROW_COLUMNS: &[&str] =
    &["user_id", "operation", "table_name", "record_id", "changed_data", "details", "timestamp"];
/// The columns that [`AmendmentRecord::content`] gives hints for, in their order.
pub(super) const AMENDMENT_COLUMNS: &[&str] = &["audit_id", "old_values", "new_values", "amended_at"];

impl AuditRecord {
    /// Reads seven columns, the first at `index`.
    pub(super) fn read(row: &RawRow, index: usize) -> Result<Self> {
        Ok(Self {
            user: row.any_text(index)?,
            operation: text(row, index + 1)?,
            table: text(row, index + 2)?,
            record: text(row, index + 3)?,
            changed: text(row, index + 4)?,
            details: text(row, index + 5)?,
            at: row.get(index + 6, ColumnType::Bigint)?,
        })
    }

    /// As the row was first written: without its amendments, which are pairs of texts of old and new values, the newest first.
    /// None when they do not explain what the row says now.
    pub(super) fn original(&self, amendments: &str) -> Option<Self> {
        let open: Vec<(String, String)> = serde_json::from_str(amendments).ok()?;
        if open.is_empty() {
            return Some(self.clone());
        }
        let read = |(old, new): &(String, String)| Some((json::read_object(old)?, json::read_object(new)?));
        let mut open = open.iter().map(read).collect::<Option<Vec<_>>>()?;
        let mut changed = json::read_object(&self.changed)?;
        // Clocks may differ, so the newest by its id is only most likely the last.
        while !open.is_empty() {
            let last = open.iter().position(|(old, new)| revert(&mut changed, old, new))?;
            open.remove(last);
        }
        Some(Self { changed: Value::Object(changed).to_string(), ..self.clone() })
    }

    pub(super) fn content(&self, tenant: &str, audit_id: &str) -> Content {
        let columns = [
            optional(self.user.as_deref()),
            self.operation.clone(),
            self.table.clone(),
            self.record.clone(),
            one_form(&self.changed),
            one_form(&self.details),
            time(self.at),
        ];
        content("actwright audit row 1", tenant, audit_id, &columns)
    }
}

impl AmendmentRecord {
    /// Reads four columns, the first at `index`.
    pub(super) fn read(row: &RawRow, index: usize) -> Result<Self> {
        Ok(Self {
            audit_id: text(row, index)?,
            old: text(row, index + 1)?,
            new: text(row, index + 2)?,
            at: row.get(index + 3, ColumnType::Bigint)?,
        })
    }

    pub(super) fn content(&self, tenant: &str, amendment_id: &str) -> Content {
        let columns = [self.audit_id.clone(), one_form(&self.old), one_form(&self.new), time(self.at)];
        content("actwright audit amendment 1", tenant, amendment_id, &columns)
    }
}

impl Content {
    /// Which columns differ, as far as the hints tell.
    pub(super) fn differences(&self, other: &Self, columns: &[&'static str]) -> Vec<&'static str> {
        let pairs = self.hints.split(' ').zip(other.hints.split(' '));
        columns.iter().zip(pairs).filter(|(_, (one, two))| one != two).map(|(column, _)| *column).collect()
    }
}

impl Seal {
    /// Reads twelve columns, the first at `index`: the seal, and the hash that it has.
    pub(super) fn read(row: &RawRow, index: usize) -> Result<(Self, String)> {
        let seal = Self {
            seq: row.get(index, ColumnType::Bigint)?,
            audit_id: text(row, index + 1)?,
            amendment_id: row.any_text(index + 2)?,
            operation: text(row, index + 3)?,
            user: row.any_text(index + 4)?,
            logged_at: row.get(index + 5, ColumnType::Bigint)?,
            content: Content { hash: text(row, index + 6)?, hints: text(row, index + 7)? },
            late: row.get(index + 8, ColumnType::Boolean)?,
            sealed_at: row.get(index + 9, ColumnType::Bigint)?,
            previous: text(row, index + 10)?,
        };
        Ok((seal, text(row, index + 11)?))
    }

    /// The hash that this seal must have.
    pub(super) fn hash(&self, tenant: &str) -> String {
        digest(&[
            "actwright audit seal 1",
            &self.previous,
            tenant,
            &self.seq.to_string(),
            &self.audit_id,
            &optional(self.amendment_id.as_deref()),
            &self.operation,
            &optional(self.user.as_deref()),
            &time(self.logged_at),
            &self.content.hash,
            &self.content.hints,
            if self.late { "late" } else { "" },
            &time(self.sealed_at),
        ])
    }
}

fn content(kind: &str, tenant: &str, id: &str, columns: &[String]) -> Content {
    let mut parts = vec![kind, tenant, id];
    parts.extend(columns.iter().map(String::as_str));
    let hints: Vec<String> = columns.iter().map(|column| digest(&[id, column])[..8].to_owned()).collect();
    Content { hash: digest(&parts), hints: hints.join(" ") }
}

/// SHA-256 in hexadecimal. The length before each part keeps `a, bc` and `ab, c` apart.
fn digest(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or_default());
        }
    }
    text
}

/// The same on both databases: PostgreSQL orders keys in its own way and writes numbers in its own form.
fn one_form(text: &str) -> String {
    match json::read(text) {
        Some(value) => canonical(&value),
        // Nothing that we wrote. `!` begins no JSON.
        None => format!("!{text}"),
    }
}

/// What is empty though it may not be is an empty text, so that it is found to differ.
fn text(row: &RawRow, index: usize) -> Result<String> {
    Ok(row.any_text(index)?.unwrap_or_default())
}

/// Keeps an empty text and none apart.
fn optional(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!("={text}"))
}

fn time(micros: Option<i64>) -> String {
    micros.map_or_else(String::new, |micros| micros.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> AuditRecord {
        AuditRecord {
            user: Some("ann".to_owned()),
            operation: "workflow_action:memo.add".to_owned(),
            table: "workflow_runs".to_owned(),
            record: "run".to_owned(),
            changed: r#"{"sent": false, "id": null, "size": 1e2}"#.to_owned(),
            details: "{}".to_owned(),
            at: Some(1),
        }
    }

    #[test]
    fn the_form_of_json_does_not_count_and_its_value_does() {
        let other = AuditRecord { changed: r#"{"size":100,"id":null,"sent":false}"#.to_owned(), ..row() };
        assert_eq!(row().content("t", "a"), other.content("t", "a"));
        let other = AuditRecord { changed: r#"{"size":101,"id":null,"sent":false}"#.to_owned(), ..row() };
        let (one, two) = (row().content("t", "a"), other.content("t", "a"));
        assert_ne!(one.hash, two.hash);
        assert_eq!(one.differences(&two, ROW_COLUMNS), ["changed_data"]);
    }

    #[test]
    fn a_key_that_is_there_twice_counts() {
        let twice = AuditRecord { changed: row().changed.replacen('{', r#"{"sent": true, "#, 1), ..row() };
        assert_ne!(row().content("t", "a").hash, twice.content("t", "a").hash);
    }

    #[test]
    fn no_two_columns_run_into_each_other() {
        let moved = AuditRecord { table: "workflow_".to_owned(), record: "runsrun".to_owned(), ..row() };
        assert_ne!(row().content("t", "a").hash, moved.content("t", "a").hash);
        let (none, empty) = (AuditRecord { user: None, ..row() }, AuditRecord { user: Some(String::new()), ..row() });
        assert_ne!(none.content("t", "a").hash, empty.content("t", "a").hash);
    }

    #[test]
    fn what_a_row_said_first_is_found_under_its_amendments_in_whatever_order_they_come() {
        let first = r#"["{\"sent\":false}","{\"sent\":true}"]"#;
        let second = r#"["{\"sent\":true}","{\"sent\":\"twice\",\"by\":\"relay\"}"]"#;
        let now = AuditRecord { changed: r#"{"sent":"twice","by":"relay","id":null,"size":100}"#.to_owned(), ..row() };
        for amendments in [format!("[{second},{first}]"), format!("[{first},{second}]")] {
            let original = now.original(&amendments).expect("the amendments explain the row");
            assert_eq!(original.content("t", "a"), row().content("t", "a"));
        }
        assert_eq!(now.original(&format!("[{first}]")), None);
        let twice = AuditRecord { changed: now.changed.replacen('{', r#"{"sent":"never","#, 1), ..now };
        assert_eq!(twice.original(&format!("[{second},{first}]")), None);
    }
}
