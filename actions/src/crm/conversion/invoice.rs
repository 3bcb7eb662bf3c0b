//! The draft invoice that a quote becomes.

use std::collections::BTreeMap;

use actwright_generated::tables::{clients, invoice_charges, invoices};
use actwright_runtime::{Decimal, Error, Result, Scope, Timestamp, Uuid};

use super::{Plan, PlannedCharge, Source};
use crate::crm::numbering;

/// What a quantity (`numeric(10,2)`) holds.
const MAX_QUANTITY: i64 = 99_999_999;
/// What a tax rate (`numeric(5,2)`) holds, in percent.
const MAX_TAX_RATE: i64 = 999;
const DAY: i64 = 24 * 60 * 60;

/// An invoice that was created.
#[derive(Debug)]
pub struct Created {
    pub invoice_id: Uuid,
    pub number: String,
}

/// Creates the invoice with the tenant's next number, and its charges.
///
/// # Errors
///
/// `VALIDATION_ERROR` when discounts take more off than there is, or an amount is more than an invoice holds.
pub async fn create(scope: &mut Scope, source: &Source, plan: &Plan) -> Result<Created> {
    let sums = Sums::of(&plan.charges)?;
    let due_date = due_date(scope, source.client_id).await?;
    let number = numbering::INVOICE.next(scope).await?;
    let (invoice_id, now) = (scope.new_id(), scope.now());
    scope
        .insert(&invoices::TABLE)
        .set(invoices::INVOICE_ID, invoice_id)
        .set(invoices::INVOICE_NUMBER, number.clone())
        .set(invoices::CLIENT_ID, source.client_id)
        .set(invoices::INVOICE_DATE, now)
        .set(invoices::DUE_DATE, due_date)
        .set(invoices::STATUS, "draft".to_owned())
        .set(invoices::SUBTOTAL, sums.subtotal)
        .set(invoices::TAX, sums.tax)
        .set(invoices::TOTAL_AMOUNT, sums.subtotal + sums.tax)
        .set(invoices::CURRENCY_CODE, source.currency_code.clone())
        .set(invoices::TAX_SOURCE, Some(source.tax_source.clone()))
        .set(invoices::PO_NUMBER, source.po_number.clone())
        .set(invoices::IS_MANUAL, true)
        .set(invoices::CREATED_AT, Some(now))
        .set(invoices::UPDATED_AT, Some(now))
        .run()
        .await?;
    let mut ids = BTreeMap::new();
    for charge in &plan.charges {
        let item_id = scope.new_id();
        ids.insert(charge.item.id, item_id);
        create_charge(scope, invoice_id, item_id, charge, &ids).await?;
    }
    Ok(Created { invoice_id, number })
}

async fn create_charge(
    scope: &mut Scope,
    invoice_id: Uuid,
    item_id: Uuid,
    charge: &PlannedCharge,
    ids: &BTreeMap<Uuid, Uuid>,
) -> Result<()> {
    let (item, price) = (&charge.item, charge.price);
    let (now, actor) = (scope.now(), scope.actor());
    // A discount is one, whatever it was reckoned from.
    let (quantity, unit_price) = if item.is_discount { (1, price) } else { (item.quantity, item.unit_price) };
    let tax = tax(charge);
    let percentage = item.discount_percentage.filter(|_| item.is_discount);
    scope
        .insert(&invoice_charges::TABLE)
        .set(invoice_charges::ITEM_ID, item_id)
        .set(invoice_charges::INVOICE_ID, invoice_id)
        .set(invoice_charges::SERVICE_ID, item.service_id)
        .set(invoice_charges::DESCRIPTION, item.description.clone())
        .set(invoice_charges::QUANTITY, quantity.into())
        .set(invoice_charges::UNIT_PRICE, unit_price)
        .set(invoice_charges::TOTAL_PRICE, price)
        .set(invoice_charges::NET_AMOUNT, Some(price))
        .set(invoice_charges::TAX_AMOUNT, Some(tax))
        .set(invoice_charges::TAX_RATE, tax_rate(charge, tax))
        .set(invoice_charges::TAX_REGION, item.tax_region.clone())
        .set(invoice_charges::IS_TAXABLE, Some(item.is_taxable && !item.is_discount))
        .set(invoice_charges::IS_MANUAL, true)
        .set(invoice_charges::IS_DISCOUNT, Some(item.is_discount))
        .set(invoice_charges::DISCOUNT_TYPE, item.discount_type.clone().filter(|_| item.is_discount))
        .set(invoice_charges::DISCOUNT_PERCENTAGE, percentage.map(Decimal::from))
        .set(invoice_charges::APPLIES_TO_ITEM_ID, item.applies_to_item_id.and_then(|id| ids.get(&id).copied()))
        .set(invoice_charges::APPLIES_TO_SERVICE_ID, item.applies_to_service_id.filter(|_| item.is_discount))
        .set(invoice_charges::LOCATION_ID, item.location_id)
        .set(invoice_charges::CREATED_BY, Some(actor.to_string()))
        .set(invoice_charges::CREATED_AT, Some(now))
        .run()
        .await
}

/// As it was reckoned for the quote. Discounts are not taxed.
fn tax(charge: &PlannedCharge) -> i64 {
    if charge.item.is_discount { 0 } else { charge.item.tax_amount }
}

/// The rate that the author gave, else what the tax comes to.
fn tax_rate(charge: &PlannedCharge, tax: i64) -> Decimal {
    let reckoned = || (Decimal::from(tax) * Decimal::ONE_HUNDRED).checked_div(charge.price.into());
    let given = charge.item.tax_rate.filter(|_| !charge.item.is_discount).map(Decimal::from);
    let rate = given.or_else(reckoned).unwrap_or_default().round_dp(2);
    rate.clamp(Decimal::ZERO, MAX_TAX_RATE.into())
}

/// What an invoice comes to. It holds 32 bits of each sum.
#[derive(Debug)]
struct Sums {
    subtotal: i64,
    tax: i64,
}

impl Sums {
    fn of(charges: &[PlannedCharge]) -> Result<Self> {
        let too_much = || Error::invalid_field("/quote_id", "The quote comes to more than an invoice holds.");
        if charges.iter().any(|charge| charge.item.quantity > MAX_QUANTITY) {
            return Err(too_much());
        }
        let sum = |amount: fn(&PlannedCharge) -> i64| {
            let sum: i128 = charges.iter().map(|charge| i128::from(amount(charge))).sum();
            i32::try_from(sum).map(i64::from).map_err(|_| too_much())
        };
        let sums = Self { subtotal: sum(|charge| charge.price)?, tax: sum(tax)? };
        if sums.subtotal < 0 {
            let message = "The discounts take more off than the items cost that are billed once.";
            return Err(Error::invalid_field("/quote_id", message));
        }
        Ok(sums)
    }
}

/// As many days from now as the client's payment terms name; at once where they name none.
async fn due_date(scope: &mut Scope, client_id: Uuid) -> Result<Timestamp> {
    let client = scope.select(&clients::TABLE).column(clients::PAYMENT_TERMS);
    let row = client.filter(clients::CLIENT_ID.eq(client_id)).one().await?;
    let terms = row.map(|row| row.get(clients::PAYMENT_TERMS)).transpose()?.flatten();
    Ok(scope.now().plus_seconds(days(terms.as_deref().unwrap_or_default()) * DAY))
}

/// The first number of up to three digits, as in `net_30` or `Net 15`.
fn days(terms: &str) -> i64 {
    let mut numbers = terms.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    numbers.next().filter(|number| number.len() <= 3).and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Terms are words of people.
    #[test]
    fn payment_terms_name_days() {
        for (terms, expected) in [
            ("net_30", 30),
            ("Net 15", 15),
            ("NET90", 90),
            ("due_on_receipt", 0),
            ("", 0),
            ("0", 0),
            ("contract 4711", 0),
        ] {
            assert_eq!(days(terms), expected, "{terms}");
        }
    }
}
