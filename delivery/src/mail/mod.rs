//! Mailers.

mod file;
mod message;

pub use file::FileMailer;
