//! The HTTP server.

use std::net::SocketAddr;
use std::time::Duration;

use super::key::{Key, Kind};
use super::values::Values;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "http.listen",
        Kind::Address,
        "Where the server listens. It speaks plain HTTP: put what ends TLS in front of it before it listens elsewhere than \
         on loopback.",
    )
    .default("127.0.0.1:8080"),
    Key::new(
        "http.connections",
        Kind::Number(1, 100_000),
        "Connections at a time. More wait until one ends.",
    )
    .default("1024"),
    Key::new(
        "http.concurrent_requests",
        Kind::Number(1, 100_000),
        "Requests at a time. More are answered 503 with `Retry-After`; health is always answered.",
    )
    .default("64"),
    Key::new(
        "http.body_memory",
        Kind::Size(1 << 20, 1 << 40),
        "What the bodies of all requests together may take. A request whose body does not fit is answered 503 with \
         `Retry-After`.",
    )
    .default("64MiB"),
    Key::new(
        "http.header_timeout",
        Kind::Duration(SECOND, HOUR),
        "A connection whose client takes longer to send the headers of a request is closed.",
    )
    .default("10s"),
    Key::new(
        "http.body_timeout",
        Kind::Duration(SECOND, HOUR),
        "A request whose body takes longer to arrive is answered 408.",
    )
    .default("30s"),
    Key::new(
        "http.shutdown_timeout",
        Kind::Duration(Duration::ZERO, HOUR),
        "After SIGTERM or Ctrl-C: how long requests and deliveries that are under way may take to end.",
    )
    .default("30s"),
];

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct Http {
    pub listen: SocketAddr,
    pub connections: usize,
    pub concurrent_requests: usize,
    /// In bytes.
    pub body_memory: u64,
    pub header_timeout: Duration,
    pub body_timeout: Duration,
    pub shutdown_timeout: Duration,
}

impl Http {
    pub(super) fn read(values: &mut Values) -> Self {
        let count = |path: &str| usize::try_from(values.number(path)).unwrap_or(usize::MAX);
        let http = Self {
            listen: values.address("http.listen").unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            connections: count("http.connections"),
            concurrent_requests: count("http.concurrent_requests"),
            body_memory: values.number("http.body_memory"),
            header_timeout: values.duration("http.header_timeout"),
            body_timeout: values.duration("http.body_timeout"),
            shutdown_timeout: values.duration("http.shutdown_timeout"),
        };
        if http.body_memory < values.number("calls.largest_input") {
            values.refuse("http.body_memory", "is smaller than calls.largest_input");
        }
        http
    }
}
