//! The second chance: delivers what the first attempt after the commit did not.

use std::collections::VecDeque;

use super::deliver::Delivery;
use super::{HOLD, store};
use crate::call::Runtime;
use crate::error::Result;

/// How many effects the relay takes at a time.
const BATCH: i64 = 100;

/// What a pass of the relay did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Relayed {
    /// Effects that were delivered.
    pub delivered: u64,
    /// Effects that failed again and wait for their next turn, or for somebody to look at them.
    pub failed: u64,
}

impl Runtime {
    /// Delivers everything that is due, oldest first, and returns. Several may run at once.
    ///
    /// # Errors
    ///
    /// Those of the database. A delivery that fails is counted, not returned.
    pub async fn relay(&self) -> Result<Relayed> {
        let delivery = Delivery::new(self);
        let mut relayed = Relayed::default();
        loop {
            let due = store::take_due(&self.database, &self.pack, BATCH, HOLD).await?;
            if due.is_empty() {
                return Ok(relayed);
            }
            for due in due {
                let mut queue = VecDeque::from([(due.effect, due.attempts)]);
                while let Some((effect, attempts)) = queue.pop_front() {
                    let mut more = VecDeque::new();
                    let delivered = delivery.attempt(&due.origin, effect, attempts, &mut more, &mut Vec::new()).await;
                    queue.extend(more.into_iter().map(|effect| (effect, 0)));
                    if delivered {
                        relayed.delivered += 1;
                    } else {
                        relayed.failed += 1;
                    }
                }
            }
        }
    }
}
