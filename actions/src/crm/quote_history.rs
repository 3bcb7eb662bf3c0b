//! What the history of a quote (`quote_activities`) says of its sending.

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
    let (now, actor) = (scope.now(), scope.actor());
    let metadata = json!({
        "recipients": recipients,
        "email_sent": false,
        "message_id": message_id,
        "workflow_source": "crm.send_quote",
    });
    scope
        .insert(&quote_activities::TABLE)
        .set(quote_activities::ACTIVITY_ID, activity_id)
        .set(quote_activities::QUOTE_ID, quote_id)
        .set(quote_activities::ACTIVITY_TYPE, "sent".to_owned())
        .set(quote_activities::DESCRIPTION, PUBLISHED.to_owned())
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
