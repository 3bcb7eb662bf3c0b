//! Events: one file each below `specs/events/`.

use super::File;
use super::fields::{Place, fields};
use super::keys::{Keys, Notes};
use super::mappings::EVENT;
use super::names::{Names, is_upper_snake};
use super::template::placeholders;
use crate::diagnostic::Code;
use crate::model::{Event, Field, Presence, Type};
use crate::yaml::{Kind, Node};

/// What the runtime adds to every event.
const ADDED: &[&str] = &["tenantId", "occurredAt", "actor"];

/// The event that a file declares.
pub fn event(notes: &mut Notes<'_>, names: &Names, file: &File<'_>) -> Option<Event> {
    let keys = Keys::of(notes, &file.node, EVENT)?;
    let name = keys.require_text(notes, "event");
    if let (Some(name), Some(node)) = (name, keys.get("event")) {
        if is_upper_snake(name) {
            file.check_name(notes, &node.span, name, &name.to_ascii_lowercase());
        } else {
            let error = notes.error(Code::BadName, &node.span, format!("`{name}` cannot be the name of an event"));
            error.help("an event is written in upper case, such as INTERACTION_LOGGED");
        }
    }
    let description = keys.prose(notes, "description");
    let payload_node = keys.require(notes, "payload");
    let payload = payload_node.map(|node| fields(notes, names, node, Place::Event));
    if let Some(Kind::Map(entries)) = payload_node.map(|node| &node.kind) {
        for (key, _) in entries.iter().filter(|(key, _)| ADDED.contains(&key.text.as_str())) {
            let error = notes.error(Code::BadName, &key.span, format!("`{}` is added to every event", key.text));
            error.help("leave it out of the payload");
        }
    }
    let (key, subject) = (keys.require(notes, "key"), keys.get("subject"));
    for (what, node) in [("key", key), ("subject", subject)] {
        if let (Some(node), Some(payload)) = (node, &payload) {
            check_template(notes, names, what, node, payload);
        }
    }
    Some(Event {
        name: name?.to_owned(),
        source: file.path().to_owned(),
        description,
        key: notes.text(key?, "`key`")?.to_owned(),
        subject: match subject {
            Some(node) => Some(notes.text(node, "`subject`")?.to_owned()),
            None => None,
        },
        payload: payload?,
    })
}

fn check_template(notes: &mut Notes<'_>, names: &Names, what: &str, node: &Node, payload: &[Field]) {
    let Kind::Text(template) = &node.kind else { return };
    let Some(used) = placeholders(notes, node, template) else { return };
    if used.is_empty() {
        let error =
            notes.error(Code::BadEventKey, &node.span, format!("the {what} is the same for all events of this name"));
        error.help("name a field that tells them apart, such as {interactionId}");
    }
    for name in used {
        let span = notes.part(node, name);
        let Some(field) = payload.iter().find(|field| field.name == name) else {
            let error = notes.error(Code::UnknownField, &span, format!("the payload has no field `{name}`"));
            error.suggest(name, payload.iter().map(|field| field.name.as_str()));
            continue;
        };
        if field.presence != Presence::Required {
            let error =
                notes.error(Code::BadEventKey, &span, format!("`{name}` may be left out, but the {what} needs it"));
            error.help(format!("make the field required, or build the {what} of another"));
        } else if !is_part(names, &field.ty) {
            let error = notes.error(Code::BadEventKey, &span, format!("`{name}` cannot be a part of a {what}"));
            error.help(format!("a {what} is made of ids, texts, whole numbers, dates and enums written in place"));
        }
    }
}

fn is_part(names: &Names, ty: &Type) -> bool {
    match ty {
        Type::Uuid | Type::String(_) | Type::Email | Type::Integer { .. } | Type::Money { .. } => true,
        Type::Enum(_) | Type::DateTime | Type::Date => true,
        _ => names.is_open(ty),
    }
}
