//! What must compile outside of this workspace: see `tests/`.
