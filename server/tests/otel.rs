//! Spans reach a collector: a receiver on loopback takes what the built program sends.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

const TENANT: &str = "10000000-0000-4000-8000-000000000001";
const NADIA: &str = "20000000-0000-4000-8000-000000000001";
const INPUT: &str = r#"{"client_id": "50000000-0000-4000-8000-000000000001"}"#;
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// Takes requests, answers each with 200, and gives paths and bodies on.
fn collector() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            while let Some(request) = read(&mut stream) {
                stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("the client reads");
                if sender.send(request).is_err() {
                    return;
                }
            }
        }
    });
    (format!("http://{address}/v1/traces"), receiver)
}

fn read(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let (mut path, mut length) = (String::new(), 0);
    for line in stream.by_ref().lines() {
        let line = line.ok()?.to_lowercase();
        if line.is_empty() {
            let mut body = vec![0; length];
            stream.read_exact(&mut body).ok()?;
            return Some((path, body));
        }
        if path.is_empty() {
            path = line;
        } else if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    None
}

/// The trace of whoever calls goes on in ours, down to the call, and is sent before the process ends.
#[test]
fn spans_continue_the_trace_of_the_client() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let (endpoint, received) = collector();
    let actwright = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_actwright"));
        command.args(arguments).env("ACTWRIGHT_DB", format!("sqlite:{}", folder.path().join("test.db").display()));
        command
    };
    for command in ["init", "seed"] {
        assert!(actwright(&["db", command]).status().expect("the program runs").success());
    }
    let settings = ["serve", "--json", "--set", "http.listen=127.0.0.1:0", "--set", "auth.mode=insecure-headers"];
    let traces = ["--set", &format!("traces.endpoint={endpoint}"), "--set", "log.level=error"];
    let mut server =
        actwright(&[&settings[..], &traces[..]].concat()).stdout(Stdio::piped()).spawn().expect("a server");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let told: Value = serde_json::from_str(&line).expect("where it listens");
    let mut stream = TcpStream::connect(told["http"].as_str().expect("an address")).expect("it listens");
    write!(
        stream,
        "POST /api/v1/actions/crm.find_activities/1 HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n\
         Actwright-Tenant: {TENANT}\r\nActwright-Actor: {NADIA}\r\ntraceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n\r\n{INPUT}",
        INPUT.len()
    )
    .expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let ended = Command::new("kill").arg(server.id().to_string()).status().expect("kill");
    assert!(ended.success() && server.wait().expect("a status").success());

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
