//! What follows when a quote is sent: its PDF is stored, the mail goes out, and the quote's history tells so.

use std::num::NonZero;
use std::sync::LazyLock;
use std::thread::available_parallelism;
use std::time::Duration;

use actwright_documents::render;
use actwright_generated::tables::{document_associations, documents, external_files};
use actwright_runtime::outbox::{Attachment, Job, JobCall, JobContext, Mail};
use actwright_runtime::spec::Effects;
use actwright_runtime::{Error, Result, Scope, Uuid, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;

use super::mail::{self, Content};
use super::{document, history};

/// Renders and stores the PDF, and sends the mail.
pub const PUBLISH: &str = "crm.publish_quote";
/// Notes that the mail has reached somebody.
const MAILED: &str = "crm.quote_mailed";

const PDF: &str = "application/pdf";

/// How long a quote's mail waits for a file store that is away. Then it leaves without its PDF.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// How long the file store may take for a PDF.
const STORING: Duration = Duration::from_secs(10);

/// Room for as many quotes at a time as there are processors: typesetting keeps one busy, so more of them would end no sooner,
/// and each takes some megabytes while it lasts.
static TYPESETTING: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, NonZero::get)));

/// The jobs of this module.
pub fn jobs() -> Vec<Job> {
    vec![
        Job { name: PUBLISH, run: |job, payload| Box::pin(publish(job, payload)) },
        Job { name: MAILED, run: |job, payload| Box::pin(mailed(job, payload)) },
    ]
}

/// A quote that was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivery {
    pub quote_id: Uuid,
    /// The entry of the quote's history.
    pub activity_id: Uuid,
    pub recipients: Vec<String>,
    pub subject: Option<String>,
    pub message: Option<String>,
    /// Absent when nobody gets a mail.
    pub message_id: Option<String>,
}

/// A quote whose mail has reached somebody.
#[derive(Debug, Deserialize)]
struct Mailed {
    activity_id: Uuid,
    recipient: String,
}

async fn publish(job: &mut JobContext<'_>, payload: Value) -> Result<()> {
    let delivery: Delivery = read(payload)?;
    let mut scope = job.begin(Effects::Read).await?;
    let quote = document::load(&mut scope, delivery.quote_id, job.portal_url()).await;
    job.end(scope).await?;
    let quote = quote?;
    let content = Content::of(&delivery, &quote);
    let stored = store(job, &delivery, quote).await;
    if let Err(error) = &stored {
        // A transient fault is worth another try of the whole job, for a while; anything else would only fail again.
        if error.retryable() && !waited(job, &delivery).await? {
            return stored.map(drop);
        }
        tracing::error!(quote_id = %delivery.quote_id, %error, "the quote is sent without its PDF");
    }
    let mut scope = job.begin(Effects::Write).await?;
    let file = match stored {
        Ok(file) => {
            file.record(&mut scope, delivery.quote_id).await?;
            Some(file)
        }
        Err(error) => {
            let why = if error.retryable() { "The PDF could not be stored." } else { "The PDF could not be rendered." };
            history::without_pdf(&mut scope, delivery.activity_id, why).await?;
            None
        }
    };
    if let Some(message_id) = delivery.message_id.clone() {
        let written = job.write_mail(&mail::TEMPLATE, &content.attached(file.is_some()))?;
        scope.mail(Mail {
            message_id,
            date: scope.now(),
            to: delivery.recipients.clone(),
            subject: written.subject,
            text: written.text,
            html: Some(written.html),
            attachments: file.map(StoredFile::into_attachment).into_iter().collect(),
            on_delivered: Some(JobCall {
                job: MAILED.to_owned(),
                payload: json!({ "activity_id": delivery.activity_id }),
            }),
        })?;
    }
    job.commit(scope).await
}

/// Whether the mail has waited for its PDF as long as it should.
async fn waited(job: &mut JobContext<'_>, delivery: &Delivery) -> Result<bool> {
    let mut scope = job.begin(Effects::Read).await?;
    let now = scope.now();
    let sent_at = history::entered_at(&mut scope, delivery.activity_id).await;
    job.end(scope).await?;
    Ok(sent_at?.is_none_or(|sent_at| sent_at.plus(PATIENCE) <= now))
}

async fn mailed(job: &mut JobContext<'_>, payload: Value) -> Result<()> {
    let Mailed { activity_id, recipient } = read(payload)?;
    let mut scope = job.begin(Effects::Write).await?;
    if history::mailed(&mut scope, activity_id, &recipient).await? {
        scope.amend_output("email_sent", true);
    }
    job.commit(scope).await
}

fn read<T: DeserializeOwned>(payload: Value) -> Result<T> {
    serde_json::from_value(payload).map_err(|_| Error::internal("The payload of a quote's job cannot be read."))
}

/// Renders the quote and puts the bytes into the file store, under a path that a repetition overwrites.
async fn store(job: &JobContext<'_>, delivery: &Delivery, quote: actwright_documents::Quote) -> Result<StoredFile> {
    let number = quote.number.clone().unwrap_or_else(|| delivery.quote_id.to_string());
    let room = TYPESETTING.acquire().await.map_err(|_| Error::internal("Nothing is typeset any more."))?;
    let rendered = tokio::task::spawn_blocking(move || {
        // Goes with the work, which ends no sooner when nobody waits for it any more.
        let _room = room;
        render(&quote)
    })
    .await;
    let pdf = rendered.ok().and_then(Result::ok).ok_or_else(|| Error::internal("The quote could not be rendered."))?;
    let file = StoredFile {
        name: format!("Quote {number}.pdf"),
        path: format!("{}/quotes/{}/{}.pdf", job.tenant(), delivery.quote_id, delivery.activity_id),
        size: i64::try_from(pdf.len()).unwrap_or(i64::MAX),
    };
    // The attempt as a whole would end without a word about why.
    let put = tokio::time::timeout(STORING, job.files().put(&file.path, pdf)).await;
    put.unwrap_or_else(|_| Err(Error::transient("The file store does not answer.")))?;
    Ok(file)
}

struct StoredFile {
    name: String,
    path: String,
    size: i64,
}

impl StoredFile {
    /// Makes the file a document of the quote that the client may see.
    async fn record(&self, scope: &mut Scope, quote_id: Uuid) -> Result<()> {
        let (file_id, document_id) = (scope.new_id(), scope.new_id());
        let (now, actor) = (scope.now(), scope.actor());
        scope
            .insert(&external_files::TABLE)
            .set(external_files::FILE_ID, file_id)
            .set(external_files::FILE_NAME, self.path.clone())
            .set(external_files::ORIGINAL_NAME, self.name.clone())
            .set(external_files::MIME_TYPE, PDF.to_owned())
            .set(external_files::FILE_SIZE, self.size)
            .set(external_files::STORAGE_PATH, self.path.clone())
            .set(external_files::UPLOADED_BY_ID, actor)
            .run()
            .await?;
        scope
            .insert(&documents::TABLE)
            .set(documents::DOCUMENT_ID, document_id)
            .set(documents::DOCUMENT_NAME, self.name.clone())
            .set(documents::USER_ID, actor)
            .set(documents::CREATED_BY, actor)
            .set(documents::ENTERED_AT, Some(now))
            .set(documents::FILE_ID, Some(file_id))
            .set(documents::STORAGE_PATH, Some(self.path.clone()))
            .set(documents::MIME_TYPE, Some(PDF.to_owned()))
            .set(documents::FILE_SIZE, Some(self.size))
            .set(documents::IS_CLIENT_VISIBLE, true)
            .run()
            .await?;
        let association_id = scope.new_id();
        scope
            .insert(&document_associations::TABLE)
            .set(document_associations::ASSOCIATION_ID, association_id)
            .set(document_associations::DOCUMENT_ID, document_id)
            .set(document_associations::ENTITY_ID, quote_id)
            .set(document_associations::ENTITY_TYPE, "quote".to_owned())
            .run()
            .await
    }

    fn into_attachment(self) -> Attachment {
        Attachment { file_name: self.name, mime_type: PDF.to_owned(), path: self.path }
    }
}
