//! Webhooks as a receiver sees them, over a real connection.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on has failed")]

mod server;

use std::time::{Duration, SystemTime};

use actwright_delivery::Secret;
use actwright_delivery::events::{WebhookEvents, WebhookSettings};
use actwright_runtime::outbox::{CloudEvent, DeliveryError, EventSink, Retry};
use actwright_runtime::{Timestamp, Uuid};
use serde_json::{Value, json};
use server::{Answer, Request, Server};
use tokio::io::AsyncReadExt;

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn event() -> CloudEvent {
    CloudEvent {
        id: "thing_made:7".to_owned(),
        name: "THING_MADE".to_owned(),
        subject: "thing:7".to_owned(),
        time: Timestamp::EPOCH,
        tenant: Uuid::nil(),
        data: json!({ "thingId": 7, "name": "Ünïcödé ✓" }),
    }
}

fn sink(server: &Server, change: impl FnOnce(&mut WebhookSettings)) -> WebhookEvents {
    let url = format!("http://127.0.0.1:{}/hooks?token=hunter2", server.port);
    let mut settings = WebhookSettings::new("crm", url, vec![OLD.into()]);
    change(&mut settings);
    WebhookEvents::new(&settings, "events.webhooks.crm").unwrap()
}

/// What comes of one event when the receiver answers so.
async fn outcome(answer: Answer) -> Result<(), DeliveryError> {
    let server = Server::start([answer]).await;
    let outcome = sink(&server, |settings| settings.timeout = Duration::from_millis(500)).publish(&event()).await;
    assert_eq!(server.requests().len(), 1, "one attempt is one request");
    if let Err(error) = &outcome {
        assert!(!error.message.contains("hunter2"), "the URL is secret: {error}");
    }
    outcome
}

async fn refused(answer: Answer) -> DeliveryError {
    outcome(answer).await.unwrap_err()
}

/// As a library of the receiver does it: not the code that signed.
fn verify(request: &Request, secret: &str) -> Result<(), String> {
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, request.header(name).parse().unwrap());
    }
    let receiver = standardwebhooks::Webhook::new(secret).unwrap();
    receiver.verify(&request.body, &headers).map_err(|error| error.to_string())
}

/// A receiver with any library of Standard Webhooks and any of CloudEvents understands what comes.
#[tokio::test]
async fn an_event_comes_signed_in_its_envelope() {
    let server = Server::start([]).await;
    sink(&server, |_| ()).publish(&event()).await.unwrap();
    let request = server.requests().pop().unwrap();
    assert_eq!(request.line, "POST /hooks?token=hunter2");
    assert_eq!(request.header("content-type"), "application/cloudevents+json; charset=utf-8");
    assert_eq!(request.header("webhook-id"), "00000000-0000-0000-0000-000000000000/thing_made:7");
    assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), json!(event()));
    verify(&request, OLD).unwrap();
    verify(&request, NEW).unwrap_err();
    let forged = Request { body: [&request.body[..], b" "].concat(), ..request };
    verify(&forged, OLD).unwrap_err();
}

/// While a secret is being replaced, receivers with the old one and with the new one take the same message.
#[tokio::test]
async fn every_secret_signs() {
    let server = Server::start([]).await;
    sink(&server, |settings| settings.secrets.push(Secret::from(NEW))).publish(&event()).await.unwrap();
    let request = server.requests().pop().unwrap();
    verify(&request, OLD).unwrap();
    verify(&request, NEW).unwrap();
    assert_eq!(request.header("webhook-signature").split(' ').count(), 2);
}

/// A repetition has the same id, so that the receiver can tell.
#[tokio::test]
async fn a_repetition_has_the_same_id() {
    let server = Server::start([Answer::Hang]).await;
    let sink = sink(&server, |_| ());
    sink.publish(&event()).await.unwrap_err();
    sink.publish(&event()).await.unwrap();
    let ids: Vec<String> = server.requests().iter().map(|request| request.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

/// What the receiver says decides whether it is asked again.
#[tokio::test]
async fn the_status_says_whether_to_try_again() {
    for status in ["200 OK", "201 Created", "202 Accepted", "204 No Content"] {
        outcome(Answer::status(status)).await.unwrap();
    }
    for status in ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "410 Gone", "422 No"] {
        assert_eq!(refused(Answer::status(status)).await.retry, Retry::Never, "{status}");
    }
    for status in ["408 Request Timeout", "425 Too Early", "429 Too Many Requests", "500 No", "502 No", "503 No"] {
        assert_eq!(refused(Answer::status(status)).await.retry, Retry::Backoff, "{status}");
    }
    let said = Answer::Say("410 Gone", Vec::new(), "moved\r\naway,\u{7} sorry.");
    assert_eq!(refused(said).await.message, "127.0.0.1 answered 410 Gone: moved away, sorry.");
}

/// A receiver that asks for patience gets it, in either form of the header.
#[tokio::test]
async fn retry_after_is_honoured() {
    let later = |status, after: &str| Answer::Say(status, vec![("retry-after", after.to_owned())], "");
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        assert_eq!(refused(later(status, "120")).await.retry, Retry::After(Duration::from_secs(120)));
    }
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(600));
    let Retry::After(pause) = refused(later("503 Service Unavailable", &date)).await.retry else {
        panic!("the date is not understood");
    };
    assert!((500..=600).contains(&pause.as_secs()), "{pause:?}");
    assert_eq!(refused(later("503 Service Unavailable", "soon")).await.retry, Retry::Backoff);
    assert_eq!(refused(later("404 Not Found", "120")).await.retry, Retry::Never);
}

/// A redirect could lead an event, signed, to anybody.
#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Server::start([]).await;
    let location = format!("http://127.0.0.1:{}/", elsewhere.port);
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let error = refused(Answer::Say(status, vec![("location", location.clone())], "")).await;
        assert_eq!(error.retry, Retry::Backoff, "somebody may correct the URL meanwhile");
        assert!(error.message.contains("redirects are not followed"), "{error}");
    }
    assert!(elsewhere.requests().is_empty());
}

/// Nothing that a receiver does holds a delivery up for ever or fills the memory.
#[tokio::test]
async fn receivers_that_misbehave_cost_one_attempt() {
    let error = refused(Answer::Hang).await;
    assert_eq!(error.retry, Retry::Backoff);
    assert!(error.message.starts_with("The connection to 127.0.0.1 was lost"), "{error}");
    let error = refused(Answer::Silence).await;
    assert_eq!((error.message.as_ref(), error.retry), ("No answer from 127.0.0.1 within 0.5 s.", Retry::Backoff));
    outcome(Answer::Endless("200 OK")).await.unwrap();
    let error = refused(Answer::Endless("500 Internal Server Error")).await;
    assert!(error.message.len() < 300, "{error}");
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let settings = WebhookSettings::new("crm", format!("http://127.0.0.1:{gone}/hunter2"), vec![OLD.into()]);
    let error = WebhookEvents::new(&settings, "").unwrap().publish(&event()).await.unwrap_err();
    assert_eq!(error.retry, Retry::Backoff);
    assert_eq!(error.message, "127.0.0.1 cannot be reached: Connection refused (os error 111).");
}

/// Nothing of an event is readable on the way: the first byte is that of a TLS handshake.
#[tokio::test]
async fn https_is_spoken() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let first = tokio::spawn(async move { listener.accept().await.unwrap().0.read_u8().await.unwrap() });
    let settings = WebhookSettings::new("crm", format!("https://127.0.0.1:{port}/"), vec![OLD.into()]);
    let error = WebhookEvents::new(&settings, "").unwrap().publish(&event()).await.unwrap_err();
    assert_eq!(error.retry, Retry::Backoff);
    assert_eq!(first.await.unwrap(), 0x16);
}

/// An endpoint gets what it is set up for, and nothing of other tenants.
#[tokio::test]
async fn filters_choose_events_and_tenants() {
    let server = Server::start([]).await;
    let (mine, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let everything = sink(&server, |_| ());
    assert!(everything.accepts(mine, "THING_MADE") && everything.accepts(other, "THING_LOST"));
    let chosen = sink(&server, |settings| {
        settings.events = ["THING_MADE".to_owned()].into();
        settings.tenants = [mine].into();
    });
    assert!(chosen.accepts(mine, "THING_MADE"));
    assert!(!chosen.accepts(mine, "THING_LOST") && !chosen.accepts(other, "THING_MADE"));
}
