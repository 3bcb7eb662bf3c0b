//! Odd inputs of actions, with ids of rows that are there.

use actwright_codegen::model::{Action, Model};
use actwright_tests::conformance::alias::id;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::{oddities, strategy};

/// What fields name, and a row of that kind.
const ROWS: &[(&str, &[&str])] = &[
    ("client_id", &["client.contoso", "client.fabrikam"]),
    ("contact_id", &["contact.dana", "contact.carl"]),
    ("ticket_id", &["ticket.vpn"]),
    ("user_id", &["user.tech", "user.admin"]),
    ("type_id", &["type.call", "type.site_visit"]),
    ("status_id", &["status.planned", "status.done"]),
    ("activity_id", &["activity.call", "activity.email", "activity.visit", "activity.meeting"]),
    ("quote_id", &["quote.draft", "quote.bare", "quote.approved", "quote.accepted"]),
    ("template_id", &["template.offer"]),
    ("applies_to_item_id", &["item.setup"]),
    ("applies_to_service_id", &["service.backup"]),
    ("location_id", &["location.office"]),
];

/// Texts that mean something to somebody on the way.
const TEXTS: &[&str] = &[
    "'; DROP TABLE quotes; --",
    "\" OR \"\"=\"",
    "$1 ?1 :tenant %s %n %d {0}",
    "{{ 7 * 7 }}{% for x in y %}",
    "${jndi:ldap://x.example/a}",
    "<script>alert(1)</script>",
    "../../../../etc/passwd\u{2028}",
    "\\u0000 \\x00 \\",
    "a\u{0}b",
    "\u{feff}\u{200b}\u{202e}\u{7f}",
    "ﷺ e\u{301} 😀 \u{1f468}\u{200d}\u{1f469}",
    "\r\n.\r\nBcc: x@y.example\r\n",
    "\u{fffd}\u{ffff}\u{10ffff}",
    "İıſK",
];

/// So many inputs of an action, always the same for a seed.
pub fn of(model: &Model, action: &Action, seed: u64, count: usize) -> Vec<Value> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&id(&action.id).as_bytes()[..8]);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = strategy::input(model, action);
    let inputs = (0..count).map(|number| {
        let mut input = strategy.new_tree(&mut runner).expect("an input").current();
        name_rows(&mut input, number);
        sprinkle(&mut input, number);
        input
    });
    inputs.collect()
}

/// The first example with hostile values in each field, and large ones.
pub fn hostile(action: &Action) -> Vec<Value> {
    let mut inputs = Vec::new();
    let Some(example) = action.examples.first() else { return inputs };
    let mut example = example.input.clone();
    name_rows(&mut example, 0);
    let fields = action.input.iter().map(|field| format!("/{}", field.name));
    let mut places: Vec<String> = oddities::places(&example).into_iter().chain(fields).collect();
    places.sort();
    places.dedup();
    let large = "L'".repeat(20_000);
    for (index, place) in places.iter().enumerate() {
        let texts = TEXTS.iter().map(|text| json!(text)).chain([json!(large.as_str())]);
        let numbers = [json!(u64::MAX), json!(i64::MIN), json!(1e300), json!(-0.0), json!(2_147_483_648_u64)];
        let times = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z"].map(|time| json!(time));
        let lists = [json!([large.as_str()]), json!([["a\u{0}"]]), json!({ "a\u{0}": "b" })];
        // A few of them, and others in the next field: all would take minutes.
        for value in texts.chain(numbers).chain(times).chain(lists).skip(index % 13).step_by(13) {
            let mut input = example.clone();
            oddities::put(&mut input, place, value);
            inputs.push(input);
        }
    }
    inputs
}

/// Puts ids of rows in place of random ones, but for every eighth.
fn name_rows(input: &mut Value, number: usize) {
    match input {
        Value::Object(fields) => {
            let kind = fields.get("type").and_then(Value::as_str).map(str::to_owned);
            for (index, (name, value)) in fields.iter_mut().enumerate() {
                if value.as_str().is_none_or(|text| text.len() != 36) || (number + index) % 8 == 7 {
                    name_rows(value, number);
                    continue;
                }
                let own = kind.as_ref().filter(|_| name == "id").map(|kind| format!("{kind}_id"));
                let name = own.as_deref().unwrap_or(name);
                let name = if name.ends_with("user_id") { "user_id" } else { name };
                if let Some((_, rows)) = ROWS.iter().find(|(known, _)| *known == name) {
                    *value = json!(id(rows[number % rows.len()]));
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| name_rows(item, number)),
        _ => {}
    }
}

/// Puts one of the texts that mean something into a text.
fn sprinkle(input: &mut Value, number: usize) {
    let places = oddities::places(input);
    let place = &places[number * 7 % places.len()];
    if let Some(Value::String(text)) = input.pointer_mut(place)
        && text.len() != 36
        && number.is_multiple_of(3)
    {
        text.push_str(TEXTS[number % TEXTS.len()]);
    }
}
