//! Types of fields with their constraints.

use std::collections::HashMap;

use super::fields::{EXACT, Place, fields};
use super::keys::{Keys, Notes};
use super::mappings::{ITEM, Mapping};
use super::names::{Names, identity, is_impossible, is_pascal};
use crate::diagnostic::Code;
use crate::model::{Field, Item, StringType, Type};
use crate::yaml::{Kind, Node, Span};

const TYPES: &[&str] = &[
    "uuid", "string", "text", "integer", "number", "boolean", "datetime", "date", "email", "money", "json", "enum",
    "list", "map", "object",
];

/// The keys that a field or an item has with its type; all that there are where the type itself is wrong.
pub fn known_keys(mapping: Mapping, node: &Node) -> Vec<&'static str> {
    let of_type: &[&str] = match node.get("type").map(|node| &node.kind) {
        Some(Kind::Text(text)) if TYPES.contains(&text.as_str()) => constraints(text),
        Some(Kind::Text(text)) if is_pascal(text) => &[],
        _ => return mapping.keys.to_vec(),
    };
    let is_constraint = |key: &str| TYPES.iter().any(|ty| constraints(ty).contains(&key));
    mapping.keys.iter().copied().filter(|key| of_type.contains(key) || !is_constraint(key)).collect()
}

fn constraints(ty: &str) -> &'static [&'static str] {
    match ty {
        "string" | "text" => &["min_length", "max_length", "trimmed", "pattern"],
        "integer" | "number" | "money" => &["min", "max"],
        "enum" | "map" => &["values"],
        "list" => &["items", "min_items", "max_items", "unique"],
        "object" => &["fields"],
        _ => &[],
    }
}

/// The type that a field or an item declares; `None` when it is wrong, which is noted.
pub fn ty(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>, place: Place) -> Option<Type> {
    let node = keys.require(notes, "type")?;
    Some(match notes.text(node, "`type`")? {
        "uuid" => Type::Uuid,
        "boolean" => Type::Boolean,
        "datetime" => Type::DateTime,
        "date" => Type::Date,
        "email" => Type::Email,
        "json" => Type::Json,
        "string" => Type::String(string(notes, names, keys, false)),
        "text" => Type::String(string(notes, names, keys, true)),
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
            check_bounds(notes, keys, ("min", min), ("max", max));
            Type::Number { min, max }
        }
        "enum" => Type::Enum(keys.require(notes, "values").and_then(|node| enum_values(notes, node))?),
        "list" => {
            let items = keys.require(notes, "items").and_then(|node| item(notes, names, node, place));
            let (min_items, max_items) = (count(notes, keys, "min_items"), count(notes, keys, "max_items"));
            check_bounds(notes, keys, ("min_items", min_items), ("max_items", max_items));
            Type::List { items: Box::new(items?), min_items, max_items, unique: keys.flag(notes, "unique") }
        }
        "map" => {
            let values = keys.require(notes, "values").and_then(|node| item(notes, names, node, place));
            Type::Map(Box::new(values?))
        }
        "object" => {
            let fields = keys.require(notes, "fields").and_then(|node| object_fields(notes, names, node, place));
            Type::Object(fields?)
        }
        name if names.types.contains_key(name) => Type::Ref(name.to_owned()),
        name => {
            let error = notes.error(Code::UnknownType, &node.span, format!("there is no type `{name}`"));
            error.suggest(name, TYPES.iter().copied().chain(names.types.keys().map(String::as_str)));
            return None;
        }
    })
}

/// The fields of an object, which has some.
pub fn object_fields(notes: &mut Notes<'_>, names: &Names, node: &Node, place: Place) -> Option<Vec<Field>> {
    if notes.entries(node, "`fields`")?.is_empty() {
        notes.error(Code::BadConstraint, &node.span, "an object needs at least one field");
        return None;
    }
    Some(fields(notes, names, node, place))
}

/// What a list or a map holds.
fn item(notes: &mut Notes<'_>, names: &Names, node: &Node, place: Place) -> Option<Item> {
    let keys = Keys::among(notes, node, ITEM.what, &known_keys(ITEM, node))?;
    keys.prose(notes, "description");
    Some(Item { ty: ty(notes, names, &keys, place)?, nullable: keys.flag(notes, "nullable") })
}

fn string(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>, multiline: bool) -> StringType {
    let (min_length, max_length) = (count(notes, keys, "min_length"), count(notes, keys, "max_length"));
    check_bounds(notes, keys, ("min_length", min_length), ("max_length", max_length));
    let pattern = keys.get("pattern").and_then(|node| pattern(notes, names, node));
    let trimmed = keys.flag(notes, "trimmed");
    if let (true, Some(node)) = (trimmed, keys.get("pattern")) {
        let message =
            "`trimmed` and `pattern` do not go together: JSON Schema would judge the text before it is trimmed";
        notes.error(Code::BadConstraint, &node.span, message);
    }
    if let (true, Some(node)) = (trimmed && max_length.is_some_and(|max| max > LONGEST_TRIMMED), keys.get("max_length"))
    {
        let message =
            format!("`max_length` of a trimmed text is {LONGEST_TRIMMED} at most: JSON Schema counts it by a pattern");
        notes.error(Code::BadConstraint, &node.span, message);
    }
    StringType { multiline, trimmed, min_length, max_length, pattern }
}

/// Longer repetitions are refused by implementations of regular expressions.
const LONGEST_TRIMMED: u64 = 9_000;

fn pattern(notes: &mut Notes<'_>, names: &Names, node: &Node) -> Option<String> {
    let text = notes.text(node, "`pattern`")?;
    if let Err(refusal) = names.patterns.get(text).as_ref() {
        let span = notes.part(node, &refusal.part);
        let error = notes.error(Code::BadPattern, &span, format!("the pattern {}", refusal.why));
        if let Some(help) = refusal.help {
            error.help(help);
        }
        return None;
    }
    Some(text.to_owned())
}

fn integers(notes: &mut Notes<'_>, keys: &Keys<'_>) -> (i64, i64) {
    let mut bound = |name: &str| {
        let node = keys.get(name)?;
        let number = notes.integer(node, &format!("`{name}`"))?;
        if !(-EXACT..=EXACT).contains(&number) {
            let message = format!("`{name}` is beyond ±{EXACT}, and JSON carries no larger numbers exactly");
            notes.error(Code::BadConstraint, &node.span, message);
            return None;
        }
        Some(number)
    };
    let (min, max) = (bound("min"), bound("max"));
    check_bounds(notes, keys, ("min", min), ("max", max));
    (min.unwrap_or(-EXACT), max.unwrap_or(EXACT))
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
    let node = keys.get(name)?;
    let number = notes.integer(node, &format!("`{name}`"))?;
    let count = u64::try_from(number).ok();
    if count.is_none() {
        notes.error(Code::BadConstraint, &node.span, format!("`{name}` must not be negative"));
    }
    count
}

fn check_bounds<T: PartialOrd>(
    notes: &mut Notes<'_>,
    keys: &Keys<'_>,
    least: (&str, Option<T>),
    most: (&str, Option<T>),
) {
    let (Some(min), Some(max)) = (least.1, most.1) else { return };
    if min > max
        && let (Some(min), Some(max)) = (keys.get(least.0), keys.get(most.0))
    {
        let message = format!("`{}` is less than `{}`, so no value fits", most.0, least.0);
        notes.error(Code::BadConstraint, &max.span, message).also(&min.span, format!("`{}`", least.0));
    }
}

/// The values of an enum.
pub fn enum_values(notes: &mut Notes<'_>, node: &Node) -> Option<Vec<String>> {
    let texts = notes.texts(node, "`values`")?;
    if matches!(&node.kind, Kind::List(items) if items.is_empty()) {
        notes.error(Code::BadConstraint, &node.span, "an enum needs at least one value");
        return None;
    }
    let mut seen: HashMap<String, (&str, &Span)> = HashMap::new();
    for (text, item) in &texts {
        if !is_enum_value(text) {
            let error = notes.error(Code::BadName, &item.span, format!("`{text}` cannot be a value of an enum"));
            error.help("a value begins with a letter, and goes on with letters, digits, underscores and hyphens");
        } else if let Some((other, first)) = seen.insert(identity(text), (text, &item.span)) {
            let message = format!("`{other}` and `{text}` would be one name in Rust");
            notes.error(Code::Duplicate, &item.span, message).also(first, "the other one");
        }
    }
    Some(texts.into_iter().map(|(text, _)| text.to_owned()).collect())
}

/// Whether a text can be turned into the name of a variant.
pub fn is_enum_value(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && !is_impossible(text)
}
