//! Calls a second, and how long each takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::operation::{Operation, Source};
use super::sides::Side;
use crate::Result;

/// What one side did while it had its turns.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Time of its turns.
    pub elapsed: Duration,
    /// Microseconds of each call.
    pub latencies: Vec<u32>,
    /// Calls a second of each turn.
    pub rounds: Vec<f64>,
}

impl Sample {
    /// Calls a second over all turns.
    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// The latency in milliseconds that this part of the calls does not exceed.
    pub fn percentile(&self, part: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let rank = (part * sorted.len() as f64).ceil() as usize;
        f64::from(sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()) / 1_000.0
    }

    /// Adds a turn: so many callers, each with one call after the other, until time or quotes are up.
    ///
    /// # Errors
    ///
    /// Of the first call that fails: a load of failing calls measures nothing.
    pub async fn add(
        &mut self,
        side: &Arc<Side>,
        operation: Operation,
        source: &Arc<Source>,
        callers: usize,
        turn: Duration,
    ) -> Result<()> {
        let start = Instant::now();
        let running: Vec<_> = (0..callers)
            .map(|_| tokio::spawn(caller(Arc::clone(side), operation, Arc::clone(source), start + turn)))
            .collect();
        let mut count = 0;
        for caller in running {
            let latencies = caller.await??;
            count += latencies.len();
            self.latencies.extend(latencies);
        }
        let elapsed = start.elapsed();
        self.elapsed += elapsed;
        self.rounds.push(count as f64 / elapsed.as_secs_f64().max(f64::EPSILON));
        Ok(())
    }
}

async fn caller(side: Arc<Side>, operation: Operation, source: Arc<Source>, until: Instant) -> Result<Vec<u32>> {
    let mut latencies = Vec::new();
    while Instant::now() < until {
        let Some(draw) = source.draw(operation) else { break };
        let start = Instant::now();
        side.call(operation, &draw).await?;
        latencies.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(latencies)
}
