//! Keeps what a quote and its items come to.

use actwright_generated::tables::{quote_items, quotes};
use actwright_runtime::{Date, Error, Result, Scope, Timestamp, Uuid};

use super::items::{self, QuoteItem};
use super::totals::{self, Line, Totals};
use crate::crm::tax::{Taxed, tables};

/// What the pricing of a quote goes by.
#[derive(Debug)]
struct Basis {
    client_id: Option<Uuid>,
    day: Date,
    /// Taxes are reckoned here. Where another system does, what it said stays.
    internal_tax: bool,
    /// As it is stored.
    tax: i64,
}

/// Reckons a draft's items, their taxes and the sums, writes what changed, and gives the items in order.
///
/// # Errors
///
/// `VALIDATION_ERROR` when an amount is beyond what can be stored.
pub async fn reprice(scope: &mut Scope, quote_id: Uuid) -> Result<Vec<QuoteItem>> {
    let basis = basis(scope, quote_id).await?;
    let before = items::load(scope, quote_id).await?;
    let mut after = before.clone();
    let lines: Vec<Line> = before.iter().map(QuoteItem::line).collect();
    let totals = totals::reckon(&lines)?;
    for (item, amount) in after.iter_mut().zip(&totals.amounts) {
        (item.total_price, item.net_amount) = (*amount, *amount);
    }
    let tax = if basis.internal_tax { levy(scope, &basis, &mut after).await? } else { basis.tax };
    for (before, after) in before.iter().zip(&after) {
        if amounts(before) != amounts(after) {
            write_amounts(scope, after).await?;
        }
    }
    write_sums(scope, quote_id, &totals, tax).await?;
    Ok(after)
}

async fn basis(scope: &mut Scope, quote_id: Uuid) -> Result<Basis> {
    let now = scope.now();
    let row = scope
        .select(&quotes::TABLE)
        .column(quotes::CLIENT_ID)
        .column(quotes::QUOTE_DATE)
        .column(quotes::TAX_SOURCE)
        .column(quotes::TAX)
        .filter(quotes::QUOTE_ID.eq(quote_id))
        .target()
        .await?
        .ok_or_else(|| Error::not_found("quote", quote_id))?;
    let at: Option<Timestamp> = row.get(quotes::QUOTE_DATE)?;
    Ok(Basis {
        client_id: row.get(quotes::CLIENT_ID)?,
        day: at.unwrap_or(now).utc().date_naive(),
        internal_tax: row.get(quotes::TAX_SOURCE)? == "internal",
        tax: row.get(quotes::TAX)?,
    })
}

/// Taxes every item, and gives the sum over those that count.
async fn levy(scope: &mut Scope, basis: &Basis, items: &mut [QuoteItem]) -> Result<i64> {
    let taxed: Vec<Taxed<'_>> = items.iter().map(taxed).collect();
    let taxation = tables::taxation(scope, basis.client_id, basis.day, &taxed).await?;
    let taxes = taxed.into_iter().map(|item| taxation.tax(item)).collect::<Result<Vec<i64>>>()?;
    let mut sum = 0;
    for (item, tax) in items.iter_mut().zip(taxes) {
        item.tax_amount = tax;
        sum += if item.counts() { i128::from(tax) } else { 0 };
    }
    totals::stored(sum)
}

/// Tax is due on what is offered, at its price before discounts; a discount is not taxed.
fn taxed(item: &QuoteItem) -> Taxed<'_> {
    Taxed {
        amount: item.net_amount,
        taxable: item.is_taxable && !item.is_discount,
        region: item.tax_region.as_deref(),
        location_id: item.location_id,
    }
}

fn amounts(item: &QuoteItem) -> (i64, i64, i64) {
    (item.total_price, item.net_amount, item.tax_amount)
}

async fn write_amounts(scope: &mut Scope, item: &QuoteItem) -> Result<()> {
    let (now, actor) = (scope.now(), scope.actor());
    scope
        .update(&quote_items::TABLE)
        .set(quote_items::TOTAL_PRICE, item.total_price)
        .set(quote_items::NET_AMOUNT, item.net_amount)
        .set(quote_items::TAX_AMOUNT, item.tax_amount)
        .set(quote_items::UPDATED_BY, Some(actor))
        .set(quote_items::UPDATED_AT, now)
        .filter(quote_items::QUOTE_ITEM_ID.eq(item.id))
        .run()
        .await?;
    Ok(())
}

async fn write_sums(scope: &mut Scope, quote_id: Uuid, totals: &Totals, tax: i64) -> Result<()> {
    let (now, actor) = (scope.now(), scope.actor());
    let total = i128::from(totals.subtotal) - i128::from(totals.discount_total) + i128::from(tax);
    scope
        .update(&quotes::TABLE)
        .set(quotes::SUBTOTAL, totals.subtotal)
        .set(quotes::DISCOUNT_TOTAL, totals.discount_total)
        .set(quotes::TAX, tax)
        .set(quotes::TOTAL_AMOUNT, totals::stored(total)?)
        .set(quotes::UPDATED_BY, Some(actor))
        .set(quotes::UPDATED_AT, now)
        .filter(quotes::QUOTE_ID.eq(quote_id))
        .run()
        .await?;
    Ok(())
}
