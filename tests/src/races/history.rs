//! What callers saw: each call with its answer, and when it began and ended, by a clock that all share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use actwright_runtime::{Answer, Error};

use super::workload::Planned;

/// A call that was made.
#[derive(Debug, Clone)]
pub struct Record {
    /// Which caller made it, and which of its calls it is.
    pub who: (usize, usize),
    /// What was asked for.
    pub planned: Planned,
    /// Before the call.
    pub invoked: u64,
    /// After it; never, where nobody waited for the answer.
    pub responded: u64,
    /// The answer.
    pub outcome: Outcome,
}

/// The answer to a call.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It was done, or repeats one that was.
    Done(Box<Answer>),
    /// It was refused or failed: nothing of it may be there.
    Refused(Box<Error>),
    /// Nobody knows: all of it is there, or nothing.
    Unknown,
}

impl Outcome {
    /// What an answer says. A call whose commit was under way when it was cut short says that it does not know.
    pub fn of(answer: Result<Answer, Error>) -> Self {
        match answer {
            Ok(answer) => Self::Done(Box::new(answer)),
            Err(error) if !error.details["outcome"].is_null() => Self::Unknown,
            Err(error) => Self::Refused(Box::new(error)),
        }
    }
}

/// Records of calls, and the clock.
#[derive(Debug, Default)]
pub struct History {
    clock: AtomicU64,
    records: Mutex<Vec<Record>>,
}

impl History {
    /// A moment later than every one before.
    pub fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// Takes a call down.
    pub fn add(&self, record: Record) {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    /// All calls, as they began.
    pub fn records(&self) -> Vec<Record> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner).clone();
        records.sort_by_key(|record| record.invoked);
        records
    }
}
