//! A relay that is killed between publish and acknowledge.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use actwright_delivery::events::FileEvents;
use actwright_runtime::database::Engine;
use actwright_runtime::outbox::OutboxStatus;
use actwright_tests::conformance::databases::Place;
use actwright_tests::waiting::{Waiting, all, time_passes};
use serde_json::Value;

use crate::place::{folder, north, on_both, place, runtime};

on_both!(after_a_crash_an_event_comes_once_more_with_the_same_id);

/// A relay in a process of its own that has published so many events and acknowledged none.
pub fn stuck(place: &Place, to: &str, events: usize) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_publish_and_wait"))
        .args([place.url(), &folder(place).display().to_string(), to])
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
    assert!(entries.iter().all(|entry| entry.status == OutboxStatus::Delivered && entry.attempts == 1));
}
