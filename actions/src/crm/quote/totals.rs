//! What the items of a quote come to, before tax.
//!
//! An item counts unless it is optional and not selected. A discount is a percentage of what it applies to (its item, the
//! items of its service, or all items), rounded half up, or a fixed amount, which takes off no more than that comes to.
//! Discounts do not apply to discounts.

use actwright_runtime::{Error, Result, Uuid};

/// What the reckoning needs of an item.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: Uuid,
    pub service_id: Option<Uuid>,
    pub quantity: i64,
    /// In the minor unit of the currency, like all money here.
    pub unit_price: i64,
    /// Not optional, or selected.
    pub counts: bool,
    /// `None` for what is offered.
    pub discount: Option<Discount>,
}

/// How a discount is reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discount {
    pub amount: Amount,
    pub of: Target,
}

/// How much a discount takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// So many percent of its target.
    Percentage(i64),
    /// Quantity times unit price.
    Fixed,
}

/// What a discount applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Item(Uuid),
    Service(Uuid),
    Quote,
}

impl Target {
    /// Whether a line is among what the discount applies to.
    pub fn covers(self, line: &Line) -> bool {
        line.counts
            && line.discount.is_none()
            && match self {
                Self::Item(id) => line.id == id,
                Self::Service(id) => line.service_id == Some(id),
                Self::Quote => true,
            }
    }
}

/// What lines come to.
#[derive(Debug, PartialEq, Eq)]
pub struct Totals {
    /// Line by line: the price of an item, or what a discount takes off. That of a line that does not count is what it
    /// would be.
    pub amounts: Vec<i64>,
    /// Of the items that count.
    pub subtotal: i64,
    /// Of the discounts that count.
    pub discount_total: i64,
}

/// Reckons the lines of a quote.
///
/// # Errors
///
/// `VALIDATION_ERROR` when an amount is beyond what can be stored.
pub fn reckon(lines: &[Line]) -> Result<Totals> {
    let amounts: Vec<i128> = lines.iter().map(|line| amount(line, lines)).collect();
    let sum = |discounts: bool| {
        let of_kind = |line: &Line| line.counts && line.discount.is_some() == discounts;
        lines.iter().zip(&amounts).filter(|(line, _)| of_kind(line)).map(|(_, amount)| amount).sum::<i128>()
    };
    Ok(Totals {
        subtotal: stored(sum(false))?,
        discount_total: stored(sum(true))?,
        amounts: amounts.into_iter().map(stored).collect::<Result<_>>()?,
    })
}

fn amount(line: &Line, lines: &[Line]) -> i128 {
    let Some(discount) = line.discount else { return price(line) };
    let base: i128 = lines.iter().filter(|one| discount.of.covers(one)).map(price).sum();
    match discount.amount {
        Amount::Percentage(percent) => round_half_up(base.saturating_mul(percent.into()), 100),
        Amount::Fixed => price(line).min(base.max(0)),
    }
}

fn price(line: &Line) -> i128 {
    i128::from(line.quantity) * i128::from(line.unit_price)
}

fn round_half_up(dividend: i128, divisor: i128) -> i128 {
    (dividend.saturating_mul(2) + divisor).div_euclid(2 * divisor)
}

/// An amount as the database holds it.
///
/// # Errors
///
/// `VALIDATION_ERROR` when it is too large.
pub fn stored(amount: i128) -> Result<i64> {
    i64::try_from(amount).map_err(|_| Error::validation("The amounts of the quote are too large to add up."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: usize) -> Uuid {
        Uuid::from_u128(number as u128 + 1)
    }

    /// Lines as they come: items of few services, discounts of anything, also of lines that are not there.
    fn lines() -> impl Strategy<Value = Vec<Line>> {
        let target = prop_oneof![
            (0..9_usize).prop_map(|number| Target::Item(id(number))),
            (0..4_usize).prop_map(|number| Target::Service(id(100 + number))),
            Just(Target::Quote),
        ];
        let amount = prop_oneof![(0..=100_i64).prop_map(Amount::Percentage), Just(Amount::Fixed)];
        let discount = prop::option::weighted(0.4, (amount, target).prop_map(|(amount, of)| Discount { amount, of }));
        let line = (prop::option::of(0..3_usize), 1..50_i64, 0..100_000_i64, prop::bool::weighted(0.8), discount);
        prop::collection::vec(line, 0..9).prop_map(|lines| {
            let line = |(number, (service, quantity, unit_price, counts, discount))| Line {
                id: id(number),
                service_id: Option::map(service, |service| id(100 + service)),
                quantity,
                unit_price,
                counts,
                discount,
            };
            lines.into_iter().enumerate().map(line).collect()
        })
    }

    /// The rule once more, one unit of an item at a time.
    fn slowly(lines: &[Line]) -> (i64, i64) {
        let (mut subtotal, mut discounts) = (0, 0);
        for line in lines.iter().filter(|line| line.counts) {
            let Some(discount) = &line.discount else {
                (0..line.quantity).for_each(|_| subtotal += line.unit_price);
                continue;
            };
            let mut base = 0;
            for other in lines {
                let meant = match discount.of {
                    Target::Item(id) => other.id == id,
                    Target::Service(id) => other.service_id.is_some_and(|service| service == id),
                    Target::Quote => true,
                };
                if meant && other.counts && other.discount.is_none() {
                    (0..other.quantity).for_each(|_| base += other.unit_price);
                }
            }
            discounts += match discount.amount {
                Amount::Percentage(percent) => {
                    let (whole, rest) = (base * percent / 100, base * percent % 100);
                    if rest >= 50 { whole + 1 } else { whole }
                }
                Amount::Fixed if line.quantity * line.unit_price > base => base,
                Amount::Fixed => line.quantity * line.unit_price,
            };
        }
        (subtotal, discounts)
    }

    proptest! {
        /// The totals are those of the rule, whatever the mix of items and discounts.
        #[test]
        fn totals_are_as_the_rule_says(lines in lines()) {
            let totals = reckon(&lines).unwrap();
            prop_assert_eq!((totals.subtotal, totals.discount_total), slowly(&lines));
        }

        /// A selected item has the price that it had when it was not selected.
        #[test]
        fn choosing_an_item_does_not_change_its_price(mut lines in lines()) {
            let before = reckon(&lines).unwrap();
            for line in &mut lines {
                line.counts = true;
            }
            let after = reckon(&lines).unwrap();
            for ((line, before), after) in lines.iter().zip(before.amounts).zip(after.amounts) {
                prop_assert!(line.discount.is_some() || before == after);
            }
        }
    }

    /// Two amounts that fit alone need not fit together.
    #[test]
    fn what_is_too_large_is_refused() {
        let line = |quantity, unit_price| Line {
            id: id(0),
            service_id: None,
            quantity,
            unit_price,
            counts: true,
            discount: None,
        };
        assert!(reckon(&[line(1, i64::MAX)]).is_ok());
        assert!(reckon(&[line(1, i64::MAX), line(1, 1)]).is_err());
        assert!(reckon(&[line(i64::MAX, i64::MAX)]).is_err());
    }
}
