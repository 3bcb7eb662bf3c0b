//! Judges JSON values by their types: defaults, examples, and values in rules.

use regex::Regex;
use serde_json::Value;

use super::names::Names;
use crate::model::{Field, Item, Presence, StringType, Type};

/// Says what is wrong with a value, as the end of a sentence: `must be a UUID`.
pub fn check(names: &Names, ty: &Type, value: &Value) -> Result<(), String> {
    let ok =
        |fits: bool, wanted: &str| if fits { Ok(()) } else { Err(format!("must be {wanted}, not {}", short(value))) };
    match ty {
        Type::Json => Ok(()),
        Type::Uuid => ok(value.as_str().is_some_and(is_uuid), "a UUID"),
        Type::Boolean => ok(value.is_boolean(), "true or false"),
        Type::DateTime => ok(value.as_str().is_some_and(is_date_time), "an RFC 3339 date and time with an offset"),
        Type::Date => ok(value.as_str().is_some_and(is_date), "a date such as 2026-01-31"),
        Type::Email => ok(value.as_str().is_some_and(is_email), "an e-mail address"),
        Type::Integer { min, max } | Type::Money { min, max } => {
            let fits = value.as_i64().is_some_and(|number| (*min..=*max).contains(&number));
            ok(fits, &format!("a whole number from {min} to {max}"))
        }
        Type::Number { min, max } => {
            let fits = |number: f64| min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
            ok(value.as_f64().is_some_and(fits), "a number within its bounds")
        }
        Type::String(constraints) => text(constraints, value),
        Type::Enum(values) => among(values, value),
        Type::List { items, min_items, max_items, unique } => {
            let list = value.as_array().ok_or_else(|| format!("must be a list, not {}", short(value)))?;
            let count = list.len() as u64;
            if min_items.is_some_and(|min| count < min) || max_items.is_some_and(|max| count > max) {
                return Err(format!("has {count} items, which its bounds do not allow"));
            }
            if *unique && list.iter().enumerate().any(|(index, one)| list[..index].contains(one)) {
                return Err("has the same item twice".to_owned());
            }
            list.iter().enumerate().try_for_each(|(index, one)| {
                item(names, items, one).map_err(|problem| format!("is wrong at item {}: it {problem}", index + 1))
            })
        }
        Type::Map(values) => {
            let map = value.as_object().ok_or_else(|| format!("must be a mapping, not {}", short(value)))?;
            map.iter().try_for_each(|(key, one)| {
                item(names, values, one).map_err(|problem| format!("is wrong at `{key}`: it {problem}"))
            })
        }
        Type::Object(fields) => record(names, fields, value),
        Type::Ref(_) => match (names.values(ty), names.fields(ty)) {
            (Some(values), _) => among(values, value),
            (None, Some(fields)) => record(names, fields, value),
            // A type whose own file is wrong.
            (None, None) => Ok(()),
        },
    }
}

/// As [`check`], for a whole record.
pub fn record(names: &Names, fields: &[Field], value: &Value) -> Result<(), String> {
    let object = value.as_object().ok_or_else(|| format!("must be a mapping, not {}", short(value)))?;
    if let Some(unknown) = object.keys().find(|key| !fields.iter().any(|field| field.name == **key)) {
        return Err(format!("has the unknown field `{unknown}`"));
    }
    for field in fields {
        match object.get(&field.name) {
            None if field.presence == Presence::Required => return Err(format!("lacks the field `{}`", field.name)),
            None => {}
            Some(Value::Null) if field.nullable => {}
            Some(value) => {
                check(names, &field.ty, value).map_err(|problem| format!("is wrong: `{}` {problem}", field.name))?;
            }
        }
    }
    Ok(())
}

fn item(names: &Names, item: &Item, value: &Value) -> Result<(), String> {
    if item.nullable && value.is_null() { Ok(()) } else { check(names, &item.ty, value) }
}

fn among(values: &[String], value: &Value) -> Result<(), String> {
    if value.as_str().is_some_and(|text| values.iter().any(|one| one == text)) {
        return Ok(());
    }
    Err(format!("must be one of {}, not {}", values.join(", "), short(value)))
}

fn text(constraints: &StringType, value: &Value) -> Result<(), String> {
    let text = value.as_str().ok_or_else(|| format!("must be a text, not {}", short(value)))?;
    let text = if constraints.trimmed { text.trim() } else { text };
    let length = text.chars().count() as u64;
    if constraints.min_length.is_some_and(|min| length < min) || constraints.max_length.is_some_and(|max| length > max)
    {
        return Err(format!("has {length} characters, which its bounds do not allow"));
    }
    if text.contains('\0') {
        return Err("must not hold U+0000".to_owned());
    }
    match constraints.pattern.as_deref().map(Regex::new) {
        Some(Ok(pattern)) if !pattern.is_match(text) => Err("does not match its pattern".to_owned()),
        _ => Ok(()),
    }
}

/// Says what is wrong with a pattern, as the end of a sentence.
pub fn pattern(text: &str) -> Result<(), String> {
    Regex::new(text).map_err(|error| {
        let message = error.to_string();
        format!(
            "is not a regular expression: {}",
            message.lines().last().unwrap_or_default().trim_start_matches("error: ")
        )
    })?;
    // These mean other things in ECMA-262, or nothing.
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let escape: String = rest[at..].chars().take(2).collect();
        if matches!(escape.as_str(), "\\d" | "\\D" | "\\w" | "\\W" | "\\s" | "\\S" | "\\b" | "\\B") {
            return Err(format!(
                "uses `{escape}`, which is ASCII in JSON Schema and Unicode here; write a class such as [0-9]"
            ));
        }
        if matches!(escape.as_str(), "\\A" | "\\z" | "\\p" | "\\P" | "\\x" | "\\u" | "\\U" | "\\a") {
            return Err(format!("uses `{escape}`, which JSON Schema does not share"));
        }
        rest = &rest[at + escape.len()..];
    }
    match ["(?", "[[:", "&&", "--", "~~"].into_iter().find(|token| text.contains(token) && !text.contains("(?:")) {
        Some(token) => Err(format!("uses `{token}`, which JSON Schema does not share")),
        None => Ok(()),
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The shape of an RFC 3339 date and time; the runtime judges the calendar, too.
fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(clock) = time.get(..8) else { return false };
    let clock_fits = clock.split(':').count() == 3 && clock.split(':').all(|part| part.len() == 2 && digits(part));
    let offset = time[8..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset_fits = matches!(offset, "Z" | "z")
        || (offset.len() == 6 && offset.starts_with(['+', '-']) && offset.as_bytes()[3] == b':');
    is_date(date) && clock_fits && offset_fits
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2 => {
            number(year).is_some_and(|year| (1000..3000).contains(&year))
                && number(month).is_some_and(|month| (1..=12).contains(&month))
                && number(day).is_some_and(|day| (1..=31).contains(&day))
        }
        _ => false,
    }
}

fn is_email(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
        && !text.contains(char::is_whitespace)
}

/// A value, cut for a message.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
