//! Mails in a folder: the embedded default.

use std::path::PathBuf;

use actwright_runtime::outbox::{DeliveryError, FileStore, Mail, Mailer};
use actwright_runtime::registry::BoxFuture;
use actwright_runtime::{Result, Uuid};
use lettre::message::Mailbox;

use super::message::{compose, sender};
use crate::unwritable;

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
        Ok(Self { folder: folder.into(), from: sender(from)? })
    }
}

impl Mailer for FileMailer {
    fn domain(&self) -> &str {
        self.from.email.domain()
    }

    /// All recipients have one file, whose headers name them.
    fn send<'a>(
        &'a self,
        mail: &'a Mail,
        _recipient: &'a str,
        files: &'a FileStore,
    ) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            let message = compose(mail, self.from.clone(), files).await?;
            let name: String =
                mail.message_id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '@')).collect();
            tokio::fs::create_dir_all(&self.folder).await.map_err(|error| unwritable(&self.folder, &error))?;
            let path = self.folder.join(format!("{name}.eml"));
            // Several may write it at once, and none may be seen half written.
            let draft = self.folder.join(format!(".{}", Uuid::now_v7()));
            tokio::fs::write(&draft, message.formatted()).await.map_err(|error| unwritable(&draft, &error))?;
            tokio::fs::rename(&draft, &path).await.map_err(|error| unwritable(&path, &error))
        })
    }
}
