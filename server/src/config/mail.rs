//! Mail.

use super::key::{Key, Kind};
use super::values::Values;

pub(super) const KEYS: &[Key] =
    &[Key::new("mail.from", Kind::Text, "Who mails come from: an address, with or without a name before it.")
        .default("Quotes <quotes@localhost.localdomain>")];

/// Mail.
#[derive(Debug)]
pub struct Mail {
    pub from: String,
}

impl Mail {
    pub(super) fn read(values: &Values) -> Self {
        Self { from: values.text("mail.from") }
    }
}
