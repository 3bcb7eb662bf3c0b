//! A quote as outputs show it.

use actwright_generated::tables::quotes;
use actwright_generated::types::QuoteDetail;
use actwright_runtime::query::{Row, Select};
use actwright_runtime::{Error, Result, Scope, Uuid};

/// Quotes and templates with everything that a detail reads.
pub fn select(scope: &mut Scope) -> Select<'_> {
    scope
        .select(&quotes::TABLE)
        .column(quotes::QUOTE_ID)
        .column(quotes::QUOTE_NUMBER)
        .column(quotes::STATUS)
        .column(quotes::CLIENT_ID)
        .column(quotes::CONTACT_ID)
        .column(quotes::TITLE)
        .column(quotes::QUOTE_DATE)
        .column(quotes::VALID_UNTIL)
        .column(quotes::CURRENCY_CODE)
        .column(quotes::SUBTOTAL)
        .column(quotes::DISCOUNT_TOTAL)
        .column(quotes::TAX)
        .column(quotes::TOTAL_AMOUNT)
        .column(quotes::SENT_AT)
        .column(quotes::CONVERTED_CONTRACT_ID)
        .column(quotes::CONVERTED_INVOICE_ID)
        .column(quotes::IS_TEMPLATE)
}

/// The detail of one quote.
///
/// # Errors
///
/// `NOT_FOUND` when the tenant does not have it, `PERMISSION_DENIED` when the actor may not have it.
pub async fn load(scope: &mut Scope, quote_id: Uuid) -> Result<QuoteDetail> {
    let row = select(scope).filter(quotes::QUOTE_ID.eq(quote_id)).target().await?;
    detail(&row.ok_or_else(|| Error::not_found("quote", quote_id))?)
}

/// The detail of a row of [`select`].
///
/// # Errors
///
/// `INTERNAL_ERROR` when the database holds what its declaration rules out.
pub fn detail(row: &Row) -> Result<QuoteDetail> {
    Ok(QuoteDetail {
        quote_id: row.get(quotes::QUOTE_ID)?,
        quote_number: row.get(quotes::QUOTE_NUMBER)?,
        status: row.get(quotes::STATUS)?,
        client_id: row.get(quotes::CLIENT_ID)?,
        contact_id: row.get(quotes::CONTACT_ID)?,
        title: row.get(quotes::TITLE)?,
        quote_date: row.get(quotes::QUOTE_DATE)?,
        valid_until: row.get(quotes::VALID_UNTIL)?,
        currency_code: row.get(quotes::CURRENCY_CODE)?,
        subtotal: row.get(quotes::SUBTOTAL)?,
        discount_total: row.get(quotes::DISCOUNT_TOTAL)?,
        tax: row.get(quotes::TAX)?,
        total_amount: row.get(quotes::TOTAL_AMOUNT)?,
        sent_at: row.get(quotes::SENT_AT)?,
        converted_contract_id: row.get(quotes::CONVERTED_CONTRACT_ID)?,
        converted_invoice_id: row.get(quotes::CONVERTED_INVOICE_ID)?,
        is_template: row.get(quotes::IS_TEMPLATE)?,
    })
}
