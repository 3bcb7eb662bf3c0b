//! Whatever the point at which a process is lost: one effect, one audit row, one stored result, and each event and mail once,
//! or twice with one id where the process was lost while delivering it. A refused call leaves nothing but its audit row.
//!
//! `UPDATE_DOCS=1 cargo test -p actwright-tests --test crash_matrix` writes the table into `docs/reliability.md`. With
//! `ACTWRIGHT_TEST_CRASHES=crm.send_quote,…` only those actions are called, and the table is left alone: for when one fails.

use std::collections::BTreeSet;
use std::path::PathBuf;

use actwright_runtime::database::Engine;
use actwright_tests::conformance::alias::Aliases;
use actwright_tests::conformance::databases::Databases;
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::crash::{Calls, Matrix, Row, calls, table};
use actwright_tests::{page, samples};

/// Names the actions that are called; all where it is not set.
const ONLY: &str = "ACTWRIGHT_TEST_CRASHES";

/// Rows by action.
async fn matrix(engine: Engine) -> Vec<(String, Row)> {
    let only = std::env::var(ONLY).ok();
    let is_wanted = |action: &str| only.as_ref().is_none_or(|only| only.split(',').any(|one| one == action));
    let base = Fixture::base(&mut Aliases::default()).unwrap();
    let databases = Databases::prepare(engine, &base).await.unwrap();
    let matrix = Matrix { databases: &databases, program: PathBuf::from(env!("CARGO_BIN_EXE_call_and_die")) };
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    let calls = calls(&samples::model()).into_iter().filter(|calls| is_wanted(&calls.denied.action));
    for Calls { done, denied, failed } in calls {
        let done = match matrix.effective(done).await {
            Ok(done) => done,
            Err(problem) => {
                failures.push(problem);
                continue;
            }
        };
        let row = Row {
            call: count(&mut failures, matrix.call(&done).await),
            relay: count(&mut failures, matrix.relay(&done).await),
            denied: count(&mut failures, matrix.call(&denied).await),
            failed: count(&mut failures, matrix.call(&failed).await),
        };
        rows.push((done.action, row));
    }
    databases.remove().await.unwrap();
    assert!(failures.is_empty(), "{engine:?}: {} failures\n{}", failures.len(), failures.join("\n\n"));
    rows
}

fn count<T: Default>(failures: &mut Vec<String>, crashes: Result<T, Vec<String>>) -> T {
    crashes.unwrap_or_else(|found| {
        failures.extend(found);
        T::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_doubled() {
    // Each on a thread of its own: what is compared is much, and most of the time goes there.
    let [sqlite, postgres] = [Engine::Sqlite, Engine::Postgres].map(|engine| tokio::spawn(matrix(engine)));
    let (sqlite, postgres) = (sqlite.await.unwrap(), postgres.await.unwrap());
    let rows: Vec<_> =
        sqlite.into_iter().zip(postgres).map(|((action, sqlite), (_, postgres))| (action, sqlite, postgres)).collect();
    if std::env::var_os(ONLY).is_some() {
        println!("{}", table(&rows));
        return;
    }
    let covered: BTreeSet<&str> = rows.iter().map(|(action, ..)| action.as_str()).collect();
    let registered: BTreeSet<&str> = actwright_actions::pack().actions.iter().map(|entry| entry.spec().id).collect();
    assert_eq!(covered, registered, "every action that can be called is in the matrix");
    page::keep("reliability.md", "crash matrix", &table(&rows)).unwrap_or_else(|problem| panic!("{problem}"));
}
