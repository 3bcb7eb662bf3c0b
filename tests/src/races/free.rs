//! Runs in which the operating system decides who goes on: many callers in several threads and two programs on one
//! database, while relays deliver. A seed gives the same calls with the same pauses; who comes first differs from run to run.

use std::sync::Arc;
use std::time::Duration;

use actwright_runtime::{Answer, Error, Runtime};
use tokio::sync::oneshot;

use super::history::{History, Outcome, Record};
use super::stage::Stage;
use super::workload::{Fate, Planned, workload};

/// Callers at a time.
const CALLERS: usize = 16;

/// Makes the calls of a seed, each caller one after the other, and says everything that is wrong.
///
/// # Errors
///
/// What went wrong with the run itself.
pub async fn run(stage: &Stage, seed: u64, calls: usize) -> Result<Vec<String>, String> {
    let scene = stage.scene(true).await?;
    let programs = [scene.program(10).await?, scene.program(10).await?];
    let history = Arc::new(History::default());
    let (stop, relays): (Vec<_>, Vec<_>) = programs.iter().map(relay).unzip();
    let callers: Vec<_> = (workload(seed, CALLERS, calls).into_iter().enumerate())
        .map(|(number, plan)| {
            let (runtime, history) = (programs[number % programs.len()].clone(), Arc::clone(&history));
            tokio::spawn(async move { caller(&runtime, &history, number, plan).await })
        })
        .collect();
    for caller in callers {
        caller.await.map_err(|error| format!("a caller was lost: {error}"))?;
    }
    drop(stop);
    for relay in relays {
        relay.await.map_err(|error| format!("a relay was lost: {error}"))?;
    }
    for program in &programs {
        scene.drain(program).await?;
    }
    let problems = scene.judge(&history.records()).await?;
    for program in programs {
        program.database().close().await;
    }
    stage.give_back(scene).await?;
    Ok(problems)
}

/// A relay, until the first value is dropped.
fn relay(program: &Runtime) -> (oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let program = program.clone();
    let relay = tokio::spawn(async move {
        program
            .run_relay(async {
                let _ = stopped.await;
            })
            .await;
    });
    (stop, relay)
}

async fn caller(runtime: &Runtime, history: &History, number: usize, plan: Vec<Planned>) {
    for (place, planned) in plan.into_iter().enumerate() {
        tokio::time::sleep(planned.pause).await;
        let invoked = history.now();
        let answer = answer(runtime, &planned).await;
        let end = history.now();
        let outcome = answer.map_or(Outcome::Unknown, Outcome::of);
        // What nobody waited for may still be under way.
        let responded = if matches!(outcome, Outcome::Unknown) { u64::MAX } else { end };
        history.add(Record { who: (number, place), planned, invoked, responded, outcome });
    }
}

/// The answer, unless the caller stops waiting before.
async fn answer(runtime: &Runtime, planned: &Planned) -> Option<Result<Answer, Error>> {
    let patience = match planned.fate {
        Fate::Cancelled(patience) => patience,
        Fate::Natural | Fate::Deadline(_) => Duration::from_secs(120),
    };
    let answer = tokio::time::timeout(patience, runtime.call(planned.call())).await;
    match planned.fate {
        Fate::Cancelled(_) => answer.ok(),
        // It hangs past every deadline.
        Fate::Natural | Fate::Deadline(_) => Some(answer.unwrap_or_else(|_| Err(Error::internal("the call hangs")))),
    }
}
