//! How the SMTP server is reached.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use crate::Secret;

/// An SMTP server that takes mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    /// Name or IP address of the server. Its certificate has to be for this name.
    pub host: String,
    /// The port. By default 465 with implicit TLS, 587 with STARTTLS, 25 with neither.
    pub port: Option<u16>,
    /// Whether the connection is encrypted. From its start by default.
    pub tls: SmtpTls,
    /// Certificates in PEM that the server's is checked against, in place of those of the public authorities: for a server with
    /// a private or self-signed certificate.
    pub ca_file: Option<PathBuf>,
    /// Who logs in. Nobody when it is left out.
    pub user: Option<String>,
    /// The password of the user.
    pub password: Option<Secret>,
    /// The name under which this machine introduces itself. The machine's own name by default.
    pub hello_name: Option<String>,
    /// How long connecting may take, encryption and login included. 10 seconds by default.
    pub connect_timeout: Duration,
    /// How long the answer to a command may take. 20 seconds by default. The answer to the mail itself may take as long as a
    /// delivery may: a server that has taken a mail and answers too late gets it again.
    pub command_timeout: Duration,
    /// At most so many connections at once; others wait for one. 4 by default.
    pub connections: usize,
}

/// Whether the connection is encrypted. What is asked for is never done without.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the start.
    #[default]
    Implicit,
    /// After the greeting, before anything that matters is said. A server that does not offer it gets no mail.
    Starttls,
    /// Not at all: for servers on this machine or in a network that is trusted.
    None,
}

/// A setting that cannot be used: its name, and what is wrong with it.
pub(super) type Wrong = (&'static str, String);

/// What of the settings is used, checked.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: SmtpTls,
    /// Absent where nothing is encrypted.
    pub(super) parameters: Option<TlsParameters>,
    pub(super) credentials: Option<Credentials>,
    pub(super) user: String,
    /// What no message may show.
    pub(super) password: Option<Secret>,
    pub(super) hello: ClientId,
    pub(super) connect_timeout: Duration,
    pub(super) command_timeout: Duration,
    pub(super) connections: usize,
}

impl SmtpSettings {
    /// A server with all else by default.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            tls: SmtpTls::default(),
            ca_file: None,
            user: None,
            password: None,
            hello_name: None,
            connect_timeout: Duration::from_secs(10),
            command_timeout: Duration::from_secs(20),
            connections: 4,
        }
    }

    /// What is wrong with the settings: the name of one that cannot be used, and why.
    pub fn problem(&self) -> Option<(&'static str, String)> {
        self.server().err()
    }

    /// Checks everything.
    pub(super) fn server(&self) -> Result<Server, Wrong> {
        let wrong = |field, what: &str| Err((field, what.to_owned()));
        if !is_host(&self.host) {
            return wrong("host", "expected the name or the IP address of a server, such as smtp.example.com");
        }
        if self.ca_file.is_some() && self.tls == SmtpTls::None {
            return wrong("ca_file", "is of no use without TLS");
        }
        let credentials = match (&self.user, &self.password) {
            (Some(user), _) if user.is_empty() => return wrong("user", "is empty; leave it out to not log in"),
            (Some(_), None) => return wrong("password", "is missing: the user needs one"),
            (None, Some(_)) => return wrong("user", "is missing: there is a password"),
            (Some(user), Some(password)) => Some(Credentials::new(user.clone(), password.reveal().to_owned())),
            (None, None) => None,
        };
        if credentials.is_some() && self.tls == SmtpTls::None && !is_loopback(&self.host) {
            return wrong("tls", "none would send the password readable to another machine: use implicit or starttls");
        }
        let hello = match &self.hello_name {
            Some(name) if is_host(name) => ClientId::Domain(name.clone()),
            Some(_) => return wrong("hello_name", "expected a host name, such as app.example.com"),
            None => ClientId::default(),
        };
        if self.connections == 0 {
            return wrong("connections", "expected at least 1");
        }
        Ok(Server {
            host: self.host.clone(),
            port: self.port.unwrap_or(match self.tls {
                SmtpTls::Implicit => 465,
                SmtpTls::Starttls => 587,
                SmtpTls::None => 25,
            }),
            tls: self.tls,
            parameters: self.parameters()?,
            credentials,
            user: self.user.clone().unwrap_or_default(),
            password: self.password.clone(),
            hello,
            connect_timeout: self.connect_timeout,
            command_timeout: self.command_timeout,
            connections: self.connections,
        })
    }

    fn parameters(&self) -> Result<Option<TlsParameters>, Wrong> {
        if self.tls == SmtpTls::None {
            return Ok(None);
        }
        let mut builder = TlsParameters::builder(self.host.clone()).certificate_store(CertificateStore::WebpkiRoots);
        if let Some(path) = &self.ca_file {
            let unusable = |what: &str| ("ca_file", format!("{} {what}", path.display()));
            let pem = std::fs::read(path).map_err(|error| unusable(&format!("cannot be read: {}", error.kind())))?;
            if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
                return Err(unusable("has no certificate in PEM"));
            }
            let certificate =
                Certificate::from_pem(&pem).map_err(|_| unusable("has a certificate that cannot be read"))?;
            builder = builder.certificate_store(CertificateStore::None).add_root_certificate(certificate);
        }
        let built = builder.build().map_err(|_| match &self.ca_file {
            Some(path) => ("ca_file", format!("{} has a certificate that cannot be used", path.display())),
            None => ("tls", "cannot be set up".to_owned()),
        });
        built.map(Some)
    }
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(fits)
    };
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.trim_end_matches('.').split('.').all(label))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl FnOnce(&mut SmtpSettings)) -> String {
        let mut settings = SmtpSettings::new("smtp.example.com");
        change(&mut settings);
        settings.problem().map(|(field, what)| format!("{field}: {what}")).unwrap_or_default()
    }

    /// Whoever set it up reads which key is wrong, and what would be right.
    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(refusal(|_| {}), "");
        assert_eq!(
            refusal(|s| s.host = "smtp example".into()),
            "host: expected the name or the IP address of a server, such as smtp.example.com"
        );
        assert_eq!(refusal(|s| s.user = Some("me".into())), "password: is missing: the user needs one");
        assert_eq!(refusal(|s| s.password = Some("x".into())), "user: is missing: there is a password");
        assert_eq!(refusal(|s| s.connections = 0), "connections: expected at least 1");
        assert_eq!(
            refusal(|s| s.hello_name = Some("me\r\nMAIL FROM:<>".into())),
            "hello_name: expected a host name, such as app.example.com"
        );
    }

    /// A password does not cross a network in the clear, and a file of certificates that has none is seen at the start.
    #[test]
    fn what_is_unsafe_is_refused() {
        let login = |s: &mut SmtpSettings| {
            (s.tls, s.user, s.password) = (SmtpTls::None, Some("me".into()), Some("hunter2".into()));
        };
        let said = refusal(login);
        assert_eq!(said, "tls: none would send the password readable to another machine: use implicit or starttls");
        let here = refusal(|s| {
            login(s);
            s.host = "127.0.0.1".into();
        });
        assert_eq!(here, "");
        let file = tempfile::NamedTempFile::new().unwrap();
        let said = refusal(|s| s.ca_file = Some(file.path().into()));
        assert!(said.starts_with("ca_file: ") && said.ends_with("has no certificate in PEM"), "{said}");
    }

    /// Settings are logged and shown when somebody debugs.
    #[test]
    fn a_password_is_not_shown() {
        let mut settings = SmtpSettings::new("smtp.example.com");
        settings.password = Some("hunter2".into());
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
