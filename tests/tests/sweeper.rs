//! What has expired is removed, a few rows at a time, and nothing else: whoever else is at work, on both databases.

use std::time::Duration;

use actwright_runtime::database::{Database, Engine};
use actwright_runtime::{Call, Caller, Options, Retention, Runtime, Swept, Uuid};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::dump::{self, LEDGER, OUTBOX};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run;
use actwright_tests::sql;
use serde_json::{Value, json};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A call that stores a result and emits an event.
fn call(key: &str) -> Call {
    let input = json!({
        "client_id": id("client.contoso"), "title": key, "start_time": "2026-03-02T09:00:00Z", "idempotency_key": key,
        "type_id": id("type.call"),
    });
    Call::new("crm.schedule_activity", id("tenant.north"), Caller::User(id("user.admin")), input)
}

struct World {
    databases: Databases,
    place: Place,
    options: Options,
}

impl World {
    async fn new(engine: Engine) -> Self {
        let base = Fixture::base(&mut Aliases::default()).unwrap();
        let databases = Databases::prepare(engine, &base).await.unwrap();
        let place = databases.take().await.unwrap();
        let options = run::runtime(&place, &Recorder::default()).unwrap().options().clone();
        Self { databases, place, options }
    }

    async fn end(self) {
        self.databases.give_back(self.place).await.unwrap();
        self.databases.remove().await.unwrap();
    }

    /// Keeps results for 30 days and what was settled for 10, and removes three rows at a time.
    fn runtime(&self) -> Runtime {
        let (results, settled) = (Some(30 * DAY), Some(10 * DAY));
        self.keeping(Retention { results, settled, batch: 3, every: Duration::from_millis(20) })
    }

    fn keeping(&self, retention: Retention) -> Runtime {
        let options = Options { retention, ..self.options.clone() };
        Runtime::new(self.place.application.clone(), actwright_actions::pack(), options)
    }

    async fn execute(&self, sqlite: &str, postgres: &str) -> u64 {
        sql::execute(&self.place.database, sqlite, postgres).await.unwrap()
    }

    /// Makes the results and effects older, all of them.
    async fn pass(&self, days: u64) {
        let micros = u128::from(days) * DAY.as_micros();
        let postgres = format!("- interval '{days} days'");
        self.execute(
            &format!("UPDATE actwright_idempotency_ledger SET created_at = created_at - {micros}"),
            &format!("UPDATE actwright.idempotency_ledger SET created_at = created_at {postgres}"),
        )
        .await;
        self.execute(
            &format!(
                "UPDATE actwright_outbox SET created_at = created_at - {micros}, settled_at = settled_at - {micros}"
            ),
            &format!(
                "UPDATE actwright.outbox SET created_at = created_at {postgres}, settled_at = settled_at {postgres}"
            ),
        )
        .await;
    }

    /// Puts the effects of a call into another state.
    async fn becomes(&self, call: Uuid, status: &str) {
        let rest = format!("SET status = '{status}' WHERE invocation_id = '{call}'");
        let changed =
            self.execute(&format!("UPDATE actwright_outbox {rest}"), &format!("UPDATE actwright.outbox {rest}")).await;
        assert!(changed > 0);
    }

    /// Copies the results, and the effects but for dead letters, so many times, as old as they are.
    async fn copies(&self, times: u32) {
        let numbers = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times})");
        let columns = "action_version, input_hash, invocation_id, run_id, step_path, output, created_at";
        let ledger = |table: &str| {
            format!(
                "{numbers} INSERT INTO {table} (tenant, action_id, idempotency_key, {columns}) SELECT tenant, action_id, \
                 idempotency_key || '/' || i, {columns} FROM {table} CROSS JOIN n"
            )
        };
        self.execute(&ledger("actwright_idempotency_ledger"), &ledger("actwright.idempotency_ledger")).await;
        let columns = "tenant, kind, name, key, payload, action_id, action_version, invocation_id, actor_id, status, attempts, \
                       available_at, created_at, settled_at";
        let outbox = |table: &str, id: &str| {
            format!(
                "{numbers} INSERT INTO {table} (outbox_id, {columns}) SELECT {id}, {columns} FROM {table} CROSS JOIN n \
                 WHERE status <> 'dead'"
            )
        };
        self.execute(
            &outbox(
                "actwright_outbox",
                "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4000-8000-' || hex(randomblob(6)))",
            ),
            &outbox("actwright.outbox", "gen_random_uuid()"),
        )
        .await;
    }

    async fn rows(&self, table: &str) -> Vec<Value> {
        dump::dump(&self.place.database).await.unwrap().remove(table).unwrap()
    }

    async fn counts(&self) -> (usize, usize) {
        (self.rows(LEDGER).await.len(), self.rows(OUTBOX).await.len())
    }
}

async fn what_expired_goes_and_nothing_else(world: &World) {
    let runtime = world.runtime();
    let mut calls = Vec::new();
    for status in ["delivered", "discarded", "dead", "pending"] {
        let invocation = runtime.call(call(status)).await.unwrap().meta.invocation_id;
        world.becomes(invocation, status).await;
        calls.push((status, invocation));
    }
    world.pass(9).await;
    assert_eq!(runtime.sweep().await.unwrap(), Swept::default(), "nothing has expired");
    world.pass(2).await;
    let forever = world.keeping(Retention { results: None, settled: None, ..Retention::default() });
    assert_eq!(forever.sweep().await.unwrap(), Swept::default());
    assert_eq!(runtime.sweep().await.unwrap(), Swept { results: 0, settled: 2 }, "what was delivered and discarded");
    world.pass(20).await;
    runtime.call(call("fresh")).await.unwrap();
    assert_eq!(runtime.sweep().await.unwrap(), Swept { results: 3, settled: 0 }, "but that of what is pending");
    let statuses: Vec<Value> = world.rows(OUTBOX).await.iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses.len(), 3);
    for status in ["dead", "pending", "delivered"] {
        assert!(statuses.contains(&json!(status)), "{status} stays: {statuses:?}");
    }
    let mut keys: Vec<Value> = world.rows(LEDGER).await.iter().map(|row| row["idempotency_key"].clone()).collect();
    keys.sort_by_key(Value::to_string);
    assert_eq!(keys, ["fresh", "pending"]);
    // Once that is out, its result goes, too.
    world.becomes(calls[3].1, "delivered").await;
    assert_eq!(runtime.sweep().await.unwrap().results, 1);
}

async fn several_sweep_at_once(world: &World) {
    let (results, _) = world.counts().await;
    world.runtime().call(call("many")).await.unwrap();
    world.pass(40).await;
    world.copies(50).await;
    let sweeps = (0..4).map(|_| {
        let runtime = world.runtime();
        tokio::spawn(async move { runtime.sweep().await })
    });
    let mut swept = Swept::default();
    for sweep in sweeps.collect::<Vec<_>>() {
        let Swept { results, settled } = sweep.await.unwrap().unwrap();
        swept.results += results;
        swept.settled += settled;
    }
    let rest = world.runtime().sweep().await.unwrap();
    // What one held, the others have left; every row was counted by whoever removed it.
    let all = 51 * (results as u64 + 1);
    assert_eq!((swept.results + rest.results, swept.settled + rest.settled), (all, all));
    let (ledger, outbox) = world.counts().await;
    assert_eq!((ledger, outbox), (0, 1), "the dead letter stays");
}

/// PostgreSQL may run a part of a statement once for each row of another, and a part that skips what is locked gives others each time.
async fn no_plan_makes_a_lot_larger(world: &World) {
    let Database::Postgres { pool, .. } = &world.place.database else { return };
    world.runtime().call(call("lots")).await.unwrap();
    world.pass(40).await;
    world.copies(20).await;
    let trigger = |table| {
        format!(
            "CREATE TRIGGER lots AFTER DELETE ON actwright.{table} REFERENCING OLD TABLE AS gone \
             FOR EACH STATEMENT EXECUTE FUNCTION watch.note();"
        )
    };
    let watch = format!(
        "CREATE SCHEMA watch; CREATE TABLE watch.lots (size bigint); \
         CREATE FUNCTION watch.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \
         'BEGIN INSERT INTO watch.lots SELECT count(*) FROM gone; RETURN NULL; END'; {} {}",
        trigger("idempotency_ledger"),
        trigger("outbox"),
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(watch)).execute(pool).await.unwrap();
    // Leaves the planner nothing but to go through the rows of one table for each of another.
    let only = ["hashjoin", "mergejoin", "hashagg", "sort", "material"].map(|way| format!("-c%20enable_{way}%3Doff"));
    let url = world.place.application_url();
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}options={}", only.join("%20"));
    let database = Database::open_with(&url, 1).await.unwrap();
    let runtime = world.runtime();
    let swept = Runtime::new(database.clone(), actwright_actions::pack(), runtime.options().clone()).sweep().await;
    assert_eq!(swept.unwrap(), Swept { results: 21, settled: 21 });
    database.close().await;
    let largest: i64 = sqlx::query_scalar("SELECT max(size) FROM watch.lots").fetch_one(pool).await.unwrap();
    assert_eq!(largest, 3, "rows that one statement removed, of a lot of 3");
    sqlx::raw_sql("DROP SCHEMA watch CASCADE").execute(pool).await.unwrap();
}

/// 16 callers go on while thousands of rows are removed: none is refused, none loses its result.
async fn calls_go_on_meanwhile(world: &World) {
    const CALLERS: usize = 16;
    const CALLS: usize = 8;
    world.runtime().call(call("backlog")).await.unwrap();
    world.pass(40).await;
    world.copies(1500).await;
    let sweeper = {
        let runtime = world.keeping(Retention { batch: 20, ..world.runtime().options().retention });
        tokio::spawn(async move { runtime.sweep().await })
    };
    let callers = (0..CALLERS).map(|caller| {
        let runtime = world.runtime();
        tokio::spawn(async move {
            let mut made = Vec::new();
            for number in 0..CALLS {
                let call = call(&format!("{caller}-{number}"));
                let answer = runtime.call(call.clone()).await.unwrap();
                assert!(answer.meta.effects.iter().all(|effect| effect.delivered), "{answer:?}");
                let again = runtime.call(call).await.unwrap();
                let deduplicated = again.meta.deduplicated.map(|original| original.invocation_id);
                assert_eq!(deduplicated, Some(answer.meta.invocation_id), "{caller}-{number}");
                made.push(answer.meta.invocation_id);
            }
            made
        })
    });
    let mut made = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        made.extend(caller.await.unwrap());
    }
    let swept = sweeper.await.unwrap().unwrap();
    assert!(swept.results >= 1501 && swept.settled >= 1501, "{swept:?}");
    let (ledger, outbox) = (world.rows(LEDGER).await, world.rows(OUTBOX).await);
    for invocation in made {
        for rows in [&ledger, &outbox] {
            assert!(rows.iter().any(|row| row["invocation_id"] == json!(invocation)), "{invocation} is gone");
        }
    }
}

/// The relay that runs on does it by itself, and ends when it should.
async fn a_running_relay_sweeps(world: &World) {
    world.runtime().call(call("relay")).await.unwrap();
    world.pass(40).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let relay = {
        let runtime = world.runtime();
        tokio::spawn(async move { runtime.run_relay(async { drop(stopped.await) }).await })
    };
    while world.rows(LEDGER).await.iter().any(|row| row["idempotency_key"] == "relay") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.send(()).unwrap();
    relay.await.unwrap();
}

async fn on(engine: Engine) {
    let world = World::new(engine).await;
    what_expired_goes_and_nothing_else(&world).await;
    several_sweep_at_once(&world).await;
    no_plan_makes_a_lot_larger(&world).await;
    calls_go_on_meanwhile(&world).await;
    a_running_relay_sweeps(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_is_removed_on_sqlite() {
    on(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_is_removed_on_postgres() {
    on(Engine::Postgres).await;
}
