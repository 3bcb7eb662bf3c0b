//! Bytes that are no input, at the command line: each line of a batch is answered in its place, and what is wrong is said
//! without a word of SQL, drivers or panics.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use serde_json::{Value, json};

use crate::seeded::{CLIENT, NADIA, Seeded, TENANT, limited, piped};

/// Words that tell of what is behind the answer.
const FORBIDDEN: &[&str] =
    &["sqlx", "SQLSTATE", "syntax error", "relation", "constraint", "panicked", ".rs:", "backtrace", "INTERNAL_ERROR"];

/// Lines that are no call, or whose input is none.
fn bad_lines() -> Vec<Vec<u8>> {
    let head = |input: &str| format!(r#"{{"action": "crm.create_activity_note", "input": {input}}}"#).into_bytes();
    let note = |body: &str| head(&format!(r#"{{"target": {{"type": "client", "id": "{CLIENT}"}}, "body": {body}}}"#));
    let mut lines = vec![
        b"{".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\x00\x01\x02".to_vec(),
        b"\xff\xfe\x00{".to_vec(),
        note("1e400"),
        note("-1e400"),
        note("-0"),
        note("18446744073709551616"),
        note("NaN"),
        note(r#""\ud800""#),
        note(r#""\udc00\ud800""#),
        note(r#""\u0000""#),
        note(r#""a" "b""#),
        note("'a'"),
        note(r#""unterminated"#),
        note(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000))),
        note(&format!("{}1", r#"{"a":"#.repeat(100_000))),
        head(r#"{"target": "client", "body": true, "body": false}"#),
        br#"{"action": "crm.create_activity_note", "action": "crm.send_quote", "input": {}}"#.to_vec(),
        br#"{"action": "crm.\u0000", "input": {}}"#.to_vec(),
        br#"{"action": "crm.send_quote", "version": 1e9, "input": {}}"#.to_vec(),
        br#"{"action": "crm.send_quote", "version": 4294967296, "input": {}}"#.to_vec(),
        br#"{"action": "crm.send_quote", "actor": "'; DROP TABLE users; --", "input": {}}"#.to_vec(),
        format!(r#"{{"action": "crm.create_activity_note", "idempotency_key": "a\u0000b", "input": {{"target": {{"type": "client", "id": "{CLIENT}"}}, "body": "b"}}}}"#).into_bytes(),
    ];
    let mut invalid = note(r#""a?b""#);
    let place = invalid.iter().rposition(|byte| *byte == b'?').expect("the place");
    invalid[place] = 0xc3;
    lines.push(invalid);
    lines
}

#[test]
fn every_bad_line_of_a_batch_is_answered_in_its_place() {
    let seeded = Seeded::sqlite();
    let bad = bad_lines();
    let good = format!(
        r#"{{"id": "good", "action": "crm.create_activity_note", "input": {{"target": {{"type": "client", "id": "{CLIENT}"}}, "body": "fine"}}}}"#
    );
    let mut input = bad.join(&b'\n');
    input.push(b'\n');
    input.extend(good.as_bytes());
    let output = piped(seeded.command(&["call", "--batch", "-", "--tenant", TENANT, "--actor", NADIA]), &input);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let answers: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(output.status.code(), Some(6), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(answers.len(), bad.len() + 1);
    for (line, answer) in bad.iter().zip(&answers) {
        let line = String::from_utf8_lossy(&line[..line.len().min(200)]).into_owned();
        assert_eq!(answer["ok"], json!(false), "{line}: {answer}");
        let code = answer["error"]["code"].as_str().unwrap_or_default();
        assert!(["VALIDATION_ERROR", "NOT_FOUND"].contains(&code), "{line}: {answer}");
        let told = answer["error"].to_string();
        assert!(FORBIDDEN.iter().all(|word| !told.contains(word)), "{line}: {told}");
        assert!(told.len() < 4_000, "{line}: {} bytes", told.len());
    }
    assert_eq!(answers[bad.len()]["ok"], json!(true), "{}", answers[bad.len()]);
}

/// One call: the exit code says what kind of mistake it was.
#[test]
fn bad_inputs_of_one_call_are_refused() {
    let seeded = Seeded::sqlite();
    let call = ["call", "crm.create_activity_note", "--tenant", TENANT, "--actor", NADIA, "--input"];
    for line in bad_lines() {
        let output = piped(seeded.command(&[call.as_slice(), &["-"]].concat()), &line);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(1 | 3)), "{:?} {told}", output.status);
        assert!(FORBIDDEN.iter().all(|word| !told.contains(word)), "{told}");
    }
    // An argument that is no text.
    let mut command = seeded.command(&call);
    let output = command.arg(OsString::from_vec(b"{\"body\": \"\xc3\"}".to_vec())).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A hundred megabytes are refused, in a line and as an input, in little memory.
#[test]
fn a_hundred_megabytes_are_refused_in_little_memory() {
    let seeded = Seeded::sqlite();
    let mut line = br#"{"action": "crm.send_quote", "input": {"message": ""#.to_vec();
    line.resize(100_000_000, b'x');
    for arguments in [&["--batch", "-"][..], &["crm.send_quote", "--input", "-"][..]] {
        let all = [&["call"], arguments, &["--tenant", TENANT, "--actor", NADIA]].concat();
        // The limit is on the address space, of which a program takes more than it uses.
        let output = piped(limited("ulimit -v 700000", &seeded.command(&all)), &line);
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told).into_owned();
        assert!(matches!(output.status.code(), Some(1 | 3 | 6)), "{:?} {told}", output.status);
        assert!(told.contains("is larger than") || told.contains("longer than"), "{told}");
    }
}
