//! Mails to an SMTP server.

mod connection;
mod failure;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use actwright_runtime::outbox::{DeliveryError, FileStore, Mail, Mailer};
use actwright_runtime::registry::BoxFuture;
use actwright_runtime::{Error, Result};
use lettre::message::Mailbox;
use tokio::sync::Semaphore;

pub use settings::{SmtpSettings, SmtpTls};

use self::connection::Pool;
use self::settings::Server;
use super::message::{address, compose, sender};

/// Hands mails to an SMTP server, a transaction for each recipient: so every address has an answer of its own.
pub struct SmtpMailer {
    server: Arc<Server>,
    from: Mailbox,
    pool: Pool,
    room: Semaphore,
}

/// How long the answer to a mail may take, at most (RFC 5321, 4.5.3.2.6). A delivery of the outbox ends before.
const LONGEST_ANSWER: Duration = Duration::from_secs(600);

impl std::fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Server { host, port, tls, .. } = &*self.server;
        f.debug_struct("SmtpMailer").field("host", host).field("port", port).field("tls", tls).finish_non_exhaustive()
    }
}

impl SmtpMailer {
    /// Checks the settings. `from` is an address, with or without a name. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` that names the setting that cannot be used, and shows no secret.
    pub fn new(settings: &SmtpSettings, from: &str) -> Result<Self> {
        let server = settings.server().map_err(|(field, what)| Error::validation(format!("SMTP: {field}: {what}.")))?;
        let server = Arc::new(server);
        let room = Semaphore::new(server.connections);
        Ok(Self { pool: Pool::new(server.clone()), server, from: sender(from)?, room })
    }

    /// Sends a mail to one of its recipients, and gives what the server answered when it took it.
    ///
    /// # Errors
    ///
    /// A permanent one when the server refuses sender, recipient or mail for good, or the mail cannot be written; a temporary
    /// one for anything else.
    pub async fn deliver(&self, mail: &Mail, recipient: &str, files: &FileStore) -> Result<String, DeliveryError> {
        let recipient = address(recipient)?;
        let message = compose(mail, self.from.clone(), files).await?.formatted();
        let _room = self.room.acquire().await;
        let mut connection = self.pool.take().await?;
        // A connection goes back only after a whole transaction: after anything else, a delivery that was given up included, it
        // is not known what the server waits for.
        let limit = self.server.command_timeout;
        connection.mail(self.from.email.clone(), limit).await?;
        connection.recipient(recipient, limit).await?;
        connection.data(limit).await?;
        let answer = connection.content(&message, LONGEST_ANSWER).await?;
        self.pool.give_back(connection);
        Ok(answer)
    }
}

impl Mailer for SmtpMailer {
    fn domain(&self) -> &str {
        self.from.email.domain()
    }

    fn send<'a>(
        &'a self,
        mail: &'a Mail,
        recipient: &'a str,
        files: &'a FileStore,
    ) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move { self.deliver(mail, recipient, files).await.map(drop) })
    }
}
