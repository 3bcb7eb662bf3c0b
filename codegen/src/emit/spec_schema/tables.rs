//! `tables.yaml`.

use serde_json::{Value, json};

use super::{document, key, map_of, mapping, text, texts};

pub fn schema() -> Value {
    let columns = json!({ "client_id": "uuid", "client_name": "text", "is_inactive": "boolean?" });
    let example = json!({ "description": "Clients of the tenant.", "key": ["client_id"], "columns": columns });
    let table = mapping(
        &["key", "columns"],
        json!({
            "description": text("A sentence about what its rows are.", "Clients of the tenant."),
            "scope": key(
                "Whose rows it holds: of one tenant each (tenant, the default), or of all and read only (system).",
                json!(["tenant", "system"]),
                json!({ "enum": ["tenant", "system"] }),
            ),
            "belongs_to": belongs_to(),
            "key": texts(
                "The primary key, without the tenant; empty where a tenant has one row.",
                json!(["client_id"]),
                0,
            ),
            "authorization": authorization(),
            "columns": key(
                "Columns that bodies and pickers may use, at least one, and never the tenant. The database may have more.",
                json!([columns]),
                map_of(key(
                    "The type; a trailing ? means that it may be null.",
                    json!(["uuid", "text?"]),
                    json!({
                        "type": "string",
                        "pattern": "^(uuid|text|integer|bigint|boolean|timestamp|date|decimal|json|text_array)\\??$",
                    }),
                )),
            ),
        }),
    );
    let properties = json!({
        "tables": key("Tables by name.", json!([{ "clients": example }]), map_of(key("A table.", json!([example]), table))),
    });
    document("Tables", "The tables that bodies and pickers may use.", &["tables"], properties, None)
}

fn belongs_to() -> Value {
    let mut schema = map_of(key("The table.", json!(["tax_rates"]), json!({ "type": "string" })));
    schema["minProperties"] = json!(1);
    schema["maxProperties"] = json!(1);
    key(
        "For rows without a tenant of their own: the column that refers to the row they belong to, and its table. Read only.",
        json!([{ "tax_rate_id": "tax_rates" }]),
        schema,
    )
}

fn authorization() -> Value {
    let column = json!({ "type": "string" });
    let mut resources = texts("Rules for any of these resources narrow the rows.", json!(["billing"]), 1);
    resources["uniqueItems"] = json!(true);
    key(
        "Subjects the rows to record-level authorization.",
        json!([{ "resources": ["billing"], "owner": "created_by", "client": "client_id" }]),
        mapping(
            &["resources"],
            json!({
                "resources": resources,
                "owner": key("The column of the user whose row it is, a uuid.", json!(["created_by"]), column.clone()),
                "client": key("The column of the client whose row it is, a uuid.", json!(["client_id"]), column),
            }),
        ),
    )
}
