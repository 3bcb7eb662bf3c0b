//! There are fewer connections than callers.

use std::time::Instant;

use actwright_runtime::Code;
use actwright_runtime::database::Database;
use actwright_tests::conformance::dump::AUDIT;
use actwright_tests::faults::invariants::{ONCE, Told};
use actwright_tests::faults::load::{SLACK, improper};
use actwright_tests::faults::{Party, call, schedule};
use serde_json::json;

use crate::{SECOND, fresh, whole};

/// Callers that get no connection are told so at their deadline, not later, and the next are served.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_without_a_connection_fail_at_their_deadline() {
    let party = Party::at(&fresh().await, 4).await.unwrap();
    let before = party.dump().await;
    let Database::Postgres { pool, .. } = party.runtime.database() else { unreachable!() };
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(pool.acquire().await.unwrap());
    }
    let callers: Vec<_> = (0..64)
        .map(|number| {
            let runtime = party.runtime.clone();
            tokio::spawn(async move {
                let begun = Instant::now();
                (runtime.call(schedule(&format!("waits {number}"), SECOND)).await, begun.elapsed())
            })
        })
        .collect();
    for caller in callers {
        let (answer, took) = caller.await.unwrap();
        assert_eq!(improper(&answer.unwrap_err()), None);
        assert!(took < SECOND + SLACK, "{took:?}");
    }
    drop(held);
    let served = party.runtime.call(schedule("served", 10 * SECOND)).await.unwrap();
    whole(&party, &before, &Told::from([("served".to_owned(), served.output)]), ONCE).await;
    party.close().await;
}

/// A call that fails gives its connection back before its refusal is audited: callers who all fail do not wait for each other,
/// and each is audited.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refusals_need_no_second_connection() {
    let party = Party::at(&fresh().await, 4).await.unwrap();
    let before = party.dump().await;
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let runtime = party.runtime.clone();
            let input = json!({ "activity_id": actwright_runtime::Uuid::now_v7(), "tags": ["vip"] });
            tokio::spawn(async move { runtime.call(call("crm.tag_activity", input)).await })
        })
        .collect();
    let begun = Instant::now();
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap_err().code, Code::NotFound);
    }
    assert!(begun.elapsed() < 20 * SECOND, "{:?}", begun.elapsed());
    assert_eq!(party.dump().await[AUDIT].len() - before[AUDIT].len(), 64);
    whole(&party, &before, &Told::new(), ONCE).await;
    party.close().await;
}
