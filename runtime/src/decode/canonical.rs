//! One text for each JSON value, for hashing and comparing.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::scalars::whole;

/// Writes a value so that equal values give equal texts: keys are sorted, and `5`, `5.0` and `5e0` are one number.
///
/// ```
/// use actwright_runtime::decode::canonical;
///
/// assert_eq!(canonical(&serde_json::json!({ "b": 5.0, "a": [null] })), r#"{"a":[null],"b":5}"#);
/// ```
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        Value::Object(object) => write_object(object, text),
        Value::Number(number) => {
            let _ = match whole(number) {
                Some(whole) => write!(text, "{whole}"),
                None => write!(text, "{number}"),
            };
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {
            let _ = write!(text, "{value}");
        }
    }
}

fn write_object(object: &Map<String, Value>, text: &mut String) {
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    text.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_key(key, text);
        text.push(':');
        write(value, text);
    }
    text.push('}');
}

fn write_key(key: &str, text: &mut String) {
    match serde_json::to_string(key) {
        Ok(quoted) => text.push_str(&quoted),
        // Text always has a JSON form.
        Err(_) => text.push_str(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn order_and_number_form_do_not_count() {
        let one = serde_json::from_str(r#"{"a":{"y":1.0,"x":"\u00e9"},"b":[1e2,-0.0,2.5]}"#).unwrap();
        let two = serde_json::from_str(r#"{"b":[100,0,25e-1],"a":{"x":"é","y":1}}"#).unwrap();
        assert_eq!(canonical(&one), canonical(&two));
        assert_eq!(canonical(&one), r#"{"a":{"x":"é","y":1},"b":[100,0,2.5]}"#);
    }

    #[test]
    fn different_values_stay_different() {
        let values = [
            json!(1),
            json!("1"),
            json!(true),
            json!(null),
            json!([1]),
            json!({"1": 1}),
            json!(1.5),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(1e30),
            json!(-1e300),
        ];
        let texts: std::collections::BTreeSet<_> = values.iter().map(canonical).collect();
        assert_eq!(texts.len(), values.len());
    }
}
