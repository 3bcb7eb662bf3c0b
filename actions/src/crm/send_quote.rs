//! `crm.send_quote`: a quote goes to the client, by mail and in the client portal.

use actwright_generated::crm::send_quote::{Body, Context, Input, Output};
use actwright_runtime::{Error, Result};

use super::quote::delivery::{self, Delivery};
use super::quote::history;
use super::quote::record::QuoteRecord;
use super::quote::status::{self, QuoteStatus};
use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let mut quote = QuoteRecord::lock(context, input.quote_id).await?;
        if quote.status == QuoteStatus::Sent {
            return already_sent(quote, input.no_op_if_already_sent);
        }
        status::check_sendable(context, quote.status).await?;
        let previous_status = quote.status;
        quote.change_status(context, QuoteStatus::Sent).await?;
        let all = quote.recipients(&input.email_addresses.unwrap_or_default());
        let activity_id = context.new_id();
        let message_id = (!all.addresses.is_empty()).then(|| context.message_id(activity_id));
        history::sent(context, input.quote_id, activity_id, &all, message_id.as_deref()).await?;
        let delivery = Delivery {
            quote_id: input.quote_id,
            activity_id,
            recipients: all.addresses.clone(),
            subject: input.subject,
            message: input.message,
            message_id: message_id.clone(),
        };
        context.defer(delivery::PUBLISH, delivery)?;
        Ok(Output {
            previous_status: previous_status.as_str().to_owned(),
            new_status: quote.status.as_str().to_owned(),
            sent_at: quote.sent_at,
            quote: quote.into_summary(),
            recipients: all.addresses,
            // Not yet: no mail leaves before the commit. The delivery amends this when the mail is out.
            email_sent: false,
            message_id,
            no_op: false,
        })
    }
}

fn already_sent(quote: QuoteRecord, no_op: bool) -> Result<Output> {
    if !no_op {
        return Err(Error::invalid_field("/quote_id", "The quote was sent before. Sending it again is not supported."));
    }
    Ok(Output {
        previous_status: quote.status.as_str().to_owned(),
        new_status: quote.status.as_str().to_owned(),
        sent_at: quote.sent_at,
        quote: quote.into_summary(),
        recipients: Vec::new(),
        email_sent: false,
        message_id: None,
        no_op: true,
    })
}
