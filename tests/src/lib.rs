//! What the end-to-end tests share.

pub mod conformance;
pub mod crash;
pub mod faults;
pub mod nats;
pub mod nested;
pub mod page;
pub mod postgres;
pub mod races;
pub mod samples;
pub mod smtp;
pub mod sql;
pub mod statements;
pub mod waiting;
