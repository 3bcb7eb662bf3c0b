//! Rules that span fields of an input.

use super::fields::EXACT;
use super::keys::{Keys, Notes};
use super::names::{Found, Names};
use super::{shared, values};
use crate::diagnostic::Code;
use crate::model::{Check, Field, Presence, Rule, Type};
use crate::yaml::{Node, Span};

const KEYS: &[&str] = &["any_of", "one_of", "ordered", "requires", "non_empty", "forbid", "message"];

pub fn rules(notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>, input: &[Field]) -> Vec<Rule> {
    let items = keys.get("rules").and_then(|node| notes.items(node, "`rules`")).unwrap_or_default();
    items.iter().filter_map(|node| rule(notes, names, node, input)).collect()
}

fn rule(notes: &mut Notes<'_>, names: &Names, node: &Node, input: &[Field]) -> Option<Rule> {
    let keys = Keys::of(notes, node, "a rule", KEYS)?;
    let kinds: Vec<_> = KEYS[..6].iter().filter_map(|key| keys.entry(key)).collect();
    let [(kind, value)] = kinds.as_slice() else {
        let found = notes.at(Code::WrongShape, &node.span, "a rule says exactly one thing");
        notes.push(found.help(format!("one of {}", KEYS[..6].join(", "))));
        return None;
    };
    let message = keys.prose(notes, "message");
    let check = match kind.text.as_str() {
        "any_of" => Check::AnyOf(choices(notes, names, value, input)?),
        "one_of" => Check::OneOf(choices(notes, names, value, input)?),
        "ordered" => ordered(notes, names, value, input)?,
        "requires" => requires(notes, names, value, input)?,
        "non_empty" => non_empty(notes, names, value, input)?,
        _ => forbid(notes, names, value, input)?,
    };
    let message = message.unwrap_or_else(|| default_message(&check));
    Some(Rule { check, message })
}

/// Top-level fields that may be left out.
fn choices(notes: &mut Notes<'_>, names: &Names, node: &Node, input: &[Field]) -> Option<Vec<String>> {
    let texts = notes.texts(node, "the fields of a rule")?;
    if texts.len() < 2 {
        notes.error(Code::BadRule, &node.span, "a choice needs at least two fields");
    }
    for (path, span) in &texts {
        match field(notes, names, input, path, span) {
            Some(field) if field.presence == Presence::Required => {
                let found =
                    notes.at(Code::BadRule, span, format!("`{path}` must always be given, so there is no choice"));
                notes.push(found.help("make it `optional: true`, or leave it out of the rule"));
            }
            Some(field) if matches!(field.presence, Presence::Default(_)) => {
                notes.error(Code::BadRule, span, format!("`{path}` has a default, so it counts as given to people"));
            }
            _ => {}
        }
    }
    Some(texts.into_iter().map(|(path, _)| path.to_owned()).collect())
}

fn ordered(notes: &mut Notes<'_>, names: &Names, node: &Node, input: &[Field]) -> Option<Check> {
    let texts = notes.texts(node, "`ordered`")?;
    let [(first, first_span), (second, second_span)] = texts.as_slice() else {
        notes.error(Code::WrongShape, &node.span, "`ordered` takes two fields");
        return None;
    };
    let a = field(notes, names, input, first, first_span);
    let b = field(notes, names, input, second, second_span);
    if let (Some(a), Some(b)) = (a, b)
        && (order(&a.ty).is_none() || order(&a.ty) != order(&b.ty))
    {
        let found = notes.at(Code::BadRule, &node.span, format!("`{first}` and `{second}` cannot be compared"));
        notes.push(found.help("both must be date-times, both dates, or both numbers"));
    }
    Some(Check::Ordered((*first).to_owned(), (*second).to_owned()))
}

/// What a type is compared as.
fn order(ty: &Type) -> Option<u8> {
    match ty {
        Type::DateTime => Some(0),
        Type::Date => Some(1),
        Type::Integer { .. } | Type::Number { .. } | Type::Money { .. } => Some(2),
        _ => None,
    }
}

fn requires(notes: &mut Notes<'_>, names: &Names, node: &Node, input: &[Field]) -> Option<Check> {
    let keys = Keys::of(notes, node, "`requires`", &["field", "with"])?;
    let first_node = keys.require(notes, "field")?;
    let first = notes.text(first_node, "`field`")?;
    field(notes, names, input, first, &first_node.span);
    let with = keys.require(notes, "with")?;
    let others = notes.texts(with, "`with`")?;
    for (path, span) in &others {
        field(notes, names, input, path, span);
    }
    Some(Check::Requires(first.to_owned(), others.into_iter().map(|(path, _)| path.to_owned()).collect()))
}

fn non_empty(notes: &mut Notes<'_>, names: &Names, node: &Node, input: &[Field]) -> Option<Check> {
    let path = notes.text(node, "`non_empty`")?;
    let fields = if path.is_empty() {
        Some(input)
    } else {
        let found = field(notes, names, input, path, &node.span)?;
        let fields = names.fields(&found.ty);
        if fields.is_none() {
            notes.error(Code::BadRule, &node.span, format!("`{path}` is no object"));
        }
        fields
    };
    if let Some(required) = fields?.iter().find(|field| field.presence == Presence::Required) {
        let message = format!("is never empty, because `{}` must always be given", required.name);
        notes.error(Code::BadRule, &node.span, message);
    }
    Some(Check::NonEmpty(path.to_owned()))
}

fn forbid(notes: &mut Notes<'_>, names: &Names, node: &Node, input: &[Field]) -> Option<Check> {
    let entries = notes.entries(node, "`forbid`")?;
    if entries.is_empty() {
        notes.error(Code::BadRule, &node.span, "nothing is forbidden");
        return None;
    }
    let mut all = Vec::new();
    for (key, node) in entries {
        let value = node.to_json();
        if let Some(found) = field(notes, names, input, &key.text, &key.span) {
            if matches!(found.ty, Type::Integer { .. } | Type::Money { .. })
                && value.as_i64().is_none_or(|n| n.abs() > EXACT)
            {
                notes.error(Code::BadRule, &node.span, format!("`{}` never has this value", key.text));
            } else if let Err(problem) = values::check(names, &found.ty, &value) {
                notes.error(Code::BadRule, &node.span, format!("never applies: `{}` {problem}", key.text));
            }
        }
        all.push((key.text.clone(), value));
    }
    Some(Check::Forbid(all))
}

fn field<'m>(
    notes: &mut Notes<'_>,
    names: &'m Names,
    input: &'m [Field],
    path: &str,
    span: &Span,
) -> Option<&'m Field> {
    match names.find(input, path) {
        Found::Field(field) => Some(field),
        found => {
            shared::missing(notes, span, path, &found);
            None
        }
    }
}

fn default_message(check: &Check) -> String {
    match check {
        Check::AnyOf(paths) => format!("{} is required", either(paths)),
        Check::OneOf(paths) => format!("exactly one of {} is required", paths.join(", ")),
        Check::Ordered(first, second) => format!("{first} must not be greater than {second}"),
        Check::Requires(first, others) => format!("{first} needs {}", others.join(" and ")),
        Check::NonEmpty(path) if path.is_empty() => "at least one field is required".to_owned(),
        Check::NonEmpty(path) => format!("{path} needs at least one field"),
        Check::Forbid(all) => {
            let all: Vec<String> = all.iter().map(|(path, value)| format!("{path} {value}")).collect();
            format!("{} do not go together", all.join(" and "))
        }
    }
}

fn either(paths: &[String]) -> String {
    match paths {
        [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
        _ => paths.join(""),
    }
}
