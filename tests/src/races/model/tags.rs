//! Tags of one kind of record: which are known, and which record has which.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Verdict;
use crate::races::operation::{Operation, TAGS};

/// Tags that are known, and those of each activity's record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Tags {
    known: BTreeSet<usize>,
    on: BTreeSet<(usize, usize)>,
}

impl Tags {
    /// What becomes of them by a call.
    pub fn step(&self, operation: &Operation) -> Verdict<Self> {
        let Operation::Tag { activity, tags, lenient } = operation else { return Ok((self.clone(), json!({}))) };
        let mut after = self.clone();
        let (mut added, mut existing) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for tag in tags.iter().filter(|tag| seen.insert(**tag)) {
            after.known.insert(*tag);
            let of_call = json!({ "tag_text": TAGS[*tag] });
            if after.on.insert((*activity, *tag)) {
                added.push(of_call);
            } else if *lenient {
                existing.push(of_call);
            } else {
                return Err(("CONFLICT", None));
            }
        }
        let answer = json!({ "added_count": added.len(), "existing_count": existing.len(), "added_tags": added,
            "existing_tags": existing });
        Ok((after, answer))
    }

    /// Whether the database has these, as pairs of record and tag.
    pub fn are_stored(&self, known: &BTreeSet<usize>, on: &BTreeSet<(usize, usize)>) -> bool {
        self.known == *known && self.on == *on
    }
}

/// The number of a tag.
pub fn number(text: &Value) -> Option<usize> {
    TAGS.iter().position(|tag| json!(tag) == *text)
}
