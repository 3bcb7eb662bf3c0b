//! `actwright serve`: actions, pickers and dead letters over HTTP, with the relay beside them.

mod address;
pub mod auth;
mod body;
mod calls;
mod health;
mod listen;
pub mod metrics;
mod openapi;
mod outbox;
mod pickers;
mod refusal;
mod request;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use actwright_runtime::{Error, Runtime};
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::routing::{get, post};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use auth::{Authenticator, Identity};
use body::Bodies;
use refusal::Refusal;

use crate::cli::DatabaseArguments;
use crate::config::Config;
use crate::failure::Failure;
use crate::logging::Logging;
use crate::terminal::{quiet, say};
use crate::{open, signal};

/// What all requests share.
pub struct Server {
    runtime: Runtime,
    authenticator: Authenticator,
    bodies: Bodies,
    /// One permit a request.
    room: Semaphore,
    /// How long what is no call may take.
    timeout: Duration,
    /// All migrations were found applied.
    migrated: AtomicBool,
    /// Somebody asked the process to end.
    stopping: CancellationToken,
}

type Shared = Arc<Server>;

/// Serves until somebody ends it.
pub async fn serve(arguments: &DatabaseArguments, json: bool) -> Result<(), Failure> {
    let config = open::config(arguments)?;
    let logging = Logging::begin(&config)?;
    let authenticator = Authenticator::new(&config.auth)?;
    let runtime = open::runtime_with(&config).await?;
    let listener = bind("http.listen", config.http.listen).await?;
    let stopping = signal::stopping();
    let server = Arc::new(Server {
        runtime: runtime.clone(),
        authenticator,
        bodies: Bodies::new(config.http.body_memory, config.calls.largest_input, config.http.body_timeout),
        room: Semaphore::new(config.http.concurrent_requests),
        timeout: config.calls.timeout,
        migrated: AtomicBool::new(false),
        stopping: stopping.clone(),
    });
    let metrics = metrics::serve(&config, runtime.database(), stopping.clone()).await?;
    announce(listener.local_addr()?, metrics, json)?;
    let relay = tokio::spawn({
        let (runtime, stopping) = (runtime.clone(), stopping.clone());
        async move { runtime.run_relay(stopping.cancelled_owned()).await }
    });
    let connections = listen::serve(listener, router(server), &config.http, stopping.clone()).await;
    end(&config, runtime, connections, relay).await;
    logging.end().await;
    Ok(())
}

/// Lets requests, deliveries and the relay end, within bounds, and closes the database.
async fn end(
    config: &Config,
    runtime: Runtime,
    connections: impl Future<Output = ()>,
    relay: tokio::task::JoinHandle<()>,
) {
    let work = async {
        connections.await;
        let _ = relay.await;
        runtime.finish().await;
    };
    let bound = config.http.shutdown_timeout;
    tokio::select! {
        () = work => tracing::info!("ended: nothing is left under way"),
        () = tokio::time::sleep(bound) => tracing::warn!("ending with work under way: it rolls back, or a relay delivers it"),
    }
    // Connections that are still used would be waited for.
    let _ = tokio::time::timeout(Duration::from_secs(2), runtime.database().close()).await;
}

/// Takes a port, for what a key of the configuration is about.
pub async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| Failure::CannotRun(format!("{key}: cannot listen on {address}: {error}")))
}

fn announce(http: SocketAddr, metrics: Option<SocketAddr>, json: bool) -> Result<(), Failure> {
    tracing::info!(%http, metrics = metrics.map(tracing::field::display), "listening");
    if json {
        return say(json!({ "http": http, "metrics": metrics }));
    }
    say(format!("Listening on http://{http}"))?;
    if let Some(metrics) = metrics {
        say(format!("Metrics are at http://{metrics}/metrics"))?;
    }
    say(quiet("Ctrl-C or SIGTERM ends it."))
}

fn router(server: Shared) -> Router {
    let api = Router::new()
        .route("/actions", get(calls::actions))
        .route("/actions/{id}/{version}", get(calls::action).post(calls::call))
        .route("/catalog", get(calls::catalog))
        .route("/openapi.json", get(openapi::document))
        .route("/pickers", get(pickers::all))
        .route("/pickers/{kind}", get(pickers::get).post(pickers::post))
        .route("/outbox", get(outbox::list))
        .route("/outbox/{id}", get(outbox::show))
        .route("/outbox/{id}/retry", post(outbox::retry))
        .route("/outbox/{id}/discard", post(outbox::discard))
        .layer(axum::middleware::from_fn_with_state(server.clone(), request::admitted));
    Router::new()
        .nest("/api/v1", api)
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(|| async { Refusal::no_address() })
        .method_not_allowed_fallback(|| async { Refusal::other_method() })
        .layer(axum::middleware::from_fn(request::observed))
        .with_state(server)
}

impl FromRequestParts<Shared> for Identity {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, Refusal> {
        server.authenticator.identify(&parts.headers)
    }
}

/// Bounds work that has no deadline of its own.
async fn within<T>(server: &Server, work: impl Future<Output = Result<T, Error>>) -> Result<T, Refusal> {
    match tokio::time::timeout(server.timeout, work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Refusal::busy("The database did not answer in time. Try again.")),
    }
}
