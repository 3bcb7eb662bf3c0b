//! Relays that die: between publish and acknowledge, and of what they deliver.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use actwright_delivery::events::FileEvents;
use actwright_runtime::database::Engine;
use actwright_runtime::outbox::{DeliveryPolicy, OutboxStatus};
use actwright_tests::conformance::databases::Place;
use actwright_tests::on_both;
use actwright_tests::waiting::{Waiting, all, time_passes};
use serde_json::Value;

use crate::place::{folder, north, place, runtime};

on_both!(
    after_a_crash_an_event_comes_once_more_with_the_same_id,
    what_kills_every_relay_is_given_up_and_what_is_beside_it_is_not,
);

/// A relay in a process of its own that has published so many events and acknowledged none.
pub fn stuck(place: &Place, to: &str, events: usize) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_relay_and_die"))
        .args(["stuck", &place.application_url(), &folder(place).display().to_string(), to])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.take(events).filter(Result::is_ok).count(), events, "it ended early");
    child
}

/// `kill -9`.
pub fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

async fn after_a_crash_an_event_comes_once_more_with_the_same_id(engine: Engine) {
    let place = place(engine).await;
    let waiting: Vec<Waiting> =
        (0..3).map(|n| Waiting { position: n, ..Waiting::new(north(), format!("e{n}"), "thing:1") }).collect();
    let file = folder(&place).join("events.jsonl");
    let waiting: Vec<Waiting> = waiting.into_iter().map(|event| Waiting { sink: "file".to_owned(), ..event }).collect();
    Waiting::put(&place.database, &waiting).await.unwrap();
    kill(stuck(&place, &file.display().to_string(), 1));

    let relay = runtime(&place, FileEvents::new(&file));
    assert_eq!(relay.relay().await.unwrap().delivered, 0, "the lease of the one that was killed is not over");
    time_passes(&place.database).await.unwrap();
    assert_eq!(relay.relay().await.unwrap().delivered, 3);

    let text = std::fs::read_to_string(&file).unwrap();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let mut order = Vec::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let id = event["id"].as_str().unwrap().to_owned();
        *times.entry(id.clone()).or_default() += 1;
        order.push(id);
    }
    assert_eq!(order, ["e0", "e0", "e1", "e2"], "once more the one that was under way, with its id, before the others");
    assert_eq!(times.values().max(), Some(&2));
    let entries = all(&relay).await.unwrap();
    assert!(entries.iter().all(|entry| entry.status == OutboxStatus::Delivered && entry.last_error.is_none()));
    let attempts: Vec<i64> = entries.iter().map(|entry| entry.attempts).collect();
    assert_eq!(attempts, [2, 1, 1], "the lost one counts");
}

/// An event that ends each process which delivers it must not do so for ever, nor take along what was merely under way beside it:
/// all of that is out after a few lost relays, and only the cause of it is a dead letter in the end.
async fn what_kills_every_relay_is_given_up_and_what_is_beside_it_is_not(engine: Engine) {
    let place = place(engine).await;
    let file = folder(&place).join("events.jsonl");
    let keys = (0..6).map(|number| format!("{} {number}", if number == 2 { "poison" } else { "event" }));
    let waiting: Vec<Waiting> =
        keys.map(|key| Waiting { sink: "file".to_owned(), ..Waiting::new(north(), key.clone(), key) }).collect();
    Waiting::put(&place.database, &waiting).await.unwrap();
    let mut relay = Command::new(env!("CARGO_BIN_EXE_relay_and_die"));
    relay.args(["poisoned", place.url(), &folder(&place).display().to_string(), &file.display().to_string()]);
    let mut lost = 0;
    while !relay.stderr(Stdio::null()).status().unwrap().success() {
        lost += 1;
        assert!(lost <= DeliveryPolicy::default().attempts, "it kills relays for ever");
        time_passes(&place.database).await.unwrap();
    }
    assert_eq!(lost, DeliveryPolicy::default().attempts);
    for entry in all(&runtime(&place, FileEvents::new(&file))).await.unwrap() {
        let (status, attempts) = (entry.status, entry.attempts);
        if entry.key.starts_with("poison") {
            assert_eq!((status, attempts), (OutboxStatus::Dead, i64::from(lost)));
            assert!(entry.last_error.unwrap().starts_with(
                "Its lease ended before anybody said how the delivery went: the process that held it died"
            ));
            assert!(entry.settled_at.is_some());
        } else {
            assert_eq!(status, OutboxStatus::Delivered, "{}", entry.key);
            assert!(attempts <= 3, "{} needed {attempts} attempts", entry.key);
        }
    }
}
