//! What an audit trail is about: a record by its kind and id, wherever audit rows name it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;
use uuid::Uuid;

use crate::database::Engine;

/// A record: `quote:UUID`, or `UUID` alone for whatever is called so.
///
/// Audit rows name a record by a field such as `quote_id`, `converted_quote_id` or `quote_ids`, or by an object with its `type`
/// and `id`. The kind `run` is a workflow run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Such as `quote`. None: of any kind.
    pub kind: Option<String>,
    /// Its id.
    pub id: Uuid,
}

impl FromStr for Entity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, id) = match text.split_once(':') {
            Some((kind, id)) => (Some(kind), id),
            None => (None, text),
        };
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if kind.is_some_and(|kind| kind.is_empty() || !kind.bytes().all(known)) {
            return Err(format!("{text} names no kind of record; expected KIND:UUID, such as quote:…"));
        }
        let id = id.parse().map_err(|_| format!("{id} is not a UUID; expected KIND:UUID, such as quote:…"))?;
        Ok(Self { kind: kind.map(str::to_owned), id })
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Some(kind) => write!(f, "{kind}:{}", self.id),
            None => write!(f, "{}", self.id),
        }
    }
}

impl Entity {
    pub(super) fn is_run(&self) -> bool {
        self.kind.as_deref() == Some("run")
    }

    /// What a statement looks for: the id, or paths of PostgreSQL to it. Refused inputs are stored in the case in which they
    /// came, and no index finds what is in any case.
    pub(super) fn needles(&self, engine: Engine) -> Vec<String> {
        let id = self.id.to_string();
        match engine {
            Engine::Postgres if !self.is_run() => vec![
                format!("$.** ? (@ == \"{id}\" || @ == \"{}\")", id.to_uppercase()),
                format!("$.input.** ? (@ like_regex \"^{id}$\" flag \"i\")"),
            ],
            _ => vec![id],
        }
    }

    /// Whether the value names this record. The names of other fields that hold its id are added to `others`.
    pub(super) fn is_named_in(&self, value: &Value, others: &mut BTreeSet<String>) -> bool {
        let id = self.id.to_string();
        let mut named = false;
        self.search(value, "", &id, &mut |field| match self.kind.as_deref().is_none_or(|kind| names(field, kind)) {
            true => named = true,
            false => {
                others.insert(field.to_owned());
            }
        });
        named
    }

    /// Calls `found` with each field that holds the id; `KIND_id` for the `id` beside a `type`.
    fn search(&self, value: &Value, field: &str, id: &str, found: &mut impl FnMut(&str)) {
        match value {
            Value::String(text) if text.eq_ignore_ascii_case(id) => found(field),
            Value::Array(values) => values.iter().for_each(|value| self.search(value, field, id, found)),
            Value::Object(object) => {
                for (name, value) in object {
                    match (name.as_str(), object.get("type").and_then(Value::as_str)) {
                        ("id", Some(kind)) => self.search(value, &format!("{kind}_id"), id, found),
                        _ => self.search(value, name, id, found),
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a field of this name holds ids of a kind.
fn names(field: &str, kind: &str) -> bool {
    let stem = field.strip_suffix("_id").or_else(|| field.strip_suffix("_ids")).unwrap_or(field);
    stem.strip_suffix(kind).is_some_and(|before| before.is_empty() || before.ends_with('_'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "a0000000-0000-4000-8000-000000000001";

    fn named(kind: &str, value: Value) -> (bool, Vec<String>) {
        let entity: Entity = format!("{kind}:{ID}").parse().expect("an entity");
        let mut others = BTreeSet::new();
        (entity.is_named_in(&value, &mut others), others.into_iter().collect())
    }

    #[test]
    fn records_are_named_by_fields_lists_and_references() {
        for value in [
            json!({ "quote_id": ID }),
            json!({ "quote_id": ID.to_uppercase() }),
            json!({ "input": { "patch": { "source_quote_id": ID } } }),
            json!({ "quote_ids": ["x", ID] }),
            json!({ "target": { "type": "quote", "id": ID } }),
            json!({ "quote": ID }),
        ] {
            assert!(named("quote", value.clone()).0, "{value}");
        }
    }

    #[test]
    fn other_fields_with_the_id_are_told_apart_and_told() {
        for (value, field) in [
            (json!({ "quote_item_id": ID }), "quote_item_id"),
            (json!({ "misquote_id": ID }), "misquote_id"),
            (json!({ "target": { "type": "client", "id": ID } }), "client_id"),
        ] {
            assert_eq!(named("quote", value), (false, vec![field.to_owned()]));
        }
        assert_eq!(named("quote", json!({ "quote_id": "other", "note": format!("see {ID}") })), (false, vec![]));
    }

    #[test]
    fn what_is_no_entity_is_refused() {
        for text in ["", "quote", "quote:", "quote:1", ":a0000000-0000-4000-8000-000000000001", "Quote Item:1"] {
            assert!(text.parse::<Entity>().is_err(), "{text}");
        }
        assert_eq!(ID.parse::<Entity>().map(|entity| entity.kind), Ok(None));
    }
}
