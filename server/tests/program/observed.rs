//! What operators see: the log, and metrics.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::seeded::{NADIA, PRIYA, Seeded, TENANT, follow_up};
use crate::serving::{Answer, Serving, eventually};

fn scraped(server: &Serving) -> String {
    let address: SocketAddr = server.metrics.expect("an address of metrics");
    let mut stream = std::net::TcpStream::connect(address).expect("the server listens");
    std::io::Write::write_all(&mut stream, b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        .expect("the server reads");
    let answer = Answer::read(stream);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.head.contains("content-type: text/plain"), "{answer:?}");
    answer.text
}

/// The value of the line that begins with a name and has all of these labels.
fn value(text: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let line = text.lines().find(|line| {
        let rest = line.strip_prefix(name).filter(|rest| rest.starts_with(['{', ' ']));
        rest.is_some_and(|rest| labels.iter().all(|label| rest.contains(label)))
    })?;
    line.rsplit(' ').next()?.parse().ok()
}

/// Whoever is woken at night by a number finds it here.
#[test]
fn metrics_count_what_happens() {
    for seeded in [Seeded::sqlite(), Seeded::postgres("metrics")] {
        let events = seeded.data().join("events.jsonl");
        std::fs::create_dir_all(&events).expect("a folder in the way");
        let server = seeded.serve(&["metrics.listen=127.0.0.1:0", "delivery.attempts=1"]);
        let call = |headers: &str| server.call("crm.schedule_activity@1", headers, &follow_up("Counted"));
        assert_eq!(call("Idempotency-Key: one\r\n").status, 200);
        assert_eq!(call("Idempotency-Key: one\r\n").status, 200);
        assert_eq!(call("Actwright-Dry-Run: true\r\n").status, 200);
        assert_eq!(server.call("crm.schedule_activity@1", "", &json!({})).status, 400);
        let body = json!({ "type_name": "Site visit" });
        let path = "/api/v1/actions/crm.create_interaction_type/1";
        assert_eq!(server.send_as(&seeded.token(PRIYA), "POST", path, &body).status, 403);

        let text = scraped(&server);
        let calls = |action: &str, outcome: &str| {
            value(
                &text,
                "actwright_calls_total",
                &[&format!("action=\"{action}\""), "version=\"1\"", &format!("outcome=\"{outcome}\"")],
            )
        };
        for outcome in ["OK", "DEDUPLICATED", "DRY_RUN", "VALIDATION_ERROR"] {
            assert_eq!(calls("crm.schedule_activity", outcome), Some(1.0), "{outcome}\n{text}");
        }
        assert_eq!(calls("crm.create_interaction_type", "PERMISSION_DENIED"), Some(1.0), "{text}");
        let scheduled = ["action=\"crm.schedule_activity\""];
        assert_eq!(value(&text, "actwright_call_seconds_count", &scheduled), Some(4.0), "{text}");
        assert_eq!(value(&text, "actwright_deduplicated_total", &scheduled), Some(1.0), "{text}");
        let failed = ["kind=\"event\"", "outcome=\"failed\""];
        assert_eq!(value(&text, "actwright_deliveries_total", &failed), Some(1.0), "{text}");
        let dead = ["kind=\"event\"", "status=\"dead\""];
        assert_eq!(value(&text, "actwright_outbox_entries", &dead), Some(1.0), "{text}");
        assert!(value(&text, "actwright_outbox_oldest_seconds", &dead).is_some_and(|age| age > 0.0), "{text}");
        eventually("the sweeper has looked for what has expired", || {
            value(&scraped(&server), "actwright_swept_total", &["what=\"results\""]) == Some(0.0)
        });
        assert_eq!(value(&text, "actwright_outbox_entries", &["kind=\"mail\"", "status=\"pending\""]), Some(0.0));
        assert!(value(&text, "actwright_pool_connections", &["state=\"limit\""]).is_some_and(|limit| limit >= 1.0));
        for pool in if seeded.url.starts_with("sqlite:") { &["writer", "readers"][..] } else { &["all"] } {
            let waited = value(&text, "actwright_pool_wait_seconds_count", &[&format!("pool=\"{pool}\"")]);
            assert!(waited.is_some_and(|count| count >= 1.0), "{pool}\n{text}");
        }
        let route = ["route=\"/api/v1/actions/{id}/{version}\"", "method=\"POST\"", "status=\"200\""];
        assert_eq!(value(&text, "actwright_http_requests_total", &route), Some(3.0), "{text}");
    }
}

/// A client cannot fill the memory with methods that it makes up: each would be a metric of its own for ever.
#[test]
fn methods_that_nobody_knows_are_counted_as_one() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&["metrics.listen=127.0.0.1:0"]);
    for number in 0..20 {
        assert_eq!(server.raw(&format!("BREW{number} /healthz HTTP/1.1\r\nHost: test\r\n"), b"").status, 405);
    }
    let text = scraped(&server);
    assert!(!text.contains("BREW"), "{text}");
    let other = ["route=\"/healthz\"", "method=\"other\"", "status=\"405\""];
    assert_eq!(value(&text, "actwright_http_requests_total", &other), Some(20.0), "{text}");
}

/// Metrics are open to whoever can reach them, so they name no person: neither callers nor those who get mails.
#[test]
fn metrics_hold_no_addresses() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&["metrics.listen=127.0.0.1:0"]);
    let (quote, further) = ("90000000-0000-4000-8000-000000000001", "cfo@brightwater.example");
    let sent = server.call("crm.send_quote@1", "", &json!({ "quote_id": quote, "email_addresses": [further] }));
    assert_eq!((sent.status, &sent.json()["output"]["recipients"][0]), (200, &json!(further)), "{sent:?}");
    let mails = ["kind=\"mail\"", "outcome=\"delivered\""];
    eventually("the mails are out", || {
        value(&scraped(&server), "actwright_deliveries_total", &mails).is_some_and(|count| count >= 1.0)
    });
    let text = scraped(&server);
    for told in ["@", "brightwater", "cfo", NADIA, TENANT] {
        assert!(!text.contains(told), "{told} in {text}");
    }
}

/// Numbers that are long untrue would keep an alert from going off.
#[tokio::test]
async fn what_cannot_be_counted_has_no_number() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&["metrics.listen=127.0.0.1:0"]);
    let pending = || value(&scraped(&server), "actwright_outbox_entries", &["kind=\"event\"", "status=\"pending\""]);
    assert_eq!(pending(), Some(0.0));
    let pool = sqlx::SqlitePool::connect(&seeded.url).await.expect("the database");
    sqlx::query("ALTER TABLE actwright_outbox RENAME TO lost").execute(&pool).await.expect("a name");
    assert!(pending().is_some_and(f64::is_nan));
    sqlx::query("ALTER TABLE lost RENAME TO actwright_outbox").execute(&pool).await.expect("a name");
    assert_eq!(pending(), Some(0.0));
}

/// Every call leaves one line with what a search needs, and nothing of what was in it.
#[test]
fn the_log_says_who_did_what_and_never_with_which_input() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&["log.format=json"]);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let headers = format!("X-Request-Id: mine-17\r\ntraceparent: 00-{trace}-b7ad6b7169203331-01\r\n");
    let done = server.call("crm.schedule_activity@1", &headers, &follow_up("A very private title")).json();
    let invalid = json!({ "client_id": "a very private id", "title": 5 });
    assert_eq!(server.call("crm.schedule_activity@1", "", &invalid).status, 400);
    let mut called = Vec::new();
    eventually("both calls are logged", || {
        let logged = server.logged();
        let lines = logged.lines().map(|line| serde_json::from_str::<Value>(line).expect("every line is JSON"));
        called = lines.filter(|line| line["message"] == "called").collect();
        called.len() == 2
    });
    let line = &called[0];
    assert_eq!(line["outcome"], "OK");
    assert!(line["milliseconds"].is_number() && line["timestamp"].is_string(), "{line}");
    let spans = line["spans"].as_array().expect("spans");
    let span = |name: &str| spans.iter().find(|span| span["name"] == name).expect("a span");
    assert_eq!(span("request")["request_id"], "mine-17");
    assert_eq!(span("request")["trace_id"], trace);
    let call = span("call");
    assert_eq!(call["action"], "crm.schedule_activity");
    assert_eq!(call["version"], 1);
    assert_eq!(call["tenant"], TENANT);
    assert_eq!(call["invocation_id"], done["meta"]["invocation_id"]);
    assert_eq!(called[1]["outcome"], "VALIDATION_ERROR");
    let logged = server.logged();
    assert!(!logged.contains("very private") && !logged.contains(server.token()), "{logged}");
}

/// The text format is for people, the level for those who want less or more of it.
#[test]
fn the_log_is_as_it_is_configured() {
    let seeded = Seeded::sqlite();
    let quiet = seeded.serve(&["log.level=warn"]);
    assert_eq!(quiet.call("crm.schedule_activity@1", "", &follow_up("Quiet")).status, 200);
    assert!(!quiet.logged().contains("called"), "{}", quiet.logged());
    let wrong = seeded.command(&["serve", "--set", "log.level=loud,=,"]).output().expect("the program runs");
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(told.contains("log.level: expected levels"), "{told}");
}
