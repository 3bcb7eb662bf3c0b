//! Several relays at once, and what comes first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actwright_runtime::database::{Database, Engine};
use actwright_runtime::outbox::{
    CloudEvent, DeliveryError, DeliveryPolicy, EventSink, OutboxStatus, StoredEffect, Subscriber,
};
use actwright_runtime::{Call, Caller, Uuid};
use actwright_tests::conformance::alias;
use actwright_tests::on_both;
use actwright_tests::waiting::{self, Waiting, Witness, all, execute, time_passes};
use serde_json::json;

use crate::place::{folder, north, place, runtime, runtime_with};

on_both!(
    many_relays_deliver_everything_once_and_in_order,
    a_row_that_somebody_holds_keeps_nobody_waiting,
    order_is_that_of_the_calls_whatever_the_clocks_say,
    events_about_one_thing_come_in_the_order_in_which_they_happened,
    events_leave_right_after_the_commit,
    a_receiver_that_hangs_holds_up_no_answer,
    a_receiver_that_hangs_holds_up_no_other,
    actions_of_another_build_are_left_to_it,
);

const RELAYS: usize = 8;
const SUBJECTS: usize = 60;
const EACH: usize = 10;

/// The promise: several relays, and still every event once, and those of a subject one after the other.
async fn many_relays_deliver_everything_once_and_in_order(engine: Engine) {
    let place = place(engine).await;
    let tenants = [north(), alias::id("tenant.rival")];
    let mut waiting = Vec::new();
    for number in 0..EACH {
        for subject in 0..SUBJECTS {
            let (subject, tenant) = (format!("thing:{}", subject / 2), tenants[subject % 2]);
            let position = i64::try_from(number).unwrap();
            waiting.push(Waiting { position, ..Waiting::new(tenant, format!("{subject}:{number}"), subject) });
        }
    }
    Waiting::put(&place.database, &waiting).await.unwrap();

    let witness = Witness::new();
    let mut relays = Vec::new();
    let (stop, _) = tokio::sync::watch::channel(false);
    for _ in 0..RELAYS {
        // Connections of its own, as in a process of its own.
        let database = Database::open_with(&place.application_url(), 2).await.unwrap();
        let sinks: Vec<Arc<dyn EventSink>> = vec![Arc::new(witness.clone())];
        let relay = waiting::runtime(&database, folder(&place), sinks, DeliveryPolicy::default()).unwrap();
        let mut stopped = stop.subscribe();
        relays.push(tokio::spawn(async move {
            relay.run_relay(async move { drop(stopped.wait_for(|stop| *stop).await) }).await;
            database.close().await;
        }));
    }
    let everything = tokio::time::timeout(Duration::from_secs(60), async {
        while witness.keys().len() < waiting.len() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    everything.await.unwrap_or_else(|_| panic!("{} of {} after a minute", witness.keys().len(), waiting.len()));
    stop.send(true).unwrap();
    for relay in relays {
        relay.await.unwrap();
    }

    assert_eq!(witness.overlaps(), Vec::<String>::new(), "two of one subject were under way at once");
    let mut seen: BTreeMap<(Uuid, String), Vec<String>> = BTreeMap::new();
    for event in witness.events() {
        seen.entry((event.tenant, event.subject)).or_default().push(event.id);
    }
    assert_eq!(seen.len(), SUBJECTS);
    for ((_, subject), keys) in seen {
        let expected: Vec<String> = (0..EACH).map(|number| format!("{subject}:{number}")).collect();
        assert_eq!(keys, expected, "each once, in order");
    }
    let settled = all(&runtime(&place, Witness::new())).await.unwrap();
    let once = |entry: &&StoredEffect| entry.status == OutboxStatus::Delivered && entry.attempts == 1;
    assert_eq!(settled.iter().filter(once).count(), waiting.len());
}

/// `SKIP LOCKED`: a relay does not queue behind another one that is just taking. On SQLite the writer takes turns.
async fn a_row_that_somebody_holds_keeps_nobody_waiting(engine: Engine) {
    let place = place(engine).await;
    let waiting: Vec<Waiting> = (0..10).map(|n| Waiting::new(north(), format!("e{n}"), format!("thing:{n}"))).collect();
    Waiting::put(&place.database, &waiting).await.unwrap();
    let witness = Witness::new();
    let relay = runtime(&place, witness.clone());
    let Database::Postgres { pool, .. } = &place.database else {
        assert_eq!(relay.relay().await.unwrap().delivered, 10);
        return;
    };
    let mut other = pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM actwright.outbox WHERE key IN ('e0', 'e1') FOR UPDATE")
        .execute(&mut *other)
        .await
        .unwrap();
    assert_eq!(relay.relay().await.unwrap().delivered, 8, "those that nobody holds");
    other.rollback().await.unwrap();
    assert_eq!(relay.relay().await.unwrap().delivered, 2);
    let mut keys = witness.keys();
    keys.sort();
    assert_eq!(keys, waiting.iter().map(|event| event.key.clone()).collect::<Vec<_>>());
}

/// The tag `vpn` on the ticket of an activity.
fn tagging() -> Call {
    let input = json!({ "activity_id": alias::id("activity.call"), "tags": ["vpn"] });
    Call {
        timeout: Some(Duration::from_secs(600)),
        ..Call::new("crm.tag_activity", north(), Caller::User(alias::id("user.admin")), input)
    }
}

/// The same where the tag is there: an event whose key is known before.
async fn tag(engine: Engine) -> (actwright_tests::conformance::databases::Place, Call, String) {
    let place = place(engine).await;
    let (tag, ticket) = (alias::id("tag.vpn"), alias::id("ticket.vpn"));
    let rows =
        json!({ "north": { "tag_definitions": [{ "tag_id": tag, "tag_text": "vpn", "tagged_type": "ticket" }] } });
    let mut aliases = alias::Aliases::default();
    let fixture = actwright_tests::conformance::fixture::Fixture::parse(&rows, &mut aliases).unwrap();
    fixture.load(&place.database).await.unwrap();
    (place, tagging(), format!("tag_applied:ticket:{ticket}:{tag}"))
}

/// Ids begin with the time of the machine that made them. A machine whose clock is ahead puts none of its events behind those
/// that others emit later.
async fn order_is_that_of_the_calls_whatever_the_clocks_say(engine: Engine) {
    let (place, call, _) = tag(engine).await;
    let subject = format!("tag:{}", alias::id("tag.vpn"));
    let tomorrow = u128::from(u64::MAX >> 20) << 80 | 0x7000_8000_0000_0000_0000;
    let ahead =
        Waiting { id: Uuid::from_u128(tomorrow), ..Waiting::new(north(), "from a clock that is ahead", subject) };
    Waiting::put(&place.database, &[ahead]).await.unwrap();
    let witness = Witness::new();
    let runtime = runtime(&place, witness.clone());
    let answer = runtime.call(call).await.unwrap();
    assert!(!answer.meta.effects[0].delivered, "another one comes first: {:?}", answer.meta.effects);
    assert!(witness.keys().is_empty());
    assert_eq!(runtime.relay().await.unwrap().delivered, 2);
    assert_eq!(witness.keys()[0], "from a clock that is ahead");
}

/// What specs say events are about counts, not their names: nobody hears of a tag on a record before they hear of the tag.
async fn events_about_one_thing_come_in_the_order_in_which_they_happened(engine: Engine) {
    let place = place(engine).await;
    let refused = Arc::new(AtomicBool::new(false));
    let witness = Witness::that(move |event| {
        if event.name == "TAG_DEFINITION_CREATED" && !refused.swap(true, Ordering::SeqCst) {
            return Err(DeliveryError::temporary("Not now."));
        }
        Ok(())
    });
    let runtime = runtime(&place, witness.clone());
    let answer = runtime.call(tagging()).await.unwrap();
    assert!(answer.meta.effects.iter().all(|effect| !effect.delivered), "{:?}", answer.meta.effects);
    time_passes(&place.database).await.unwrap();
    assert_eq!(runtime.relay().await.unwrap().delivered, 2);
    let events = witness.events();
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["TAG_DEFINITION_CREATED", "TAG_APPLIED"]);
    let subjects: Vec<&str> = events.iter().map(|event| event.subject.as_str()).collect();
    let about = format!("tag:{}", answer.output["added_tags"][0]["tag_id"].as_str().unwrap());
    assert_eq!(subjects, [&about, &about]);
}

/// No relay is needed as long as nothing goes wrong.
async fn events_leave_right_after_the_commit(engine: Engine) {
    let (place, call, key) = tag(engine).await;
    let witness = Witness::new();
    let runtime = runtime(&place, witness.clone());
    let answer = runtime.call(call).await.unwrap();
    assert!(answer.meta.effects.iter().all(|effect| effect.delivered), "{:?}", answer.meta.effects);
    assert_eq!(witness.keys(), [key]);
    let entries = all(&runtime).await.unwrap();
    assert_eq!((entries[0].status, entries[0].attempts), (OutboxStatus::Delivered, 1));
}

/// A sink of this name that never answers.
fn hung(name: &'static str) -> Arc<dyn EventSink> {
    Arc::new(Subscriber::new(name, |_: &CloudEvent| Box::pin(std::future::pending::<Result<(), DeliveryError>>())))
}

/// A call may take ten minutes here, and so may a delivery. The answer does not wait for a receiver that hangs.
async fn a_receiver_that_hangs_holds_up_no_answer(engine: Engine) {
    let (place, call, key) = tag(engine).await;
    let witness = Witness::new();
    let policy = DeliveryPolicy { timeout: Duration::from_secs(600), ..DeliveryPolicy::default() };
    let runtime = runtime_with(&place, vec![hung("a-hook"), Arc::new(witness.clone()), hung("z-hook")], policy);
    let answer = runtime.call(call).await.unwrap();
    let delivered: Vec<_> = answer.meta.effects.iter().map(|e| (e.sink.as_deref().unwrap(), e.delivered)).collect();
    assert_eq!(delivered, [("a-hook", false), ("witness", true), ("z-hook", false)]);
    assert_eq!(witness.keys(), [key]);
}

/// Places of the relay are not all taken by receivers that hang.
async fn a_receiver_that_hangs_holds_up_no_other(engine: Engine) {
    let place = place(engine).await;
    let of = |sink: &str, number: usize| {
        let waiting = Waiting::new(north(), format!("{sink} {number}"), format!("{sink}:{number}"));
        Waiting { sink: sink.to_owned(), ..waiting }
    };
    let mut waiting: Vec<Waiting> = Vec::new();
    for sink in ["a-hook", "b-hook", "witness"] {
        waiting.extend((0..50).map(|number| of(sink, number)));
    }
    Waiting::put(&place.database, &waiting).await.unwrap();
    // Of those that are due, the ones that hang come first.
    execute(&place.database, "UPDATE {outbox} SET available_at = available_at - {second} WHERE sink <> 'witness'")
        .await
        .unwrap();
    let witness = Witness::new();
    let policy = DeliveryPolicy { timeout: Duration::from_secs(600), ..DeliveryPolicy::default() };
    let relay = runtime_with(&place, vec![hung("a-hook"), hung("b-hook"), Arc::new(witness.clone())], policy);
    let relaying = tokio::spawn(async move { relay.relay().await });
    let everything = tokio::time::timeout(Duration::from_secs(60), async {
        while witness.keys().len() < 50 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    everything.await.unwrap_or_else(|_| panic!("{} of 50 after a minute", witness.keys().len()));
    relaying.abort();
}

/// While two versions of the program run beside each other, each does what it knows: rows of an action that this one does not have
/// stay as they are, and others are delivered however many of those there are.
async fn actions_of_another_build_are_left_to_it(engine: Engine) {
    let place = place(engine).await;
    let strange = |n: usize| Waiting {
        action: "crm.of_tomorrow".to_owned(),
        ..Waiting::new(north(), format!("strange {n}"), format!("strange:{n}"))
    };
    let mut waiting: Vec<Waiting> = (0..100).map(strange).collect();
    waiting.push(Waiting::new(north(), "known", "known"));
    Waiting::put(&place.database, &waiting).await.unwrap();
    let witness = Witness::new();
    let runtime = runtime(&place, witness.clone());
    assert_eq!(runtime.relay().await.unwrap().delivered, 1);
    assert_eq!(witness.keys(), ["known"]);
    let pending = all(&runtime).await.unwrap();
    let pending: Vec<&StoredEffect> = pending.iter().filter(|entry| entry.status == OutboxStatus::Pending).collect();
    assert!(pending.len() == 100 && pending.iter().all(|entry| entry.attempts == 0));
    assert_eq!(
        execute(&place.database, "UPDATE {outbox} SET leased_by = NULL WHERE leased_by IS NOT NULL").await.unwrap(),
        0
    );
    time_passes(&place.database).await.unwrap();
}
