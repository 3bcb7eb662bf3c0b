//! A database of each kind for each test.

use std::path::Path;
use std::sync::Arc;

use actwright_runtime::database::Engine;
use actwright_runtime::outbox::{DeliveryPolicy, EventSink};
use actwright_runtime::{Runtime, Uuid};
use actwright_tests::conformance::alias::{self, Aliases};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::waiting;
use tokio::sync::OnceCell;

/// A database with the rows of the fixture, and a folder.
pub async fn place(engine: Engine) -> Place {
    static SQLITE: OnceCell<Databases> = OnceCell::const_new();
    static POSTGRES: OnceCell<Databases> = OnceCell::const_new();
    let prepared = match engine {
        Engine::Sqlite => &SQLITE,
        Engine::Postgres => &POSTGRES,
    };
    let prepare = || async {
        let base = Fixture::base(&mut Aliases::default()).unwrap();
        Databases::prepare(engine, &base).await.unwrap()
    };
    prepared.get_or_init(prepare).await.take().await.unwrap()
}

pub fn runtime(place: &Place, sink: impl EventSink + 'static) -> Runtime {
    runtime_with(place, vec![Arc::new(sink)], DeliveryPolicy::default())
}

pub fn runtime_with(place: &Place, sinks: Vec<Arc<dyn EventSink>>, policy: DeliveryPolicy) -> Runtime {
    waiting::runtime(&place.application, folder(place), sinks, policy).unwrap()
}

pub fn folder(place: &Place) -> &Path {
    place.folder.path()
}

pub fn north() -> Uuid {
    alias::id("tenant.north")
}
