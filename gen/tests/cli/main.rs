//! `cargo gen` as people and programs run it: what it prints, what it writes and how it exits.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod diff;
mod export;
mod generate;
mod hostile;
mod import;
mod lint;
mod lsp;
mod new;
mod watch;
mod workspace;
