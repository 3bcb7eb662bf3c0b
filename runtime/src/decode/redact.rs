//! Takes out of an input what must not be stored or logged. The input may have any shape.

use serde_json::{Map, Value};

use super::node::kind;
use crate::spec::{Field, Item, Type};

/// The whole, as JSON text, in bytes.
const LARGEST: usize = 64 * 1024;
/// One text, in bytes.
const LONGEST_TEXT: usize = 4 * 1024;
/// Containers around a value.
const DEEPEST: usize = 32;
/// Room for any scalar but a long text, and for any note, in bytes of JSON.
const ROOM: usize = 64;

/// A copy of an input for the audit row and the log: secrets replaced, fields that are not declared dropped and counted
/// (a misspelt secret is one of these), values whose shape is not the declared one replaced, long texts cut, the whole at
/// most 64 KiB of JSON.
pub fn redact(fields: &[Field], input: &Value) -> Value {
    let mut copy = Redaction { left: LARGEST - ROOM }.record(fields, input, 0);
    replace_nul(&mut copy);
    copy
}

/// PostgreSQL stores no U+0000, and a refused call must be audited all the same.
fn replace_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{fffd}"),
        Value::Array(values) => values.iter_mut().for_each(replace_nul),
        Value::Object(object) => {
            if object.keys().any(|key| key.contains('\0')) {
                *object =
                    std::mem::take(object).into_iter().map(|(key, v)| (key.replace('\0', "\u{fffd}"), v)).collect();
            }
            object.values_mut().for_each(replace_nul);
        }
        _ => {}
    }
}

struct Redaction {
    /// What may still be written, in bytes of JSON. Whoever writes a value has taken [`ROOM`] for it.
    left: usize,
}

impl Redaction {
    fn value(&mut self, ty: &Type, value: &Value, depth: usize) -> Value {
        match (ty, value) {
            (_, Value::Null) => Value::Null,
            (Type::Object(fields), _) => self.record(fields(), value, depth),
            (Type::List(list), Value::Array(values)) => {
                self.list(values, depth, |redaction, value| redaction.item(&list.items, value, depth))
            }
            (Type::Map(item), Value::Object(object)) => {
                self.map(object, depth, |redaction, value| redaction.item(item, value, depth))
            }
            (Type::Json, _) => self.json(value, depth),
            (Type::List(_) | Type::Map(_), _) | (_, Value::Array(_) | Value::Object(_)) => not_recorded(kind(value)),
            _ => self.scalar(value),
        }
    }

    fn item(&mut self, item: &Item, value: &Value, depth: usize) -> Value {
        self.value(item.ty, value, depth + 1)
    }

    fn json(&mut self, value: &Value, depth: usize) -> Value {
        match value {
            Value::Array(values) => self.list(values, depth, |redaction, value| redaction.json(value, depth + 1)),
            Value::Object(object) => self.map(object, depth, |redaction, value| redaction.json(value, depth + 1)),
            _ => self.scalar(value),
        }
    }

    fn record(&mut self, fields: &[Field], value: &Value, depth: usize) -> Value {
        let Value::Object(object) = value else { return not_recorded(kind(value)) };
        if !self.enter(depth) {
            return not_recorded("too deep or too large");
        }
        let known: Vec<_> = fields.iter().filter_map(|field| Some((field, object.get(field.name)?))).collect();
        let mut copy = Map::new();
        for (field, value) in &known {
            if !self.take(quoted(field.name) + ROOM) {
                break;
            }
            let value = if field.secret { "[redacted]".into() } else { self.value(&field.ty, value, depth + 1) };
            copy.insert(field.name.to_owned(), value);
        }
        note(&mut copy, "[too large, not recorded]", known.len());
        let unknown = object.len() - known.len();
        if unknown > 0 {
            copy.insert("[unknown, not recorded]".to_owned(), unknown.into());
        }
        Value::Object(copy)
    }

    fn list(&mut self, values: &[Value], depth: usize, mut each: impl FnMut(&mut Self, &Value) -> Value) -> Value {
        if !self.enter(depth) {
            return not_recorded("too deep or too large");
        }
        let mut copy = Vec::new();
        for value in values {
            if !self.take(1 + ROOM) {
                copy.push(not_recorded(&format!("{} more", values.len() - copy.len())));
                break;
            }
            copy.push(each(self, value));
        }
        Value::Array(copy)
    }

    fn map(
        &mut self,
        object: &Map<String, Value>,
        depth: usize,
        mut each: impl FnMut(&mut Self, &Value) -> Value,
    ) -> Value {
        if !self.enter(depth) {
            return not_recorded("too deep or too large");
        }
        let mut copy = Map::new();
        for (key, value) in object {
            if !self.take(quoted(key) + ROOM) {
                break;
            }
            copy.insert(key.clone(), each(self, value));
        }
        note(&mut copy, "[too large, not recorded]", object.len());
        Value::Object(copy)
    }

    fn scalar(&mut self, value: &Value) -> Value {
        let Value::String(text) = value else { return value.clone() };
        let (start, cut) = match text.floor_char_boundary(LONGEST_TEXT) {
            end if end < text.len() => (&text[..end], true),
            _ => (text.as_str(), false),
        };
        let size = quoted(start);
        if !cut && size <= ROOM {
            return value.clone();
        }
        if !self.take(size) {
            return not_recorded("too large");
        }
        if cut { format!("{start}… [cut, {} bytes in all]", text.len()).into() } else { value.clone() }
    }

    /// Takes the room for a container's brackets and notes.
    fn enter(&mut self, depth: usize) -> bool {
        depth < DEEPEST && self.take(2 * ROOM)
    }

    fn take(&mut self, size: usize) -> bool {
        let fits = size <= self.left;
        if fits {
            self.left -= size;
        }
        fits
    }
}

/// Bytes of a text as JSON, with quotes and what separates it from others.
fn quoted(text: &str) -> usize {
    let escaped = text.bytes().map(|byte| match byte {
        b'"' | b'\\' => 2,
        0x00..0x20 => 6,
        _ => 1,
    });
    escaped.sum::<usize>() + 4
}

fn not_recorded(why: &str) -> Value {
    format!("[not recorded: {why}]").into()
}

/// Says how many of these fields are not in the copy.
fn note(copy: &mut Map<String, Value>, name: &str, all: usize) {
    let missing = all - copy.len();
    if missing > 0 {
        copy.insert(name.to_owned(), missing.into());
    }
}
