//! Metrics of servers and relays.

use std::net::SocketAddr;

use super::key::{Key, Kind};
use super::values::Values;

pub(super) const KEYS: &[Key] = &[Key::new(
    "metrics.listen",
    Kind::Address,
    "Where servers and relays answer `GET /metrics` for Prometheus, without asking who asks: keep it on loopback or an \
     internal network. Without it, there are no metrics.",
)];

/// Metrics of servers and relays.
#[derive(Debug)]
pub struct Metrics {
    pub listen: Option<SocketAddr>,
}

impl Metrics {
    pub(super) fn read(values: &Values) -> Self {
        Self { listen: values.address("metrics.listen") }
    }
}
