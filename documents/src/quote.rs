//! The content of a quote, as the caller knows it. Money is an integer in the currency's minor unit everywhere.

use chrono::NaiveDate;

/// A quote to be rendered. Absent and blank values are left out of the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quote {
    /// The number that people quote, such as `QUO-0042`.
    pub number: Option<String>,
    /// What the quote is for, in a line.
    pub title: String,
    /// A status worth showing to the reader, such as `draft`.
    pub status: Option<String>,
    /// The day the quote was made.
    pub issued: Option<NaiveDate>,
    /// The last day on which the quote can be accepted.
    pub valid_until: Option<NaiveDate>,
    /// ISO 4217 code, such as `USD`.
    pub currency: String,
    /// Who offers.
    pub seller: Party,
    /// Who is asked to accept.
    pub client: Party,
    /// The client's person in charge.
    pub contact: Option<Party>,
    /// The client's purchase order.
    pub po_number: Option<String>,
    /// What the quote covers, below its title. Blank lines separate paragraphs.
    pub description: Option<String>,
    /// A personal opening to the reader. Blank lines separate paragraphs.
    pub introduction: Option<String>,
    /// What is offered, in the order to be shown.
    pub items: Vec<Item>,
    /// Sum of the items that count, without discounts.
    pub subtotal: i64,
    /// Sum of the discounts; shown as negative whichever its sign.
    pub discount_total: i64,
    /// Tax on the items.
    pub tax: i64,
    /// What the client pays.
    pub total: i64,
    /// Blank lines separate paragraphs.
    pub terms_and_conditions: Option<String>,
    /// Where the client can read and accept the quote.
    pub portal_link: Option<String>,
}

/// A company or a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Party {
    /// Name of the company or person.
    pub name: String,
    /// Postal address, a line each.
    pub address: Vec<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
}

/// One line of a quote. The default is one included, non-recurring piece at no cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What the client gets.
    pub description: String,
    /// A second, smaller line: name or SKU of the service.
    pub detail: Option<String>,
    /// Items of one phase are shown together, phases in the order of their first items.
    pub phase: Option<String>,
    /// Number of units.
    pub quantity: i64,
    /// Unit of measure, such as `hour`.
    pub unit: Option<String>,
    /// Price of one unit.
    pub unit_price: i64,
    /// Price of the line. For a discount the amount taken off; shown as negative whichever its sign.
    pub total: i64,
    /// The client may choose whether to take it.
    pub optional: bool,
    /// Whether an optional item is taken; one that is not counts in no sum.
    pub selected: bool,
    /// How often the item is billed, such as `monthly`; absent when it is billed once.
    pub recurring: Option<String>,
    /// Present when the line is a discount.
    pub discount: Option<Discount>,
}

/// How a discount is reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    /// So many percent off.
    Percentage(i64),
    /// A fixed amount off.
    Fixed,
}

impl Default for Item {
    fn default() -> Self {
        Self {
            description: String::new(),
            detail: None,
            phase: None,
            quantity: 1,
            unit: None,
            unit_price: 0,
            total: 0,
            optional: false,
            selected: true,
            recurring: None,
            discount: None,
        }
    }
}

impl Item {
    /// Whether the item counts in the sums: all do but the optional ones that the client has not chosen.
    pub(crate) fn counts(&self) -> bool {
        !self.optional || self.selected
    }
}
