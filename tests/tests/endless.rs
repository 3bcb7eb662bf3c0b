//! A statement of SQLite that would never end is ended when its call is: the connection that it holds, for writing the only one, is there
//! for the next call.

use std::time::{Duration, Instant};

use actwright_generated::crm::find_activities::Action as Reads;
use actwright_generated::crm::tag_activity::Action as Writes;
use actwright_generated::tables::{interactions, quotes};
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::{Call, Caller, Category, Entry, Error, Pack, Runtime};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::Databases;
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run;
use serde_json::{Value, json};

const TIMEOUT: Duration = Duration::from_millis(500);

/// A table whose rows come when all numbers have been counted.
const ENDLESS: &str = "ALTER TABLE quotes RENAME TO kept; CREATE VIEW quotes AS SELECT kept.* FROM kept, \
     (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n)";

macro_rules! counts_quotes {
    ($action:ty) => {
        Entry::new::<$action>(|context, _| {
            Box::pin(async move {
                let rows = context.select(&quotes::TABLE).column(quotes::QUOTE_ID).all().await?;
                panic!("{} rows were read", rows.len())
            })
        })
    };
}

/// Whatever the call was doing: reading, reading what it will change, or changing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_statement_ends_with_its_call() {
    let databases = Databases::prepare(Engine::Sqlite, &Fixture::base(&mut Aliases::default()).unwrap()).await.unwrap();
    let place = databases.take().await.unwrap();
    let Database::Sqlite { writer, .. } = &place.database else { unreachable!() };
    sqlx::raw_sql(ENDLESS).execute(writer).await.unwrap();
    let endless_write = "CREATE TRIGGER never_done BEFORE UPDATE OF title ON interactions WHEN new.title = 'endless' BEGIN \
         SELECT count(*) FROM quotes; END";
    sqlx::raw_sql(endless_write).execute(writer).await.unwrap();
    // One connection for reading, too: a call that does not give it back keeps the next one waiting.
    let database = Database::open_with(place.url(), 1).await.unwrap();
    let usual = run::runtime(&place, &Recorder::default()).unwrap();
    let entries = [
        counts_quotes!(Reads),
        counts_quotes!(Writes),
        Entry::new::<Writes>(|context, _| {
            Box::pin(async move {
                let update = context.update(&interactions::TABLE).set(interactions::TITLE, Some("endless".to_owned()));
                let changed = update.filter(interactions::TITLE.is_not_null()).run().await?;
                panic!("{changed} rows were changed")
            })
        }),
    ];
    for entry in entries {
        let pack = Pack { actions: vec![entry.clone()], ..actwright_actions::pack() };
        let endless = Runtime::new(database.clone(), pack, usual.options().clone());
        let begun = Instant::now();
        let error = call(&endless, entry.spec().id, TIMEOUT).await.unwrap_err();
        assert_eq!(error.category, Category::TransientError, "{error}");
        assert!(begun.elapsed() < 2 * TIMEOUT, "answered after {:?}", begun.elapsed());

        let honest = Runtime::new(database.clone(), actwright_actions::pack(), usual.options().clone());
        for action in ["crm.find_activities", "crm.tag_activity"] {
            let begun = Instant::now();
            call(&honest, action, Duration::from_secs(20)).await.unwrap();
            assert!(begun.elapsed() < Duration::from_secs(2), "{action} had to wait for {:?}", begun.elapsed());
        }
    }
    database.close().await;
    place.close().await;
}

async fn call(runtime: &Runtime, action: &str, timeout: Duration) -> Result<Value, Error> {
    let input = match action {
        "crm.find_activities" => json!({ "date_from": "2020-01-01T00:00:00Z" }),
        _ => json!({ "activity_id": id("activity.call"), "tags": ["endless"] }),
    };
    let call = Call::new(action, id("tenant.north"), Caller::User(id("user.admin")), input);
    Ok(runtime.call(Call { timeout: Some(timeout), ..call }).await?.output)
}
