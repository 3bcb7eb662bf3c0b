//! The JSON Schemas that editors check spec files with: they take every spec that the generator takes, and refuse slips.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;
#[path = "common/schemas.rs"]
mod schemas;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use actwright_codegen::{Generator, MAPPINGS};
use common::specs_of;
use heck::ToSnakeCase;
use schemas::{Key, Spot, described, keys, spots};
use serde_json::{Value, json};
use tempfile::TempDir;

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
        repository().join("codegen/tests/language"),
        repository().join("codegen/tests/errors/base"),
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

/// The description is what an editor shows for a key, and the examples are what it offers.
#[test]
fn every_key_is_described_and_shown() {
    let is_sentence = |text: &str| text.starts_with(|c: char| !c.is_whitespace()) && text.ends_with('.');
    for kind in KINDS {
        let (root, _) = schema(kind);
        for Key { place, schema } in keys(&root) {
            let schema = described(&root, schema);
            assert!(schema["description"].as_str().is_some_and(is_sentence), "{kind}{place}: no description");
            let examples = schema["examples"].as_array().map_or(&[][..], Vec::as_slice);
            assert!(!examples.is_empty(), "{kind}{place}: no examples");
            let mut own = schema.clone();
            own["$defs"] = root.get("$defs").cloned().unwrap_or_else(|| json!({}));
            let validator = jsonschema::validator_for(&own).unwrap();
            for example in examples {
                let problems: Vec<String> = validator.iter_errors(example).map(|error| error.to_string()).collect();
                assert!(problems.is_empty(), "{kind}{place}: {example}: {problems:?}");
            }
        }
    }
}

/// A key that the parser learns is described, and nothing is described that it does not know.
#[test]
fn schemas_know_the_keys_that_the_parser_knows() {
    let mut described = BTreeSet::new();
    for kind in KINDS {
        let (root, _) = schema(kind);
        collect_mappings(&root, &mut described);
    }
    let parsed: BTreeSet<BTreeSet<String>> =
        MAPPINGS.iter().map(|mapping| mapping.keys.iter().map(|key| (*key).to_owned()).collect()).collect();
    let missing: Vec<_> = parsed.difference(&described).collect();
    let unknown: Vec<_> = described.difference(&parsed).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "only parsed: {missing:?}\nonly described: {unknown:?}");
}

/// The keys of every mapping that has known keys, which are those that refuse others.
fn collect_mappings(schema: &Value, all: &mut BTreeSet<BTreeSet<String>>) {
    match schema {
        Value::Object(entries) => {
            if let (Some(Value::Object(properties)), Some(Value::Bool(false))) =
                (entries.get("properties"), entries.get("additionalProperties"))
            {
                all.insert(properties.keys().cloned().collect());
            }
            entries.values().for_each(|inner| collect_mappings(inner, all));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect_mappings(inner, all)),
        _ => {}
    }
}

/// Each example is accepted by the generator in a place where it makes sense: in one of the specs of `tests/language/`,
/// which have every key.
#[test]
fn every_example_works() {
    let folder = specs_of("language");
    let base = actwright_codegen::texts(&folder.path().join("specs")).unwrap();
    actwright_codegen::load_texts(base.clone()).unwrap_or_else(|errors| panic!("{errors}"));
    let out = TempDir::new().unwrap();
    Generator::new(folder.path().join("specs"), out.path()).run().unwrap();
    let (base, out) = (&base, out.path());
    let idle: Vec<String> = KINDS.into_iter().flat_map(|kind| idle_examples(base, out, kind)).collect();
    assert!(idle.is_empty(), "examples that work nowhere:\n{}", idle.join("\n"));
}

/// The examples of a kind of file that no spec of that kind takes.
fn idle_examples(base: &[(String, String)], out: &Path, kind: &str) -> Vec<String> {
    let schema = fs::read_to_string(out.join(format!("schemas/spec/{kind}.json"))).unwrap();
    let root: Value = serde_json::from_str(&schema).unwrap();
    let files: Vec<(&String, Value)> = base
        .iter()
        .filter(|(path, _)| kind_of(path) == kind)
        .map(|(path, text)| (path, serde_saphyr::from_str(text).unwrap()))
        .collect();
    let of_file = |(path, spec)| spots(&root, spec).into_iter().map(move |spot| (path, spec, spot));
    let spots: Vec<(&String, &Value, Spot)> =
        files.iter().map(|(path, spec)| (*path, spec)).flat_map(of_file).collect();
    let idle_of = |key: Key| -> Vec<String> {
        let own: Vec<_> = spots.iter().filter(|(_, _, spot)| spot.place == key.place).collect();
        let works = |example: &Value| {
            own.iter().any(|(path, spec, spot)| {
                [false, true].into_iter().any(|adds| accepts(base, kind, path, &with(spec, spot, example, adds)))
            })
        };
        let examples = described(&root, key.schema)["examples"].as_array().cloned().unwrap_or_default();
        let idle = examples.iter().filter(|example| !works(example));
        idle.map(|example| format!("{kind}{}: {example}, tried in {} places", key.place, own.len())).collect()
    };
    // Most of the keys are an action's.
    thread::scope(|scope| {
        let idle: Vec<_> = keys(&root).into_iter().map(|key| scope.spawn(|| idle_of(key))).collect();
        idle.into_iter().flat_map(|idle| idle.join().unwrap()).collect()
    })
}

fn kind_of(path: &str) -> &str {
    let path = path.strip_prefix("specs/").unwrap();
    path.split_once('/').map_or(path.trim_end_matches(".yaml"), |(folder, _)| folder.trim_end_matches('s'))
}

/// A spec with an example in its place. All of a file (its tables, its resources) is added to, as others refer to it.
fn with(spec: &Value, spot: &Spot, example: &Value, adds: bool) -> Value {
    let mut spec = spec.clone();
    let mapping = spec.pointer_mut(&spot.mapping).unwrap();
    match (&mut mapping[&spot.name], example) {
        (Value::Object(entries), Value::Object(more)) if adds => entries.extend(more.clone()),
        (value, _) => *value = example.clone(),
    }
    spec
}

/// Whether the generator takes a spec in the place of another, in a file named after what it declares.
fn accepts(base: &[(String, String)], kind: &str, path: &str, spec: &Value) -> bool {
    let text = |key: &str| spec[key].as_str().unwrap_or_default().to_owned();
    let own = match kind {
        "action" => format!("specs/actions/{}.v{}.yaml", text("action").replace('.', "/"), spec["version"]),
        "type" => format!("specs/types/{}.yaml", text("type").to_snake_case()),
        "event" => format!("specs/events/{}.yaml", text("event").to_lowercase()),
        "picker" => format!("specs/pickers/{}.yaml", text("picker")),
        _ => path.to_owned(),
    };
    let others = base.iter().filter(|(name, _)| *name != path && *name != own).cloned();
    // JSON is YAML.
    actwright_codegen::load_texts(others.chain([(own.clone(), spec.to_string())])).is_ok()
}
