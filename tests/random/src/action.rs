//! Actions, with rules and conditions over their fields.

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};

use crate::field::{Place, fields};
use crate::shared::Type;
use crate::words;

/// The action of this number. Beside random fields it has some that rules and conditions are sure to find.
pub fn action(random: &mut StdRng, number: usize, types: &[Type], events: &[Value]) -> Value {
    let writes = random.random_bool(0.7);
    let mut input = fields(random, Place::Input, types, 12, 1);
    input.extend(ruled(random));
    let mut output = fields(random, Place::Output, types, 6, 1);
    output.insert("record_id".to_owned(), json!({ "type": "uuid" }));
    let mut action = json!({
        "action": format!("pack.{}_{number}", words::pick(random, &["do", "fn", "type", "select", "match", "create_it"])),
        "version": 1,
        "label": words::prose(random),
        "description": words::prose(random),
        "effects": if writes { "write" } else { "read" },
        "idempotency": "engine",
        "permissions": permissions(random),
        "input": input,
        "rules": rules(random),
        "output": output,
    });
    if random.random_bool(0.3) {
        action["idempotency"] = json!({ "mode": "action", "key": "r_key" });
    }
    if random.random_bool(0.3) {
        action["may_require"] = json!(["other:read"]);
    }
    if writes {
        action["audit"] = audit(random);
        if random.random_bool(0.5) {
            action["emits"] = json!([events[random.random_range(0..events.len())]["event"]]);
        }
    }
    action
}

/// Fields that rules, conditions and the audit refer to.
fn ruled(random: &mut StdRng) -> Map<String, Value> {
    let nullable = random.random_bool(0.5);
    let time = words::pick(random, &["datetime", "date", "integer", "money", "number"]);
    let fields = json!({
        "r_key": { "type": "string", "optional": true },
        "r_client": { "type": "uuid", "optional": true, "picker": "thing" },
        "r_contact": { "type": "uuid", "optional": true, "nullable": nullable },
        "r_from": { "type": time, "optional": true },
        "r_to": { "type": time, "optional": true, "nullable": nullable },
        "r_kind": { "type": "enum", "values": ["thing", "other"] },
        "r_flag": { "type": "boolean", "default": false },
        "r_patch": { "type": "object", "fields": {
            "type": { "type": "string", "optional": true, "nullable": nullable },
            "count": { "type": "integer", "optional": true },
        } },
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn permissions(random: &mut StdRng) -> Value {
    let all = [
        json!("thing:read"),
        json!("{r_kind}:update"),
        json!({ "require": "other:update", "when": { "present": "r_patch.type" } }),
        json!({ "require": "thing:update", "when": { "equals": { "r_flag": true } } }),
        json!({ "require": "{r_kind}:read", "when": { "present": "r_client" } }),
    ];
    some(random, &all)
}

fn rules(random: &mut StdRng) -> Value {
    let all = [
        json!({ "any_of": ["r_client", "r_contact"], "message": "a \"client\" or a {contact}" }),
        json!({ "one_of": ["r_client", "r_contact", "r_patch.count"] }),
        json!({ "ordered": ["r_from", "r_to"] }),
        json!({ "requires": { "field": "r_client", "with": ["r_contact", "r_patch.count"] } }),
        json!({ "requires": { "when": { "equals": { "r_kind": "other" } }, "with": ["r_from"] } }),
        json!({ "excludes": { "field": "r_patch.count", "fields": ["r_to"] } }),
        json!({ "excludes": { "when": { "equals": { "r_flag": true } }, "fields": ["r_client", "r_key"] } }),
        json!({ "non_empty": "r_patch" }),
        json!({ "forbid": { "r_kind": "thing", "r_flag": true }, "message": "not `both`" }),
    ];
    some(random, &all)
}

fn audit(random: &mut StdRng) -> Value {
    let mut changed = json!({ "record_id": "output.record_id", "type": "input.r_kind" });
    if random.random_bool(0.5) {
        changed["within"] = json!({ "patch": "input.r_patch", "deeper": { "type": "input.r_patch.type" } });
    }
    json!({ "target": { "record_id": "output.record_id" }, "changed": changed })
}

fn some(random: &mut StdRng, all: &[Value]) -> Value {
    all.iter().filter(|_| random.random_bool(0.4)).cloned().collect()
}
