//! JSON Schemas of the spec files themselves, so that editors complete keys and check values.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::Model;

/// Name and schema of each kind of file.
pub fn all(model: &Model) -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("action", action(model)),
        ("type", named_type(model)),
        ("event", event(model)),
        ("picker", picker(model)),
        ("permissions", permissions()),
        ("catalog", catalog(model)),
        ("tables", tables()),
    ])
}

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

fn text(description: &str, examples: &[&str]) -> Value {
    json!({ "type": "string", "minLength": 1, "description": description, "examples": examples })
}

fn action(model: &Model) -> Value {
    let permission = json!({ "$ref": "#/$defs/permission" });
    let mut definitions = fields(model);
    definitions["permission"] = json!({
        "type": "string",
        "pattern": "^[^:]+:[^:]+$",
        "description": "resource:action. The resource may be a placeholder of an enum field.",
        "examples": ["client:update", "{target.type}:update"],
    });
    definitions["source"] = json!({
        "description": "Where the value comes from, or an object of such.",
        "anyOf": [
            { "type": "string", "pattern": "^(input|output)\\.", "examples": ["output.activity.activity_id", "input.reason"] },
            { "type": "object", "additionalProperties": { "$ref": "#/$defs/source" } },
        ],
    });
    definitions["rule"] = rule();
    definitions["condition"] = json!({
        "type": "object",
        "description": "What must hold.",
        "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
        "properties": {
            "present": text("The field is given.", &["ticket_id"]),
            "equals": { "type": "object", "minProperties": 1, "maxProperties": 1, "description": "The field has the value." },
        },
    });
    let properties = json!({
        "action": { "type": "string", "pattern": "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$", "description": "module.name; the file is actions/<module>/<name>.v<version>.yaml.", "examples": ["crm.send_quote"] },
        "version": { "type": "integer", "minimum": 1, "description": "Counted from 1. Published versions keep their contract." },
        "label": text("What workflow authors see.", &["Send Quote"]),
        "description": text("A sentence for workflow authors.", &["Send a quote to the client."]),
        "effects": { "enum": ["read", "write"], "description": "What reads is not audited, not deduplicated and emits nothing." },
        "idempotency": {
            "description": "Where the idempotency key comes from.",
            "anyOf": [
                { "const": "engine", "description": "From the run, the step and the input." },
                { "type": "object", "required": ["mode", "key"], "additionalProperties": false, "properties": {
                    "mode": { "const": "action", "description": "The caller may give the key; else from the run and the step." }, "key": text("The input field that may hold a key.", &["idempotency_key"]),
                } },
            ],
        },
        "permissions": { "type": "array", "description": "What the actor must be allowed to do.", "items": { "anyOf": [permission, {
            "type": "object", "required": ["require", "when"], "additionalProperties": false,
            "properties": { "require": { "$ref": "#/$defs/permission" }, "when": { "$ref": "#/$defs/condition" } },
        }] } },
        "may_require": { "type": "array", "description": "Permissions that only the body can know to be needed.", "items": { "$ref": "#/$defs/permission" } },
        "input": { "$ref": "#/$defs/fields", "description": "What a call gives." },
        "rules": { "type": "array", "description": "Rules across fields.", "items": { "$ref": "#/$defs/rule" } },
        "output": { "$ref": "#/$defs/fields", "description": "What a call gets. Every field is always there; use nullable." },
        "audit": {
            "type": "object", "required": ["target", "changed"], "additionalProperties": false,
            "description": "What the audit row records. Needed when the action writes.",
            "properties": {
                "target": { "type": "object", "minProperties": 1, "maxProperties": 1, "description": "The id of what is changed.", "additionalProperties": { "type": "string" } },
                "changed": { "type": "object", "description": "Names and where their values come from.", "additionalProperties": { "$ref": "#/$defs/source" } },
            },
        },
        "emits": { "type": "array", "description": "Events that the body may emit.", "items": named(model.events.iter().map(|event| event.name.as_str())) },
        "examples": { "type": "array", "description": "Inputs that are checked, and shown in the reference.", "items": {
            "type": "object", "required": ["name", "input"], "additionalProperties": false,
            "properties": { "name": text("What the example shows.", &["call back"]), "input": { "type": "object", "description": "An input that the action takes." } },
        } },
    });
    let required = ["action", "version", "label", "description", "effects", "idempotency", "permissions", "output"];
    document("Action", "One action and version.", &required, properties, Some(definitions))
}

fn rule() -> Value {
    let checks = ["any_of", "one_of", "ordered", "requires", "excludes", "non_empty", "forbid"];
    let checks = checks.map(|check| json!({ "required": [check] }));
    let paths = |description: &str| json!({ "type": "array", "minItems": 2, "items": { "type": "string" }, "description": description });
    json!({
        "type": "object",
        "description": "One check, and what the author of a call reads when it fails.",
        "oneOf": checks,
        "additionalProperties": false,
        "properties": {
            "any_of": paths("At least one of these fields is given."),
            "one_of": paths("Exactly one of these fields is given."),
            "ordered": { "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "string" }, "description": "The first is not greater than the second, where both have a value." },
            "requires": { "type": "object", "required": ["with"], "oneOf": [{ "required": ["field"] }, { "required": ["when"] }], "additionalProperties": false, "description": "With the field, or where the condition holds, the others are given, too.",
                "properties": {
                    "field": { "type": "string", "description": "The field that brings others with it." },
                    "when": { "$ref": "#/$defs/condition" },
                    "with": { "type": "array", "minItems": 1, "items": { "type": "string" }, "description": "The others." },
                } },
            "excludes": { "type": "object", "required": ["fields"], "oneOf": [{ "required": ["field"] }, { "required": ["when"] }], "additionalProperties": false, "description": "With the field, or where the condition holds, none of the others is given.",
                "properties": {
                    "field": { "type": "string", "description": "The field that comes without the others." },
                    "when": { "$ref": "#/$defs/condition" },
                    "fields": { "type": "array", "minItems": 1, "items": { "type": "string" }, "description": "The others." },
                } },
            "non_empty": { "type": "string", "description": "The object at this path has at least one of its fields.", "examples": ["patch"] },
            "forbid": { "type": "object", "minProperties": 1, "description": "The fields do not have all of these values at once.", "examples": [{ "target.type": "project", "visibility": "client_visible" }] },
            "message": text("What the author of a call reads.", &["client_id or contact_id is required"]),
        },
    })
}

fn fields(model: &Model) -> Value {
    let constraint = |kinds: &str, schema: Value| {
        let mut schema = schema;
        let description = schema["description"].as_str().unwrap_or_default().to_owned();
        schema["description"] = json!(format!("{description} For {kinds}."));
        schema
    };
    let plain = [
        "uuid", "string", "text", "integer", "number", "boolean", "datetime", "date", "email", "money", "json", "enum",
        "list", "map", "object",
    ];
    let types: Vec<&str> = plain.into_iter().chain(model.types.iter().map(|named| named.name.as_str())).collect();
    json!({
        "fields": { "type": "object", "propertyNames": { "pattern": "^[A-Za-z][A-Za-z0-9_]*$" }, "additionalProperties": { "$ref": "#/$defs/field" } },
        "field": {
            "type": "object",
            "required": ["type"],
            "additionalProperties": false,
            "properties": {
                "type": { "type": "string", "description": "A plain type, or one of specs/types/.", "anyOf": [{ "enum": types }, { "pattern": "^[A-Z]" }] },
                "label": text("What people see in a form.", &["Client"]),
                "description": text("A sentence for the form.", &["The client the activity is for."]),
                "optional": { "type": "boolean", "description": "May be left out." },
                "nullable": { "type": "boolean", "description": "null is one of its values." },
                "default": { "description": "The value when it is left out." },
                "secret": { "type": "boolean", "description": "Redacted before anything is stored or logged." },
                "picker": { "description": "The list that a form chooses from.", "anyOf": [
                    named(model.pickers.iter().map(|picker| picker.kind.as_str())),
                    { "type": "object", "required": ["kind"], "additionalProperties": false, "properties": {
                        "kind": { "type": "string", "description": "The picker." },
                        "depends_on": { "type": "array", "items": { "type": "string" }, "description": "Fields beside this one that narrow the choice." },
                    } },
                ] },
                "min_length": constraint("string and text", json!({ "type": "integer", "minimum": 0, "description": "Fewest characters." })),
                "max_length": constraint("string and text", json!({ "type": "integer", "minimum": 0, "description": "Most characters." })),
                "trimmed": constraint("string and text", json!({ "type": "boolean", "description": "White space around it is taken off first." })),
                "pattern": constraint("string and text", json!({ "type": "string", "description": "An unanchored regular expression." })),
                "min": constraint("integer, number and money", json!({ "type": "number", "description": "Smallest." })),
                "max": constraint("integer, number and money", json!({ "type": "number", "description": "Largest." })),
                "values": { "description": "The values of an enum, or what a map holds.", "anyOf": [
                    { "type": "array", "minItems": 1, "items": { "type": "string" } },
                    { "$ref": "#/$defs/field" },
                ] },
                "items": { "$ref": "#/$defs/field", "description": "What a list holds." },
                "min_items": constraint("lists", json!({ "type": "integer", "minimum": 0, "description": "Fewest." })),
                "max_items": constraint("lists", json!({ "type": "integer", "minimum": 0, "description": "Most." })),
                "unique": constraint("lists", json!({ "type": "boolean", "description": "No two alike." })),
                "fields": { "$ref": "#/$defs/fields", "description": "The fields of an object." },
            },
        },
    })
}

/// One of the names that are declared; others are the generator's to refuse, so that a new one can be written first.
fn named<'n>(names: impl Iterator<Item = &'n str>) -> Value {
    json!({ "type": "string", "examples": names.collect::<Vec<_>>() })
}

fn named_type(model: &Model) -> Value {
    let properties = json!({
        "type": { "type": "string", "pattern": "^[A-Z][A-Za-z0-9]*$", "description": "In Pascal case.", "examples": ["ActivitySummary"] },
        "description": text("What it is.", &["A quote in short."]),
        "fields": { "$ref": "#/$defs/fields", "description": "The fields of an object." },
        "values": { "type": "array", "minItems": 1, "items": { "type": "string" }, "description": "The values of an enum." },
    });
    document(
        "Type",
        "A type that several actions share: an object or an enum.",
        &["type"],
        properties,
        Some(fields(model)),
    )
}

fn event(model: &Model) -> Value {
    let properties = json!({
        "event": { "type": "string", "pattern": "^[A-Z][A-Z0-9_]*$", "description": "As subscribers know it.", "examples": ["INTERACTION_LOGGED"] },
        "description": text("When it is emitted.", &["An interaction was logged."]),
        "key": text("The same for the same happening: a template over fields of the payload.", &["interaction_logged:{interactionId}"]),
        "payload": { "$ref": "#/$defs/fields", "description": "What it carries. tenantId, occurredAt and actor are added to every event." },
    });
    document("Event", "An event that actions emit.", &["event", "key", "payload"], properties, Some(fields(model)))
}

fn picker(model: &Model) -> Value {
    let column = |description: &str| json!({ "type": "string", "description": description });
    let properties = json!({
        "picker": { "type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": "As fields name it.", "examples": ["client"] },
        "label": text("For people.", &["Client"]),
        "hint": text("Text of the empty search box.", &["Search clients"]),
        "table": { "type": "string", "description": "Where the rows are.", "examples": model.tables.iter().map(|table| &table.name).collect::<Vec<_>>() },
        "id": column("The column of the id."),
        "label_template": text("What people see: a template over columns.", &["{first_name} {last_name}"]),
        "label_fallback": column("The column that stands in when the template gives nothing."),
        "detail": text("A second line: a template over columns.", &["{email}"]),
        "search": { "type": "array", "minItems": 1, "items": { "type": "string" }, "description": "Columns that a search looks into." },
        "filter": { "type": "object", "description": "Rows that a search shows: columns and values. Other rows still resolve." },
        "depends_on": { "type": "object", "additionalProperties": { "type": "string" }, "description": "Fields that narrow the choice, and the columns that they narrow." },
        "permission": { "type": "string", "pattern": "^[^:]+:[^:]+$", "description": "What the actor needs.", "examples": ["client:read"] },
    });
    let required = ["picker", "label", "hint", "table", "id", "label_template", "search", "permission"];
    document("Picker", "A list of rows to choose an id from.", &required, properties, None)
}

fn permissions() -> Value {
    let resource = json!({
        "type": "object", "required": ["actions"], "additionalProperties": false,
        "properties": {
            "description": text("What it is about.", &["Clients of the tenant."]),
            "actions": { "type": "array", "minItems": 1, "items": { "type": "string" }, "description": "What can be permitted." },
        },
    });
    let properties = json!({ "permissions": { "type": "object", "description": "Resources and their actions.", "additionalProperties": resource } });
    document("Permissions", "All permissions that actions and pickers may name.", &["permissions"], properties, None)
}

fn catalog(model: &Model) -> Value {
    let ids: Vec<&str> = model.actions.iter().map(|action| action.id.as_str()).collect();
    let group = json!({
        "type": "object",
        "required": ["key", "label", "icon", "tile_kind", "description", "default_action", "actions"],
        "additionalProperties": false,
        "properties": {
            "key": text("For programs.", &["crm"]),
            "label": text("For people.", &["CRM"]),
            "icon": text("Name of the icon.", &["users"]),
            "tile_kind": text("How the group is shown.", &["group"]),
            "description": text("What the actions have in common.", &["Work with clients."]),
            "default_action": { "type": "string", "description": "The action that is chosen first.", "examples": ids },
            "actions": { "type": "array", "minItems": 1, "items": { "type": "string", "examples": ids }, "description": "Ids of actions, in order." },
        },
    });
    let properties = json!({ "groups": { "type": "array", "items": group, "description": "Every action is in exactly one group." } });
    document("Catalog", "What workflow authors choose actions from.", &["groups"], properties, None)
}

fn tables() -> Value {
    let column = json!({
        "type": "string",
        "pattern": "^(uuid|text|integer|bigint|boolean|timestamp|date|decimal|json|text_array)\\??$",
        "description": "The type; a trailing ? means that it may be null.",
    });
    let authorization = json!({
        "type": "object", "required": ["resources"], "additionalProperties": false,
        "description": "Subjects the rows to record-level authorization.",
        "properties": {
            "resources": { "type": "array", "minItems": 1, "uniqueItems": true, "items": { "type": "string" }, "description": "Rules for any of these resources narrow the rows.", "examples": [["billing"]] },
            "owner": { "type": "string", "description": "The column of the user whose row it is.", "examples": ["created_by"] },
            "client": { "type": "string", "description": "The column of the client whose row it is.", "examples": ["client_id"] },
        },
    });
    let table = json!({
        "type": "object", "required": ["key", "columns"], "additionalProperties": false,
        "properties": {
            "description": text("What its rows are.", &["Companies and people that the tenant serves."]),
            "scope": { "enum": ["tenant", "system"], "description": "Whose rows it holds: of one tenant each (the default), or of all and read only." },
            "belongs_to": {
                "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": { "type": "string" },
                "description": "For rows without a tenant of their own: the column that refers to the row they belong to, and its table. Read only.",
                "examples": [{ "tax_rate_id": "tax_rates" }],
            },
            "key": { "type": "array", "items": { "type": "string" }, "description": "The primary key, without the tenant." },
            "authorization": authorization,
            "columns": { "type": "object", "additionalProperties": column, "description": "Columns that bodies and pickers may use. Never the tenant." },
        },
    });
    let properties =
        json!({ "tables": { "type": "object", "description": "Tables by name.", "additionalProperties": table } });
    document("Tables", "The tables that bodies and pickers may use.", &["tables"], properties, None)
}
