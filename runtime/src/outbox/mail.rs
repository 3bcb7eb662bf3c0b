//! Mails as they leave, and who takes them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DeliveryError, FileStore};
use crate::registry::BoxFuture;

/// Takes mails, at least once each: the `Message-ID` tells a repetition.
pub trait Mailer: Send + Sync {
    /// Sends one mail, and returns when the other side has taken it over.
    fn send<'a>(&'a self, mail: &'a Mail, files: &'a FileStore) -> BoxFuture<'a, Result<(), DeliveryError>>;
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
    /// The same as a page, for programs that show one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
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
