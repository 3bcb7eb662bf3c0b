//! `crm.create_quote`: a draft with the tenant's next number.

use actwright_generated::crm::create_quote::{Body, Context, Input, Output};
use actwright_generated::tables::quotes;
use actwright_runtime::Result;
use serde_json::json;

use super::links::Links;
use super::quote_status::QuoteStatus;
use super::{numbering, quote_detail, quote_history};
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let actor = context.actor();
        Links::resolve(context, Some(input.client_id), input.contact_id, None, actor).await?;
        let number = numbering::QUOTE.next(context).await?;
        let (quote_id, now) = (context.new_id(), context.now());
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
