//! One suite of cases that every database has to pass: `tests/conformance/`.

pub mod alias;
pub mod case;
pub mod databases;
pub mod dump;
pub mod fixture;
pub mod matcher;
pub mod recorder;
pub mod run;
mod text;

use std::sync::Arc;

use actwright_runtime::database::Engine;

use self::alias::Aliases;
use self::case::Case;
use self::databases::Databases;
use self::fixture::Fixture;

/// Cases under way at once. A case waits for its database more than it computes.
const AT_ONCE: usize = 4;

/// Runs every case whose title contains `only` on one engine. Gives the number of cases and what failed.
///
/// # Errors
///
/// What kept the suite from being run.
pub async fn run_all(engine: Engine, only: &str) -> Result<(usize, Vec<String>), String> {
    let mut aliases = Aliases::default();
    let base = Fixture::base(&mut aliases)?;
    let databases = Arc::new(Databases::prepare(engine, &base).await?);
    let cases = case::all()?.into_iter().filter(|case| case.title.contains(only));
    let mut waiting: Vec<Case> = cases.collect();
    waiting.reverse();
    let count = waiting.len();
    let mut running = tokio::task::JoinSet::new();
    let mut failures = Vec::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(case) = waiting.pop()
        {
            let (databases, aliases) = (databases.clone(), aliases.clone());
            running.spawn(async move { report(engine, &case, &databases, &aliases).await });
        }
        match running.join_next().await {
            Some(Ok(report)) => failures.extend(report),
            Some(Err(panic)) => failures.push(panic.to_string()),
            None => break,
        }
    }
    if let Some(databases) = Arc::into_inner(databases) {
        databases.remove().await?;
    }
    failures.sort();
    Ok((count, failures))
}

/// Runs a case; `None` when all is as expected.
async fn report(engine: Engine, case: &Case, databases: &Databases, aliases: &Aliases) -> Option<String> {
    let found = match databases.take().await {
        Ok(place) => {
            let mut found = run::run(case, &place, aliases).await.unwrap_or_else(|error| vec![error]);
            found.extend(databases.give_back(place).await.err());
            found
        }
        Err(error) => vec![error],
    };
    if found.is_empty() {
        return None;
    }
    let found: String = found.iter().map(|difference| format!("    {difference}\n")).collect();
    Some(format!("{} on {engine:?}\n  protects: {}\n{found}", case.title, case.frame.protects))
}
