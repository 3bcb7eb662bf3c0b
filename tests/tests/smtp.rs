//! Mails to a real SMTP server: what it takes, what it refuses, and what goes wrong on the way.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use actwright_delivery::mail::{SmtpMailer, SmtpSettings, SmtpTls};
use actwright_runtime::outbox::{Attachment, DeliveryError, FileStore, Mail, Retry};
use actwright_runtime::{Timestamp, Uuid};
use actwright_tests::smtp::SmtpServer;
use serde_json::{Value, json};

static SERVER: LazyLock<SmtpServer> = LazyLock::new(|| SmtpServer::start().unwrap());

fn mail(to: &str) -> Mail {
    Mail {
        message_id: format!("<{}@quotes.example>", Uuid::now_v7()),
        date: Timestamp::parse("2026-01-02T03:04:05Z").unwrap(),
        to: vec![to.to_owned(), "somebody@contoso.example".to_owned()],
        subject: "Angebot für Größe — 渡辺".to_owned(),
        text: "Guten Tag,\n.\nein Punkt allein endet nichts.".to_owned(),
        html: Some("<p>Grüße</p>".to_owned()),
        attachments: vec![Attachment {
            file_name: "Angebot Größe 17.pdf".to_owned(),
            mime_type: "application/pdf".to_owned(),
            path: "q.pdf".to_owned(),
        }],
        on_delivered: None,
    }
}

fn mailer(settings: &SmtpSettings) -> SmtpMailer {
    SmtpMailer::new(settings, "Angebote Größe <quotes@quotes.example>").unwrap()
}

async fn send(mailer: &SmtpMailer, mail: &Mail) -> Result<String, DeliveryError> {
    let folder = tempfile::tempdir().unwrap();
    let files = FileStore::folder(folder.path()).unwrap();
    files.put("q.pdf", b"%PDF-1.7".to_vec()).await.unwrap();
    mailer.deliver(mail, &mail.to[0], &files).await
}

/// Sends to a recipient of the unencrypted listener.
async fn send_to(recipient: &str) -> Result<String, DeliveryError> {
    let mut settings = SERVER.settings("plain");
    settings.command_timeout = Duration::from_secs(1);
    send(&mailer(&settings), &mail(recipient)).await
}

/// What the server read last for a recipient; its report may come a little after its answer.
async fn read_for(recipient: &str) -> Value {
    for _ in 0..200 {
        if let Some(mail) = SERVER.mails().into_iter().rfind(|mail| mail["rcpt_to"][0] == recipient) {
            return mail;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the server read nothing for {recipient}")
}

fn place(listener: &str) -> String {
    format!("localhost:{}", SERVER.settings(listener).port.unwrap())
}

/// A parser of other people, behind a server of other people, reads what was written.
#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let mail = mail("dana@contoso.example");
    let answer = send(&mailer(&SERVER.settings("plain")), &mail).await.unwrap();
    assert_eq!(answer, "250 2.0.0 Taken as dana@contoso.example");
    let read = read_for("dana@contoso.example").await;
    assert_eq!((&read["mail_from"], &read["encrypted"]), (&json!("quotes@quotes.example"), &json!(false)));
    assert_eq!(read["rcpt_to"], json!(["dana@contoso.example"]), "each recipient has a transaction of its own");
    assert_eq!(read["to"], json!(["dana@contoso.example", "somebody@contoso.example"]), "and sees all");
    assert_eq!(read["message_id"], mail.message_id);
    assert_eq!(read["date"], "Fri, 02 Jan 2026 03:04:05 +0000");
    assert_eq!(read["sender"], "Angebote Größe <quotes@quotes.example>");
    assert_eq!(read["subject"], mail.subject);
    let parts = read["parts"].as_array().unwrap();
    let types: Vec<&Value> = parts.iter().map(|part| &part["type"]).collect();
    assert_eq!(types, ["text/plain", "text/html", "application/pdf"]);
    assert_eq!(parts[0]["text"].as_str().unwrap().trim_end().replace("\r\n", "\n"), mail.text);
    assert_eq!(parts[1]["text"].as_str().unwrap().trim_end(), "<p>Grüße</p>");
    assert_eq!((&parts[2]["file"], &parts[2]["begins"]), (&json!("Angebot Größe 17.pdf"), &json!("%PDF-")));
}

/// A final refusal is not tried again, one for now is, and operators read what the server said.
#[tokio::test]
async fn refusals_are_final_or_for_now() {
    let place = place("plain");
    for (recipient, retry, said) in [
        ("gone@x.example", Retry::Never, "refused the recipient: 550 5.1.1 No such user here"),
        ("full@x.example", Retry::Never, "refused the recipient: 552 5.2.2 The mailbox is full and stays so"),
        ("later@x.example", Retry::Backoff, "refused the recipient: 451 4.7.1 Greylisted, try again later"),
        ("spam@x.example", Retry::Never, "refused the mail: 554 5.7.1 Looks like spam"),
        ("busy@x.example", Retry::Backoff, "refused the mail: 452 4.3.1 Insufficient system storage"),
    ] {
        let error = send_to(recipient).await.unwrap_err();
        assert_eq!((error.retry, error.message.as_ref()), (retry, format!("{place} {said}").as_str()));
    }
    let error = send_to("rude@x.example").await.unwrap_err();
    assert!(error.message.chars().count() < 500 && !error.message.contains(char::is_control), "{error:?}");
}

/// Who may not send, or not without a login, is about the sender: the first is final, the second is mended by whoever set it up.
#[tokio::test]
async fn a_refused_sender_is_told_from_a_missing_login() {
    for (from, retry) in [("refused@x.example", Retry::Never), ("stranger@x.example", Retry::Backoff)] {
        let mailer = SmtpMailer::new(&SERVER.settings("plain"), from).unwrap();
        let error = send(&mailer, &mail("dana@x.example")).await.unwrap_err();
        assert!(error.retry == retry && error.message.contains("refused the sender"), "{error:?}");
    }
}

/// Greylisting servers take a mail when it comes again.
#[tokio::test]
async fn a_greylisted_mail_goes_out_the_second_time() {
    assert_eq!(send_to("grey@x.example").await.unwrap_err().retry, Retry::Backoff);
    send_to("grey@x.example").await.unwrap();
    assert_eq!(SERVER.taken_in_time("grey@x.example").await.len(), 1);
}

/// When the connection goes after DATA it is not known whether the server has the mail: it goes again with the same id, by
/// which the recipient's side can tell.
#[tokio::test]
async fn a_connection_that_is_dropped_after_data_is_tried_again_with_the_same_id() {
    for (recipient, copies) in [("lost@x.example", 1), ("kept@x.example", 2)] {
        let mailer = mailer(&SERVER.settings("plain"));
        let mail = mail(recipient);
        let error = send(&mailer, &mail).await.unwrap_err();
        assert_eq!(error.retry, Retry::Backoff, "{error:?}");
        send(&mailer, &mail).await.unwrap();
        let taken = SERVER.taken_in_time(recipient).await;
        assert_eq!(taken.len(), copies, "{recipient}");
        assert!(taken.iter().all(|read| read["message_id"] == mail.message_id));
    }
}

/// A server that hangs holds a delivery up for the time that was set, not for ever.
#[tokio::test]
async fn silence_is_a_failure_for_now() {
    let mut silent = SERVER.settings("silent");
    silent.connect_timeout = Duration::from_secs(1);
    let begun = Instant::now();
    let error = send(&mailer(&silent), &mail("dana@x.example")).await.unwrap_err();
    assert_eq!(error, DeliveryError::temporary(format!("{} was not ready within 1 s.", place("silent"))));
    // The next recipients do not wait as long again.
    let mailer_to_nobody = mailer(&silent);
    for _ in 0..50 {
        assert!(send(&mailer_to_nobody, &mail("dana@x.example")).await.is_err());
    }
    assert!(begun.elapsed() < Duration::from_secs(40), "each by itself would take a second");
    let error = send_to("mute@x.example").await.unwrap_err();
    assert_eq!(error, DeliveryError::temporary(format!("{} did not answer within 1 s.", place("plain"))));
    assert!(begun.elapsed() < Duration::from_secs(20), "without the limits it would be an hour");

    let mut nobody = SERVER.settings("plain");
    nobody.port = Some(1);
    let error = send(&mailer(&nobody), &mail("dana@x.example")).await.unwrap_err();
    assert!(error.retry == Retry::Backoff && error.message.contains("Connection refused"), "{error:?}");
}

/// A delivery that was given up while the server thought about the mail leaves nothing behind: the next mail does not read its
/// answer and is not taken for sent.
#[tokio::test]
async fn a_delivery_that_was_given_up_spoils_no_other() {
    let mut settings = SERVER.settings("plain");
    settings.connections = 1;
    let mailer = mailer(&settings);
    let slow = mail("slow@x.example");
    let given_up = tokio::time::timeout(Duration::from_millis(300), send(&mailer, &slow)).await;
    assert!(given_up.is_err(), "the server takes a second");
    let error = send(&mailer, &mail("gone-after@x.example")).await.unwrap_err();
    assert!(error.message.contains("550 5.1.1"), "{error:?}");
    send(&mailer, &mail("dana-after@x.example")).await.unwrap();
    assert_eq!(read_for("dana-after@x.example").await["rcpt_to"], json!(["dana-after@x.example"]));
}

/// Connecting, encrypting and logging in are done once for several mails; one that the server closed is noticed.
#[tokio::test]
async fn connections_are_used_again() {
    let mailer = mailer(&SERVER.settings("plain"));
    for recipient in ["again-1@x.example", "again-2@x.example"] {
        send(&mailer, &mail(recipient)).await.unwrap();
    }
    let peers =
        [read_for("again-1@x.example").await, read_for("again-2@x.example").await].map(|read| read["peer"].clone());
    assert_eq!(peers[0], peers[1]);
    // The mailbox that is dropped takes the waiting connection with it, and the next mail a new one.
    send(&mailer, &mail("kept-again@x.example")).await.unwrap_err();
    send(&mailer, &mail("again-3@x.example")).await.unwrap();
    assert_ne!(read_for("again-3@x.example").await["peer"], peers[0]);
}

/// What was asked to be encrypted is, and only for the right server.
#[tokio::test]
async fn encryption_is_what_was_asked_for() {
    for listener in ["starttls", "implicit"] {
        let recipient = format!("{listener}@x.example");
        send(&mailer(&SERVER.settings(listener)), &mail(&recipient)).await.unwrap();
        assert_eq!(read_for(&recipient).await["encrypted"], true, "{listener}");

        type Change = fn(&mut SmtpSettings);
        let wrong: [(&str, Change); 3] = [
            ("public authorities only", |settings| settings.ca_file = None),
            ("another certificate", |settings| settings.ca_file = Some(SERVER.certificate("other"))),
            ("another name", |settings| settings.host = "127.0.0.1".to_owned()),
        ];
        for (what, change) in wrong {
            let mut settings = SERVER.settings(listener);
            change(&mut settings);
            let error = send(&mailer(&settings), &mail("nobody@x.example")).await.unwrap_err();
            assert_eq!(error.retry, Retry::Backoff, "{what}");
            assert!(error.message.contains("invalid peer certificate"), "{what}: {error:?}");
        }
    }
    let mut settings = SERVER.settings("plain");
    settings.tls = SmtpTls::Starttls;
    let error = send(&mailer(&settings), &mail("nobody@x.example")).await.unwrap_err();
    let said = format!("{} does not offer STARTTLS, so it gets no mail.", place("plain"));
    assert_eq!(error, DeliveryError::temporary(said));
    // Each speaks first what the other does not expect: no delivery, and no hanging.
    settings.tls = SmtpTls::Implicit;
    settings.connect_timeout = Duration::from_secs(2);
    assert_eq!(send(&mailer(&settings), &mail("nobody@x.example")).await.unwrap_err().retry, Retry::Backoff);
    assert!(SERVER.mails().iter().all(|read| read["rcpt_to"][0] != "nobody@x.example"));
}

/// A login is made with what the server offers; a wrong password keeps mails waiting, is no reason to give them up, and is not
/// repeated to anybody.
#[tokio::test]
async fn logins_work_and_passwords_stay_secret() {
    let with = |listener: &str, password: &str| {
        let mut settings = SERVER.settings(listener);
        (settings.user, settings.password) = (Some("quotes".to_owned()), Some(password.into()));
        settings
    };
    for listener in ["login", "login_only"] {
        let recipient = format!("{listener}@x.example");
        send(&mailer(&with(listener, "correct horse")), &mail(&recipient)).await.unwrap();
        assert_eq!(read_for(&recipient).await["login"], "quotes");

        let error = send(&mailer(&with(listener, "battery staple")), &mail("nobody@x.example")).await.unwrap_err();
        assert_eq!(error.retry, Retry::Backoff);
        assert_eq!(error.message, format!("{} refused the connection: 535 5.7.8 Wrong password …", place(listener)));
    }
    let mailer = mailer(&SERVER.settings("login"));
    let error = send(&mailer, &mail("nobody@x.example")).await.unwrap_err();
    assert!(error.retry == Retry::Backoff && error.message.contains("530"), "{error:?}");
    let error = send(&self::mailer(&with("plain", "correct horse")), &mail("nobody@x.example")).await.unwrap_err();
    assert_eq!(error.message, format!("{} offers no login with PLAIN or LOGIN.", place("plain")));
    assert!(!format!("{:?}", self::mailer(&with("login", "correct horse"))).contains("horse"));
}
