//! What must compile outside of this workspace, and what must not.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod checked;
mod everything;
mod mistakes;
mod random;
