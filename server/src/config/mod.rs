//! What the program is configured with: a YAML file, environment variables above it, and the command line above both.
//!
//! A section is a file with its part of the table of keys ([`KEYS`]) and a struct that is read from the values. To add a key,
//! add it to the section's table and struct; the reference in `docs/configuration.md` is made from the tables.

mod address;
mod audit;
mod auth;
mod calls;
mod database;
mod delivery;
mod events;
mod file;
mod http;
mod key;
mod load;
mod log;
mod mail;
mod metrics;
mod places;
mod retention;
mod show;
mod traces;
mod values;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

pub use address::Address;
pub use audit::seals;
pub use auth::{Auth, AuthKey, Material};
pub use calls::Calls;
pub use database::Database;
pub use delivery::delivery;
pub use events::Events;
pub use http::Http;
pub use load::Given;
pub use log::Log;
pub use mail::Mail;
pub use metrics::Metrics;
pub use places::Places;
pub use retention::retention;
pub use show::run;
pub use traces::Traces;

use key::Key;
use values::Setting;

/// All keys, by section, in the order of the reference.
const KEYS: &[&[Key]] = &[
    places::KEYS,
    database::KEYS,
    calls::KEYS,
    delivery::KEYS,
    retention::KEYS,
    events::KEYS,
    mail::KEYS,
    audit::KEYS,
    http::KEYS,
    auth::KEYS,
    log::KEYS,
    metrics::KEYS,
    traces::KEYS,
];

/// What the program is configured with.
#[derive(Debug)]
pub struct Config {
    pub places: Places,
    pub database: Database,
    pub calls: Calls,
    pub delivery: actwright_runtime::outbox::DeliveryPolicy,
    pub retention: actwright_runtime::Retention,
    pub events: Events,
    pub mail: Mail,
    pub seals: actwright_runtime::audit::SealPolicy,
    pub http: Http,
    pub auth: Auth,
    pub log: Log,
    pub metrics: Metrics,
    pub traces: Traces,
    settings: BTreeMap<String, Setting>,
}

impl Config {
    /// Reads everything, and says everything that is wrong with it.
    pub fn load(given: Given) -> Result<Self, Vec<Problem>> {
        let mut values = given.values();
        let values = &mut values;
        let config = Self {
            places: Places::read(values),
            database: Database::read(values),
            calls: Calls::read(values),
            delivery: delivery(values),
            retention: retention(values),
            events: Events::read(values),
            mail: Mail::read(values),
            seals: seals(values),
            http: Http::read(values),
            auth: Auth::read(values),
            log: Log::read(values),
            metrics: Metrics::read(values),
            traces: Traces::read(values),
            settings: BTreeMap::new(),
        };
        let (settings, problems) = std::mem::take(values).into_parts();
        if problems.is_empty() { Ok(Self { settings, ..config }) } else { Err(problems) }
    }
}

/// Something that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// File, line and column; variable; or argument.
    pub place: String,
    /// The key, if it is about one.
    pub key: Option<String>,
    /// What is wrong and what was expected.
    pub message: String,
}

impl Problem {
    fn new(place: impl Into<String>, key: Option<&str>, message: impl Into<String>) -> Self {
        Self { place: place.into(), key: key.map(str::to_owned), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.message)
    }
}
