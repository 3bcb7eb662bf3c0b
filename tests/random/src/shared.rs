//! What actions share: types, events, a picker, permissions, a table.

use std::collections::BTreeMap;

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::field::{Place, fields};
use crate::words;

/// A shared type.
#[derive(Debug, Clone)]
pub struct Type {
    pub name: &'static str,
    pub file: &'static str,
    /// It has fields that may be left out, which outputs have not.
    pub only_input: bool,
    content: Value,
}

impl Type {
    pub fn document(&self) -> Value {
        self.content.clone()
    }

    pub fn describe(&mut self, random: &mut StdRng) {
        self.content["description"] = json!(words::prose(random));
        if let Some(fields) = self.content.get_mut("fields").and_then(Value::as_object_mut) {
            fields.insert(format!("added_{}", random.random_range(0..9)), json!({ "type": "boolean" }));
        }
    }
}

/// Objects and enums. Each may refer to those before it, and to itself where it need not end.
pub fn types(random: &mut StdRng) -> Vec<Type> {
    let mut all: Vec<Type> = Vec::new();
    for (name, file) in words::TYPES {
        let only_input = random.random_bool(0.3);
        let place = if only_input { Place::Input } else { Place::Shared };
        let mut content = json!({ "type": name });
        if random.random_bool(0.25) {
            content["values"] = json!(words::values(random));
        } else {
            content["fields"] = Value::Object(fields(random, place, &all, 5, 1));
            match random.random_range(0..4) {
                0 => content["fields"]["itself"] = json!({ "type": name, "nullable": true }),
                1 => content["fields"]["children"] = json!({ "type": "list", "items": { "type": name } }),
                2 => content["fields"]["by_name"] = json!({ "type": "map", "values": { "type": name } }),
                _ => {}
            }
        }
        all.push(Type { name, file, only_input, content });
    }
    all
}

pub fn events(random: &mut StdRng, types: &[Type]) -> Vec<Value> {
    let plain: Vec<Type> = types.iter().filter(|one| !one.only_input).cloned().collect();
    ["THING_DONE", "TYPE", "RESULT", "A1_B2"]
        .into_iter()
        .map(|name| {
            let mut payload = fields(random, Place::Event, &plain, 6, 1);
            payload.insert("thingId".to_owned(), json!({ "type": "uuid" }));
            json!({ "event": name, "description": words::prose(random), "key": "thing:{thingId}", "payload": payload })
        })
        .collect()
}

/// The files that are there once.
pub fn files(hint: u32) -> BTreeMap<String, Value> {
    BTreeMap::from([
        (
            "permissions.yaml".to_owned(),
            json!({ "permissions": {
                "thing": { "actions": ["read", "update"] },
                "other": { "description": "Others.", "actions": ["read", "update"] },
            } }),
        ),
        (
            "tables.yaml".to_owned(),
            json!({ "tables": { "things": {
                "key": ["thing_id"],
                "columns": { "thing_id": "uuid", "name": "text", "type": "text?", "select": "integer" },
            } } }),
        ),
        (
            "pickers/thing.yaml".to_owned(),
            json!({
                "picker": "thing", "label": "Thing", "hint": format!("Search things {hint}"), "table": "things",
                "id": "thing_id", "label_template": "{name}", "search": ["name"], "permission": "thing:read",
            }),
        ),
    ])
}
