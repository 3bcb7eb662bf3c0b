//! Actions: one file each.

use super::fields::{Place, fields};
use super::keys::{Keys, Notes};
use super::names::{Found, Names, is_impossible, is_snake};
use super::{File, rules, shared, values};
use crate::diagnostic::Code;
use crate::model::{
    Action, Audit, AuditField, AuditSource, Condition, Effects, Example, Field, Idempotency, Permission, Presence, Type,
};
use crate::yaml::{Kind, Node, Span};

const KEYS: &[&str] = &[
    "action",
    "version",
    "label",
    "description",
    "effects",
    "idempotency",
    "permissions",
    "may_require",
    "input",
    "rules",
    "output",
    "audit",
    "emits",
    "examples",
];

pub fn action(notes: &mut Notes<'_>, names: &Names, file: &File) -> Option<Action> {
    let keys = Keys::of(notes, &file.node, "an action", KEYS)?;
    let (module, name, version) = identity(notes, &keys, file)?;
    let label = keys.require_prose(notes, "label");
    let description = keys.require_prose(notes, "description");
    let effects = effects(notes, &keys);
    let input = keys.get("input").map(|node| fields(notes, names, node, Place::Input)).unwrap_or_default();
    let output = keys.get("output").map(|node| fields(notes, names, node, Place::Output)).unwrap_or_default();
    keys.require(notes, "output");
    let idempotency = idempotency(notes, &keys, &input);
    let permissions = permissions(notes, names, &keys, &input);
    let may_require = may_require(notes, names, &keys);
    let rules = rules::rules(notes, names, &keys, &input);
    let audit = audit(notes, names, &keys, effects, &input, &output);
    let emits = emits(notes, names, &keys, effects);
    let examples = examples(notes, names, &keys, &input);
    Some(Action {
        id: format!("{module}.{name}"),
        module,
        name,
        version,
        source: file.path.clone(),
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
fn identity(notes: &mut Notes<'_>, keys: &Keys<'_>, file: &File) -> Option<(String, String, u32)> {
    let id = keys.require_text(notes, "action");
    let version_node = keys.require(notes, "version");
    let version = version_node.and_then(|node| notes.integer(node, "`version`"));
    let id = id?;
    let span = &keys.get("action")?.span;
    let parts = id.split_once('.').filter(|(module, name)| is_snake(module) && is_snake(name));
    let Some((module, name)) = parts.filter(|(module, name)| !is_impossible(module) && !is_impossible(name)) else {
        let found = notes.at(Code::BadName, span, format!("`{id}` cannot be the id of an action"));
        notes.push(found.help("an id is written module.name, in lower case with underscores, such as crm.send_quote"));
        return None;
    };
    let number = u32::try_from(version?).ok().filter(|version| *version > 0);
    let Some(number) = number else {
        notes.error(Code::WrongShape, &version_node?.span, "`version` is counted from 1");
        return None;
    };
    let expected = format!("/actions/{module}/{name}.v{number}.yaml");
    if !file.path.ends_with(&expected) {
        let found =
            notes.at(Code::MisplacedFile, span, format!("`{id}` version {number} does not belong into this file"));
        notes.push(found.help(format!("move it to specs{expected}, or correct `action` and `version`")));
    }
    Some((module.to_owned(), name.to_owned(), number))
}

fn effects(notes: &mut Notes<'_>, keys: &Keys<'_>) -> Option<Effects> {
    let node = keys.require(notes, "effects")?;
    match notes.text(node, "`effects`")? {
        "read" => Some(Effects::Read),
        "write" => Some(Effects::Write),
        other => {
            let found = notes.at(Code::WrongShape, &node.span, format!("`effects` cannot be `{other}`"));
            notes.push(found.suggest(other, ["read", "write"]));
            None
        }
    }
}

fn idempotency(notes: &mut Notes<'_>, keys: &Keys<'_>, input: &[Field]) -> Option<Idempotency> {
    let node = keys.require(notes, "idempotency")?;
    if let Kind::Text(text) = &node.kind {
        if text == "engine" {
            return Some(Idempotency::Engine);
        }
        let found = notes.at(Code::WrongShape, &node.span, format!("`idempotency` cannot be `{text}`"));
        notes.push(found.help("write `engine`, or { mode: action, key: FIELD }"));
        return None;
    }
    let inner = Keys::of(notes, node, "`idempotency`", &["mode", "key"])?;
    if inner.require_text(notes, "mode")? != "action" {
        let span = &inner.get("mode")?.span;
        notes.push(
            notes
                .at(Code::WrongShape, span, "the mode of a key can only be `action`")
                .help("or write `idempotency: engine`"),
        );
    }
    let key_node = inner.require(notes, "key")?;
    let key = notes.text(key_node, "`key`")?;
    match input.iter().find(|field| field.name == key) {
        Some(field) if matches!(field.ty, Type::String(_)) && field.presence == Presence::Optional => {}
        Some(_) => {
            let found =
                notes.at(Code::BadIdempotency, &key_node.span, format!("`{key}` cannot be the idempotency key"));
            notes.push(found.help("the key is an input of type `string` with `optional: true`"));
        }
        None => {
            let found = notes.at(Code::UnknownField, &key_node.span, format!("the input has no field `{key}`"));
            notes.push(found.suggest(key, input.iter().map(|field| field.name.as_str())));
        }
    }
    Some(Idempotency::Action { key: key.to_owned() })
}

fn permissions(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>, input: &[Field]) -> Vec<Permission> {
    let Some(items) = keys.require(notes, "permissions").and_then(|node| notes.items(node, "`permissions`")) else {
        return Vec::new();
    };
    items.iter().filter_map(|node| permission(notes, names, node, input)).collect()
}

fn permission(notes: &mut Notes<'_>, names: &Names, node: &Node, input: &[Field]) -> Option<Permission> {
    let (required, when) = if matches!(node.kind, Kind::Text(_)) {
        (node, None)
    } else {
        let keys = Keys::of(notes, node, "a permission", &["require", "when"])?;
        let required = keys.require(notes, "require")?;
        (required, keys.require(notes, "when").and_then(|node| condition(notes, names, node, input)))
    };
    let (resource, action) = notes.permission(required)?;
    match resource.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        None => names.check_permission(notes, &required.span, resource, action),
        Some(path) => match names.find(input, path) {
            Found::Field(field) => match names.values(&field.ty) {
                Some(values) if field.presence != Presence::Optional && !field.nullable => {
                    for value in values {
                        names.check_permission(notes, &required.span, value, action);
                    }
                }
                _ => {
                    let message = format!("`{path}` must be an enum that is always given, to name a resource");
                    notes.error(Code::BadCondition, &required.span, message);
                }
            },
            found => shared::missing(notes, &required.span, path, &found),
        },
    }
    Some(Permission { resource: resource.to_owned(), action: action.to_owned(), when })
}

fn condition(notes: &mut Notes<'_>, names: &Names, node: &Node, input: &[Field]) -> Option<Condition> {
    let keys = Keys::of(notes, node, "a condition", &["present", "equals"])?;
    if let Some(node) = keys.get("present") {
        let path = notes.text(node, "`present`")?;
        match names.find(input, path) {
            Found::Field(field) if field.presence == Presence::Required && !field.nullable && !path.contains('.') => {
                let found = notes.at(Code::BadCondition, &node.span, format!("`{path}` is always given"));
                notes.push(found.help("write the permission without `when`"));
            }
            found => shared::missing(notes, &node.span, path, &found),
        }
        return Some(Condition::Present(path.to_owned()));
    }
    let node = keys.require(notes, "equals")?;
    let [(key, value)] = notes.entries(node, "`equals`")? else {
        notes.error(Code::WrongShape, &node.span, "`equals` takes one field and its value");
        return None;
    };
    let value_json = value.to_json();
    match names.find(input, &key.text) {
        Found::Field(field) => {
            if let Err(problem) = values::check(names, &field.ty, &value_json) {
                notes.error(Code::BadCondition, &value.span, format!("can never hold: `{}` {problem}", key.text));
            }
        }
        found => shared::missing(notes, &key.span, &key.text, &found),
    }
    Some(Condition::Equals(key.text.clone(), value_json))
}

fn may_require(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>) -> Vec<(String, String)> {
    let items = keys.get("may_require").and_then(|node| notes.items(node, "`may_require`")).unwrap_or_default();
    let mut all = Vec::new();
    for node in items {
        if let Some((resource, action)) = notes.permission(node) {
            names.check_permission(notes, &node.span, resource, action);
            all.push((resource.to_owned(), action.to_owned()));
        }
    }
    all
}

fn emits(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>, effects: Option<Effects>) -> Vec<String> {
    let Some((key, node)) = keys.entry("emits") else { return Vec::new() };
    let events = notes.texts(node, "`emits`").unwrap_or_default();
    if effects == Some(Effects::Read) && !events.is_empty() {
        notes.error(Code::ReadOnly, &key.span, "an action that only reads emits nothing");
    }
    for (name, span) in &events {
        if !names.events.contains_key(*name) {
            let found = notes.at(Code::UnknownEvent, span, format!("there is no event `{name}`"));
            notes.push(found.suggest(name, names.events.keys().map(String::as_str)));
        }
    }
    let mut events: Vec<String> = events.into_iter().map(|(name, _)| name.to_owned()).collect();
    events.sort();
    events.dedup();
    events
}

fn audit(
    notes: &mut Notes<'_>,
    names: &Names,
    keys: &Keys<'_>,
    effects: Option<Effects>,
    input: &[Field],
    output: &[Field],
) -> Option<Audit> {
    let Some((key, node)) = keys.entry("audit") else {
        if effects == Some(Effects::Write) {
            let span = keys.get("effects").map_or(0..0, |node| node.span.clone());
            let found = notes.at(Code::BadAudit, &span, "an action that writes needs the key `audit`");
            notes.push(found.help("audit: { target: { thing_id: output.thing.thing_id }, changed: { … } }"));
        }
        return None;
    };
    if effects == Some(Effects::Read) {
        notes.error(Code::ReadOnly, &key.span, "an action that only reads is not audited");
    }
    let inner = Keys::of(notes, node, "`audit`", &["target", "changed"])?;
    let target_node = inner.require(notes, "target")?;
    let target = audit_fields(notes, names, target_node, input, output);
    let changed = inner.require(notes, "changed").map(|node| audit_fields(notes, names, node, input, output));
    if target.len() != 1 {
        notes.error(Code::WrongShape, &target_node.span, "`target` names one id and where it comes from");
    }
    Some(Audit { target: target.into_iter().next()?, changed: changed? })
}

fn audit_fields(
    notes: &mut Notes<'_>,
    names: &Names,
    node: &Node,
    input: &[Field],
    output: &[Field],
) -> Vec<AuditField> {
    let entries = notes.entries(node, "a set of audit fields").unwrap_or_default();
    let mut all = Vec::new();
    for (key, node) in entries {
        let from = match &node.kind {
            Kind::Text(path) => {
                audit_path(notes, names, &node.span, path, input, output);
                AuditSource::Path(path.clone())
            }
            _ => AuditSource::Object(audit_fields(notes, names, node, input, output)),
        };
        all.push(AuditField { name: key.text.clone(), from });
    }
    all
}

fn audit_path(notes: &mut Notes<'_>, names: &Names, span: &Span, path: &str, input: &[Field], output: &[Field]) {
    let (fields, rest) = match path.split_once('.') {
        Some(("input", rest)) => (input, rest),
        Some(("output", rest)) => (output, rest),
        _ => {
            let found = notes.at(Code::BadAudit, span, format!("`{path}` says not where the value comes from"));
            notes.push(found.help("a source begins with input. or output."));
            return;
        }
    };
    let found = names.find(fields, rest);
    shared::missing(notes, span, path, &found);
    if holds_secret(names, fields, rest) {
        let problem = notes.at(Code::BadAudit, span, format!("`{path}` holds a secret, and secrets are never stored"));
        notes.push(problem.help("leave it out of the audit fields"));
    }
}

/// Whether a secret is on the way, or anywhere below.
fn holds_secret(names: &Names, fields: &[Field], path: &str) -> bool {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let Some(field) = fields.iter().find(|field| field.name == step) else { return false };
    let below = names.fields(&field.ty);
    field.secret
        || match (rest, below) {
            (Some(rest), Some(fields)) => holds_secret(names, fields, rest),
            (None, Some(fields)) => any_secret(names, fields, 0),
            _ => false,
        }
}

fn any_secret(names: &Names, fields: &[Field], depth: usize) -> bool {
    // Types may hold themselves.
    depth < 16
        && fields.iter().any(|field| {
            field.secret || names.fields(&field.ty).is_some_and(|fields| any_secret(names, fields, depth + 1))
        })
}

fn examples(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>, input: &[Field]) -> Vec<Example> {
    let items = keys.get("examples").and_then(|node| notes.items(node, "`examples`")).unwrap_or_default();
    let mut all = Vec::new();
    for node in items {
        let Some(inner) = Keys::of(notes, node, "an example", &["name", "input"]) else { continue };
        let name = inner.require_prose(notes, "name");
        let Some(given) = inner.require(notes, "input") else { continue };
        let value = given.to_json();
        if let Err(problem) = values::record(names, input, &value) {
            notes.error(Code::BadDefault, &given.span, format!("the input of the example {problem}"));
        }
        all.extend(name.map(|name| Example { name, input: value }));
    }
    all
}
