//! `actwright actions` and `actwright schema`.

use actwright_runtime::spec::{ActionSpec, Condition, Effects};
use serde_json::{Value, json};

use crate::cli::ActionName;
use crate::failure::Failure;
use crate::terminal::{say, table};

pub fn list(json: bool) -> Result<(), Failure> {
    let pack = actwright_actions::pack();
    if json {
        let catalog: Value = serde_json::from_str(pack.catalog).unwrap_or_default();
        let actions: Vec<Value> = pack.actions.iter().map(|entry| facts(entry.spec())).collect();
        return say(json!({ "catalog": catalog, "actions": actions }));
    }
    let mut table = table(["ACTION", "LABEL", "EFFECTS", "PERMISSIONS", "EVENTS"]);
    for spec in pack.actions.iter().map(|entry| entry.spec()) {
        table.add_row([
            format!("{}@{}", spec.id, spec.version),
            spec.label.to_owned(),
            effects(spec).to_owned(),
            permissions(spec).join("\n"),
            spec.emits.join("\n"),
        ]);
    }
    say(table.trim_fmt())
}

pub fn schema(name: &ActionName, output: bool) -> Result<(), Failure> {
    let pack = actwright_actions::pack();
    let spec = pack.action(&name.id, name.version)?.spec();
    say(if output { spec.output_schema } else { spec.input_schema }.trim_end())
}

fn facts(spec: &ActionSpec) -> Value {
    json!({
        "id": spec.id,
        "version": spec.version,
        "label": spec.label,
        "description": spec.description,
        "effects": effects(spec),
        "permissions": permissions(spec),
        "may_require": spec.may_require.iter().map(|(resource, action)| format!("{resource}:{action}")).collect::<Vec<_>>(),
        "emits": spec.emits,
        "input": spec.input.iter().map(|field| field.name).collect::<Vec<_>>(),
    })
}

fn effects(spec: &ActionSpec) -> &'static str {
    match spec.effects {
        Effects::Read => "read",
        Effects::Write => "write",
    }
}

fn permissions(spec: &ActionSpec) -> Vec<String> {
    let each = spec.permissions.iter().map(|permission| {
        let name = format!("{}:{}", permission.resource, permission.action);
        match permission.when {
            Condition::Always => name,
            Condition::Present(path) => format!("{name} (with {path})"),
            Condition::Equals(path, value) => format!("{name} (when {path} is {value})"),
        }
    });
    each.collect()
}
