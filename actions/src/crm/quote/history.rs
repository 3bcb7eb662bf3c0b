//! The history of a quote (`quote_activities`).

use actwright_generated::tables::quote_activities;
use actwright_runtime::{Result, Scope, Timestamp, Uuid, Value};
use serde_json::{Map, json};

use super::recipients::Recipients;

/// As long as no mail is out.
const PUBLISHED: &str = "Quote published in client portal";

/// The key of the metadata with those who could not get the mail.
const LEFT_OUT: &str = "left_out";

/// Enters that a quote was sent. Whom the mail has reached is added when it has.
///
/// # Errors
///
/// Those of the database.
pub async fn sent(
    scope: &mut Scope,
    quote_id: Uuid,
    activity_id: Uuid,
    recipients: &Recipients,
    message_id: Option<&str>,
) -> Result<()> {
    let mut metadata = json!({
        "recipients": recipients.addresses,
        "email_sent": false,
        "message_id": message_id,
        "workflow_source": "crm.send_quote",
    });
    if !recipients.left_out.is_empty() {
        metadata[LEFT_OUT] = json!(recipients.left_out);
    }
    let description = format!("{PUBLISHED}{}", without(&recipients.left_out));
    insert(scope, quote_id, activity_id, "sent", description, metadata).await
}

/// The end of a description, where somebody could not get the mail.
fn without(left_out: &[String]) -> String {
    if left_out.is_empty() { String::new() } else { format!("; no mail to {}", left_out.join(", ")) }
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

/// Adds that the mail has reached a recipient. Whether it is the first.
///
/// # Errors
///
/// Those of the database.
pub async fn mailed(scope: &mut Scope, activity_id: Uuid, recipient: &str) -> Result<bool> {
    let mut first = true;
    change(scope, activity_id, |metadata, description| {
        let names = |key: &str| -> Vec<String> {
            let names = metadata.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            names.map(str::to_owned).collect()
        };
        let before = names("delivered_to");
        first = before.is_empty();
        // In the order of all recipients, whoever got it first.
        let mut reached = names("recipients");
        reached.retain(|name| name == recipient || before.contains(name));
        let without = without(&names(LEFT_OUT));
        *description = format!("Quote sent to {} and published in client portal{without}", reached.join(", "));
        metadata.insert("email_sent".to_owned(), true.into());
        metadata.insert("delivered_to".to_owned(), reached.into());
    })
    .await?;
    Ok(first)
}

/// Adds why there is no PDF.
///
/// # Errors
///
/// Those of the database.
pub async fn without_pdf(scope: &mut Scope, activity_id: Uuid, why: &str) -> Result<()> {
    change(scope, activity_id, |metadata, _| {
        metadata.insert("pdf_error".to_owned(), why.into());
    })
    .await
}

/// When an entry was made; `None` when it went with its quote.
///
/// # Errors
///
/// Those of the database.
pub async fn entered_at(scope: &mut Scope, activity_id: Uuid) -> Result<Option<Timestamp>> {
    let select = scope.select(&quote_activities::TABLE).column(quote_activities::CREATED_AT);
    let row = select.filter(quote_activities::ACTIVITY_ID.eq(activity_id)).one().await?;
    row.map(|row| row.get(quote_activities::CREATED_AT)).transpose()
}

/// Changes metadata and description of an entry.
async fn change(
    scope: &mut Scope,
    activity_id: Uuid,
    change: impl FnOnce(&mut Map<String, Value>, &mut String),
) -> Result<()> {
    let select = scope.select(&quote_activities::TABLE).column(quote_activities::METADATA);
    let select = select.column(quote_activities::DESCRIPTION).filter(quote_activities::ACTIVITY_ID.eq(activity_id));
    let Some(row) = select.for_update().one().await? else {
        // The entry went with its quote; there is nothing left to tell.
        return Ok(());
    };
    let Value::Object(mut metadata) = row.get(quote_activities::METADATA)? else { return Ok(()) };
    let mut description = row.get(quote_activities::DESCRIPTION)?;
    change(&mut metadata, &mut description);
    scope
        .update(&quote_activities::TABLE)
        .set(quote_activities::METADATA, Value::Object(metadata))
        .set(quote_activities::DESCRIPTION, description)
        .filter(quote_activities::ACTIVITY_ID.eq(activity_id))
        .run()
        .await?;
    Ok(())
}
