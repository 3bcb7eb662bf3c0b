//! Mails as they leave, and who takes them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DeliveryError, FileStore};
use crate::registry::BoxFuture;
use crate::value::Timestamp;

/// Takes mails, at least once for each recipient: the `Message-ID` tells a repetition. Every recipient has a row of its own in
/// the outbox, so that an address that is refused, or asked for later, keeps the mail from none of the others.
pub trait Mailer: Send + Sync {
    /// The domain of the sender, which `Message-ID`s end with.
    fn domain(&self) -> &str;

    /// Sends a mail to one of its recipients, and returns when the other side has taken it over.
    fn send<'a>(
        &'a self,
        mail: &'a Mail,
        recipient: &'a str,
        files: &'a FileStore,
    ) -> BoxFuture<'a, Result<(), DeliveryError>>;
}

/// How many recipients a mail may have. Each has a row with the whole mail, in which each sees all.
pub const MOST_RECIPIENTS: usize = 200;

/// A mail that leaves after the commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mail {
    /// `<id@domain>`, the same at every attempt.
    pub message_id: String,
    /// When it was written, the same at every attempt.
    pub date: Timestamp,
    /// Addresses of all recipients, which each of them sees; at most [`MOST_RECIPIENTS`].
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
    /// What happens in the database when the mail has reached a recipient. The payload, an object, is given to the job with
    /// that address as `recipient`.
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
