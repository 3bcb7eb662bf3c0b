//! Actions: one file each below `specs/actions/`.

use std::collections::HashMap;

use super::File;
use super::access::{may_require, permissions};
use super::audit::{Sources, audit};
use super::fields::{Place, fields};
use super::keys::{Keys, Notes};
use super::mappings::{ACTION, EXAMPLE, IDEMPOTENCY};
use super::names::{Names, is_impossible, is_snake, unknown_type};
use super::rules::{broken, rules};
use super::values::Judge;
use crate::diagnostic::Code;
use crate::model::{Action, Effects, Example, Field, Idempotency, Presence, Rule, StringType, Type};
use crate::yaml::{Kind, Node};

/// Modules of the generated crate that are not actions.
const TAKEN_MODULES: &[&str] = &["types", "events", "pickers", "tables", "lib", "main", "mod"];

/// The action that a file declares.
pub fn action(notes: &mut Notes<'_>, names: &Names, file: &File<'_>) -> Option<Action> {
    let keys = Keys::of(notes, &file.node, ACTION)?;
    let identity = identity(notes, &keys, file);
    let label = keys.require_line(notes, "label");
    let description = keys.require_prose(notes, "description");
    let effects = keys
        .require(notes, "effects")
        .and_then(|_| keys.choice(notes, "effects", &[("read", Effects::Read), ("write", Effects::Write)]));
    let input = keys.get("input").map(|node| fields(notes, names, node, Place::Input)).unwrap_or_default();
    let output = keys.require(notes, "output").map(|node| fields(notes, names, node, Place::Output));
    let output = output.unwrap_or_default();
    let idempotency = idempotency(notes, &keys, &input);
    let permissions = permissions(notes, names, &keys, &input);
    let may_require = may_require(notes, names, &keys);
    let rules = rules(notes, names, &keys, &input);
    let audit = audit(notes, &keys, effects, Sources { names, input: &input, output: &output });
    let emits = emits(notes, names, &keys, effects);
    let examples = examples(notes, names, &keys, &input, &rules);
    let (module, name, version) = identity?;
    Some(Action {
        id: format!("{module}.{name}"),
        module,
        name,
        version,
        source: file.path().to_owned(),
        label: label?,
        description: description?,
        effects: effects?,
        idempotency: idempotency?,
        permissions,
        may_require,
        input,
        rules,
        output,
        audit,
        emits,
        examples,
    })
}

/// Module, name and version, which the path of the file repeats.
fn identity(notes: &mut Notes<'_>, keys: &Keys<'_>, file: &File<'_>) -> Option<(String, String, u32)> {
    let node = keys.require(notes, "action");
    let version = version(notes, keys);
    let node = node?;
    let id = notes.text(node, "`action`")?;
    let Some((module, name)) = id.split_once('.').filter(|(module, name)| is_snake(module) && is_snake(name)) else {
        let error = notes.error(Code::BadName, &node.span, format!("`{id}` cannot be the id of an action"));
        error.help("an id is written module.name, in lower case with underscores, such as crm.send_quote");
        return None;
    };
    let taken = |part: &str| is_impossible(part) || part == "mod";
    if taken(module) || TAKEN_MODULES.contains(&module) || taken(name) || looks_versioned(name) {
        let error = notes.error(Code::BadName, &node.span, format!("`{id}` cannot be the id of an action"));
        error.help("the generated code has another use for the name: choose another");
        return None;
    }
    let version = version?;
    let expected = format!("actions/{module}/{name}.v{version}.yaml");
    if file.relative_path() != expected {
        let message = format!("`{id}` version {version} does not belong in this file");
        let error = notes.error(Code::MisplacedFile, &node.span, message);
        error.help(format!("move it to {}, or correct `action` and `version`", file.sibling_path(&expected)));
    }
    Some((module.to_owned(), name.to_owned(), version))
}

fn version(notes: &mut Notes<'_>, keys: &Keys<'_>) -> Option<u32> {
    let node = keys.require(notes, "version")?;
    let number = notes.integer(node, "`version`")?;
    let version = u32::try_from(number).ok().filter(|version| *version > 0);
    if version.is_none() {
        notes.error(Code::WrongShape, &node.span, "`version` is counted from 1");
    }
    version
}

/// Later versions of an action `x` are the module `x_v2`.
fn looks_versioned(name: &str) -> bool {
    name.rsplit_once("_v")
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn idempotency(notes: &mut Notes<'_>, keys: &Keys<'_>, input: &[Field]) -> Option<Idempotency> {
    let Some(node) = keys.get("idempotency") else { return Some(Idempotency::Engine) };
    if !matches!(node.kind, Kind::Map(_)) {
        return keys.choice(notes, "idempotency", &[("engine", ())]).map(|()| Idempotency::Engine);
    }
    let inner = Keys::of(notes, node, IDEMPOTENCY)?;
    inner.require(notes, "mode");
    inner.choice(notes, "mode", &[("action", ())]);
    let key_node = inner.require(notes, "key")?;
    let key = notes.text(key_node, "`key`")?;
    check_key(notes, key_node, key, input);
    Some(Idempotency::Action { key: key.to_owned() })
}

fn check_key(notes: &mut Notes<'_>, node: &Node, key: &str, input: &[Field]) {
    let Some(field) = input.iter().find(|field| field.name == key) else {
        let error = notes.error(Code::UnknownField, &node.span, format!("the input has no field `{key}`"));
        error.suggest(key, input.iter().map(|field| field.name.as_str()));
        return;
    };
    if field.secret {
        let error =
            notes.error(Code::BadIdempotency, &node.span, format!("`{key}` is a secret, and the key is stored"));
        error.help("take another field for the key");
        return;
    }
    let fits = matches!(field.ty, Type::String(StringType { multiline: false, .. })) || field.ty == unknown_type();
    if !fits || field.presence != Presence::Optional || field.nullable {
        let error = notes.error(Code::BadIdempotency, &node.span, format!("`{key}` cannot be the idempotency key"));
        error.help("the key is an input field { type: string, optional: true }, and not nullable");
    }
}

fn emits(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>, effects: Option<Effects>) -> Vec<String> {
    let Some((key, node)) = keys.entry("emits") else { return Vec::new() };
    let events = notes.texts(node, "`emits`").unwrap_or_default();
    if effects == Some(Effects::Read) && !events.is_empty() {
        let error = notes.error(Code::ReadOnly, &key.span, "an action that only reads emits nothing");
        error.help("leave `emits` out, or declare `effects: write`");
    }
    for (name, item) in &events {
        if !names.events.contains(*name) {
            let error = notes.error(Code::UnknownEvent, &item.span, format!("there is no event `{name}`"));
            error.suggest(name, names.events.iter().map(String::as_str));
        }
    }
    let mut events: Vec<String> = events.into_iter().map(|(name, _)| name.to_owned()).collect();
    events.sort();
    events
}

fn examples(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>, input: &[Field], rules: &[Rule]) -> Vec<Example> {
    let items = keys.get("examples").and_then(|node| notes.items(node, "`examples`")).unwrap_or_default();
    let mut all = Vec::new();
    let mut seen = HashMap::new();
    for node in items {
        let Some(inner) = Keys::of(notes, node, EXAMPLE) else { continue };
        let name = inner.require_line(notes, "name");
        if let (Some(name), Some(node)) = (&name, inner.get("name"))
            && let Some(first) = seen.insert(name.clone(), node.span.clone())
        {
            let error = notes.error(Code::Duplicate, &node.span, format!("there are two examples named `{name}`"));
            error.also(&first, "the other one");
        }
        let Some(given) = inner.require(notes, "input") else { continue };
        let so_far = notes.count();
        Judge { notes, names, code: Code::BadValue }.record("the input", input, given);
        let value = given.to_json();
        // As at run time: rules are judged once every field is right by itself.
        if notes.count() == so_far {
            for rule in broken(rules, names, input, &value) {
                notes.error(Code::BadValue, &given.span, format!("the input breaks a rule: {}", rule.message));
            }
        }
        all.extend(name.map(|name| Example { name, input: value }));
    }
    all
}
