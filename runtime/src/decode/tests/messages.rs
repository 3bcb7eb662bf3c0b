//! What authors of calls read.

use serde_json::json;

use super::super::{Problems, UnknownFields, decode};
use super::*;

fn problems(input: &Value, rules: &[Rule]) -> Problems {
    decode::<Input>(input, rules, UnknownFields::Reject).err().unwrap_or_else(|| panic!("{input} is valid"))
}

fn listed(problems: &Problems) -> String {
    let line = |problem: &super::super::Problem| {
        let code = serde_json::to_value(problem.code).unwrap();
        format!("{:<28} {:<14} {}\n", problem.pointer, code.as_str().unwrap(), problem.message)
    };
    problems.iter().map(line).collect()
}

#[test]
fn every_problem_of_every_field_is_told() {
    let inputs = [
        json!({}),
        json!(["not", "an", "object"]),
        json!({
            "client_id": "3f2b6c1e", "title": "  ", "currency": "eu", "limit": 0, "rate": -1, "urgent": "true",
            "start": "tomorrow", "end": 5, "day": "2026-02-30", "email": "ann@localhost", "visibility": "internl",
            "notes": 1, "owner": {}, "level": 1.5, "tags": [], "users": [null], "labels": { "a/b": 10, "c~d": null },
            "patch": { "status_id": false, "minutes": -1, "minute": 1 }, "tree": { "children": [{}, 1] },
            "token": null, "tittle": "x", "a completely different thing": 1,
        }),
        json!({
            "client_id": null, "title": "123456789012345678901", "currency": "EURO", "limit": 201, "rate": 99.6,
            "urgent": null, "start": null, "day": 20260228, "email": ["ann@example.com"], "visibility": 1,
            "owner": "", "level": 9007199254740992_u64, "tags": ["a", "", "b", "a\u{0}"], "users": "all",
            "labels": [], "patch": null, "tree": "root", "notes": "\u{0}",
        }),
        json!({ "client_id": ID, "title": "a", "owner": null, "tags": ["a", "b", "a"], "users": [ID, ID.to_uppercase()] }),
    ];
    let all: Vec<_> = inputs.iter().map(|input| listed(&problems(input, &[]))).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn every_broken_rule_is_told_once_the_fields_are_right() {
    let input = json!({
        "client_id": ID, "title": "a", "owner": null,
        "start": "2026-01-02T03:04:05Z", "end": "2026-01-02T03:04:05+01:00",
        "day": "2026-01-02", "email": "ann@example.com", "urgent": true, "patch": {},
    });
    insta::assert_snapshot!(listed(&problems(&input, RULES)), @r"
                             any_of         currency or rate is required
/end                         ordered        start must not be after end
/level                       ordered        limit must not be greater than level
/rate                        requires       day needs email and rate
/patch                       non_empty      patch must have at least one field
/visibility                  forbid         what is urgent must be client_visible
    ");
}

#[test]
fn rules_wait_for_the_fields() {
    let input = json!({ "client_id": ID, "title": "a", "owner": null, "patch": {}, "limit": 0 });
    assert_eq!(problems(&input, RULES).to_string(), "limit must be at least 1");
}

#[test]
fn a_null_is_given_but_has_no_order() {
    let valid = |input| decode::<Input>(&input, RULES, UnknownFields::Reject).map(drop);
    let both = json!({ "client_id": ID, "title": "a", "owner": null, "rate": 1, "level": null, "patch": { "status_id": null } });
    assert_eq!(valid(both).unwrap_err().to_string(), "owner or patch.status_id, not both");
    let unordered = json!({ "client_id": ID, "title": "a", "owner": null, "rate": 1, "level": null });
    assert_eq!(valid(unordered), Ok(()));
}

#[test]
fn huge_numbers_are_refused() {
    for (number, expected) in [
        ("1e300", "limit must be at most 200"),
        ("-1e300", "limit must be at least 1"),
        ("18446744073709551615", "limit must be at most 200"),
        ("-9223372036854775808", "limit must be at least 1"),
        ("0.1e-300", "limit must be a whole number"),
    ] {
        let text = format!(r#"{{"client_id":"{ID}","title":"a","owner":null,"limit":{number}}}"#);
        assert_eq!(problems(&serde_json::from_str(&text).unwrap(), &[]).to_string(), expected, "{number}");
    }
}

#[test]
fn problems_serialize_as_a_list() {
    let input = json!({ "client_id": ID, "title": "", "owner": null });
    assert_eq!(
        serde_json::to_value(problems(&input, &[])).unwrap(),
        json!([{ "pointer": "/title", "code": "min_length", "message": "title must not be empty" }])
    );
}
