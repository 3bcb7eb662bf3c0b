//! A quote as it stands on the page: every value a finished text, in the order and grouping of the template `quote.typ`.

use chrono::NaiveDate;
use serde::Serialize;

use crate::money::{format_money, format_number};
use crate::quote::{Discount, Item, Party, Quote};
use crate::text::{Paragraph, label, line, optional_line, optional_paragraphs, paragraphs, plain_line};

/// Countries that pay in these print on US Letter, the others on A4.
const LETTER_CURRENCIES: [&str; 4] = ["USD", "CAD", "MXN", "PHP"];
/// Longer descriptions may be broken across pages.
const LONGEST_UNBROKEN_DESCRIPTION: usize = 1_000;
const LONGEST_LINK: usize = 2_000;

#[derive(Debug, Serialize)]
pub(crate) struct Page {
    paper: &'static str,
    document_title: String,
    author: String,
    title: String,
    status: Option<String>,
    currency: String,
    seller: PartyBlock,
    client: PartyBlock,
    contact: Option<PartyBlock>,
    facts: Vec<Fact>,
    description: Vec<Paragraph>,
    introduction: Vec<Paragraph>,
    groups: Vec<Group>,
    sums: Vec<Fact>,
    total: String,
    not_included: Option<String>,
    terms: Vec<Paragraph>,
    portal_link: Option<String>,
}

#[derive(Debug, Serialize)]
struct PartyBlock {
    name: String,
    lines: Vec<String>,
}

/// A label and its value.
#[derive(Debug, Serialize)]
struct Fact {
    label: String,
    value: String,
}

/// The items of one phase.
#[derive(Debug, Serialize)]
struct Group {
    phase: Option<String>,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    description: Vec<Paragraph>,
    detail: Option<String>,
    badges: Vec<Badge>,
    quantity: String,
    unit_price: String,
    total: String,
    counts: bool,
    breakable: bool,
}

#[derive(Debug, Serialize)]
struct Badge {
    text: String,
    kind: &'static str,
}

impl Page {
    pub(crate) fn new(quote: &Quote) -> Self {
        let currency = line(&quote.currency).to_ascii_uppercase();
        let not_included = sum(quote.items.iter().filter(|item| !item.counts()));
        Self {
            paper: if LETTER_CURRENCIES.contains(&currency.as_str()) { "us-letter" } else { "a4" },
            document_title: document_title(quote),
            author: plain_line(&quote.seller.name),
            title: line(&quote.title),
            status: optional_line(quote.status.as_deref()).map(|status| label(&status)),
            seller: party_block(&quote.seller),
            client: party_block(&quote.client),
            contact: quote.contact.as_ref().map(party_block),
            facts: facts(quote),
            description: optional_paragraphs(quote.description.as_deref()),
            introduction: optional_paragraphs(quote.introduction.as_deref()),
            groups: groups(&quote.items, &currency),
            sums: sums(quote, &currency),
            total: format_money(quote.total, &currency),
            not_included: (not_included != 0).then(|| format_money(not_included, &currency)),
            terms: optional_paragraphs(quote.terms_and_conditions.as_deref()),
            portal_link: quote.portal_link.as_deref().and_then(web_address),
            currency,
        }
    }
}

/// What viewers show in the title bar.
fn document_title(quote: &Quote) -> String {
    let number = quote.number.as_deref().map(plain_line).unwrap_or_default();
    let title = plain_line(&quote.title);
    let parts = [format!("Quote {number}"), title].map(|part| part.trim().to_owned());
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn party_block(party: &Party) -> PartyBlock {
    let address = party.address.iter().map(String::as_str);
    let reachable = [party.email.as_deref(), party.phone.as_deref()];
    PartyBlock {
        name: line(&party.name),
        lines: address.map(Some).chain(reachable).filter_map(optional_line).collect(),
    }
}

fn facts(quote: &Quote) -> Vec<Fact> {
    let facts = [
        ("Quote number", optional_line(quote.number.as_deref())),
        ("Date", quote.issued.map(date)),
        ("Valid until", quote.valid_until.map(date)),
        ("Purchase order", optional_line(quote.po_number.as_deref())),
    ];
    facts.into_iter().filter_map(|(label, value)| value.map(|value| fact(label, value))).collect()
}

fn fact(label: impl Into<String>, value: String) -> Fact {
    Fact { label: label.into(), value }
}

/// The month as a word: no reader can take it for the day.
fn date(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// Phases in the order of their first items. Items without one are headed only where others have one.
fn groups(items: &[Item], currency: &str) -> Vec<Group> {
    let phases: Vec<Option<String>> = items.iter().map(|item| optional_line(item.phase.as_deref())).collect();
    let has_phases = phases.iter().any(Option::is_some);
    let mut groups: Vec<Group> = Vec::new();
    for (item, phase) in items.iter().zip(phases) {
        let phase = phase.or_else(|| has_phases.then(|| unphased_heading(item).to_owned()));
        let row = row(item, currency);
        match groups.iter_mut().find(|group| group.phase == phase) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { phase, rows: vec![row] }),
        }
    }
    groups
}

fn unphased_heading(item: &Item) -> &'static str {
    if item.discount.is_some() { "Discounts" } else { "General" }
}

fn row(item: &Item, currency: &str) -> Row {
    let unit = optional_line(item.unit.as_deref()).map(|unit| format!(" {unit}")).unwrap_or_default();
    let (quantity, unit_price) = match item.discount {
        Some(Discount::Percentage(percent)) => (String::new(), format!("−{}%", percent.unsigned_abs())),
        Some(Discount::Fixed) => (String::new(), String::new()),
        None => (format!("{}{unit}", format_number(item.quantity)), format_money(item.unit_price, currency)),
    };
    Row {
        description: paragraphs(&item.description),
        detail: optional_line(item.detail.as_deref()),
        badges: badges(item),
        quantity,
        unit_price,
        total: format_money(signed_total(item), currency),
        counts: item.counts(),
        breakable: item.description.len() > LONGEST_UNBROKEN_DESCRIPTION,
    }
}

fn badges(item: &Item) -> Vec<Badge> {
    let choice = match (item.optional, item.selected) {
        (false, _) => None,
        (true, true) => Some(("Optional, selected", "selected")),
        (true, false) => Some(("Optional, not included", "open")),
    };
    let choice = choice.map(|(text, kind)| Badge { text: text.to_owned(), kind });
    let recurring = frequency(item).map(|frequency| Badge { text: billed(Some(&frequency)), kind: "recurring" });
    [recurring, choice].into_iter().flatten().collect()
}

fn billed(frequency: Option<&str>) -> String {
    frequency.map_or_else(|| "Billed once".to_owned(), |frequency| format!("Billed {}", frequency.to_lowercase()))
}

fn frequency(item: &Item) -> Option<String> {
    optional_line(item.recurring.as_deref()).map(|frequency| label(&frequency))
}

fn signed_total(item: &Item) -> i64 {
    if item.discount.is_some() { item.total.saturating_abs().saturating_neg() } else { item.total }
}

fn sum<'a>(items: impl Iterator<Item = &'a Item>) -> i64 {
    items.map(signed_total).fold(0, i64::saturating_add)
}

/// The way from the items to the total: what is billed once and what every month or year (where anything recurs),
/// subtotal, discount, tax.
fn sums(quote: &Quote, currency: &str) -> Vec<Fact> {
    let counted: Vec<&Item> = quote.items.iter().filter(|item| item.counts() && item.discount.is_none()).collect();
    let mut frequencies: Vec<Option<String>> = Vec::new();
    for item in &counted {
        let frequency = frequency(item);
        if !frequencies.contains(&frequency) {
            frequencies.push(frequency);
        }
    }
    let mut sums = Vec::new();
    if frequencies.iter().any(Option::is_some) {
        // What is billed once comes first: None sorts before any frequency.
        frequencies.sort_by_key(Option::is_some);
        for wanted in frequencies {
            let amount = sum(counted.iter().copied().filter(|item| frequency(item) == wanted));
            sums.push(fact(billed(wanted.as_deref()), format_money(amount, currency)));
        }
    }
    let discount = quote.discount_total.saturating_abs().saturating_neg();
    sums.push(fact("Subtotal", format_money(quote.subtotal, currency)));
    if discount != 0 {
        sums.push(fact("Discount", format_money(discount, currency)));
    }
    sums.push(fact("Tax", format_money(quote.tax, currency)));
    sums
}

/// The address when it is one of the web, so that a click can do nothing else.
fn web_address(link: &str) -> Option<String> {
    let link = plain_line(link);
    let of_the_web = ["https://", "http://"].iter().any(|scheme| link.starts_with(scheme));
    (of_the_web && link.len() <= LONGEST_LINK && !link.contains(' ')).then_some(link)
}
