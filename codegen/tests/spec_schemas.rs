//! The JSON Schemas that editors check spec files with: they take every spec that the generator takes, and refuse slips.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn schema(kind: &str) -> (Value, jsonschema::Validator) {
    let path = repository().join(format!("generated/schemas/spec/{kind}.json"));
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    (schema, validator)
}

/// Spec files of the repository and of these tests, by the schema that they are checked with.
fn specs(kind: &str) -> Vec<(PathBuf, Value)> {
    let roots = [
        repository().join("specs"),
        repository().join("codegen/tests/packs/everything"),
        repository().join("codegen/tests/packs/notes"),
    ];
    let mut files = Vec::new();
    for root in roots {
        match kind {
            "action" => {
                let modules = fs::read_dir(root.join("actions")).unwrap();
                modules.for_each(|module| list(&module.unwrap().path(), &mut files));
            }
            "permissions" | "catalog" | "tables" => files.push(root.join(format!("{kind}.yaml"))),
            folder => list(&root.join(format!("{folder}s")), &mut files),
        }
    }
    let read = |path: PathBuf| {
        let value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        (path, value)
    };
    files.into_iter().map(read).collect()
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    if let Ok(entries) = fs::read_dir(folder) {
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
}

const KINDS: [&str; 7] = ["action", "type", "event", "picker", "permissions", "catalog", "tables"];

/// An editor that marks a correct spec as wrong is worse than none.
#[test]
fn every_spec_is_valid() {
    for kind in KINDS {
        let (_, validator) = schema(kind);
        let specs = specs(kind);
        assert!(!specs.is_empty(), "{kind}");
        for (path, value) in specs {
            let problems: Vec<String> =
                validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(problems.is_empty(), "{}: {problems:?}", path.display());
        }
    }
}

/// A key that nobody reads, or one that is missing, is seen while it is typed.
#[test]
fn slips_are_refused() {
    for kind in KINDS {
        let (schema, validator) = schema(kind);
        let required: Vec<&str> = schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for (path, value) in specs(kind) {
            let mut misspelt = value.clone();
            misspelt["lable"] = json!("x");
            assert!(!validator.is_valid(&misspelt), "{}: a key that does not exist", path.display());
            for key in &required {
                let mut without = value.clone();
                without.as_object_mut().unwrap().remove(*key);
                assert!(!validator.is_valid(&without), "{}: without {key}", path.display());
                let mut wrong = value.clone();
                wrong[*key] = json!([[7]]);
                assert!(!validator.is_valid(&wrong), "{}: {key} of another type", path.display());
            }
        }
    }
}

/// Slips below the top of an action's spec.
#[test]
fn slips_inside_an_action_are_refused() {
    let (_, validator) = schema("action");
    let path = repository().join("specs/actions/crm/schedule_activity.v1.yaml");
    let good: Value = serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let slips = [
        ("/input/title", json!({ "type": "string", "label": "Title", "optinal": true })),
        ("/input/title", json!({ "type": "strng", "label": "Title" })),
        ("/input/duration", json!({ "type": "integer", "min": "0" })),
        ("/permissions/0", json!("client")),
        ("/permissions/1", json!({ "require": "ticket:read", "if": { "present": "ticket_id" } })),
        ("/rules/0", json!({ "message": "nothing is checked" })),
        ("/rules/0", json!({ "any_off": ["a", "b"] })),
        ("/audit/changed/client_id", json!("client_id")),
        ("/idempotency", json!("always")),
        ("/effects", json!("writes")),
        ("/emits", json!("INTERACTION_LOGGED")),
        ("/examples/0", json!({ "title": "no input" })),
    ];
    for (pointer, slip) in slips {
        let mut wrong = good.clone();
        *wrong.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = slip.clone();
        assert!(!validator.is_valid(&wrong), "{pointer}: {slip}");
    }
}

/// The description is what an editor shows for a key.
#[test]
fn every_key_is_described() {
    for kind in KINDS {
        let (schema, _) = schema(kind);
        let mut bare = Vec::new();
        undescribed(&schema, kind, &mut bare);
        assert!(bare.is_empty(), "without a description: {bare:?}");
    }
}

fn undescribed(schema: &Value, place: &str, bare: &mut Vec<String>) {
    match schema {
        Value::Object(keys) => {
            for (key, value) in keys {
                let place = format!("{place}/{key}");
                if key == "properties" {
                    for (name, property) in value.as_object().into_iter().flatten() {
                        if property.get("description").is_none() && property.get("$ref").is_none() {
                            bare.push(format!("{place}/{name}"));
                        }
                    }
                }
                undescribed(value, &place, bare);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| undescribed(item, place, bare)),
        _ => {}
    }
}
