//! Until when the statements of a transaction may run. SQLite runs them in a thread of this process, and ends one only when it is told to;
//! so it asks here every now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

const TIMED: u8 = 0;
const AT_ONCE: u8 = 1;
const LIFTED: u8 = 2;

/// Shared with the thread that runs the statements.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    until: Instant,
    state: Arc<AtomicU8>,
}

impl Limit {
    pub(crate) fn new(until: Instant) -> Self {
        Self { until, state: Arc::new(AtomicU8::new(TIMED)) }
    }

    /// Nobody waits any more for what is under way.
    pub(crate) fn end_now(&self) {
        self.state.store(AT_ONCE, Ordering::Relaxed);
    }

    /// What the connection does next is not of this transaction.
    pub(crate) fn lift(&self) {
        self.state.store(LIFTED, Ordering::Relaxed);
    }

    pub(crate) fn is_reached(&self) -> bool {
        match self.state.load(Ordering::Relaxed) {
            TIMED => Instant::now() >= self.until,
            state => state == AT_ONCE,
        }
    }
}
