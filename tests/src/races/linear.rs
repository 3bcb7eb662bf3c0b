//! Whether there is an order in which calls that overlap could have been made one after the other, and have had the answers
//! that they had: the search of Wing and Gong, that remembers where it has been (Lowe).

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;

/// A call on one object.
#[derive(Debug, Clone)]
pub struct Event<C> {
    /// Before the call.
    pub invoked: u64,
    /// After it.
    pub responded: u64,
    /// Whether it happened is not known.
    pub optional: bool,
    /// What was called, and what was answered.
    pub call: C,
}

/// Checks one object: `step` gives the state after a call, or none when the call cannot have had its answer then. An order
/// must follow time (of two calls that do not overlap the earlier comes first) and lead to a state that `end` accepts.
///
/// # Errors
///
/// The longest order that could be found, and what could not follow.
pub fn check<S: Clone + Eq + Hash + Debug, C: Debug>(
    start: S,
    events: &[Event<C>],
    step: impl Fn(&S, &Event<C>) -> Option<S>,
    end: impl Fn(&S) -> bool,
) -> Result<(), String> {
    if events.len() > 128 {
        return Err(format!("{} calls on one object are too many to order", events.len()));
    }
    let all = if events.len() == 128 { u128::MAX } else { (1 << events.len()) - 1 };
    let mut seen: HashSet<(u128, S)> = HashSet::new();
    let mut stack = vec![(0_u128, start, Vec::<usize>::new())];
    let mut longest: (Vec<usize>, Option<S>) = (Vec::new(), None);
    while let Some((done, state, order)) = stack.pop() {
        if !seen.insert((done, state.clone())) {
            continue;
        }
        let left = |index: &usize| done & (1 << index) == 0;
        let rest: Vec<usize> = (0..events.len()).filter(left).collect();
        if rest.iter().all(|index| events[*index].optional) && end(&state) {
            return Ok(());
        }
        if done != all && order.len() >= longest.0.len() {
            longest = (order.clone(), Some(state.clone()));
        }
        // Who may be next: nobody who is left has ended before it began. What may not have happened holds nobody up.
        let first_end =
            rest.iter().filter(|index| !events[**index].optional).map(|index| events[*index].responded).min();
        for index in rest.into_iter().rev().filter(|index| first_end.is_none_or(|end| events[*index].invoked <= end)) {
            if let Some(next) = step(&state, &events[index]) {
                let mut order = order.clone();
                order.push(index);
                stack.push((done | 1 << index, next, order));
            }
        }
    }
    Err(explain(events, &longest.0, longest.1.as_ref()))
}

fn explain<S: Debug, C: Debug>(events: &[Event<C>], order: &[usize], state: Option<&S>) -> String {
    let line = |index: &usize| {
        let Event { invoked, responded, call, .. } = &events[*index];
        let responded = if *responded == u64::MAX { "?".to_owned() } else { responded.to_string() };
        format!("  {invoked}..{responded} {call:?}")
    };
    let ordered: Vec<String> = order.iter().map(line).collect();
    let left: Vec<String> =
        (0..events.len()).filter(|index| !order.contains(index)).map(|index| line(&index)).collect();
    format!(
        "no order of the calls explains their answers. The longest that was found:\n{}\nleads to\n  {state:?}\nand leaves\n{}",
        ordered.join("\n"),
        left.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register: writes, and reads of what was read.
    #[derive(Debug, Clone, Copy)]
    enum Register {
        Write(u8),
        Read(u8),
    }

    fn judge(events: &[(u64, u64, bool, Register)], last: u8) -> bool {
        let events: Vec<Event<Register>> = (events.iter())
            .map(|&(invoked, responded, optional, call)| Event { invoked, responded, optional, call })
            .collect();
        let step = |state: &u8, event: &Event<Register>| match event.call {
            Register::Write(value) => Some(value),
            Register::Read(value) => (value == *state).then_some(*state),
        };
        check(0, &events, step, |state| *state == last).is_ok()
    }

    /// The judge itself: what overlaps may come in any order, what does not overlap may not.
    #[test]
    fn orders_follow_time_and_answers() {
        use Register::{Read, Write};
        assert!(judge(&[(0, 3, false, Write(1)), (1, 2, false, Read(0))], 1), "the read may come first");
        assert!(judge(&[(0, 3, false, Write(1)), (1, 2, false, Read(1))], 1), "or second");
        assert!(!judge(&[(0, 1, false, Write(1)), (2, 3, false, Read(0))], 1), "a read of the past");
        assert!(!judge(&[(0, 5, false, Write(1)), (1, 2, false, Read(1)), (3, 4, false, Read(0))], 1), "back again");
        assert!(!judge(&[(0, 1, false, Write(1))], 0), "an effect that is gone");
        assert!(judge(&[(0, u64::MAX, true, Write(1)), (2, 3, false, Read(0))], 0), "it need not have happened");
        assert!(judge(&[(0, u64::MAX, true, Write(1)), (2, 3, false, Read(1))], 1), "and may have");
    }
}
