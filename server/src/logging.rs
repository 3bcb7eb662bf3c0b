//! Where log events go.

use std::io::IsTerminal;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::Config;
use crate::failure::Failure;
use crate::traces::{self, Exporting};

/// For commands that end by themselves: what the database or a file system says goes to standard error when `RUST_LOG` asks for
/// it, and nowhere else.
pub fn of_environment() {
    if std::env::var_os("RUST_LOG").is_some() {
        let filter = EnvFilter::from_default_env();
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
}

/// What ends after everything else, so that nothing of it is missing in the log.
#[derive(Debug, Default)]
#[must_use]
pub struct Logging {
    exporting: Option<Exporting>,
}

impl Logging {
    /// For commands that go on until somebody ends them.
    pub fn begin(config: &Config) -> Result<Self, Failure> {
        let filter = match std::env::var("RUST_LOG") {
            Ok(levels) if !levels.is_empty() => EnvFilter::new(levels),
            _ => EnvFilter::new(&config.log.level),
        };
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = if config.log.json {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(true).boxed()
        } else {
            lines.with_ansi(std::io::stderr().is_terminal()).boxed()
        };
        let (exporting, tracer) = traces::begin(&config.traces)?.unzip();
        // Whatever is logged, spans of this level are sent.
        let spans =
            tracer.map(|tracer| tracing_opentelemetry::layer().with_tracer(tracer).with_filter(LevelFilter::INFO));
        tracing_subscriber::registry().with(lines.with_filter(filter)).with(spans).init();
        Ok(Self { exporting })
    }

    /// Sends what has not left yet.
    pub async fn end(self) {
        if let Some(exporting) = self.exporting {
            exporting.end().await;
        }
    }
}
