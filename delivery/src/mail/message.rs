//! A mail as it goes over the wire.

use std::time::{Duration, UNIX_EPOCH};

use actwright_runtime::decode::is_email;
use actwright_runtime::outbox::{DeliveryError, FileStore, Mail};
use actwright_runtime::{Error, Result as RuntimeResult};
use email_encoding::headers::rfc2047;
use email_encoding::headers::writer::EmailWriter;
use lettre::Address;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};

/// The mail as it goes over the wire. Whatever its texts hold, they cannot add a header or a part.
pub(super) async fn compose(mail: &Mail, from: Mailbox, files: &FileStore) -> Result<Message, DeliveryError> {
    let micros = u64::try_from(mail.date.micros()).unwrap_or_default();
    let mut message = Message::builder()
        .from(from)
        .date(UNIX_EPOCH + Duration::from_micros(micros))
        .message_id(Some(message_id(&mail.message_id)?))
        .header(Subject(one_line(&mail.subject)));
    for to in &mail.to {
        message = message.to(address(to)?.into());
    }
    let text = SinglePart::plain(body(&mail.text));
    let mut parts = match &mail.html {
        None => MultiPart::mixed().singlepart(text),
        Some(html) => {
            let both = MultiPart::alternative().singlepart(text).singlepart(SinglePart::html(body(html)));
            MultiPart::mixed().multipart(both)
        }
    };
    for attachment in &mail.attachments {
        let mime = ContentType::parse(&attachment.mime_type)
            .map_err(|_| refused(format!("{} is not a media type", attachment.mime_type.escape_debug())))?;
        let bytes = files.get(&attachment.path).await?;
        parts = parts.singlepart(Attachment::new(file_name(&attachment.file_name)).body(bytes, mime));
    }
    message.multipart(parts).map_err(|error| refused(error.to_string()))
}

/// The address of a recipient.
pub(super) fn address(text: &str) -> Result<Address, DeliveryError> {
    let readable = || text.escape_debug().to_string();
    if !text.is_ascii() {
        let what = "has letters outside ASCII: an international domain has to be written in its ASCII form, xn--…";
        return Err(refused(format!("{} {what}", readable())));
    }
    let address = if is_email(text) { text.parse().ok() } else { None };
    address.ok_or_else(|| refused(format!("{} is not an address", readable())))
}

/// Who mails come from: an address, with or without a name before it.
pub(super) fn sender(text: &str) -> RuntimeResult<Mailbox> {
    let mailbox: Option<Mailbox> = text.parse().ok();
    let mailbox = mailbox.filter(|mailbox| is_email(mailbox.email.as_ref()) && !text.contains(char::is_control));
    mailbox.ok_or_else(|| {
        Error::validation(format!(
            "{} is not an e-mail address, with or without a name before it, such as Quotes <quotes@example.com>. An \
             international domain is written in its ASCII form, xn--….",
            text.escape_debug()
        ))
    })
}

fn refused(what: String) -> DeliveryError {
    DeliveryError::permanent(format!("The mail cannot be written: {what}."))
}

fn message_id(text: &str) -> Result<String, DeliveryError> {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let fits = |id: &str| id.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>') && id.contains('@');
    match inner {
        Some(id) if fits(id) && id.len() < 900 => Ok(text.to_owned()),
        _ => Err(refused(format!("{} is not a Message-ID", text.escape_debug()))),
    }
}

/// A header is one line: runs of white space and of characters that have no place in it become blanks.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace() || ('\u{2028}'..='\u{2029}').contains(&c));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The name that a file is offered under: as it is, but for what file systems take for something else.
pub(super) fn file_name(text: &str) -> String {
    let name: String = one_line(text).chars().map(|c| if r#"/\:*?"<>|"#.contains(c) { '-' } else { c }).collect();
    match name.trim_matches(['.', ' ']) {
        "" => "attachment".to_owned(),
        name => name.to_owned(),
    }
}

/// Lines end alike, and characters that do not show are left out.
pub(super) fn body(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

/// The subject. Whatever is not plain ASCII, would be read as encoded, or has no place to fold, is encoded as a whole.
#[derive(Debug, Clone)]
struct Subject(String);

impl Header for Subject {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Subject")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        /// A line of a message has no more than 78 characters where that can be had.
        const LONGEST_WORD: usize = 60;
        let name = Self::name();
        let plain =
            self.0.is_ascii() && !self.0.contains("=?") && self.0.split(' ').all(|word| word.len() <= LONGEST_WORD);
        if plain {
            return HeaderValue::new(name, self.0.clone());
        }
        let mut encoded = String::new();
        let line = "Subject: ".len();
        // Writing into a string does not fail.
        let _ = rfc2047::encode(&self.0, &mut EmailWriter::new(&mut encoded, line, 0, false));
        HeaderValue::dangerous_new_pre_encoded(name, self.0.clone(), encoded)
    }
}

#[cfg(test)]
mod tests;
