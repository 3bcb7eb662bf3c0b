//! What must compile outside of this workspace, and what must not: see `tests/`.
