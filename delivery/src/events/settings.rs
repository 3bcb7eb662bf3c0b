//! Which sinks there are.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use actwright_runtime::outbox::EventSink;
use actwright_runtime::{Error, Result};

use super::{FileEvents, NatsEvents, NatsSettings, WebhookEvents, WebhookSettings};

/// Where events go. Each gets every event, but for webhooks with filters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventSettings {
    /// A file, a JSON object a line. It is created with the first event, and nothing in it is ever removed.
    pub file: Option<PathBuf>,
    /// NATS JetStream.
    pub nats: Option<NatsSettings>,
    /// Endpoints that get events by HTTP.
    pub webhooks: Vec<WebhookSettings>,
}

impl EventSettings {
    /// Checks the settings. `key` is where they are, such as `events`: errors begin with it.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` that names the setting that cannot be used, and shows no secret.
    pub fn check(&self, key: &str) -> Result<()> {
        if let Some(nats) = &self.nats {
            nats.check(&format!("{key}.nats"))?;
        }
        // Taken also where there is no such sink: rows of the outbox must not change their meaning with the settings.
        let mut names = BTreeSet::from(["file", "log", "nats"]);
        for webhook in &self.webhooks {
            let (name, key) = (&webhook.name, format!("{key}.webhooks.{}", webhook.name));
            webhook.endpoint(&key)?;
            if !names.insert(name) {
                let message = format!("{key}: the name {name} is taken. Every sink has one of its own.");
                return Err(Error::validation(message));
            }
        }
        Ok(())
    }

    /// Checks the settings and makes the sinks. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// As [`EventSettings::check`], and when the machine has no certificates for HTTPS.
    pub fn sinks(&self, key: &str) -> Result<Vec<Arc<dyn EventSink>>> {
        self.check(key)?;
        let mut sinks: Vec<Arc<dyn EventSink>> = Vec::new();
        if let Some(file) = &self.file {
            sinks.push(Arc::new(FileEvents::new(file)));
        }
        if let Some(nats) = &self.nats {
            sinks.push(Arc::new(NatsEvents::new(nats.clone(), &format!("{key}.nats"))?));
        }
        for webhook in &self.webhooks {
            sinks.push(Arc::new(WebhookEvents::new(webhook, &format!("{key}.webhooks.{}", webhook.name))?));
        }
        Ok(sinks)
    }
}

#[cfg(test)]
mod tests {
    use super::super::StreamSettings;
    use super::*;
    use crate::Secret;

    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn webhook(name: &str, url: &str) -> WebhookSettings {
        WebhookSettings::new(name, url, vec![KEY.into()])
    }

    fn refused(settings: &EventSettings) -> String {
        match settings.sinks("events") {
            Ok(sinks) => panic!("{} sinks of {settings:?}", sinks.len()),
            Err(error) => error.message.into_owned(),
        }
    }

    /// The sinks have the names that stand in the outbox.
    #[tokio::test]
    async fn every_kind_of_sink_is_made_without_connecting() {
        let settings = EventSettings {
            file: Some("events.jsonl".into()),
            nats: Some(NatsSettings::at(["nats://127.0.0.1:1"])),
            webhooks: vec![webhook("crm", "https://example.com/hooks"), webhook("here", "http://127.0.0.1:1/")],
        };
        let sinks = settings.sinks("events").unwrap();
        let names: Vec<&str> = sinks.iter().map(|sink| sink.name()).collect();
        assert_eq!(names, ["file", "nats", "crm", "here"]);
    }

    /// A mistake is found at the start, not with the first event; the message says where it is and shows no secret.
    #[test]
    fn what_cannot_be_used_is_refused_by_key() {
        let with = |change: fn(&mut WebhookSettings)| {
            let mut hook = webhook("crm", "https://example.com/hooks");
            change(&mut hook);
            refused(&EventSettings { webhooks: vec![hook], ..EventSettings::default() })
        };
        insta::assert_snapshot!(
            [
                with(|hook| hook.name = "CRM hook".to_owned()),
                with(|hook| hook.name = "nats".to_owned()),
                with(|hook| hook.url = "http://user:hunter2@example.com/".into()),
                with(|hook| hook.url = "ftp://example.com/".into()),
                with(|hook| hook.url = "example.com".into()),
                with(|hook| hook.secrets.clear()),
                with(|hook| hook.secrets.push("hunter2".into())),
                with(|hook| hook.timeout = std::time::Duration::ZERO),
            ]
            .join("\n"),
            @r"
            events.webhooks.CRM hook.name: expected 1 to 63 lower-case letters, digits and -.
            events.webhooks.nats: the name nats is taken. Every sink has one of its own.
            events.webhooks.crm.url: http would send events readable to another machine: use https, or set allow_http.
            events.webhooks.crm.url: expected https://.
            events.webhooks.crm.url: expected a URL such as https://example.com/hooks.
            events.webhooks.crm.secrets: expected at least one: echo whsec_$(openssl rand -base64 32).
            events.webhooks.crm.secrets[1]: expected whsec_ and the key in base64.
            events.webhooks.crm.timeout: expected some time, such as 10s.
            "
        );
        let with = |change: fn(&mut NatsSettings)| {
            let mut nats = NatsSettings::at(["nats://127.0.0.1:4222"]);
            change(&mut nats);
            refused(&EventSettings { nats: Some(nats), ..EventSettings::default() })
        };
        insta::assert_snapshot!(
            [
                with(|nats| nats.servers.clear()),
                with(|nats| nats.servers.push("nats://x:y:z".to_owned())),
                with(|nats| nats.servers.push("nats://me:hunter2@127.0.0.1".to_owned())),
                with(|nats| nats.subject_prefix = "a.*".to_owned()),
                with(|nats| nats.user = Some("me".to_owned())),
                with(|nats| (nats.user, nats.password, nats.token) =
                    (Some("me".to_owned()), Some("hunter2".into()), Some(Secret::from("hunter2")))),
                with(|nats| nats.tls.key_file = Some("key.pem".into())),
                with(|nats| nats.stream.name = "a b".to_owned()),
                with(|nats| nats.stream.replicas = 9),
                with(|nats| nats.stream =
                    StreamSettings { max_age: Some(std::time::Duration::from_secs(1)), ..StreamSettings::default() }),
            ]
            .join("\n"),
            @r"
            events.nats.servers: expected at least one, such as nats://127.0.0.1:4222.
            events.nats.servers[1]: expected nats://HOST:PORT or tls://HOST:PORT.
            events.nats.servers[1]: a login has settings of its own: user, password, token.
            events.nats.subject_prefix: expected letters, digits, - and _, in parts with a dot between them.
            events.nats.password: user and password go together.
            events.nats.user: set one of user, token and credentials_file.
            events.nats.tls.key_file: certificate_file and key_file go together.
            events.nats.stream.name: expected letters, digits, - and _.
            events.nats.stream.replicas: expected 1 to 5.
            events.nats.stream.duplicate_window: expected some time, and no more than max_age.
            "
        );
    }

    /// Settings are logged now and then.
    #[test]
    fn debug_output_shows_no_secret() {
        let nats = NatsSettings {
            user: Some("me".to_owned()),
            password: Some("hunter2".into()),
            ..NatsSettings::at(["nats://127.0.0.1:4222"])
        };
        let hook = webhook("crm", "https://example.com/hunter2");
        let sinks = (NatsEvents::new(nats.clone(), "").unwrap(), WebhookEvents::new(&hook, "").unwrap());
        let shown = format!("{nats:?} {hook:?} {sinks:?}");
        assert!(!shown.contains("hunter2") && !shown.contains(KEY), "{shown}");
        assert!(shown.contains("127.0.0.1:4222") && shown.contains("example.com"), "{shown}");
    }
}
