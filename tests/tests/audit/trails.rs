//! Who did what to a record, when, through which action, version and run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actwright_runtime::audit::{Entity, Outcome, Trail, TrailQuery};
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::outbox::{DeliveryError, DeliveryPolicy, FileStore, Mail, Mailer, OutboxFilter, OutboxStatus};
use actwright_runtime::registry::BoxFuture;
use actwright_runtime::{Call, Caller, Code, Options, Runtime, Timestamp, Uuid};
use actwright_tests::conformance::alias::id;
use actwright_tests::on_both;
use serde_json::json;

use super::setting::{Setting, as_user, note, send};

/// A mail server that refuses until it is told otherwise.
#[derive(Debug, Default)]
struct Refusing(AtomicBool);

impl Mailer for Refusing {
    fn domain(&self) -> &str {
        "northstar.example"
    }

    fn send<'a>(&'a self, _: &'a Mail, _: &'a str, _: &'a FileStore) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            match self.0.load(Ordering::Relaxed) {
                true => Ok(()),
                false => Err(DeliveryError::temporary("550 not today")),
            }
        })
    }
}

fn about(entity: &str) -> TrailQuery {
    let entity = Some(entity.parse().unwrap());
    TrailQuery { tenant: id("tenant.north"), entity, limit: 100, ..TrailQuery::default() }
}

fn quote(name: &str) -> TrailQuery {
    about(&format!("quote:{}", id(&format!("quote.{name}"))))
}

async fn trail(runtime: &Runtime, query: &TrailQuery) -> Trail {
    runtime.audit_trail(query).await.unwrap()
}

/// Whoever tries to decide about a dead letter without the right to is in the log like one whose call was denied: sealed, so that nobody
/// takes it out unnoticed, and shown as denied.
async fn a_denied_decision_is_sealed_and_in_the_trail(engine: Engine) {
    let setting = Setting::new(engine).await;
    let (north, nobody) = (id("tenant.north"), id("user.nobody"));
    let letters = setting.runtime.letters_for(north, Caller::User(nobody));
    for refused in [letters.retry(Uuid::now_v7()).await, letters.discard(Uuid::now_v7(), "why not").await] {
        assert_eq!(refused.unwrap_err().code, Code::PermissionDenied);
    }
    setting.seal().await;
    let query = TrailQuery { tenant: north, actor: Some(nobody), limit: 10, ..TrailQuery::default() };
    let found = trail(&setting.runtime, &query).await.entries;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|entry| entry.outcome == Outcome::Denied && entry.seal.is_some()), "{found:?}");
    setting.sql("DELETE FROM audit_logs WHERE operation LIKE 'outbox%denied'").await;
    assert_eq!(setting.found().await.len(), 2, "what is removed is missed");
    setting.end().await;
}

#[tokio::test]
async fn a_denied_decision_is_sealed_and_in_the_trail_on_sqlite() {
    a_denied_decision_is_sealed_and_in_the_trail(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_denied_decision_is_sealed_and_in_the_trail_on_postgres() {
    a_denied_decision_is_sealed_and_in_the_trail(Engine::Postgres).await;
}

/// The whole story of a quote: a refusal, a denial, the send whose mail failed, the decision about it, what became known later.
async fn a_trail_tells_the_story_of_a_record(engine: Engine) {
    let setting = Setting::new(engine).await;
    let mailer = Arc::new(Refusing::default());
    let delivery = DeliveryPolicy { attempts: 1, ..DeliveryPolicy::default() };
    let options = Options { mailer: mailer.clone(), delivery, ..setting.runtime.options().clone() };
    let runtime = Runtime::new(setting.place.application.clone(), actwright_actions::pack(), options);
    let mut wrong = send("draft");
    wrong.input["email_addresses"] = json!(["nowhere"]);
    // In upper and lower case, as it may come.
    let given = id("quote.draft").to_string();
    let letters = given.match_indices(|c: char| c.is_ascii_lowercase()).map(|(at, _)| at).collect::<Vec<_>>();
    assert!(letters.len() > 1, "{given} has no letters to mix cases of");
    let (first, rest) = given.split_at(letters[0] + 1);
    wrong.input["quote_id"] = json!(format!("{}{rest}", first.to_uppercase()));
    runtime.call(wrong).await.unwrap_err();
    runtime.call(as_user("user.tech", send("draft"))).await.unwrap_err();
    let keyed = Call { idempotency_key: Some("once".to_owned()), ..send("draft") };
    runtime.call(keyed.clone()).await.unwrap();
    assert!(runtime.call(keyed).await.unwrap().meta.deduplicated.is_some());
    // Others' stories.
    runtime.call(send("approved")).await.unwrap();
    runtime.call(note("north")).await.unwrap();
    let dead = runtime.outbox(OutboxFilter { status: Some(OutboxStatus::Dead), limit: 10, ..OutboxFilter::default() });
    let dead = dead.await.unwrap();
    let sent = trail(&runtime, &quote("draft")).await.entries[2].audit_id;
    let letter = dead.iter().find(|effect| effect.invocation_id == sent).expect("a dead letter");
    runtime.retry_dead_letter(None, letter.outbox_id, Some(id("user.admin"))).await.unwrap();
    mailer.0.store(true, Ordering::Relaxed);
    runtime.relay().await.unwrap();
    runtime.seal_audit(None).await.unwrap();

    let found = trail(&runtime, &quote("draft")).await;
    let entries = &found.entries;
    let outcomes: Vec<Outcome> = entries.iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Outcome::Failed, Outcome::Denied, Outcome::Done, Outcome::Retried], "{entries:#?}");
    assert!(entries.iter().all(|entry| entry.action.as_deref() == Some("crm.send_quote") && entry.version == Some(1)));
    assert_eq!(entries[0].details["code"], "VALIDATION_ERROR");
    assert_eq!(entries[0].details["input"]["email_addresses"], json!(["nowhere"]));
    let names: Vec<_> =
        entries.iter().map(|entry| entry.actor.as_ref().and_then(|actor| actor.name.as_deref())).collect();
    assert_eq!(names, [Some("Ada Okafor"), Some("Tom Reyes"), Some("Ada Okafor"), Some("Ada Okafor")]);
    let done = &entries[2];
    assert_eq!(done.changed["email_sent"], true);
    assert_eq!((done.amendments[0].old["email_sent"].clone(), done.run.clone()), (json!(false), None));
    assert!(done.amendments[0].at >= done.at && done.seal.is_some());
    assert_eq!(entries[3].details["invocation_id"], json!(sent));
    assert!(found.also_as.is_empty() && found.next.is_none());

    let other = trail(&runtime, &about(&format!("client:{}", id("quote.draft")))).await;
    assert_eq!((other.entries.len(), other.also_as), (0, vec!["quote_id".to_owned()]));
    assert_eq!(trail(&runtime, &about(&id("quote.draft").to_string())).await.entries.len(), 4);
    let rival = TrailQuery { tenant: id("tenant.rival"), ..quote("draft") };
    assert_eq!(trail(&runtime, &rival).await.entries.len(), 0, "another tenant's trail");

    let narrowed = [
        (TrailQuery { actor: Some(id("user.tech")), ..quote("draft") }, 1),
        (TrailQuery { action: Some("crm.send_quote".to_owned()), ..quote("draft") }, 4),
        (TrailQuery { action: Some("crm.find_quotes".to_owned()), ..quote("draft") }, 0),
        (TrailQuery { from: Some(done.at), ..quote("draft") }, 2),
        (TrailQuery { to: Some(done.at), ..quote("draft") }, 3),
        (TrailQuery { from: Some(Timestamp::now()), ..quote("draft") }, 0),
        (TrailQuery { entity: None, ..quote("draft") }, 6),
    ];
    for (query, count) in narrowed {
        assert_eq!(trail(&runtime, &query).await.entries.len(), count, "{query:?}");
    }
    let mut paged = Vec::new();
    let mut query = TrailQuery { limit: 1, ..quote("draft") };
    loop {
        let page = trail(&runtime, &query).await;
        paged.extend(page.entries.iter().map(|entry| entry.audit_id));
        match page.next {
            Some(last) => query.after = Some(last),
            None => break,
        }
    }
    assert_eq!(paged, entries.iter().map(|entry| entry.audit_id).collect::<Vec<_>>());
    setting.end().await;
}

/// What a workflow did, with its name.
async fn a_trail_of_a_run_names_the_workflow(engine: Engine) {
    let setting = Setting::new(engine).await;
    let run = setting.texts("SELECT CAST(run_id AS text) FROM workflow_runs ORDER BY 1").await;
    let mut made = None;
    for run in &run {
        let run: Uuid = run.parse().unwrap();
        let call = Call { caller: Caller::Run(run), step_path: Some("steps[0]".to_owned()), ..note("north") };
        if setting.runtime.call(call).await.is_ok() {
            made = Some(run);
            break;
        }
    }
    let run = made.expect("a run of the fixture that may call");
    let found = trail(&setting.runtime, &about(&format!("run:{run}"))).await;
    let [entry] = &found.entries[..] else { panic!("one entry: {found:?}") };
    assert_eq!(entry.step_path.as_deref(), Some("steps[0]"));
    let told = entry.run.as_ref().unwrap();
    assert_eq!(told.run_id, run.to_string());
    assert!(told.workflow.is_some() && told.workflow_version.is_some(), "{told:?}");
    setting.end().await;
}

/// The indexes that `docs/audit.md` names serve the search.
#[tokio::test(flavor = "multi_thread")]
async fn indexes_serve_the_search_on_postgres() {
    let setting = Setting::new(Engine::Postgres).await;
    let Database::Postgres { pool, .. } = &setting.place.database else { panic!("not PostgreSQL") };
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/audit.md")).unwrap();
    let indexes: Vec<&str> =
        docs.lines().filter(|line| line.starts_with("CREATE INDEX CONCURRENTLY ON audit_logs")).collect();
    assert_eq!(indexes.len(), 2);
    for index in indexes {
        setting.sql(&index.replace(" CONCURRENTLY", "").replace(';', "")).await;
    }
    let mut connection = pool.acquire().await.unwrap();
    sqlx::raw_sql("SET enable_seqscan = off; SET enable_indexscan = off").execute(&mut *connection).await.unwrap();
    let entity: Entity = format!("quote:{}", id("quote.draft")).parse().unwrap();
    let path = format!("$.** ? (@ == \"{}\" || @ == \"{}\")", entity.id, entity.id.to_string().to_uppercase());
    let in_any_case = format!("$.input.** ? (@ like_regex \"^{}$\" flag \"i\")", entity.id);
    let explain = format!(
        "EXPLAIN SELECT * FROM audit_logs a WHERE a.details @? '{path}'::text::jsonpath \
         OR a.changed_data @? '{path}'::text::jsonpath \
         OR a.details ? 'input' AND a.details @? '{in_any_case}'::text::jsonpath"
    );
    let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("BitmapOr") && plan.matches("audit_logs_details_idx").count() == 2, "{plan}");
    drop(connection);
    setting.end().await;
}

on_both!(a_trail_tells_the_story_of_a_record, a_trail_of_a_run_names_the_workflow);
