//! Brings an input into one form, so that equal inputs are equal as JSON.

use chrono::SecondsFormat;
use serde_json::{Map, Value};

use super::format;
use super::reader::default;
use super::scalars::whole;
use crate::spec::{Field, Item, Presence, Type};

/// The input as its body sees it: declared fields only, defaults filled in, trimmed text trimmed, UUIDs in lower case,
/// date-times in UTC to the millisecond, or to the microsecond where there are any, and whole numbers without fraction.
///
/// The input should be valid; values that do not fit their type stay as they are.
pub fn normalize(fields: &[Field], input: &Value) -> Value {
    let Value::Object(given) = input else { return input.clone() };
    let mut normal = Map::new();
    for field in fields {
        let value = match (given.get(field.name), field.presence) {
            (Some(given), _) => value(&field.ty, given),
            (None, Presence::Default(json)) => value(&field.ty, &default(json)),
            (None, _) => continue,
        };
        normal.insert(field.name.to_owned(), value);
    }
    Value::Object(normal)
}

/// An element of a list or a value of a map in its one form.
pub(super) fn item(item: &Item, given: &Value) -> Value {
    value(item.ty, given)
}

fn value(ty: &Type, given: &Value) -> Value {
    let normal = match (ty, given) {
        (Type::Uuid, Value::String(text)) => format::uuid(text).map(|id| id.to_string().into()),
        (Type::String(constraints), Value::String(text)) if constraints.trimmed => Some(text.trim().into()),
        (Type::DateTime, Value::String(text)) => date_time(text),
        (Type::Integer(..), Value::Number(number)) => {
            whole(number).and_then(|number| i64::try_from(number).ok()).map(Value::from)
        }
        (Type::List(list), Value::Array(values)) => Some(values.iter().map(|value| item(&list.items, value)).collect()),
        (Type::Map(values), Value::Object(object)) => {
            Some(object.iter().map(|(key, value)| (key.clone(), item(values, value))).collect())
        }
        (Type::Object(fields), Value::Object(_)) => Some(normalize(fields(), given)),
        _ => None,
    };
    normal.unwrap_or_else(|| given.clone())
}

fn date_time(text: &str) -> Option<Value> {
    let at = format::date_time(text)?;
    let finest = if at.micros() % 1000 == 0 { SecondsFormat::Millis } else { SecondsFormat::Micros };
    Some(at.utc().to_rfc3339_opts(finest, true).into())
}
