//! Leases: who has lost one says nothing about the row any more, and a lost one is an attempt.

use std::sync::Arc;
use std::time::Duration;

use actwright_runtime::Runtime;
use actwright_runtime::database::Engine;
use actwright_runtime::outbox::{CloudEvent, DeliveryError, DeliveryPolicy, OutboxStatus, StoredEffect, Subscriber};
use actwright_tests::conformance::databases::Place;
use actwright_tests::on_both;
use actwright_tests::waiting::{Waiting, Witness, all, time_passes};
use tokio::sync::Semaphore;

use crate::place::{north, place, runtime, runtime_with};

on_both!(
    who_has_lost_the_lease_notes_nothing,
    what_a_lost_relay_held_is_tried_again,
    attempts_that_were_lost_count_up_to_the_last,
    rows_whose_lease_was_lost_are_taken_one_by_one,
    a_receiver_that_panics_costs_an_attempt,
);

/// A receiver that is in the middle of it until it is told how it went.
struct Slow {
    began: Arc<Semaphore>,
    ends: Arc<Semaphore>,
}

impl Slow {
    fn new() -> Self {
        Self { began: Arc::new(Semaphore::new(0)), ends: Arc::new(Semaphore::new(0)) }
    }

    /// A relay that delivers to it, and with this outcome in the end.
    fn relay(&self, place: &Place, outcome: Result<(), DeliveryError>) -> tokio::task::JoinHandle<()> {
        let (began, ends) = (self.began.clone(), self.ends.clone());
        let subscriber = Subscriber::new("witness", move |_: &CloudEvent| {
            let (began, ends, outcome) = (began.clone(), ends.clone(), outcome.clone());
            Box::pin(async move {
                began.add_permits(1);
                ends.acquire().await.unwrap().forget();
                outcome
            })
        });
        let relay = runtime(place, subscriber);
        tokio::spawn(async move {
            relay.relay().await.unwrap();
        })
    }

    async fn has_begun(&self) {
        tokio::time::timeout(Duration::from_secs(30), self.began.acquire()).await.unwrap().unwrap().forget();
    }
}

async fn the_one(runtime: &Runtime) -> StoredEffect {
    let mut entries = all(runtime).await.unwrap();
    assert_eq!(entries.len(), 1);
    entries.remove(0)
}

async fn one_that_waits(engine: Engine) -> Place {
    let place = place(engine).await;
    Waiting::put(&place.database, &[Waiting::new(north(), "e", "thing:1")]).await.unwrap();
    place
}

/// A relay that was away for longer than its lease must not call delivered what another one is just delivering, nor make it due or
/// dead: the row says what its holder says.
async fn who_has_lost_the_lease_notes_nothing(engine: Engine) {
    for late in [Ok(()), Err(DeliveryError::temporary("Late.")), Err(DeliveryError::permanent("Too late."))] {
        let place = one_that_waits(engine).await;
        let (first, second) = (Slow::new(), Slow::new());
        let away = first.relay(&place, late);
        first.has_begun().await;
        time_passes(&place.database).await.unwrap();
        let holder = second.relay(&place, Err(DeliveryError::temporary("Not now.")));
        second.has_begun().await;
        let runtime = runtime(&place, Witness::new());
        let held = the_one(&runtime).await;

        first.ends.add_permits(1);
        away.await.unwrap();
        let after = the_one(&runtime).await;
        assert_eq!(after.status, OutboxStatus::Pending);
        assert_eq!((after.attempts, after.available_at), (held.attempts, held.available_at), "nobody else may take it");
        assert_eq!(after.last_error, held.last_error);

        second.ends.add_permits(1);
        holder.await.unwrap();
        let noted = the_one(&runtime).await;
        assert_eq!((noted.attempts, noted.last_error.as_deref()), (2, Some("Not now.")), "the holder's word counts");
    }
}

/// Leaves a row leased by a relay that is gone, and lets its lease end.
async fn lose(place: &Place, events: usize) {
    let slow = Slow::new();
    let relay = slow.relay(place, Ok(()));
    for _ in 0..events {
        slow.has_begun().await;
    }
    relay.abort();
    drop(relay.await);
    time_passes(&place.database).await.unwrap();
}

/// One death of a relay is no reason to give an event up.
async fn what_a_lost_relay_held_is_tried_again(engine: Engine) {
    let place = one_that_waits(engine).await;
    lose(&place, 1).await;
    let witness = Witness::new();
    let relay = runtime(&place, witness.clone());
    assert_eq!(the_one(&relay).await.attempts, 0, "nobody has found out yet");
    assert_eq!(relay.relay().await.unwrap().delivered, 1);
    let delivered = the_one(&relay).await;
    assert_eq!((delivered.status, delivered.attempts, delivered.last_error), (OutboxStatus::Delivered, 2, None));
    assert_eq!(witness.keys(), ["e"]);
}

/// Lost attempts and failed ones count alike; the last one, lost, makes a dead letter that can be tried again like any other.
async fn attempts_that_were_lost_count_up_to_the_last(engine: Engine) {
    let place = one_that_waits(engine).await;
    let policy = DeliveryPolicy { attempts: 3, ..DeliveryPolicy::default() };
    let refusing = Witness::that(|_| Err(DeliveryError::temporary("Not now.")));
    let relay = runtime_with(&place, vec![Arc::new(refusing)], policy);
    lose(&place, 1).await;
    assert_eq!(relay.relay().await.unwrap().failed, 1);
    assert_eq!(the_one(&relay).await.attempts, 2);
    time_passes(&place.database).await.unwrap();
    lose(&place, 1).await;
    assert_eq!(relay.relay().await.unwrap().failed, 1, "it is given up, and not delivered");
    let dead = the_one(&relay).await;
    assert_eq!((dead.status, dead.attempts), (OutboxStatus::Dead, 3));
    assert!(
        dead.last_error
            .unwrap()
            .starts_with("Its lease ended before anybody said how the delivery went: the process that held it died")
    );

    relay.retry_dead_letter(None, dead.outbox_id, None).await.unwrap();
    let taking = runtime(&place, Witness::new());
    assert_eq!(taking.relay().await.unwrap().delivered, 1);
    assert_eq!(the_one(&taking).await.attempts, 1);
}

/// Of what a dead relay held, one row may be the reason. The next relay has one of them under way at a time, so that it loses no more
/// than that one; others that are due go on beside it.
async fn rows_whose_lease_was_lost_are_taken_one_by_one(engine: Engine) {
    let place = place(engine).await;
    let of = |number: usize| Waiting::new(north(), format!("e{number}"), format!("thing:{number}"));
    Waiting::put(&place.database, &(0..4).map(of).collect::<Vec<_>>()).await.unwrap();
    lose(&place, 4).await;
    Waiting::put(&place.database, &(4..6).map(of).collect::<Vec<_>>()).await.unwrap();

    let slow = Slow::new();
    let relay = slow.relay(&place, Ok(()));
    for _ in 0..3 {
        slow.has_begun().await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(slow.began.available_permits(), 0, "two that were never held, and one that was");
    slow.ends.add_permits(6);
    relay.await.unwrap();
    let entries = all(&runtime(&place, Witness::new())).await.unwrap();
    assert!(entries.iter().all(|entry| entry.status == OutboxStatus::Delivered));
    assert_eq!(entries.iter().map(|entry| entry.attempts).collect::<Vec<_>>(), [2, 2, 2, 2, 1, 1]);
}

/// A panic in a subscriber ends its attempt like any other failure, not only when the lease is over.
async fn a_receiver_that_panics_costs_an_attempt(engine: Engine) {
    let place = one_that_waits(engine).await;
    let relay = runtime(&place, Witness::that(|_| panic!("a receiver that panics, as this test wants it")));
    assert_eq!(relay.relay().await.unwrap().failed, 1);
    let failed = the_one(&relay).await;
    assert_eq!((failed.status, failed.attempts), (OutboxStatus::Pending, 1));
    assert_eq!(
        failed.last_error.as_deref(),
        Some("The delivery failed in an unexpected way. The log has the details.")
    );
}
