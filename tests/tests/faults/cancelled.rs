//! Callers stop waiting.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use actwright_runtime::database::{Database, Engine};
use actwright_tests::conformance::alias::Aliases;
use actwright_tests::conformance::databases::Databases;
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::faults::invariants::{ONCE, Told};
use actwright_tests::faults::{Party, schedule};

use crate::{SECOND, fresh, whole};

/// Polls a call so often and drops it. Gives whether it had ended.
async fn give_up_after(polls: usize, call: impl Future) -> bool {
    let mut call = pin!(call);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if call.as_mut().poll(context).is_ready() {
            return Poll::Ready(true);
        }
        left -= 1;
        if left == 0 { Poll::Ready(false) } else { Poll::Pending }
    })
    .await
}

async fn callers_give_up_at_every_point(party: &Party) {
    let before = party.dump().await;
    let mut told = Told::new();
    for polls in 1.. {
        let key = format!("given up after {polls}");
        let ended = give_up_after(polls, party.runtime.call(schedule(&key, 10 * SECOND))).await;
        let begun = Instant::now();
        let again = party.runtime.call(schedule(&key, 10 * SECOND)).await;
        told.insert(key.clone(), again.unwrap_or_else(|error| panic!("{key}: {error:?}")).output);
        assert!(begun.elapsed() < 9 * SECOND, "{key}: what was given up held the next call up");
        if ended {
            break;
        }
        assert!(polls < 500, "a call that is polled 500 times");
    }
    println!("given up at {} points", told.len());
    whole(party, &before, &told, ONCE).await;
}

/// Wherever a caller stops waiting, the call is undone or goes on to its end: its repetition gives one result, events of what
/// had committed go out, and the connection serves the next call.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_is_whole_wherever_its_caller_gives_up_on_postgres() {
    let party = Party::at(&fresh().await, 2).await.unwrap();
    callers_give_up_at_every_point(&party).await;
    let Database::Postgres { pool, .. } = party.runtime.database() else { unreachable!() };
    // Nothing of a call that was given up is open on a connection of the pool.
    for _ in 0..4 {
        let begun: Option<i32> = sqlx::query_scalar(
            "SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()",
        )
        .fetch_optional(pool)
        .await
        .unwrap();
        assert_eq!(begun, None, "a transaction was left open");
    }
    party.close().await;
}

/// As on PostgreSQL.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_is_whole_wherever_its_caller_gives_up_on_sqlite() {
    let databases = Databases::prepare(Engine::Sqlite, &Fixture::base(&mut Aliases::default()).unwrap()).await.unwrap();
    let place = databases.take().await.unwrap();
    let party = Party::at(place.url(), 2).await.unwrap();
    callers_give_up_at_every_point(&party).await;
    party.close().await;
}

/// What has not been sent to the database yet leaves no connection behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_that_was_polled_once_holds_no_connection() {
    let party = Party::at(&fresh().await, 1).await.unwrap();
    let before = party.dump().await;
    for number in 0..20 {
        let mut call = Box::pin(party.runtime.call(schedule(&format!("polled {number}"), 10 * SECOND)));
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(call);
    }
    let served = party.runtime.call(schedule("served", 10 * SECOND)).await.unwrap();
    whole(&party, &before, &Told::from([("served".to_owned(), served.output)]), ONCE).await;
    party.close().await;
}
