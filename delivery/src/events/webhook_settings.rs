//! Where webhooks go.

use std::collections::BTreeSet;
use std::time::Duration;

use actwright_runtime::{Error, Result, Uuid};
use reqwest::Url;

use super::signature::SigningKey;
use crate::Secret;

/// An endpoint that gets events by HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Stands in the outbox with each event for this endpoint, so it must stay the same as long as events wait: lower-case
    /// letters, digits and `-`.
    pub name: String,
    /// Where events are posted. `https`, or `http` on this machine. Like a secret, it is shown in no log or error but for its host.
    pub url: Secret,
    /// Each is `whsec_` and 24 to 64 bytes in base64. A message is signed with all of them, so that a new one can be added
    /// before the old one goes.
    pub secrets: Vec<Secret>,
    /// Names of the events that it gets. All, when there are none.
    pub events: BTreeSet<String>,
    /// The tenants whose events it gets. All, when there are none.
    pub tenants: BTreeSet<Uuid>,
    /// An answer that takes longer counts as a failure. 10 seconds by default; a delivery as a whole has a limit of its own.
    pub timeout: Duration,
    /// Allows `http` to other machines: events are readable on the way. False by default.
    pub allow_http: bool,
}

/// What of the settings is used, checked.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) url: Url,
    pub(super) keys: Vec<SigningKey>,
    pub(super) timeout: Duration,
}

impl WebhookSettings {
    /// All events of all tenants, and every default.
    pub fn new(name: impl Into<String>, url: impl Into<Secret>, secrets: Vec<Secret>) -> Self {
        Self {
            name: name.into(),
            url: url.into(),
            secrets,
            events: BTreeSet::new(),
            tenants: BTreeSet::new(),
            timeout: Duration::from_secs(10),
            allow_http: false,
        }
    }

    /// Checks everything. `key` is where these settings are, such as `events.webhooks.crm`.
    pub(super) fn endpoint(&self, key: &str) -> Result<Endpoint> {
        let wrong = |field: &str, what: &str| Err(Error::validation(format!("{key}.{field}: {what}.")));
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || self.name.len() > 63 || !self.name.chars().all(fits) {
            return wrong("name", "expected 1 to 63 lower-case letters, digits and -");
        }
        let Ok(url) = Url::parse(self.url.reveal()) else {
            return wrong("url", "expected a URL such as https://example.com/hooks");
        };
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http || is_loopback(&url) => {}
            "http" => {
                return wrong(
                    "url",
                    "http would send events readable to another machine: use https, or set allow_http",
                );
            }
            _ => return wrong("url", "expected https://"),
        }
        if self.secrets.is_empty() {
            return wrong("secrets", "expected at least one: echo whsec_$(openssl rand -base64 32)");
        }
        let mut keys = Vec::with_capacity(self.secrets.len());
        for (index, secret) in self.secrets.iter().enumerate() {
            match SigningKey::parse(secret) {
                Ok(signing) => keys.push(signing),
                Err(what) => return wrong(&format!("secrets[{index}]"), &what),
            }
        }
        if self.timeout.is_zero() {
            return wrong("timeout", "expected some time, such as 10s");
        }
        Ok(Endpoint { url, keys, timeout: self.timeout })
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}
