//! Sealing of audit rows.

use std::time::Duration;

use actwright_runtime::audit::SealPolicy;

use super::key::{Key, Kind};
use super::values::Values;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "audit.seal_every",
        Kind::Duration(Duration::from_millis(100), Duration::from_secs(86_400)),
        "How often a relay seals audit rows.",
    )
    .default("10s"),
    Key::new(
        "audit.horizon",
        Kind::Duration(Duration::from_secs(10), Duration::from_secs(86_400)),
        "The longest time from the beginning of a call to its commit, with what clocks of several machines may differ. A row \
         that turns up later is not sealed, and `actwright audit verify` reports it.",
    )
    .default("5m"),
];

/// When audit rows are sealed.
pub fn seals(values: &mut Values) -> SealPolicy {
    let policy = SealPolicy { every: values.duration("audit.seal_every"), horizon: values.duration("audit.horizon") };
    if policy.horizon <= values.duration("calls.timeout") {
        values.refuse("audit.horizon", "is not longer than calls.timeout");
    }
    policy
}
