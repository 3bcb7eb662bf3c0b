//! `types/<name>.yaml`.

use serde_json::{Value, json};

use super::{document, fields, key, reference, text, texts};
use crate::model::Model;

pub fn schema(model: &Model) -> Value {
    let properties = json!({
        "type": key(
            "The name, in Pascal case; the file is types/<the name in snake case>.yaml.",
            json!(["ActivitySummary"]),
            json!({ "type": "string", "pattern": "^[A-Z][A-Za-z0-9]*$" }),
        ),
        "description": text("A sentence about what it is.", "An activity in short."),
        "fields": key(
            "The fields of an object, at least one. A type has these or values.",
            json!([{ "street": { "type": "string" }, "city": { "type": "string" } }]),
            reference("fields"),
        ),
        "values": texts(
            "The values of an enum, at least one. A type has these or fields.",
            json!(["internal", "client_visible"]),
            1,
        ),
    });
    let mut schema = document(
        "Type",
        "A type that several actions share: an object or an enum.",
        &["type"],
        properties,
        Some(fields::definitions(model, "", &[])),
    );
    schema["oneOf"] = json!([{ "required": ["fields"] }, { "required": ["values"] }]);
    schema
}
