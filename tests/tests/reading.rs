//! The transaction of an action that only reads: it sees one state of the database, and changes nothing, on both databases.

use actwright_generated::crm::find_activities::{Action, Output};
use actwright_generated::tables::{interaction_types, interactions};
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::{Call, Caller, Code, Context, Entry, Error, Pack, Result, Runtime};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use actwright_tests::on_both;
use actwright_tests::postgres::APPLICATION;
use serde_json::json;
use sqlx::AssertSqlSafe;
use tokio::sync::Semaphore;

/// Between two looks of a body.
struct Gate {
    looked: Semaphore,
    on: Semaphore,
}

impl Gate {
    const fn new() -> Self {
        Self { looked: Semaphore::const_new(0), on: Semaphore::const_new(0) }
    }
}

/// One of each database, whose tests run beside each other.
static GATES: [Gate; 2] = [Gate::new(), Gate::new()];

async fn count(context: &mut Context<'_, Action>) -> Result<usize> {
    Ok(context.select(&interaction_types::TABLE).column(interaction_types::TYPE_ID).all().await?.len())
}

/// Counts types, waits, and counts again. What it found travels as the message of its refusal.
async fn look_twice(context: &mut Context<'_, Action>, gate: &Gate) -> Result<Output> {
    let before = count(context).await?;
    gate.looked.add_permits(1);
    gate.on.acquire().await.map_err(|_| Error::internal("the gate is closed"))?.forget();
    Err(Error::conflict(format!("{before} {}", count(context).await?)))
}

fn look(engine: Engine) -> Entry {
    match engine {
        Engine::Sqlite => Entry::new::<Action>(|context, _| Box::pin(look_twice(context, &GATES[0]))),
        Engine::Postgres => Entry::new::<Action>(|context, _| Box::pin(look_twice(context, &GATES[1]))),
    }
}

struct World {
    databases: Databases,
    place: Place,
    runtime: Runtime,
}

impl World {
    async fn new(engine: Engine) -> Self {
        let databases = Databases::prepare(engine, &Fixture::base(&mut Aliases::default()).unwrap()).await.unwrap();
        let place = databases.take().await.unwrap();
        let runtime = runtime(&place, &Recorder::default()).unwrap();
        Self { databases, place, runtime }
    }

    /// Makes a call of `crm.find_activities` with this body, which refuses.
    async fn said(&self, body: Entry) -> Error {
        let pack = Pack { actions: vec![body], ..actwright_actions::pack() };
        let runtime = Runtime::new(self.runtime.database().clone(), pack, self.runtime.options().clone());
        let call = self.call("crm.find_activities", json!({ "date_from": "2020-01-01T00:00:00Z" }));
        runtime.call(call).await.unwrap_err()
    }

    fn call(&self, action: &str, input: serde_json::Value) -> Call {
        Call::new(action, id("tenant.north"), Caller::User(id("user.admin")), input)
    }

    async fn end(self) {
        self.databases.give_back(self.place).await.unwrap();
        self.databases.remove().await.unwrap();
    }
}

/// What is committed between two statements of a search is in neither, or totals and rows would not agree.
async fn a_search_sees_one_state(engine: Engine) {
    let world = World::new(engine).await;
    let gate = &GATES[usize::from(engine == Engine::Postgres)];
    let others = async {
        gate.looked.acquire().await.unwrap().forget();
        let input = json!({ "type_name": "Meanwhile" });
        world.runtime.call(world.call("crm.create_interaction_type", input)).await.unwrap();
        gate.on.add_permits(1);
    };
    let (first, ()) = tokio::join!(world.said(look(engine)), others);
    gate.on.add_permits(1);
    let later = world.said(look(engine)).await;
    let counted = |error: &Error| -> Vec<usize> {
        error.message.split(' ').map(|number| number.parse().unwrap_or_else(|_| panic!("{error}"))).collect()
    };
    let (first, later) = (counted(&first), counted(&later));
    assert_eq!(first[0], first[1], "another's commit is seen in the middle");
    assert_eq!(later, [first[0] + 1; 2], "and by the next call");
    world.end().await;
}

/// A body that writes without saying so in its spec is told what to mend, in the same words on both databases; not that the database
/// is read-only or a standby, for which callers would try again.
async fn a_body_that_only_reads_is_told_so_when_it_writes(engine: Engine) {
    let world = World::new(engine).await;
    let writers = [
        Entry::new::<Action>(|context, _| {
            Box::pin(async move {
                let made = context.new_id();
                context.insert(&interaction_types::TABLE).set(interaction_types::TYPE_ID, made).run().await?;
                panic!("a row was written")
            })
        }),
        Entry::new::<Action>(|context, _| {
            Box::pin(async move {
                let update = context.update(&interactions::TABLE).set(interactions::TITLE, Some("changed".to_owned()));
                update.filter(interactions::TITLE.is_not_null()).run().await?;
                panic!("rows were changed")
            })
        }),
        Entry::new::<Action>(|context, _| {
            Box::pin(async move {
                context.select(&interactions::TABLE).column(interactions::TITLE).for_update().all().await?;
                panic!("rows were locked")
            })
        }),
        Entry::new::<Action>(|context, _| {
            Box::pin(async move {
                context.defer("crm.anything", json!({}))?;
                panic!("a job was left")
            })
        }),
        Entry::new::<Action>(|context, _| {
            Box::pin(async move {
                context.observe("crm.anything", json!({}))?;
                panic!("a job was left")
            })
        }),
    ];
    for writer in writers {
        let error = world.said(writer).await;
        assert_eq!(error.code, Code::InternalError, "{error}");
        assert!(error.message.contains("Expected `effects: write` in the spec"), "{error}");
    }
    world.end().await;
}

/// Whatever the layers above let pass: the database itself refuses to be written by a search.
async fn the_database_refuses_what_a_search_would_write(engine: Engine) {
    let world = World::new(engine).await;
    match &world.place.database {
        Database::Sqlite { readers, .. } => {
            let refused = sqlx::query("DELETE FROM interaction_types").execute(readers).await.unwrap_err();
            assert!(refused.to_string().contains("readonly"), "{refused}");
            world.end().await;
        }
        Database::Postgres { pool, .. } => {
            // A table that is written by reading it.
            let prepare = format!(
                "ALTER TABLE interaction_types RENAME TO kept; CREATE TABLE looks (at timestamptz); \
                 CREATE FUNCTION look() RETURNS SETOF kept LANGUAGE plpgsql AS $$ BEGIN \
                 INSERT INTO looks VALUES (now()); RETURN QUERY SELECT * FROM kept; END $$; \
                 CREATE VIEW interaction_types AS SELECT * FROM look(); \
                 GRANT SELECT ON interaction_types, kept TO {APPLICATION}; GRANT SELECT, INSERT ON looks TO {APPLICATION}"
            );
            sqlx::raw_sql(AssertSqlSafe(prepare)).execute(pool).await.unwrap();
            let looks = || async { sqlx::query_scalar::<_, i64>("SELECT count(*) FROM looks").fetch_one(pool).await };
            GATES[1].on.add_permits(1);
            let error = world.said(look(engine)).await;
            assert!(error.message.contains("takes no writes"), "{error}");
            GATES[1].on.acquire().await.unwrap().forget();
            assert_eq!(looks().await.unwrap(), 0);
            sqlx::query("SELECT * FROM interaction_types").execute(pool).await.unwrap();
            assert_eq!(looks().await.unwrap(), 1, "it would have been written");
            // Its tables are not what they were.
            world.place.close().await;
            world.databases.remove().await.unwrap();
        }
    }
}

on_both!(
    a_search_sees_one_state,
    a_body_that_only_reads_is_told_so_when_it_writes,
    the_database_refuses_what_a_search_would_write,
);
