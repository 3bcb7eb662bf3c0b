//! The connection is lost at the commit, where a call cannot know by itself whether it has its effect.

use actwright_runtime::Error;
use actwright_tests::faults::invariants::{TWICE, Told};
use actwright_tests::faults::load::improper;
use actwright_tests::faults::proxy::{Break, Which};
use actwright_tests::faults::{schedule, unkeyed};

use crate::{Proxied, SECOND, whole};

/// A commit that never reached the server has no effect, and its call says so: it failed, and nothing about an outcome.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_did_not_arrive_is_a_failure() {
    let proxied = Proxied::new(2).await;
    let Proxied { proxy, party, .. } = &proxied;
    proxy.arm(Which::Commit, Break::Before);
    let error = party.runtime.call(schedule("lost", 10 * SECOND)).await.unwrap_err();
    assert_eq!(improper(&error), None);
    assert_eq!(error.details.get("outcome"), None);
    let again = party.runtime.call(schedule("lost", 10 * SECOND)).await.unwrap();
    assert!(again.meta.deduplicated.is_none(), "the first had no effect");
    proxied.end(&Told::from([("lost".to_owned(), again.output)])).await;
}

/// A commit whose answer was lost went through, which the database tells: the call succeeds, with a key and without.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_whose_answer_was_lost_is_a_success() {
    for how in [Break::After, Break::Within] {
        let proxied = Proxied::new(2).await;
        let Proxied { proxy, party, before, .. } = &proxied;
        proxy.arm(Which::Commit, how);
        let first = party.runtime.call(schedule("kept", 10 * SECOND)).await.unwrap();
        assert!(first.meta.effects[0].delivered, "{how:?}: it goes on as if nothing had happened");
        let again = party.runtime.call(schedule("kept", 10 * SECOND)).await.unwrap();
        assert_eq!(again.meta.deduplicated.unwrap().invocation_id, first.meta.invocation_id);
        assert_eq!(again.output, first.output);
        whole(party, before, &Told::from([("kept".to_owned(), first.output)]), TWICE).await;

        proxy.arm(Which::Commit, how);
        party.runtime.call(unkeyed("without a key")).await.unwrap();
        proxied.party.close().await;
    }
}

/// Where the database cannot be asked any more the error says that the outcome is not known, so that nobody repeats a call
/// without a key in good faith; a repetition with the key gives what the first call brought about.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_outcome_that_nobody_can_know_is_called_unknown() {
    // With one connection, none is left to ask.
    let proxied = Proxied::new(1).await;
    let Proxied { proxy, party, .. } = &proxied;
    proxy.arm(Which::Commit, Break::AfterAndClose);
    let error: Error = party.runtime.call(schedule("asked", 2 * SECOND)).await.unwrap_err();
    assert_eq!(improper(&error), None);
    assert_eq!(error.details["outcome"], "unknown");
    proxy.close(false);
    let again = party.runtime.call(schedule("asked", 10 * SECOND)).await.unwrap();
    assert!(again.meta.deduplicated.is_some(), "the first had its effect");
    proxied.end(&Told::from([("asked".to_owned(), again.output)])).await;
}
