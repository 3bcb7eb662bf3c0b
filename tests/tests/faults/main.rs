//! Calls under faults of the database: they succeed or fail with a transient error in the time that they have, what is left is
//! whole, and they go on by themselves when the fault is over.

mod cancelled;
mod commit;
mod cuts;
mod locks;
mod pool;
mod restart;
mod sqlite;
mod stall;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actwright_tests::conformance::dump::Dump;
use actwright_tests::faults::invariants::{Told, broken};
use actwright_tests::faults::proxy::Proxy;
use actwright_tests::faults::server::Server;
use actwright_tests::faults::{Party, prepare};
use actwright_tests::postgres::Cluster;

const SECOND: Duration = Duration::from_secs(1);

/// URL of a new database with the base rows, on the server that tests share.
async fn fresh() -> String {
    let url = Cluster::shared().unwrap().database("faults").await.unwrap();
    prepare(&url).await.unwrap();
    format!("{url}?sslmode=disable")
}

/// As [`fresh`], on a server that a test has for itself.
async fn fresh_on(server: &Server) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("faults_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let url = server.database(&name).await.unwrap();
    prepare(&url).await.unwrap();
    url
}

/// A proxy before the server of a URL.
async fn proxy(url: &str) -> Proxy {
    let port = url.rsplit(':').next().and_then(|tail| tail.split('/').next()).unwrap();
    Proxy::before(port.parse().unwrap()).await.unwrap()
}

/// Delivers what is left, and checks what has to hold whatever happened.
async fn whole(party: &Party, before: &Dump, told: &Told) {
    party.deliver().await;
    let broken = broken(party.runtime.database(), before, told).await;
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
