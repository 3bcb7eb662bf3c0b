//! What is composed is read again by a parser of other people, and has to be the same.

use actwright_runtime::outbox::Attachment;
use actwright_runtime::{Timestamp, Uuid};
use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::*;

fn mail() -> Mail {
    Mail {
        message_id: format!("<{}@quotes.example>", Uuid::nil()),
        date: Timestamp::parse("2026-01-02T03:04:05Z").unwrap(),
        to: vec!["dana@contoso.example".to_owned(), "billing@contoso.example".to_owned()],
        subject: "Quote QUO-0001".to_owned(),
        text: "Hello".to_owned(),
        html: None,
        attachments: Vec::new(),
        on_delivered: None,
    }
}

/// Composes with a file of some bytes where the mail has attachments.
fn composed(mail: &Mail, from: &str) -> Result<Vec<u8>, String> {
    let folder = tempfile::tempdir().unwrap();
    let files = FileStore::folder(folder.path()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for attachment in &mail.attachments {
            files.put(&attachment.path, b"%PDF-1.7".to_vec()).await.unwrap();
        }
        let from = sender(from).map_err(|error| error.message.into_owned())?;
        let message = compose(mail, from, &files).await.map_err(|error| error.message.into_owned())?;
        Ok(message.formatted())
    })
}

fn quote(file_name: &str) -> Attachment {
    Attachment { file_name: file_name.to_owned(), mime_type: "application/pdf".to_owned(), path: "q.pdf".to_owned() }
}

/// The names of all headers at the top.
fn headers(message: &[u8]) -> Vec<String> {
    let text = String::from_utf8(message.to_vec()).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    lines.map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

/// Text of all kinds, with what could break out of a header or a part more often than chance has it.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => any::<String>(),
        2 => "[ -~]{0,120}",
        1 => "[a-zA-Z]{50,200}",
        1 => Just("\r\nBcc: everybody@example.com\r\n".to_owned()),
        1 => Just("\n\n<script>".to_owned()),
        1 => Just("=?utf-8?q?hello?=".to_owned()),
        1 => Just("\r\n.\r\nMAIL FROM:<x@example.com>\r\n".to_owned()),
        1 => Just("\0".to_owned()),
        1 => Just("Größe 渡辺 🦀 \u{202e}\u{2028}".to_owned()),
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever somebody writes into a quote reaches the reader as it is, and nothing else of the mail changes.
    #[test]
    fn what_is_written_is_what_is_read(subject in any_text(), text in any_text(), html in any_text(), name in any_text()) {
        let mail = Mail {
            subject: subject.clone(),
            text: text.clone(),
            html: Some(html.clone()),
            attachments: vec![quote(&name)],
            ..mail()
        };
        let message = composed(&mail, "Angebote Größe <quotes@quotes.example>").unwrap();
        let expected = ["From", "Date", "Message-ID", "Subject", "To", "MIME-Version", "Content-Type"];
        prop_assert_eq!(headers(&message), expected);
        prop_assert!(message.is_ascii());
        let lines: Vec<&[u8]> = message.split(|byte| *byte == b'\n').collect();
        prop_assert!(lines.iter().all(|line| line.len() <= 999), "RFC 5322, 2.1.1");
        let head = message.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&message[..head]).unwrap();
        prop_assert!(head.lines().all(|line| line.len() <= 78), "{}", head);

        let parsed = MessageParser::default().parse(&message).unwrap();
        prop_assert_eq!(parsed.subject().unwrap_or_default(), one_line(&subject));
        prop_assert!(!parsed.subject().unwrap_or_default().contains(char::is_control));
        prop_assert_eq!(parsed.message_id(), Some("00000000-0000-0000-0000-000000000000@quotes.example"));
        prop_assert_eq!(parsed.date().unwrap().to_rfc3339(), "2026-01-02T03:04:05Z");
        let from = parsed.from().and_then(|from| from.first()).unwrap();
        prop_assert_eq!((from.name(), from.address()), (Some("Angebote Größe"), Some("quotes@quotes.example")));
        let to: Vec<_> = parsed.to().unwrap().iter().filter_map(|to| to.address()).collect();
        prop_assert_eq!(to, ["dana@contoso.example", "billing@contoso.example"]);
        let lines = |text: &str| text.replace("\r\n", "\n").trim_end_matches('\n').to_owned();
        prop_assert_eq!(lines(&parsed.body_text(0).unwrap_or_default()), lines(&body(&text)));
        prop_assert_eq!(lines(&parsed.body_html(0).unwrap_or_default()), lines(&body(&html)));
        prop_assert_eq!(parsed.attachment_count(), 1);
        let attachment = parsed.attachment(0).unwrap();
        prop_assert_eq!(attachment.attachment_name().unwrap_or_default(), file_name(&name));
        prop_assert!(!file_name(&name).contains(|c: char| c.is_control() || c == '/' || c == '"'));
        prop_assert_eq!(attachment.contents(), b"%PDF-1.7");
    }

    /// Nothing that is no address reaches the server, whoever stored it.
    #[test]
    fn only_addresses_are_written_to(to in prop_oneof![any_text(), "[a-z<>, \r\n]{0,5}@[a-z.<>]{0,9}"]) {
        let written = composed(&Mail { to: vec![to.clone()], ..mail() }, "quotes@quotes.example");
        match written {
            Ok(message) => {
                prop_assert!(is_email(&to));
                let parsed = MessageParser::default().parse(&message).unwrap();
                prop_assert_eq!(parsed.to().and_then(|to| to.first()).and_then(|to| to.address()), Some(to.as_str()));
            }
            Err(message) => {
                prop_assert!(!is_email(&to));
                prop_assert!(!message.contains(['\r', '\n', '\0']));
            }
        }
    }
}

/// A subject of any length is folded, and one that looks encoded is not decoded.
#[test]
fn subjects_of_all_kinds_are_read_as_they_are() {
    for subject in [
        "",
        "Angebot für Größe — 渡辺",
        "=?utf-8?q?nothing?= to decode",
        "a word ".repeat(120).trim_end(),
        &"unbroken".repeat(200),
    ] {
        let message = composed(&Mail { subject: subject.to_owned(), ..mail() }, "quotes@quotes.example").unwrap();
        let parsed = MessageParser::default().parse(&message).unwrap();
        assert_eq!(parsed.subject().unwrap_or_default(), subject);
    }
}

/// Names of files come from numbers of quotes, which tenants format as they like.
#[test]
fn files_have_names_that_file_systems_take() {
    assert_eq!(file_name("Quote 2026/17: \"A\".pdf"), "Quote 2026-17- -A-.pdf");
    assert_eq!(file_name("../../etc/passwd"), "-..-etc-passwd");
    assert_eq!(file_name(" .\r\n "), "attachment");
}

/// What is refused is refused with a reason that its reader understands.
#[test]
fn refusals_say_why() {
    let to = |to: &str| composed(&Mail { to: vec![to.to_owned()], ..mail() }, "quotes@quotes.example").unwrap_err();
    assert_eq!(
        to("dana@bücher.example"),
        "The mail cannot be written: dana@bücher.example has letters outside ASCII: an international domain has to be written \
         in its ASCII form, xn--…."
    );
    assert_eq!(
        to("a@b\r\nBcc: c@d.example"),
        r"The mail cannot be written: a@b\r\nBcc: c@d.example is not an address."
    );
    for from in ["Quotes", "Quotes <quotes@bücher.example>", "Quotes\r\nBcc: x@y.example <quotes@quotes.example>"] {
        let said = composed(&mail(), from).unwrap_err();
        assert!(said.contains("is not an e-mail address") && !said.contains('\n'), "{said}");
    }
    let broken = Mail { message_id: "<a@b>\r\nBcc: c@d.example".to_owned(), ..mail() };
    let said = composed(&broken, "quotes@quotes.example").unwrap_err();
    assert_eq!(said, r"The mail cannot be written: <a@b>\r\nBcc: c@d.example is not a Message-ID.");
}
