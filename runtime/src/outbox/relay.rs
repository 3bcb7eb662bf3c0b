//! The second chance: delivers what the first attempt after a commit did not.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::deliver::Delivery;
use super::store::{self, Due};
use crate::call::Runtime;
use crate::error::Result;

/// How many effects one relay delivers at a time.
const AT_ONCE: usize = 8;

/// How often a relay looks when nobody wakes it.
const PAUSE: Duration = Duration::from_secs(1);

/// What a pass of the relay did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Relayed {
    /// Effects that were delivered.
    pub delivered: u64,
    /// Effects that failed again and wait for their next turn, or for somebody to look at them.
    pub failed: u64,
}

impl Runtime {
    /// Delivers everything that is due, and returns. Several may run at once, in one process or in many.
    ///
    /// # Errors
    ///
    /// Those of the database. A delivery that fails is counted, not returned.
    pub async fn relay(&self) -> Result<Relayed> {
        self.relay_until(&CancellationToken::new()).await
    }

    /// Delivers what is due, and does what is to be done now and then, until `shutdown` is over; deliveries that are under way
    /// then are finished first. A database that is away is tried again.
    pub async fn run_relay(&self, shutdown: impl Future<Output = ()>) {
        let stop = CancellationToken::new();
        let work = async {
            while !stop.is_cancelled() {
                if let Err(error) = self.relay_until(&stop).await {
                    tracing::error!(%error, "the outbox cannot be read");
                }
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = self.relay_woken() => {}
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        };
        let end = async {
            shutdown.await;
            stop.cancel();
        };
        tokio::join!(work, self.keep_house(&stop), end);
    }

    async fn relay_until(&self, stop: &CancellationToken) -> Result<Relayed> {
        let holder = Uuid::now_v7();
        let lease = self.options.delivery.lease();
        let mut relayed = Relayed::default();
        let mut running = JoinSet::new();
        loop {
            let room = if stop.is_cancelled() { 0 } else { AT_ONCE - running.len() };
            let due = store::take_due(&self.database, &self.pack, holder, room, lease).await?;
            for due in due {
                let runtime = self.clone();
                running.spawn(async move { deliver(&runtime, holder, due).await });
            }
            // One is done, so there is room for another, and the next of its subject may go.
            match running.join_next().await {
                None => return Ok(relayed),
                Some(Ok(done)) => {
                    relayed.delivered += done.delivered;
                    relayed.failed += done.failed;
                }
                // It is tried again when its lease is over.
                Some(Err(error)) => tracing::error!(%error, "a delivery ended early"),
            }
        }
    }
}

/// Delivers one effect and what it brings about.
async fn deliver(runtime: &Runtime, holder: Uuid, due: Due) -> Relayed {
    let delivery = Delivery::new(runtime, holder);
    let mut relayed = Relayed::default();
    let mut count = |delivered| if delivered { relayed.delivered += 1 } else { relayed.failed += 1 };
    let leased = Instant::now();
    let first = delivery.attempt(&due.origin, due.effect, due.attempts).await;
    count(first.delivered);
    for effect in delivery.deliver_now(&due.origin, first.more, &[], leased).await.effects {
        count(effect.delivered);
    }
    relayed
}
