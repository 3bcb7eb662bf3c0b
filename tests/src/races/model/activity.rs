//! An activity.

use serde_json::{Value, json};

use super::Verdict;
use crate::races::operation::Operation;
use crate::races::rows::{STATUSES, row};

/// All that calls change of an activity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Activity {
    title: usize,
    notes: Option<usize>,
    status: Option<usize>,
}

impl Activity {
    /// As all callers find it.
    pub fn initial() -> Self {
        Self { title: 0, notes: None, status: Some(0) }
    }

    /// What becomes of it by a call.
    pub fn step(&self, operation: &Operation) -> Verdict<Self> {
        match *operation {
            Operation::Update { title, notes, status, .. } => {
                let after = Self {
                    title: title.unwrap_or(self.title),
                    notes: notes.unwrap_or(self.notes),
                    status: status.unwrap_or(self.status),
                };
                let changed = [
                    ("notes", after.notes != self.notes),
                    ("status_id", after.status != self.status),
                    ("title", after.title != self.title),
                ];
                let changed: Vec<&str> =
                    changed.iter().filter(|(_, changed)| *changed).map(|(name, _)| *name).collect();
                let answer = json!({ "changed_fields": changed, "activity_before": self.summary(),
                    "activity_after": after.summary() });
                Ok((after, answer))
            }
            Operation::Move { status, lenient, .. } => {
                let no_op = self.status == Some(status);
                if no_op && !lenient {
                    return Err(("VALIDATION_ERROR", Some("/no_op_if_already_status")));
                }
                let after = Self { status: Some(status), ..self.clone() };
                let answer = json!({
                    "previous_status_id": self.status.map(|status| row("status", status)),
                    "previous_status_name": self.status.map(|status| STATUSES[status]),
                    "current_status_id": row("status", status), "current_status_name": STATUSES[status],
                    "no_op": no_op, "activity": after.summary(),
                });
                Ok((after, answer))
            }
            _ => Ok((self.clone(), self.summary())),
        }
    }

    fn summary(&self) -> Value {
        json!({
            "title": format!("Title {}", self.title),
            "notes_preview": self.notes.map(|notes| format!("Notes {notes}")),
            "status_id": self.status.map(|status| row("status", status)),
            "status_name": self.status.map(|status| STATUSES[status]),
        })
    }

    /// Whether the row has this.
    pub fn is_stored(&self, row: &Value) -> bool {
        let Self { title, notes, status } = self;
        row["title"] == json!(format!("Title {title}"))
            && row["notes"] == json!(notes.map(|notes| format!("Notes {notes}")))
            && row["status_id"] == json!(status.map(|status| super::super::rows::row("status", status)))
    }
}
