//! What valid inputs become.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::{UnknownFields, decode, normalize};
use super::*;

fn decoded(input: Value) -> Input {
    decode::<Input>(&input, &[], UnknownFields::Reject).unwrap_or_else(|problems| panic!("{problems}")).value
}

#[test]
fn what_is_left_out_is_absent_or_has_its_default() {
    let input = decoded(json!({ "client_id": ID, "title": " a ", "owner": null }));
    let expected = Input {
        client_id: id(),
        title: "a".to_owned(),
        currency: None,
        limit: 25,
        rate: None,
        urgent: false,
        start: None,
        end: None,
        day: None,
        email: None,
        visibility: Visibility::Internal,
        notes: Update::Keep,
        owner: None,
        level: Some(3),
        tags: None,
        users: None,
        labels: None,
        patch: None,
        tree: None,
        extra: None,
        token: None,
    };
    assert_eq!(input, expected);
}

#[test]
fn every_type_is_read() {
    let other = "ffffffff-0000-4000-8000-000000000001";
    let input = decoded(json!({
        "title": "Ünïcode",
        "client_id": ID.to_uppercase(),
        "currency": "EUR",
        "limit": 5.0,
        "rate": 7,
        "urgent": true,
        "start": "2026-01-02T03:04:05+01:00",
        "end": "2026-01-02T03:04:05.123456789Z",
        "day": "2026-02-28",
        "email": "ann@example.com",
        "visibility": "client_visible",
        "notes": null,
        "owner": ID,
        "level": null,
        "tags": ["a", "b"],
        "users": [ID, null, other],
        "labels": { "b": 2, "a": 1 },
        "patch": { "status_id": null, "minutes": 0 },
        "tree": { "name": "root", "children": [{ "name": "leaf" }] },
        "extra": null,
        "token": "secret",
    }));
    let expected = Input {
        client_id: id(),
        title: "Ünïcode".to_owned(),
        currency: Some("EUR".to_owned()),
        limit: 5,
        rate: Some(7.0),
        urgent: true,
        start: Timestamp::parse("2026-01-02T02:04:05Z"),
        end: Timestamp::parse("2026-01-02T03:04:05.123456Z"),
        day: Date::from_ymd_opt(2026, 2, 28),
        email: Some("ann@example.com".to_owned()),
        visibility: Visibility::ClientVisible,
        notes: Update::Clear,
        owner: Some(id()),
        level: None,
        tags: Some(vec!["a".to_owned(), "b".to_owned()]),
        users: Some(vec![Some(id()), None, Uuid::parse_str(other).ok()]),
        labels: Some(BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)])),
        patch: Some(Patch { status_id: Update::Clear, minutes: Some(0) }),
        tree: Some(Box::new(Tree {
            name: "root".to_owned(),
            children: vec![Tree { name: "leaf".to_owned(), children: Vec::new() }],
        })),
        extra: Some(Value::Null),
        token: Some("secret".to_owned()),
    };
    assert_eq!(input, expected);
}

#[test]
fn unknown_fields_warn_at_run_time() {
    let input = json!({ "clientid": 1, "client_id": ID, "title": "a", "owner": null, "patch": { "minuts": 1 } });
    let decoded = decode::<Input>(&input, &[], UnknownFields::Warn).unwrap();
    let warnings: Vec<_> = decoded.warnings.iter().map(|one| (one.pointer.as_str(), one.message.as_str())).collect();
    assert_eq!(
        warnings,
        [
            ("/clientid", "clientid is not a known field and was ignored; did you mean client_id?"),
            ("/patch/minuts", "patch.minuts is not a known field and was ignored; did you mean minutes?"),
        ]
    );
}

#[test]
fn equal_inputs_have_one_normal_form() {
    let one = json!({
        "title": "  a ",
        "client_id": ID.to_uppercase(),
        "limit": 5.0,
        "start": "2026-01-02T03:04:05.100+01:00",
        "end": "2026-01-02T02:04:05.1234567Z",
        "owner": null,
        "users": [ID.to_uppercase(), null],
        "tree": { "name": " kept ", "children": [{ "name": "leaf", "more": 1 }] },
        "unknown": true,
        "email": "Ann@Example.com",
    });
    let normal = normalize(Input::FIELDS, &one);
    assert_eq!(
        normal,
        json!({
            "client_id": ID,
            "title": "a",
            "limit": 5,
            "urgent": false,
            "start": "2026-01-02T02:04:05.100Z",
            "end": "2026-01-02T02:04:05.123456Z",
            "email": "Ann@Example.com",
            "visibility": "internal",
            "owner": null,
            "level": 3,
            "users": [ID, null],
            "tree": { "name": " kept ", "children": [{ "name": "leaf", "children": [] }] },
        })
    );
    assert_eq!(normalize(Input::FIELDS, &normal), normal);
    assert_eq!(decoded(normal.clone()), decode::<Input>(&one, &[], UnknownFields::Warn).unwrap().value);
}
