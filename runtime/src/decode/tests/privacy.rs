//! What is kept of an input for audit and log.

use serde_json::json;

use super::super::redact;
use super::*;

#[test]
fn secrets_and_unknown_fields_are_not_recorded() {
    let input = json!({ "title": "a", "token": "s3cret", "tokn": "s3cret", "extra": { "any": ["thing", null] } });
    assert_eq!(
        redact(Input::FIELDS, &input),
        json!({
            "title": "a",
            "extra": { "any": ["thing", null] },
            "token": "[redacted]",
            "[unknown, not recorded]": 1,
        })
    );
}

#[test]
fn a_value_of_the_wrong_shape_is_not_recorded() {
    let secret = json!({ "token": "s3cret" });
    let input = json!({ "token": [secret], "title": secret, "tags": "s3cret", "patch": [secret], "users": [[secret]], "limit": "many" });
    assert_eq!(
        redact(Input::FIELDS, &input),
        json!({
            "title": "[not recorded: an object]",
            "limit": "many",
            "tags": "[not recorded: text]",
            "users": ["[not recorded: a list]"],
            "patch": "[not recorded: a list]",
            "token": "[redacted]",
        })
    );
    assert_eq!(redact(Input::FIELDS, &json!("s3cret")), json!("[not recorded: text]"));
}

#[test]
fn long_texts_are_cut_on_a_character() {
    let redacted = redact(Input::FIELDS, &json!({ "title": "é".repeat(5_000) }));
    let title = redacted["title"].as_str().unwrap();
    assert!(title.ends_with("é… [cut, 10000 bytes in all]"), "{title}");
    assert!(title.len() < 4_200);
}

#[test]
fn the_whole_is_at_most_64_kib() {
    for input in [
        json!({ "extra": vec!["\u{1}".repeat(9_000); 100] }),
        json!({ "tags": vec!["x"; 100_000] }),
        json!({ "labels": (0..100_000).map(|key| (key.to_string(), key.into())).collect::<serde_json::Map<_, _>>() }),
        json!({ "x".repeat(100_000): 1, "labels": { "x".repeat(100_000): 1 } }),
        json!({ "extra": vec![json!([]); 100_000] }),
        json!({ "extra": (0..30).fold(json!(null), |inner, _| json!({ "a": inner })) }),
    ] {
        let size = redact(Input::FIELDS, &input).to_string().len();
        assert!(size <= 64 * 1024, "{size}");
    }
}
