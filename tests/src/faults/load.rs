//! Callers that do not give up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actwright_runtime::{Call, Category, Error, Runtime};

use super::invariants::Told;
use super::schedule;

/// How much longer than its deadline a call may seem to take, on a machine that has other things to do.
pub const SLACK: Duration = Duration::from_secs(2);

/// How long the outcome of a commit is looked up after the deadline.
const LOOKED_UP: Duration = Duration::from_secs(5);

/// Words that only a driver or a database says.
const DRIVER: &[&str] =
    &["sql", "pool", "os error", "relation", "constraint", "eof", "socket", "postmaster", "actwright."];

/// What callers met.
#[derive(Debug, Default)]
pub struct Met {
    /// The output by key.
    pub told: Told,
    /// What was wrong with an answer.
    pub wrong: Vec<String>,
    /// Transient errors.
    pub failures: usize,
    /// Answers that an earlier attempt had brought about.
    pub deduplicated: usize,
}

impl Met {
    fn add(&mut self, other: Self) {
        self.told.extend(other.told);
        self.wrong.extend(other.wrong);
        self.failures += other.failures;
        self.deduplicated += other.deduplicated;
    }
}

/// Callers under way.
#[derive(Debug)]
pub struct Load {
    callers: Vec<tokio::task::JoinHandle<Met>>,
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
}

impl Load {
    /// Starts callers who schedule one activity after the other, each with a key of its own.
    pub fn start(runtime: &Runtime, callers: usize, timeout: Duration) -> Self {
        Self::of(runtime, callers, move |caller, number| schedule(&format!("call {number} of {caller}"), timeout))
    }

    /// Starts callers who make one call after the other, and repeat it until it succeeds. What they call, with a key and a time
    /// that it may take, follows from the caller's number and the call's.
    pub fn of(runtime: &Runtime, callers: usize, call: impl Fn(usize, usize) -> Call + Send + Sync + 'static) -> Self {
        let call = Arc::new(call);
        let (stop, done) = (Arc::new(AtomicBool::default()), Arc::new(AtomicUsize::default()));
        let callers = (0..callers).map(|caller| {
            let (runtime, call, stop, done) = (runtime.clone(), call.clone(), stop.clone(), done.clone());
            tokio::spawn(async move {
                let mut met = Met::default();
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    insist(&runtime, call(caller, number), &mut met).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                met
            })
        });
        Self { callers: callers.collect(), stop, done }
    }

    /// Calls that succeeded so far.
    pub fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Waits until so many more calls have succeeded.
    ///
    /// # Panics
    ///
    /// When that takes longer than a minute.
    pub async fn goes_on(&self, calls: usize) {
        let (goal, begun) = (self.done() + calls, Instant::now());
        while self.done() < goal {
            assert!(begun.elapsed() < Duration::from_secs(60), "calls do not succeed any more");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Lets every caller end the call that they are at.
    ///
    /// # Panics
    ///
    /// When a caller panics.
    pub async fn end(self) -> Met {
        self.stop.store(true, Ordering::Relaxed);
        let mut met = Met::default();
        for caller in self.callers {
            met.add(caller.await.expect("a caller that ends"));
        }
        met
    }
}

/// Repeats a call until it succeeds, and notes what is wrong with any of the answers.
async fn insist(runtime: &Runtime, call: Call, met: &mut Met) {
    let (key, timeout) = (call.idempotency_key.clone().unwrap_or_default(), call.timeout.unwrap_or_default());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let asked = Instant::now();
        let answer = runtime.call(call.clone()).await;
        let took = asked.elapsed();
        // A commit that was not answered is looked up: it went through, or nobody can tell.
        let looked_up = answer.as_ref().err().is_none_or(|error| error.details.get("outcome").is_some());
        if took > timeout + SLACK + if looked_up { LOOKED_UP } else { Duration::ZERO } {
            met.wrong.push(format!("{key}: took {took:?} of {timeout:?}: {answer:?}"));
        }
        match answer {
            Ok(answer) => {
                met.deduplicated += usize::from(answer.meta.deduplicated.is_some());
                met.told.insert(key, answer.output);
                return;
            }
            Err(error) => {
                met.wrong.extend(improper(&error).map(|why| format!("{key}: {why}")));
                met.failures += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    met.wrong.push(format!("{key}: did not succeed for a minute"));
}

/// What is wrong with an error of a fault.
pub fn improper(error: &Error) -> Option<String> {
    if error.category != Category::TransientError {
        return Some(format!("not transient: {error:?}"));
    }
    let message = error.message.to_lowercase();
    let word = DRIVER.iter().find(|word| message.contains(**word))?;
    Some(format!("says {word}: {error:?}"))
}
