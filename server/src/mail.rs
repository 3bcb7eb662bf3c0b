//! `actwright mail`: tries how mails leave.

use actwright_delivery::mail::{FileMailer, SmtpMailer};
use actwright_runtime::outbox::{DeliveryError, FileStore, Mail, Mailer};
use actwright_runtime::{Timestamp, Uuid};
use serde_json::json;

use crate::cli::MailCommand;
use crate::failure::Failure;
use crate::open;
use crate::terminal::{good, say};

pub async fn run(command: MailCommand, json: bool) -> Result<(), Failure> {
    let MailCommand::Test { to, settings } = command;
    let config = open::config(&settings)?;
    let data = open::data_folder(&config);
    let files = FileStore::folder(&data.join("documents"))?;
    let refused = |error: DeliveryError| Failure::CannotRun(format!("The mail did not leave: {error}"));
    let from = &config.mail.from;
    let (message_id, answer) = match &config.mail.smtp {
        Some(settings) => {
            let mailer = SmtpMailer::new(settings, from)?;
            let mail = test_mail(&to, mailer.domain());
            (mail.message_id.clone(), mailer.deliver(&mail, &to, &files).await.map_err(refused)?)
        }
        None => {
            let folder = data.join("mail");
            let mailer = FileMailer::new(&folder, from)?;
            let mail = test_mail(&to, mailer.domain());
            mailer.send(&mail, &to, &files).await.map_err(refused)?;
            (mail.message_id, format!("written into {}: mail.transport is file", folder.display()))
        }
    };
    if json {
        return say(json!({ "to": to, "message_id": message_id, "answer": answer }));
    }
    say(format!("{} {answer}", good("Taken:")))?;
    say(format!("Message-ID: {message_id}"))
}

fn test_mail(to: &str, domain: &str) -> Mail {
    Mail {
        message_id: format!("<{}@{domain}>", Uuid::now_v7()),
        date: Timestamp::now(),
        to: vec![to.to_owned()],
        subject: "Test mail of Actwright".to_owned(),
        text: "This mail shows that mails leave as they are configured to.\n".to_owned(),
        html: Some("<p>This mail shows that mails leave as they are configured to.</p>\n".to_owned()),
        attachments: Vec::new(),
        on_delivered: None,
    }
}
