//! How often and for how long delivery is tried.

use std::time::Duration;

/// How often, and how soon after each other, an effect is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryPolicy {
    /// Attempts until an effect goes to the dead letters.
    pub attempts: u32,
    /// About the pause after the first failure. It doubles with every further one.
    pub first_pause: Duration,
    /// The pause grows no longer than this; one that a receiver asks for may be up to a day.
    pub longest_pause: Duration,
    /// One attempt takes no longer; then it has failed. As long may noting how it went take.
    pub timeout: Duration,
}

impl Default for DeliveryPolicy {
    /// 12 attempts over some two and a half hours, of at most 30 seconds each.
    fn default() -> Self {
        Self {
            attempts: 12,
            first_pause: Duration::from_secs(2),
            longest_pause: Duration::from_secs(3600),
            timeout: Duration::from_secs(30),
        }
    }
}

/// A receiver that asks for more is asked again after a day.
const LONGEST_REQUEST: Duration = Duration::from_secs(24 * 3600);

impl DeliveryPolicy {
    /// For how long nobody else may try an effect that somebody took. An attempt begins in the first third only and takes no
    /// longer than another, and the last is for noting how it went, so that two never overlap.
    pub(crate) fn lease(&self) -> Duration {
        self.timeout * 3
    }

    /// The pause after a failed attempt, `before` of which failed already: half of it fixed, half random, so that what
    /// failed together is not tried together.
    pub(super) fn pause(&self, before: u32, jitter: f64) -> Duration {
        let grown = self.first_pause.saturating_mul(2_u32.saturating_pow(before));
        grown.min(self.longest_pause).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }

    /// At least what the other side asked for, within reason.
    pub(super) fn pause_asked_for(&self, asked: Duration, before: u32, jitter: f64) -> Duration {
        asked.min(LONGEST_REQUEST).max(self.pause(before, jitter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts become rarer, stay apart, and never wait for ever.
    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = DeliveryPolicy::default();
        let most = |before| policy.pause(before, 1.0).as_secs();
        assert_eq!([0, 1, 2, 10, 11, 1000].map(most), [2, 4, 8, 2048, 3600, 3600]);
        assert_eq!(policy.pause(3, 0.0), Duration::from_secs(8), "half of it is fixed");
    }

    /// A receiver may ask for patience, neither for none nor for eternity.
    #[test]
    fn a_pause_that_is_asked_for_is_kept_within_reason() {
        let policy = DeliveryPolicy::default();
        let asked = |seconds| policy.pause_asked_for(Duration::from_secs(seconds), 0, 1.0).as_secs();
        assert_eq!([0, 120, u64::MAX].map(asked), [2, 120, 86_400]);
    }
}
