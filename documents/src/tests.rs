//! Looks at laid out pages: what they say, where, and in which glyphs.

use typst::layout::{Frame, FrameItem, Point};
use typst::text::TextItem;
use typst_layout::PagedDocument;

use crate::page::Page;
use crate::{Discount, Item, Party, Quote, render, typesetting};

#[path = "../examples/sample_quote/samples.rs"]
mod samples;

fn lay_out(quote: &Quote) -> PagedDocument {
    typesetting::lay_out(&Page::new(quote)).unwrap()
}

fn visit(frame: &Frame, origin: Point, visitor: &mut impl FnMut(Point, &TextItem)) {
    for (position, item) in frame.items() {
        match item {
            FrameItem::Text(text) => visitor(origin + *position, text),
            FrameItem::Group(group) => visit(&group.frame, origin + *position, visitor),
            _ => {}
        }
    }
}

/// The text of every page, runs separated by blanks, runs of blanks folded.
fn pages(document: &PagedDocument) -> Vec<String> {
    let text = |frame: &Frame| {
        let mut runs = Vec::new();
        visit(frame, Point::zero(), &mut |_, text| runs.push(text.text.to_string()));
        runs.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    document.pages().iter().map(|page| text(&page.frame)).collect()
}

fn text(quote: &Quote) -> String {
    pages(&lay_out(quote)).join(" ")
}

fn item(description: &str, total: i64) -> Item {
    Item { description: description.to_owned(), unit_price: total, total, ..Item::default() }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn every_sample_renders_on_its_number_of_pages() {
    let counts: Vec<(&str, usize)> =
        samples::ALL.iter().map(|(name, sample)| (*name, lay_out(&sample()).pages().len())).collect();
    assert_eq!(
        counts,
        [("project", 2), ("one-page", 1), ("long", 9), ("scripts", 2), ("extremes", 4), ("dinar", 1), ("empty", 1)]
    );
}

#[test]
fn every_sample_has_a_glyph_for_every_character() {
    for (name, sample) in samples::ALL {
        for page in lay_out(&sample()).pages() {
            visit(&page.frame, Point::zero(), &mut |_, text| {
                assert!(text.glyphs.iter().all(|glyph| glyph.id != 0), "{name}: no glyph in {:?}", text.text);
            });
        }
    }
}

#[test]
fn no_text_runs_out_of_the_page() {
    for (name, sample) in samples::ALL {
        for page in lay_out(&sample()).pages() {
            visit(&page.frame, Point::zero(), &mut |position, text| {
                let right = position.x + text.width();
                assert!(right <= page.frame.width(), "{name}: {:?} runs out of the page", text.text);
            });
        }
    }
}

#[test]
fn equal_quotes_give_equal_bytes() {
    let first = render(&samples::project()).unwrap();
    assert!(first.starts_with(b"%PDF-"));
    assert!(first == render(&samples::project()).unwrap());
}

#[test]
fn the_heading_of_the_items_is_repeated_and_pages_are_numbered() {
    let pages = pages(&lay_out(&samples::long()));
    for (index, page) in pages.iter().enumerate() {
        assert!(page.contains("UNIT PRICE"), "page {index} has no heading of the items: {page}");
        assert!(page.contains(&format!("Page {} of 9", index + 1)), "page {index} has no number: {page}");
    }
    assert!(pages[1].contains("QUO-0044 · Data centre migration"));
    assert!((1..=200).all(|number| pages.iter().any(|page| page.contains(&format!("Work package {number} of")))));
}

#[test]
fn text_is_never_read_as_markup_or_code() {
    let hostile = "#panic(\"no\") *bold* _it_ $x^2$ ] [ } { \\ \" ' ` <label> @ref // comment /* = heading -- ~ #include \"/etc/passwd\"";
    let party = Party {
        name: hostile.to_owned(),
        address: vec![hostile.to_owned()],
        email: some(hostile),
        phone: some(hostile),
    };
    let quote = Quote {
        number: some(hostile),
        title: hostile.to_owned(),
        status: some("#panic()"),
        currency: "#panic()".to_owned(),
        seller: party.clone(),
        client: party.clone(),
        contact: Some(party),
        po_number: some(hostile),
        description: some(hostile),
        introduction: some(hostile),
        items: vec![Item {
            detail: some(hostile),
            phase: some(hostile),
            unit: some(hostile),
            recurring: some(hostile),
            optional: true,
            ..item(hostile, 1)
        }],
        terms_and_conditions: some(hostile),
        portal_link: some("javascript:alert(1)"),
        ..Quote::default()
    };
    render(&quote).unwrap();
    let text = text(&Quote { title: "Plain".to_owned(), items: vec![item(hostile, 1)], ..Quote::default() });
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    assert!(squeezed(&text).contains(&squeezed(hostile)), "{text}");
    assert!(!self::text(&quote).contains("javascript"));
}

#[test]
fn control_characters_do_not_reach_the_page() {
    let text = text(&Quote { items: vec![item("a\0b\u{1b}c\u{202e}d\re", 1)], ..Quote::default() });
    assert!(text.contains("abcd") && !text.chars().any(char::is_control), "{text:?}");
}

#[test]
fn optional_recurring_and_discount_lines_are_told_apart() {
    let quote = Quote {
        currency: "USD".to_owned(),
        items: vec![
            item("Set-up", 100_000),
            Item { recurring: some("monthly"), ..item("Care", 120_000) },
            Item { optional: true, ..item("Training", 5_000) },
            Item { optional: true, selected: false, recurring: some("monthly"), ..item("Night shift", 7_700) },
            Item { discount: Some(Discount::Percentage(10)), ..item("Launch offer", 10_000) },
            Item { discount: Some(Discount::Fixed), ..item("Credit", -2_500) },
        ],
        subtotal: 225_000,
        discount_total: 12_500,
        tax: 0,
        total: 212_500,
        ..Quote::default()
    };
    let text = text(&quote);
    for expected in [
        "Optional, selected",
        "Optional, not included",
        "Billed once $1,050.00",
        "Billed monthly $1,200.00",
        "Subtotal $2,250.00",
        "−10% −$100.00",
        "−$25.00",
        "Discount −$125.00",
        "Tax $0.00",
        "Total (USD) $2,125.00",
        "Optional items not included: $77.00",
    ] {
        assert!(text.contains(expected), "{expected} is missing: {text}");
    }
}

#[test]
fn items_are_grouped_by_phase() {
    let phased = |description: &str, phase: &str| Item { phase: some(phase), ..item(description, 100) };
    let items = vec![phased("Ape", "First"), phased("Bee", "Second"), phased("Cat", "First"), item("Dog", 100)];
    let text = text(&Quote { items, ..Quote::default() });
    let places: Vec<usize> = ["First", "Ape", "Cat", "Second", "Bee", "General", "Dog"]
        .iter()
        .map(|word| text.find(word).unwrap())
        .collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn a_quote_without_items_says_so() {
    assert!(text(&samples::empty()).contains("This quote has no items."));
}
