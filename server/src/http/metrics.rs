//! Metrics for Prometheus, on a listener of their own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actwright_runtime::{Database, describe_metrics};
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics::{Unit, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use super::{bind, listen, request};
use crate::config::Config;
use crate::failure::Failure;

/// In seconds: a call takes some milliseconds, and no longer than its deadline.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// A database that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

const UPKEEP: Duration = Duration::from_secs(5);

const ENTRIES: &str = "actwright_outbox_entries";
const OLDEST: &str = "actwright_outbox_oldest_seconds";
const CONNECTIONS: &str = "actwright_pool_connections";
const KINDS: [&str; 3] = ["event", "mail", "job"];
const STATES: [&str; 2] = ["pending", "dead"];

struct Metrics {
    handle: PrometheusHandle,
    database: Database,
}

/// Collects from now on, and answers those who ask. Gives the address, if the configuration has one.
pub async fn serve(
    config: &Config,
    database: &Database,
    stopping: CancellationToken,
) -> Result<Option<SocketAddr>, Failure> {
    let Some(address) = config.metrics.listen else { return Ok(None) };
    let cannot = |error: &dyn std::fmt::Display| Failure::CannotRun(format!("Metrics cannot be collected: {error}"));
    let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).map_err(|error| cannot(&error))?;
    let handle = builder.install_recorder().map_err(|error| cannot(&error))?;
    describe_metrics();
    metrics::describe_gauge!(ENTRIES, "What waits in the outbox, by kind and status: pending, or dead.");
    metrics::describe_gauge!(OLDEST, Unit::Seconds, "The age of the oldest entry, by kind and status.");
    metrics::describe_gauge!(CONNECTIONS, "Connections to the database, by pool and state: limit, open, idle.");
    metrics::describe_counter!(request::REQUESTS, "Requests by address, method and status.");
    metrics::describe_gauge!(request::IN_FLIGHT, "Requests that are being answered.");
    let listener = bind("metrics.listen", address).await?;
    let address = listener.local_addr()?;
    let shared = Arc::new(Metrics { handle, database: database.clone() });
    let router = Router::new().route("/metrics", get(render)).with_state(shared.clone());
    tokio::spawn({
        let handle = shared.handle.clone();
        async move {
            loop {
                // What is recorded is kept one by one until this adds it up, also where nobody asks.
                tokio::time::sleep(UPKEEP).await;
                handle.run_upkeep();
            }
        }
    });
    let http = crate::config::Http { connections: 16, ..config.http.clone() };
    tokio::spawn(async move { listen::serve(listener, router, &http, stopping).await.await });
    Ok(Some(address))
}

async fn render(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    outbox(&metrics.database).await;
    for pool in metrics.database.pools() {
        for (state, value) in [("limit", pool.limit), ("open", pool.open), ("idle", pool.idle)] {
            gauge!(CONNECTIONS, "pool" => pool.pool, "state" => state).set(f64::from(value));
        }
    }
    metrics.handle.run_upkeep();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.handle.render())
}

/// What waits in the outbox. When it cannot be counted nobody is told the numbers of the last time, which may be long untrue.
async fn outbox(database: &Database) {
    let depth = match tokio::time::timeout(PATIENCE, database.outbox_depth()).await {
        Ok(Ok(depth)) => Some(depth),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the outbox could not be counted");
            None
        }
        Err(_) => {
            tracing::warn!("the outbox could not be counted in time");
            None
        }
    };
    for kind in KINDS {
        for status in STATES {
            let found = depth.iter().flatten().find(|entry| entry.kind == kind && entry.status == status);
            #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 entries nobody counts")]
            let (count, age) = match found {
                Some(entry) => (entry.count as f64, entry.oldest.as_secs_f64()),
                None if depth.is_some() => (0.0, 0.0),
                None => (f64::NAN, f64::NAN),
            };
            gauge!(ENTRIES, "kind" => kind, "status" => status).set(count);
            gauge!(OLDEST, "kind" => kind, "status" => status).set(age);
        }
    }
}
