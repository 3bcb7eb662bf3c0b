//! Who gets events and mails, and remembers them when the sender is lost: a file, a JSON object a line.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use actwright_runtime::outbox::{CloudEvent, DeliveryError, EventSink, FileStore, Mail, Mailer};
use actwright_runtime::registry::BoxFuture;
use serde_json::{Value, json};

/// Writes down what it gets.
pub struct Witness {
    path: PathBuf,
}

impl Witness {
    /// With the file of a folder.
    pub fn at(folder: &Path) -> Self {
        Self { path: folder.join("delivered.jsonl") }
    }

    fn note(&self, kind: &str, id: &str, what: &Value) -> Result<(), DeliveryError> {
        let line = format!("{}\n", json!({ "kind": kind, "id": id, "what": what }));
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&self.path);
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        written.map_err(|error| DeliveryError::permanent(error.to_string()))
    }

    fn notes(&self) -> Result<Vec<Value>, String> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.to_string()),
        };
        text.lines().map(|line| serde_json::from_str(line).map_err(|error| error.to_string())).collect()
    }

    /// What came, each once: a repetition has the same id and the same content.
    pub fn different(&self) -> Result<Vec<Value>, String> {
        let mut different: Vec<Value> = Vec::new();
        for note in self.notes()? {
            if !different.contains(&note) {
                different.push(note);
            }
        }
        Ok(different)
    }

    /// How often each came that came more than once.
    pub fn repeated(&self) -> Result<BTreeMap<String, u64>, String> {
        let mut times = BTreeMap::new();
        for note in self.notes()? {
            *times.entry(format!("{} {}", note["kind"], note["id"])).or_default() += 1;
        }
        times.retain(|_, times| *times > 1);
        Ok(times)
    }
}

impl EventSink for Witness {
    fn name(&self) -> &str {
        "witness"
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        let noted = self.note("event", &event.id, &json!(event));
        Box::pin(async { noted })
    }
}

impl Mailer for Witness {
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
            for attachment in &mail.attachments {
                files.get(&attachment.path).await?;
            }
            self.note("mail", &format!("{} to {recipient}", mail.message_id), &json!(mail))
        })
    }
}
