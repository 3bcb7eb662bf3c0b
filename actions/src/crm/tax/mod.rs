//! Tax on the items of a quote.
//!
//! An exempt client, reverse charge and an item that is not taxable: none. Else the rates of the item's region (its own,
//! that of its location, that of the client), added up. Where that region has none, the client's default rate.
//! Each item's tax is rounded up to a whole minor unit.

pub mod tables;

use std::collections::BTreeMap;

use actwright_runtime::{Decimal, Error, Result, Uuid};

/// How a client is taxed on one day.
#[derive(Debug, Clone, Default)]
pub struct Taxation {
    /// No tax is due whatever is sold.
    pub exempt: bool,
    pub client_region: Option<String>,
    pub location_regions: BTreeMap<Uuid, String>,
    /// The sum of a region's rates in percent; only regions that have any.
    pub regions: BTreeMap<String, Decimal>,
    pub default: Option<Levy>,
}

/// What a rate comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Levy {
    /// Nothing, on this day.
    Holiday,
    /// So many percent.
    Percentage(Decimal),
    /// One after the other.
    Composite(Vec<Component>),
    /// Each on its part of the amount.
    Brackets(Vec<Bracket>),
}

/// A part of a composite rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Component {
    pub percent: Decimal,
    /// On the amount and the taxes of the components before.
    pub compound: bool,
}

/// A part of an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bracket {
    /// Above this amount.
    pub above: i64,
    /// Up to this one.
    pub up_to: Option<i64>,
    pub percent: Decimal,
}

/// What is taxed.
#[derive(Debug, Clone, Copy)]
pub struct Taxed<'a> {
    /// In the minor unit of the currency.
    pub amount: i64,
    pub taxable: bool,
    pub region: Option<&'a str>,
    pub location_id: Option<Uuid>,
}

impl Taxation {
    /// The region whose taxes are due.
    pub fn region<'a>(&'a self, item: Taxed<'a>) -> Option<&'a str> {
        let location = || item.location_id.and_then(|id| self.location_regions.get(&id)).map(String::as_str);
        item.region.or_else(location).or(self.client_region.as_deref())
    }

    /// Whether the client's default rate is what counts for an item.
    pub fn is_by_default(&self, item: Taxed<'_>) -> bool {
        item.taxable && self.region(item).is_none_or(|region| !self.regions.contains_key(region))
    }

    /// The tax on an item, in the minor unit of the currency.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` when it is beyond what can be stored.
    pub fn tax(&self, item: Taxed<'_>) -> Result<i64> {
        if self.exempt || !item.taxable {
            return Ok(0);
        }
        let amount = Decimal::from(item.amount);
        let tax = match self.region(item).and_then(|region| self.regions.get(region)) {
            Some(percent) => share(amount, *percent),
            None => self.default.as_ref().map_or(Some(Decimal::ZERO), |levy| levy.tax(amount)),
        };
        let whole = tax.and_then(|tax| i64::try_from(tax.ceil()).ok());
        whole.ok_or_else(|| Error::validation("The tax on the quote is too large."))
    }
}

impl Levy {
    /// `None` when it is too large to be told.
    fn tax(&self, amount: Decimal) -> Option<Decimal> {
        match self {
            Self::Holiday => Some(Decimal::ZERO),
            Self::Percentage(percent) => share(amount, *percent),
            Self::Composite(components) => components.iter().try_fold(Decimal::ZERO, |tax, component| {
                let base = if component.compound { amount.checked_add(tax)? } else { amount };
                tax.checked_add(share(base, component.percent)?)
            }),
            Self::Brackets(brackets) => brackets.iter().try_fold(Decimal::ZERO, |tax, bracket| {
                let end = bracket.up_to.map_or(amount, |up_to| amount.min(up_to.into()));
                let part = end.checked_sub(bracket.above.into())?.max(Decimal::ZERO);
                tax.checked_add(share(part, bracket.percent)?)
            }),
        }
    }
}

fn share(amount: Decimal, percent: Decimal) -> Option<Decimal> {
    amount.checked_mul(percent)?.checked_div(Decimal::ONE_HUNDRED)
}

#[cfg(test)]
mod tests;
