//! Rules across fields, and the conditions that rules and permissions have.

use serde_json::{Value, json};

use super::{key, mapping, reference, text, texts};

pub fn condition() -> Value {
    let mut schema = mapping(
        &[],
        json!({
            "present": text("The path of a field of the input: it is given. Not one that every input has.", "ticket_id"),
            "equals": key(
                "The path of a field of the input and a value: the field has the value, by default or because it was given.",
                json!([{ "is_billable": true }]),
                json!({ "type": "object", "minProperties": 1, "maxProperties": 1 }),
            ),
        }),
    );
    schema["minProperties"] = json!(1);
    schema["maxProperties"] = json!(1);
    schema
}

pub fn rule() -> Value {
    let checks = ["any_of", "one_of", "ordered", "requires", "excludes", "non_empty", "forbid"];
    let mut schema = mapping(
        &[],
        json!({
            "any_of": texts("At least one of these fields is given.", json!(["client_id", "contact_id"]), 2),
            "one_of": texts("Exactly one of these fields is given.", json!(["client_id", "contact_id"]), 2),
            "ordered": ordered(),
            "requires": consequence(
                "With the field, or where the condition holds, the others are given, too.",
                "with",
                "Fields that are given then, too.",
                json!({ "field": "end_time", "with": ["start_time"] }),
            ),
            "excludes": consequence(
                "With the field, or where the condition holds, none of the others is given.",
                "fields",
                "Fields that are not given then.",
                json!({ "when": { "equals": { "visibility": "internal" } }, "fields": ["price"] }),
            ),
            "non_empty": key(
                "The object at this path, where it is given, has at least one of its fields. The empty path is the input itself.",
                json!(["location", ""]),
                json!({ "type": "string" }),
            ),
            "forbid": key(
                "Paths and values: the fields do not have all of these values at once. A default counts as a value.",
                json!([{ "is_billable": true, "visibility": "internal" }]),
                json!({ "type": "object", "minProperties": 1 }),
            ),
            "message": text(
                "What the author of a call reads when the rule is broken, on one line; made from the rule where it is left out.",
                "client_id or contact_id is required",
            ),
        }),
    );
    schema["oneOf"] = checks.into_iter().map(|check| json!({ "required": [check] })).collect();
    schema
}

fn ordered() -> Value {
    let mut schema = texts(
        "The first field is not greater than the second, where both have a value: two of datetime, date, money or numbers.",
        json!(["start_time", "end_time"]),
        2,
    );
    schema["maxItems"] = json!(2);
    schema
}

/// What follows from a field or a condition.
fn consequence(description: &str, list: &str, of_list: &str, example: Value) -> Value {
    let others = example[list].clone();
    let mut schema = mapping(
        &[list],
        json!({
            "field": text("The path of the field that the rule begins with: it is given.", "end_time"),
            "when": key(
                "The condition that the rule begins with.",
                json!([{ "equals": { "is_billable": true } }]),
                reference("condition"),
            ),
            list: texts(of_list, others, 1),
        }),
    );
    schema["oneOf"] = json!([{ "required": ["field"] }, { "required": ["when"] }]);
    key(description, json!([example]), schema)
}
