//! A quote on its way to its readers, through a real SMTP server: what it says of itself is true at each moment.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actwright_delivery::mail::SmtpMailer;
use actwright_runtime::database::Engine;
use actwright_runtime::outbox::{DeliveryPolicy, FileStore, OutboxStatus, StoredEffect};
use actwright_runtime::template::Templates;
use actwright_runtime::{Answer, Call, Caller, Options, Runtime};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::dump::{self, dump};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::smtp::SmtpServer;
use actwright_tests::waiting::{execute, time_passes};
use serde_json::{Value, json};

static SERVER: LazyLock<SmtpServer> = LazyLock::new(|| SmtpServer::start().unwrap());

fn runtime(place: &Place, attempts: u32, templates: Templates) -> Runtime {
    let pause = Duration::from_millis(1);
    let policy = DeliveryPolicy { attempts, first_pause: pause, longest_pause: pause, ..DeliveryPolicy::default() };
    runtime_with(place, policy, templates)
}

fn runtime_with(place: &Place, delivery: DeliveryPolicy, templates: Templates) -> Runtime {
    let mailer = SmtpMailer::new(&SERVER.settings("plain"), "Northstar <quotes@northstar.example>").unwrap();
    let files = FileStore::folder(&place.folder.path().join("files")).unwrap();
    let options = Options { delivery, templates, ..Options::new(Arc::new(mailer), files) };
    Runtime::new(place.application.clone(), actwright_actions::pack(), options)
}

/// Sends the quote that has nobody to write to but these.
async fn send(runtime: &Runtime, quote: &str, recipients: &[&str]) -> Answer {
    let input = json!({ "quote_id": id(quote), "email_addresses": recipients });
    let call = Call::new("crm.send_quote", id("tenant.north"), Caller::User(id("user.admin")), input);
    runtime.call(Call { idempotency_key: Some("one".to_owned()), ..call }).await.unwrap()
}

/// Delivers what is due, which with these pauses is everything.
async fn relay(runtime: &Runtime) {
    tokio::time::sleep(Duration::from_millis(20)).await;
    runtime.relay().await.unwrap();
}

/// Delivers what waits, each once.
async fn later(place: &Place, runtime: &Runtime) {
    time_passes(&place.database).await.unwrap();
    runtime.relay().await.unwrap();
}

/// Everything that says whether the mail is out: the quote's history, a repeated call, and the audit row.
async fn told(runtime: &Runtime, quote: &str, recipients: &[&str]) -> Value {
    let repeated = send(runtime, quote, recipients).await;
    assert!(repeated.meta.deduplicated.is_some());
    let all = dump(runtime.database()).await.unwrap();
    let quote = json!(id(quote));
    let entry = all["quote_activities"].iter().find(|row| row["quote_id"] == quote).unwrap();
    let sent =
        |row: &&Value| row["operation"] == "workflow_action:crm.send_quote" && row["details"]["quote_id"] == quote;
    let audit = all[dump::AUDIT].iter().find(sent).unwrap();
    json!({
        "description": entry["description"],
        "delivered_to": entry["metadata"].get("delivered_to").cloned().unwrap_or_default(),
        "email_sent": [entry["metadata"]["email_sent"], repeated.output["email_sent"], audit["changed_data"]["email_sent"]],
    })
}

fn nothing_sent() -> Value {
    json!({
        "description": "Quote published in client portal",
        "delivered_to": null,
        "email_sent": [false, false, false],
    })
}

fn sent_to(recipients: &[&str]) -> Value {
    json!({
        "description": format!("Quote sent to {} and published in client portal", recipients.join(", ")),
        "delivered_to": recipients,
        "email_sent": [true, true, true],
    })
}

/// The outbox row of the mail to a recipient.
async fn row(runtime: &Runtime, answer: &Answer, recipient: &str) -> StoredEffect {
    let effects = runtime.effects_of(id("tenant.north"), answer.meta.invocation_id).await.unwrap();
    effects.into_iter().find(|effect| effect.kind == "mail" && effect.sink.as_deref() == Some(recipient)).unwrap()
}

async fn on_each_database(story: impl AsyncFn(&Place, &str)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let base = Fixture::base(&mut Aliases::default()).unwrap();
        let databases = Databases::prepare(engine, &base).await.unwrap();
        let place = databases.take().await.unwrap();
        story(&place, &format!("{engine:?}").to_lowercase()).await;
        databases.give_back(place).await.unwrap();
        databases.remove().await.unwrap();
    }
}

/// The mail that the first attempt does not get out is not said to be sent until the relay has sent it.
#[tokio::test]
async fn a_mail_that_goes_out_later_is_noted_then() {
    on_each_database(async |place, engine| {
        let runtime = runtime(place, 5, Templates::default());
        let grey = format!("grey-later-{engine}@x.example");
        let recipients = [grey.as_str()];
        let answer = send(&runtime, "quote.bare", &recipients).await;
        assert_eq!(answer.output["recipients"], json!(recipients));
        assert_eq!(answer.output["email_sent"], false);
        assert_eq!(told(&runtime, "quote.bare", &recipients).await, nothing_sent());
        let waiting = row(&runtime, &answer, &grey).await;
        assert_eq!((waiting.status, waiting.attempts), (OutboxStatus::Pending, 1));
        assert!(waiting.last_error.unwrap().ends_with("451 4.7.1 Greylisted, try again later"));

        relay(&runtime).await;
        assert_eq!(told(&runtime, "quote.bare", &recipients).await, sent_to(&recipients));
        relay(&runtime).await;
        let mails = SERVER.taken_in_time(&grey).await;
        assert_eq!(mails.len(), 1, "once");
        assert_eq!(mails[0]["message_id"], answer.output["message_id"]);
        assert!(mails[0]["message_id"].as_str().unwrap().ends_with("@northstar.example>"));
        assert_eq!(mails[0]["sender"], "Northstar <quotes@northstar.example>");
        let parts = mails[0]["parts"].as_array().unwrap();
        let kinds: Vec<&Value> = parts.iter().map(|part| &part["type"]).collect();
        assert_eq!(kinds, ["text/plain", "text/html", "application/pdf"]);
        assert!(parts[0]["text"].as_str().unwrap().contains("/portal/quotes/"));
        assert!(parts[1]["text"].as_str().unwrap().contains("href=\"http:"));
        assert_eq!(parts[2]["begins"], "%PDF-");
    })
    .await;
}

/// One address that is refused keeps the mail from nobody else, and is not said to have it.
#[tokio::test]
async fn a_refused_recipient_does_not_keep_the_mail_from_others() {
    on_each_database(async |place, engine| {
        let runtime = runtime(place, 5, Templates::default());
        let [gone, grey] = ["gone", "grey"].map(|kind| format!("{kind}-one-{engine}@x.example"));
        let recipients = [gone.as_str(), grey.as_str()];
        let answer = send(&runtime, "quote.draft", &recipients).await;
        let all = [&gone, &grey, "dana@contoso.example", "billing@contoso.example"];
        assert_eq!(answer.output["recipients"], json!(all));
        assert_eq!(answer.output["email_sent"], true);
        let some = ["dana@contoso.example", "billing@contoso.example"];
        assert_eq!(told(&runtime, "quote.draft", &recipients).await, sent_to(&some));
        let dead = row(&runtime, &answer, &gone).await;
        assert_eq!((dead.status, dead.attempts), (OutboxStatus::Dead, 1), "a final refusal is final");
        assert!(dead.last_error.unwrap().ends_with("550 5.1.1 No such user here"));

        relay(&runtime).await;
        let most = [grey.as_str(), "dana@contoso.example", "billing@contoso.example"];
        assert_eq!(told(&runtime, "quote.draft", &recipients).await, sent_to(&most), "in the order of the recipients");
        runtime.discard_dead_letter(None, dead.outbox_id, None, "has left the company").await.unwrap();
        relay(&runtime).await;
        assert_eq!(told(&runtime, "quote.draft", &recipients).await, sent_to(&most));
        assert_eq!(SERVER.taken_in_time(&grey).await[0]["to"], json!(all), "everybody sees who it was for");
    })
    .await;
}

/// A dead letter is not sent; when it is retried and leaves, everything says so; when it is discarded, nothing does.
#[tokio::test]
async fn a_dead_letter_is_told_as_not_sent_until_it_is() {
    on_each_database(async |place, engine| {
        // Given up after the first attempt, so that greylisting makes dead letters.
        let runtime = runtime(place, 1, Templates::default());
        let (retried, discarded) = (format!("grey-dead-{engine}@x.example"), format!("later-dead-{engine}@x.example"));
        let recipients = [retried.as_str(), discarded.as_str()];
        let answer = send(&runtime, "quote.bare", &recipients).await;
        assert_eq!(answer.output["email_sent"], false);
        assert!(answer.meta.effects.iter().filter(|effect| effect.kind == "mail").all(|effect| !effect.delivered));
        assert_eq!(told(&runtime, "quote.bare", &recipients).await, nothing_sent());
        let (first, second) = (row(&runtime, &answer, &retried).await, row(&runtime, &answer, &discarded).await);
        assert_eq!([first.status, second.status], [OutboxStatus::Dead; 2]);

        runtime.discard_dead_letter(None, second.outbox_id, None, "nobody reads it").await.unwrap();
        assert_eq!(told(&runtime, "quote.bare", &recipients).await, nothing_sent());
        runtime.retry_dead_letter(None, first.outbox_id, None).await.unwrap();
        assert_eq!(told(&runtime, "quote.bare", &recipients).await, nothing_sent(), "it is due, not sent");
        relay(&runtime).await;
        assert_eq!(told(&runtime, "quote.bare", &recipients).await, sent_to(&[&retried]));
        assert_eq!(SERVER.taken_in_time(&retried).await.len(), 1);
        assert!(SERVER.taken_for(&discarded).is_empty());
    })
    .await;
}

/// A server that takes a mail and does not say so in time gets it again, with the same id: nobody says that it is sent before the
/// server does.
#[tokio::test]
async fn a_mail_that_is_taken_without_a_word_comes_again() {
    on_each_database(async |place, engine| {
        // Time enough to typeset the quote.
        let policy = DeliveryPolicy { timeout: Duration::from_secs(3), ..DeliveryPolicy::default() };
        let runtime = runtime_with(place, policy, Templates::default());
        let recipient = format!("stall-{engine}@x.example");
        let recipients = [recipient.as_str()];
        let answer = send(&runtime, "quote.bare", &recipients).await;
        while SERVER.taken_for(&recipient).is_empty() {
            later(place, &runtime).await;
        }
        let waiting = row(&runtime, &answer, &recipient).await;
        assert_eq!((waiting.status, waiting.attempts), (OutboxStatus::Pending, 1));
        assert_eq!(waiting.last_error.as_deref(), Some("No answer within 3 s."));
        assert_eq!(told(&runtime, "quote.bare", &recipients).await, nothing_sent(), "nobody has said that it is");

        later(place, &runtime).await;
        assert_eq!(told(&runtime, "quote.bare", &recipients).await, sent_to(&recipients));
        later(place, &runtime).await;
        let ids: Vec<Value> =
            SERVER.taken_in_time(&recipient).await.iter().map(|mail| mail["message_id"].clone()).collect();
        assert_eq!(ids, [answer.output["message_id"].clone(), answer.output["message_id"].clone()]);
    })
    .await;
}

/// Puts a file in the place of the file store's folder, so that nothing can be stored.
struct Away<'p>(&'p Place);

impl<'p> Away<'p> {
    fn with(place: &'p Place) -> Self {
        let folder = place.folder.path().join("files");
        std::fs::rename(&folder, folder.with_extension("away")).unwrap();
        std::fs::write(&folder, "in the way").unwrap();
        Self(place)
    }

    fn ends(self) {
        let folder = self.0.folder.path().join("files");
        std::fs::remove_file(&folder).unwrap();
        std::fs::rename(folder.with_extension("away"), folder).unwrap();
    }
}

/// The types of the parts of the one mail that a recipient has.
async fn parts(recipient: &str) -> (Vec<Value>, String) {
    let mails = SERVER.taken_in_time(recipient).await;
    assert_eq!(mails.len(), 1, "once");
    let parts = mails[0]["parts"].as_array().unwrap();
    (parts.iter().map(|part| part["type"].clone()).collect(), parts[0]["text"].as_str().unwrap().to_owned())
}

/// What the history of the quote without a contact says about its PDF, and the PDFs that it has.
async fn pdf(runtime: &Runtime) -> (Value, usize) {
    let all = dump(runtime.database()).await.unwrap();
    let quote = json!(id("quote.bare"));
    let entry = all["quote_activities"].iter().find(|row| row["quote_id"] == quote).unwrap();
    let documents = all["document_associations"].iter().filter(|row| row["entity_id"] == quote);
    (entry["metadata"].get("pdf_error").cloned().unwrap_or_default(), documents.count())
}

/// A file store that is away for a moment costs a quote its PDF no more than a mail server its mail.
#[tokio::test]
async fn a_quote_waits_for_its_pdf_for_a_while() {
    on_each_database(async |place, engine| {
        let runtime = runtime_with(place, DeliveryPolicy::default(), Templates::default());
        let recipient = format!("pdf-later-{engine}@x.example");
        let recipients = [recipient.as_str()];
        let away = Away::with(place);
        let answer = send(&runtime, "quote.bare", &recipients).await;
        for attempts in 1..4 {
            let effects = runtime.effects_of(id("tenant.north"), answer.meta.invocation_id).await.unwrap();
            assert_eq!(effects.len(), 1, "there is no mail yet");
            assert_eq!((effects[0].status, effects[0].attempts), (OutboxStatus::Pending, attempts));
            let said = effects[0].last_error.as_deref().unwrap_or_default();
            assert!(said.starts_with("The file store cannot be written."), "{said}");
            later(place, &runtime).await;
        }
        assert_eq!(told(&runtime, "quote.bare", &recipients).await, nothing_sent());
        away.ends();
        later(place, &runtime).await;
        assert_eq!(told(&runtime, "quote.bare", &recipients).await, sent_to(&recipients));
        assert_eq!(parts(&recipient).await.0, ["text/plain", "text/html", "application/pdf"]);
        assert_eq!(pdf(&runtime).await, (Value::Null, 1));
    })
    .await;
}

/// The client gets the quote, if without its PDF, when nobody mends the file store, rather than nothing.
#[tokio::test]
async fn a_quote_leaves_without_the_pdf_that_cannot_be_stored() {
    on_each_database(async |place, engine| {
        let runtime = runtime_with(place, DeliveryPolicy::default(), Templates::default());
        let recipient = format!("pdf-never-{engine}@x.example");
        let recipients = [recipient.as_str()];
        let _away = Away::with(place);
        let answer = send(&runtime, "quote.bare", &recipients).await;
        later(place, &runtime).await;
        assert_eq!(told(&runtime, "quote.bare", &recipients).await, nothing_sent());
        let minutes = "UPDATE quote_activities SET created_at = created_at - 5 * 60 * {second}";
        execute(&place.database, minutes).await.unwrap();
        later(place, &runtime).await;
        assert_eq!(told(&runtime, "quote.bare", &recipients).await, sent_to(&recipients));
        let (kinds, text) = parts(&recipient).await;
        assert_eq!(kinds, ["text/plain", "text/html"]);
        assert!(text.contains("is ready for you") && !text.contains("attached"), "{text}");
        assert_eq!(pdf(&runtime).await, (json!("The PDF could not be stored."), 0));
        let effects = runtime.effects_of(id("tenant.north"), answer.meta.invocation_id).await.unwrap();
        assert!(effects.iter().all(|effect| effect.status == OutboxStatus::Delivered), "{effects:?}");
    })
    .await;
}

/// What a tenant's own templates say is what its clients read; others read what is built in.
#[tokio::test]
async fn a_tenant_has_templates_of_its_own() {
    on_each_database(async |place, engine| {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join(id("tenant.north").to_string());
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("quote.subject"), "Angebot {{ quote.number }} für {{ client.name }}").unwrap();
        let templates = Templates::read(folder.path(), actwright_actions::MAIL_TEMPLATES).unwrap();
        let runtime = runtime(place, 1, templates);
        let recipient = format!("templates-{engine}@x.example");
        let answer = send(&runtime, "quote.draft", &[&recipient]).await;
        assert_eq!(answer.output["email_sent"], true);
        let mails = SERVER.taken_in_time(&recipient).await;
        assert_eq!(mails[0]["subject"], "Angebot QUO-0001 für Contoso Dental");
        assert!(mails[0]["parts"][0]["text"].as_str().unwrap().starts_with("Please find our quote QUO-0001"));
    })
    .await;
}

/// What the folder of templates is checked with is what documentation shows.
#[test]
fn templates_are_checked_with_the_values_of_a_mail() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("default")).unwrap();
    std::fs::write(folder.path().join("default/quote.txt"), "Dear {{ contact.name }},\n{{ mesage }}").unwrap();
    let problems = Templates::read(folder.path(), actwright_actions::MAIL_TEMPLATES).unwrap_err();
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("quote.txt:2:4: there is no variable `mesage`. Did you mean `message`?"), "{said:?}");
    std::fs::write(folder.path().join("default/quote.txt"), "Dear {{ contact.name }},").unwrap();
    let problems = Templates::read(folder.path(), actwright_actions::MAIL_TEMPLATES).unwrap_err();
    assert!(problems[0].location().contains("quote.txt:1:"), "a quote may have no contact: {problems:?}");
}
