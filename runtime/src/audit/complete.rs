//! What the seals of a chain say is complete.
//!
//! The end of a chain notes what is complete, and nothing vouches for that note. The seals do: a pass seals rows in the order of
//! their times, so once it has sealed one, an older one only comes while a call of then may still commit.

use std::time::Duration;

use super::record::Seal;
use super::seal::SealPolicy;
use crate::value::Timestamp;

/// The longest horizon that can be configured. Passes of a chain may have had any, so none is held to a shorter one.
const LONGEST: Duration = Duration::from_secs(86_400);

/// Grows along a chain. Rows and amendments are in an order each.
#[derive(Debug)]
pub(super) struct Complete {
    tolerance: Duration,
    rows: Option<Timestamp>,
    amendments: Option<Timestamp>,
}

impl Complete {
    pub(super) fn new(policy: SealPolicy) -> Self {
        Self { tolerance: policy.horizon.max(LONGEST), rows: None, amendments: None }
    }

    /// Every row, or every amendment, that is older is sealed. None: that is not known.
    pub(super) fn before(&self, amendments: bool) -> Option<Timestamp> {
        if amendments { self.amendments } else { self.rows }
    }

    /// Takes a seal in. One that came late says nothing about others.
    pub(super) fn extend(&mut self, seal: &Seal) {
        let time = |micros: Option<i64>| micros.and_then(Timestamp::from_micros);
        if let (Some(logged_at), Some(sealed_at), false) = (time(seal.logged_at), time(seal.sealed_at), seal.late) {
            let before = Some(logged_at.min(sealed_at.minus(self.tolerance)));
            let known = if seal.amendment_id.is_some() { &mut self.amendments } else { &mut self.rows };
            *known = (*known).max(before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Content;
    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn seal(amendment: bool, logged_at: i64, sealed_at: i64, late: bool) -> Seal {
        Seal {
            seq: 1,
            audit_id: String::new(),
            amendment_id: amendment.then(String::new),
            operation: String::new(),
            user: None,
            logged_at: Some(logged_at),
            content: Content { hash: String::new(), hints: String::new() },
            late,
            sealed_at: Some(sealed_at),
            previous: String::new(),
        }
    }

    fn before(seals: &[Seal], amendments: bool) -> Option<i64> {
        let mut complete = Complete::new(SealPolicy::default());
        seals.iter().for_each(|seal| complete.extend(seal));
        complete.before(amendments).map(Timestamp::micros)
    }

    #[test]
    fn a_first_pass_over_an_old_log_makes_complete_what_it_has_read() {
        assert_eq!(before(&[], false), None);
        assert_eq!(before(&[seal(false, 5, 100 * DAY, false), seal(false, 7, 100 * DAY, false)], false), Some(7));
    }

    #[test]
    fn a_row_of_now_makes_everything_complete_but_the_longest_horizon() {
        let seals = [seal(false, 100 * DAY, 100 * DAY + 1, false), seal(false, 100 * DAY - 5, 100 * DAY + 9, false)];
        assert_eq!(before(&seals, false), Some(99 * DAY + 9));
        assert_eq!(before(&seals, true), None);
    }

    #[test]
    fn what_came_late_or_is_not_yet_makes_nothing_complete() {
        assert_eq!(before(&[seal(true, 5, 100 * DAY, true)], true), None);
        assert_eq!(before(&[seal(true, 900 * DAY, 100 * DAY, false)], true), Some(99 * DAY));
    }
}
