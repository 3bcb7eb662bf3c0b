//! Many callers on few rows at once: calls have the answers, and leave the rows, that some order of them one after the other
//! would have given; what left, left once; and of calls that were cut short there is all or nothing.
//!
//! `ACTWRIGHT_RACES_SEED` repeats a seed, `ACTWRIGHT_RACES_RUNS` tries so many new ones.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use actwright_runtime::database::Engine;
use actwright_tests::races::stage::Stage;
use actwright_tests::races::{alike, free, scheduled};
use tokio::sync::Mutex;

/// Seeds that are tried in every run of the tests.
const SEEDS: [u64; 4] = [1, 2, 3, 4];
/// Calls of each caller.
const CALLS: usize = 12;

/// One run at a time: a run schedules the whole process, and the machine's cores are few.
static ONE: Mutex<()> = Mutex::const_new(());

/// The fixed seeds and a new one, or what the environment asks for.
fn seeds() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number("ACTWRIGHT_RACES_SEED") {
        // Who comes first is not the seed's to say where threads run free: several attempts raise the odds.
        return vec![seed; usize::try_from(number("ACTWRIGHT_RACES_RUNS").unwrap_or(1)).unwrap()];
    }
    let new = || RandomState::new().hash_one(0_u8) >> 16;
    match number("ACTWRIGHT_RACES_RUNS") {
        Some(runs) => (0..runs).map(|_| new()).collect(),
        None => SEEDS.into_iter().chain([new()]).collect(),
    }
}

fn fail(test: &str, seed: u64, problems: &[String]) {
    assert!(
        problems.is_empty(),
        "seed {seed} fails. To repeat it:\n\
         ACTWRIGHT_RACES_SEED={seed} cargo test -p actwright-tests --test races {test}\n{}",
        problems.join("\n\n")
    );
}

async fn free_runs(engine: Engine, test: &str) {
    let _one = ONE.lock().await;
    let stage = Stage::prepare(engine).await.unwrap();
    for seed in seeds() {
        let problems = free::run(&stage, seed, CALLS).await.unwrap_or_else(|error| vec![error]);
        fail(test, seed, &problems);
    }
    stage.remove().await.unwrap();
}

async fn scheduled_runs(engine: Engine, test: &str) {
    let _one = ONE.lock().await;
    let stage = Stage::prepare(engine).await.unwrap();
    for seed in seeds() {
        match scheduled::run(&stage, engine, seed, CALLS).await {
            Ok(run) => fail(test, seed, &run.problems),
            Err(error) => fail(test, seed, &[error]),
        }
    }
    stage.remove().await.unwrap();
}

/// A seed is worth something only if it gives the same run again.
async fn same_steps(engine: Engine) {
    let _one = ONE.lock().await;
    let stage = Stage::prepare(engine).await.unwrap();
    let first = scheduled::run(&stage, engine, 7, CALLS).await.unwrap();
    let second = scheduled::run(&stage, engine, 7, CALLS).await.unwrap();
    let other = scheduled::run(&stage, engine, 8, CALLS).await.unwrap();
    stage.remove().await.unwrap();
    let same = first.steps.iter().zip(&second.steps).take_while(|(one, two)| one == two).count();
    let around =
        |steps: &[(usize, &'static str)]| format!("{:?}", &steps[same.saturating_sub(30)..steps.len().min(same + 4)]);
    assert!(
        first.steps == second.steps,
        "{same} steps are the same:\n{}\n{}",
        around(&first.steps),
        around(&second.steps)
    );
    assert_ne!(first.steps, other.steps);
}

/// Of two who send, submit, convert, tag or create the same at once, and of sixteen, one does it; the others are told that it
/// is done.
async fn one_of_many(engine: Engine) {
    let _one = ONE.lock().await;
    let problems = alike::all(engine, 50, 10).await.unwrap();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_does_it_on_sqlite() {
    one_of_many(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_does_it_on_postgres() {
    one_of_many(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn free_runs_on_sqlite() {
    free_runs(Engine::Sqlite, "free_runs_on_sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn free_runs_on_postgres() {
    free_runs(Engine::Postgres, "free_runs_on_postgres").await;
}

#[tokio::test]
async fn scheduled_runs_on_sqlite() {
    scheduled_runs(Engine::Sqlite, "scheduled_runs_on_sqlite").await;
}

#[tokio::test]
async fn scheduled_runs_on_postgres() {
    scheduled_runs(Engine::Postgres, "scheduled_runs_on_postgres").await;
}

#[tokio::test]
async fn a_seed_gives_the_same_steps_on_sqlite() {
    same_steps(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_seed_gives_the_same_steps_on_postgres() {
    same_steps(Engine::Postgres).await;
}
