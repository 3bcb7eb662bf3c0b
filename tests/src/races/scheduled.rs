//! Runs in which a seed decides who goes on at every step, so that it gives the same run each time.

use std::sync::Arc;

use actwright_runtime::database::Engine;
use actwright_runtime::{Runtime, schedule};
use sqlx::Connection;
use tokio::sync::Mutex;

use super::conductor::{Conductor, probe};
use super::history::{History, Outcome, Record};
use super::stage::Stage;
use super::workload::{Fate, Planned, workload};

/// Callers at a time. More would only wait for each other.
const CALLERS: usize = 6;
/// Of a thousand turns, so many end a call.
const CANCELS: usize = 12;

/// What a run did.
#[derive(Debug)]
pub struct Run {
    /// Everything that is wrong.
    pub problems: Vec<String>,
    /// Who took which step, in order.
    pub steps: Vec<(usize, &'static str)>,
}

/// The scheduler is that of the whole process.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Makes the calls of a seed in the order of steps of that seed. Only in a runtime of one thread that does nothing else.
///
/// # Errors
///
/// What went wrong with the run itself, or that it hangs.
pub async fn run(stage: &Stage, engine: Engine, seed: u64, calls: usize) -> Result<Run, String> {
    let _alone = ALONE.lock().await;
    let scene = stage.scene(true).await?;
    let runtime = scene.program(2 * CALLERS as u32 + 8).await?;
    let mut probe = probe(runtime.database(), scene.url()).await?;
    debug_assert_eq!(runtime.database().engine(), engine);
    let history = Arc::new(History::default());
    let conductor = Arc::new(Conductor::default());
    schedule::install(Some(conductor.clone()));
    let mut callers = Vec::new();
    for (number, plan) in workload(seed, CALLERS, calls).into_iter().enumerate() {
        let (runtime, history, conductor) = (runtime.clone(), Arc::clone(&history), Arc::clone(&conductor));
        callers.push(tokio::spawn(async move { caller(&runtime, &history, &conductor, number, plan).await }));
        // It enters before the next one does.
        tokio::task::yield_now().await;
    }
    let steps = conductor.conduct(runtime.database(), &mut probe, seed, CALLERS, CANCELS).await;
    schedule::install(None);
    if steps.is_err() {
        callers.iter().for_each(tokio::task::JoinHandle::abort);
    }
    let steps = steps?;
    for caller in callers {
        caller.await.map_err(|error| format!("a caller was lost: {error}"))?;
    }
    scene.drain(&runtime).await?;
    let problems = scene.judge(&history.records()).await?;
    runtime.database().close().await;
    if let Some(probe) = probe {
        probe.close().await.map_err(|error| error.to_string())?;
    }
    stage.give_back(scene).await?;
    Ok(Run { problems, steps })
}

async fn caller(runtime: &Runtime, history: &History, conductor: &Conductor, number: usize, plan: Vec<Planned>) {
    let cancel = conductor.enter();
    for (place, mut planned) in plan.into_iter().enumerate() {
        conductor.before_call().await;
        // Calls are cut short at a step, not at a time.
        planned.fate = Fate::Natural;
        let invoked = history.now();
        let outcome = tokio::select! {
            biased;
            () = cancel.notified() => Outcome::Unknown,
            answer = runtime.call(planned.call()) => Outcome::of(answer),
        };
        let responded = if matches!(outcome, Outcome::Unknown) { u64::MAX } else { history.now() };
        history.add(Record { who: (number, place), planned, invoked, responded, outcome });
    }
    conductor.leave();
}
