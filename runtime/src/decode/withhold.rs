//! Takes secrets out of what is hashed or stored. Unlike a copy for the audit row, the rest stays as it is, and valid.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::spec::{Field, Type};
use crate::value::Timestamp;

/// What marks a secret in a schema, as the generator writes it.
const MARK: &str = "x-actwright-secret";

/// What stands in place of a secret.
const REDACTED: &str = "[redacted]";

/// A copy of an input in which each secret that has a value is the same text.
pub(crate) fn without_secrets(fields: &[Field], input: &Value) -> Value {
    let Value::Object(object) = input else { return input.clone() };
    let copied = object.iter().map(|(name, value)| {
        let copy = match fields.iter().find(|field| field.name == name) {
            Some(field) if field.secret && !value.is_null() => json!("[secret]"),
            Some(field) => below(&field.ty, value),
            None => value.clone(),
        };
        (name.clone(), copy)
    });
    Value::Object(copied.collect())
}

fn below(ty: &Type, value: &Value) -> Value {
    match (ty, value) {
        (Type::Object(fields), _) => without_secrets(fields(), value),
        (Type::List(list), Value::Array(values)) => values.iter().map(|value| below(list.items.ty, value)).collect(),
        (Type::Map(item), Value::Object(object)) => {
            object.iter().map(|(key, value)| (key.clone(), below(item.ty, value))).collect::<Map<_, _>>().into()
        }
        _ => value.clone(),
    }
}

/// Values of secret fields of an input, whatever its shape, as people would read them.
pub(crate) fn secret_texts(fields: &[Field], input: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(fields, input, &mut found);
    found.sort_unstable_by_key(|text: &String| std::cmp::Reverse(text.len()));
    found.dedup();
    found
}

fn collect(fields: &[Field], value: &Value, found: &mut Vec<String>) {
    let Value::Object(object) = value else { return };
    for field in fields {
        match object.get(field.name) {
            Some(value) if field.secret => texts(value, found),
            Some(value) => collect_below(&field.ty, value, found),
            None => {}
        }
    }
}

fn collect_below(ty: &Type, value: &Value, found: &mut Vec<String>) {
    match (ty, value) {
        (Type::Object(fields), _) => collect(fields(), value, found),
        (Type::List(list), Value::Array(values)) => {
            values.iter().for_each(|value| collect_below(list.items.ty, value, found));
        }
        (Type::Map(item), Value::Object(object)) => {
            object.values().for_each(|value| collect_below(item.ty, value, found));
        }
        _ => {}
    }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            found.push(text.clone());
            // A body has ids and times as values, and writes them in their own form.
            found.extend(Uuid::parse_str(text).map(|id| id.to_string()));
            found.extend(Timestamp::parse(text).map(|time| time.to_string()));
        }
        Value::Number(number) => {
            // 5000 as a whole number and as one with a fraction, in a message and in JSON.
            let float = number.as_f64().into_iter().flat_map(|number| [format!("{number}"), format!("{number:?}")]);
            found.extend(std::iter::once(number.to_string()).chain(float).filter(|text| text.len() >= WORD));
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(object) => {
            found.extend(object.keys().cloned());
            object.values().for_each(|value| texts(value, found));
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Codes of this length and longer are replaced where they are a word. Shorter numbers are those of many things.
const WORD: usize = 3;
/// Secrets of this length and longer are replaced wherever they are. Shorter ones are found in many texts that have nothing to
/// do with them.
const LONG: usize = 6;

/// Replaces secrets in what people read: whole texts and numbers, and those of some length also inside of others.
pub(crate) fn mask(value: &mut Value, secrets: &[String]) {
    match value {
        Value::String(text) => {
            if let Some(masked) = mask_text(text, secrets) {
                *text = masked;
            }
        }
        Value::Number(number) => {
            let written = number.to_string();
            if written.len() >= WORD && secrets.contains(&written) {
                *value = REDACTED.into();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| mask(value, secrets)),
        Value::Object(object) => object.values_mut().for_each(|value| mask(value, secrets)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// As [`mask`], of one text. None where there is nothing to replace.
pub(crate) fn mask_text(text: &str, secrets: &[String]) -> Option<String> {
    let trimmed = |secret: &str| secret.trim() == text.trim() && !text.trim().is_empty();
    if secrets.iter().any(|secret| trimmed(secret)) {
        return Some(REDACTED.to_owned());
    }
    let mut masked = Cow::Borrowed(text);
    for secret in secrets.iter().map(|secret| secret.trim()) {
        if secret.len() >= LONG && masked.contains(secret) {
            masked = masked.replace(secret, REDACTED).into();
        } else if secret.len() >= WORD && secret.contains(|c: char| c.is_ascii_digit()) && masked.contains(secret) {
            masked = without_word(&masked, secret).into();
        }
    }
    (masked != text).then(|| masked.into_owned())
}

/// A text in which a code is replaced that stands by itself: `1234` in `PIN 1234.`, not in `12345`.
fn without_word(text: &str, word: &str) -> String {
    let (mut kept, mut end) = (String::new(), 0);
    for (start, _) in text.match_indices(word) {
        let (before, after) = (&text[..start], &text[start + word.len()..]);
        if !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric) {
            kept.push_str(&text[end..start]);
            kept.push_str(REDACTED);
            end = start + word.len();
        }
    }
    kept + &text[end..]
}

/// Replaces the secrets of an output by null. Gives the places (JSON Pointers) where its schema has some, in
/// their order.
pub(crate) fn withhold(schema: &str, output: &mut Value) -> Vec<String> {
    let mut found = Vec::new();
    // Nearly no output has secrets, and looking for the mark takes a microsecond.
    if schema.contains(MARK)
        && let Ok(document) = serde_json::from_str::<Value>(schema)
    {
        Walk { document: &document, found: &mut found }.value(&document, output, "");
    }
    // PostgreSQL gives the fields of a stored output in an order of its own.
    found.sort_unstable();
    found
}

/// An output without its secrets.
pub(crate) fn storable<'v>(schema: &str, output: &'v Value) -> Cow<'v, Value> {
    if !schema.contains(MARK) {
        return Cow::Borrowed(output);
    }
    let mut output = output.clone();
    withhold(schema, &mut output);
    Cow::Owned(output)
}

struct Walk<'w> {
    document: &'w Value,
    found: &'w mut Vec<String>,
}

impl Walk<'_> {
    fn value(&mut self, schema: &Value, value: &mut Value, pointer: &str) {
        if schema[MARK] == json!(true) {
            self.found.push(pointer.to_owned());
            *value = Value::Null;
            return;
        }
        if let Some(reference) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            let document = self.document;
            if let Some(target) = document.pointer(reference) {
                self.value(target, value, pointer);
            }
        }
        for either in ["anyOf", "allOf", "oneOf"] {
            for schema in schema[either].as_array().into_iter().flatten() {
                self.value(schema, value, pointer);
            }
        }
        match value {
            Value::Array(values) => {
                for (index, value) in values.iter_mut().enumerate() {
                    self.value(&schema["items"], value, &format!("{pointer}/{index}"));
                }
            }
            Value::Object(object) => {
                for (name, value) in object {
                    let below = match &schema["properties"][name.as_str()] {
                        Value::Null => &schema["additionalProperties"],
                        property => property,
                    };
                    let step = name.replace('~', "~0").replace('/', "~1");
                    self.value(below, value, &format!("{pointer}/{step}"));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_an_output_are_withheld_wherever_they_are() {
        let schema = json!({
            "properties": {
                "token": { "type": "string", MARK: true },
                "keys": { "type": "array", "items": { "$ref": "#/$defs/Key" } },
                "by_name": { "additionalProperties": { "anyOf": [{ "$ref": "#/$defs/Key" }, { "type": "null" }] } },
                "name": { "type": "string" },
            },
            "$defs": { "Key": { "properties": {
                "secret": { MARK: true }, "id": {}, "next": { "$ref": "#/$defs/Key" },
            } } },
        });
        let mut output = json!({
            "token": "t", "name": "n",
            "keys": [{ "secret": "a", "id": 1, "next": { "secret": "b", "id": 2 } }],
            "by_name": { "x/y": { "secret": ["c"], "id": 3 }, "z": null },
        });
        let found = withhold(&schema.to_string(), &mut output);
        assert_eq!(found, ["/by_name/x~1y/secret", "/keys/0/next/secret", "/keys/0/secret", "/token"]);
        assert_eq!(
            output,
            json!({
                "token": null, "name": "n",
                "keys": [{ "secret": null, "id": 1, "next": { "secret": null, "id": 2 } }],
                "by_name": { "x/y": { "secret": null, "id": 3 }, "z": null },
            })
        );
    }

    #[test]
    fn texts_are_masked_whole_and_inside() {
        let secrets = ["hunter2-and-more".to_owned(), "1234".to_owned(), "open".to_owned()];
        let mut value = json!({
            "a": "1234", "b": "is hunter2-and-more", "c": ["12345"], "d": 1234, "e": " open ",
            "f": "PIN 1234, a1234, 1234", "g": "It is open.",
        });
        mask(&mut value, &secrets);
        assert_eq!(
            value,
            json!({
                "a": "[redacted]", "b": "is [redacted]", "c": ["12345"], "d": "[redacted]", "e": "[redacted]",
                "f": "PIN [redacted], a1234, [redacted]", "g": "It is open.",
            })
        );
    }

    /// As JSON and as texts have them. Small numbers and flags stay: they are the values of many other things.
    #[test]
    fn numbers_ids_and_times_are_masked_as_they_are_written() {
        const FIELDS: &[Field] = &[Field::optional("any", Type::Json).secret()];
        let input = json!({ "any": [
            4_242_777_001_i64, 5_000.0, -12.5, 7, 42, true, 123, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "2031-05-06T09:08:07+02:00",
        ] });
        let secrets = secret_texts(FIELDS, &input);
        let all = "4242777001;5000;5000.0;-12.5;7;42;true;a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11;2031-05-06T07:08:07.000Z;123.0";
        let left = "[redacted];[redacted];[redacted];[redacted];7;42;true;[redacted];[redacted];[redacted]";
        assert_eq!(mask_text(all, &secrets).as_deref(), Some(left));
        let mut value = json!([4_242_777_001_i64, 5_000, 5_000.0, -12.5, 7, 42, true, 42_427_770_011_i64]);
        mask(&mut value, &secrets);
        let hidden = "[redacted]";
        assert_eq!(value, json!([hidden, hidden, hidden, hidden, 7, 42, true, 42_427_770_011_i64]));
    }
}
