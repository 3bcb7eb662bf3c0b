//! Texts that are too long to write: `{ $repeat: é, times: 180 }` and `{ $join: [a, { $repeat: b, times: 9 }] }`.

use serde_json::{Map, Value};

/// Replaces every such object by its text. A `$join` of what is not known yet stays for the matcher.
pub fn expand(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(expand).collect(),
        Value::Object(fields) => {
            let fields: Map<String, Value> = fields.into_iter().map(|(name, field)| (name, expand(field))).collect();
            repeated(&fields).or_else(|| joined(&fields)).map_or(Value::Object(fields), Value::String)
        }
        other => other,
    }
}

fn repeated(fields: &Map<String, Value>) -> Option<String> {
    let times = usize::try_from(fields.get("times")?.as_u64()?).ok()?;
    Some(fields.get("$repeat")?.as_str()?.repeat(times))
}

fn joined(fields: &Map<String, Value>) -> Option<String> {
    let parts = fields.get("$join")?.as_array()?;
    parts.iter().map(|part| part.as_str().filter(|text| !text.starts_with("$as."))).collect()
}
