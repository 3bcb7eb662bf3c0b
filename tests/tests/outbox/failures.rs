//! What becomes of an event that a sink does not take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actwright_runtime::Timestamp;
use actwright_runtime::database::Engine;
use actwright_runtime::outbox::{DeliveryError, DeliveryPolicy, OutboxStatus, StoredEffect};
use actwright_tests::on_both;
use actwright_tests::waiting::{Waiting, Witness, all, time_passes};

use crate::place::{north, place, runtime};

on_both!(
    pauses_double_up_to_the_last_attempt,
    what_failed_together_is_not_tried_together,
    a_receiver_that_asks_for_patience_gets_it,
    what_will_never_go_is_given_up_at_once,
    later_events_wait_for_one_that_is_tried_again,
    a_dead_letter_lets_later_events_pass,
    a_sink_that_is_not_configured_is_named,
    messages_of_receivers_are_kept_short,
);

fn one(entries: &[StoredEffect]) -> &StoredEffect {
    assert_eq!(entries.len(), 1);
    &entries[0]
}

/// Seconds from then until the next attempt.
fn pause(entry: &StoredEffect, since: Timestamp) -> f64 {
    Duration::from_micros(u64::try_from(entry.available_at.micros() - since.micros()).unwrap_or(0)).as_secs_f64()
}

/// A receiver that is away for some hours gets its events; what nobody ever takes does not go round for ever.
async fn pauses_double_up_to_the_last_attempt(engine: Engine) {
    let place = place(engine).await;
    Waiting::put(&place.database, &[Waiting::new(north(), "e", "thing:1")]).await.unwrap();
    let runtime = runtime(&place, Witness::that(|_| Err(DeliveryError::temporary("It is away."))));
    let policy = DeliveryPolicy::default();
    for attempt in 1..=policy.attempts {
        time_passes(&place.database).await.unwrap();
        let before = Timestamp::now();
        assert_eq!(runtime.relay().await.unwrap().failed, 1);
        let after = Timestamp::now();
        let entries = all(&runtime).await.unwrap();
        let entry = one(&entries);
        assert_eq!((entry.attempts, entry.last_error.as_deref()), (i64::from(attempt), Some("It is away.")));
        if attempt == policy.attempts {
            assert_eq!(entry.status, OutboxStatus::Dead);
            assert!(entry.settled_at.is_some());
            break;
        }
        let most = policy.first_pause.as_secs_f64() * 2_f64.powi(i32::try_from(attempt).unwrap() - 1);
        let most = most.min(policy.longest_pause.as_secs_f64());
        // A millisecond for what databases and clocks round off.
        let (longest, shortest) = (pause(entry, before), pause(entry, after));
        assert!(
            longest >= most / 2.0 - 0.001 && shortest <= most + 0.001,
            "{attempt}: {shortest} to {longest} of {most}"
        );
        assert_eq!(runtime.relay().await.unwrap().failed, 0, "not before it is due");
    }
    time_passes(&place.database).await.unwrap();
    assert_eq!(runtime.relay().await.unwrap().failed, 0, "nobody tries a dead letter");
}

/// Half of a pause is random: a receiver that comes back does not get everything at once.
async fn what_failed_together_is_not_tried_together(engine: Engine) {
    let place = place(engine).await;
    let waiting: Vec<Waiting> =
        (0..8).map(|number| Waiting::new(north(), format!("e{number}"), format!("thing:{number}"))).collect();
    Waiting::put(&place.database, &waiting).await.unwrap();
    let hour = Duration::from_secs(3600);
    let policy = DeliveryPolicy { first_pause: hour, longest_pause: hour, ..DeliveryPolicy::default() };
    let away = Witness::that(|_| Err(DeliveryError::temporary("It is away.")));
    let runtime = crate::place::runtime_with(&place, vec![Arc::new(away)], policy);
    let before = Timestamp::now();
    assert_eq!(runtime.relay().await.unwrap().failed, 8);
    let took = before.micros().abs_diff(Timestamp::now().micros());
    let due: Vec<i64> = all(&runtime).await.unwrap().iter().map(|entry| entry.available_at.micros()).collect();
    let apart = due.iter().max().unwrap().abs_diff(*due.iter().min().unwrap());
    // Of half an hour; by chance it is less than once in a billion times.
    assert!(apart > took + 60_000_000, "{} s apart, and the attempts took {} s", apart / 1_000_000, took / 1_000_000);
}

/// `Retry-After` goes before our own pauses, within reason.
async fn a_receiver_that_asks_for_patience_gets_it(engine: Engine) {
    let place = place(engine).await;
    let waiting = [("120", "a"), ("864000", "b"), ("0", "c")].map(|(key, subject)| Waiting::new(north(), key, subject));
    Waiting::put(&place.database, &waiting).await.unwrap();
    let runtime = runtime(
        &place,
        Witness::that(|event| Err(DeliveryError::after(Duration::from_secs(event.id.parse().unwrap()), "Later."))),
    );
    let before = Timestamp::now();
    assert_eq!(runtime.relay().await.unwrap().failed, 3);
    let after = Timestamp::now();
    for entry in all(&runtime).await.unwrap() {
        let (least, most) = match entry.key.as_str() {
            "120" => (120.0, 120.0),
            "864000" => (86_400.0, 86_400.0),
            _ => (1.0, 2.0),
        };
        let (longest, shortest) = (pause(&entry, before), pause(&entry, after));
        assert!(longest >= least - 0.001 && shortest <= most + 0.001, "{}: {shortest} to {longest}", entry.key);
    }
}

/// `410 Gone` is not asked twelve times.
async fn what_will_never_go_is_given_up_at_once(engine: Engine) {
    let place = place(engine).await;
    Waiting::put(&place.database, &[Waiting::new(north(), "e", "thing:1")]).await.unwrap();
    let runtime = runtime(&place, Witness::that(|_| Err(DeliveryError::permanent("Gone."))));
    assert_eq!(runtime.relay().await.unwrap().failed, 1);
    let entries = all(&runtime).await.unwrap();
    assert_eq!((one(&entries).status, one(&entries).attempts), (OutboxStatus::Dead, 1));
}

/// Three events of one subject, and whether the first one goes.
async fn three(engine: Engine) -> (actwright_tests::conformance::databases::Place, Arc<AtomicBool>, Witness) {
    let place = place(engine).await;
    let waiting: Vec<Waiting> = ["first", "second", "third"]
        .iter()
        .zip(0..)
        .map(|(key, position)| Waiting { position, ..Waiting::new(north(), *key, "thing:1") })
        .collect();
    Waiting::put(&place.database, &waiting).await.unwrap();
    let goes = Arc::new(AtomicBool::new(false));
    let own = goes.clone();
    let witness = Witness::that(move |event| match event.id.as_str() {
        "first" if !own.load(Ordering::SeqCst) => Err(DeliveryError::temporary("Not now.")),
        _ => Ok(()),
    });
    (place, goes, witness)
}

/// Order of a subject is kept across failures: nothing overtakes.
async fn later_events_wait_for_one_that_is_tried_again(engine: Engine) {
    let (place, goes, witness) = three(engine).await;
    let runtime = runtime(&place, witness.clone());
    for _ in 0..3 {
        time_passes(&place.database).await.unwrap();
        assert_eq!(runtime.relay().await.unwrap().failed, 1);
        assert!(witness.keys().is_empty());
    }
    goes.store(true, Ordering::SeqCst);
    time_passes(&place.database).await.unwrap();
    assert_eq!(runtime.relay().await.unwrap().delivered, 3);
    assert_eq!(witness.keys(), ["first", "second", "third"]);
}

/// One event that cannot go does not silence its subject for good. Somebody decides on it; when it is tried again then, it comes
/// before what waits.
async fn a_dead_letter_lets_later_events_pass(engine: Engine) {
    let (place, goes, witness) = three(engine).await;
    let policy = DeliveryPolicy { attempts: 1, ..DeliveryPolicy::default() };
    let runtime = crate::place::runtime_with(&place, vec![Arc::new(witness.clone())], policy);
    actwright_tests::waiting::execute(
        &place.database,
        "UPDATE {outbox} SET available_at = {now} + 60 * {second} WHERE key = 'third'",
    )
    .await
    .unwrap();
    let relayed = runtime.relay().await.unwrap();
    assert_eq!((relayed.failed, relayed.delivered), (1, 1));
    assert_eq!(witness.keys(), ["second"]);
    goes.store(true, Ordering::SeqCst);
    let dead = all(&runtime).await.unwrap().into_iter().find(|entry| entry.key == "first").unwrap();
    assert_eq!(dead.status, OutboxStatus::Dead);
    runtime.retry_dead_letter(None, dead.outbox_id, None).await.unwrap();
    time_passes(&place.database).await.unwrap();
    assert_eq!(runtime.relay().await.unwrap().delivered, 2);
    assert_eq!(witness.keys(), ["second", "first", "third"]);
}

/// A sink that was removed from the configuration is a mistake that somebody can mend: the row says which, and waits meanwhile.
async fn a_sink_that_is_not_configured_is_named(engine: Engine) {
    let place = place(engine).await;
    let waiting = Waiting { sink: "gone".to_owned(), ..Waiting::new(north(), "e", "thing:1") };
    Waiting::put(&place.database, &[waiting]).await.unwrap();
    let runtime = runtime(&place, Witness::new());
    assert_eq!(runtime.relay().await.unwrap().failed, 1);
    let entries = all(&runtime).await.unwrap();
    assert_eq!(one(&entries).status, OutboxStatus::Pending);
    assert_eq!(one(&entries).last_error.as_deref(), Some("The configuration has no event sink gone."));
}

/// A receiver cannot fill the database with what it says.
async fn messages_of_receivers_are_kept_short(engine: Engine) {
    let place = place(engine).await;
    Waiting::put(&place.database, &[Waiting::new(north(), "e", "thing:1")]).await.unwrap();
    let runtime = runtime(&place, Witness::that(|_| Err(DeliveryError::temporary("ü".repeat(1_000_000)))));
    assert_eq!(runtime.relay().await.unwrap().failed, 1);
    assert_eq!(one(&all(&runtime).await.unwrap()).last_error.as_ref().unwrap().chars().count(), 1001);
}
