//! Fields: of inputs, outputs, shared types and event payloads.

use std::collections::HashMap;

use super::keys::{Keys, Notes};
use super::mappings::{FIELD, FIELD_PICKER, OUTPUT_FIELD, PAYLOAD_FIELD};
use super::names::{Names, identity, is_impossible, is_key, label, unknown_type};
use super::types::{known_keys, ty};
use super::values::Judge;
use crate::diagnostic::Code;
use crate::model::{Field, FieldPicker, Presence, Type};
use crate::yaml::{Key, Kind, Node};

/// The largest whole number that JSON carries exactly.
pub const EXACT: i64 = (1 << 53) - 1;

/// What the fields are of: it decides what they may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Input,
    Output,
    /// A shared type, which may be either.
    Shared,
    Event,
}

/// The fields of a mapping of names to fields. One that is wrong itself is there with [`unknown_type`].
pub fn fields(notes: &mut Notes<'_>, names: &Names, node: &Node, place: Place) -> Vec<Field> {
    let Some(entries) = notes.entries(node, "a set of fields") else { return Vec::new() };
    let mut seen: HashMap<String, &Key> = HashMap::new();
    let mut fields = Vec::new();
    for (key, node) in entries {
        if !is_key(&key.text) || is_impossible(&key.text) {
            let error = notes.error(Code::BadName, &key.span, format!("`{}` cannot be the name of a field", key.text));
            error.help("use letters, digits and underscores, and none of self, super and crate");
        } else if let Some(first) = seen.insert(identity(&key.text), key) {
            let message = format!("`{}` and `{}` would be one name in Rust", first.text, key.text);
            let error = notes.error(Code::Duplicate, &key.span, message);
            error.also(&first.span, "the other one").help("choose another name");
        }
        fields.push(field(notes, names, key, node, place));
    }
    let siblings: Vec<&str> = entries.iter().map(|(key, _)| key.text.as_str()).collect();
    for (field, (_, node)) in fields.iter().zip(entries) {
        if let Some(picker) = &field.picker {
            check_dependencies(notes, names, picker, node, &siblings);
        }
    }
    fields
}

fn field(notes: &mut Notes<'_>, names: &Names, key: &Key, node: &Node, place: Place) -> Field {
    let mut field = Field {
        name: key.text.clone(),
        label: label(&key.text),
        description: None,
        presence: Presence::Optional,
        nullable: false,
        secret: false,
        picker: None,
        ty: unknown_type(),
    };
    if let Kind::Text(text) = &node.kind {
        let error = notes.error(Code::WrongShape, &node.span, "a field must be a mapping, not a text");
        error.help(format!("write {{ type: {text} }}"));
        return field;
    }
    let Some(keys) = Keys::among(notes, node, FIELD.what, &known_keys(FIELD, node)) else { return field };
    let keys = keys.named_by(key);
    field.ty = ty(notes, names, &keys, place).unwrap_or_else(unknown_type);
    field.label = keys.line(notes, "label").unwrap_or(field.label);
    field.description = keys.prose(notes, "description");
    field.nullable = keys.flag(notes, "nullable");
    field.secret = keys.flag(notes, "secret");
    field.picker = keys.get("picker").and_then(|node| picker(notes, names, node, &field.ty));
    field.presence = presence(notes, names, &keys, &field);
    check_place(notes, &keys, place);
    field
}

fn presence(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>, field: &Field) -> Presence {
    let optional = keys.flag(notes, "optional");
    let Some(default) = keys.get("default") else {
        return if optional { Presence::Optional } else { Presence::Required };
    };
    let what = format!("the default of `{}`", field.name);
    Judge { notes, names, code: Code::BadValue }.value(&what, &field.ty, field.nullable, default);
    Presence::Default(default.to_json())
}

/// What the place does not have is refused, not ignored.
fn check_place(notes: &mut Notes<'_>, keys: &Keys<'_>, place: Place) {
    let known = match place {
        Place::Input | Place::Shared => return,
        Place::Output => OUTPUT_FIELD,
        Place::Event => PAYLOAD_FIELD,
    };
    for name in FIELD.keys.iter().filter(|name| !known.keys.contains(name)) {
        if let Some((key, _)) = keys.entry(name) {
            let error = notes.error(Code::BadOutput, &key.span, format!("{} cannot have `{name}`", known.what));
            error.help(instead(place, name));
        }
    }
}

/// What to do without a key that the place does not have.
fn instead(place: Place, key: &str) -> &'static str {
    match (place, key) {
        (Place::Event, "default") => "the body gives every value of an event",
        (Place::Event, "nullable") => "use `optional`: what has no value is left out",
        (Place::Event, "picker") => "a picker chooses a value, and nobody chooses what an event says",
        (Place::Event, "secret") => "an event is stored and sent: leave the secret out",
        (_, "default") => "an output has every field: the body gives its value",
        (_, "optional") => "an output has every field: use `nullable`",
        (_, "picker") => "a picker chooses a value, and nobody chooses an output",
        _ => "leave it out",
    }
}

fn picker(notes: &mut Notes<'_>, names: &Names, node: &Node, ty: &Type) -> Option<FieldPicker> {
    let (kind_node, depends_on) = match &node.kind {
        Kind::Text(_) => (node, Vec::new()),
        _ => {
            let keys = Keys::of(notes, node, FIELD_PICKER)?;
            let kind = keys.require(notes, "kind")?;
            (kind, keys.get("depends_on").and_then(|node| notes.texts(node, "`depends_on`")).unwrap_or_default())
        }
    };
    let kind = notes.text(kind_node, "`kind`")?;
    if !names.pickers.contains_key(kind) {
        let error = notes.error(Code::UnknownPicker, &kind_node.span, format!("there is no picker `{kind}`"));
        error.suggest(kind, names.pickers.keys().map(String::as_str));
        return None;
    }
    if *ty != Type::Uuid && !names.is_open(ty) {
        let error = notes.error(Code::BadConstraint, &node.span, "only a field of type `uuid` can have a picker");
        error.help("a picker chooses the id of a row");
        return None;
    }
    let depends_on = depends_on.into_iter().map(|(text, _)| text.to_owned()).collect();
    Some(FieldPicker { kind: kind.to_owned(), depends_on })
}

/// A picker depends on fields beside its own, which it knows how to use.
fn check_dependencies(notes: &mut Notes<'_>, names: &Names, picker: &FieldPicker, field: &Node, siblings: &[&str]) {
    let Some(Kind::List(items)) =
        field.get("picker").and_then(|picker| picker.get("depends_on")).map(|node| &node.kind)
    else {
        return;
    };
    for item in items {
        let Kind::Text(dependency) = &item.kind else { continue };
        if !siblings.contains(&dependency.as_str()) {
            let error = notes.error(
                Code::UnknownField,
                &item.span,
                format!("there is no field `{dependency}` beside this one"),
            );
            error.suggest(dependency, siblings.iter().copied());
        } else if let Some(Some(known)) = names.pickers.get(&picker.kind)
            && !known.depends_on.iter().any(|(name, _)| name == dependency)
        {
            let message = format!("the picker `{}` cannot be narrowed by `{dependency}`", picker.kind);
            let error = notes.error(Code::UnknownPicker, &item.span, message);
            match known.depends_on.as_slice() {
                [] => error.help(format!("declare it under `depends_on` in {}", known.source)),
                known => error.suggest(dependency, known.iter().map(|(name, _)| name.as_str())),
            };
        }
    }
}
