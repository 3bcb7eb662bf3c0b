//! `crm.send_quote`: a quote goes to the client, by mail and in the client portal.

use actwright_generated::crm::send_quote::{Body, Context, Input, Output};
use actwright_generated::tables::{clients, contacts, quote_activities, quotes};
use actwright_generated::types::QuoteSummary;
use actwright_runtime::query::Row;
use actwright_runtime::{Error, Result, Scope};
use serde_json::json;

use super::quote_delivery::{self, Delivery};
use super::quote_recipients::recipients;
use super::quote_status::QuoteStatus;
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let row = locked_quote(context, input.quote_id).await?;
        let previous = row.get(quotes::STATUS)?.unwrap_or_default();
        if previous == QuoteStatus::Sent.as_str() {
            return already_sent(&row, input.no_op_if_already_sent);
        }
        QuoteStatus::check_sendable(context, &previous).await?;
        let given = input.email_addresses.unwrap_or_default();
        let recipients = recipients(&given, row.get(contacts::EMAIL)?, row.get(clients::BILLING_EMAIL)?);
        let (now, actor) = (context.now(), context.actor());
        context
            .update(&quotes::TABLE)
            .set(quotes::STATUS, Some(QuoteStatus::Sent.as_str().to_owned()))
            .set(quotes::SENT_AT, Some(now))
            .set(quotes::UPDATED_BY, Some(actor))
            .set(quotes::UPDATED_AT, now)
            .filter(quotes::QUOTE_ID.eq(input.quote_id))
            .run()
            .await?;
        let activity_id = context.new_id();
        let message_id = (!recipients.is_empty()).then(|| format!("<{activity_id}@actwright>"));
        context
            .insert(&quote_activities::TABLE)
            .set(quote_activities::ACTIVITY_ID, activity_id)
            .set(quote_activities::QUOTE_ID, input.quote_id)
            .set(quote_activities::ACTIVITY_TYPE, "sent".to_owned())
            .set(quote_activities::DESCRIPTION, quote_delivery::PUBLISHED.to_owned())
            .set(quote_activities::PERFORMED_BY, Some(actor))
            .set(
                quote_activities::METADATA,
                json!({
                    "recipients": recipients,
                    "email_sent": false,
                    "message_id": message_id,
                    "workflow_source": "crm.send_quote",
                }),
            )
            .set(quote_activities::CREATED_AT, now)
            .run()
            .await?;
        context.defer(
            quote_delivery::PUBLISH,
            Delivery {
                quote_id: input.quote_id,
                activity_id,
                recipients: recipients.clone(),
                subject: input.subject,
                message: input.message,
                message_id: message_id.clone(),
            },
        )?;
        Ok(Output {
            quote: summary(&row, QuoteStatus::Sent.as_str())?,
            previous_status: previous,
            new_status: QuoteStatus::Sent.as_str().to_owned(),
            sent_at: Some(now),
            recipients,
            // Not yet: no mail leaves before the commit. The delivery amends this when the mail is out.
            email_sent: false,
            message_id,
            no_op: false,
        })
    }
}

/// The quote with the addresses of its contact and client. Locked, so that of two sends one finds it sent.
async fn locked_quote(scope: &mut Scope, quote_id: actwright_runtime::Uuid) -> Result<Row> {
    let row = scope
        .select(&quotes::TABLE)
        .column(quotes::QUOTE_ID)
        .column(quotes::QUOTE_NUMBER)
        .column(quotes::STATUS)
        .column(quotes::CLIENT_ID)
        .column(quotes::TITLE)
        .column(quotes::IS_TEMPLATE)
        .column(quotes::SENT_AT)
        .left_join(contacts::CONTACT_NAME_ID, quotes::CONTACT_ID)
        .column(contacts::EMAIL)
        .left_join(clients::CLIENT_ID, quotes::CLIENT_ID)
        .column(clients::BILLING_EMAIL)
        .filter(quotes::QUOTE_ID.eq(quote_id))
        .for_update()
        .one()
        .await?
        .ok_or_else(|| Error::not_found("quote", quote_id))?;
    if row.get(quotes::IS_TEMPLATE)? {
        return Err(Error::invalid_field(
            "/quote_id",
            "The quote is a template. Create a quote from it and send that.",
        ));
    }
    Ok(row)
}

fn already_sent(row: &Row, no_op: bool) -> Result<Output> {
    let status = QuoteStatus::Sent.as_str().to_owned();
    if !no_op {
        return Err(Error::invalid_field("/quote_id", "The quote was sent before. Sending it again is not supported."));
    }
    Ok(Output {
        quote: summary(row, &status)?,
        previous_status: status.clone(),
        new_status: status,
        sent_at: row.get(quotes::SENT_AT)?,
        recipients: Vec::new(),
        email_sent: false,
        message_id: None,
        no_op: true,
    })
}

fn summary(row: &Row, status: &str) -> Result<QuoteSummary> {
    Ok(QuoteSummary {
        quote_id: row.get(quotes::QUOTE_ID)?,
        quote_number: row.get(quotes::QUOTE_NUMBER)?,
        status: status.to_owned(),
        client_id: row.get(quotes::CLIENT_ID)?,
        title: row.get(quotes::TITLE)?,
    })
}
