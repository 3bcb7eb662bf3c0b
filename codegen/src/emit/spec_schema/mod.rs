//! JSON Schemas of the spec files themselves, so that editors complete keys, explain them and check values.
//!
//! Each key has a description and examples. Examples that name something (a picker, a table) name what the specs declare,
//! and something usual where they declare nothing yet.

mod action;
mod catalog;
mod event;
mod fields;
mod named_type;
mod permissions;
mod picker;
mod rules;
mod tables;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::Model;

/// Name and schema of each kind of file.
pub fn all(model: &Model) -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("action", action::schema(model)),
        ("type", named_type::schema(model)),
        ("event", event::schema(model)),
        ("picker", picker::schema(model)),
        ("permissions", permissions::schema()),
        ("catalog", catalog::schema(model)),
        ("tables", tables::schema()),
    ])
}

/// A whole file.
fn document(title: &str, description: &str, required: &[&str], properties: Value, definitions: Option<Value>) -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    });
    if let Some(definitions) = definitions {
        schema["$defs"] = definitions;
    }
    schema
}

/// A mapping of known keys.
fn mapping(required: &[&str], properties: Value) -> Value {
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// A mapping whose keys the spec chooses.
fn map_of(values: Value) -> Value {
    json!({ "type": "object", "additionalProperties": values })
}

/// What a definition holds.
fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// What a key holds, with what it means and values that show it.
fn key(description: &str, examples: Value, mut schema: Value) -> Value {
    schema["description"] = json!(description);
    schema["examples"] = examples;
    schema
}

/// A key that holds a text.
fn text(description: &str, example: &str) -> Value {
    key(description, json!([example]), json!({ "type": "string", "minLength": 1 }))
}

/// A key that holds several texts, at least so many.
fn texts(description: &str, example: Value, least: u32) -> Value {
    let items = json!({ "type": "string", "examples": example });
    let mut schema = json!({ "type": "array", "items": items });
    if least > 0 {
        schema["minItems"] = json!(least);
    }
    key(description, json!([example]), schema)
}

/// A key that is true or false, and false where it is left out.
fn flag(description: &str) -> Value {
    key(description, json!([true]), json!({ "type": "boolean" }))
}

/// What is declared, or something usual where nothing is. Other names are the generator's to refuse, so that a new one can
/// be written first.
fn names<'n>(declared: impl Iterator<Item = &'n str>, usual: &[&'n str]) -> Vec<&'n str> {
    let declared: Vec<&str> = declared.collect();
    if declared.is_empty() { usual.to_vec() } else { declared }
}
