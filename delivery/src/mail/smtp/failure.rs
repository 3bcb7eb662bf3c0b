//! What went wrong on the way to the server, for the outbox and whoever looks at it.

use actwright_runtime::outbox::DeliveryError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::Error;

use super::settings::Server;
use crate::mail::message::one_line;

/// At which point it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Until the server is ready for a mail. Whatever fails here is about the set-up, not about this mail, so it is tried again.
    Connect,
    /// The server's name for the sender, the recipient and the content of a mail. A final refusal here is about this mail.
    Sender,
    Recipient,
    Content,
}

impl Step {
    fn spoken(self) -> &'static str {
        match self {
            Self::Connect => "the connection",
            Self::Sender => "the sender",
            Self::Recipient => "the recipient",
            Self::Content => "the mail",
        }
    }
}

/// An answer of a server is kept no longer than this.
const LONGEST: usize = 400;

impl Server {
    /// A failure that the server or the network reported.
    pub(super) fn failed(&self, step: Step, error: &Error) -> DeliveryError {
        let said = self.readable(&cause(error).map(ToString::to_string).unwrap_or_default());
        let (place, what) = (self.place(), step.spoken());
        let Some(code) = error.status().map(u16::from) else {
            return DeliveryError::temporary(match error {
                _ if error.is_response() => format!("{place} closed the connection or said what is no SMTP: {said}."),
                _ => format!("{place}: {said}."),
            });
        };
        let message = format!("{place} refused {what}: {code} {said}");
        if error.is_permanent() && step != Step::Connect && !is_about_login(code) {
            DeliveryError::permanent(message)
        } else {
            DeliveryError::temporary(message)
        }
    }

    /// It took too long.
    pub(super) fn late(&self, step: Step, limit: std::time::Duration) -> DeliveryError {
        let what = match step {
            Step::Connect => "was not ready",
            _ => "did not answer",
        };
        DeliveryError::temporary(format!("{} {what} within {} s.", self.place(), limit.as_secs()))
    }

    /// Something else that keeps every mail from this server.
    pub(super) fn unfit(&self, what: &str) -> DeliveryError {
        DeliveryError::temporary(format!("{} {what}.", self.place()))
    }

    fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// One line of bounded length, without the password, which a server may repeat.
    pub(super) fn readable(&self, said: &str) -> String {
        let mut said = one_line(said);
        for secret in self.secrets() {
            said = said.replace(&secret, "…");
        }
        if let Some((end, _)) = said.char_indices().nth(LONGEST) {
            said.truncate(end);
            said.push('…');
        }
        said.trim_end_matches('.').to_owned()
    }

    /// The password, as it is and as it goes over the wire.
    fn secrets(&self) -> Vec<String> {
        let Some(password) = self.password.as_ref().map(|password| password.reveal()) else { return Vec::new() };
        let user = &self.user;
        vec![STANDARD.encode(format!("\0{user}\0{password}")), STANDARD.encode(password), password.to_owned()]
    }
}

/// What all others of the chain say, too.
fn cause(error: &Error) -> Option<&(dyn std::error::Error + 'static)> {
    std::iter::successors(std::error::Error::source(error), |error| error.source()).last()
}

/// A server that wants a login, or another one: 530, 534, 535, 538.
fn is_about_login(code: u16) -> bool {
    matches!(code, 530 | 534 | 535 | 538)
}
