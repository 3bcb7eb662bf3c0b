//! `crm.create_quote`: a draft with the tenant's next number.

use actwright_generated::crm::create_quote::{Body, Context, Input, Output};
use actwright_generated::tables::{clients, contacts, quotes};
use actwright_runtime::{Error, Result, Scope, Uuid};
use serde_json::json;

use super::quote_status::QuoteStatus;
use super::{numbering, quote_detail, quote_history};
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        check_parties(context, input.client_id, input.contact_id).await?;
        let number = numbering::QUOTE.next(context).await?;
        let (quote_id, now, actor) = (context.new_id(), context.now(), context.actor());
        context
            .insert(&quotes::TABLE)
            .set(quotes::QUOTE_ID, quote_id)
            .set(quotes::QUOTE_NUMBER, Some(number.clone()))
            .set(quotes::CLIENT_ID, Some(input.client_id))
            .set(quotes::CONTACT_ID, input.contact_id)
            .set(quotes::TITLE, input.title)
            .set(quotes::DESCRIPTION, input.description)
            .set(quotes::QUOTE_DATE, Some(input.quote_date))
            .set(quotes::VALID_UNTIL, Some(input.valid_until))
            .set(quotes::STATUS, Some(QuoteStatus::Draft.as_str().to_owned()))
            .set(quotes::VERSION, 1)
            .set(quotes::PO_NUMBER, input.po_number)
            .set(quotes::SUBTOTAL, 0)
            .set(quotes::DISCOUNT_TOTAL, 0)
            .set(quotes::TAX, 0)
            .set(quotes::TOTAL_AMOUNT, 0)
            .set(quotes::CURRENCY_CODE, input.currency_code)
            .set(quotes::INTERNAL_NOTES, input.internal_notes)
            .set(quotes::CLIENT_NOTES, input.client_notes)
            .set(quotes::TERMS_AND_CONDITIONS, input.terms_and_conditions)
            .set(quotes::IS_TEMPLATE, false)
            .set(quotes::TAX_SOURCE, "internal".to_owned())
            .set(quotes::CREATED_BY, Some(actor))
            .set(quotes::CREATED_AT, now)
            .set(quotes::UPDATED_AT, now)
            .run()
            .await?;
        let metadata = json!({ "workflow_source": "crm.create_quote" });
        quote_history::enter(context, quote_id, "created", format!("Quote {number} created"), metadata).await?;
        Ok(Output { quote: quote_detail::load(context, quote_id).await? })
    }
}

/// Checks that the client is there, and that the contact is one of its own.
async fn check_parties(scope: &mut Scope, client_id: Uuid, contact_id: Option<Uuid>) -> Result<()> {
    let client = scope.select(&clients::TABLE).filter(clients::CLIENT_ID.eq(client_id));
    if !client.exists().await? {
        return Err(Error::not_found("client", client_id));
    }
    let Some(contact_id) = contact_id else { return Ok(()) };
    let contact = scope.select(&contacts::TABLE).column(contacts::CLIENT_ID);
    let row = contact.filter(contacts::CONTACT_NAME_ID.eq(contact_id)).one().await?;
    let row = row.ok_or_else(|| Error::not_found("contact", contact_id))?;
    if row.get(contacts::CLIENT_ID)? != Some(client_id) {
        return Err(Error::invalid_field("/contact_id", "The contact does not belong to the client."));
    }
    Ok(())
}
