//! Where events go.

use std::path::PathBuf;
use std::time::Duration;

use actwright_delivery::Secret;
use actwright_delivery::events::{EventSettings, NatsSettings, StreamSettings, TlsSettings, WebhookSettings};

use super::key::{Key, Kind};
use super::values::Values;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "events.file.enabled",
        Kind::Flag,
        "Whether events go into a file, a JSON object a line. Without it: when they go nowhere else.",
    ),
    Key::new("events.file.path", Kind::Path, "That file. Without it: `events.jsonl` in the folder `data`."),
    Key::new(
        "events.nats.servers",
        Kind::List,
        "Servers of NATS, each as `nats://HOST:PORT` or `tls://HOST:PORT`. Events go to JetStream when there are any.",
    ),
    Key::new(
        "events.nats.subject_prefix",
        Kind::Text,
        "An event's subject is `PREFIX.TENANT.EVENT_NAME`.",
    )
    .default("actwright"),
    Key::new("events.nats.user", Kind::Text, "Who logs in, with a password."),
    Key::new("events.nats.password", Kind::Secret, "The password of the user."),
    Key::new("events.nats.token", Kind::Secret, "In place of a user."),
    Key::new("events.nats.credentials_file", Kind::Path, "A file of `nsc` with a JWT and a seed, in place of a user."),
    Key::new(
        "events.nats.timeout",
        Kind::Duration(Duration::from_millis(100), Duration::from_secs(300)),
        "How long connecting may take, and how long the stream may take to say that it keeps an event.",
    )
    .default("5s"),
    Key::new("events.nats.tls.required", Kind::Flag, "Refuses servers that do not encrypt.").default("false"),
    Key::new(
        "events.nats.tls.ca_file",
        Kind::Path,
        "Certificates of authorities that are trusted besides those of the machine, as PEM.",
    ),
    Key::new("events.nats.tls.certificate_file", Kind::Path, "Our certificate, as PEM, for servers that ask for one."),
    Key::new("events.nats.tls.key_file", Kind::Path, "The key of our certificate, as PEM."),
    Key::new("events.nats.stream.name", Kind::Text, "The stream that keeps the events.").default("ACTWRIGHT"),
    Key::new(
        "events.nats.stream.create",
        Kind::Flag,
        "Creates the stream when there is none for an event. One that is there is never changed.",
    )
    .default("false"),
    Key::new(
        "events.nats.stream.duplicate_window",
        Kind::Duration(SECOND, DAY),
        "Of a stream that is created: within this time, it keeps an event once however often it is published. Longer than the \
         longest pause between two attempts.",
    )
    .default("2h"),
    Key::new(
        "events.nats.stream.max_age",
        Kind::Duration(SECOND, Duration::from_secs(100 * 365 * 24 * 3600)),
        "Of a stream that is created: it removes events that are older.",
    ),
    Key::new(
        "events.nats.stream.max_bytes",
        Kind::Size(1 << 20, 1 << 50),
        "Of a stream that is created: it removes the oldest events when it has more.",
    ),
    Key::new(
        "events.nats.stream.replicas",
        Kind::Number(1, 5),
        "Of a stream that is created: on how many servers of a cluster it is kept.",
    )
    .default("1"),
    Key::new(
        "events.webhooks.*.url",
        Kind::Secret,
        "Where events are posted: `https`, or `http` on this machine. Secret, because many such addresses hold a token. The name in \
         the key stands in the outbox, so it stays the same as long as events wait.",
    ),
    Key::new(
        "events.webhooks.*.secret",
        Kind::Secret,
        "Signs the messages: `whsec_` and 24 to 64 bytes in base64.",
    ),
    Key::new(
        "events.webhooks.*.previous_secret",
        Kind::Secret,
        "Signs them, too, until the receiver knows the new secret.",
    ),
    Key::new("events.webhooks.*.events", Kind::List, "Names of the events that it gets. Without it: all."),
    Key::new("events.webhooks.*.tenants", Kind::List, "The tenants whose events it gets. Without it: all."),
    Key::new(
        "events.webhooks.*.timeout",
        Kind::Duration(Duration::from_millis(100), Duration::from_secs(300)),
        "An answer that takes longer counts as a failure.",
    )
    .default("10s"),
    Key::new(
        "events.webhooks.*.allow_http",
        Kind::Flag,
        "Allows `http` to other machines: events are readable on the way.",
    )
    .default("false"),
];

/// Where events go.
#[derive(Debug)]
pub struct Events {
    settings: EventSettings,
    in_file: bool,
}

impl Events {
    pub(super) fn read(values: &mut Values) -> Self {
        let nats = (!values.list("events.nats.servers").is_empty()).then(|| nats(values));
        if nats.is_none() {
            let lonely = ["user", "password", "token", "credentials_file", "stream.create"];
            for path in lonely.map(|key| format!("events.nats.{key}")) {
                if values.is_set(&path) {
                    values.refuse(&path, "has no effect without events.nats.servers");
                }
            }
        }
        for key in ["credentials_file", "tls.ca_file", "tls.certificate_file", "tls.key_file"] {
            let key = format!("events.nats.{key}");
            if let Some(file) = values.path(&key)
                && let Err(error) = std::fs::File::open(&file)
            {
                values.refuse(&key, format!("{} cannot be read: {}", file.display(), error.kind()));
            }
        }
        let mut webhooks = Vec::new();
        for name in values.names("events.webhooks") {
            webhooks.push(webhook(values, name));
        }
        let elsewhere = nats.is_some() || !webhooks.is_empty();
        let in_file =
            if values.is_set("events.file.enabled") { values.flag("events.file.enabled") } else { !elsewhere };
        let settings = EventSettings { file: values.path("events.file.path"), nats, webhooks };
        if let Err(error) = settings.check("events") {
            let (path, what) = error.message.split_once(": ").unwrap_or(("events", &error.message));
            values.refuse(&key_of(path), what.trim_end_matches('.'));
        }
        Self { settings, in_file }
    }

    /// The settings; `file` is where events go that go into a file and nobody said into which.
    pub fn settings(&self, file: PathBuf) -> EventSettings {
        let own = self.settings.file.clone().unwrap_or(file);
        EventSettings { file: self.in_file.then_some(own), ..self.settings.clone() }
    }
}

fn nats(values: &Values) -> NatsSettings {
    let servers = values.list("events.nats.servers");
    let duration = |path: &str| Some(values.duration(path)).filter(|value| !value.is_zero());
    NatsSettings {
        subject_prefix: values.text("events.nats.subject_prefix"),
        stream: StreamSettings {
            name: values.text("events.nats.stream.name"),
            create: values.flag("events.nats.stream.create"),
            duplicate_window: values.duration("events.nats.stream.duplicate_window"),
            max_age: duration("events.nats.stream.max_age"),
            max_bytes: Some(values.number("events.nats.stream.max_bytes")).filter(|most| *most > 0),
            replicas: usize::try_from(values.number("events.nats.stream.replicas")).unwrap_or(1),
        },
        user: values.maybe_text("events.nats.user"),
        password: values.secret("events.nats.password"),
        token: values.secret("events.nats.token"),
        credentials_file: values.path("events.nats.credentials_file"),
        tls: TlsSettings {
            required: values.flag("events.nats.tls.required"),
            ca_file: values.path("events.nats.tls.ca_file"),
            certificate_file: values.path("events.nats.tls.certificate_file"),
            key_file: values.path("events.nats.tls.key_file"),
        },
        timeout: values.duration("events.nats.timeout"),
        ..NatsSettings::at(servers)
    }
}

fn webhook(values: &mut Values, name: String) -> WebhookSettings {
    let key = |rest: &str| format!("events.webhooks.{name}.{rest}");
    let url = values.secret(&key("url")).unwrap_or_else(|| Secret::from(""));
    let secrets = ["secret", "previous_secret"].iter().filter_map(|rest| values.secret(&key(rest))).collect();
    let mut tenants = std::collections::BTreeSet::new();
    for tenant in values.list(&key("tenants")) {
        match tenant.parse() {
            Ok(tenant) => drop(tenants.insert(tenant)),
            Err(_) => values.refuse(&key("tenants"), format!("{tenant} is not a UUID")),
        }
    }
    WebhookSettings {
        events: values.list(&key("events")).into_iter().collect(),
        tenants,
        timeout: values.duration(&key("timeout")),
        allow_http: values.flag(&key("allow_http")),
        ..WebhookSettings::new(name, url, secrets)
    }
}

/// The key of the configuration, for where the settings have it.
fn key_of(path: &str) -> String {
    let path = path.replace("secrets[1]", "previous_secret");
    path.split('[').next().unwrap_or_default().replace("secrets", "secret")
}
