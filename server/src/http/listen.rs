//! Connections: how many, how long they may take, and how they end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::config::Http;

/// The headers of a request are not larger.
const LARGEST_HEADERS: usize = 64 * 1024;

/// After an error of the operating system, such as too many open files, which passes by itself.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections until it is told to stop, and gives what waits for those that are there then.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: &Http,
    stopping: CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(config.connections));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(config.header_timeout).max_buf_size(LARGEST_HEADERS);
    loop {
        let connection = async {
            let permit = room.clone().acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            () = stopping.cancelled() => break,
            connection = connection => connection,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Answers are small and whole; waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A client that goes away, or is too slow, is its own affair.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    graceful.shutdown()
}
