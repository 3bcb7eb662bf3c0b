//! Values of an input by dotted paths.

use std::borrow::Cow;

use serde_json::Value;

use super::canonical;
use super::reader::default;
use crate::spec::{Field, Presence, Type};

/// What is at a path, whether null or not; defaults are not.
pub(super) fn given<'v>(input: &'v Value, path: &str) -> Option<&'v Value> {
    steps(path).try_fold(input, |value, step| value.get(step))
}

/// The declared type and the value of a field; a default is the value of a field that was left out. Not null.
pub(super) fn effective<'v>(fields: &[Field], input: &'v Value, path: &str) -> Option<(Type, Cow<'v, Value>)> {
    let mut steps = steps(path);
    let mut found = own(fields, Cow::Borrowed(input), steps.next()?)?;
    for step in steps {
        let (Type::Object(fields), value) = found else { return None };
        found = own(fields(), value, step)?;
    }
    (!found.1.is_null()).then_some(found)
}

/// The field that a path names.
fn own<'v>(fields: &[Field], record: Cow<'v, Value>, name: &str) -> Option<(Type, Cow<'v, Value>)> {
    let field = fields.iter().find(|field| field.name == name)?;
    let value = match record {
        Cow::Borrowed(record) => record.get(name).map(Cow::Borrowed),
        Cow::Owned(mut record) => record.get_mut(name).map(Value::take).map(Cow::Owned),
    };
    let value = match (value, field.presence) {
        (Some(value), _) => value,
        (None, Presence::Default(json)) => Cow::Owned(default(json)),
        (None, _) => return None,
    };
    Some((field.ty, value))
}

/// Whether a value is the one that a spec gives as JSON text.
pub(super) fn is(value: &Value, json: &'static str) -> bool {
    match value {
        // Nearly all are names of enums, which need no unescaping.
        Value::String(text) if !json.contains('\\') => {
            json.strip_prefix('"').and_then(|json| json.strip_suffix('"')) == Some(text.as_str())
        }
        _ => canonical(value) == canonical(&default(json)),
    }
}

/// The fields of the object at a path.
pub(super) fn fields_at<'f>(fields: &'f [Field], path: &str) -> Option<&'f [Field]> {
    steps(path).try_fold(fields, |fields, step| match fields.iter().find(|field| field.name == step)?.ty {
        Type::Object(inner) => Some(inner()),
        _ => None,
    })
}

/// JSON Pointer (RFC 6901) of a dotted path.
pub(super) fn pointer(path: &str) -> String {
    steps(path).map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect()
}

/// The empty path has none.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').filter(|step| !step.is_empty())
}
