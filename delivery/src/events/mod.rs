//! Sinks of events, and their settings.

mod file;
mod nats;
mod nats_settings;
mod retry_after;
mod settings;
mod signature;
mod webhook;
mod webhook_settings;

pub use file::FileEvents;
pub use nats::NatsEvents;
pub use nats_settings::{NatsSettings, StreamSettings, TlsSettings};
pub use settings::EventSettings;
pub use signature::SigningKey;
pub use webhook::WebhookEvents;
pub use webhook_settings::WebhookSettings;
