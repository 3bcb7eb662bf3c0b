//! Generates Rust, JSON Schemas, a catalog and documentation from action specs.

pub mod diagnostic;
#[expect(missing_docs, reason = "the fields are named after the keys of the spec language, which its schemas describe")]
pub mod model;
mod source;
mod spec;
mod yaml;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use spec::load;
