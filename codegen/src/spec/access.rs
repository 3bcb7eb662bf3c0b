//! Permissions that an action asks for.

use super::keys::{Keys, Notes};
use super::mappings::{CONDITION, PERMISSION};
use super::names::{Found, Names};
use super::values::Judge;
use crate::diagnostic::Code;
use crate::model::{Condition, Field, Permission, Presence};
use crate::yaml::{Kind, Node};

/// Splits `resource:action`.
pub fn permission_text<'n>(notes: &mut Notes<'_>, node: &'n Node) -> Option<(&'n str, &'n str)> {
    let text = notes.text(node, "a permission")?;
    let parts = text.split_once(':').filter(|(resource, action)| !resource.is_empty() && !action.is_empty());
    if parts.is_none() {
        let error = notes.error(Code::WrongShape, &node.span, format!("`{text}` is not a permission"));
        error.help("a permission is written resource:action, such as client:update");
    }
    parts
}

/// What every call needs.
pub fn permissions(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>, input: &[Field]) -> Vec<Permission> {
    let Some(items) = keys.require(notes, "permissions").and_then(|node| notes.items(node, "`permissions`")) else {
        return Vec::new();
    };
    items.iter().filter_map(|node| permission(notes, names, node, input)).collect()
}

fn permission(notes: &mut Notes<'_>, names: &Names, node: &Node, input: &[Field]) -> Option<Permission> {
    let (required, when) = match &node.kind {
        Kind::Map(_) => {
            let keys = Keys::of(notes, node, PERMISSION)?;
            let when = keys.require(notes, "when").and_then(|node| condition(notes, names, node, input));
            (keys.require(notes, "require")?, when)
        }
        _ => (node, None),
    };
    let (resource, action) = permission_text(notes, required)?;
    if resource.contains(['{', '}']) {
        check_placeholder(notes, names, required, resource, action, input);
    } else {
        names.check_permission(notes, required, resource, action);
    }
    Some(Permission { resource: resource.to_owned(), action: action.to_owned(), when })
}

/// A resource may come from the input, where each value of an enum names one.
fn check_placeholder(notes: &mut Notes<'_>, names: &Names, node: &Node, resource: &str, action: &str, input: &[Field]) {
    let parts = resource.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    let Some((before, (path, after))) = parts.filter(|(_, (_, after))| !after.contains(['{', '}'])) else {
        let error = notes.error(Code::WrongShape, &node.span, format!("`{resource}` is not a resource"));
        error.help("a resource holds one placeholder at most, such as {target.type}");
        return;
    };
    let span = notes.part(node, path);
    let Found::Field { field, always, secret } = names.lookup(notes, &span, input, path) else { return };
    if secret {
        let error =
            notes.error(Code::BadAudit, &span, format!("`{path}` is a secret, and a refusal names the resource"));
        error.help("name the resource by another field");
        return;
    }
    if names.is_open(&field.ty) {
        return;
    }
    let has_value = always || matches!(field.presence, Presence::Default(_)) && !path.contains('.');
    match names.values(&field.ty) {
        Some(values) if has_value && !field.nullable => {
            for value in values {
                names.check_permission(notes, node, &format!("{before}{value}{after}"), action);
            }
        }
        _ => {
            let error = notes.error(Code::BadCondition, &span, format!("`{path}` cannot name a resource"));
            error.help("a resource is named by an enum that every input has");
        }
    }
}

/// What must hold of an input for something else to apply.
pub fn condition(notes: &mut Notes<'_>, names: &Names, node: &Node, input: &[Field]) -> Option<Condition> {
    let keys = Keys::of(notes, node, CONDITION)?;
    match (keys.get("present"), keys.get("equals")) {
        (Some(node), None) => present(notes, names, node, input),
        (None, Some(node)) => equals(notes, names, node, input),
        _ => {
            let error = notes.error(Code::WrongShape, &node.span, "a condition says exactly one thing");
            error.help("write { present: field } or { equals: { field: value } }");
            None
        }
    }
}

fn present(notes: &mut Notes<'_>, names: &Names, node: &Node, input: &[Field]) -> Option<Condition> {
    let path = notes.text(node, "`present`")?;
    if let Found::Field { always: true, .. } = names.lookup(notes, &node.span, input, path) {
        let error = notes.error(Code::BadCondition, &node.span, format!("`{path}` is always given"));
        error.help("leave out the condition");
    }
    Some(Condition::Present(path.to_owned()))
}

fn equals(notes: &mut Notes<'_>, names: &Names, node: &Node, input: &[Field]) -> Option<Condition> {
    let [(key, value)] = notes.entries(node, "`equals`")? else {
        notes.error(Code::WrongShape, &node.span, "`equals` takes one field and its value");
        return None;
    };
    if let Found::Field { field, .. } = names.lookup(notes, &key.span, input, &key.text) {
        let what = format!("`{}`", key.text);
        Judge { notes, names, code: Code::BadCondition }.value(&what, &field.ty, false, value);
    }
    Some(Condition::Equals(key.text.clone(), value.to_json()))
}

/// What the body may ask for besides.
pub fn may_require(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>) -> Vec<(String, String)> {
    let Some(node) = keys.get("may_require") else { return Vec::new() };
    let mut all = Vec::new();
    for (_, item) in notes.texts(node, "`may_require`").unwrap_or_default() {
        if let Some((resource, action)) = permission_text(notes, item) {
            names.check_permission(notes, item, resource, action);
            all.push((resource.to_owned(), action.to_owned()));
        }
    }
    all
}
