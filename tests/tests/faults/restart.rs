//! The server is restarted.

use std::time::Duration;

use actwright_runtime::Call;
use actwright_runtime::database::load::load_rows;
use actwright_tests::conformance::alias::id;
use actwright_tests::faults::invariants::{ONCE, TWICE, Told};
use actwright_tests::faults::load::Load;
use actwright_tests::faults::server::{Halt, Server};
use actwright_tests::faults::{Party, call, schedule};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::block_in_place;

use crate::{SECOND, fresh_on, told_by, whole, whole_of};

/// Callers need nothing but to repeat a transient error: no call is lost or doubled, none hangs, and none has to be told that
/// the server is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_callers_outlive_restarts() {
    let mut server = Server::start(&[]).unwrap();
    let url = fresh_on(&server).await;
    let party = Party::at(&url, 16).await.unwrap();
    let before = party.dump().await;
    let load = Load::start(&party.runtime, 16, 5 * SECOND);
    for how in [Halt::Fast, Halt::Immediate] {
        load.goes_on(40).await;
        block_in_place(|| server.halt(how)).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        block_in_place(|| server.resume()).unwrap();
        load.goes_on(40).await;
    }
    let told = told_by(load).await;
    whole(&party, &before, &told, TWICE).await;
    party.close().await;
}

/// Quotes that are there to be sent.
const QUOTES: usize = 24;

fn quote(number: usize) -> Value {
    json!(id(&format!("quote.load {number}")))
}

/// Two of the callers send quotes, whose jobs and mails are hit as well, beside a relay that delivers whatever is due: in the end
/// each mail has left, and the stored result, the audit row and the quote's history say what became of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn quotes_outlive_restarts_beside_a_relay() {
    let mut server = Server::start(&[]).unwrap();
    let url = fresh_on(&server).await;
    let party = Party::at(&url, 8).await.unwrap();
    let quotes: Vec<Value> = (0..QUOTES)
        .map(|number| {
            json!({
                "quote_id": quote(number), "client_id": id("client.contoso"), "contact_id": id("contact.dana"),
                "title": "Load", "status": "draft",
            })
        })
        .collect();
    let Value::Object(rows) = json!({ "quotes": quotes }) else { unreachable!() };
    let tables = actwright_actions::pack().tables;
    load_rows(party.runtime.database(), tables, Some(id("tenant.north")), &rows).await.unwrap();
    let before = party.dump().await;

    let other = Party::at(&url, 4).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let relay = other.runtime.clone();
    let relay = tokio::spawn(async move { relay.run_relay(async move { drop(stopped.await) }).await });
    let load = Load::of(&party.runtime, 8, |caller, number| match number * 2 + caller {
        sent if caller < 2 && sent < QUOTES => Call {
            idempotency_key: Some(format!("quote {sent}")),
            timeout: Some(10 * SECOND),
            ..call("crm.send_quote", json!({ "quote_id": quote(sent) }))
        },
        _ => schedule(&format!("call {number} of {caller}"), 10 * SECOND),
    });
    for how in [Halt::Fast, Halt::Immediate] {
        load.goes_on(30).await;
        block_in_place(|| server.halt(how)).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        block_in_place(|| server.resume()).unwrap();
        load.goes_on(30).await;
    }
    let told = told_by(load).await;
    stop.send(()).unwrap();
    relay.await.unwrap();
    other.runtime.finish().await;
    let sent = told.keys().filter(|key| key.starts_with("quote")).count();
    println!("{sent} quotes");
    assert!(sent > 1, "only {sent} quotes were sent");
    whole_of(&[&party, &other], &before, &told, TWICE).await;
    party.close().await;
    other.close().await;
}

/// Connections that died while nobody used them are found out before anything is done on them, so no call notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restart_between_calls_costs_no_call() {
    let mut server = Server::start(&[]).unwrap();
    let url = fresh_on(&server).await;
    let party = Party::at(&url, 8).await.unwrap();
    let before = party.dump().await;
    let mut told = Told::new();
    for (round, how) in [None, Some(Halt::Fast), Some(Halt::Immediate)].into_iter().enumerate() {
        if let Some(how) = how {
            block_in_place(|| server.halt(how)).unwrap();
            block_in_place(|| server.resume()).unwrap();
        }
        let calls: Vec<_> = (0..24)
            .map(|number| {
                let (runtime, key) = (party.runtime.clone(), format!("{round} {number}"));
                tokio::spawn(async move { (key.clone(), runtime.call(schedule(&key, 20 * SECOND)).await) })
            })
            .collect();
        for call in calls {
            let (key, answer) = call.await.unwrap();
            told.insert(key, answer.unwrap().output);
        }
    }
    whole(&party, &before, &told, ONCE).await;
    party.close().await;
}
