//! The log of servers and relays.

use tracing_subscriber::EnvFilter;

use super::key::{Key, Kind};
use super::values::Values;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "log.format",
        Kind::Choice(&["text", "json"]),
        "How servers and relays write their log to standard error: lines for people, or an object a line for programs.",
    )
    .default("text"),
    Key::new(
        "log.level",
        Kind::Text,
        "What is logged: `error`, `warn`, `info`, `debug` or `trace`, also by module, such as `info,sqlx=warn`. The variable \
         `RUST_LOG` is above it, and is the only one for other commands.",
    )
    .default("info"),
];

/// The log of servers and relays.
#[derive(Debug)]
pub struct Log {
    pub json: bool,
    pub level: String,
}

impl Log {
    pub(super) fn read(values: &mut Values) -> Self {
        let level = values.text("log.level");
        if let Err(error) = EnvFilter::try_new(&level) {
            values.refuse("log.level", format!("expected levels, such as info or info,sqlx=warn: {error}"));
        }
        Self { json: values.text("log.format") == "json", level }
    }
}
