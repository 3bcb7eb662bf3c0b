//! Events in a stream of NATS JetStream.

use std::fmt;
use std::time::Duration;

use actwright_runtime::outbox::{CloudEvent, DeliveryError, EventSink};
use actwright_runtime::registry::BoxFuture;
use actwright_runtime::{Result, Uuid};
use async_nats::connection::State;
use async_nats::jetstream::context::{Context, ContextBuilder, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use tokio::sync::OnceCell;

use super::nats_settings::NatsSettings;

/// Publishes each event in a stream, which knows a repetition by its `Nats-Msg-Id`.
pub struct NatsEvents {
    settings: NatsSettings,
    /// Where they are.
    key: String,
    servers: Vec<ServerAddr>,
    /// From the first event on. It mends itself.
    client: OnceCell<Client>,
}

impl fmt::Debug for NatsEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NatsEvents({} at {})", self.settings.subjects(), self.hosts())
    }
}

impl NatsEvents {
    /// The connection is made with the first event, so that a process starts while NATS is away. `key` is where the settings are,
    /// such as `events.nats`: errors begin with it.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` for settings that cannot be used.
    pub fn new(settings: NatsSettings, key: &str) -> Result<Self> {
        let servers = settings.check(key)?;
        Ok(Self { settings, key: key.to_owned(), servers, client: OnceCell::new() })
    }

    /// The subject of an event.
    fn subject(&self, tenant: Uuid, event: &str) -> String {
        let name: String = event.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        format!("{}.{tenant}.{name}", self.settings.subject_prefix)
    }

    fn hosts(&self) -> String {
        let hosts: Vec<String> =
            self.servers.iter().map(|server| format!("{}:{}", server.host(), server.port())).collect();
        hosts.join(", ")
    }

    async fn put(&self, event: &CloudEvent) -> Result<(), DeliveryError> {
        let body =
            serde_json::to_vec(event).map_err(|_| DeliveryError::permanent("The event cannot be written as JSON."))?;
        let client = self.client.get_or_try_init(|| self.connect()).await?;
        // The client would keep the event until it is connected again; the outbox does that already.
        if client.connection_state() != State::Connected {
            return Err(DeliveryError::temporary(format!("NATS is away: {}.", self.hosts())));
        }
        let timeout = self.settings.timeout;
        let stream = ContextBuilder::new().timeout(timeout).ack_timeout(timeout).build(client.clone());
        let subject = self.subject(event.tenant, &event.name);
        let message = || {
            PublishMessage::build()
                .message_id(event.global_id())
                .header("content-type", CloudEvent::MEDIA_TYPE)
                .payload(body.clone().into())
        };
        match publish(&stream, subject.clone(), message()).await {
            Err(error) if error.kind() == PublishErrorKind::StreamNotFound && self.settings.stream.create => {
                self.create(&stream).await?;
                publish(&stream, subject, message()).await
            }
            outcome => outcome,
        }
        .map_err(|error| self.refused(&error))
    }

    async fn create(&self, stream: &Context) -> Result<(), DeliveryError> {
        let name = &self.settings.stream.name;
        stream
            .get_or_create_stream(self.settings.stream())
            .await
            .map_err(|error| DeliveryError::temporary(format!("The stream {name} cannot be created: {error}.")))?;
        tracing::info!(stream = name, subjects = self.settings.subjects(), "there is a stream for events");
        Ok(())
    }

    fn refused(&self, error: &PublishError) -> DeliveryError {
        let (name, subjects) = (&self.settings.stream.name, self.settings.subjects());
        match error.kind() {
            PublishErrorKind::StreamNotFound => DeliveryError::temporary(format!(
                "No stream takes {subjects}. Create one, such as: nats stream add {name} --subjects '{subjects}' \
                 --dupe-window {}s --storage file; or set {}.stream.create. A stream that is there has no leader at the moment.",
                self.settings.stream.duplicate_window.as_secs(),
                self.key
            )),
            PublishErrorKind::MaxPayloadExceeded => {
                DeliveryError::permanent("The event is larger than the server's max_payload.")
            }
            PublishErrorKind::TimedOut => DeliveryError::temporary(format!(
                "The stream did not say within {} s that it keeps the event.",
                self.settings.timeout.as_secs_f32()
            )),
            _ => DeliveryError::temporary(format!("NATS did not take the event: {error}.")),
        }
    }

    async fn connect(&self) -> Result<Client, DeliveryError> {
        let options = self.options().await?;
        options.connect(self.servers.as_slice()).await.map_err(|error| {
            let hosts = self.hosts();
            DeliveryError::temporary(match error.kind() {
                ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                    format!("{hosts} refuses the credentials.")
                }
                ConnectErrorKind::TimedOut => {
                    format!("No answer from {hosts} within {} s.", self.settings.timeout.as_secs_f32())
                }
                kind => format!("NATS cannot be reached at {hosts}: {kind}."),
            })
        })
    }

    async fn options(&self) -> Result<ConnectOptions, DeliveryError> {
        let NatsSettings { user, password, token, credentials_file, tls, .. } = &self.settings;
        let mut options = ConnectOptions::new()
            .name("actwright")
            .connection_timeout(self.settings.timeout)
            .require_tls(tls.required)
            .reconnect_delay_callback(pause)
            .event_callback(|event| async move { log(&event) });
        if let (Some(user), Some(password)) = (user, password) {
            options = options.user_and_password(user.clone(), password.reveal().to_owned());
        }
        if let Some(token) = token {
            options = options.token(token.reveal().to_owned());
        }
        if let Some(file) = credentials_file {
            let missing =
                |why: &str| DeliveryError::temporary(format!("{} holds no credentials: {why}.", file.display()));
            let text = tokio::fs::read_to_string(file).await.map_err(|error| missing(&error.kind().to_string()))?;
            options =
                options.credentials(&text).map_err(|_| missing("expected the JWT and the seed that nsc writes"))?;
        }
        if let Some(file) = &tls.ca_file {
            options = options.add_root_certificates(file.clone());
        }
        if let (Some(certificate), Some(key)) = (&tls.certificate_file, &tls.key_file) {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        Ok(options)
    }
}

/// Publishes, and waits until the stream keeps the event. One that it has already counts as kept.
async fn publish(stream: &Context, subject: String, message: PublishMessage) -> Result<(), PublishError> {
    let kept = stream.send_publish(subject, message).await?.await?;
    tracing::debug!(stream = kept.stream, sequence = kept.sequence, duplicate = kept.duplicate, "published");
    Ok(())
}

/// Before the next attempt to connect.
fn pause(attempts: usize) -> Duration {
    let exponent = u32::try_from(attempts).unwrap_or(u32::MAX).min(5);
    Duration::from_millis(100 * 2_u64.pow(exponent))
}

fn log(event: &Event) {
    match event {
        Event::Connected => tracing::info!("connected to NATS"),
        Event::Disconnected => tracing::warn!("the connection to NATS is lost"),
        other => tracing::debug!(event = %other, "NATS"),
    }
}

impl EventSink for NatsEvents {
    fn name(&self) -> &str {
        "nats"
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(self.put(event))
    }
}
