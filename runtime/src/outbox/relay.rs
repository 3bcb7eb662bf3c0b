//! The second chance: delivers what the first attempt after a commit did not.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Lane;
use super::deliver::Delivery;
use super::due::{Due, Taken, Taker};
use crate::call::Runtime;
use crate::error::Result;

/// How many effects one relay delivers at a time.
const AT_ONCE: usize = 32;

/// How many it takes at a time; and what is under way in one lane before it takes no more of that. So a receiver that does not
/// answer holds up fewer than twice as many of the places.
const A_LANE: usize = 4;

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
        let Self { database, pack, options, .. } = self;
        let taker = Taker { database, pack, policy: &options.delivery, holder: Uuid::now_v7() };
        let mut relayed = Relayed::default();
        let mut running = JoinSet::new();
        let mut lanes: BTreeMap<task::Id, Lane> = BTreeMap::new();
        // The one under way whose lease somebody lost.
        let mut lost: Option<task::Id> = None;
        // What is under way is finished, also when nothing more can be taken.
        let mut unreadable = None;
        loop {
            while !stop.is_cancelled() && unreadable.is_none() && running.len() < AT_ONCE {
                let room = A_LANE.min(AT_ONCE - running.len());
                let leased = Instant::now();
                let taken = taker.take(room, busy(&lanes), lost.is_none()).await.unwrap_or_else(|error| {
                    unreadable = Some(error);
                    Taken::default()
                });
                if taken.is_empty() {
                    break;
                }
                relayed.failed += u64::from(taken.given_up);
                let mut start = |due: Due| {
                    let (runtime, holder, lane) = (self.clone(), taker.holder, due.effect.lane());
                    let task = running.spawn(async move { deliver(&runtime, holder, due, leased).await });
                    lanes.insert(task.id(), lane);
                    task.id()
                };
                lost = taken.lost.map(&mut start).or(lost);
                for due in taken.due {
                    start(due);
                }
            }
            if running.is_empty() {
                return unreadable.map_or(Ok(relayed), Err);
            }
            let ended = tokio::select! {
                ended = running.join_next_with_id() => ended,
                // What is under way may take long, and something else may be due.
                () = self.relay_woken() => None,
                () = tokio::time::sleep(PAUSE) => None,
            };
            // There is room for another, and the next of its subject may go.
            let task = match ended {
                None => continue,
                Some(Ok((task, done))) => {
                    relayed.delivered += done.delivered;
                    relayed.failed += done.failed;
                    task
                }
                // It is tried again when its lease is over.
                Some(Err(error)) => {
                    tracing::error!(%error, "a delivery ended early");
                    error.id()
                }
            };
            lanes.remove(&task);
            lost = lost.filter(|lost| *lost != task);
        }
    }
}

/// Lanes with so much under way that nothing more of them is taken.
fn busy(lanes: &BTreeMap<task::Id, Lane>) -> Vec<Lane> {
    let full = |lane: &Lane| lanes.values().filter(|other| *other == lane).count() >= A_LANE;
    let full: BTreeSet<&Lane> = lanes.values().filter(|lane| full(lane)).collect();
    full.into_iter().cloned().collect()
}

/// Delivers one effect and what it brings about.
async fn deliver(runtime: &Runtime, holder: Uuid, due: Due, leased: Instant) -> Relayed {
    let delivery = Delivery::new(runtime, holder);
    let mut relayed = Relayed::default();
    if leased.elapsed() >= runtime.options.delivery.timeout {
        // The attempt might last longer than the lease.
        tracing::warn!(outbox_id = %due.effect.id, "this machine is too busy to begin a delivery in time");
        delivery.release(&due.origin, due.effect.id).await;
        return relayed;
    }
    let mut count = |delivered| if delivered { relayed.delivered += 1 } else { relayed.failed += 1 };
    let first = delivery.attempt(&due.origin, due.effect, due.attempts).await;
    count(first.delivered);
    for effect in delivery.deliver_now(&due.origin, first.more, &[], leased).await.effects {
        count(effect.delivered);
    }
    relayed
}
