//! Traces of servers and relays.

use super::key::{Key, Kind};
use super::values::Values;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "traces.endpoint",
        Kind::Url(&["http"]),
        "Where spans go as OTLP over HTTP, such as `http://127.0.0.1:4318/v1/traces` of a collector. Only in a build with \
         `--features otel`. Without it, there are no traces.",
    ),
    Key::new("traces.service", Kind::Text, "Name of the service in traces.").default("actwright"),
];

/// Traces of servers and relays.
#[derive(Debug)]
#[cfg_attr(not(feature = "otel"), allow(dead_code, reason = "only builds with the feature send spans"))]
pub struct Traces {
    pub endpoint: Option<String>,
    pub service: String,
}

impl Traces {
    pub(super) fn read(values: &mut Values) -> Self {
        if cfg!(not(feature = "otel")) && values.is_set("traces.endpoint") {
            values.refuse("traces.endpoint", "this build cannot send traces; build it with --features otel");
        }
        Self {
            endpoint: values.url("traces.endpoint").map(|url| url.expose().to_owned()),
            service: values.text("traces.service"),
        }
    }
}
