//! Bodies that no well-meaning client sends: a clear answer, bounded memory, nothing written.

use std::io::{Read, Write};

use serde_json::json;

use crate::seeded::{CLIENT, Seeded, follow_up};
use crate::serving::{Answer, Serving};

const PATH: &str = "/api/v1/actions/crm.schedule_activity/1";
const MEBIBYTE: u64 = 1 << 20;

fn count(server: &Serving) -> u64 {
    let found = server.call("crm.find_activities@1", "", &json!({ "client_id": CLIENT, "limit": 200 }));
    found.json()["output"]["count"].as_u64().expect("a count")
}

fn head(server: &Serving, headers: &str) -> String {
    let token = server.token();
    format!("POST {PATH} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{headers}\r\n")
}

/// A hundred megabytes, announced and in pieces of unknown number: refused, and never held in memory.
#[test]
fn a_body_of_100_megabytes_is_refused_without_being_held() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&[]);
    let before = count(&server);
    let memory = server.memory("VmHWM");
    let piece = vec![b' '; 1 << 20];

    let mut stream = server.connect();
    stream.write_all(head(&server, "Content-Length: 104857600\r\n").as_bytes()).expect("the server reads");
    for _ in 0..100 {
        stream.write_all(&piece).expect("the server reads on, so that its answer is read");
    }
    let refused = Answer::read(stream);
    assert_eq!((refused.status, refused.code().as_str()), (413, "VALIDATION_ERROR"));
    assert!(refused.text.contains("larger than 16777216 bytes"), "{refused:?}");

    let mut stream = server.connect();
    stream.write_all(head(&server, "Transfer-Encoding: chunked\r\n").as_bytes()).expect("the server reads");
    for _ in 0..100 {
        write!(stream, "{:x}\r\n", piece.len()).expect("the server reads");
        stream.write_all(&piece).expect("the server reads");
        stream.write_all(b"\r\n").expect("the server reads");
    }
    stream.write_all(b"0\r\n\r\n").expect("the server reads");
    let refused = Answer::read(stream);
    assert_eq!((refused.status, refused.code().as_str()), (413, "VALIDATION_ERROR"));

    let grown = server.memory("VmHWM") - memory;
    assert!(grown < 64 * MEBIBYTE, "{grown} bytes more for bodies that were refused");
    assert_eq!(count(&server), before);
}

/// A client that asks before it sends is told before it sends.
#[test]
fn a_client_that_asks_first_need_not_send() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&[]);
    let mut stream = server.connect();
    let headers = "Content-Length: 999999999999\r\nExpect: 100-continue\r\n";
    stream.write_all(head(&server, headers).as_bytes()).expect("the server reads");
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).expect("an answer");
    assert_eq!(&begun, b"HTTP/1.1 413");
}

/// The largest body that is taken, full of the smallest values, stays within what a machine has.
#[test]
fn a_large_body_of_small_values_is_bounded() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&[]);
    let memory = server.memory("VmHWM");
    let many = format!("{{\"client_id\": [{}0]}}", "0,".repeat(8_000_000));
    let refused = server.bytes(PATH, "", many.as_bytes());
    assert_eq!((refused.status, refused.code().as_str()), (400, "VALIDATION_ERROR"), "{refused:?}");
    let long = json!({ "client_id": CLIENT, "title": "x".repeat(15 << 20) }).to_string();
    let refused = server.bytes(PATH, "", long.as_bytes());
    assert_eq!((refused.status, refused.code().as_str()), (400, "VALIDATION_ERROR"), "{}", refused.status);
    assert!(refused.text.len() < 10_000, "the answer does not repeat what was sent");
    let grown = server.memory("VmHWM") - memory;
    assert!(grown < 192 * MEBIBYTE, "{grown} bytes more");
}

/// Everything that is no JSON of a sensible shape is told apart, in words.
#[test]
fn what_is_no_sensible_json_is_told_in_words() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&[]);
    let before = count(&server);
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels)).into_bytes();
    let title = |text: &str| {
        let input = follow_up("TITLE").to_string();
        input.replace("TITLE", text).into_bytes()
    };
    let mut invalid = title("a?b");
    let at = invalid.iter().position(|byte| *byte == b'?').expect("a place");
    invalid[at] = 0xff;
    let mut nul = title("a?b");
    nul[at] = 0;
    let cases: [(&str, Vec<u8>, &str); 12] = [
        ("invalid UTF-8", invalid, "not UTF-8"),
        ("a NUL byte", nul, "not valid JSON"),
        ("an escaped NUL", title("a\\u0000b"), ""),
        ("half a surrogate", title("a\\ud800b"), "not valid JSON"),
        ("deep", nested(100), "nests deeper than 64 levels"),
        ("very deep", nested(4_000_000), "nests deeper than 64 levels"),
        ("deep objects", "{\"a\":".repeat(100_000).into_bytes(), "nests deeper than 64 levels"),
        ("nothing", Vec::new(), "The body is empty"),
        ("white space", b" \n ".to_vec(), "The body is empty"),
        ("broken", b"{\"client_id\": ".to_vec(), "not valid JSON"),
        ("two values", b"{} {}".to_vec(), "not valid JSON"),
        ("no object", b"[]".to_vec(), ""),
    ];
    for (what, body, says) in cases {
        let refused = server.bytes(PATH, "", &body);
        assert_eq!((refused.status, refused.code().as_str()), (400, "VALIDATION_ERROR"), "{what}: {refused:?}");
        assert!(refused.text.contains(says), "{what}: {refused:?}");
    }
    let other = server.raw(
        &format!(
            "POST {PATH} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n",
            server.token()
        ),
        b"{}",
    );
    assert_eq!((other.status, other.code().as_str()), (415, "VALIDATION_ERROR"));
    assert_eq!(count(&server), before, "nothing was written");
}

/// Who sends slowly holds no place for ever.
#[test]
fn slow_clients_are_cut_off() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&["http.header_timeout=1s", "http.body_timeout=1s"]);
    let mut headers = server.connect();
    headers.write_all(b"POST /api/v1/actions HTTP/1.1\r\nHost: te").expect("the server reads");
    let mut rest = Vec::new();
    let _ = headers.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 200"), "the connection was closed");

    let mut body = server.connect();
    body.write_all(head(&server, "Content-Length: 100\r\n").as_bytes()).expect("the server reads");
    body.write_all(b"{").expect("the server reads");
    let refused = Answer::read(body);
    assert_eq!((refused.status, refused.code().as_str()), (408, "TRANSIENT_FAILURE"));
    assert_eq!(server.get("/healthz").status, 200);
}

/// What is allowed has room: a body of the largest size, where all bodies together may take no more than that.
#[test]
fn a_body_of_the_largest_size_has_room() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&["calls.largest_input=1MiB", "http.body_memory=1MiB"]);
    let mut body = json!({ "client_id": CLIENT, "unknown": "" }).to_string().into_bytes();
    body.resize(1 << 20, b' ');
    let refused = server.bytes(PATH, "", &body);
    assert_eq!((refused.status, refused.code().as_str()), (400, "VALIDATION_ERROR"), "{refused:?}");
}

/// Large bodies share what they may take: one that does not fit is asked to come again, small ones pass.
#[test]
fn large_bodies_share_their_memory() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&["http.body_memory=16MiB"]);
    let mut first = server.connect();
    let headers = "Content-Length: 16000000\r\nExpect: 100-continue\r\n";
    first.write_all(head(&server, headers).as_bytes()).expect("the server reads");
    let mut begun = [0; 12];
    first.read_exact(&mut begun).expect("an answer");
    assert_eq!(&begun, b"HTTP/1.1 100", "the first body has the memory");
    let large = vec![b' '; 1 << 20];
    let refused = server.bytes(PATH, "", &large);
    assert_eq!((refused.status, refused.code().as_str()), (503, "TRANSIENT_FAILURE"));
    assert!(refused.head.contains("retry-after: 1"), "{refused:?}");
    assert_eq!(server.call("crm.find_activities@1", "", &json!({ "client_id": CLIENT })).status, 200);
    drop(first);
    crate::serving::eventually("the memory is free again", || server.bytes(PATH, "", &large).status == 400);
}
