//! Spans reach a collector: a receiver on loopback takes what the built program sends.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use crate::seeded::{CLIENT, Seeded, TENANT};
use crate::serving::request;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// Takes requests, answers each with 200, and gives paths and bodies on.
fn collector() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            while let Some(request) = request(&mut stream) {
                stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("the client reads");
                if sender.send(request).is_err() {
                    return;
                }
            }
        }
    });
    (format!("http://{address}/v1/traces"), receiver)
}

/// The trace of whoever calls goes on in ours, down to the call, and is sent before the process ends.
#[test]
fn spans_continue_the_trace_of_the_client() {
    let seeded = Seeded::sqlite();
    let (endpoint, received) = collector();
    let mut server = seeded.serve(&[&format!("traces.endpoint={endpoint}"), "log.level=error"]);
    let headers = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n");
    assert_eq!(server.call("crm.find_activities@1", &headers, &json!({ "client_id": CLIENT })).status, 200);
    server.signal("TERM");
    assert!(server.ended().success());

    let (path, body) = received.recv_timeout(Duration::from_secs(30)).expect("spans");
    assert!(path.starts_with("post /v1/traces "), "{path}");
    let has = |bytes: &[u8]| body.windows(bytes.len()).any(|window| window == bytes);
    let trace: Vec<u8> =
        (0..16).map(|at| u8::from_str_radix(&TRACE[2 * at..2 * at + 2], 16).expect("a byte")).collect();
    assert!(has(&trace), "the trace of the client");
    for text in ["crm.find_activities", "request", "call", "outcome", TENANT] {
        assert!(has(text.as_bytes()), "{text}");
    }
}
