//! Sinks that remember what left.

use std::sync::{Arc, Mutex, PoisonError};

use actwright_runtime::outbox::{CloudEvent, DeliveryError, EventSink, FileStore, Mail, Mailer};
use actwright_runtime::registry::BoxFuture;
use serde_json::{Value, json};

/// Events and mails in the order they left. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    events: Arc<Mutex<Vec<Value>>>,
    mails: Arc<Mutex<Vec<Value>>>,
}

impl Recorder {
    /// Events so far: name, key and payload.
    pub fn events(&self) -> Vec<Value> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Mails so far; each attachment says how its bytes begin.
    pub fn mails(&self) -> Vec<Value> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl EventSink for Recorder {
    fn name(&self) -> &str {
        "recorder"
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        let event = json!({ "name": event.name, "key": event.id, "payload": event.data });
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        Box::pin(async { Ok(()) })
    }
}

impl Mailer for Recorder {
    fn send<'a>(&'a self, mail: &'a Mail, files: &'a FileStore) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            let mut attachments = Vec::new();
            for attachment in &mail.attachments {
                let bytes = files.get(&attachment.path).await?;
                let begins = String::from_utf8_lossy(&bytes[..bytes.len().min(5)]).into_owned();
                let (name, mime) = (&attachment.file_name, &attachment.mime_type);
                attachments.push(json!({ "file_name": name, "mime_type": mime, "begins": begins }));
            }
            let mut sent = json!(mail);
            sent["attachments"] = attachments.into();
            self.mails.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
            Ok(())
        })
    }
}
