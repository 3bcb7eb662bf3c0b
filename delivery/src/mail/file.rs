//! Mails in a folder: the embedded default.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use actwright_runtime::outbox::{DeliveryError, FileStore, Mail, Mailer};
use actwright_runtime::registry::BoxFuture;
use actwright_runtime::{Result, Uuid};
use lettre::message::Mailbox;

use super::message::{compose, sender};
use crate::{sync_folder, unwritable};

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
            let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '@');
            let name: String = mail.message_id.chars().filter(fits).collect();
            let path = self.folder.join(format!("{name}.eml"));
            let place = path.clone();
            let written = tokio::task::spawn_blocking(move || write(&place, &message.formatted())).await;
            let written = written.unwrap_or_else(|_| Err(std::io::ErrorKind::Interrupted.into()));
            written.map_err(|error| unwritable(&path, &error))
        })
    }
}

/// Writes a file that nobody sees before it is whole and on the disk. Several may write it at once.
fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = path.with_file_name(format!(".{}", Uuid::now_v7()));
    let written = File::create(&draft).and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    written.and_then(|()| std::fs::rename(&draft, path)).inspect_err(|_| {
        // Each attempt would leave one more.
        let _ = std::fs::remove_file(&draft);
    })?;
    sync_folder(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder in which every attempt left something would fill the disk that is full already.
    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mail/a.eml");
        std::fs::create_dir_all(&path).unwrap();
        write(&path, b"text").unwrap_err();
        assert_eq!(std::fs::read_dir(folder.path().join("mail")).unwrap().count(), 1);
        std::fs::remove_dir(&path).unwrap();
        write(&path, b"text").unwrap();
        write(&path, b"again").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "again");
        assert_eq!(std::fs::read_dir(folder.path().join("mail")).unwrap().count(), 1);
    }
}
