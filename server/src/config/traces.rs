//! Traces of servers and relays.

use super::key::{Key, Kind};
use super::values::Values;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "traces.endpoint",
        Kind::Url(&["http"]),
        "Where spans go as OTLP over HTTP, such as `http://127.0.0.1:4318/v1/traces` of a collector. Without it, no span is \
         sent.",
    ),
    Key::new("traces.service", Kind::Text, "Name of the service in traces.").default("actwright"),
];

/// Traces of servers and relays.
#[derive(Debug)]
pub struct Traces {
    pub endpoint: Option<String>,
    pub service: String,
}

impl Traces {
    pub(super) fn read(values: &mut Values) -> Self {
        Self {
            endpoint: values.url("traces.endpoint").map(|url| url.expose().to_owned()),
            service: values.text("traces.service"),
        }
    }
}
