//! Audit rows as auditors rely on them: sealed, so that nothing changes behind the runtime's back without being named.

mod backdated;
mod chain;
mod outcomes;
mod setting;
mod tampering;
mod traffic;
mod trails;
