//! Random statements of the scoped query layer, against a model in plain Rust: selects, joins, locks, updates and inserts of users with
//! and without rules on records, in two tenants whose rows have the same ids. A statement sees and changes the rows that the model
//! says, and never one of the other tenant, on both databases.

mod model;
mod plan;

use actwright_runtime::database::{Database, Engine};
use actwright_runtime::{Call, Caller, Pack, Runtime};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run;
use model::{Model, TENANTS, USERS};
use plan::{ACTION, Step, entry};
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

/// Calls on each database, each of some statements.
const CALLS: u32 = 96;

/// Who calls, and what the body does.
#[derive(Debug, Clone)]
struct Case {
    tenant: usize,
    user: usize,
    steps: Vec<Step>,
}

fn case() -> impl Strategy<Value = Case> {
    let steps = proptest::collection::vec(plan::step(), 1..7);
    (any::<bool>(), 0..USERS, steps).prop_map(|(rival, user, steps)| Case { tenant: usize::from(rival), user, steps })
}

struct World {
    databases: Databases,
    place: Place,
    runtime: Runtime,
    fresh: Model,
}

impl World {
    async fn new(engine: Engine) -> Self {
        let fresh = Model::new();
        let fixture = Fixture::parse(&fresh.rows(), &mut Aliases::default()).unwrap();
        let databases = Databases::prepare(engine, &fixture).await.unwrap();
        let place = databases.take().await.unwrap();
        let usual = run::runtime(&place, &Recorder::default()).unwrap();
        let pack = Pack { actions: vec![entry()], ..actwright_actions::pack() };
        let runtime = Runtime::new(place.application.clone(), pack, usual.options().clone());
        let world = Self { databases, place, runtime, fresh };
        for table in ["quotes", "quote_items"] {
            world.execute(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
        }
        world
    }

    async fn execute(&self, sql: &str) {
        match &self.place.database {
            Database::Sqlite { writer, .. } => {
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(writer).await.unwrap();
            }
            Database::Postgres { pool, .. } => {
                let sql = format!("SET session_replication_role = replica; {sql}; RESET session_replication_role");
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.unwrap();
            }
        }
    }

    /// Puts everything back.
    async fn restore(&self) {
        self.execute(
            "DELETE FROM quote_items; DELETE FROM quotes; INSERT INTO quotes SELECT * FROM kept_quotes; \
             INSERT INTO quote_items SELECT * FROM kept_quote_items",
        )
        .await;
    }

    /// The rows of both tenants, as an administrator sees them.
    async fn stored(&self) -> Value {
        type Row = (String, String, Option<String>, Option<String>, String, i64);
        let quotes = "SELECT CAST(tenant AS text), CAST(quote_id AS text), CAST(client_id AS text), CAST(created_by AS text), \
                      title, total_amount FROM quotes ORDER BY 1, 2";
        let items = "SELECT CAST(tenant AS text), CAST(quote_item_id AS text), CAST(quote_id AS text), NULL, description, \
                     quantity FROM quote_items ORDER BY 1, 2";
        let mut rows = Vec::new();
        for sql in [quotes, items] {
            let found: Vec<Row> = match &self.place.database {
                Database::Sqlite { writer, .. } => sqlx::query_as(sql).fetch_all(writer).await.unwrap(),
                Database::Postgres { pool, .. } => sqlx::query_as(sql).fetch_all(pool).await.unwrap(),
            };
            rows.extend(found);
        }
        json!(rows)
    }

    async fn judge(&self, case: &Case) -> Result<(), String> {
        self.restore().await;
        let mut model = self.fresh.clone();
        let expected: Vec<Value> = case.steps.iter().zip(0..).map(|(step, n)| model.answer(case, step, n)).collect();
        let (tenant, caller) = (id(&format!("tenant.{}", TENANTS[case.tenant])), Caller::User(model::user(case.user)));
        let call = Call::new(ACTION, tenant, caller, json!({ "steps": case.steps }));
        let answer = self.runtime.call(call).await.map_err(|error| format!("the call fails: {error}"))?;
        let answers = answer.output["answers"].as_array().cloned().unwrap_or_default();
        for ((step, expected), answer) in case.steps.iter().zip(&expected).zip(&answers) {
            if expected != answer {
                return Err(format!("{step:?}\nexpected {expected}\nfound    {answer}"));
            }
        }
        let (expected, stored) = (model.stored(), self.stored().await);
        if expected != stored {
            return Err(format!("expected in the database {expected}\nfound {stored}"));
        }
        Ok(())
    }
}

fn statements_do_what_the_model_says(engine: Engine) {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let world = tokio.block_on(World::new(engine));
    let mut runner = TestRunner::new(Config { cases: CALLS, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&case(), |case| tokio.block_on(world.judge(&case)).map_err(TestCaseError::fail));
    if let Err(failure) = outcome {
        panic!("{engine:?}: {failure}");
    }
    tokio.block_on(async {
        world.execute("DROP TABLE kept_quotes; DROP TABLE kept_quote_items").await;
        let World { databases, place, runtime, .. } = world;
        drop(runtime);
        databases.give_back(place).await.unwrap();
        databases.remove().await.unwrap();
    });
}

#[test]
fn statements_do_what_the_model_says_on_sqlite() {
    statements_do_what_the_model_says(Engine::Sqlite);
}

#[test]
fn statements_do_what_the_model_says_on_postgres() {
    statements_do_what_the_model_says(Engine::Postgres);
}
