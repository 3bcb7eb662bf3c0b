//! Judges a run: for each row, whether an order of the calls explains all their answers and what the row is in the end; and
//! what must hold of all rows together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::hash::Hash;

use serde_json::{Value, json};

use super::facts::{Evidence, Fact, Inquiry};
use super::history::Record;
use super::invariants;
use super::linear::{Event, check};
use super::model::activity::Activity;
use super::model::number::Number;
use super::model::quote::Quote;
use super::model::tags::{self, Tags};
use super::model::types::Types;
use super::model::{Told, Verdict, agreed};
use super::operation::Operation;
use super::rows::{ACTIVITIES, QUOTES, TENANTS, client_of, row};

type CallOn = (Operation, Told);

/// Everything that is wrong with a run.
pub fn judge(records: &[Record], evidence: &Evidence<'_>) -> Vec<String> {
    let mut inquiry = Inquiry::new(evidence, records);
    let facts = inquiry.facts(records);
    let mut problems = inquiry.problems;
    for (tenant, name) in TENANTS.iter().enumerate() {
        let of_tenant: Vec<&Fact> = facts.iter().filter(|fact| fact.record.planned.tenant == tenant).collect();
        let mut found = objects(&of_tenant, evidence, tenant);
        found.extend(invariants::violated(records, &of_tenant, evidence, tenant));
        problems.extend(found.into_iter().map(|problem| format!("tenant {name}: {problem}")));
    }
    problems.extend(invariants::violated_by_deliveries(evidence));
    problems
}

/// Each object of a tenant.
fn objects(facts: &[&Fact], evidence: &Evidence<'_>, tenant: usize) -> Vec<String> {
    let mut problems = Vec::new();
    let mut note = |what: String, outcome: Result<(), String>| {
        if let Err(problem) = outcome {
            problems.push(format!("{what}: {problem}"));
        }
    };
    for number in 0..QUOTES.len() {
        let stored = Stored::of(evidence, tenant, number);
        let end = |quote: &Quote| quote.is_stored(&stored.row, stored.items, &stored.entries);
        let outcome = object(facts, Quote::initial(number), |fact| on_quote(fact, number), Quote::step, end);
        note(format!("quote {number}, in the end {}", stored.row), outcome);
    }
    for number in 0..ACTIVITIES.len() {
        let stored = find(evidence.rows("interactions", tenant), "interaction_id", "activity", number);
        let end = |activity: &Activity| activity.is_stored(&stored);
        let outcome = object(facts, Activity::initial(), |fact| on_activity(fact, number), Activity::step, end);
        note(format!("activity {number}, in the end {stored}"), outcome);
    }
    for kind in ["ticket", "client"] {
        let (known, on) = stored_tags(evidence, tenant, kind);
        let of_kind = |fact: &Fact| match fact.record.planned.operation {
            Operation::Tag { activity, .. } => (ACTIVITIES[activity] == kind).then(|| fact.told.clone()),
            _ => None,
        };
        let end = |tags: &Tags| tags.are_stored(&known, &on);
        note(
            format!("tags of {kind}s, in the end {known:?} {on:?}"),
            object(facts, Tags::default(), of_kind, Tags::step, end),
        );
    }
    let types = evidence.rows("interaction_types", tenant);
    let of_types =
        |fact: &Fact| matches!(fact.record.planned.operation, Operation::CreateType { .. }).then(|| fact.told.clone());
    let end = |state: &Types| state.are_stored(&types);
    note(format!("types, in the end {types:?}"), object(facts, Types::initial(), of_types, Types::step, end));
    let last = evidence.rows("next_number", tenant).into_iter().find(|row| row["entity_type"] == json!("QUOTE"));
    let last = last.map_or(0, |row| row["last_number"].as_i64().unwrap_or(-1));
    let of_numbers = |fact: &Fact| {
        let creates =
            matches!(fact.record.planned.operation, Operation::CreateQuote { .. } | Operation::FromTemplate { .. });
        creates.then(|| fact.told.clone())
    };
    let step = |number: &Number, _: &Operation| number.step();
    note(format!("numbers, the last is {last}"), object(facts, Number(0), of_numbers, step, |number| number.0 == last));
    problems
}

/// Checks one object by the calls on it.
fn object<S: Clone + Eq + Hash + Debug>(
    facts: &[&Fact],
    start: S,
    told: impl Fn(&Fact) -> Option<Told>,
    step: impl Fn(&S, &Operation) -> Verdict<S>,
    end: impl Fn(&S) -> bool,
) -> Result<(), String> {
    let events: Vec<Event<CallOn>> = (facts.iter())
        .filter_map(|fact| {
            let Fact { record, maybe, .. } = fact;
            let call = (record.planned.operation.clone(), told(fact)?);
            Some(Event { invoked: record.invoked, responded: record.responded, optional: *maybe, call })
        })
        .collect();
    check(
        start,
        &events,
        |state, event| {
            let (operation, told) = &event.call;
            agreed(state, step(state, operation), told)
        },
        end,
    )
}

/// What a call told of this quote; none when it is about others.
fn on_quote(fact: &Fact, number: usize) -> Option<Told> {
    match &fact.record.planned.operation {
        Operation::Send { quote, .. }
        | Operation::Submit { quote, .. }
        | Operation::AddItem { quote, .. }
        | Operation::Convert { quote, .. } => (*quote == number).then(|| fact.told.clone()),
        Operation::FindQuote { quote } => {
            (*quote == number).then(|| found(fact, "quotes", "quote_id", "quote", number))
        }
        Operation::FindQuotes { client } => {
            (*client == client_of(number)).then(|| found(fact, "quotes", "quote_id", "quote", number))
        }
        _ => None,
    }
}

fn on_activity(fact: &Fact, number: usize) -> Option<Told> {
    match &fact.record.planned.operation {
        Operation::Update { activity, .. } | Operation::Move { activity, .. } => {
            (*activity == number).then(|| fact.told.clone())
        }
        Operation::FindActivities { client } => {
            (*client == client_of(number)).then(|| found(fact, "activities", "activity_id", "activity", number))
        }
        _ => None,
    }
}

/// The row of a search that is about one object. It must be there.
fn found(fact: &Fact, list: &str, key: &str, kind: &str, number: usize) -> Told {
    let Told::Output(output) = &fact.told else { return fact.told.clone() };
    let rows: Vec<&Value> = output[list].as_array().into_iter().flatten().collect();
    Told::Output(find(rows, key, kind, number))
}

fn find(rows: Vec<&Value>, key: &str, kind: &str, number: usize) -> Value {
    let id = json!(row(kind, number));
    rows.into_iter().find(|row| row[key] == id).cloned().unwrap_or_default()
}

/// A quote in the database.
struct Stored<'e> {
    row: Value,
    items: usize,
    entries: Vec<&'e str>,
}

impl<'e> Stored<'e> {
    fn of(evidence: &'e Evidence<'_>, tenant: usize, number: usize) -> Self {
        let id = json!(row("quote", number));
        let of_quote = |table| evidence.rows(table, tenant).into_iter().filter(|row| row["quote_id"] == id);
        Self {
            row: find(evidence.rows("quotes", tenant), "quote_id", "quote", number),
            items: of_quote("quote_items").count(),
            entries: of_quote("quote_activities").filter_map(|row| row["activity_type"].as_str()).collect(),
        }
    }
}

/// Tags of a kind of record: which are known, and which activity's record has which.
fn stored_tags(evidence: &Evidence<'_>, tenant: usize, kind: &str) -> (BTreeSet<usize>, BTreeSet<(usize, usize)>) {
    let definitions: BTreeMap<&str, usize> = (evidence.rows("tag_definitions", tenant).into_iter())
        .filter(|row| row["tagged_type"] == json!(kind))
        .filter_map(|row| Some((row["tag_id"].as_str()?, tags::number(&row["tag_text"])?)))
        .collect();
    let tagged = |activity: usize| match ACTIVITIES[activity] {
        "ticket" => json!(row("ticket", 0)),
        _ => json!(row("client", client_of(activity))),
    };
    let on = evidence.rows("tag_mappings", tenant).into_iter().filter_map(|row| {
        let tag = definitions.get(row["tag_id"].as_str()?)?;
        let activities = (0..ACTIVITIES.len()).filter(|activity| ACTIVITIES[*activity] == kind);
        let activity = activities.into_iter().find(|activity| tagged(*activity) == row["tagged_id"])?;
        Some((activity, *tag))
    });
    (definitions.values().copied().collect(), on.collect())
}
