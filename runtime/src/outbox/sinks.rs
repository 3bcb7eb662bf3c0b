//! Where effects go: events into a file or the log, mails into a folder, documents into an object store.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lettre::message::header::ContentType;
use lettre::message::{Attachment as MimeAttachment, Mailbox, Message, MultiPart, SinglePart};
use object_store::{ObjectStore, ObjectStoreExt, path::Path as StorePath};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::error::{Error, Result};
use crate::registry::BoxFuture;

/// Takes events, at least once each; `key` tells a repetition.
pub trait EventSink: Send + Sync {
    /// Publishes one event. An error means that it is tried again later.
    fn publish<'a>(&'a self, name: &'a str, key: &'a str, payload: &'a Value) -> BoxFuture<'a, Result<()>>;
}

/// Takes mails, at least once each; the `Message-ID` tells a repetition.
pub trait Mailer: Send + Sync {
    /// Sends one mail. An error means that it is tried again later.
    fn send<'a>(&'a self, mail: &'a Mail, files: &'a FileStore) -> BoxFuture<'a, Result<()>>;
}

/// A mail that leaves after the commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mail {
    /// `<id@domain>`, the same at every attempt.
    pub message_id: String,
    /// Addresses.
    pub to: Vec<String>,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// Files of the file store.
    pub attachments: Vec<Attachment>,
    /// What happens in the database when the mail is out.
    pub on_delivered: Option<JobCall>,
}

/// A file of the file store that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// As the recipient sees it.
    pub file_name: String,
    /// Such as `application/pdf`.
    pub mime_type: String,
    /// In the file store.
    pub path: String,
}

/// A job and its payload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobCall {
    /// Name of the job.
    pub job: String,
    /// What it gets.
    pub payload: Value,
}

/// Writes each event to the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogEvents;

impl EventSink for LogEvents {
    fn publish<'a>(&'a self, name: &'a str, key: &'a str, payload: &'a Value) -> BoxFuture<'a, Result<()>> {
        tracing::info!(event = name, key, %payload, "event");
        Box::pin(async { Ok(()) })
    }
}

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
}

impl EventSink for FileEvents {
    fn publish<'a>(&'a self, name: &'a str, key: &'a str, payload: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut line = json!({ "name": name, "key": key, "payload": payload }).to_string();
            line.push('\n');
            let _turn = self.turn.lock().await;
            if let Some(folder) = self.path.parent() {
                tokio::fs::create_dir_all(folder).await.map_err(|error| unwritable(&self.path, &error))?;
            }
            let file = tokio::fs::OpenOptions::new().create(true).append(true).open(&self.path).await;
            let mut file = file.map_err(|error| unwritable(&self.path, &error))?;
            file.write_all(line.as_bytes()).await.map_err(|error| unwritable(&self.path, &error))?;
            file.flush().await.map_err(|error| unwritable(&self.path, &error))
        })
    }
}

/// Writes each mail into a folder, as a message file that mail programs open.
#[derive(Debug)]
pub struct FileMailer {
    folder: PathBuf,
    from: Mailbox,
}

impl FileMailer {
    /// Writes into this folder, which is created with the first mail. `from` is an address, with or without a name.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` when `from` is not an address.
    pub fn new(folder: impl Into<PathBuf>, from: &str) -> Result<Self> {
        let from = from.parse().map_err(|_| Error::validation(format!("{from} is not an e-mail address.")))?;
        Ok(Self { folder: folder.into(), from })
    }
}

impl Mailer for FileMailer {
    fn send<'a>(&'a self, mail: &'a Mail, files: &'a FileStore) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let message = compose(mail, self.from.clone(), files).await?;
            let name: String =
                mail.message_id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '@')).collect();
            tokio::fs::create_dir_all(&self.folder).await.map_err(|error| unwritable(&self.folder, &error))?;
            let path = self.folder.join(format!("{name}.eml"));
            tokio::fs::write(&path, message.formatted()).await.map_err(|error| unwritable(&path, &error))
        })
    }
}

/// The mail as it goes over the wire.
async fn compose(mail: &Mail, from: Mailbox, files: &FileStore) -> Result<Message> {
    let refused = |what: String| Error::validation(format!("The mail cannot be written: {what}."));
    let mut message = Message::builder().from(from).subject(&mail.subject).message_id(Some(mail.message_id.clone()));
    for address in &mail.to {
        message = message.to(address.parse().map_err(|_| refused(format!("{address} is not an address")))?);
    }
    let mut parts = MultiPart::mixed().singlepart(SinglePart::plain(mail.text.clone()));
    for attachment in &mail.attachments {
        let mime = ContentType::parse(&attachment.mime_type)
            .map_err(|_| refused(format!("{} is not a media type", attachment.mime_type)))?;
        let bytes = files.get(&attachment.path).await?;
        parts = parts.singlepart(MimeAttachment::new(attachment.file_name.clone()).body(bytes, mime));
    }
    message.multipart(parts).map_err(|error| refused(error.to_string()))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    tracing::error!(path = %path.display(), %error, "cannot write");
    Error::transient("A file outside the database cannot be written. The log says which.")
}

/// Where the bytes of documents are: a local folder, or any other object store.
#[derive(Clone)]
pub struct FileStore(Arc<dyn ObjectStore>);

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileStore({})", self.0)
    }
}

impl FileStore {
    /// An object store.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self(store)
    }

    /// A local folder, which is created.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the folder cannot be created.
    pub fn folder(path: &Path) -> Result<Self> {
        let failed = |_| Error::internal(format!("The folder {} cannot be created.", path.display()));
        std::fs::create_dir_all(path).map_err(failed)?;
        let store = object_store::local::LocalFileSystem::new_with_prefix(path)
            .map_err(|_| Error::internal(format!("The folder {} cannot be used.", path.display())))?;
        Ok(Self::new(Arc::new(store)))
    }

    /// Forgets everything: for dry runs.
    pub(crate) fn nowhere() -> Self {
        Self::new(Arc::new(object_store::memory::InMemory::new()))
    }

    /// Stores bytes under a path, in place of what was there.
    ///
    /// # Errors
    ///
    /// A transient error when the store cannot be written.
    pub async fn put(&self, path: &str, bytes: Vec<u8>) -> Result<()> {
        self.0.put(&StorePath::from(path), bytes.into()).await.map_err(|error| {
            tracing::error!(path, %error, "the file store cannot be written");
            Error::transient("The file store cannot be written. The log has the details.")
        })?;
        Ok(())
    }

    /// The bytes under a path.
    ///
    /// # Errors
    ///
    /// A transient error when they cannot be read.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>> {
        let failed = |error| {
            tracing::error!(path, %error, "the file store cannot be read");
            Error::transient("The file store cannot be read. The log has the details.")
        };
        let found = self.0.get(&StorePath::from(path)).await.map_err(failed)?;
        Ok(found.bytes().await.map_err(failed)?.to_vec())
    }
}
