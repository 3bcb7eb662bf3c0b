//! Which statements a call sends, heard from the database driver's own log. A comparison is worth something only while
//! both sides send the same.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber, callsite, span};

/// Whether somebody listens. While nobody does, the driver's log is off and costs nothing.
static LISTENING: AtomicBool = AtomicBool::new(false);
static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Installs the listener, once in a process.
///
/// # Errors
///
/// There is another one.
pub fn install() -> crate::Result<()> {
    Ok(tracing::subscriber::set_global_default(Listener)?)
}

/// The statements that are sent while `work` runs, in a form that does not tell one writing from another: without quotes
/// and parentheses, with `?` for every parameter, number and text.
pub async fn during<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner).clear();
    listen(true);
    let done = work.await;
    listen(false);
    let heard = std::mem::take(&mut *HEARD.lock().unwrap_or_else(PoisonError::into_inner));
    let heard = heard.iter().map(|statement| normalized(statement));
    (done, heard.filter(|statement| !frames_transaction(statement)).collect())
}

/// Both sides begin and end transactions. Of one the driver does it, without a word in its log.
fn frames_transaction(statement: &str) -> bool {
    ["begin", "commit", "rollback"].iter().any(|word| statement.starts_with(word))
}

fn listen(on: bool) {
    LISTENING.store(on, Ordering::SeqCst);
    callsite::rebuild_interest_cache();
}

fn normalized(statement: &str) -> String {
    let mut text = String::with_capacity(statement.len());
    let mut characters = statement.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' | '(' | ')' => {}
            '$' | '?' => {
                while characters.next_if(char::is_ascii_digit).is_some() {}
                text.push('?');
            }
            '\'' => {
                while characters.next_if(|c| *c != '\'').is_some() {}
                characters.next();
                text.push('?');
            }
            c if c.is_ascii_digit() && text.ends_with(' ') => {
                while characters.next_if(char::is_ascii_digit).is_some() {}
                text.push('?');
            }
            c => text.push(c),
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

struct Listener;

impl Subscriber for Listener {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query" && LISTENING.load(Ordering::SeqCst)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut statement = Statement::default();
        event.record(&mut statement);
        // Short ones are their own summary.
        let text = if statement.text.trim().is_empty() { statement.summary } else { statement.text };
        HEARD.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Statement {
    summary: String,
    text: String,
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.text),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writings_of_one_statement_are_the_same() {
        let built = r#"SELECT $1 FROM "clients" WHERE ("clients"."tenant" = $2) LIMIT $3"#;
        assert_eq!(normalized(built), normalized("SELECT 1 FROM clients WHERE clients.tenant = ?2  LIMIT 1"));
        assert_eq!(normalized("a = 'sent'"), "a = ?");
    }
}
