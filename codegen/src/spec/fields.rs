//! Fields and their types.

use std::collections::BTreeMap;

use heck::ToSnakeCase;

use super::keys::{Keys, Notes};
use super::names::{Names, is_impossible, is_key, is_pascal, label};
use super::values;
use crate::diagnostic::Code;
use crate::model::{Field, FieldPicker, Item, Presence, StringType, Type};
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

const COMMON: &[&str] = &["type", "label", "description", "optional", "nullable", "default", "secret", "picker"];
const TYPES: &[&str] = &[
    "uuid", "string", "text", "integer", "number", "boolean", "datetime", "date", "email", "money", "json", "enum",
    "list", "map", "object",
];

/// The fields of a mapping of names to fields.
pub fn fields(notes: &mut Notes<'_>, names: &Names, node: &Node, place: Place) -> Vec<Field> {
    let Some(entries) = notes.entries(node, "a set of fields") else { return Vec::new() };
    let mut seen: BTreeMap<String, &Key> = BTreeMap::new();
    let mut fields = Vec::new();
    for (key, node) in entries {
        if !is_key(&key.text) || is_impossible(&key.text) {
            let found = notes.at(Code::BadName, &key.span, format!("`{}` cannot be the name of a field", key.text));
            notes.push(found.help("use letters, digits and underscores, and no name that Rust reserves for itself"));
            continue;
        }
        if let Some(first) = seen.get(&key.text.to_snake_case()) {
            let message = format!("`{}` and `{}` are the same name in Rust", first.text, key.text);
            let found = notes.at(Code::Duplicate, &key.span, message);
            notes.push(found.also(first.span.clone(), "the other one").help("choose another name"));
            continue;
        }
        seen.insert(key.text.to_snake_case(), key);
        if let Some(field) = field(notes, names, &key.text, node, place) {
            fields.push(field);
        }
    }
    for (key, node) in entries {
        check_dependencies(notes, names, &fields, key, node);
    }
    fields
}

fn field(notes: &mut Notes<'_>, names: &Names, name: &str, node: &Node, place: Place) -> Option<Field> {
    let kind = Keys::of(notes, node, "a field", &known_keys(node))?;
    let ty = ty(notes, names, &kind, place)?;
    let nullable = kind.flag(notes, "nullable");
    let optional = kind.flag(notes, "optional");
    let mut presence = if optional { Presence::Optional } else { Presence::Required };
    if let Some(default) = kind.get("default") {
        let value = default.to_json();
        if !(nullable && value.is_null())
            && let Err(problem) = values::check(names, &ty, &value)
        {
            notes.error(Code::BadDefault, &default.span, format!("the default of `{name}` {problem}"));
        }
        presence = Presence::Default(value);
    }
    let picker = kind.get("picker").and_then(|node| picker(notes, names, node, &ty));
    for (key, why) in
        [("optional", "an output has every field; use `nullable`"), ("default", "an output has every field")]
    {
        if place == Place::Output
            && let Some((key, _)) = kind.entry(key)
        {
            let found = notes.at(Code::BadConstraint, &key.span, format!("an output field cannot have `{}`", key.text));
            notes.push(found.help(why));
        }
    }
    if place == Place::Event && nullable {
        let (key, _) = kind.entry("nullable")?;
        let found = notes.at(Code::BadConstraint, &key.span, "a field of an event cannot be nullable");
        notes.push(found.help("use `optional`: what has no value is left out"));
    }
    Some(Field {
        name: name.to_owned(),
        label: kind.prose(notes, "label").unwrap_or_else(|| label(name)),
        description: kind.prose(notes, "description"),
        presence,
        nullable,
        secret: kind.flag(notes, "secret"),
        picker,
        ty,
    })
}

/// The keys that a field of its type may have.
fn known_keys(node: &Node) -> Vec<&'static str> {
    let ty = match &node.kind {
        Kind::Map(entries) => entries.iter().find(|(key, _)| key.text == "type").map(|(_, node)| node),
        _ => None,
    };
    let ty = match ty.map(|node| &node.kind) {
        Some(Kind::Text(text)) => text.as_str(),
        _ => "",
    };
    COMMON.iter().chain(constraints(ty)).copied().collect()
}

fn constraints(ty: &str) -> &'static [&'static str] {
    match ty {
        "string" | "text" => &["min_length", "max_length", "trimmed", "pattern"],
        "integer" | "number" | "money" => &["min", "max"],
        "enum" => &["values"],
        "list" => &["items", "min_items", "max_items", "unique"],
        "map" => &["values"],
        "object" => &["fields"],
        _ => &[],
    }
}

fn ty(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>, place: Place) -> Option<Type> {
    let node = keys.require(notes, "type")?;
    let text = notes.text(node, "`type`")?;
    Some(match text {
        "uuid" => Type::Uuid,
        "boolean" => Type::Boolean,
        "datetime" => Type::DateTime,
        "date" => Type::Date,
        "email" => Type::Email,
        "json" => Type::Json,
        "string" | "text" => Type::String(string(notes, keys, text == "text")),
        "integer" => {
            let (min, max) = integers(notes, keys);
            Type::Integer { min, max }
        }
        "money" => {
            let (min, max) = integers(notes, keys);
            Type::Money { min, max }
        }
        "number" => {
            let (min, max) = (number(notes, keys, "min"), number(notes, keys, "max"));
            if let (Some(least), Some(most)) = (min, max)
                && least > most
            {
                nothing_fits(notes, keys, "min", "max");
            }
            Type::Number { min, max }
        }
        "enum" => {
            let values = keys.require(notes, "values")?;
            Type::Enum(enum_values(notes, values)?)
        }
        "list" => {
            let items = keys.require(notes, "items")?;
            let items = item(notes, names, items, place)?;
            let (min_items, max_items) = (count(notes, keys, "min_items"), count(notes, keys, "max_items"));
            ordered(notes, keys, ("min_items", min_items), ("max_items", max_items));
            Type::List { items: Box::new(items), min_items, max_items, unique: keys.flag(notes, "unique") }
        }
        "map" => {
            let values = keys.require(notes, "values")?;
            Type::Map(Box::new(item(notes, names, values, place)?))
        }
        "object" => {
            let inner = keys.require(notes, "fields")?;
            let inner = fields(notes, names, inner, place);
            if inner.is_empty() {
                return None;
            }
            Type::Object(inner)
        }
        name if is_pascal(name) && names.types.contains_key(name) => Type::Ref(name.to_owned()),
        name => {
            let found = notes.at(Code::UnknownType, &node.span, format!("there is no type `{name}`"));
            notes.push(found.suggest(name, TYPES.iter().copied().chain(names.types.keys().map(String::as_str))));
            return None;
        }
    })
}

/// What a list or a map holds.
fn item(notes: &mut Notes<'_>, names: &Names, node: &Node, place: Place) -> Option<Item> {
    let known: Vec<&str> = known_keys(node)
        .into_iter()
        .filter(|key| !matches!(*key, "optional" | "default" | "picker" | "secret"))
        .collect();
    let keys = Keys::of(notes, node, "an item", &known)?;
    Some(Item { ty: ty(notes, names, &keys, place)?, nullable: keys.flag(notes, "nullable") })
}

fn string(notes: &mut Notes<'_>, keys: &Keys<'_>, multiline: bool) -> StringType {
    let (min_length, max_length) = (count(notes, keys, "min_length"), count(notes, keys, "max_length"));
    ordered(notes, keys, ("min_length", min_length), ("max_length", max_length));
    let pattern = keys.get("pattern").and_then(|node| {
        let text = notes.text(node, "`pattern`")?;
        if let Err(problem) = values::pattern(text) {
            let found = notes.at(Code::BadPattern, &node.span, format!("the pattern {problem}"));
            notes.push(
                found.help("patterns are written in what JSON Schema (ECMA-262) and Rust's regex have in common"),
            );
            return None;
        }
        Some(text.to_owned())
    });
    StringType { multiline, trimmed: keys.flag(notes, "trimmed"), min_length, max_length, pattern }
}

fn integers(notes: &mut Notes<'_>, keys: &Keys<'_>) -> (i64, i64) {
    let mut bound = |name: &str, default: i64| {
        let Some(node) = keys.get(name) else { return default };
        let Some(number) = notes.integer(node, &format!("`{name}`")) else { return default };
        if number.abs() > EXACT {
            let message = format!("`{name}` is beyond ±{EXACT}, which JSON does not carry exactly");
            notes.error(Code::BadConstraint, &node.span, message);
            return default;
        }
        number
    };
    let (min, max) = (bound("min", -EXACT), bound("max", EXACT));
    if min > max {
        nothing_fits(notes, keys, "min", "max");
        return (-EXACT, EXACT);
    }
    (min, max)
}

fn number(notes: &mut Notes<'_>, keys: &Keys<'_>, name: &str) -> Option<f64> {
    let node = keys.get(name)?;
    let number = node.to_json().as_f64().filter(|number| number.is_finite());
    if number.is_none() {
        notes.error(Code::WrongShape, &node.span, format!("`{name}` must be a number, not {}", node.describe()));
    }
    number
}

fn count(notes: &mut Notes<'_>, keys: &Keys<'_>, name: &str) -> Option<u64> {
    notes.count(keys.get(name)?, &format!("`{name}`"))
}

fn ordered(notes: &mut Notes<'_>, keys: &Keys<'_>, least: (&str, Option<u64>), most: (&str, Option<u64>)) {
    if let (Some(min), Some(max)) = (least.1, most.1)
        && min > max
    {
        nothing_fits(notes, keys, least.0, most.0);
    }
}

fn nothing_fits(notes: &mut Notes<'_>, keys: &Keys<'_>, least: &str, most: &str) {
    if let (Some(min), Some(max)) = (keys.get(least), keys.get(most)) {
        let found = notes.at(Code::BadConstraint, &max.span, format!("`{most}` is less than `{least}`: no value fits"));
        notes.push(found.also(min.span.clone(), format!("`{least}`")));
    }
}

/// The values of an enum.
pub fn enum_values(notes: &mut Notes<'_>, node: &Node) -> Option<Vec<String>> {
    let texts = notes.texts(node, "`values`")?;
    if texts.is_empty() {
        notes.error(Code::BadConstraint, &node.span, "an enum needs at least one value");
        return None;
    }
    let mut seen = BTreeMap::new();
    for (text, span) in &texts {
        if !is_key(text) || is_impossible(text) {
            let found = notes.at(Code::BadName, span, format!("`{text}` cannot be a value of an enum"));
            notes.push(found.help("use letters, digits and underscores"));
        } else if let Some((other, first)) = seen.insert(text.to_snake_case(), (*text, (*span).clone())) {
            let found = notes.at(Code::Duplicate, span, format!("`{other}` and `{text}` are the same value in Rust"));
            notes.push(found.also(first, "the other one"));
        }
    }
    Some(texts.into_iter().map(|(text, _)| text.to_owned()).collect())
}

fn picker(notes: &mut Notes<'_>, names: &Names, node: &Node, ty: &Type) -> Option<FieldPicker> {
    let (kind_node, kind, depends_on) = match &node.kind {
        Kind::Text(kind) => (node, kind.as_str(), Vec::new()),
        _ => {
            let keys = Keys::of(notes, node, "a picker", &["kind", "depends_on"])?;
            let kind = keys.require(notes, "kind")?;
            let texts = keys.get("depends_on").and_then(|node| notes.texts(node, "`depends_on`")).unwrap_or_default();
            (kind, notes.text(kind, "`kind`")?, texts.into_iter().map(|(text, _)| text.to_owned()).collect())
        }
    };
    if !names.pickers.contains_key(kind) {
        let found = notes.at(Code::UnknownPicker, &kind_node.span, format!("there is no picker `{kind}`"));
        notes.push(found.suggest(kind, names.pickers.keys().map(String::as_str)));
        return None;
    }
    if *ty != Type::Uuid {
        notes.error(Code::BadConstraint, &kind_node.span, "only a uuid can be chosen by a picker");
        return None;
    }
    Some(FieldPicker { kind: kind.to_owned(), depends_on })
}

/// A picker depends on fields beside its own, which it knows how to use.
fn check_dependencies(notes: &mut Notes<'_>, names: &Names, fields: &[Field], key: &Key, node: &Node) {
    let Some(picker) = fields.iter().find(|field| field.name == key.text).and_then(|field| field.picker.as_ref())
    else {
        return;
    };
    let span = match &node.kind {
        Kind::Map(entries) => entries.iter().find(|(key, _)| key.text == "picker").map_or(&node.span, |(_, n)| &n.span),
        _ => &node.span,
    };
    for dependency in &picker.depends_on {
        if !fields.iter().any(|field| field.name == *dependency) {
            let message = format!("the picker depends on `{dependency}`, which is no field here");
            let found = notes.at(Code::UnknownField, span, message);
            notes.push(found.suggest(dependency, fields.iter().map(|field| field.name.as_str())));
        } else if let Some(Some(known)) = names.pickers.get(&picker.kind)
            && !known.depends_on.iter().any(|(name, _)| name == dependency)
        {
            let message = format!("the picker `{}` cannot be narrowed by `{dependency}`", picker.kind);
            let found = notes.at(Code::UnknownPicker, span, message);
            notes.push(found.suggest(dependency, known.depends_on.iter().map(|(name, _)| name.as_str())));
        }
    }
}
