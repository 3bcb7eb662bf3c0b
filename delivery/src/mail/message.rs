//! A mail as it goes over the wire.

use actwright_runtime::outbox::{DeliveryError, FileStore, Mail};
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};

/// The mail as it goes over the wire.
pub(super) async fn compose(mail: &Mail, from: Mailbox, files: &FileStore) -> Result<Message, DeliveryError> {
    let refused = |what: String| DeliveryError::permanent(format!("The mail cannot be written: {what}."));
    let mut message = Message::builder().from(from).subject(&mail.subject).message_id(Some(mail.message_id.clone()));
    for address in &mail.to {
        message = message.to(address.parse().map_err(|_| refused(format!("{address} is not an address")))?);
    }
    let mut parts = match &mail.html {
        None => MultiPart::mixed().singlepart(SinglePart::plain(mail.text.clone())),
        Some(html) => MultiPart::mixed().multipart(MultiPart::alternative_plain_html(mail.text.clone(), html.clone())),
    };
    for attachment in &mail.attachments {
        let mime = ContentType::parse(&attachment.mime_type)
            .map_err(|_| refused(format!("{} is not a media type", attachment.mime_type)))?;
        let bytes = files.get(&attachment.path).await?;
        parts = parts.singlepart(Attachment::new(attachment.file_name.clone()).body(bytes, mime));
    }
    message.multipart(parts).map_err(|error| refused(error.to_string()))
}
