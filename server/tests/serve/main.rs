//! The server as its users have it: the built program, real HTTP on loopback, real databases.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod access;
mod api;
mod backup;
mod bodies;
mod harness;
mod letters;
mod life;
mod observed;
mod tenants;
