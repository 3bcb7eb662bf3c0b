//! Permissions that depend on the input.

use serde_json::json;

use super::super::conditions::required;
use crate::spec::{Condition, Field, Permission, Type};

const TARGET: &[Field] =
    &[Field::required("type", Type::Enum(&["client", "ticket"])), Field::optional("id", Type::Uuid).nullable()];
const FIELDS: &[Field] = &[
    Field::optional("target", Type::Object(|| TARGET)),
    Field::defaulted("visibility", Type::Enum(&["internal", "client_visible"]), "\"internal\""),
];
const PERMISSIONS: &[Permission] = &[
    Permission { resource: "client", action: "update", when: Condition::Always },
    Permission { resource: "{target.type}", action: "update", when: Condition::Always },
    Permission { resource: "ticket", action: "read", when: Condition::Present("target.id") },
    Permission { resource: "note", action: "publish", when: Condition::Equals("visibility", "\"client_visible\"") },
    Permission { resource: "note", action: "create", when: Condition::Equals("visibility", "\"internal\"") },
];

fn needed(input: serde_json::Value) -> Vec<String> {
    required(PERMISSIONS, FIELDS, &input).into_iter().map(|(resource, action)| format!("{resource}:{action}")).collect()
}

#[test]
fn conditions_look_at_the_input_and_its_defaults() {
    assert_eq!(
        needed(json!({ "target": { "type": "ticket", "id": 1 }, "visibility": "client_visible" })),
        ["client:update", "ticket:update", "ticket:read", "note:publish"]
    );
    assert_eq!(
        needed(json!({ "target": { "type": "client", "id": null } })),
        ["client:update", "note:create"],
        "null is not present, a default has its value, and each permission is named once"
    );
}

#[test]
fn a_placeholder_without_a_value_cannot_be_granted() {
    assert_eq!(needed(json!({})), ["client:update", "{target.type}:update", "note:create"]);
}
