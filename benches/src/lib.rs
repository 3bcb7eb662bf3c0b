//! What the benchmarks share: a database with rows, the actions as bare SQL to compare with, measuring, synthetic specs.

pub mod bare;
pub mod load;
pub mod synthetic;

/// A benchmark that cannot go on says why and ends.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
