//! How a delivery went is noted in spite of a database that is away for a moment, so that nothing leaves twice; and how many
//! deliveries calls have under way at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actwright_runtime::database::{Database, Engine};
use actwright_runtime::outbox::{
    CloudEvent, DeliveryError, DeliveryPolicy, EventSink, FileStore, Mail, Mailer, OutboxStatus, Subscriber,
};
use actwright_runtime::registry::BoxFuture;
use actwright_runtime::value::Timestamp;
use actwright_runtime::{Call, Options, Runtime};
use actwright_tests::conformance::alias;
use actwright_tests::faults::{call, unkeyed};
use actwright_tests::waiting::{Waiting, Witness, all, execute};
use serde_json::json;

use crate::place::{folder, north, place, runtime, runtime_with};

/// Has the database refuse that anything is delivered, for a moment, as it does in a serialization failure.
async fn refuses_for_a_moment(database: &Database) {
    let refusal = "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END $$";
    execute(database, refusal).await.unwrap();
    let trigger = "CREATE TRIGGER refuse BEFORE UPDATE ON {outbox} FOR EACH ROW WHEN (NEW.status = 'delivered') \
         EXECUTE FUNCTION refuse()";
    execute(database, trigger).await.unwrap();
    let database = database.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(400)).await;
        execute(&database, "DROP TRIGGER refuse ON {outbox}").await.unwrap();
    });
}

/// An event that a receiver has taken is not published again because the database did not take the note at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_noted_when_the_database_is_back() {
    let place = place(Engine::Postgres).await;
    Waiting::put(&place.database, &[Waiting::new(north(), "e", "thing:1")]).await.unwrap();
    let (published, database) = (Arc::new(AtomicUsize::new(0)), place.database.clone());
    let count = published.clone();
    let sink = Subscriber::new("witness", move |_: &CloudEvent| {
        let (count, database) = (count.clone(), database.clone());
        Box::pin(async move {
            count.fetch_add(1, Ordering::SeqCst);
            refuses_for_a_moment(&database).await;
            Ok(())
        })
    });
    let relay = runtime(&place, sink);
    assert_eq!(relay.relay().await.unwrap().delivered, 1);
    let entries = all(&relay).await.unwrap();
    assert_eq!((entries[0].status, entries[0].attempts), (OutboxStatus::Delivered, 1));
    assert_eq!(published.load(Ordering::SeqCst), 1);
}

/// Takes mails from a database that then refuses what follows.
struct Last {
    database: Database,
    sent: Arc<AtomicUsize>,
}

impl Mailer for Last {
    fn domain(&self) -> &str {
        "quotes.example"
    }

    fn send<'a>(&'a self, _: &'a Mail, _: &'a str, _: &'a FileStore) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async {
            self.sent.fetch_add(1, Ordering::SeqCst);
            refuses_for_a_moment(&self.database).await;
            Ok(())
        })
    }
}

/// A mail that is out is not sent again because the database took neither what follows nor the job for it at once, and it is
/// told: a row without its job would say `delivered` while the answer says for ever that no mail was sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_follows_a_mail_is_done_when_the_database_is_back() {
    let place = place(Engine::Postgres).await;
    let sent = Arc::new(AtomicUsize::new(0));
    let mailer = Last { database: place.database.clone(), sent: sent.clone() };
    let files = FileStore::folder(&folder(&place).join("files")).unwrap();
    let runtime =
        Runtime::new(place.application.clone(), actwright_actions::pack(), Options::new(Arc::new(mailer), files));
    let input = json!({ "quote_id": alias::id("quote.bare"), "email_addresses": ["one@north.example"] });
    let call = call("crm.send_quote", input);
    let answer = runtime.call(Call { timeout: Some(Duration::from_secs(30)), ..call }).await.unwrap();
    assert_eq!(answer.output["email_sent"], true, "{answer:?}");
    for entry in all(&runtime).await.unwrap() {
        assert_eq!((entry.status, entry.attempts), (OutboxStatus::Delivered, 1), "{entry:?}");
    }
    assert_eq!(sent.load(Ordering::SeqCst), 1);
}

/// A receiver that does not answer gets a connection for some calls, not for each; the others' events wait for relays, and are
/// counted as no attempt. Whoever answers gets everything at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_hangs_takes_a_bounded_number_of_deliveries() {
    const CALLS: usize = 90;
    const MOST: usize = 64;
    let place = place(Engine::Sqlite).await;
    let begun = Arc::new(AtomicUsize::new(0));
    let count = begun.clone();
    let hung = Subscriber::new("hung", move |_: &CloudEvent| {
        count.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::pending::<Result<(), DeliveryError>>())
    });
    let witness = Witness::new();
    let sinks: Vec<Arc<dyn EventSink>> = vec![Arc::new(hung), Arc::new(witness.clone())];
    let policy = DeliveryPolicy { timeout: Duration::from_secs(600), ..DeliveryPolicy::default() };
    let runtime = runtime_with(&place, sinks, policy);
    for some in 0..3 {
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..CALLS / 3 {
            let (runtime, call) = (runtime.clone(), unkeyed(&format!("Call {some} {number}")));
            calls.spawn(async move { runtime.call(call).await.unwrap() });
        }
        calls.join_all().await;
    }
    assert_eq!(begun.load(Ordering::SeqCst), MOST);
    assert_eq!(witness.keys().len(), CALLS);
    let entries = all(&runtime).await.unwrap();
    let now = Timestamp::now();
    let due: Vec<_> =
        entries.iter().filter(|entry| entry.status == OutboxStatus::Pending && entry.available_at <= now).collect();
    assert_eq!(due.len(), CALLS - MOST, "these wait for a relay");
    assert!(due.iter().all(|entry| entry.attempts == 0 && entry.sink.as_deref() == Some("hung")), "{due:?}");
}
