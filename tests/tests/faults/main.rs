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
use actwright_tests::faults::invariants::{Left, TWICE, Told, broken};
use actwright_tests::faults::load::Load;
use actwright_tests::faults::proxy::Proxy;
use actwright_tests::faults::server::Server;
use actwright_tests::faults::{Party, prepare};
use actwright_tests::postgres::Cluster;
use tokio::sync::OnceCell;

const SECOND: Duration = Duration::from_secs(1);

/// URL of a new database with the base rows, on the server that tests share.
async fn fresh() -> String {
    static PREPARED: OnceCell<String> = OnceCell::const_new();
    let cluster = Cluster::shared().unwrap();
    let prepared = async || {
        let url = cluster.database("faults").await.unwrap();
        prepare(&url).await.unwrap();
        url
    };
    let url = cluster.copy_of(PREPARED.get_or_init(prepared).await, "faults").await.unwrap();
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

/// Calls to a new database through a proxy.
struct Proxied {
    /// Past the proxy.
    url: String,
    proxy: Proxy,
    party: Party,
    before: Dump,
}

impl Proxied {
    async fn new(connections: u32) -> Self {
        let url = fresh().await;
        let port = url.rsplit(':').next().and_then(|tail| tail.split('/').next()).unwrap();
        let proxy = Proxy::before(port.parse().unwrap()).await.unwrap();
        let party = Party::at(&proxy.url(&url), connections).await.unwrap();
        let before = party.dump().await;
        Self { url, proxy, party, before }
    }

    /// All is [`whole`].
    async fn end(self, told: &Told) {
        whole(&self.party, &self.before, told, TWICE).await;
        self.party.close().await;
    }

    /// As [`Proxied::end`], past the proxy, in which something may be stuck.
    async fn end_past_the_proxy(self, told: &Told) {
        let direct = Party::at(&self.url, 2).await.unwrap();
        whole_of(&[&direct, &self.party], &self.before, told, TWICE).await;
        direct.close().await;
        self.party.close().await;
    }
}

/// Ends a load of which nothing went wrong, and gives what its callers were told.
async fn told_by(load: Load) -> Told {
    let met = load.end().await;
    println!("{} calls, {} failures, {} deduplicated", met.told.len(), met.failures, met.deduplicated);
    assert!(met.wrong.is_empty(), "{}", met.wrong.join("\n"));
    met.told
}

/// Delivers what is left, and checks what has to hold whatever happened. Nothing may have left more than so many times.
async fn whole(party: &Party, before: &Dump, told: &Told, most: usize) {
    whole_of(&[party], before, told, most).await;
}

/// As [`whole`], by the first of all who have delivered.
async fn whole_of(parties: &[&Party], before: &Dump, told: &Told, most: usize) {
    parties[0].deliver().await;
    let recorders: Vec<_> = parties.iter().map(|party| &party.recorder).collect();
    let broken = broken(parties[0].runtime.database(), before, told, &Left::of(&recorders), most).await;
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
