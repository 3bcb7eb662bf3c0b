//! The points of a call at which a process may be lost, as trace events of the target `actwright::step`.
//!
//! Operators see with them where time goes. The crash tests end the process at each, which is why there is one before every
//! transaction and statement, around every commit, and around every delivery. A test of concurrency decides at each of
//! them who goes on ([`crate::schedule`]); that is why they stand in async functions only.

/// Target of the trace events.
pub(crate) const TARGET: &str = "actwright::step";

macro_rules! step {
    ($name:literal $(, $($field:tt)+)?) => {{
        tracing::trace!(target: $crate::step::TARGET, step = $name $(, $($field)+)?);
        $crate::schedule::pause($name).await;
    }}
}

pub(crate) use step;
