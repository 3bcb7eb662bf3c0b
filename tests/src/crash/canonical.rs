//! Rows of two runs, made comparable: ids that a run made become numbers in the order in which they were made, and times of
//! the run become "now".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use actwright_runtime::Timestamp;
use regex::{Captures, Regex};
use serde_json::Value;

use crate::conformance::dump::Snapshot;

const HOUR: i64 = 3_600_000_000;

static ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").expect("a pattern"));

/// The ids that were there before a run.
pub struct Known(BTreeSet<String>);

impl Known {
    /// Those of these rows.
    pub fn of(before: &Snapshot) -> Self {
        Self(before.rows().flat_map(|row| ID.find_iter(row)).map(|found| found.as_str().to_owned()).collect())
    }

    /// As the module says.
    pub fn canonical(&self, left: &Value) -> Value {
        let text = serde_json::to_string(left).unwrap_or_default();
        // Version 7 begins with the time, so this is the order in which they were made.
        let made: BTreeSet<&str> =
            ID.find_iter(&text).map(|found| found.as_str()).filter(|id| !self.0.contains(*id)).collect();
        let numbers: BTreeMap<&str, usize> = made.into_iter().enumerate().map(|(number, id)| (id, number)).collect();
        let numbered = ID.replace_all(&text, |found: &Captures<'_>| match numbers.get(&found[0]) {
            Some(number) => format!("new-{number}"),
            None => found[0].to_owned(),
        });
        timeless(serde_json::from_str(&numbered).unwrap_or_default())
    }
}

fn timeless(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, timeless(value))).collect(),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(timeless).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::String(text) if Timestamp::parse(&text).is_some_and(recent) => "now".into(),
        Value::Number(micros) if micros.as_i64().and_then(Timestamp::from_micros).is_some_and(recent) => "now".into(),
        other => other,
    }
}

fn recent(at: Timestamp) -> bool {
    (at.micros() - Timestamp::now().micros()).abs() < HOUR
}
