//! The steps of a call, and the end at one of them.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// A point at which the process may be lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Such as `statement` or `commit`.
    pub name: String,
    /// The effect that is delivered.
    pub id: Option<String>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Visit for Step {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "id" {
            self.id = Some(format!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "step" {
            value.clone_into(&mut self.name);
        }
    }
}

/// Tells the parent.
pub fn print(steps: &[Step]) {
    let text = serde_json::to_string(steps).unwrap_or_default();
    let mut out = std::io::stdout();
    // Without a parent there is nobody to tell.
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}

/// How far a call was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing of it is to be seen.
    BeforeCommit,
    /// It has its effect, and nothing has left the database.
    AfterCommit,
    /// Something leaves, or has left.
    InDelivery,
}

/// How far the call of these steps is.
pub fn phase(steps: &[Step]) -> Phase {
    let has = |name| steps.iter().any(|step| step.name == name);
    match (has("deliver"), has("committed")) {
        (true, _) => Phase::InDelivery,
        (false, true) => Phase::AfterCommit,
        (false, false) => Phase::BeforeCommit,
    }
}

/// How many deliveries have begun and were not noted after these steps.
pub fn open_deliveries(steps: &[Step]) -> usize {
    let mut open = BTreeSet::new();
    for step in steps {
        match step.name.as_str() {
            "deliver" => open.insert(&step.id),
            "settled" => open.remove(&step.id),
            _ => false,
        };
    }
    open.len()
}

/// Counts steps, and ends the process at one of them.
#[derive(Debug, Clone, Default)]
pub struct Steps {
    seen: Arc<Mutex<Vec<Step>>>,
    die_at: Option<usize>,
}

impl Steps {
    /// Listens from now on.
    ///
    /// # Errors
    ///
    /// Somebody listens already.
    pub fn listen(die_at: Option<usize>) -> Result<Self, String> {
        let steps = Self { die_at, ..Self::default() };
        let filter = Targets::new().with_target("actwright::step", LevelFilter::TRACE);
        let subscriber = tracing_subscriber::registry().with(steps.clone().with_filter(filter));
        tracing::subscriber::set_global_default(subscriber).map_err(|error| error.to_string())?;
        Ok(steps)
    }

    /// The steps so far.
    pub fn seen(&self) -> Vec<Step> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: Subscriber> Layer<S> for Steps {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut step = Step::default();
        event.record(&mut step);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(step);
        if self.die_at == Some(seen.len()) {
            print(&seen);
            // Nothing of this process runs any more: no destructor, no rollback, no farewell to the database.
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).ok();
            loop {
                std::thread::park();
            }
        }
    }
}
