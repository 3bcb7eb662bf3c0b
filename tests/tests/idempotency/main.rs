//! Of calls with one key the first has the effect, and the others its answer: in every mode and every case, on both databases.

mod pack;

use std::time::Duration;

use actwright_runtime::database::Engine;
use actwright_runtime::{Answer, Call, Caller, Code, Error, Retention, Runtime, Timestamp, Uuid};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::dump;
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run;
use actwright_tests::sql;
use serde_json::{Value, json};

/// For how long keys are known here.
const KEPT: Duration = Duration::from_secs(3600);

struct World {
    runtime: Runtime,
    place: Place,
}

impl World {
    async fn call(&self, call: Call) -> Result<Answer, Error> {
        self.runtime.call(call).await
    }

    /// Of calls that are made at the same time.
    async fn together(&self, calls: Vec<Call>) -> Vec<Answer> {
        let calls = calls.into_iter().map(|call| {
            let runtime = self.runtime.clone();
            tokio::spawn(async move { runtime.call(call).await })
        });
        let mut answers = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            answers.push(call.await.unwrap().unwrap());
        }
        answers
    }

    /// How many effects there are of calls with this name.
    async fn effects(&self, name: &str) -> usize {
        let rows = dump::dump(&self.place.database).await.unwrap().remove("interaction_types").unwrap();
        rows.iter().filter(|row| row["type_name"] == name).count()
    }

    /// Lets the keys of the ledger become older.
    async fn pass(&self, time: Duration) {
        let sqlite = format!("UPDATE actwright_idempotency_ledger SET created_at = created_at - {}", time.as_micros());
        let postgres = format!(
            "UPDATE actwright.idempotency_ledger SET created_at = created_at - interval '{} seconds'",
            time.as_secs()
        );
        sql::execute(&self.place.database, &sqlite, &postgres).await.unwrap();
    }
}

fn call(action: &str, name: &str) -> Call {
    Call::new(action, id("tenant.north"), Caller::User(id("user.admin")), json!({ "type_name": name }))
}

/// With a key of the caller's, beside the input.
fn keyed(action: &str, name: &str, key: &str) -> Call {
    Call { idempotency_key: Some(key.to_owned()), ..call(action, name) }
}

/// With a key in the input.
fn with_field(action: &str, name: &str, key: &str) -> Call {
    Call { input: json!({ "type_name": name, "idempotency_key": key }), ..call(action, name) }
}

/// At a step of a run.
fn at_step(action: &str, name: &str, run: &str, step: &str) -> Call {
    Call { caller: Caller::Run(id(run)), step_path: Some(step.to_owned()), ..call(action, name) }
}

fn first(answer: &Answer) -> Uuid {
    assert!(answer.meta.deduplicated.is_none(), "{answer:?}");
    answer.meta.invocation_id
}

/// The answer repeats that of the call with this id.
fn repeats(answer: &Answer, original: &Answer) {
    let deduplicated = answer.meta.deduplicated.as_ref().unwrap_or_else(|| panic!("not deduplicated: {answer:?}"));
    assert_eq!(deduplicated.invocation_id, original.meta.invocation_id);
    assert_ne!(answer.meta.invocation_id, original.meta.invocation_id, "a repetition is a call of its own");
    assert_eq!(answer.output, original.output);
}

/// Each way to a key, with a call that makes it.
fn ways(name: &str, key: &str) -> Vec<(&'static str, Call)> {
    vec![
        ("a field of the input", with_field("test.add", name, key)),
        ("the caller's key, of an action with a field", keyed("test.add_other", name, key)),
        ("run and step, of an action with a field", at_step("test.add", name, "run.two", key)),
        ("the caller's key, of an action without a field", keyed("test.derive", name, key)),
        ("run, step and input, of an action without a field", at_step("test.derive", name, "run.two", key)),
    ]
}

/// The effect is there once, and every repetition says whose it is, and when and by which run it was made.
async fn a_repetition_is_answered_from_the_ledger(world: &World) {
    for (number, (way, call)) in ways("Repeated", "repeat").into_iter().enumerate() {
        let begun = Timestamp::now();
        let original = world.call(call.clone()).await.unwrap();
        first(&original);
        let ended = Timestamp::now();
        for _ in 0..2 {
            let again = world.call(call.clone()).await.unwrap();
            repeats(&again, &original);
            let deduplicated = again.meta.deduplicated.unwrap();
            let run = match call.caller {
                Caller::Run(run) => Some(run),
                Caller::User(_) => None,
            };
            assert_eq!(deduplicated.run_id, run, "{way}");
            assert!((begun..=ended).contains(&deduplicated.at), "{way}: {begun} <= {} <= {ended}", deduplicated.at);
        }
        assert_eq!(world.effects("Repeated").await, number + 1, "{way}");
    }
}

/// The same key for something else is a mistake, and is told; the first result stays.
async fn a_key_is_for_one_input(world: &World) {
    for (way, original) in ways("One", "one input") {
        let other = Call {
            input: {
                let mut input = original.input.clone();
                input["type_name"] = json!("Another");
                input
            },
            ..original.clone()
        };
        let answer = world.call(original.clone()).await.unwrap();
        if original.action == "test.derive" && original.step_path.is_some() {
            // The input is part of the key.
            first(&world.call(other).await.unwrap());
            continue;
        }
        assert_eq!(world.call(other).await.unwrap_err().code, Code::IdempotencyKeyReused, "{way}");
        repeats(&world.call(original).await.unwrap(), &answer);
    }
    assert_eq!(world.effects("Another").await, 1);
}

/// Without any key there is nothing to tell a repetition by.
async fn without_a_key_every_call_has_its_effect(world: &World) {
    for action in ["test.add", "test.derive"] {
        let name = format!("{action} without a key");
        for effects in 1..=2 {
            first(&world.call(call(action, &name)).await.unwrap());
            assert_eq!(world.effects(&name).await, effects);
        }
    }
}

/// One of them runs; the others wait for it, and answer as it does.
async fn of_calls_at_once_one_has_the_effect(world: &World) {
    for (way, call) in ways("At once", "at once") {
        let before = world.effects("At once").await;
        let answers = world.together(vec![call; 8]).await;
        let originals: Vec<&Answer> = answers.iter().filter(|answer| answer.meta.deduplicated.is_none()).collect();
        assert_eq!(originals.len(), 1, "{way}");
        for answer in answers.iter().filter(|answer| answer.meta.deduplicated.is_some()) {
            repeats(answer, originals[0]);
        }
        assert_eq!(world.effects("At once").await, before + 1, "{way}");
    }
}

/// A call that failed leaves no result, whether its body had begun or not, so the next one with its key runs.
async fn after_a_failure_the_key_is_free(world: &World) {
    let fails = keyed("test.add", pack::FAILS, "failure");
    assert_eq!(world.call(fails).await.unwrap_err().code, Code::Conflict);
    assert_eq!(world.effects(pack::FAILS).await, 0, "what the body wrote is rolled back");
    let invalid = Call { input: json!({}), ..keyed("test.add", "", "failure") };
    assert_eq!(world.call(invalid).await.unwrap_err().code, Code::ValidationError);
    let denied = Call { caller: Caller::User(id("user.nobody")), ..keyed("test.add", "Right", "failure") };
    assert_eq!(world.call(denied).await.unwrap_err().code, Code::PermissionDenied);
    let late = Call { timeout: Some(Duration::from_millis(200)), ..keyed("test.add", pack::HANGS, "failure") };
    assert_eq!(world.call(late).await.unwrap_err().code, Code::TransientFailure);
    assert_eq!(world.effects(pack::HANGS).await, 0);
    let dry = Call { dry_run: true, ..keyed("test.add", "Right", "failure") };
    first(&world.call(dry).await.unwrap());
    // With another input than the failed ones, too: nothing of them is left to differ from.
    first(&world.call(keyed("test.add", "Right", "failure")).await.unwrap());
    assert_eq!(world.effects("Right").await, 1);
}

/// A caller that may not act gets no stored answer either.
async fn a_repetition_needs_the_permission(world: &World) {
    let allowed = keyed("test.add", "Mine", "permission");
    let denied = Call { caller: Caller::User(id("user.nobody")), ..allowed.clone() };
    world.call(allowed).await.unwrap();
    assert_eq!(world.call(denied).await.unwrap_err().code, Code::PermissionDenied);
}

/// What a call may see depends on its caller: by rules on records, by permissions that only the body asks for. So a stored answer
/// is for nobody else, whatever their declared permissions are.
async fn an_answer_is_its_callers(world: &World) {
    let mine = keyed("test.add", "Whose", "whose");
    let original = world.call(mine.clone()).await.unwrap();
    for dry_run in [false, true] {
        let other = Call { caller: Caller::User(id("user.author")), dry_run, ..mine.clone() };
        assert_eq!(world.call(other).await.unwrap_err().code, Code::IdempotencyKeyReused);
    }
    repeats(&world.call(mine).await.unwrap(), &original);
    assert_eq!(world.effects("Whose").await, 1);
}

/// A dry run of a repetition says that it is one.
async fn a_dry_run_repeats(world: &World) {
    let call = keyed("test.add", "Dry", "dry");
    let original = world.call(call.clone()).await.unwrap();
    repeats(&world.call(Call { dry_run: true, ..call }).await.unwrap(), &original);
    assert_eq!(world.effects("Dry").await, 1);
}

/// Tenants, actions, versions, runs and steps have keys of their own.
async fn keys_do_not_meet(world: &World) {
    let (key, name) = ("the same", "Apart");
    let calls = [
        keyed("test.add", name, key),
        keyed("test.add_other", name, key),
        Call { version: Some(1), ..keyed("test.add", name, key) },
        Call { tenant: id("tenant.rival"), caller: Caller::User(id("user.rival")), ..keyed("test.add", name, key) },
        at_step("test.add", name, "run.two", "1"),
        at_step("test.add", name, "run.two", "2"),
        at_step("test.add", name, "run.one", "1"),
        at_step("test.derive", name, "run.two", "1"),
        at_step("test.derive", name, "run.one", "1"),
    ];
    let mut originals = Vec::new();
    for call in calls.clone() {
        let answer = world.call(call).await.unwrap();
        first(&answer);
        originals.push(answer);
    }
    assert_eq!(world.effects(name).await, calls.len());
    for (call, original) in calls.into_iter().zip(&originals) {
        repeats(&world.call(call).await.unwrap(), original);
    }
}

/// A key that has expired counts as unused, though no sweeper came by: for one of all calls that use it again.
async fn an_expired_key_is_free(world: &World) {
    for (way, call) in ways("Expired", "expired") {
        let before = world.effects("Expired").await;
        let original = world.call(call.clone()).await.unwrap();
        world.pass(KEPT - Duration::from_secs(60)).await;
        repeats(&world.call(call.clone()).await.unwrap(), &original);
        world.pass(Duration::from_secs(61)).await;
        let answers = world.together(vec![call.clone(); 8]).await;
        let fresh: Vec<&Answer> = answers.iter().filter(|answer| answer.meta.deduplicated.is_none()).collect();
        assert_eq!(fresh.len(), 1, "{way}");
        for answer in answers.iter().filter(|answer| answer.meta.deduplicated.is_some()) {
            repeats(answer, fresh[0]);
        }
        assert_eq!(world.effects("Expired").await, before + 2, "{way}");
        repeats(&world.call(call).await.unwrap(), fresh[0]);
    }
}

/// It may even be for another input then; and when that call fails, the key is as it was: expired.
async fn an_expired_key_takes_another_input(world: &World) {
    world.call(keyed("test.add", "Old", "reused")).await.unwrap();
    world.pass(KEPT + Duration::from_secs(1)).await;
    assert_eq!(world.call(keyed("test.add", pack::FAILS, "reused")).await.unwrap_err().code, Code::Conflict);
    first(&world.call(keyed("test.add", "New", "reused")).await.unwrap());
    let ledger = dump::dump(&world.place.database).await.unwrap().remove("idempotency_ledger").unwrap();
    let rows: Vec<&Value> = ledger.iter().filter(|row| row["idempotency_key"] == "reused").collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["output"]["interaction_type"]["type_name"], "New");
}

async fn on(engine: Engine) {
    let base = Fixture::base(&mut Aliases::default()).unwrap();
    let databases = Databases::prepare(engine, &base).await.unwrap();
    let place = databases.take().await.unwrap();
    let mut options = run::runtime(&place, &Recorder::default()).unwrap().options().clone();
    options.retention = Retention { results: Some(KEPT), ..Retention::default() };
    let world = World { runtime: Runtime::new(place.application.clone(), pack::pack(), options), place };
    a_repetition_is_answered_from_the_ledger(&world).await;
    a_key_is_for_one_input(&world).await;
    without_a_key_every_call_has_its_effect(&world).await;
    of_calls_at_once_one_has_the_effect(&world).await;
    after_a_failure_the_key_is_free(&world).await;
    a_repetition_needs_the_permission(&world).await;
    an_answer_is_its_callers(&world).await;
    a_dry_run_repeats(&world).await;
    keys_do_not_meet(&world).await;
    an_expired_key_is_free(&world).await;
    an_expired_key_takes_another_input(&world).await;
    databases.give_back(world.place).await.unwrap();
    databases.remove().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_one_effect_on_sqlite() {
    on(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_one_effect_on_postgres() {
    on(Engine::Postgres).await;
}
