//! NATS JetStream, on a real server.

use std::path::Path;
use std::time::Duration;

use actwright_delivery::events::{NatsEvents, NatsSettings, StreamSettings, TlsSettings};
use actwright_runtime::database::Engine;
use actwright_runtime::outbox::{CloudEvent, DeliveryError, EventSink, OutboxStatus, Retry};
use actwright_runtime::{Call, Caller, Timestamp, Uuid};
use actwright_tests::conformance::alias;
use actwright_tests::nats::NatsServer;
use actwright_tests::on_both;
use actwright_tests::waiting::{Waiting, all, time_passes};
use async_nats::jetstream::{self, message::StreamMessage, stream::Stream};
use serde_json::{Value, json};

use crate::crash::{kill, stuck};
use crate::place::{folder, north, place, runtime};

on_both!(
    a_relay_is_killed_between_publish_and_acknowledge_and_the_stream_has_one_event,
    nats_is_away_at_the_commit_and_the_relay_delivers_later,
    order_is_kept_while_nats_comes_and_goes,
);

fn settings(server: &NatsServer) -> NatsSettings {
    let stream = StreamSettings { create: true, ..StreamSettings::default() };
    NatsSettings { stream, timeout: Duration::from_secs(10), ..NatsSettings::at([server.url()]) }
}

fn sink(settings: NatsSettings) -> NatsEvents {
    NatsEvents::new(settings, "events.nats").unwrap()
}

fn event(tenant: Uuid) -> CloudEvent {
    CloudEvent {
        id: "thing_made:7".to_owned(),
        name: "THING_MADE".to_owned(),
        subject: "thing:7".to_owned(),
        time: Timestamp::EPOCH,
        tenant,
        data: json!({ "thingId": 7 }),
    }
}

/// The stream as a consumer sees it.
async fn stream(server: &NatsServer) -> Stream {
    let client = async_nats::connect(server.url()).await.unwrap();
    jetstream::new(client).get_stream("ACTWRIGHT").await.unwrap()
}

async fn messages(server: &NatsServer) -> Vec<StreamMessage> {
    let stream = stream(server).await;
    let state = &stream.cached_info().state;
    let mut messages = Vec::new();
    for sequence in state.first_sequence..=state.last_sequence {
        messages.push(stream.get_raw_message(sequence).await.unwrap());
    }
    messages
}

async fn keys(server: &NatsServer) -> Vec<String> {
    let id = |message: &StreamMessage| {
        let event: Value = serde_json::from_slice(&message.payload).unwrap();
        event["id"].as_str().unwrap().to_owned()
    };
    messages(server).await.iter().map(id).collect()
}

/// Until the client has noticed what became of the server.
async fn publish_patiently(sink: &NatsEvents, event: &CloudEvent) {
    for _ in 0..200 {
        if sink.publish(event).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", sink.publish(event).await);
}

async fn refused(sink: &NatsEvents) -> DeliveryError {
    sink.publish(&event(Uuid::nil())).await.unwrap_err()
}

/// A stream keeps an event once, however often it is published; keys of two tenants do not meet.
#[tokio::test]
async fn repetitions_are_duplicates_and_tenants_are_apart() {
    let server = NatsServer::start(&[]).await.unwrap();
    let (first, second) = (sink(settings(&server)), sink(settings(&server)));
    let (mine, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for sink in [&first, &second, &first] {
        sink.publish(&event(mine)).await.unwrap();
    }
    second.publish(&event(theirs)).await.unwrap();

    let messages = messages(&server).await;
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].subject.as_str(), format!("actwright.{mine}.THING_MADE"));
    assert_eq!(messages[1].subject.as_str(), format!("actwright.{theirs}.THING_MADE"));
    let header = |name: &str| messages[0].headers.get(name).unwrap().as_str();
    assert_eq!(header("Nats-Msg-Id"), format!("{mine}/thing_made:7"));
    assert_eq!(header("content-type"), "application/cloudevents+json; charset=utf-8");
    assert_eq!(serde_json::from_slice::<Value>(&messages[0].payload).unwrap(), json!(event(mine)));
}

/// Without a stream, NATS would forget the event: it is not delivered, and whoever operates this reads what to do.
#[tokio::test]
async fn a_stream_has_to_be_there_or_is_created_when_that_is_configured() {
    let server = NatsServer::start(&[]).await.unwrap();
    let plain = sink(NatsSettings::at([server.url()]));
    let error = refused(&plain).await;
    assert_eq!(error.retry, Retry::Backoff);
    for said in
        ["No stream takes actwright.>.", "nats stream add ACTWRIGHT --subjects 'actwright.>' --dupe-window 7200s"]
    {
        assert!(error.message.contains(said), "{error}");
    }
    sink(settings(&server)).publish(&event(Uuid::nil())).await.unwrap();
    let stream = stream(&server).await;
    let config = &stream.cached_info().config;
    assert_eq!(config.subjects, ["actwright.>"]);
    assert_eq!(config.duplicate_window, Duration::from_secs(7200));
    plain.publish(&event(Uuid::nil())).await.unwrap();
}

/// Without JetStream on the server there is no stream either.
#[tokio::test]
async fn a_server_that_is_away_costs_an_attempt_each_time_and_is_found_again() {
    let mut server = NatsServer::stopped(&[]).unwrap();
    let sink = sink(settings(&server));
    let error = refused(&sink).await;
    assert_eq!(error.retry, Retry::Backoff);
    assert!(error.message.starts_with(&format!("NATS cannot be reached at {}", server.address())), "{error}");
    server.resume().await.unwrap();
    sink.publish(&event(Uuid::from_u128(1))).await.unwrap();

    server.stop();
    assert_eq!(refused(&sink).await.retry, Retry::Backoff);
    server.resume().await.unwrap();
    publish_patiently(&sink, &event(Uuid::from_u128(1))).await;
    publish_patiently(&sink, &event(Uuid::from_u128(2))).await;
    assert_eq!(messages(&server).await.len(), 2, "what was kept before is known after the restart");
}

/// Wrong credentials are no reason to lose an event, and are not shown.
#[tokio::test]
async fn credentials_are_used_and_never_shown() {
    let server = NatsServer::start(&["--user", "actwright", "--pass", "hunter2"]).await.unwrap();
    let with = |password: &str| NatsSettings {
        user: Some("actwright".to_owned()),
        password: Some(password.into()),
        ..settings(&server)
    };
    sink(with("hunter2")).publish(&event(Uuid::nil())).await.unwrap();
    for settings in
        [with("hunter3"), settings(&server), NatsSettings { token: Some("hunter3".into()), ..settings(&server) }]
    {
        let error = refused(&sink(settings)).await;
        assert_eq!(error.retry, Retry::Backoff);
        assert_eq!(error.message, format!("{} refuses the credentials.", server.address()));
    }
    let missing = NatsSettings { credentials_file: Some("/no/such.creds".into()), ..settings(&server) };
    let error = refused(&sink(missing)).await;
    assert_eq!(error.message, "/no/such.creds holds no credentials: entity not found.");

    let server = NatsServer::start(&["--auth", "hunter2"]).await.unwrap();
    sink(NatsSettings { token: Some("hunter2".into()), ..settings(&server) })
        .publish(&event(Uuid::nil()))
        .await
        .unwrap();
}

/// An authority, and certificates of it for `server` and `client`, in a folder.
fn certificates(folder: &Path) {
    let script = r#"
        key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        openssl req -x509 $key -keyout ca.key -out ca.pem -subj /CN=authority -days 2
        echo subjectAltName=IP:127.0.0.1 > extensions
        for name in server client; do
            openssl req $key -keyout $name.key -out $name.csr -subj /CN=$name
            openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $name.pem -days 2 -extfile extensions
        done"#;
    let output = std::process::Command::new("sh").args(["-ec", script]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A server of an authority of one's own, which wants to know who connects.
#[tokio::test]
async fn tls_is_checked_in_both_directions() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let file = |name: &str| folder.path().join(name);
    let path = |name: &str| file(name).display().to_string();
    let (certificate, key, authority) = (path("server.pem"), path("server.key"), path("ca.pem"));
    let arguments = ["--tlsverify", "--tlscert", &certificate, "--tlskey", &key, "--tlscacert", &authority];
    let server = NatsServer::start(&arguments).await.unwrap();
    let trusting = TlsSettings { required: true, ca_file: Some(file("ca.pem")), ..TlsSettings::default() };
    let known = TlsSettings {
        certificate_file: Some(file("client.pem")),
        key_file: Some(file("client.key")),
        ..trusting.clone()
    };
    for tls in [TlsSettings { required: true, ..TlsSettings::default() }, trusting] {
        let error = refused(&sink(NatsSettings { tls, ..settings(&server) })).await;
        assert_eq!(error.retry, Retry::Backoff, "{error}");
    }
    sink(NatsSettings { tls: known, ..settings(&server) }).publish(&event(Uuid::nil())).await.unwrap();

    let plain = NatsServer::start(&[]).await.unwrap();
    let tls = TlsSettings { required: true, ..TlsSettings::default() };
    refused(&sink(NatsSettings { tls, ..settings(&plain) })).await;
}

/// The promise of the page about events: at least once, and consumers see it once.
async fn a_relay_is_killed_between_publish_and_acknowledge_and_the_stream_has_one_event(engine: Engine) {
    let server = NatsServer::start(&[]).await.unwrap();
    // The stream is there, with one event in it.
    sink(settings(&server)).publish(&event(Uuid::nil())).await.unwrap();
    let place = place(engine).await;
    let waiting = Waiting { sink: "nats".to_owned(), ..Waiting::new(north(), "once", "thing:1") };
    Waiting::put(&place.database, &[waiting]).await.unwrap();

    kill(stuck(&place, &server.url(), 1));
    assert_eq!(keys(&server).await, ["thing_made:7", "once"], "it was published");
    time_passes(&place.database).await.unwrap();
    kill(stuck(&place, &server.url(), 1));
    time_passes(&place.database).await.unwrap();
    let relay = runtime(&place, sink(settings(&server)));
    let entries = all(&relay).await.unwrap();
    assert_eq!((entries[0].status, entries[0].attempts), (OutboxStatus::Pending, 1), "it was not acknowledged");
    assert_eq!(relay.relay().await.unwrap().delivered, 1);
    assert_eq!(keys(&server).await, ["thing_made:7", "once"], "published three times, and there once");
}

/// A call does not need NATS.
async fn nats_is_away_at_the_commit_and_the_relay_delivers_later(engine: Engine) {
    let mut server = NatsServer::stopped(&[]).unwrap();
    let place = place(engine).await;
    let runtime = runtime(&place, sink(settings(&server)));
    let input = json!({
        "client_id": alias::id("client.contoso"), "type_id": alias::id("type.call"), "title": "Call back",
        "start_time": "2026-03-05T09:00:00Z",
    });
    let call = Call::new("crm.schedule_activity", north(), Caller::User(alias::id("user.admin")), input);
    let answer = runtime.call(call).await.unwrap();
    assert_eq!(answer.meta.effects.len(), 1);
    assert!(!answer.meta.effects[0].delivered);
    let key = answer.meta.effects[0].key.clone();

    server.resume().await.unwrap();
    time_passes(&place.database).await.unwrap();
    assert_eq!(runtime.relay().await.unwrap().delivered, 1);
    assert_eq!(keys(&server).await, [key]);
}

/// Events of a subject are in the stream in their order, whatever happens to NATS between them.
async fn order_is_kept_while_nats_comes_and_goes(engine: Engine) {
    let mut server = NatsServer::start(&[]).await.unwrap();
    let place = place(engine).await;
    let runtime = runtime(&place, sink(settings(&server)));
    let mut expected = Vec::new();
    for round in 0..3_i64 {
        let waiting: Vec<Waiting> = (0..5)
            .map(|n| Waiting {
                sink: "nats".to_owned(),
                position: round * 5 + n,
                ..Waiting::new(north(), format!("{round}.{n}"), "thing:1")
            })
            .collect();
        expected.extend(waiting.iter().map(|event| event.key.clone()));
        Waiting::put(&place.database, &waiting).await.unwrap();
        server.stop();
        runtime.relay().await.unwrap();
        server.resume().await.unwrap();
        let mut left = 1;
        for _ in 0..200 {
            time_passes(&place.database).await.unwrap();
            runtime.relay().await.unwrap();
            left = all(&runtime).await.unwrap().iter().filter(|e| e.status == OutboxStatus::Pending).count();
            if left == 0 {
                break;
            }
            // The client is finding the server again.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(left, 0);
    }
    assert_eq!(keys(&server).await, expected);
    assert!(folder(&place).is_dir());
}
