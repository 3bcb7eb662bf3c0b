//! What the end-to-end tests share.

pub mod conformance;
pub mod postgres;
pub mod races;
pub mod smtp;
