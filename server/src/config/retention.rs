//! How long what calls leave for later is kept.

use std::time::Duration;

use actwright_runtime::Retention;

use super::key::{Key, Kind};
use super::values::Values;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const CENTURY: Duration = Duration::from_secs(36_500 * 24 * 3600);

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "retention.results",
        Kind::Duration(HOUR, CENTURY),
        "How long an idempotency key and the result of its call are known. After that a call with the key has its effect.",
    )
    .default("30d"),
    Key::new(
        "retention.settled",
        Kind::Duration(HOUR, CENTURY),
        "How long an event, mail or job is kept that was delivered or discarded. Dead letters stay until somebody decides.",
    )
    .default("30d"),
    Key::new("retention.batch", Kind::Number(1, 100_000), "How many rows are removed at a time.").default("500"),
    Key::new(
        "retention.every",
        Kind::Duration(Duration::from_secs(1), DAY),
        "How often a relay removes what has expired.",
    )
    .default("10m"),
];

pub fn retention(values: &mut Values) -> Retention {
    let retention = Retention {
        results: Some(values.duration("retention.results")),
        settled: Some(values.duration("retention.settled")),
        batch: u32::try_from(values.number("retention.batch")).unwrap_or(u32::MAX),
        every: values.duration("retention.every"),
    };
    if retention.results <= Some(values.duration("calls.timeout")) {
        values.refuse("retention.results", "is not longer than calls.timeout");
    }
    retention
}
