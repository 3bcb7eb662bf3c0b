//! Sinks of events.

mod file;

pub use file::FileEvents;
