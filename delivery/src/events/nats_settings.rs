//! How NATS is reached, and what is used of it.

use std::path::PathBuf;
use std::time::Duration;

use actwright_runtime::{Error, Result};
use async_nats::ServerAddr;
use async_nats::jetstream::stream;

use crate::Secret;

/// Events go to NATS JetStream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatsSettings {
    /// Such as `nats://nats.example.com:4222` or `tls://…`, without a login; of a cluster, one or several.
    pub servers: Vec<String>,
    /// An event's subject is `PREFIX.TENANT.EVENT_NAME`. `actwright` by default.
    pub subject_prefix: String,
    /// The stream that keeps the events.
    pub stream: StreamSettings,
    /// Name of the user, with a password.
    pub user: Option<String>,
    /// Of the user.
    pub password: Option<Secret>,
    /// In place of a user.
    pub token: Option<Secret>,
    /// A file of `nsc` with a JWT and a seed, in place of a user.
    pub credentials_file: Option<PathBuf>,
    /// Encryption, and certificates.
    pub tls: TlsSettings,
    /// How long connecting may take, and how long the stream may take to say that it keeps an event. 5 seconds by default.
    pub timeout: Duration,
}

/// The stream that keeps the events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSettings {
    /// `ACTWRIGHT` by default.
    pub name: String,
    /// Creates the stream when there is none for an event. One that exists is never changed. False by default.
    pub create: bool,
    /// Of a stream that is created: within this time, the same event is kept once however often it is published. Two hours by
    /// default, which is longer than the longest pause between two attempts.
    pub duplicate_window: Duration,
    /// Of a stream that is created: events that are older are removed. None by default.
    pub max_age: Option<Duration>,
    /// Of a stream that is created: the oldest events are removed when it has more bytes. No limit by default.
    pub max_bytes: Option<u64>,
    /// Of a stream that is created: on how many servers of a cluster it is kept, 1 to 5. 1 by default.
    pub replicas: usize,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self {
            name: "ACTWRIGHT".to_owned(),
            create: false,
            duplicate_window: Duration::from_secs(2 * 60 * 60),
            max_age: None,
            max_bytes: None,
            replicas: 1,
        }
    }
}

/// Encryption, and certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// Refuses servers that do not encrypt. False by default; so does a URL that begins with `tls://`.
    pub required: bool,
    /// Certificates of authorities that are trusted besides those of the machine, as PEM.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate, as PEM, for servers that ask for one; with `key_file`.
    pub certificate_file: Option<PathBuf>,
    /// Its key, as PEM.
    pub key_file: Option<PathBuf>,
}

impl NatsSettings {
    /// These servers, and every default.
    pub fn at<S: Into<String>>(servers: impl IntoIterator<Item = S>) -> Self {
        Self {
            servers: servers.into_iter().map(Into::into).collect(),
            subject_prefix: "actwright".to_owned(),
            stream: StreamSettings::default(),
            user: None,
            password: None,
            token: None,
            credentials_file: None,
            tls: TlsSettings::default(),
            timeout: Duration::from_secs(5),
        }
    }

    /// The subjects of all events.
    pub(super) fn subjects(&self) -> String {
        format!("{}.>", self.subject_prefix)
    }

    /// Checks everything that can be checked without a server. `key` is where these settings are, such as `events.nats`.
    pub(super) fn check(&self, key: &str) -> Result<Vec<ServerAddr>> {
        let wrong = |field: &str, what: &str| Err(Error::validation(format!("{key}.{field}: {what}.")));
        if self.servers.is_empty() {
            return wrong("servers", "expected at least one, such as nats://127.0.0.1:4222");
        }
        let mut servers = Vec::with_capacity(self.servers.len());
        for (index, server) in self.servers.iter().enumerate() {
            match server.parse() {
                _ if server.contains('@') => {
                    return wrong(
                        &format!("servers[{index}]"),
                        "a login has settings of its own: user, password, token",
                    );
                }
                Ok(server) => servers.push(server),
                Err(_) => return wrong(&format!("servers[{index}]"), "expected nats://HOST:PORT or tls://HOST:PORT"),
            }
        }
        let token =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !self.subject_prefix.split('.').all(token) {
            return wrong("subject_prefix", "expected letters, digits, - and _, in parts with a dot between them");
        }
        if !token(&self.stream.name) {
            return wrong("stream.name", "expected letters, digits, - and _");
        }
        let ways = [self.user.is_some(), self.token.is_some(), self.credentials_file.is_some()];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            return wrong("user", "set one of user, token and credentials_file");
        }
        if self.user.is_some() != self.password.is_some() {
            return wrong("password", "user and password go together");
        }
        if self.tls.certificate_file.is_some() != self.tls.key_file.is_some() {
            return wrong("tls.key_file", "certificate_file and key_file go together");
        }
        if self.timeout.is_zero() {
            return wrong("timeout", "expected some time, such as 5s");
        }
        if !(1..=5).contains(&self.stream.replicas) {
            return wrong("stream.replicas", "expected 1 to 5");
        }
        let StreamSettings { duplicate_window: window, max_age: age, .. } = self.stream;
        if window.is_zero() || age.is_some_and(|age| age < window) {
            return wrong("stream.duplicate_window", "expected some time, and no more than max_age");
        }
        Ok(servers)
    }

    /// The stream to create.
    pub(super) fn stream(&self) -> stream::Config {
        stream::Config {
            name: self.stream.name.clone(),
            description: Some("Events of actions, as CloudEvents".to_owned()),
            subjects: vec![self.subjects()],
            storage: stream::StorageType::File,
            num_replicas: self.stream.replicas,
            duplicate_window: self.stream.duplicate_window,
            max_age: self.stream.max_age.unwrap_or_default(),
            max_bytes: self.stream.max_bytes.and_then(|most| i64::try_from(most).ok()).unwrap_or(-1),
            max_messages: -1,
            max_messages_per_subject: -1,
            max_consumers: -1,
            ..stream::Config::default()
        }
    }
}
