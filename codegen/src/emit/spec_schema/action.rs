//! `actions/<module>/<name>.v<version>.yaml`.

use serde_json::{Value, json};

use super::{document, fields, key, map_of, mapping, names, reference, rules, text, texts};
use crate::model::Model;

pub fn schema(model: &Model) -> Value {
    let mut definitions = fields::definitions(model, "", &[]);
    if let (Value::Object(all), Value::Object(of_output)) =
        (&mut definitions, fields::definitions(model, "output_", fields::NOT_IN_OUTPUT))
    {
        all.extend(of_output);
    }
    definitions["permission"] = json!({ "type": "string", "pattern": "^[^:]+:[^:]+$" });
    definitions["source"] = source();
    definitions["condition"] = rules::condition();
    definitions["rule"] = rules::rule();
    let properties = json!({
        "action": key(
            "The id, module.name; the file is actions/<module>/<name>.v<version>.yaml.",
            json!(["crm.schedule_activity"]),
            json!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$" }),
        ),
        "version": key(
            "Counted from 1. A published version keeps its contract; what breaks it is the next version.",
            json!([1, 2]),
            json!({ "type": "integer", "minimum": 1 }),
        ),
        "label": text("What workflow authors see, on one line. Begins with the verb of the name.", "Schedule CRM Activity"),
        "description": text("A sentence for workflow authors.", "Schedule a follow-up with a client."),
        "effects": key(
            "Whether a call changes anything. What reads is not audited, not deduplicated and emits nothing.",
            json!(["write", "read"]),
            json!({ "enum": ["read", "write"] }),
        ),
        "idempotency": idempotency(),
        "permissions": permissions(),
        "may_require": key(
            "Permissions that only the body can know to be needed, as resource:action; it can ask for no others.",
            json!([["tag:create"]]),
            json!({ "type": "array", "items": reference("permission") }),
        ),
        "input": key(
            "The fields that a call gives; none where it is left out.",
            json!([{ "client_id": { "type": "uuid", "picker": "client" }, "limit": { "type": "integer", "max": 50, "default": 10 } }]),
            reference("fields"),
        ),
        "rules": key(
            "Rules across fields, judged once every field is right by itself.",
            json!([[{ "any_of": ["client_id", "contact_id"], "message": "client_id or contact_id is required" }]]),
            json!({ "type": "array", "items": reference("rule") }),
        ),
        "output": key(
            "The fields that a call answers with. Each is always there, so none is optional; use nullable.",
            json!([{ "count": { "type": "integer", "label": "Count" } }]),
            reference("output_fields"),
        ),
        "audit": audit(),
        "emits": texts(
            "Events that the body may emit, by name; another one does not compile. None where it is left out.",
            json!(names(model.events.iter().map(|event| event.name.as_str()), &["INTERACTION_LOGGED"])),
            0,
        ),
        "examples": examples(),
    });
    let required = ["action", "version", "label", "description", "effects", "permissions", "output"];
    document("Action", "One action and version.", &required, properties, Some(definitions))
}

fn idempotency() -> Value {
    let action = mapping(
        &["mode", "key"],
        json!({
            "mode": key(
                "The caller may give the key; else it is made from the run and the step.",
                json!(["action"]),
                json!({ "const": "action" }),
            ),
            "key": text("The input field that may hold a key: an optional string.", "idempotency_key"),
        }),
    );
    key(
        "Where the idempotency key comes from: the engine makes it from run, step and input (the default), or an input field.",
        json!(["engine", { "mode": "action", "key": "idempotency_key" }]),
        json!({ "anyOf": [{ "const": "engine" }, action] }),
    )
}

fn permissions() -> Value {
    let conditional = mapping(
        &["require", "when"],
        json!({
            "require": key("The permission, as resource:action.", json!(["ticket:read"]), reference("permission")),
            "when": key("When it is needed.", json!([{ "present": "ticket_id" }]), reference("condition")),
        }),
    );
    key(
        "What the actor must be allowed to do, as resource:action. A resource may hold a placeholder of an enum field.",
        json!([
            ["client:update"],
            ["client:update", { "require": "ticket:read", "when": { "present": "ticket_id" } }],
            ["{target.type}:update"],
        ]),
        json!({ "type": "array", "items": { "anyOf": [reference("permission"), conditional] } }),
    )
}

fn audit() -> Value {
    let path = json!({ "type": "string", "pattern": "^(input|output)\\." });
    let id = key("The path of the id.", json!(["output.activity.activity_id"]), path);
    let mut target = map_of(id);
    target["minProperties"] = json!(1);
    target["maxProperties"] = json!(1);
    let schema = mapping(
        &["target", "changed"],
        json!({
            "target": key(
                "The name and the source of one id: what is changed.",
                json!([{ "activity_id": "output.activity.activity_id" }]),
                target,
            ),
            "changed": key(
                "Names and where their values come from. A value that is not there is null; secrets are refused.",
                json!([{ "activity_id": "output.activity.activity_id", "title": "input.title" }]),
                map_of(reference("source")),
            ),
        }),
    );
    key(
        "What the audit row records. Needed when the action writes, and only then.",
        json!([{ "target": { "activity_id": "output.activity.activity_id" }, "changed": { "title": "input.title" } }]),
        schema,
    )
}

fn source() -> Value {
    let path = json!({ "type": "string", "pattern": "^(input|output)\\." });
    key(
        "Where the value comes from, a path that begins with input or output; or an object of such.",
        json!(["output.activity.activity_id", { "from": "input.start_time", "to": "input.end_time" }]),
        json!({ "anyOf": [path, map_of(reference("source"))] }),
    )
}

fn examples() -> Value {
    let example = mapping(
        &["name", "input"],
        json!({
            "name": text("What the example shows, on one line.", "call back"),
            "input": key(
                "An input that the action takes: right field by field, and by every rule.",
                json!([{ "client_id": "5d2b7f10-93ce-4e6a-8f41-b0c9d8e7a615", "title": "Call back" }]),
                json!({ "type": "object" }),
            ),
        }),
    );
    key(
        "Inputs that are checked, and shown in the reference and in the JSON Schema.",
        json!([[{
            "name": "call back",
            "input": { "client_id": "5d2b7f10-93ce-4e6a-8f41-b0c9d8e7a615", "title": "Call back" },
        }]]),
        json!({ "type": "array", "items": example }),
    )
}
