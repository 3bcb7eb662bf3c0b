//! Connections, and those that wait for the next mail.
//!
//! The pool that comes with the SMTP client takes back a connection whose delivery was given up half way. The next mail would then
//! read the answers to the one before, and may be taken for delivered while it is not. So this one is our own.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use actwright_runtime::outbox::DeliveryError;
use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt};
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use super::failure::Step;
use super::settings::{Server, SmtpTls};

/// A connection that nobody needs is closed after this time. Servers close theirs after some minutes.
const IDLE: Duration = Duration::from_secs(30);

/// A server that could not be reached is not tried again before.
const RESPITE: Duration = Duration::from_secs(2);

/// A server that does not say good-bye within this time is left without.
const FAREWELL: Duration = Duration::from_secs(1);

/// A connection that is ready for a mail.
pub(super) struct Connection {
    inner: AsyncSmtpConnection,
    server: Arc<Server>,
}

impl Connection {
    async fn open(server: &Arc<Server>) -> Result<Self, DeliveryError> {
        let limit = server.connect_timeout;
        let opened = timeout(limit, Self::negotiate(server)).await;
        opened.unwrap_or_else(|_| Err(server.late(Step::Connect, limit)))
    }

    async fn negotiate(server: &Arc<Server>) -> Result<Self, DeliveryError> {
        let failed = |error| server.failed(Step::Connect, &error);
        let at_once = server.parameters.clone().filter(|_| server.tls == SmtpTls::Implicit);
        let place = (server.host.as_str(), server.port);
        let mut inner =
            AsyncSmtpConnection::connect_tokio1(place, None, &server.hello, at_once, None).await.map_err(failed)?;
        if let Some(parameters) = &server.parameters
            && server.tls == SmtpTls::Starttls
        {
            if !inner.can_starttls() {
                return Err(server.unfit("does not offer STARTTLS, so it gets no mail"));
            }
            inner.starttls(parameters.clone(), &server.hello).await.map_err(failed)?;
        }
        if let Some(credentials) = &server.credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            if inner.server_info().get_auth_mechanism(&mechanisms).is_none() {
                return Err(server.unfit("offers no login with PLAIN or LOGIN"));
            }
            inner.auth(&mechanisms, credentials).await.map_err(failed)?;
        }
        Ok(Self { inner, server: server.clone() })
    }

    pub(super) async fn mail(&mut self, from: Address, limit: Duration) -> Result<(), DeliveryError> {
        self.say(Step::Sender, Mail::new(Some(from), Vec::new()), limit).await
    }

    pub(super) async fn recipient(&mut self, to: Address, limit: Duration) -> Result<(), DeliveryError> {
        self.say(Step::Recipient, Rcpt::new(to, Vec::new()), limit).await
    }

    pub(super) async fn data(&mut self, limit: Duration) -> Result<(), DeliveryError> {
        self.say(Step::Content, Data, limit).await
    }

    /// Sends the message, and gives what the server answers once it has it.
    pub(super) async fn content(&mut self, message: &[u8], limit: Duration) -> Result<String, DeliveryError> {
        let answer = timeout(limit, self.inner.message(message)).await;
        let answer: Response = self.judge(Step::Content, limit, answer).await?;
        let said: Vec<&str> = answer.message().collect();
        Ok(format!("{} {}", answer.code(), self.server.readable(&said.join(" "))))
    }

    async fn say(&mut self, step: Step, command: impl fmt::Display, limit: Duration) -> Result<(), DeliveryError> {
        let answer = timeout(limit, self.inner.command(command)).await;
        self.judge(step, limit, answer).await.map(drop)
    }

    async fn judge(
        &mut self,
        step: Step,
        limit: Duration,
        answer: Result<Result<Response, Error>, tokio::time::error::Elapsed>,
    ) -> Result<Response, DeliveryError> {
        match answer {
            Err(_) => Err(self.server.late(step, limit)),
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => {
                if error.status().is_some() {
                    // Politeness, which nothing depends on.
                    let _ = timeout(FAREWELL, self.inner.abort()).await;
                }
                Err(self.server.failed(step, &error))
            }
        }
    }
}

/// Connections that wait for the next mail.
pub(super) struct Pool {
    server: Arc<Server>,
    idle: Arc<Idle>,
    /// When connecting last failed, and why.
    failure: Mutex<Option<(Instant, DeliveryError)>>,
}

type Idle = Mutex<Vec<(Connection, Instant)>>;

impl Pool {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self { server, idle: Arc::default(), failure: Mutex::default() }
    }

    /// One that is ready: one that waits and is still alive, else a new one. A server that has just failed is not asked
    /// again at once: the other recipients of a mail would wait as long as the first, and a login that fails be repeated for each.
    pub(super) async fn take(&self) -> Result<Connection, DeliveryError> {
        while let Some(mut connection) = self.waiting() {
            let alive =
                timeout(self.server.command_timeout.min(Duration::from_secs(5)), connection.inner.command(Noop)).await;
            if matches!(alive, Ok(Ok(_))) {
                return Ok(connection);
            }
        }
        if let Some((at, error)) = &*self.failure.lock().unwrap_or_else(PoisonError::into_inner)
            && at.elapsed() < RESPITE
        {
            return Err(error.clone());
        }
        let opened = Connection::open(&self.server).await;
        let failure = opened.as_ref().err().map(|error| (Instant::now(), error.clone()));
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        opened
    }

    fn waiting(&self) -> Option<Connection> {
        close_old(&self.idle);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().map(|(connection, _)| connection)
    }

    pub(super) fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((connection, Instant::now()));
        let idle: Weak<Idle> = Arc::downgrade(&self.idle);
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            if let Some(idle) = idle.upgrade() {
                close_old(&idle);
            }
        });
    }
}

fn close_old(idle: &Idle) {
    idle.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, since)| since.elapsed() < IDLE);
}
