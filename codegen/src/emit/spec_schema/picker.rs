//! `pickers/<kind>.yaml`.

use serde_json::{Value, json};

use super::{document, key, map_of, names, text, texts};
use crate::model::Model;

pub fn schema(model: &Model) -> Value {
    let tables = names(model.tables.iter().map(|table| table.name.as_str()), &["clients"]);
    let mut used = names(model.pickers.iter().map(|picker| picker.table.as_str()), &["clients"]);
    used.dedup();
    let column = json!({ "type": "string" });
    let properties = json!({
        "picker": key(
            "The name, as fields write it; the file is pickers/<name>.yaml.",
            json!(["contact"]),
            json!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*$" }),
        ),
        "label": text("What people call such a row, on one line.", "Contact"),
        "hint": text("What the empty search box shows, on one line.", "Search contacts"),
        "table": key(
                "The table of the rows, one of specs/tables.yaml.",
                json!(used),
                json!({ "type": "string", "anyOf": [{ "enum": tables }, {}] }),
            ),
        "id": key("The column of the id, a uuid.", json!(["contact_id"]), column.clone()),
        "label_template": text("What people see of a row: a template over columns, at least one.", "{full_name}"),
        "label_fallback": key(
            "The column that stands in when the template gives nothing.",
            json!(["email"]),
            column.clone(),
        ),
        "detail": text("A second line: a template over columns.", "{email}"),
        "search": texts("Columns of type text that a search looks into, at least one.", json!(["full_name", "email"]), 1),
        "filter": key(
            "Columns and values that a row must have to be found; false is also a column that is null. A row that was chosen \
             before is still shown.",
            json!([{ "is_inactive": false }]),
            json!({ "type": "object" }),
        ),
        "depends_on": key(
            "Fields of an input that narrow the choice, and the columns of type uuid that they narrow.",
            json!([{ "client_id": "client_id" }]),
            map_of(key("The column that the field narrows.", json!(["client_id"]), column)),
        ),
        "permission": key(
            "What the actor needs to see the rows, as resource:action.",
            json!(["contact:read"]),
            json!({ "type": "string", "pattern": "^[^:]+:[^:]+$" }),
        ),
    });
    let required = ["picker", "label", "hint", "table", "id", "label_template", "search", "permission"];
    document("Picker", "A list of rows to choose an id from.", &required, properties, None)
}
