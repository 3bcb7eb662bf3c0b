//! Takes secrets out of what is hashed or stored. Unlike a copy for the audit row, the rest stays as it is, and valid.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::spec::{Field, Type};

/// What marks a secret in a schema, as the generator writes it.
const MARK: &str = "x-actwright-secret";

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

/// Texts of secret fields of an input, whatever its shape.
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
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(object) => {
            found.extend(object.keys().cloned());
            object.values().for_each(|value| texts(value, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Replaces secrets in what people read: whole texts, and those of some length also inside of others.
pub(crate) fn mask(value: &mut Value, secrets: &[String]) {
    match value {
        Value::String(text) => {
            if let Some(masked) = mask_text(text, secrets) {
                *text = masked;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| mask(value, secrets)),
        Value::Object(object) => object.values_mut().for_each(|value| mask(value, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// As [`mask`], of one text. None where there is nothing to replace.
pub(crate) fn mask_text(text: &str, secrets: &[String]) -> Option<String> {
    // Shorter ones are found in many texts that have nothing to do with them.
    const LONG: usize = 6;
    let trimmed = |secret: &str| secret.trim() == text.trim() && !text.trim().is_empty();
    if secrets.iter().any(|secret| trimmed(secret)) {
        return Some("[redacted]".to_owned());
    }
    let inside: Vec<&str> = secrets.iter().map(|secret| secret.trim()).filter(|secret| secret.len() >= LONG).collect();
    let masked = inside.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[redacted]"));
    (masked != text).then_some(masked)
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
        let secrets = ["hunter2-and-more".to_owned(), "1234".to_owned()];
        let mut value = json!({ "a": "1234", "b": "is hunter2-and-more", "c": ["12345"], "d": 1234 });
        mask(&mut value, &secrets);
        assert_eq!(value, json!({ "a": "[redacted]", "b": "is [redacted]", "c": ["12345"], "d": 1234 }));
    }
}
