//! How long what calls leave for later is kept.

use std::time::Duration;

use crate::value::Timestamp;

/// For how long the database keeps what only later calls and people need, and how it is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// For how long an idempotency key and the result of its call are known. After that the key counts as unused: a call with
    /// it has its effect, whether the row was removed yet or not. `None`: for ever. Keep it longer than anybody repeats a call.
    pub results: Option<Duration>,
    /// For how long an event, mail or job is kept once it was delivered or discarded. `None`: for ever. Dead letters are kept
    /// until somebody decides about them.
    pub settled: Option<Duration>,
    /// How many rows are removed at a time, in a transaction of its own.
    pub batch: u32,
    /// How often a relay that runs on removes what has expired.
    pub every: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Default for Retention {
    /// Both for 30 days; up to 500 rows at a time, every ten minutes.
    fn default() -> Self {
        Self { results: Some(30 * DAY), settled: Some(30 * DAY), batch: 500, every: Duration::from_secs(600) }
    }
}

impl Retention {
    /// Results of calls at this time and before have expired at `now`.
    pub(crate) fn results_expired(&self, now: Timestamp) -> Timestamp {
        before(now, self.results)
    }

    /// What was settled at this time and before has expired at `now`.
    pub(crate) fn settled_expired(&self, now: Timestamp) -> Timestamp {
        before(now, self.settled)
    }
}

/// The time so long before `now`; the beginning of all times where there is no limit.
fn before(now: Timestamp, kept: Option<Duration>) -> Timestamp {
    kept.and_then(|kept| i64::try_from(kept.as_micros()).ok())
        .and_then(|kept| now.micros().checked_sub(kept))
        .and_then(Timestamp::from_micros)
        .unwrap_or(Timestamp::EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A limit that no calendar can express must not make fresh results expire.
    #[test]
    fn what_is_kept_for_ever_never_expires() {
        let now = Timestamp::now();
        for kept in [None, Some(Duration::MAX), Some(Duration::from_secs(u64::MAX / 2))] {
            let retention = Retention { results: kept, settled: kept, ..Retention::default() };
            assert_eq!(retention.results_expired(now), Timestamp::EPOCH, "{kept:?}");
            assert_eq!(retention.settled_expired(now), Timestamp::EPOCH, "{kept:?}");
        }
    }
}
