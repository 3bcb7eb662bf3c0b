//! Runs the conformance suite on SQLite and on PostgreSQL. `CONFORMANCE=send_quote/sends` runs the cases whose file or
//! name contains that.

use actwright_runtime::database::Engine;
use actwright_tests::conformance;

/// The suite is no smaller than this; a folder that is not found must not look like success.
const AT_LEAST: usize = 150;

async fn passes(engine: Engine) {
    let only = std::env::var("CONFORMANCE").unwrap_or_default();
    let (count, failures) = conformance::run_all(engine, &only).await.unwrap();
    assert!(failures.is_empty(), "{} of {count} cases failed on {engine:?}\n\n{}", failures.len(), failures.join("\n"));
    assert!(!only.is_empty() || count >= AT_LEAST, "only {count} cases were found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_passes_on_sqlite() {
    passes(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_passes_on_postgres() {
    passes(Engine::Postgres).await;
}
