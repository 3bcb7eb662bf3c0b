//! A server's life: when it is ready, what it delivers by itself, how it ends.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use serde_json::json;

use crate::seeded::{NADIA, Seeded, TENANT, blocking, follow_up, signal};
use crate::serving::{Answer, Serving, eventually};

/// A call whose body has arrived up to its last byte.
fn half_sent(server: &Serving, title: &str) -> TcpStream {
    sent(server, &follow_up(title).to_string(), 1)
}

/// A call whose body has arrived but for so many bytes.
pub fn sent(server: &Serving, body: &str, kept_back: usize) -> TcpStream {
    let mut stream = server.connect();
    let (token, length) = (server.token(), body.len());
    write!(
        stream,
        "POST /api/v1/actions/crm.schedule_activity/1 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{}",
        &body[..length - kept_back]
    )
    .expect("the server reads");
    stream
}

/// Those who distribute requests and those who restart processes ask different questions.
#[test]
fn a_server_says_that_it_is_ready() {
    for seeded in [Seeded::sqlite(), Seeded::postgres("ready")] {
        let server = seeded.serve(&[]);
        assert_eq!(server.raw("GET /healthz HTTP/1.1\r\nHost: test\r\n", b"").json(), json!({ "status": "ok" }));
        let ready = server.raw("GET /readyz HTTP/1.1\r\nHost: test\r\n", b"");
        assert_eq!((ready.status, ready.json()), (200, json!({ "status": "ready", "reasons": [] })));
    }
}

/// A release that needs a migration gets no requests before somebody has applied it.
#[tokio::test]
async fn a_server_whose_migrations_are_missing_is_not_ready() {
    let seeded = Seeded::sqlite();
    let pool = sqlx::SqlitePool::connect(&seeded.url).await.expect("the database");
    let tables: Vec<(String,)> =
        sqlx::query_as("SELECT name FROM sqlite_master WHERE name LIKE '%migrations%own%' AND type = 'table'")
            .fetch_all(&pool)
            .await
            .expect("tables");
    let forget = format!("DELETE FROM \"{0}\" WHERE version = (SELECT max(version) FROM \"{0}\")", tables[0].0);
    sqlx::query(sqlx::AssertSqlSafe(forget)).execute(&pool).await.expect("a row");
    pool.close().await;
    let server = seeded.serve(&[]);
    let ready = server.get("/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.text.contains("actwright db migrate"), "{ready:?}");
    assert_eq!(server.get("/healthz").status, 200);
}

/// Nobody needs a relay of its own beside a server.
#[test]
fn the_relay_runs_inside() {
    let seeded = Seeded::sqlite();
    let events = seeded.data().join("events.jsonl");
    fs::create_dir_all(&events).expect("a folder in the way");
    let server = seeded.serve(&["delivery.first_pause=50ms", "delivery.longest_pause=50ms", "delivery.attempts=1000"]);
    let done = server.call("crm.schedule_activity@1", "", &follow_up("Later")).json();
    assert_eq!(done["meta"]["effects"][0]["delivered"], false, "{done}");
    fs::remove_dir(&events).expect("the folder");
    eventually("the relay delivers it", || fs::read_to_string(&events).is_ok_and(|text| text.lines().count() == 1));
}

/// A deployment loses no call: those that are under way are answered, new ones go elsewhere.
#[test]
fn what_is_under_way_is_answered_before_the_end() {
    for seeded in [Seeded::sqlite(), Seeded::postgres("graceful")] {
        let mut server = seeded.serve(&[]);
        let mut under_way = half_sent(&server, "Just in time");
        std::thread::sleep(std::time::Duration::from_millis(300));
        server.signal("TERM");
        eventually("nobody is let in any more", || TcpStream::connect(server.address).is_err());
        assert!(server.child.try_wait().expect("a status").is_none(), "it waits for what is under way");
        under_way.write_all(b"}").expect("the server still reads");
        let answer = Answer::read(under_way);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(server.ended().success());
        let events = fs::read_to_string(seeded.data().join("events.jsonl")).expect("events");
        assert!(events.contains("INTERACTION_LOGGED"), "what it asked for is delivered, too: {events}");
    }
}

/// Whoever waits for the end does not wait for ever.
#[test]
fn the_end_is_bounded_and_a_second_signal_does_not_wait() {
    let seeded = Seeded::sqlite();
    let mut bounded = seeded.serve(&["http.shutdown_timeout=1s"]);
    let stuck = half_sent(&bounded, "Never");
    std::thread::sleep(std::time::Duration::from_millis(300));
    bounded.signal("TERM");
    assert!(bounded.ended().success());
    drop(stuck);

    let mut patient = seeded.serve(&["http.shutdown_timeout=1h", "http.body_timeout=1h"]);
    let stuck = half_sent(&patient, "Never");
    std::thread::sleep(std::time::Duration::from_millis(300));
    patient.signal("TERM");
    eventually("nobody is let in any more", || TcpStream::connect(patient.address).is_err());
    patient.signal("INT");
    assert_eq!(patient.ended().code(), Some(130));
    drop(stuck);
    let server = seeded.serve(&[]);
    let found = server.call("crm.find_activities@1", "", &json!({ "limit": 200 }));
    assert!(!found.text.contains("Never"), "what was cut off left nothing");
}

/// Neither a relay nor a batch makes whoever asks twice wait for a receiver that does not answer.
#[test]
fn a_second_signal_ends_relays_and_batches_at_once() {
    let receiver = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", receiver.local_addr().expect("an address"));
    let seeded = Seeded::sqlite();
    let line = json!({ "action": "crm.schedule_activity", "input": follow_up("Unheard") });
    let batch: &[&str] = &["call", "--batch", "-", "--tenant", TENANT, "--actor", NADIA];
    // The batch leaves to the relay what it was ended with.
    for arguments in [batch, &["relay"]] {
        let mut command = seeded.command(arguments);
        command
            .env("ACTWRIGHT_EVENTS_WEBHOOKS_CRM_URL", &url)
            .env("ACTWRIGHT_EVENTS_WEBHOOKS_CRM_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .env("ACTWRIGHT_DELIVERY_TIMEOUT", "10m");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        let mut input = child.stdin.take().expect("a pipe");
        writeln!(input, "{line}").expect("it reads");
        let (mut delivery, _) = receiver.accept().expect("a delivery");
        delivery.read_exact(&mut [0; 4]).expect("a request");
        signal(&child, "TERM");
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert!(child.try_wait().expect("a status").is_none(), "{arguments:?}: it waits for what is under way");
        signal(&child, "INT");
        assert_eq!(child.wait().expect("its end").code(), Some(130), "{arguments:?}");
        blocking(async {
            let pool = sqlx::SqlitePool::connect(&seeded.url).await.expect("the database");
            sqlx::query("UPDATE actwright_outbox SET available_at = created_at").execute(&pool).await.expect("a row");
            pool.close().await;
        });
    }
}
