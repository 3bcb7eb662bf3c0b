//! Fields: of inputs, outputs, shared types and event payloads.

use serde_json::{Value, json};

use super::{flag, key, map_of, mapping, names, reference, text, texts};
use crate::model::Model;

/// The plain types, as specs write them.
const PLAIN: [&str; 15] = [
    "uuid", "string", "text", "integer", "number", "boolean", "datetime", "date", "email", "money", "json", "enum",
    "list", "map", "object",
];

/// Keys of fields that make no sense in an output.
pub const NOT_IN_OUTPUT: &[&str] = &["optional", "default", "picker"];
/// Keys of fields that make no sense in an event.
pub const NOT_IN_EVENT: &[&str] = &["nullable", "default", "secret", "picker"];

/// What schemas with fields refer to: `fields`, `field` and `item`, each with a prefix.
pub fn definitions(model: &Model, prefix: &str, without: &[&str]) -> Value {
    let mut field = constraints(model, prefix);
    let description = "A sentence for forms and for the reference.";
    for (name, schema) in [
        ("label", text("What forms show, on one line; made from the name where it is left out.", "Client")),
        ("description", text(description, "The client that the activity is for.")),
        ("optional", flag("May be left out. A field with a default may be, too.")),
        ("nullable", flag("null is one of its values.")),
        (
            "default",
            key("The value when it is left out, of the type of the field.", json!(["internal", 10, false]), json!({})),
        ),
        ("secret", flag("Redacted before anything is stored or logged.")),
        ("picker", picker(model)),
    ] {
        if !without.contains(&name) {
            field[name] = schema;
        }
    }
    let mut item = constraints(model, prefix);
    item["description"] = text("A sentence about what is held.", "A tag.");
    item["nullable"] = flag("null is one of the values.");
    let described = key(
        "A field, by its name in JSON: letters, digits and underscores.",
        json!([{ "type": "string", "max_length": 200, "label": "Title", "description": "What the activity is about." }]),
        reference(&format!("{prefix}field")),
    );
    let mut fields = map_of(described);
    fields["propertyNames"] = json!({ "pattern": "^[A-Za-z][A-Za-z0-9_]*$" });
    json!({
        format!("{prefix}fields"): fields,
        format!("{prefix}field"): mapping(&["type"], field),
        format!("{prefix}item"): mapping(&["type"], item),
    })
}

/// The type and what constrains it.
fn constraints(model: &Model, prefix: &str) -> Value {
    let (item, fields) = (reference(&format!("{prefix}item")), reference(&format!("{prefix}fields")));
    let declared: Vec<&str> = model.types.iter().map(|named| named.name.as_str()).collect();
    let known: Vec<&str> = PLAIN.into_iter().chain(declared.iter().copied()).collect();
    let shown = ["uuid", "string", "list"].into_iter().chain(names(declared.into_iter().take(1), &["ActivitySummary"]));
    let count = || json!({ "type": "integer", "minimum": 0 });
    let number = || json!({ "type": "number" });
    let values = json!({ "anyOf": [
        { "type": "array", "minItems": 1, "items": { "type": "string" } },
        item,
    ] });
    json!({
        "type": key(
            "A plain type, or one of specs/types/.",
            shown.collect(),
            json!({ "type": "string", "anyOf": [{ "enum": known }, { "pattern": "^[A-Z]" }] }),
        ),
        "min_length": key("Fewest characters. For string and text.", json!([1]), count()),
        "max_length": key("Most characters. For string and text.", json!([255]), count()),
        "trimmed": flag("White space around it is taken off before anything else is judged. For string and text."),
        "pattern": key(
            "An unanchored regular expression that the value matches. For string and text.",
            json!(["^[A-Z]{3}$"]),
            json!({ "type": "string" }),
        ),
        "min": key("The smallest value. For integer, number and money.", json!([0]), number()),
        "max": key("The largest value. For integer, number and money.", json!([200]), number()),
        "values": key(
            "The values of an enum, or what a map holds.",
            json!([["internal", "client_visible"], { "type": "string" }]),
            values,
        ),
        "items": key("What a list holds.", json!([{ "type": "string", "max_length": 50 }]), item),
        "min_items": key("Fewest items. For lists.", json!([1]), count()),
        "max_items": key("Most items. For lists.", json!([100]), count()),
        "unique": flag("No two items are alike. For lists."),
        "fields": key(
            "The fields of an object, at least one.",
            json!([{ "street": { "type": "string" }, "city": { "type": "string" } }]),
            fields,
        ),
    })
}

fn picker(model: &Model) -> Value {
    let kinds = names(model.pickers.iter().map(|picker| picker.kind.as_str()), &["client", "contact"]);
    let narrowed = model.pickers.iter().find(|picker| !picker.depends_on.is_empty());
    let (kind, field) = narrowed.map_or(("contact", "client_id"), |picker| (&picker.kind, &picker.depends_on[0].0));
    let object = mapping(
        &["kind"],
        json!({
            "kind": key("The picker.", json!(kinds), json!({ "type": "string" })),
            "depends_on": texts("Fields beside this one that narrow the choice; the picker knows how.", json!([field]), 0),
        }),
    );
    let narrowed = json!({ "kind": kind, "depends_on": [field] });
    key(
        "The list of rows that a form chooses the id from, one of specs/pickers/. For uuid.",
        kinds.iter().map(|kind| json!(kind)).chain([narrowed]).collect(),
        json!({ "anyOf": [{ "type": "string" }, object] }),
    )
}
