//! `crm.create_quote`: a draft with the tenant's next number.

use actwright_generated::crm::create_quote::{Body, Context, Input, Output};
use actwright_runtime::Result;
use serde_json::json;

use super::links::Links;
use super::quote::detail;
use super::quote::draft::Draft;
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let actor = context.actor();
        Links::resolve(context, Some(input.client_id), input.contact_id, None, actor).await?;
        let draft = Draft {
            client_id: input.client_id,
            contact_id: input.contact_id,
            title: input.title,
            description: input.description,
            quote_date: input.quote_date,
            valid_until: input.valid_until,
            po_number: input.po_number,
            internal_notes: input.internal_notes,
            client_notes: input.client_notes,
            terms_and_conditions: input.terms_and_conditions,
            currency_code: input.currency_code,
            template_id: None,
        };
        let quote_id = draft.create(context, json!({ "workflow_source": "crm.create_quote" })).await?;
        Ok(Output { quote: detail::load(context, quote_id).await? })
    }
}
