//! What must compile outside of this workspace.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod checked;
mod everything;
mod random;
