//! Generates Rust, JSON Schemas, a catalog and reference pages from action specs.
//!
//! Specs are parsed with positions, resolved into one [`model::Model`], and emitted from it. Use it as the command
//! `cargo gen`, or from a build script through [`Generator`].

pub mod assist;
pub mod compat;
pub mod diagnostic;
mod emit;
pub mod export;
mod generator;
mod hash;
pub mod import;
pub mod lint;
#[expect(missing_docs, reason = "the fields are named after the keys of the spec language, which its schemas describe")]
pub mod model;
pub mod scaffold;
mod source;
mod spec;
mod yaml;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use emit::output;
pub use generator::{Drift, DriftKind, Error, Generator, Report, Session};
pub use spec::{MAPPINGS, Mapping, lint, load, load_texts, texts};
