//! Audit rows after they were written: amended, sealed, verified and read.

pub(crate) mod amendments;
mod complete;
mod entity;
mod entry;
mod finding;
mod json;
mod record;
mod seal;
mod sql;
mod target;
mod trail;
mod verify;

pub use entity::Entity;
pub use finding::{Anchor, Chain, Finding, FindingKind};
pub use seal::{SealPolicy, Sealed};
pub(crate) use target::target_of;
pub use trail::{Actor, Amendment, Outcome, Run, Trail, TrailEntry, TrailQuery};
pub use verify::Verification;
