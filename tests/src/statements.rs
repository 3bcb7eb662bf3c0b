//! The statements that a test sends, heard on their way to the database.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};

use tracing::field::{Field, Visit};

/// In the order in which they were sent, and by which thread.
static HEARD: Mutex<Vec<(Thread, String)>> = Mutex::new(Vec::new());

/// Hears the driver say what it sends.
struct Listener;

impl tracing::Subscriber for Listener {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Statement);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::Id {
        tracing::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}
    fn enter(&self, _: &tracing::Id) {}
    fn exit(&self, _: &tracing::Id) {}
}

struct Statement;

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "db.statement" {
            let heard = (thread::current(), value.trim().to_owned());
            HEARD.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// Listens from now on, to the whole process: a test that does so needs a binary in which nobody else listens.
///
/// # Panics
///
/// When somebody else does.
pub fn listen() {
    static LISTENING: OnceLock<()> = OnceLock::new();
    LISTENING.get_or_init(|| tracing::subscriber::set_global_default(Listener).expect("nobody else listens"));
}

/// What was sent since this was asked for last, in order: by this thread, so that tests do not hear each other, and by those on
/// which SQLite works. A test that listens runs on one thread.
pub fn heard() -> Vec<String> {
    let own = |thread: &Thread| {
        thread.id() == thread::current().id() || thread.name().is_some_and(|name| name.starts_with("sqlx-sqlite"))
    };
    let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    heard.extract_if(.., |(thread, _)| own(thread)).map(|(_, statement)| statement).collect()
}
