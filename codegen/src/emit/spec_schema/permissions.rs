//! `permissions.yaml`.

use serde_json::{Value, json};

use super::{document, key, map_of, mapping, text, texts};

pub fn schema() -> Value {
    let example = json!({ "description": "Clients of the tenant.", "actions": ["create", "read", "update", "delete"] });
    let resource = mapping(
        &["actions"],
        json!({
            "description": text("A sentence about what it is.", "Clients of the tenant."),
            "actions": texts(
                "What can be permitted, in lower case; at least one.",
                json!(["create", "read", "update", "delete"]),
                1,
            ),
        }),
    );
    let properties = json!({
        "permissions": key(
            "Resources, in lower case, and their actions.",
            json!([{ "client": example }]),
            map_of(key("A resource.", json!([example]), resource)),
        ),
    });
    let description = "All permissions that actions and pickers may name.";
    document("Permissions", description, &["permissions"], properties, None)
}
