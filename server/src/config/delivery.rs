//! Deliveries: how often and for how long they are tried.

use std::time::Duration;

use actwright_runtime::outbox::DeliveryPolicy;

use super::key::{Key, Kind};
use super::values::Values;

const HOUR: Duration = Duration::from_secs(3600);

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "delivery.attempts",
        Kind::Number(1, 1000),
        "Attempts until an event, a mail or a job goes to the dead letters.",
    )
    .default("12"),
    Key::new(
        "delivery.first_pause",
        Kind::Duration(Duration::from_millis(10), HOUR),
        "About the pause after the first failed attempt. It doubles with every further one.",
    )
    .default("2s"),
    Key::new(
        "delivery.longest_pause",
        Kind::Duration(Duration::from_millis(10), Duration::from_secs(24 * 3600)),
        "The pause grows no longer than this.",
    )
    .default("1h"),
    Key::new(
        "delivery.timeout",
        Kind::Duration(Duration::from_millis(100), HOUR),
        "How long one attempt may take, and noting how it went.",
    )
    .default("30s"),
];

pub fn delivery(values: &mut Values) -> DeliveryPolicy {
    let policy = DeliveryPolicy {
        attempts: u32::try_from(values.number("delivery.attempts")).unwrap_or(u32::MAX),
        first_pause: values.duration("delivery.first_pause"),
        longest_pause: values.duration("delivery.longest_pause"),
        timeout: values.duration("delivery.timeout"),
    };
    if policy.first_pause > policy.longest_pause {
        values.refuse("delivery.first_pause", "is longer than delivery.longest_pause");
    }
    policy
}
