//! Events in a file: the embedded default.

use std::path::PathBuf;

use actwright_runtime::outbox::{CloudEvent, DeliveryError, EventSink};
use actwright_runtime::registry::BoxFuture;
use tokio::io::AsyncWriteExt;

use crate::unwritable;

/// Appends each event to a file, a JSON object a line.
#[derive(Debug)]
pub struct FileEvents {
    path: PathBuf,
    /// Lines of two calls never mix.
    turn: tokio::sync::Mutex<()>,
}

impl FileEvents {
    /// Appends to this file, which is created with the first event.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), turn: tokio::sync::Mutex::new(()) }
    }

    async fn append(&self, line: &[u8]) -> std::io::Result<()> {
        let _turn = self.turn.lock().await;
        if let Some(folder) = self.path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        let mut file = tokio::fs::OpenOptions::new().create(true).append(true).open(&self.path).await?;
        file.write_all(line).await?;
        file.flush().await
    }
}

impl EventSink for FileEvents {
    fn name(&self) -> &str {
        "file"
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            let mut line = serde_json::to_string(event)
                .map_err(|_| DeliveryError::permanent("The event cannot be written as JSON."))?;
            line.push('\n');
            self.append(line.as_bytes()).await.map_err(|error| unwritable(&self.path, &error))
        })
    }
}
