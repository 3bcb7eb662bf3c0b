//! What the end-to-end tests share.

pub mod conformance;
pub mod crash;
pub mod faults;
pub mod nats;
pub mod nested;
pub mod page;
pub mod postgres;
pub mod races;
pub mod samples;
pub mod smtp;
pub mod sql;
pub mod statements;
pub mod waiting;

/// A test on each database: `on_both!(story)` makes of `async fn story(engine: Engine)` the tests `sqlite::story` and
/// `postgres::story`.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(actwright_runtime::database::Engine::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(actwright_runtime::database::Engine::Postgres).await;
            })+
        }
    };
}
