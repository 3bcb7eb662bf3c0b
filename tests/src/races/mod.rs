//! Many callers on few rows at once, judged by a sequential model.

pub mod alike;
mod conductor;
mod facts;
pub mod free;
mod history;
mod invariants;
mod judge;
mod linear;
mod model;
pub mod operation;
pub mod random;
pub mod rows;
pub mod scheduled;
pub mod stage;
pub mod workload;
