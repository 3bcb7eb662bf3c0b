//! The program as its users have it: the built binary, real HTTP on loopback, real databases and servers.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod api;
mod audit;
mod backup;
mod bad_input;
mod bodies;
mod cli;
mod config;
#[cfg(target_os = "linux")]
mod faults;
mod grants;
mod held;
mod letters;
mod life;
mod mail;
mod nats;
mod observed;
mod otel;
mod outbox;
mod seeded;
mod serving;
mod tenants;
mod typescript;
mod webhooks;
