//! Shared types: one file each below `specs/types/`.

use heck::ToSnakeCase;

use super::File;
use super::fields::Place;
use super::keys::{Keys, Notes};
use super::mappings::TYPE;
use super::names::{Names, is_impossible, is_pascal};
use super::types::{enum_values, object_fields};
use crate::diagnostic::Code;
use crate::model::{NamedType, Presence, Shape, Type};
use crate::yaml::Kind;

/// The type that a file declares.
pub fn named_type(notes: &mut Notes<'_>, names: &Names, file: &File<'_>) -> Option<NamedType> {
    let keys = Keys::of(notes, &file.node, TYPE)?;
    let name = keys.require_text(notes, "type");
    if let (Some(name), Some(node)) = (name, keys.get("type")) {
        if !is_pascal(name) || is_impossible(name) || name == "Self" {
            let error = notes.error(Code::BadName, &node.span, format!("`{name}` cannot be the name of a type"));
            error.help("a type is written in Pascal case, such as ActivitySummary");
        } else {
            file.check_name(notes, &node.span, name, &name.to_snake_case());
        }
    }
    let description = keys.prose(notes, "description");
    let shape = match (keys.entry("fields"), keys.entry("values")) {
        (Some((_, node)), None) => object_fields(notes, names, node, Place::Shared).map(Shape::Object),
        (None, Some((_, node))) => enum_values(notes, node).map(Shape::Enum),
        (Some((fields, _)), Some((values, _))) => {
            let error = notes.error(Code::WrongShape, &values.span, "a type has either `fields` or `values`, not both");
            error.also(&fields.span, "`fields` are here");
            None
        }
        (None, None) => {
            notes.error(Code::MissingKey, &file.node.span, "a type needs the key `fields` or `values`");
            None
        }
    };
    Some(NamedType {
        name: name?.to_owned(),
        source: file.path().to_owned(),
        description,
        shape: shape?,
        used_in_input: false,
        used_in_output: false,
    })
}

/// Notes what a type that is used in outputs or events must not have.
pub fn check_output(notes: &mut Notes<'_>, named: &NamedType, file: &File<'_>) {
    if let (Shape::Object(fields), Some(node)) = (&named.shape, file.node.get("fields")) {
        check_output_fields(notes, fields, node);
    }
}

fn check_output_fields(notes: &mut Notes<'_>, fields: &[crate::model::Field], node: &crate::yaml::Node) {
    let Kind::Map(entries) = &node.kind else { return };
    for (field, (key, node)) in fields.iter().zip(entries) {
        if field.presence != Presence::Required {
            let message = format!("`{}` may be left out, but the type is used in an output", key.text);
            notes.error(Code::BadOutput, &key.span, message).help("an output has every field: use `nullable`");
        }
        if let (Type::Object(inner), Some(node)) = (&field.ty, node.get("fields")) {
            check_output_fields(notes, inner, node);
        }
    }
}
