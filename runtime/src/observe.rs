//! What operators see of calls and deliveries: spans and events of the log, and metrics. Never an input or an output.

use std::time::{Duration, Instant};

use tracing::Span;
use uuid::Uuid;

use crate::call::{Answer, Call, Caller};
use crate::error::Result;
use crate::outbox::Lane;
use crate::spec::ActionSpec;

/// Watches one call from its begin to its end. A call whose caller stops waiting ends with this value.
#[derive(Debug)]
pub(crate) struct CallWatch {
    action: &'static str,
    version: u32,
    begun: Instant,
    span: Span,
    ended: bool,
}

impl CallWatch {
    pub(crate) fn begin(spec: &ActionSpec, call: &Call, invocation: Uuid) -> Self {
        let run = match call.caller {
            Caller::Run(run) => Some(run),
            Caller::User(_) => None,
        };
        let span = tracing::info_span!(
            "call",
            action = spec.id,
            version = spec.version,
            tenant = %call.tenant,
            invocation_id = %invocation,
            run_id = run.map(tracing::field::display),
            step_path = call.step_path,
            outcome = tracing::field::Empty,
        );
        Self { action: spec.id, version: spec.version, begun: Instant::now(), span, ended: false }
    }

    /// For the work of the call.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(crate) fn end(mut self, dry_run: bool, outcome: &Result<Answer>) {
        let outcome = match outcome {
            Ok(_) if dry_run => "DRY_RUN",
            Ok(answer) if answer.meta.deduplicated.is_some() => "DEDUPLICATED",
            Ok(_) => "OK",
            Err(error) => error.code.as_str(),
        };
        self.note(outcome);
    }

    fn note(&mut self, outcome: &'static str) {
        self.ended = true;
        let took = self.begun.elapsed();
        self.span.record("outcome", outcome);
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.span.in_scope(|| tracing::info!(outcome, milliseconds, "called"));
        let version = self.version.to_string();
        metrics::counter!(CALLS, "action" => self.action, "version" => version, "outcome" => outcome).increment(1);
        metrics::histogram!(CALL_SECONDS, "action" => self.action).record(took.as_secs_f64());
        if outcome == "DEDUPLICATED" {
            metrics::counter!(DEDUPLICATED, "action" => self.action).increment(1);
        }
    }
}

impl Drop for CallWatch {
    fn drop(&mut self) {
        if !self.ended {
            self.note("CANCELLED");
        }
    }
}

/// One attempt to deliver something. `sink` is that of an event; addresses of people are no labels.
pub(crate) fn attempted(kind: &'static str, sink: Lane, delivered: bool, took: Duration) {
    let outcome = if delivered { "delivered" } else { "failed" };
    metrics::counter!(DELIVERIES, "kind" => kind, "sink" => sink, "outcome" => outcome).increment(1);
    metrics::histogram!(DELIVERY_SECONDS, "kind" => kind).record(took.as_secs_f64());
}

/// Watches a caller that waits for a connection of a pool: how long is noted when it has one and when it gives up.
#[derive(Debug)]
pub(crate) struct PoolWait {
    pool: &'static str,
    begun: Instant,
}

impl PoolWait {
    pub(crate) fn begin(pool: &'static str) -> Self {
        Self { pool, begun: Instant::now() }
    }
}

impl Drop for PoolWait {
    fn drop(&mut self) {
        metrics::histogram!(POOL_WAIT_SECONDS, "pool" => self.pool).record(self.begun.elapsed().as_secs_f64());
    }
}

/// Rows that had expired and were removed.
pub(crate) fn swept(what: &'static str, rows: u64) {
    metrics::counter!(SWEPT, "what" => what).increment(rows);
}

const CALLS: &str = "actwright_calls_total";
const CALL_SECONDS: &str = "actwright_call_seconds";
const DEDUPLICATED: &str = "actwright_deduplicated_total";
const DELIVERIES: &str = "actwright_deliveries_total";
const SWEPT: &str = "actwright_swept_total";
const DELIVERY_SECONDS: &str = "actwright_delivery_seconds";
const POOL_WAIT_SECONDS: &str = "actwright_pool_wait_seconds";

/// Says what the metrics of the runtime are, to whoever collects them.
pub fn describe_metrics() {
    use metrics::Unit;
    metrics::describe_counter!(
        CALLS,
        "Calls by action, version and outcome: OK, DRY_RUN, DEDUPLICATED, CANCELLED or a code."
    );
    metrics::describe_histogram!(CALL_SECONDS, Unit::Seconds, "How long calls took, with their first deliveries.");
    metrics::describe_counter!(DEDUPLICATED, "Calls that repeated an earlier one and were answered as it was.");
    metrics::describe_counter!(DELIVERIES, "Attempts to deliver, by kind, sink of events, and outcome.");
    metrics::describe_counter!(SWEPT, "Rows that had expired and were removed: stored results, or settled deliveries.");
    metrics::describe_histogram!(DELIVERY_SECONDS, Unit::Seconds, "How long attempts to deliver took.");
    metrics::describe_histogram!(
        POOL_WAIT_SECONDS,
        Unit::Seconds,
        "How long callers waited for a connection, by pool."
    );
}
