//! The network swallows what is sent, and nobody is told.

use std::time::Instant;

use actwright_runtime::database::Database;
use actwright_tests::faults::invariants::{ONCE, Told};
use actwright_tests::faults::load::{Load, SLACK, improper};
use actwright_tests::faults::proxy::{Break, Which};
use actwright_tests::faults::{Party, call, schedule};
use serde_json::json;

use crate::{Proxied, SECOND, fresh, told_by, whole};

/// A call ends at its deadline wherever its statement or the answer to it vanishes, its connection is not used again, and the
/// next call finds one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_ends_at_its_deadline_when_nobody_answers() {
    let proxied = Proxied::new(2).await;
    let Proxied { proxy, party, .. } = &proxied;
    let mut told = Told::new();
    let mut failures = 0;
    for how in [Break::Swallow, Break::SwallowAnswer] {
        for number in [1, 2, 3, 5] {
            let key = format!("{how:?} {number}");
            proxy.arm(Which::Next(number), how);
            let begun = Instant::now();
            let first = party.runtime.call(schedule(&key, SECOND)).await;
            assert!(begun.elapsed() < SECOND + SLACK, "{key} took {:?}: {first:?}", begun.elapsed());
            if let Err(error) = first {
                assert_eq!(improper(&error), None, "{key}");
                failures += 1;
            }
            proxy.disarm();
            // A transaction that is held up on the other side of the hole may hold the key until the server ends it.
            let key = format!("{key} again");
            told.insert(key.clone(), party.runtime.call(schedule(&key, 10 * SECOND)).await.unwrap().output);
        }
    }
    assert!(failures > 3, "{failures}");
    // What the hole had swallowed is rolled back when the server hears that the other side is gone.
    proxy.cut();
    proxied.end_past_the_proxy(&told).await;
}

/// No caller waits beyond its deadline while the whole network is a hole, and all go on when it is not any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_outlive_a_network_that_swallows_everything() {
    let proxied = Proxied::new(4).await;
    let Proxied { proxy, party, .. } = &proxied;
    let load = Load::start(&party.runtime, 8, SECOND);
    load.goes_on(8).await;
    proxy.stall(true);
    tokio::time::sleep(3 * SECOND).await;
    // The connections in the hole stay there; on the server they are cut, or their transactions would last for half a minute.
    proxy.stall(false);
    proxy.cut();
    load.goes_on(16).await;
    let told = told_by(load).await;
    proxied.end_past_the_proxy(&told).await;
}

/// The server is told to end transactions whose client is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_server_ends_what_a_lost_client_left() {
    let url = fresh().await;
    let party = Party::at(&url, 2).await.unwrap();
    let Database::Postgres { pool, .. } = party.runtime.database() else { unreachable!() };
    for (setting, expected) in
        [("idle_in_transaction_session_timeout", "30s"), ("client_connection_check_interval", "2s")]
    {
        let shown: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SHOW {setting}"))).fetch_one(pool).await.unwrap();
        assert_eq!(shown, expected, "{setting}");
    }

    party.close().await;
}

/// A call that waits for a lock when its time is over leaves no process that waits on, also where the server itself would wait longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_server_waits_for_no_lock_longer_than_the_call() {
    for longer in ["0", "10min"] {
        let url = format!("{}&options=-c%20statement_timeout%3D{longer}", fresh().await);
        let party = Party::at(&url, 2).await.unwrap();
        let before = party.dump().await;
        let Database::Postgres { pool, .. } = party.runtime.database() else { unreachable!() };
        let shown: String = sqlx::query_scalar("SHOW statement_timeout").fetch_one(pool).await.unwrap();
        assert_eq!(shown, longer);
        let mut other = pool.begin().await.unwrap();
        sqlx::query("SELECT 1 FROM next_number FOR UPDATE").execute(&mut *other).await.unwrap();
        let input = json!({
            "client_id": actwright_tests::conformance::alias::id("client.contoso"), "title": "Waits",
            "quote_date": "2026-03-02T00:00:00Z", "valid_until": "2026-04-01T00:00:00Z",
        });
        let waiting = actwright_runtime::Call { timeout: Some(SECOND), ..call("crm.create_quote", input) };
        let begun = Instant::now();
        let error = party.runtime.call(waiting).await.unwrap_err();
        assert_eq!(improper(&error), None);
        assert!(begun.elapsed() < SECOND + SLACK);
        loop {
            // Inside of the other transaction this would stay as it was first seen.
            let waits: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
            )
            .fetch_one(pool)
            .await
            .unwrap();
            if waits == 0 {
                break;
            }
            assert!(
                begun.elapsed() < 20 * SECOND,
                "a process of the server waits for a lock that nobody wants any more"
            );
            tokio::time::sleep(SECOND / 10).await;
        }
        other.rollback().await.unwrap();
        whole(&party, &before, &Told::new(), ONCE).await;
        party.close().await;
    }
}
