//! Connections are cut.

use actwright_tests::faults::invariants::Told;
use actwright_tests::faults::load::{Load, improper};
use actwright_tests::faults::proxy::{Break, Which};
use actwright_tests::faults::schedule;

use crate::{Proxied, SECOND, told_by};

/// Wherever a connection is cut, before a statement, after it or in the middle of its answer, the call has its whole effect or
/// none, and its repetition gives one result.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_is_whole_wherever_its_connection_is_cut() {
    let proxied = Proxied::new(2).await;
    let Proxied { proxy, party, .. } = &proxied;
    let mut told = Told::new();
    let mut failures = 0;
    for how in [Break::Before, Break::After, Break::Within] {
        for number in 1.. {
            let key = format!("{how:?} {number}");
            proxy.arm(Which::Next(number), how);
            let first = party.runtime.call(schedule(&key, 10 * SECOND)).await;
            let ended = proxy.disarm();
            if let Err(error) = first {
                assert_eq!(improper(&error), None, "{key}");
                failures += 1;
            }
            let again = party.runtime.call(schedule(&key, 10 * SECOND)).await;
            told.insert(key.clone(), again.unwrap_or_else(|error| panic!("{key}: {error:?}")).output);
            if ended {
                break;
            }
            assert!(number < 100, "a call of a hundred requests");
        }
    }
    println!("{} cuts, {failures} failures", told.len());
    assert!(failures > 0, "nothing was cut");
    proxied.end(&told).await;
}

/// All connections at once, again and again, while sixteen callers go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_outlive_cuts_of_all_connections() {
    let proxied = Proxied::new(8).await;
    let Proxied { proxy, party, .. } = &proxied;
    let load = Load::start(&party.runtime, 16, 5 * SECOND);
    for _ in 0..10 {
        load.goes_on(10).await;
        proxy.cut();
    }
    proxy.close(true);
    tokio::time::sleep(SECOND / 2).await;
    proxy.close(false);
    load.goes_on(20).await;
    let told = told_by(load).await;
    proxied.end(&told).await;
}
