//! What is answered to whom: addresses, statuses, headers.

use std::io::Write;

use serde_json::json;

use crate::seeded::{CLIENT, PRIYA, Seeded, follow_up};
use crate::serving::Answer;

/// Programs go by the status and the code, as `docs/http.md` lists them.
#[test]
fn every_outcome_has_its_status() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&[]);
    let done = server.call("crm.schedule_activity@1", "Idempotency-Key: one\r\n", &follow_up("Call back"));
    assert_eq!(done.status, 200, "{done:?}");
    let first = done.json();
    assert_eq!(first["output"]["activity"]["title"], "Call back");
    assert_eq!(first["meta"]["action"], "crm.schedule_activity");

    let again = server.call("crm.schedule_activity@1", "Idempotency-Key: one\r\n", &follow_up("Call back"));
    assert_eq!(again.json()["meta"]["deduplicated"]["invocation_id"], first["meta"]["invocation_id"]);
    assert_eq!(again.json()["output"], first["output"]);

    let reused = server.call("crm.schedule_activity@1", "Idempotency-Key: one\r\n", &follow_up("Something else"));
    assert_eq!((reused.status, reused.code().as_str()), (409, "IDEMPOTENCY_KEY_REUSED"));
    let invalid = server.call("crm.schedule_activity@1", "", &json!({ "title": "" }));
    assert_eq!((invalid.status, invalid.code().as_str()), (400, "VALIDATION_ERROR"));
    assert!(invalid.json()["error"]["details"]["problems"].as_array().is_some_and(|problems| problems.len() > 1));
    let input = json!({ "activity_id": "00000000-0000-4000-8000-000000000000", "patch": { "title": "x" } });
    let missing = server.call("crm.update_activity@1", "", &input);
    assert_eq!((missing.status, missing.code().as_str()), (404, "NOT_FOUND"));
    let priya = seeded.token(PRIYA);
    let input = json!({ "type_name": "Site visit" });
    let denied = server.send_as(&priya, "POST", "/api/v1/actions/crm.create_interaction_type/1", &input);
    assert_eq!((denied.status, denied.code().as_str()), (403, "PERMISSION_DENIED"), "{denied:?}");

    let unknown = server.call("crm.schedule_activty@1", "", &json!({}));
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "NOT_FOUND"));
    assert!(unknown.text.contains("Did you mean crm.schedule_activity?"), "{unknown:?}");
    let version = server.call("crm.schedule_activity@7", "", &json!({}));
    assert_eq!((version.status, version.code().as_str()), (404, "NOT_FOUND"));
    let address = server.get("/api/v2/actions");
    assert_eq!((address.status, address.code().as_str()), (404, "NOT_FOUND"));
    let method = server.send("DELETE", "/api/v1/actions/crm.schedule_activity/1", &json!({}));
    assert_eq!((method.status, method.code().as_str()), (405, "VALIDATION_ERROR"));
    assert!(method.head.contains("allow: "), "{method:?}");
}

/// A rehearsal stays one, and what is not understood is no call.
#[test]
fn headers_of_a_call_are_taken_at_their_word() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&[]);
    let count = || {
        let found = server.call("crm.find_activities@1", "", &json!({ "client_id": CLIENT, "limit": 200 }));
        found.json()["output"]["count"].as_u64().expect("a count")
    };
    let before = count();
    let rehearsed = server.call("crm.schedule_activity@1", "Actwright-Dry-Run: true\r\n", &follow_up("Rehearsed"));
    assert!(rehearsed.json()["meta"]["dry_run"]["changes"].is_array(), "{rehearsed:?}");
    for headers in [
        "Actwright-Dry-Run: yes\r\n".to_owned(),
        "Idempotency-Key: \r\n".to_owned(),
        "Idempotency-Key: a\r\nIdempotency-Key: b\r\n".to_owned(),
        "Idempotency-Key: schl\u{fc}ssel\r\n".to_owned(),
        format!("Idempotency-Key: {}\r\n", "k".repeat(600)),
    ] {
        let refused = server.call("crm.schedule_activity@1", &headers, &follow_up("Not this one"));
        assert_eq!((refused.status, refused.code().as_str()), (400, "VALIDATION_ERROR"), "{headers:?}");
    }
    assert_eq!(count(), before);
    assert_eq!(server.call("crm.schedule_activity@1", "Actwright-Dry-Run: false\r\n", &follow_up("Done")).status, 200);
    assert_eq!(count(), before + 1);
}

/// The log of a client and that of the server can be laid side by side.
#[test]
fn every_answer_has_the_id_of_its_request() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&[]);
    let own = server.get("/healthz");
    assert!(own.head.contains("x-request-id: "), "{own:?}");
    let given = server.call("crm.find_activities@1", "X-Request-Id: mine-17\r\n", &json!({}));
    assert!(given.head.contains("x-request-id: mine-17"), "{given:?}");
    let odd = server.call("crm.find_activities@1", "X-Request-Id: a<b>\r\n", &json!({}));
    assert!(!odd.head.contains("a<b>"), "{odd:?}");
}

/// What forms need: choices, and the schemas that say which.
#[test]
fn pickers_and_schemas_are_answered() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&[]);
    let kinds = server.get("/api/v1/pickers").json();
    assert!(kinds["pickers"].as_array().is_some_and(|all| all.iter().any(|picker| picker["kind"] == "contact")));
    let found = server.get("/api/v1/pickers/contact?search=&limit=2").json();
    let choices = found["choices"].as_array().expect("choices").clone();
    assert_eq!(choices.len(), 2);
    let narrowed = server.send("POST", "/api/v1/pickers/contact", &json!({ "depends_on": { "client_id": CLIENT } }));
    let narrowed_by_address = server.get(&format!("/api/v1/pickers/contact?client_id={CLIENT}"));
    assert_eq!(narrowed.status, 200, "{narrowed:?}");
    assert_eq!(narrowed.json(), narrowed_by_address.json());
    let id = choices[0]["id"].as_str().expect("an id");
    let resolved = server.get(&format!("/api/v1/pickers/contact?ids={id}")).json();
    assert_eq!(resolved["choices"], json!([choices[0]]));
    for wrong in
        ["limit=0", "limit=101", "limit=many", "ids=1", "client_id=1", "ids=&search=a", "search=a&search=b", "x=%ff"]
    {
        let refused = server.get(&format!("/api/v1/pickers/contact?{wrong}"));
        assert_eq!((refused.status, refused.code().as_str()), (400, "VALIDATION_ERROR"), "{wrong}");
    }
    assert_eq!(server.get("/api/v1/pickers/contacts").status, 404);

    // What databases would answer in ways of their own, by either method.
    for (pointer, text) in
        [("/search", "\0".to_owned()), ("/search", "a\0".to_owned()), ("/search", "x".repeat(13_000))]
    {
        let address = format!("/api/v1/pickers/client?search={}", text.replace('\0', "%00"));
        let body = json!({ "search": text });
        for refused in [server.get(&address), server.send("POST", "/api/v1/pickers/client", &body)] {
            assert_eq!((refused.status, refused.code().as_str()), (400, "VALIDATION_ERROR"), "{refused:?}");
            assert_eq!(refused.json()["error"]["details"]["problems"][0]["pointer"], pointer, "{refused:?}");
        }
    }
    let long = "x".repeat(1_000_000);
    for body in [
        json!({ "search": "x".repeat(1_000_000) }),
        json!({ "ids": vec![id; 201] }),
        json!({ "ids": [long] }),
        json!({ "depends_on": long }),
        json!({ "depends_on": { long.as_str(): CLIENT } }),
        json!({ long.as_str(): "" }),
    ] {
        let refused = server.send("POST", "/api/v1/pickers/client", &body);
        assert_eq!((refused.status, refused.code().as_str()), (400, "VALIDATION_ERROR"));
        assert!(refused.text.len() < 2_000, "{} bytes", refused.text.len());
    }

    let action = server.get("/api/v1/actions/crm.schedule_activity/1").json();
    assert_eq!(action["input_schema"]["properties"]["client_id"]["type"], "string");
    assert_eq!(action["effects"], "write");
    let actions = server.get("/api/v1/actions").json();
    assert!(actions["actions"].as_array().is_some_and(|all| all.len() >= 14));
    assert!(server.get("/api/v1/catalog").text.contains("crm.schedule_activity"));
}

/// What cannot be read of an address is answered in the shape of every error, whatever reads it.
#[test]
fn addresses_that_are_no_text_are_refused_in_one_shape() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&[]);
    for (method, path) in [
        ("GET", "pickers/%FF"),
        ("POST", "pickers/%FF"),
        ("GET", "pickers/client?search=%FF"),
        ("GET", "pickers/client?%FF=1"),
        ("GET", "actions/%FF/1"),
        ("GET", "actions/crm.find_activities/%C3%28"),
        ("POST", "actions/crm.find_activities/%FF"),
        ("GET", "outbox?status=%FF"),
        ("GET", "outbox/%FF"),
        ("POST", "outbox/%FF/retry"),
        ("POST", "outbox/%FF/discard"),
    ] {
        let refused = server.send(method, &format!("/api/v1/{path}"), &json!({}));
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (400, "VALIDATION_ERROR"),
            "{method} {path}: {refused:?}"
        );
        assert!(refused.text.contains("not UTF-8"), "{method} {path}: {refused:?}");
    }
}

/// Too much at once is refused at once with when to come again, and nobody who is inside is thrown out for it.
#[test]
fn requests_beyond_the_limit_are_asked_to_come_again() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&["http.concurrent_requests=1"]);
    let mut inside = server.connect();
    let body = follow_up("Slowly").to_string();
    write!(
        inside,
        "POST /api/v1/actions/crm.schedule_activity/1 HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Length: {}\r\n\r\n",
        server.token(),
        body.len()
    )
    .expect("the server reads");
    let mut refused = server.get("/api/v1/catalog");
    crate::serving::eventually("the first request takes the only place", || {
        refused = server.get("/api/v1/catalog");
        refused.status == 503
    });
    assert_eq!(refused.code(), "TRANSIENT_FAILURE");
    assert!(refused.head.contains("retry-after: 1"), "{refused:?}");
    assert_eq!(server.get("/healthz").status, 200, "health is always answered");
    inside.write_all(body.as_bytes()).expect("the server reads");
    assert_eq!(Answer::read(inside).status, 200);
    assert_eq!(server.get("/api/v1/catalog").status, 200, "there is room again");
}
