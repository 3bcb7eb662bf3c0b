//! What is another tenant's is as good as missing, in everything that is not an action: pickers, runs, the outbox and its dead
//! letters, audit, idempotency, events, documents and rules on records. Actions are in `isolation.rs`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use actwright_runtime::audit::TrailQuery;
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::outbox::{CloudEvent, DeliveryError, EventSink, OutboxFilter, OutboxStatus};
use actwright_runtime::pickers::{Ask, Choice, PickerQuery};
use actwright_runtime::registry::BoxFuture;
use actwright_runtime::{Answer, Call, Caller, Error, Options, Runtime, Uuid};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::dump::{self, OUTBOX, Snapshot};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

/// Takes what is of one tenant; what is of the others it refuses for now, or for good, or does not want at all.
#[derive(Debug, Clone)]
struct OfOne {
    tenant: Uuid,
    others: Others,
    taken: Arc<Mutex<Vec<CloudEvent>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    Later,
    Never,
    Unwanted,
}

impl OfOne {
    fn new(tenant: &str, others: Others) -> Self {
        Self { tenant: id(&format!("tenant.{tenant}")), others, taken: Arc::default() }
    }

    fn taken(&self) -> Vec<CloudEvent> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl EventSink for OfOne {
    fn name(&self) -> &str {
        "of one"
    }

    fn accepts(&self, tenant: Uuid, _: &str) -> bool {
        self.others != Others::Unwanted || tenant == self.tenant
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        let refused = match self.others {
            _ if event.tenant == self.tenant => Ok(()),
            Others::Later => Err(DeliveryError::temporary("not now")),
            Others::Never | Others::Unwanted => Err(DeliveryError::permanent("never")),
        };
        if refused.is_ok() {
            self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        }
        Box::pin(async { refused })
    }
}

struct Two {
    runtime: Runtime,
    place: Place,
    databases: Databases,
}

impl Two {
    async fn start(engine: Engine, sink: Option<OfOne>) -> Self {
        let databases = Databases::prepare(engine, &Fixture::base(&mut Aliases::default()).unwrap()).await.unwrap();
        let place = databases.take().await.unwrap();
        let honest = runtime(&place, &Recorder::default()).unwrap();
        let events =
            sink.map_or_else(|| honest.options().events.clone(), |sink| vec![Arc::new(sink) as Arc<dyn EventSink>]);
        let options = Options { events, ..honest.options().clone() };
        let runtime = Runtime::new(place.application.clone(), actwright_actions::pack(), options);
        Self { runtime, place, databases }
    }

    async fn end(self) {
        self.databases.give_back(self.place).await.unwrap();
        self.databases.remove().await.unwrap();
    }

    /// The same call with the same key, in each tenant about a client of its own.
    async fn schedule(&self, tenant: &str, key: &str) -> Answer {
        let (user, client, kind) = match tenant {
            "north" => ("user.admin", "client.contoso", "type.call"),
            _ => ("user.rival", "client.rival", "type.rival"),
        };
        let input = json!({ "client_id": id(client), "type_id": id(kind), "title": "Call back",
            "start_time": "2026-03-01T09:00:00Z", "idempotency_key": key });
        let call = Call::new("crm.schedule_activity", id(&format!("tenant.{tenant}")), Caller::User(id(user)), input);
        self.runtime.call(call).await.unwrap()
    }

    async fn pick(&self, tenant: &str, caller: Caller, picker: &str, ask: Ask) -> Result<Vec<Choice>, Error> {
        let (tenant, picker) = (id(&format!("tenant.{tenant}")), picker.to_owned());
        self.runtime.pick(PickerQuery { picker, tenant, caller, ask }).await
    }

    async fn execute(&self, postgres: &str) {
        let sqlite = postgres.replace("actwright.", "actwright_");
        match &self.place.database {
            Database::Sqlite { writer, .. } => sqlx::raw_sql(AssertSqlSafe(sqlite)).execute(writer).await.map(|_| ()),
            Database::Postgres { pool, .. } => {
                sqlx::raw_sql(AssertSqlSafe(postgres.to_owned())).execute(pool).await.map(|_| ())
            }
        }
        .unwrap();
    }
}

/// All that an error tells, without the time and the id that was asked for.
fn told(error: &Error, asked: Uuid) -> String {
    let mut told = json!(error);
    told["at"].take();
    told.to_string().replace(&asked.to_string(), "ID")
}

/// Every picker, with ids of the other tenant and ids of nobody.
async fn pickers(two: &Two) {
    let (admin, rival) = (Caller::User(id("user.admin")), Caller::User(id("user.rival")));
    for picker in two.runtime.pack().pickers {
        let kind = picker.kind;
        let theirs = id(&format!("{kind}.rival"));
        let known = two.pick("rival", rival, kind, Ask::Resolve(vec![theirs])).await.unwrap();
        assert_eq!(known.len(), 1, "the fixture needs a row $${kind}.rival of the tenant rival for the picker {kind}");
        assert_eq!(two.pick("north", admin, kind, Ask::Resolve(vec![theirs])).await.unwrap(), [], "{kind}");

        let search = |text: &str, depends_on| Ask::Search { text: text.to_owned(), depends_on, limit: 100 };
        let named = two.pick("north", admin, kind, search("rival", BTreeMap::new())).await.unwrap();
        assert_eq!(named, [], "{kind}: {named:?}");
        let all = two.pick("north", admin, kind, search("", BTreeMap::new())).await.unwrap();
        assert!(!all.is_empty() && !json!(all).to_string().to_lowercase().contains("rival"), "{kind}: {all:?}");
        for (field, _) in picker.depends_on {
            let others = id(&format!("{}.rival", field.trim_end_matches("_id")));
            for on in [others, id("missing.row")] {
                let found =
                    two.pick("north", admin, kind, search("", BTreeMap::from([((*field).to_owned(), on)]))).await;
                assert_eq!(found.unwrap(), [], "{kind} by {field}");
            }
        }
        // Whoever is not of the tenant is not told what there is.
        for caller in [Caller::User, Caller::Run] {
            let (others, missing) = (
                if caller(theirs) == Caller::User(theirs) { id("user.rival") } else { id("run.rival") },
                id("missing.row"),
            );
            let refused = two.pick("north", caller(others), kind, search("", BTreeMap::new())).await.unwrap_err();
            let unknown = two.pick("north", caller(missing), kind, search("", BTreeMap::new())).await.unwrap_err();
            assert_eq!(told(&refused, others), told(&unknown, missing), "{kind}");
        }
    }
}

/// A run of another tenant is no run.
async fn runs(two: &Two) {
    let find = |run| {
        let input = json!({ "client_id": id("client.contoso") });
        let call = Call::new("crm.find_activities", id("tenant.north"), Caller::Run(run), input);
        two.runtime.call(call)
    };
    let (others, missing) = (id("run.rival"), id("missing.row"));
    let (refused, unknown) = (find(others).await.unwrap_err(), find(missing).await.unwrap_err());
    assert_eq!(told(&refused, others), told(&unknown, missing));
}

/// One key is one call within a tenant, and another call in another.
async fn idempotency_and_audit(two: &Two) {
    let (ours, theirs) = (two.schedule("north", "one key").await, two.schedule("rival", "one key").await);
    assert!(ours.meta.deduplicated.is_none() && theirs.meta.deduplicated.is_none());
    for tenant in ["north", "rival"] {
        let first = if tenant == "north" { &ours } else { &theirs };
        let again = two.schedule(tenant, "one key").await;
        assert_eq!(again.output, first.output);
        assert_eq!(again.meta.deduplicated.unwrap().invocation_id, first.meta.invocation_id);
    }
    let (north, call) = (id("tenant.north"), theirs.meta.invocation_id);
    assert!(two.runtime.audit_entry(id("tenant.rival"), call).await.unwrap().is_some());
    assert!(two.runtime.audit_entry(north, call).await.unwrap().is_none());
    assert_eq!(two.runtime.effects_of(id("tenant.rival"), call).await.unwrap().len(), 1);
    assert_eq!(two.runtime.effects_of(north, call).await.unwrap().len(), 0);

    let trail = |actor| TrailQuery {
        tenant: north,
        entity: None,
        from: None,
        to: None,
        actor,
        action: None,
        after: None,
        limit: 100,
    };
    let all = two.runtime.audit_trail(&trail(None)).await.unwrap();
    assert!(all.entries.iter().any(|entry| entry.audit_id == ours.meta.invocation_id));
    assert!(all.entries.iter().all(|entry| entry.audit_id != call));
    assert!(!json!(all).to_string().to_lowercase().contains("rival"), "{}", json!(all));
    assert_eq!(two.runtime.audit_trail(&trail(Some(id("user.rival")))).await.unwrap().entries.len(), 0);
}

/// Rules of another tenant narrow nothing, even where they name this tenant's user.
async fn rules(two: &Two) {
    let rules =
        json!({ "rival": { "bundles": { "theirs": { "to": "user.admin", "rules": [{ "template_key": "own" }] } } } });
    let mut aliases = Aliases::default();
    Fixture::base(&mut aliases).unwrap();
    let find = || {
        let call = Call::new("crm.find_quotes", id("tenant.north"), Caller::User(id("user.admin")), json!({}));
        two.runtime.call(call)
    };
    let before = find().await.unwrap().output;
    assert!(before["count"].as_u64() > Some(0));
    Fixture::parse(&rules, &mut aliases).unwrap().load(&two.place.database).await.unwrap();
    assert_eq!(find().await.unwrap().output, before);
}

/// Stored documents are in the folder of their tenant.
async fn documents(two: &Two) {
    for (tenant, user, quote) in [("north", "user.admin", "quote.draft"), ("rival", "user.rival", "quote.rival")] {
        let input = json!({ "quote_id": id(quote), "email_addresses": ["a@b.example"] });
        let call = Call::new("crm.send_quote", id(&format!("tenant.{tenant}")), Caller::User(id(user)), input);
        two.runtime.call(call).await.unwrap();
    }
    let rows = dump::dump(&two.place.database).await.unwrap();
    let files = &rows["external_files"];
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        let (path, tenant) = (file["storage_path"].as_str().unwrap(), file["tenant"].as_str().unwrap());
        assert!(path.starts_with(&format!("{tenant}/")), "{path} of {tenant}");
        assert!(two.place.folder.path().join("files").join(path).exists(), "{path}");
    }
}

#[tokio::test]
async fn nothing_is_told_of_another_tenant() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let two = Two::start(engine, None).await;
        pickers(&two).await;
        runs(&two).await;
        idempotency_and_audit(&two).await;
        rules(&two).await;
        documents(&two).await;
        two.end().await;
    }
}

/// Whoever may look at one tenant's dead letters neither sees those of another nor decides about them.
#[tokio::test]
async fn dead_letters_are_a_tenants_own() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let two = Two::start(engine, Some(OfOne::new("nobody", Others::Never))).await;
        two.schedule("north", "dead").await;
        two.schedule("rival", "dead").await;
        let (north, rival) = (Some(id("tenant.north")), Some(id("tenant.rival")));
        let dead = |tenant| OutboxFilter { tenant, status: Some(OutboxStatus::Dead), after: None, limit: 10 };
        let ours = two.runtime.outbox(dead(north)).await.unwrap();
        let theirs = two.runtime.outbox(dead(rival)).await.unwrap();
        assert_eq!((ours.len(), theirs.len(), two.runtime.outbox(dead(None)).await.unwrap().len()), (1, 1, 2));
        assert!(ours[0].tenant == id("tenant.north") && theirs[0].tenant == id("tenant.rival"));

        let (others, missing) = (theirs[0].outbox_id, id("missing.row"));
        let before = Snapshot::of(&two.place.database).await.unwrap();
        let mut answers = Vec::new();
        for asked in [others, missing] {
            answers.push([
                told(&two.runtime.outbox_entry(north, asked).await.unwrap_err(), asked),
                told(&two.runtime.retry_dead_letter(north, asked, Some(id("user.admin"))).await.unwrap_err(), asked),
                told(&two.runtime.discard_dead_letter(north, asked, None, "not ours").await.unwrap_err(), asked),
            ]);
        }
        assert_eq!(answers[0], answers[1]);
        let changes = before.changes(&Snapshot::of(&two.place.database).await.unwrap()).unwrap();
        assert!(changes.is_empty(), "{}", json!(changes));
        two.runtime.discard_dead_letter(north, ours[0].outbox_id, None, "ours").await.unwrap();
        two.end().await;
    }
}

/// A sink that wants events of one tenant gets no others; and what one tenant's line waits for does not hold up the line of
/// another with the same subject and the same keys.
#[tokio::test]
async fn events_of_two_tenants_never_mix() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let sink = OfOne::new("rival", Others::Unwanted);
        let two = Two::start(engine, Some(sink.clone())).await;
        two.schedule("north", "unwanted").await;
        two.schedule("rival", "wanted").await;
        let stored = dump::dump(&two.place.database).await.unwrap().remove(OUTBOX).unwrap();
        assert!(stored.len() == 1 && stored[0]["tenant"] == json!(id("tenant.rival")), "{stored:?}");
        let taken = sink.taken();
        assert!(taken.len() == 1 && taken[0].data["tenantId"] == json!(id("tenant.rival")), "{taken:?}");
        two.end().await;

        let sink = OfOne::new("rival", Others::Later);
        let two = Two::start(engine, Some(sink.clone())).await;
        for number in ["1", "2"] {
            two.schedule("north", number).await;
            two.schedule("rival", number).await;
        }
        let same = "UPDATE actwright.outbox SET status = 'pending', subject = 'the same', key = 'the same', leased_by = NULL, \
            settled_at = NULL, available_at = created_at";
        two.execute(same).await;
        two.runtime.relay().await.unwrap();
        assert_eq!(sink.taken().len(), 4, "two at once and two by the relay");
        let stored = dump::dump(&two.place.database).await.unwrap().remove(OUTBOX).unwrap();
        let state = |tenant: &str| -> Vec<Value> {
            let rows = stored.iter().filter(|row| row["tenant"] == json!(id(tenant)));
            rows.map(|row| row["status"].clone()).collect()
        };
        assert_eq!(
            (state("tenant.rival"), state("tenant.north")),
            (vec![json!("delivered"); 2], vec![json!("pending"); 2])
        );
        two.end().await;
    }
}
