//! `events/<name>.yaml`.

use serde_json::{Value, json};

use super::{document, fields, key, reference, text};
use crate::model::Model;

pub fn schema(model: &Model) -> Value {
    let properties = json!({
        "event": key(
            "The name as subscribers know it, in upper case; the file is events/<the name in lower case>.yaml.",
            json!(["INTERACTION_LOGGED"]),
            json!({ "type": "string", "pattern": "^[A-Z][A-Z0-9_]*$" }),
        ),
        "description": text("A sentence about when it is emitted.", "An interaction was logged."),
        "key": text(
            "What is the same for the same happening: a template over fields of the payload that are always there.",
            "interaction_logged:{interactionId}",
        ),
        "subject": text(
            "What it is about: a template like the key. Events of one subject, of whatever name, are delivered in order; \
             without it, an event is about itself.",
            "interaction:{interactionId}",
        ),
        "payload": key(
            "What it carries. tenantId, occurredAt and actor are added to every event.",
            json!([{ "interactionId": { "type": "uuid" }, "subject": { "type": "string", "optional": true } }]),
            reference("fields"),
        ),
    });
    let required = ["event", "key", "payload"];
    document(
        "Event",
        "An event that actions emit.",
        &required,
        properties,
        Some(fields::definitions(model, "", fields::NOT_IN_EVENT)),
    )
}
