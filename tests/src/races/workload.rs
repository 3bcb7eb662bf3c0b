//! What each caller does, from a seed.

use std::time::Duration;

use actwright_runtime::{Call, Caller};

use super::operation::Operation;
use super::random::Random;
use super::rows;
use crate::conformance::alias::id;

/// One call that a caller makes.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Number of the tenant.
    pub tenant: usize,
    /// What it does.
    pub operation: Operation,
    /// On behalf of a user who may only read.
    pub by_reader: bool,
    /// Some keys are used several times, with the same input and with others.
    pub key: Option<String>,
    /// How long the caller waits before.
    pub pause: Duration,
    /// What cuts it short.
    pub fate: Fate,
}

/// What cuts a call short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Natural,
    /// The caller stops waiting.
    Cancelled(Duration),
    /// It has little time.
    Deadline(Duration),
}

impl Planned {
    /// A call that is left in peace.
    pub fn of(tenant: usize, operation: Operation) -> Self {
        Self { tenant, operation, by_reader: false, key: None, pause: Duration::ZERO, fate: Fate::Natural }
    }

    /// As the runtime takes it.
    pub fn call(&self) -> Call {
        let user = if self.by_reader { "user.reader" } else { "user.admin" };
        let timeout = match self.fate {
            Fate::Deadline(timeout) => Some(timeout),
            Fate::Natural | Fate::Cancelled(_) => None,
        };
        Call {
            idempotency_key: self.key.clone(),
            timeout,
            ..Call::new(
                self.operation.action(),
                rows::tenant(self.tenant),
                Caller::User(id(user)),
                self.operation.input(),
            )
        }
    }
}

/// The calls of each caller.
pub fn workload(seed: u64, callers: usize, calls: usize) -> Vec<Vec<Planned>> {
    // What callers repeat after each other: same key, and mostly the same input.
    let mut random = Random::part(seed, 1);
    let shared: Vec<(usize, Operation)> =
        (0..6).map(|_| (random.below(rows::TENANTS.len()), Operation::any(&mut random))).collect();
    let caller = |caller: usize| {
        let mut random = Random::part(seed, 2 + caller as u64);
        (0..calls).map(|number| planned(&mut random, &shared, caller, number)).collect()
    };
    (0..callers).map(caller).collect()
}

fn planned(random: &mut Random, shared: &[(usize, Operation)], caller: usize, number: usize) -> Planned {
    let mut planned = Planned::of(random.below(rows::TENANTS.len()), Operation::any(random));
    if random.percent(15) {
        let index = random.below(shared.len());
        let (tenant, operation) = &shared[index];
        let same_input = random.percent(80);
        planned.tenant = *tenant;
        if same_input || planned.operation.action() == operation.action() {
            planned.operation = operation.clone();
        }
        planned.key = Some(format!("shared-{index}"));
    } else if random.percent(85) {
        planned.key = Some(format!("own-{caller}-{number}"));
    }
    planned.by_reader = random.percent(4);
    planned.pause = Duration::from_micros(random.below(3_000) as u64);
    planned.fate = match random.below(100) {
        0..8 => Fate::Cancelled(Duration::from_micros(random.below(25_000) as u64)),
        8..14 => Fate::Deadline(Duration::from_micros(1_000 + random.below(25_000) as u64)),
        _ => Fate::Natural,
    };
    planned
}
