//! The history of a quote (`quote_activities`).

use actwright_generated::tables::quote_activities;
use actwright_runtime::{Result, Scope, Uuid, Value};
use serde_json::json;

/// As long as no mail is out.
const PUBLISHED: &str = "Quote published in client portal";

/// Enters that a quote was sent, and gives the entry's id. That a mail is out is added when it is.
///
/// # Errors
///
/// Those of the database.
pub async fn sent(
    scope: &mut Scope,
    quote_id: Uuid,
    activity_id: Uuid,
    recipients: &[String],
    message_id: Option<&str>,
) -> Result<()> {
    let metadata = json!({
        "recipients": recipients,
        "email_sent": false,
        "message_id": message_id,
        "workflow_source": "crm.send_quote",
    });
    insert(scope, quote_id, activity_id, "sent", PUBLISHED.to_owned(), metadata).await
}

/// Enters what else happened to a quote.
///
/// # Errors
///
/// Those of the database.
pub async fn enter(
    scope: &mut Scope,
    quote_id: Uuid,
    activity_type: &str,
    description: String,
    metadata: Value,
) -> Result<()> {
    let activity_id = scope.new_id();
    insert(scope, quote_id, activity_id, activity_type, description, metadata).await
}

async fn insert(
    scope: &mut Scope,
    quote_id: Uuid,
    activity_id: Uuid,
    activity_type: &str,
    description: String,
    metadata: Value,
) -> Result<()> {
    let (now, actor) = (scope.now(), scope.actor());
    scope
        .insert(&quote_activities::TABLE)
        .set(quote_activities::ACTIVITY_ID, activity_id)
        .set(quote_activities::QUOTE_ID, quote_id)
        .set(quote_activities::ACTIVITY_TYPE, activity_type.to_owned())
        .set(quote_activities::DESCRIPTION, description)
        .set(quote_activities::PERFORMED_BY, Some(actor))
        .set(quote_activities::METADATA, metadata)
        .set(quote_activities::CREATED_AT, now)
        .run()
        .await
}

/// Adds that the mail is out.
///
/// # Errors
///
/// Those of the database.
pub async fn mailed(scope: &mut Scope, activity_id: Uuid, recipients: &[String]) -> Result<()> {
    let description = format!("Quote sent to {} and published in client portal", recipients.join(", "));
    add(scope, activity_id, Some(description), json!({ "email_sent": true })).await
}

/// Adds that there is no PDF.
///
/// # Errors
///
/// Those of the database.
pub async fn not_rendered(scope: &mut Scope, activity_id: Uuid) -> Result<()> {
    add(scope, activity_id, None, json!({ "pdf_error": "The PDF could not be rendered." })).await
}

async fn add(scope: &mut Scope, activity_id: Uuid, description: Option<String>, facts: Value) -> Result<()> {
    let select = scope.select(&quote_activities::TABLE).column(quote_activities::METADATA);
    let Some(row) = select.filter(quote_activities::ACTIVITY_ID.eq(activity_id)).for_update().one().await? else {
        // The entry went with its quote; there is nothing left to tell.
        return Ok(());
    };
    let mut metadata = row.get(quote_activities::METADATA)?;
    if let (Value::Object(metadata), Value::Object(facts)) = (&mut metadata, facts) {
        metadata.extend(facts);
    }
    let mut update = scope.update(&quote_activities::TABLE).set(quote_activities::METADATA, metadata);
    if let Some(description) = description {
        update.assign(quote_activities::DESCRIPTION, description);
    }
    update.filter(quote_activities::ACTIVITY_ID.eq(activity_id)).run().await?;
    Ok(())
}
