//! Calls of actions.

use std::time::Duration;

use super::key::{Key, Kind};
use super::values::Values;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "calls.timeout",
        Kind::Duration(Duration::from_millis(100), Duration::from_secs(3600)),
        "How long a call may take. After that it has failed and has no effect, or it has committed and is answered without \
         waiting for deliveries.",
    )
    .default("30s"),
    Key::new(
        "calls.largest_input",
        Kind::Size(1 << 10, 1 << 30),
        "Larger inputs are refused. One takes several times as much memory while it is read.",
    )
    .default("16MiB"),
];

/// Calls of actions.
#[derive(Debug)]
pub struct Calls {
    pub timeout: Duration,
    /// In bytes.
    pub largest_input: u64,
}

impl Calls {
    pub(super) fn read(values: &Values) -> Self {
        Self { timeout: values.duration("calls.timeout"), largest_input: values.number("calls.largest_input") }
    }
}
