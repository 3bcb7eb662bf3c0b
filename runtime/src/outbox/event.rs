//! Events as they leave: CloudEvents, and who takes them.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::DeliveryError;
use crate::registry::BoxFuture;
use crate::value::Timestamp;

/// In bytes. Headers have room for some thousands.
const LONGEST_KEY: usize = 500;

/// An event in its envelope, [CloudEvents 1.0](https://cloudevents.io). As JSON it is in the structured mode.
#[derive(Debug, Clone, PartialEq)]
pub struct CloudEvent {
    /// The event's key: the same at every attempt, and for the same happening. Unique in its tenant.
    pub id: String,
    /// Name of the event, such as `INTERACTION_LOGGED`.
    pub name: String,
    /// What it is about. Events of one subject reach a sink in the order in which they happened.
    pub subject: String,
    /// When the call that emitted it was made.
    pub time: Timestamp,
    /// Whose it is.
    pub tenant: Uuid,
    /// The payload that the event's spec declares, with `tenantId`, `occurredAt` and `actor`.
    pub data: Value,
}

impl CloudEvent {
    /// Media type of the JSON text.
    pub const MEDIA_TYPE: &'static str = "application/cloudevents+json; charset=utf-8";

    /// The attribute `source`: with the id it tells one event from all others, and a repetition from a new one.
    pub fn source(&self) -> String {
        format!("/tenants/{}", self.tenant)
    }

    /// Tells the event from those of all tenants, and is the same at every attempt: tenant and key, as receivers take it in a header.
    /// What is no letter, digit, `:`, `_` or `-` is percent-encoded; of a very long key it is the hash.
    ///
    /// ```
    /// # use actwright_runtime::{Timestamp, Uuid, outbox::CloudEvent};
    /// let event = CloudEvent {
    ///     id: "thing_made:7.1".to_owned(),
    /// #   name: "THING_MADE".to_owned(),
    /// #   subject: "thing:7".to_owned(),
    /// #   time: Timestamp::EPOCH,
    ///     tenant: Uuid::nil(),
    ///     // …
    /// #   data: serde_json::Value::Null,
    /// };
    /// assert_eq!(event.global_id(), "00000000-0000-0000-0000-000000000000/thing_made:7%2E1");
    /// ```
    pub fn global_id(&self) -> String {
        let mut id = format!("{}/", self.tenant);
        if self.id.len() > LONGEST_KEY {
            let hash = Sha256::digest(self.id.as_bytes());
            id.extend(hash.iter().map(|byte| format!("{byte:02x}")));
            return id;
        }
        for byte in self.id.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b':' | b'_' | b'-' => id.push(char::from(byte)),
                _ => id += &format!("%{byte:02X}"),
            }
        }
        id
    }
}

impl Serialize for CloudEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(9))?;
        map.serialize_entry("specversion", "1.0")?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("source", &self.source())?;
        map.serialize_entry("type", &self.name)?;
        map.serialize_entry("subject", &self.subject)?;
        map.serialize_entry("time", &self.time)?;
        map.serialize_entry("tenantid", &self.tenant)?;
        map.serialize_entry("datacontenttype", "application/json")?;
        map.serialize_entry("data", &self.data)?;
        map.end()
    }
}

/// Takes events, at least once each: the key tells a repetition. Every sink has its own rows in the outbox, so that one that
/// is out of order keeps none of the others waiting.
pub trait EventSink: Send + Sync {
    /// Stands in the outbox, so it must stay the same as long as rows wait there. Unique among the sinks of a runtime.
    fn name(&self) -> &str;

    /// Whether it takes this event. Asked when the event is emitted.
    fn accepts(&self, _tenant: Uuid, _event: &str) -> bool {
        true
    }

    /// Publishes one event, and returns when the other side has it for good.
    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>>;
}

/// Writes each event to the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogEvents;

impl EventSink for LogEvents {
    fn name(&self) -> &str {
        "log"
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        let text = serde_json::to_string(event).unwrap_or_default();
        tracing::info!(target: "actwright::events", event = text, "{}", event.name);
        Box::pin(async { Ok(()) })
    }
}

/// What a [`Subscriber`] does with an event.
type Handler = dyn for<'a> Fn(&'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> + Send + Sync;

/// A sink in the same process: a function that gets each event at least once. After a crash it gets one once more; the id tells.
///
/// ```
/// use std::collections::HashSet;
/// use std::sync::Mutex;
///
/// use actwright_runtime::outbox::Subscriber;
///
/// // A table with a unique key in place of the set, for subscribers that outlive a process.
/// let done = Mutex::new(HashSet::new());
/// let invoices = Subscriber::new("invoices", move |event| {
///     // Tenant and key: the same however often the event comes.
///     let first = done.lock().is_ok_and(|mut done| done.insert(event.global_id()));
///     Box::pin(async move {
///         if first {
///             println!("{} of {}", event.name, event.tenant);
///         }
///         Ok(())
///     })
/// });
/// # let _ = invoices;
/// ```
pub struct Subscriber {
    name: String,
    handler: Box<Handler>,
}

impl Subscriber {
    /// A sink of this name that calls `handler`. What it fails at is tried again.
    pub fn new(
        name: impl Into<String>,
        handler: impl for<'a> Fn(&'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), handler: Box::new(handler) }
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subscriber({})", self.name)
    }
}

impl EventSink for Subscriber {
    fn name(&self) -> &str {
        &self.name
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        (self.handler)(event)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Receivers with a CloudEvents library read what is written.
    #[test]
    fn the_envelope_has_the_attributes_that_cloudevents_asks_for() {
        let event = CloudEvent {
            id: "thing_made:7".to_owned(),
            name: "THING_MADE".to_owned(),
            subject: "thing:7".to_owned(),
            time: Timestamp::EPOCH,
            tenant: Uuid::nil(),
            data: json!({ "thingId": 7 }),
        };
        let expected = json!({
            "specversion": "1.0",
            "id": "thing_made:7",
            "source": "/tenants/00000000-0000-0000-0000-000000000000",
            "type": "THING_MADE",
            "subject": "thing:7",
            "time": "1970-01-01T00:00:00.000Z",
            "tenantid": "00000000-0000-0000-0000-000000000000",
            "datacontenttype": "application/json",
            "data": { "thingId": 7 },
        });
        assert_eq!(json!(event), expected);
    }
}
