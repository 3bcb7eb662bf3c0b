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

    /// Mails so far, with whom each `reached`, in order; each attachment says how its bytes begin.
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
    fn domain(&self) -> &str {
        "quotes.example"
    }

    fn send<'a>(
        &'a self,
        mail: &'a Mail,
        recipient: &'a str,
        files: &'a FileStore,
    ) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            let mut attachments = Vec::new();
            for attachment in &mail.attachments {
                let bytes = files.get(&attachment.path).await?;
                let begins = String::from_utf8_lossy(&bytes[..bytes.len().min(5)]).into_owned();
                let (name, mime) = (&attachment.file_name, &attachment.mime_type);
                attachments.push(json!({ "file_name": name, "mime_type": mime, "begins": begins }));
            }
            let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(sent) = mails.iter_mut().find(|sent| sent["message_id"] == mail.message_id) {
                sent["reached"].as_array_mut().into_iter().for_each(|reached| reached.push(json!(recipient)));
                return Ok(());
            }
            let mut sent = json!(mail);
            sent["attachments"] = attachments.into();
            sent["reached"] = json!([recipient]);
            mails.push(sent);
            Ok(())
        })
    }
}
