//! The kernel: decodes a call, runs its body in a tenant-scoped transaction with permission checks, audit, idempotency
//! and an outbox, commits, and delivers what the body asked for.
//!
//! It knows no action. A pack ([`Pack`]) brings those, with their pickers, tables and jobs.

pub mod audit;
pub mod call;
pub mod context;
pub mod database;
pub mod decode;
pub mod error;
mod history;
mod housekeeping;
mod observe;
pub mod outbox;
pub mod pickers;
pub mod query;
pub mod registry;
#[doc(hidden)]
pub mod schedule;
pub mod spec;
mod step;
mod sweep;
pub mod template;
pub mod value;
mod workflows;

pub use call::{Answer, Call, Caller, Options, Retention, Runtime};
pub use context::{Context, Emits, Event, Scope};
pub use database::Database;
pub use error::{Category, Code, Error, Result};
pub use history::{AuditEntry, OutboxCounts};
pub use observe::describe_metrics;
pub use registry::{Action, Entry, Pack};
pub use rust_decimal::Decimal;
pub use sweep::Swept;
pub use uuid::Uuid;
pub use value::{Date, Timestamp, Update, Value};
pub use workflows::StoredWorkflow;
