//! Where things are that are neither database nor server.

use std::path::PathBuf;

use super::key::{Key, Kind};
use super::values::Values;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "data",
        Kind::Path,
        "The folder of documents, and of mails and events that go into files. Without it: beside a SQLite database, \
         `PATH.data`, else `actwright-data`.",
    ),
    Key::new(
        "portal_url",
        Kind::Url(&["http", "https"]),
        "Where the client portal is. Links in mails and documents begin with it.",
    )
    .default("http://localhost:3000/portal"),
];

/// Where things are.
#[derive(Debug)]
pub struct Places {
    pub data: Option<PathBuf>,
    pub portal_url: String,
}

impl Places {
    pub(super) fn read(values: &Values) -> Self {
        let portal_url = values.url("portal_url").map(|url| url.expose().to_owned()).unwrap_or_default();
        Self { data: values.path("data"), portal_url }
    }
}
