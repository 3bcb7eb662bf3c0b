//! Inputs for every action that work on the base rows of the conformance suite: the examples of the specs, with ids of those
//! rows in place of theirs. A new action is covered by itself.

use std::path::Path;

use actwright_codegen::model::{Action, Field, Model, Shape, Type};
use actwright_runtime::Uuid;
use serde_json::{Value, json};

use crate::conformance::alias;

/// A row of the caller's tenant for each kind of id; they belong together. The other tenant's is called `rival`.
const OWN: &[(&str, &str)] = &[
    ("client", "contoso"),
    ("contact", "dana"),
    ("ticket", "vpn"),
    ("project", "rollout"),
    ("user", "tech"),
    ("type", "call"),
    ("status", "planned"),
    ("activity", "call"),
    ("quote", "draft"),
    ("template", "offer"),
    ("item", "setup"),
    ("service", "backup"),
    ("location", "office"),
];

/// Rows in place of those, for actions that take rows in some state only.
const OWN_OF: &[(&str, &str, &str)] = &[("crm.convert_quote", "quote", "accepted")];

/// Values in place of those of the examples, by action and JSON Pointer, where the rows leave no room for those.
const VALUES_OF: &[(&str, &str, i64)] = &[("crm.create_interaction_type", "/display_order", 30)];

/// The specs of this repository.
///
/// # Panics
///
/// When they are not right.
pub fn model() -> Model {
    actwright_codegen::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).expect("right specs")
}

/// The examples of an action with ids of the caller's rows, so that they can be called.
///
/// # Panics
///
/// When an id is of no known kind.
pub fn samples(model: &Model, action: &Action) -> Vec<Value> {
    let fields = id_fields(model, action);
    let sample = |input: &Value| {
        let mut input = input.clone();
        for field in &fields {
            let kind = field.kind_in(&input);
            if let Some(id) = input.pointer_mut(&field.pointer()) {
                *id = json!(own(&action.id, kind));
            }
        }
        for (_, pointer, other) in VALUES_OF.iter().filter(|(id, ..)| *id == action.id) {
            if let Some(value) = input.pointer_mut(pointer) {
                *value = json!(other);
            }
        }
        input
    };
    action.examples.iter().map(|example| sample(&example.input)).collect()
}

/// The input with ids that no row has. None where it names no rows.
///
/// # Panics
///
/// As [`samples`].
pub fn unknown_rows(model: &Model, action: &Action, input: &Value) -> Option<Value> {
    let mut input = input.clone();
    let mut replaced = false;
    for field in id_fields(model, action) {
        if let Some(id) = input.pointer_mut(&field.pointer()) {
            *id = json!(alias::id("row.that_is_not_there"));
            replaced = true;
        }
    }
    replaced.then_some(input)
}

/// A field that holds ids.
#[derive(Debug)]
pub struct IdField {
    /// The names on the way to it.
    pub path: Vec<String>,
    /// The kinds of rows that it may name, each with the value of the field `type` beside it, where there is one.
    pub kinds: Vec<(Option<Value>, &'static str)>,
}

impl IdField {
    /// JSON Pointer of the field.
    pub fn pointer(&self) -> String {
        format!("/{}", self.path.join("/"))
    }

    /// The kind of row that it names in this input, where a type beside it may tell.
    fn kind_in(&self, input: &Value) -> &'static str {
        let parent = self.path[..self.path.len() - 1].iter().map(|name| format!("/{name}")).collect::<String>();
        let beside = input.pointer(&parent).and_then(|parent| parent.get("type"));
        let told = self.kinds.iter().find(|(value, _)| value.as_ref() == beside);
        told.unwrap_or(&self.kinds[0]).1
    }
}

/// All fields of an action's input that hold ids.
///
/// # Panics
///
/// When an id is of no known kind.
pub fn id_fields(model: &Model, action: &Action) -> Vec<IdField> {
    let mut found = Vec::new();
    collect(model, &action.input, &[], &mut found);
    found
}

fn kind(name: &str) -> &'static str {
    let name = name.trim_end_matches("_id").trim_end_matches("_ids");
    let known = OWN.iter().map(|(kind, _)| *kind).find(|kind| name == *kind || name.ends_with(&format!("_{kind}")));
    known.unwrap_or_else(|| {
        panic!("what rows does {name} name? Add them to tests/fixtures/base.yaml and to OWN in tests/src/samples.rs")
    })
}

fn collect(model: &Model, fields: &[Field], path: &[String], found: &mut Vec<IdField>) {
    for field in fields {
        let path: Vec<String> = path.iter().chain([&field.name]).cloned().collect();
        let mut ty = &field.ty;
        let mut path_below = path.clone();
        if let Type::List { items, .. } = ty {
            ty = &items.ty;
            path_below.push("0".to_owned());
        }
        match ty {
            // The type of a polymorphic reference is written beside it.
            Type::Uuid if field.name == "id" => {
                let beside = fields.iter().find(|other| other.name == "type").expect("a type beside the id");
                let kinds = values(model, &beside.ty).into_iter().map(|value| (Some(json!(value)), kind(&value)));
                found.push(IdField { path: path_below, kinds: kinds.collect() });
            }
            Type::Uuid => found.push(IdField { path: path_below, kinds: vec![(None, kind(&field.name))] }),
            Type::Object(fields) => collect(model, fields, &path_below, found),
            Type::Ref(name) => {
                if let Shape::Object(fields) = &named(model, name) {
                    collect(model, fields, &path_below, found);
                }
            }
            _ => {}
        }
    }
}

fn named<'m>(model: &'m Model, name: &str) -> &'m Shape {
    &model.types.iter().find(|one| one.name == name).expect("a declared type").shape
}

fn values(model: &Model, ty: &Type) -> Vec<String> {
    match ty {
        Type::Enum(values) => values.clone(),
        Type::Ref(name) => match named(model, name) {
            Shape::Enum(values) => values.clone(),
            Shape::Object(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Puts a value into an object, or as the only item into a list, where the path does not lead to one yet.
pub fn put(input: &mut Value, path: &[String], name: &str, value: Value) {
    let parent = path.iter().fold(input, |value, step| &mut value[step.as_str()]);
    match name {
        "0" => *parent = json!([value]),
        name => parent[name] = value,
    }
}

/// The id of the caller's row of a kind that an action takes.
pub fn own(action: &str, kind: &str) -> Uuid {
    let special = OWN_OF.iter().find(|(id, known, _)| *id == action && *known == kind).map(|(.., name)| *name);
    let usual = OWN.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name);
    let name = special.or(usual).unwrap_or_default();
    alias::id(&format!("{kind}.{name}"))
}
