//! Decoders of values without parts.

use serde_json::{Number, Value};
use uuid::Uuid;

use super::node::Node;
use super::problem::ProblemCode;
use super::suggest::suggestion;
use super::{Decode, format, pattern};
use crate::spec::{Text, Type};
use crate::value::{Date, Timestamp};

/// An enum of generated code.
pub trait Enumeration: Copy + 'static {
    /// Its values, at least one.
    const VALUES: &'static [Self];
    /// Their names in JSON, in the same order.
    const NAMES: &'static [&'static str];
}

/// Decodes an enum: the body of its [`Decode`] implementation.
pub fn enumeration<E: Enumeration>(node: Node<'_>) -> E {
    E::VALUES[position(node, E::NAMES)]
}

/// The position of a name; that of the first as placeholder.
pub(super) fn position(mut node: Node<'_>, names: &'static [&'static str]) -> usize {
    let position = match node.value() {
        Some(Value::String(text)) => names.iter().position(|name| *name == text),
        _ => None,
    };
    position.unwrap_or_else(|| {
        not_among(&mut node, names);
        0
    })
}

#[cold]
fn not_among(node: &mut Node<'_>, names: &[&str]) {
    /// More names than this are not listed.
    const LISTED: usize = 20;
    let Some(value) = node.value() else { return };
    let wanted = match names {
        [only] => (*only).to_owned(),
        [some @ .., last] if names.len() <= LISTED => format!("{} or {last}", some.join(", ")),
        _ => format!("one of {} values", names.len()),
    };
    match value {
        Value::String(text) => {
            let hint = suggestion(text, names.iter().copied()).map(|name| format!("; did you mean {name}?"));
            node.problem(ProblemCode::Enum, format_args!("must be {wanted}{}", hint.unwrap_or_default()));
        }
        other => node.wrong_type(&wanted, other),
    }
}

impl Decode for Uuid {
    fn decode(mut node: Node<'_>) -> Self {
        const WANTED: &str = "a UUID such as 3f2b6c1e-0d4a-4f57-9a1b-8c2d7e6f5a40";
        if !matches!(node.ty, Type::Uuid) {
            node.mismatch();
        }
        let Some(text) = node.text(WANTED) else { return Self::nil() };
        format::uuid(text).unwrap_or_else(|| {
            node.problem(ProblemCode::Format, format_args!("must be {WANTED}"));
            Self::nil()
        })
    }
}

impl Decode for Timestamp {
    fn decode(mut node: Node<'_>) -> Self {
        const WANTED: &str = "a date and time with offset such as 2026-01-02T09:30:00Z";
        if !matches!(node.ty, Type::DateTime) {
            node.mismatch();
        }
        let Some(text) = node.text(WANTED) else { return Self::EPOCH };
        format::date_time(text).unwrap_or_else(|| {
            node.problem(ProblemCode::Format, format_args!("must be {WANTED}"));
            Self::EPOCH
        })
    }
}

impl Decode for Date {
    fn decode(mut node: Node<'_>) -> Self {
        const WANTED: &str = "a date such as 2026-01-02";
        if !matches!(node.ty, Type::Date) {
            node.mismatch();
        }
        let Some(text) = node.text(WANTED) else { return Self::default() };
        format::date(text).unwrap_or_else(|| {
            node.problem(ProblemCode::Format, format_args!("must be {WANTED}"));
            Self::default()
        })
    }
}

impl Decode for bool {
    fn decode(mut node: Node<'_>) -> Self {
        if !matches!(node.ty, Type::Boolean) {
            node.mismatch();
        }
        match node.value() {
            Some(Value::Bool(value)) => *value,
            Some(other) => {
                node.wrong_type("true or false", other);
                false
            }
            None => false,
        }
    }
}

impl Decode for Value {
    fn decode(mut node: Node<'_>) -> Self {
        if !matches!(node.ty, Type::Json) {
            node.mismatch();
        }
        let Some(value) = node.value() else { return Self::Null };
        if holds_nul(value) {
            node.problem(ProblemCode::Format, format_args!("must not hold the character U+0000"));
        }
        value.clone()
    }
}

/// PostgreSQL stores no U+0000, not in JSON either.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Object(object) => object.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

impl Decode for i64 {
    fn decode(mut node: Node<'_>) -> Self {
        let &Type::Integer(min, max) = node.ty else {
            node.mismatch();
            return 0;
        };
        let Some(value) = node.value() else { return 0 };
        let Value::Number(number) = value else {
            node.wrong_type("a whole number", value);
            return 0;
        };
        match whole(number) {
            Some(value) if value < min.into() => {
                node.problem(ProblemCode::Minimum, format_args!("must be at least {min}"));
                min
            }
            // A value that does not fit in 64 bits is beyond every bound.
            Some(value) => Self::try_from(value).ok().filter(|value| *value <= max).unwrap_or_else(|| {
                node.problem(ProblemCode::Maximum, format_args!("must be at most {max}"));
                max
            }),
            None => {
                node.problem(ProblemCode::Type, format_args!("must be a whole number"));
                0
            }
        }
    }
}

/// The value of `5` and of `5.0`, not of `5.5`. Beyond 64 bits only its side of zero counts.
pub(super) fn whole(number: &Number) -> Option<i128> {
    if let Some(value) = number.as_i64() {
        return Some(value.into());
    }
    if let Some(value) = number.as_u64() {
        return Some(value.into());
    }
    // The cast saturates.
    number.as_f64().filter(|value| value.is_finite() && value.fract() == 0.0).map(|value| value as i128)
}

impl Decode for f64 {
    fn decode(mut node: Node<'_>) -> Self {
        let &Type::Number(min, max) = node.ty else {
            node.mismatch();
            return 0.0;
        };
        let Some(value) = node.value() else { return 0.0 };
        // Not finite: text such as 1e400, where the parser kept it.
        let Some(number) = value.as_f64().filter(|number| number.is_finite()) else {
            node.wrong_type("a number that is not too large", value);
            return 0.0;
        };
        if let Some(min) = min.filter(|min| number < *min) {
            node.problem(ProblemCode::Minimum, format_args!("must be at least {min}"));
        }
        if let Some(max) = max.filter(|max| number > *max) {
            node.problem(ProblemCode::Maximum, format_args!("must be at most {max}"));
        }
        number
    }
}

impl Decode for String {
    fn decode(mut node: Node<'_>) -> Self {
        let text = match node.ty {
            Type::Email => email(&mut node),
            Type::String(constraints) => text(&mut node, constraints),
            _ => {
                node.mismatch();
                None
            }
        };
        text.map(str::to_owned).unwrap_or_default()
    }
}

fn email<'a>(node: &mut Node<'a>) -> Option<&'a str> {
    const WANTED: &str = "an e-mail address such as ann@example.com";
    let text = node.text(WANTED)?;
    if !format::is_email(text) {
        node.problem(ProblemCode::Format, format_args!("must be {WANTED}"));
    }
    Some(text)
}

fn text<'a>(node: &mut Node<'a>, constraints: &Text) -> Option<&'a str> {
    let text = node.text("text")?;
    let text = if constraints.trimmed { text.trim() } else { text };
    if text.as_bytes().contains(&0) {
        node.problem(ProblemCode::Pattern, format_args!("must not contain the character U+0000"));
    }
    // A character has one to four bytes, so most texts need not be counted.
    let bytes = text.len() as u64;
    if bytes < constraints.min.saturating_mul(4) || bytes > constraints.max {
        length(node, text, constraints);
    }
    if let Some(pattern) = constraints.pattern {
        match pattern::matches(pattern, text) {
            Some(true) => {}
            Some(false) => node.problem(ProblemCode::Pattern, format_args!("must match the pattern {pattern}")),
            None => node.mismatch(),
        }
    }
    Some(text)
}

fn length(node: &mut Node<'_>, text: &str, constraints: &Text) {
    let &Text { min, max, .. } = constraints;
    let length = text.chars().count() as u64;
    match min {
        _ if length >= min => {}
        1 => node.problem(ProblemCode::MinLength, format_args!("must not be empty")),
        _ => {
            node.problem(ProblemCode::MinLength, format_args!("must have at least {min} characters, and has {length}"))
        }
    }
    if length > max {
        let characters = if max == 1 { "character" } else { "characters" };
        node.problem(ProblemCode::MaxLength, format_args!("must have at most {max} {characters}, and has {length}"));
    }
}
