use proptest::prelude::*;

use super::*;

/// A fraction that is never rounded.
#[derive(Debug, Clone, Copy)]
struct Exactly(i128, i128);

impl Exactly {
    fn plus(self, other: Self) -> Self {
        Self(self.0 * other.1 + other.0 * self.1, self.1 * other.1).shortened()
    }

    fn times_percent(self, ten_thousandths: i64) -> Self {
        Self(self.0 * i128::from(ten_thousandths), self.1 * 1_000_000).shortened()
    }

    fn shortened(self) -> Self {
        let (mut divisor, mut rest) = (self.0, self.1);
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        Self(self.0 / divisor, self.1 / divisor)
    }

    /// The smallest whole number that is not less.
    fn up(self) -> i128 {
        (self.0 + self.1 - 1).div_euclid(self.1)
    }
}

/// Percent in ten-thousandths, the finest that a rate can be.
fn percent(ten_thousandths: i64) -> Decimal {
    Decimal::new(ten_thousandths, 4)
}

fn taxed(amount: i64) -> Taxed<'static> {
    Taxed { amount, taxable: true, region: None, location_id: None }
}

fn by_default(levy: Levy) -> Taxation {
    Taxation { default: Some(levy), ..Taxation::default() }
}

proptest! {
    /// The rates of a region are added up, and the tax is rounded up, to the last of a thousandth of a percent.
    #[test]
    fn rates_of_a_region_are_added_up(amount in 0..10_000_000_i64, rates in prop::collection::vec(0..300_000_i64, 1..4)) {
        let mut sum = Exactly(0, 1);
        for rate in &rates {
            sum = sum.plus(Exactly(amount.into(), 1).times_percent(*rate));
        }
        let regions = BTreeMap::from([("NY".to_owned(), rates.iter().map(|rate| percent(*rate)).sum())]);
        let taxation = Taxation { client_region: Some("NY".to_owned()), regions, ..Taxation::default() };
        prop_assert_eq!(i128::from(taxation.tax(taxed(amount)).unwrap()), sum.up());
    }

    /// A compound component is on the amount and what came before, any other on the amount alone.
    #[test]
    fn components_follow_one_another(
        amount in 0..10_000_000_i64,
        components in prop::collection::vec((0..30_i64, any::<bool>()), 0..4),
    ) {
        let mut tax = Exactly(0, 1);
        for (rate, compound) in &components {
            let mut base = Exactly(amount.into(), 1);
            if *compound {
                base = base.plus(tax);
            }
            tax = tax.plus(base.times_percent(rate * 10_000));
        }
        let components =
            components.iter().map(|(rate, compound)| Component { percent: Decimal::from(*rate), compound: *compound });
        let taxation = by_default(Levy::Composite(components.collect()));
        prop_assert_eq!(i128::from(taxation.tax(taxed(amount)).unwrap()), tax.up());
    }

    /// Each minor unit of an amount is taxed at the rate of the bracket that it is in.
    #[test]
    fn brackets_tax_their_part(amount in 0..3_000_i64, bounds in prop::collection::btree_set(1..2_500_i64, 1..4), rates in prop::collection::vec(0..50_i64, 4)) {
        let mut starts = vec![0];
        starts.extend(&bounds);
        let ends = bounds.iter().copied().map(Some).chain([None]);
        let brackets: Vec<Bracket> = starts
            .iter()
            .zip(ends)
            .zip(&rates)
            .map(|((above, up_to), rate)| Bracket { above: *above, up_to, percent: Decimal::from(*rate) })
            .collect();
        let mut tax = Exactly(0, 1);
        for unit in 1..=amount {
            let at = starts.iter().rposition(|start| *start < unit).unwrap();
            tax = Exactly(tax.0 + i128::from(rates[at]), 100);
        }
        prop_assert_eq!(i128::from(by_default(Levy::Brackets(brackets)).tax(taxed(amount)).unwrap()), tax.up());
    }
}

/// Item before location before client; and the default rate only where none of a region is there.
#[test]
fn the_nearest_region_counts() {
    let location = Uuid::from_u128(1);
    let taxation = Taxation {
        client_region: Some("CLIENT".to_owned()),
        location_regions: BTreeMap::from([(location, "LOCATION".to_owned())]),
        regions: BTreeMap::from([
            ("CLIENT".to_owned(), percent(10_000)),
            ("LOCATION".to_owned(), percent(20_000)),
            ("ITEM".to_owned(), percent(30_000)),
        ]),
        default: Some(Levy::Percentage(percent(40_000))),
        ..Taxation::default()
    };
    let tax = |region, location_id| taxation.tax(Taxed { amount: 100, taxable: true, region, location_id }).unwrap();
    assert_eq!(tax(Some("ITEM"), Some(location)), 3);
    assert_eq!(tax(None, Some(location)), 2);
    assert_eq!(tax(None, Some(Uuid::from_u128(2))), 1, "a location without a region");
    assert_eq!(tax(None, None), 1);
    assert_eq!(tax(Some("ELSEWHERE"), Some(location)), 4, "a region without rates");
}

/// Nothing is due from those who owe nothing, on what nothing is due on, and on a holiday.
#[test]
fn what_is_free_of_tax_is_free() {
    let levied = by_default(Levy::Percentage(percent(200_000)));
    assert_eq!(levied.tax(taxed(100)).unwrap(), 20);
    assert_eq!(levied.tax(Taxed { taxable: false, ..taxed(100) }).unwrap(), 0);
    assert_eq!(Taxation { exempt: true, ..levied }.tax(taxed(100)).unwrap(), 0);
    assert_eq!(by_default(Levy::Holiday).tax(taxed(100)).unwrap(), 0);
    assert_eq!(Taxation::default().tax(taxed(100)).unwrap(), 0);
}

/// The least part of a cent is a cent; a whole cent is no more.
#[test]
fn tax_is_rounded_up() {
    let at = |ten_thousandths| by_default(Levy::Percentage(percent(ten_thousandths)));
    assert_eq!(at(1).tax(taxed(1)).unwrap(), 1);
    assert_eq!(at(82_500).tax(taxed(10_000)).unwrap(), 825);
    assert_eq!(at(82_500).tax(taxed(10_001)).unwrap(), 826);
    assert!(at(82_500).tax(taxed(i64::MAX)).is_ok());
    assert!(at(2_000_000).tax(taxed(i64::MAX)).is_err());
}
