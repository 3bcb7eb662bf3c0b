//! For tests of concurrency: who goes on at each step of a call is decided from outside, so that an interleaving can be
//! chosen, and repeated. No program installs a scheduler; without one a step costs the look at a flag.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::registry::BoxFuture;

/// Decides when a task that has reached a step goes on.
pub trait Scheduler: fmt::Debug + Send + Sync {
    /// Ends when the current task may go on from this step.
    fn pause(&self, step: &'static str) -> BoxFuture<'static, ()>;
}

static INSTALLED: AtomicBool = AtomicBool::new(false);
static SCHEDULER: RwLock<Option<Arc<dyn Scheduler>>> = RwLock::new(None);

/// Hands all steps of this process to a scheduler, or with none lets them go on by themselves again.
pub fn install(scheduler: Option<Arc<dyn Scheduler>>) {
    INSTALLED.store(scheduler.is_some(), Ordering::Release);
    *SCHEDULER.write().unwrap_or_else(PoisonError::into_inner) = scheduler;
}

pub(crate) async fn pause(step: &'static str) {
    if !INSTALLED.load(Ordering::Acquire) {
        return;
    }
    let scheduler = SCHEDULER.read().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(scheduler) = scheduler {
        scheduler.pause(step).await;
    }
}
