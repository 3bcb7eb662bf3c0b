//! `crm.convert_quote`: an accepted quote becomes a contract, an invoice, or both.

use actwright_generated::crm::convert_quote::{Body, Context, Input, Output, Target};
use actwright_generated::tables::quotes;
use actwright_runtime::query::Row;
use actwright_runtime::{Error, Result, Scope, Uuid};
use serde_json::json;

use super::conversion::{Plan, Source, contract, invoice};
use super::quote::record::QuoteRecord;
use super::quote::status::{self, QuoteStatus};
use super::quote::{detail, history, items};
use crate::Bodies;

/// What a quote has become.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Converted {
    contract_id: Option<Uuid>,
    invoice_id: Option<Uuid>,
}

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let quote = QuoteRecord::lock(context, input.quote_id).await?;
        let row = read(context, input.quote_id).await?;
        let before = Converted::of(&row)?;
        let wanted = (input.target != Target::Invoice, input.target != Target::Contract);
        let no_op = before.has(wanted);
        if no_op && !input.no_op_if_already_converted {
            return Err(Error::invalid_field("/quote_id", "The quote is converted already."));
        }
        let mut after = before;
        if !no_op {
            status::check_transition(quote.status, QuoteStatus::Converted)?;
            let source = source(context, input.quote_id, &row)?;
            let items = items::load(context, input.quote_id).await?;
            let plan = Plan::of(&items)?;
            check(input.target, before, &plan)?;
            if wanted.0 {
                after.contract_id = Some(to_contract(context, &source, &plan).await?);
            }
            if wanted.1 {
                after.invoice_id = Some(to_invoice(context, &source, &plan).await?);
            }
            write(context, input.quote_id, after, after.is_all_of(&plan)).await?;
        }
        let quote = detail::load(context, input.quote_id).await?;
        Ok(Output { quote, contract_id: after.contract_id, invoice_id: after.invoice_id, no_op })
    }
}

impl Converted {
    fn of(row: &Row) -> Result<Self> {
        Ok(Self {
            contract_id: row.get(quotes::CONVERTED_CONTRACT_ID)?,
            invoice_id: row.get(quotes::CONVERTED_INVOICE_ID)?,
        })
    }

    /// Whether it has become what is wanted: a contract, an invoice.
    fn has(self, (contract, invoice): (bool, bool)) -> bool {
        (!contract || self.contract_id.is_some()) && (!invoice || self.invoice_id.is_some())
    }

    /// Whether nothing of the quote is left to convert.
    fn is_all_of(self, plan: &Plan) -> bool {
        self.has((!plan.lines.is_empty(), plan.bills_once()))
    }
}

/// Checks that there is something to convert, and that it has not been converted.
fn check(target: Target, before: Converted, plan: &Plan) -> Result<()> {
    let refuse = |message: &'static str| Err(Error::invalid_field("/target", message));
    if target == Target::ContractAndInvoice && before != Converted::default() {
        return refuse("The quote has become a contract or an invoice already. Convert it to the other one alone.");
    }
    if target != Target::Invoice && plan.lines.is_empty() {
        return refuse("The quote has no selected recurring item, so it cannot become a contract.");
    }
    if target != Target::Contract && !plan.bills_once() {
        return refuse("The quote has no selected one-time item, so it cannot become an invoice.");
    }
    Ok(())
}

async fn read(scope: &mut Scope, quote_id: Uuid) -> Result<Row> {
    let row = scope
        .select(&quotes::TABLE)
        .column(quotes::QUOTE_NUMBER)
        .column(quotes::CLIENT_ID)
        .column(quotes::TITLE)
        .column(quotes::DESCRIPTION)
        .column(quotes::CURRENCY_CODE)
        .column(quotes::PO_NUMBER)
        .column(quotes::TAX_SOURCE)
        .column(quotes::ACCEPTED_AT)
        .column(quotes::CONVERTED_CONTRACT_ID)
        .column(quotes::CONVERTED_INVOICE_ID)
        .filter(quotes::QUOTE_ID.eq(quote_id))
        .one()
        .await?;
    row.ok_or_else(|| Error::not_found("quote", quote_id))
}

fn source(scope: &Scope, quote_id: Uuid, row: &Row) -> Result<Source> {
    let no_client = || Error::invalid_field("/quote_id", "The quote has no client to bill.");
    Ok(Source {
        quote_id,
        number: row.get(quotes::QUOTE_NUMBER)?.unwrap_or_default(),
        client_id: row.get(quotes::CLIENT_ID)?.ok_or_else(no_client)?,
        title: row.get(quotes::TITLE)?,
        description: row.get(quotes::DESCRIPTION)?,
        currency_code: row.get(quotes::CURRENCY_CODE)?,
        po_number: row.get(quotes::PO_NUMBER)?,
        tax_source: row.get(quotes::TAX_SOURCE)?,
        accepted_at: row.get(quotes::ACCEPTED_AT)?.unwrap_or_else(|| scope.now()),
    })
}

async fn to_contract(scope: &mut Scope, source: &Source, plan: &Plan) -> Result<Uuid> {
    let contract_id = contract::create(scope, source, plan).await?;
    let description = format!("Quote converted to the draft contract \"{}\"", source.title);
    let facts = json!({ "contract_id": contract_id, "workflow_source": "crm.convert_quote" });
    history::enter(scope, source.quote_id, "converted", description, facts).await?;
    Ok(contract_id)
}

async fn to_invoice(scope: &mut Scope, source: &Source, plan: &Plan) -> Result<Uuid> {
    let invoice::Created { invoice_id, number } = invoice::create(scope, source, plan).await?;
    let description = format!("Quote converted to the draft invoice {number}");
    let facts = json!({
        "invoice_id": invoice_id, "invoice_number": number, "workflow_source": "crm.convert_quote",
    });
    history::enter(scope, source.quote_id, "converted", description, facts).await?;
    Ok(invoice_id)
}

async fn write(scope: &mut Scope, quote_id: Uuid, after: Converted, all: bool) -> Result<()> {
    let (now, actor) = (scope.now(), scope.actor());
    let mut update = scope
        .update(&quotes::TABLE)
        .set(quotes::CONVERTED_CONTRACT_ID, after.contract_id)
        .set(quotes::CONVERTED_INVOICE_ID, after.invoice_id)
        .set(quotes::UPDATED_BY, Some(actor))
        .set(quotes::UPDATED_AT, now);
    if all {
        update.assign(quotes::STATUS, Some(QuoteStatus::Converted.as_str().to_owned()));
        update.assign(quotes::CONVERTED_AT, Some(now));
    }
    update.filter(quotes::QUOTE_ID.eq(quote_id)).run().await?;
    Ok(())
}
