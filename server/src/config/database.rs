//! The database.

use actwright_delivery::Secret;

use super::address::Address;
use super::key::{Key, Kind};
use super::values::Values;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "database.url",
        Kind::Url(&["sqlite", "postgres", "postgresql"]),
        "`sqlite:PATH`, or `postgres://USER@HOST/DATABASE`. Every command that works on a database needs it.",
    )
    .variable("ACTWRIGHT_DB"),
    Key::new("database.password", Kind::Secret, "The password of the user of a PostgreSQL database."),
    Key::new(
        "database.connections",
        Kind::Number(1, 1000),
        "At most this many connections. SQLite has one more, which writes.",
    )
    .default("16"),
];

/// The database.
#[derive(Debug)]
pub struct Database {
    pub url: Option<Address>,
    pub password: Option<Secret>,
    pub connections: u32,
}

impl Database {
    pub(super) fn read(values: &mut Values) -> Self {
        let url = values.url("database.url");
        let password = values.secret("database.password");
        if password.is_some() && url.as_ref().is_some_and(|url| url.expose().starts_with("sqlite:")) {
            values.refuse("database.password", "a SQLite database has no password; leave it out");
        }
        let connections = u32::try_from(values.number("database.connections")).unwrap_or(u32::MAX);
        Self { url, password, connections }
    }

    /// The URL with the password in it.
    pub fn login(&self) -> String {
        let mut url = self.url.as_ref().map(|url| url.expose().to_owned()).unwrap_or_default();
        if let Some(password) = &self.password {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str("password=");
            for byte in password.reveal().bytes() {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
        url
    }
}
