//! Mail.

use std::time::Duration;

use actwright_delivery::mail::{FileMailer, SmtpSettings, SmtpTls};
use actwright_runtime::template::Templates;

use super::Problem;
use super::key::{Key, Kind};
use super::values::Values;

const LONGEST: Duration = Duration::from_secs(600);

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "mail.transport",
        Kind::Choice(&["file", "smtp"]),
        "Where mails go: `file` writes them into the folder `mail` of `data`, `smtp` hands them to a server. Without it: `smtp` \
         where `mail.smtp.host` is set, else `file`.",
    ),
    Key::new(
        "mail.from",
        Kind::Text,
        "Who mails come from: an address, with or without a name before it. Message-IDs end with its domain.",
    )
    .default("Quotes <quotes@localhost.localdomain>"),
    Key::new(
        "mail.templates",
        Kind::Path,
        "A folder of templates that replace what mails say: `TENANT/quote.{subject,txt,html}`, and `default/…` for all tenants. \
         They are read and tried at the start.",
    ),
    Key::new(
        "mail.smtp.host",
        Kind::Text,
        "Name or IP address of the SMTP server. Its certificate has to be for this name.",
    ),
    Key::new(
        "mail.smtp.port",
        Kind::Number(1, 65535),
        "Its port. Without it: 465 with implicit TLS, 587 with STARTTLS, 25 without TLS.",
    ),
    Key::new(
        "mail.smtp.tls",
        Kind::Choice(&["implicit", "starttls", "none"]),
        "`implicit`: encrypted from the start. `starttls`: encrypted after the greeting; a server that does not offer it gets no \
         mail. `none`: not at all, for a server on this machine or in a network that is trusted.",
    )
    .default("implicit"),
    Key::new(
        "mail.smtp.ca_file",
        Kind::Path,
        "Certificates in PEM that the server's is checked against, in place of those of the public authorities: for a server \
         with a private or self-signed certificate.",
    ),
    Key::new("mail.smtp.user", Kind::Text, "Who logs in. Without it nobody does."),
    Key::new("mail.smtp.password", Kind::Secret, "The password of the user."),
    Key::new(
        "mail.smtp.hello_name",
        Kind::Text,
        "The name under which this machine introduces itself to the server. Without it: its host name.",
    ),
    Key::new(
        "mail.smtp.connect_timeout",
        Kind::Duration(Duration::from_millis(100), LONGEST),
        "How long connecting may take, encryption and login included.",
    )
    .default("10s"),
    Key::new(
        "mail.smtp.command_timeout",
        Kind::Duration(Duration::from_millis(100), LONGEST),
        "How long the answer to a command may take. The answer to the mail itself may take what is left of \
         `delivery.timeout`: a server that takes a mail and answers later gets it again.",
    )
    .default("20s"),
    Key::new(
        "mail.smtp.connections",
        Kind::Number(1, 100),
        "At most this many connections to the server at once.",
    )
    .default("4"),
];

/// Mail.
#[derive(Debug)]
pub struct Mail {
    pub from: String,
    /// What replaces the built-in texts.
    pub templates: Templates,
    /// Absent where mails go into files.
    pub smtp: Option<SmtpSettings>,
}

impl Mail {
    pub(super) fn read(values: &mut Values) -> Self {
        let smtp = values.maybe_text("mail.smtp.host");
        let smtp = match values.maybe_text("mail.transport").as_deref() {
            Some("file") => None,
            Some(_) if smtp.is_none() => {
                values.refuse("mail.transport", "is smtp, so mail.smtp.host has to be set");
                None
            }
            None if smtp.is_none() => {
                // Mails would go into files, which nobody expects who has set up a server.
                let set = KEYS.iter().find(|key| key.path.starts_with("mail.smtp.") && values.is_set(key.path));
                if let Some(key) = set {
                    values.refuse(key.path, "is of no use without mail.smtp.host");
                }
                None
            }
            _ => smtp,
        };
        let smtp = smtp.map(|host| Self::smtp(values, host));
        if smtp.is_some() && !values.is_set("mail.from") {
            values.refuse("mail.from", "is missing: mails that go to a server need a sender");
        }
        let from = values.text("mail.from");
        if let Err(error) = FileMailer::new("mail", &from) {
            values.refuse("mail.from", error.message.trim_end_matches('.'));
        }
        Self { from, templates: Self::templates(values), smtp }
    }

    fn templates(values: &mut Values) -> Templates {
        let Some(folder) = values.path("mail.templates") else { return Templates::default() };
        Templates::read(&folder, actwright_actions::MAIL_TEMPLATES).unwrap_or_else(|problems| {
            for problem in problems {
                values.report(Problem::new(problem.location(), Some("mail.templates"), problem.message));
            }
            Templates::default()
        })
    }

    fn smtp(values: &mut Values, host: String) -> SmtpSettings {
        let settings = SmtpSettings {
            host,
            port: Some(values.number("mail.smtp.port")).filter(|port| *port > 0).and_then(|port| port.try_into().ok()),
            tls: match values.text("mail.smtp.tls").as_str() {
                "none" => SmtpTls::None,
                "starttls" => SmtpTls::Starttls,
                _ => SmtpTls::Implicit,
            },
            ca_file: values.path("mail.smtp.ca_file"),
            user: values.maybe_text("mail.smtp.user"),
            password: values.secret("mail.smtp.password"),
            hello_name: values.maybe_text("mail.smtp.hello_name"),
            connect_timeout: values.duration("mail.smtp.connect_timeout"),
            command_timeout: values.duration("mail.smtp.command_timeout"),
            connections: usize::try_from(values.number("mail.smtp.connections")).unwrap_or(1),
        };
        if let Some((field, what)) = settings.problem() {
            values.refuse(&format!("mail.smtp.{field}"), what);
        }
        let whole = values.duration("delivery.timeout");
        for key in ["mail.smtp.connect_timeout", "mail.smtp.command_timeout"] {
            if values.duration(key) > whole {
                values.refuse(key, "is longer than delivery.timeout, which ends the attempt before");
            }
        }
        settings
    }
}
