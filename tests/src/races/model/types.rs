//! A tenant's own types of activities.

use serde_json::{Value, json};

use super::Verdict;
use crate::races::operation::{Operation, TYPES};

/// Names, as they were given first, and places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Types(Vec<(String, i64)>);

impl Types {
    /// As all callers find them.
    pub fn initial() -> Self {
        Self(vec![("Site Visit".to_owned(), 1)])
    }

    /// What becomes of them by a call.
    pub fn step(&self, operation: &Operation) -> Verdict<Self> {
        let Operation::CreateType { name, spelling, lenient } = operation else { return Ok((self.clone(), json!({}))) };
        let name = TYPES[*name][*spelling].replace("  ", " ");
        let same = self.0.iter().find(|(known, _)| known.to_lowercase() == name.to_lowercase());
        let answer = |name: &str, place: i64, created: bool| json!({ "interaction_type": { "type_name": name, "display_order": place, "created": created } });
        match same {
            Some((known, place)) if *lenient => Ok((self.clone(), answer(known, *place, false))),
            Some(_) => Err(("CONFLICT", None)),
            None => {
                let place = self.0.iter().map(|(_, place)| place).max().unwrap_or(&0) + 1;
                let mut after = self.clone();
                after.0.push((name.clone(), place));
                Ok((after, answer(&name, place, true)))
            }
        }
    }

    /// Whether these are the rows, in any order.
    pub fn are_stored(&self, rows: &[&Value]) -> bool {
        let mut stored: Vec<(String, i64)> = (rows.iter())
            .map(|row| {
                (row["type_name"].as_str().unwrap_or_default().to_owned(), row["display_order"].as_i64().unwrap_or(-1))
            })
            .collect();
        stored.sort_by_key(|(_, place)| *place);
        stored == self.0
    }
}
