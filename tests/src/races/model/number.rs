//! The numbers of a tenant's new quotes.

use serde_json::json;

use super::Verdict;

/// The last number that was given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Number(pub i64);

impl Number {
    /// A quote is created.
    pub fn step(self) -> Verdict<Self> {
        let next = self.0 + 1;
        Ok((Self(next), json!({ "quote": { "quote_number": format!("QUO-{next:04}"), "status": "draft" } })))
    }
}
