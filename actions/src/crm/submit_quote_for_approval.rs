//! `crm.submit_quote_for_approval`: a draft goes to those who approve quotes.

use actwright_generated::crm::submit_quote_for_approval::{Body, Context, Input, Output};
use actwright_runtime::{Error, Result};
use serde_json::json;

use super::quote::record::QuoteRecord;
use super::quote::status::QuoteStatus;
use super::quote::{detail, history};
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let mut quote = QuoteRecord::lock(context, input.quote_id).await?;
        let previous_status = quote.status.as_str().to_owned();
        let no_op = quote.status == QuoteStatus::PendingApproval;
        if no_op && !input.no_op_if_already_pending {
            return Err(Error::invalid_field("/quote_id", "The quote waits for approval already."));
        }
        if !no_op {
            quote.change_status(context, QuoteStatus::PendingApproval).await?;
            let facts = json!({
                "from": previous_status, "to": quote.status.as_str(), "reason": input.reason,
                "workflow_source": "crm.submit_quote_for_approval",
            });
            let description = "Quote submitted for approval".to_owned();
            history::enter(context, input.quote_id, "status_changed", description, facts).await?;
            if let Some(comment) = input.comment {
                let facts = json!({ "comment": comment, "workflow_source": "crm.submit_quote_for_approval" });
                history::enter(context, input.quote_id, "approval_submitted", comment, facts).await?;
            }
        }
        let quote = detail::load(context, input.quote_id).await?;
        Ok(Output { previous_status, new_status: quote.status.clone().unwrap_or_default(), quote, no_op })
    }
}
