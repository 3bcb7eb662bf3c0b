//! What an accepted quote becomes: a contract for what recurs, an invoice for what is billed once.
//!
//! Every item that counts goes to one of them, at the price that the client accepted. A discount that is given once is on
//! the invoice. A recurring one is spread over the items that it applies to, by their price: it lowers the rates of the
//! contract by the share of what recurs, and is on the invoice with the share of the rest. So the invoice and the first
//! period of the contract come to what the quote does.

pub mod contract;
pub mod invoice;

use actwright_runtime::{Error, Result, Timestamp, Uuid};

use crate::crm::quote::items::QuoteItem;
use crate::crm::quote::totals::{self, Line};

/// A quote that is converted.
#[derive(Debug)]
pub struct Source {
    pub quote_id: Uuid,
    pub number: String,
    pub client_id: Uuid,
    pub title: String,
    pub description: Option<String>,
    pub currency_code: String,
    pub po_number: Option<String>,
    pub tax_source: String,
    pub accepted_at: Timestamp,
}

/// Which part of a quote goes where. Money is in the minor unit of the quote's currency.
#[derive(Debug, Default)]
pub struct Plan {
    /// For the contract: items that recur.
    pub lines: Vec<PlannedLine>,
    /// For the invoice: items that are billed once, and after them what is taken off.
    pub charges: Vec<PlannedCharge>,
}

/// An item of the contract.
#[derive(Debug)]
pub struct PlannedLine {
    pub item: QuoteItem,
    /// For one period, after recurring discounts.
    pub price: i64,
}

/// An item or a discount of the invoice.
#[derive(Debug)]
pub struct PlannedCharge {
    pub item: QuoteItem,
    /// Negative for a discount.
    pub price: i64,
}

impl Plan {
    /// Divides the items of a quote.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` when an amount is beyond what can be stored, or discounts take more off than there is.
    pub fn of(items: &[QuoteItem]) -> Result<Self> {
        let lines: Vec<Line> = items.iter().map(QuoteItem::line).collect();
        let amounts = totals::reckon(&lines)?.amounts;
        let mut prices: Vec<i128> = amounts.iter().map(|amount| i128::from(*amount)).collect();
        let mut discounts = Vec::new();
        for ((item, line), amount) in items.iter().zip(&lines).zip(&amounts).filter(|((item, _), _)| item.counts()) {
            let Some(discount) = line.discount else { continue };
            let mut on_invoice = *amount;
            if item.is_recurring {
                let covered: Vec<usize> = (0..lines.len()).filter(|at| discount.of.covers(&lines[*at])).collect();
                let bases: Vec<i64> = covered.iter().map(|at| amounts[*at]).collect();
                for (at, share) in covered.into_iter().zip(spread(*amount, &bases)) {
                    if items[at].is_recurring {
                        prices[at] -= i128::from(share);
                        on_invoice -= share;
                    }
                }
            }
            if on_invoice != 0 {
                discounts.push(PlannedCharge { item: item.clone(), price: -on_invoice });
            }
        }
        let mut plan = Self::default();
        for (item, price) in items.iter().zip(prices).filter(|(item, _)| item.counts() && !item.is_discount) {
            let (item, price) = (item.clone(), totals::stored(price)?);
            if !item.is_recurring {
                plan.charges.push(PlannedCharge { item, price });
            } else if price >= 0 {
                plan.lines.push(PlannedLine { item, price });
            } else {
                let message = format!("The discounts take more off \"{}\" than it costs.", item.description);
                return Err(Error::invalid_field("/quote_id", message));
            }
        }
        plan.charges.extend(discounts);
        Ok(plan)
    }

    /// Whether there is something to bill once, besides discounts.
    pub fn bills_once(&self) -> bool {
        self.charges.iter().any(|charge| !charge.item.is_discount)
    }

    /// What is taken off once.
    pub fn taken_off_once(&self) -> i64 {
        let discounts = self.charges.iter().filter(|charge| charge.item.is_discount);
        discounts.fold(0, |sum, charge| sum.saturating_sub(charge.price))
    }
}

/// Spreads an amount in proportion to bases. The shares are whole, and come to the amount.
fn spread(amount: i64, bases: &[i64]) -> Vec<i64> {
    let total: i128 = bases.iter().map(|base| i128::from(*base)).sum();
    let (mut reached, mut given) = (0_i128, 0_i128);
    let share = |base: &i64| {
        reached += i128::from(*base);
        let so_far = if total == 0 { 0 } else { (2 * i128::from(amount) * reached + total).div_euclid(2 * total) };
        let share = so_far - given;
        given = so_far;
        i64::try_from(share).unwrap_or(amount)
    };
    bases.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Nothing of a discount is lost or given twice, and no share is further off than one unit.
        #[test]
        fn shares_come_to_the_amount(bases in prop::collection::vec(0..1_000_000_i64, 1..8), percent in 0..=100_i64) {
            let total: i64 = bases.iter().sum();
            prop_assume!(total > 0);
            let amount = total * percent / 100;
            let shares = spread(amount, &bases);
            prop_assert_eq!(shares.iter().sum::<i64>(), amount);
            for (base, share) in bases.iter().zip(&shares) {
                let exact = i128::from(amount) * i128::from(*base);
                prop_assert!((i128::from(*share) * i128::from(total) - exact).abs() <= i128::from(total));
            }
        }
    }

    /// There is nothing to spread over.
    #[test]
    fn nothing_is_spread_over_nothing() {
        assert!(spread(0, &[]).is_empty());
        assert_eq!(spread(0, &[0, 0]), [0, 0]);
    }
}
