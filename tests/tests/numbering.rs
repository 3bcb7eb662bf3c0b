//! Numbers of quotes and invoices under many creators at once: every one of them once, and none left out.

use actwright_runtime::database::Engine;
use actwright_runtime::{Call, Caller, Runtime};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::Databases;
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use serde_json::json;

const CREATORS: usize = 16;
const QUOTES_EACH: usize = 6;

/// Creates quotes one after the other; every third call is a rehearsal, which takes a number and gives it back.
async fn create(runtime: Runtime, creator: usize) -> Vec<String> {
    let mut numbers = Vec::new();
    for quote in 0..QUOTES_EACH * 3 / 2 {
        let rehearsed = quote % 3 == 2;
        let call = Call {
            action: "crm.create_quote".to_owned(),
            version: None,
            tenant: id("tenant.north"),
            caller: Caller::User(id("user.admin")),
            step_path: None,
            idempotency_key: None,
            dry_run: rehearsed,
            input: json!({
                "client_id": id("client.contoso"), "title": format!("Quote {quote} of {creator}"),
                "quote_date": "2026-03-02T00:00:00Z", "valid_until": "2026-04-01T00:00:00Z",
            }),
        };
        let answer = runtime.call(call).await.unwrap();
        if !rehearsed {
            numbers.push(answer.output["quote"]["quote_number"].as_str().unwrap().to_owned());
        }
    }
    numbers
}

async fn numbers_are_complete(engine: Engine) {
    let databases = Databases::prepare(engine, &Fixture::base(&mut Aliases::default()).unwrap()).await.unwrap();
    let place = databases.take().await.unwrap();
    let runtime = runtime(&place, &Recorder::default()).unwrap();
    let creators: Vec<_> = (0..CREATORS).map(|creator| tokio::spawn(create(runtime.clone(), creator))).collect();
    let mut numbers = Vec::new();
    for creator in creators {
        numbers.extend(creator.await.unwrap());
    }
    numbers.sort();
    // The fixture has quotes up to QUO-0012.
    let expected: Vec<String> = (13..13 + CREATORS * QUOTES_EACH).map(|number| format!("QUO-{number:04}")).collect();
    assert_eq!(numbers, expected);
    drop(runtime);
    databases.give_back(place).await.unwrap();
    databases.remove().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_creators_leave_no_gap_on_sqlite() {
    numbers_are_complete(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_creators_leave_no_gap_on_postgres() {
    numbers_are_complete(Engine::Postgres).await;
}
