//! Compares what was expected with what came.
//!
//! An object matches when it has the named fields; a list when it has as many items and each matches. Besides:
//! `$any`, `$uuid`, `$timestamp`, `$absent` (no such field), `$as.name` (the first value is remembered, later ones are
//! the same), `{ $exactly: {…} }` (no other fields), `{ $unordered: […] }`, `{ $including: […] }`,
//! `{ $contains: text }` and `{ $join: […] }`.

use std::collections::BTreeMap;

use actwright_runtime::{Timestamp, Uuid};
use serde_json::{Map, Value};

/// What `$as.name` stands for so far.
pub type Bindings = BTreeMap<String, Value>;

/// How what came differs from what was expected; empty when it matches.
pub fn differences(expected: &Value, actual: &Value, bindings: &mut Bindings) -> Vec<String> {
    let mut matcher = Matcher { bindings, found: Vec::new() };
    matcher.value("", expected, Some(actual));
    matcher.found
}

struct Matcher<'b> {
    bindings: &'b mut Bindings,
    found: Vec<String>,
}

impl Matcher<'_> {
    fn value(&mut self, path: &str, expected: &Value, actual: Option<&Value>) {
        if let Some(special) = expected.as_str().and_then(|text| text.strip_prefix('$')) {
            return self.special(path, special, actual);
        }
        let Some(actual) = actual else {
            return self.differ(path, expected, None);
        };
        match expected {
            Value::Object(fields) => match fields.iter().next() {
                Some((name, operand)) if name.starts_with('$') => self.operator(path, name, operand, actual),
                _ => self.fields(path, fields, actual),
            },
            Value::Array(items) => self.list(path, items, actual),
            Value::Number(number) if number.as_f64() == actual.as_f64() => {}
            _ if expected == actual => {}
            _ => self.differ(path, expected, Some(actual)),
        }
    }

    fn special(&mut self, path: &str, special: &str, actual: Option<&Value>) {
        let text = actual.and_then(Value::as_str);
        let fits = match special {
            "any" => actual.is_some(),
            "absent" => actual.is_none(),
            "uuid" => text.is_some_and(|text| Uuid::parse_str(text).is_ok_and(|id| id.to_string() == text)),
            "timestamp" => text.is_some_and(|text| Timestamp::parse(text).is_some_and(|at| at.to_string() == text)),
            name => match (self.bindings.get(name), actual) {
                (Some(bound), Some(actual)) => bound == actual,
                (None, Some(actual)) if !actual.is_null() => {
                    self.bindings.insert(name.to_owned(), actual.clone());
                    true
                }
                _ => false,
            },
        };
        if !fits {
            let bound = self.bindings.get(special).cloned();
            self.differ(path, &bound.unwrap_or_else(|| Value::String(format!("${special}"))), actual);
        }
    }

    fn operator(&mut self, path: &str, name: &str, operand: &Value, actual: &Value) {
        let items = operand.as_array().map(Vec::as_slice).unwrap_or_default();
        match name {
            "$exactly" => {
                self.value(path, operand, Some(actual));
                let known = |field: &&String| operand.get(field.as_str()).is_some();
                for field in actual.as_object().into_iter().flat_map(Map::keys).filter(|field| !known(field)) {
                    self.differ(&format!("{path}/{field}"), &Value::String("$absent".to_owned()), actual.get(field));
                }
            }
            "$unordered" => self.unordered(path, items, actual, true),
            "$including" => self.unordered(path, items, actual, false),
            "$contains" => {
                let (part, text) = (operand.as_str().unwrap_or_default(), actual.as_str().unwrap_or_default());
                if !text.to_lowercase().contains(&part.to_lowercase()) {
                    self.differ(path, operand, Some(actual));
                }
            }
            "$join" => {
                let parts = items.iter().map(|part| {
                    let bound = part.as_str().and_then(|text| self.bindings.get(text.strip_prefix('$')?));
                    bound.unwrap_or(part).as_str().unwrap_or_default()
                });
                let joined = Value::String(parts.collect());
                self.value(path, &joined, Some(actual));
            }
            _ => self.found.push(format!("{path}: {name} is no matcher")),
        }
    }

    fn fields(&mut self, path: &str, fields: &Map<String, Value>, actual: &Value) {
        let Some(object) = actual.as_object() else {
            return self.differ(path, &fields.clone().into(), Some(actual));
        };
        for (name, expected) in fields {
            self.value(&format!("{path}/{name}"), expected, object.get(name));
        }
    }

    fn list(&mut self, path: &str, items: &[Value], actual: &Value) {
        let came = actual.as_array().map(Vec::as_slice);
        let Some(came) = came.filter(|came| came.len() == items.len()) else {
            return self.differ(path, &items.into(), Some(actual));
        };
        for (index, (expected, actual)) in items.iter().zip(came).enumerate() {
            self.value(&format!("{path}/{index}"), expected, Some(actual));
        }
    }

    /// Each expected item takes an item of its own; with `all`, none is left over.
    fn unordered(&mut self, path: &str, items: &[Value], actual: &Value, all: bool) {
        let came: Vec<&Value> = actual.as_array().into_iter().flatten().collect();
        let count_fits = if all { came.len() == items.len() } else { came.len() >= items.len() };
        if actual.is_array()
            && count_fits
            && let Some(bindings) = assign(items, &came, self.bindings)
        {
            *self.bindings = bindings;
            return;
        }
        // With one item on each side the exact difference helps more than the whole.
        match (items, came.as_slice()) {
            ([expected], [actual]) => self.value(&format!("{path}/0"), expected, Some(actual)),
            _ => self.differ(path, &items.into(), Some(actual)),
        }
    }

    fn differ(&mut self, path: &str, expected: &Value, actual: Option<&Value>) {
        let actual = actual.map_or_else(|| "nothing".to_owned(), short);
        self.found.push(format!("{path}: expected {}, got {actual}", short(expected)));
    }
}

/// Finds an item for each expectation, trying all ways.
fn assign(expected: &[Value], actual: &[&Value], bindings: &Bindings) -> Option<Bindings> {
    let Some((first, rest)) = expected.split_first() else {
        return Some(bindings.clone());
    };
    (0..actual.len()).find_map(|index| {
        let mut bindings = bindings.clone();
        if !differences(first, actual[index], &mut bindings).is_empty() {
            return None;
        }
        let others: Vec<&Value> = [&actual[..index], &actual[index + 1..]].concat();
        assign(rest, &others, &bindings)
    })
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(1500) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(expected: Value, actual: Value) -> bool {
        differences(&expected, &actual, &mut Bindings::new()).is_empty()
    }

    #[test]
    fn objects_match_by_the_named_fields() {
        assert!(matches(json!({ "a": 1 }), json!({ "a": 1.0, "b": 2 })));
        assert!(!matches(json!({ "$exactly": { "a": 1 } }), json!({ "a": 1, "b": 2 })));
        assert!(matches(json!({ "a": "$absent" }), json!({ "b": 2 })));
        assert!(!matches(json!({ "a": "$absent" }), json!({ "a": null })));
        assert!(!matches(json!({ "a": null }), json!({})));
    }

    #[test]
    fn a_name_stands_for_one_value() {
        assert!(matches(json!(["$as.x", "$as.x", "$as.y"]), json!(["a", "a", "b"])));
        assert!(!matches(json!(["$as.x", "$as.x"]), json!(["a", "b"])));
        assert!(!matches(json!("$as.x"), json!(null)));
        assert!(matches(json!(["$as.x", { "$join": ["key:", "$as.x"] }]), json!(["a", "key:a"])));
    }

    #[test]
    fn items_are_found_in_any_order() {
        assert!(matches(json!({ "$unordered": ["$as.x", "b"] }), json!(["b", "a"])));
        assert!(!matches(json!({ "$unordered": ["a"] }), json!(["a", "b"])));
        assert!(matches(json!({ "$including": ["a"] }), json!(["a", "b"])));
        assert!(!matches(json!(["a"]), json!(["a", "b"])));
    }

    #[test]
    fn formats_are_exact() {
        assert!(matches(json!("$timestamp"), json!("2026-01-02T03:04:05.123Z")));
        assert!(!matches(json!("$timestamp"), json!("2026-01-02T03:04:05Z")));
        assert!(!matches(json!("$uuid"), json!("A0000000-0000-4000-8000-000000000000")));
        assert!(matches(json!({ "$contains": "Default" }), json!("there is no default status")));
    }
}
