//! Events by HTTP, signed as Standard Webhooks asks for.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt;
use std::time::SystemTime;

use actwright_runtime::outbox::{CloudEvent, DeliveryError, EventSink};
use actwright_runtime::registry::BoxFuture;
use actwright_runtime::{Error, Result, Uuid};
use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};

use super::retry_after;
use super::webhook_settings::{Endpoint, WebhookSettings};

/// No more of an answer is read.
const MOST_READ: usize = 8 * 1024;

/// No more of an answer is kept with a failure.
const MOST_KEPT: usize = 200;

/// Posts each event to an endpoint.
pub struct WebhookEvents {
    name: String,
    endpoint: Endpoint,
    events: BTreeSet<String>,
    tenants: BTreeSet<Uuid>,
    client: Client,
}

impl fmt::Debug for WebhookEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookEvents({} at {})", self.name, self.host())
    }
}

impl WebhookEvents {
    /// An endpoint. `key` is where the settings are, such as `events.webhooks.crm`: errors begin with it. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` for settings that cannot be used.
    pub fn new(settings: &WebhookSettings, key: &str) -> Result<Self> {
        let endpoint = settings.endpoint(key)?;
        // The client takes the process's, which another library may have set.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            // Where a redirect leads nobody has set up, and nobody signed for.
            .redirect(Policy::none())
            .timeout(endpoint.timeout)
            .connect_timeout(endpoint.timeout)
            // Else a connection that the other side has closed meanwhile makes a first attempt fail now and then.
            .pool_idle_timeout(std::time::Duration::from_secs(20))
            .build()
            .map_err(|error| Error::validation(format!("{key}: HTTPS cannot be used: {}.", root(&error))))?;
        let WebhookSettings { name, events, tenants, .. } = settings.clone();
        Ok(Self { name, endpoint, events, tenants, client })
    }

    fn host(&self) -> &str {
        self.endpoint.url.host_str().unwrap_or_default()
    }

    async fn post(&self, event: &CloudEvent) -> Result<(), DeliveryError> {
        let body =
            serde_json::to_vec(event).map_err(|_| DeliveryError::permanent("The event cannot be written as JSON."))?;
        let id = event.global_id();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let signatures: Vec<String> = self.endpoint.keys.iter().map(|key| key.sign(&id, now, &body)).collect();
        let request = self
            .client
            .post(self.endpoint.url.clone())
            .header(CONTENT_TYPE, CloudEvent::MEDIA_TYPE)
            .header(USER_AGENT, concat!("actwright/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", signatures.join(" "))
            .body(body);
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        self.judge(response).await
    }

    fn unreachable(&self, error: &reqwest::Error) -> DeliveryError {
        let host = self.host();
        DeliveryError::temporary(match error {
            _ if error.is_timeout() => {
                format!("No answer from {host} within {} s.", self.endpoint.timeout.as_secs_f32())
            }
            _ if error.is_connect() => format!("{host} cannot be reached: {}.", root(error)),
            _ => format!("The connection to {host} was lost: {}.", root(error)),
        })
    }

    async fn judge(&self, mut response: Response) -> Result<(), DeliveryError> {
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let pause = header(RETRY_AFTER).and_then(|asked| retry_after::pause(asked, SystemTime::now()));
        let moved = header(LOCATION).is_some();
        // Read in any case, so that the connection can be used again.
        let said = excerpt(&beginning(&mut response).await);
        if status.is_success() {
            return Ok(());
        }
        let message = format!("{} answered {status}{said}.", self.host());
        Err(match status {
            _ if status.is_redirection() && moved => DeliveryError::temporary(format!(
                "{} answered {status}: redirects are not followed. Set the URL that it leads to.",
                self.host()
            )),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                later(pause, message)
            }
            _ if status.is_client_error() => DeliveryError::permanent(message),
            _ => later(pause, message),
        })
    }
}

fn later(pause: Option<std::time::Duration>, message: String) -> DeliveryError {
    match pause {
        Some(pause) => DeliveryError::after(pause, message),
        None => DeliveryError::temporary(message),
    }
}

/// How an answer begins. One that breaks off is as good as its beginning: the status is what counts.
async fn beginning(response: &mut Response) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < MOST_READ
        && let Ok(Some(chunk)) = response.chunk().await
    {
        let room = MOST_READ - read.len();
        read.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    read
}

/// `: ` and what the other side said, on one line; nothing when it said nothing.
fn excerpt(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(MOST_KEPT) {
        Some((end, _)) => format!(": {}…", &line[..end]),
        None if line.is_empty() => String::new(),
        None => format!(": {}", line.trim_end_matches('.')),
    }
}

/// The innermost cause: the outer ones say nothing, or the URL.
fn root(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = String::from("it failed");
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    text
}

impl EventSink for WebhookEvents {
    fn name(&self) -> &str {
        &self.name
    }

    fn accepts(&self, tenant: Uuid, event: &str) -> bool {
        (self.tenants.is_empty() || self.tenants.contains(&tenant))
            && (self.events.is_empty() || self.events.contains(event))
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(self.post(event))
    }
}
