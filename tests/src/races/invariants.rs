//! What must hold of all rows together, whatever callers did.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::facts::{Evidence, Fact};
use super::history::{Outcome, Record};
use super::rows::{self, client_of};
use crate::conformance::dump::{AUDIT, LEDGER, OUTBOX};

/// What a tenant's rows violate.
pub fn violated(records: &[Record], facts: &[&Fact], evidence: &Evidence<'_>, tenant: usize) -> Vec<String> {
    let mut broken = Broken(Vec::new());
    let records: Vec<&Record> = records.iter().filter(|record| record.planned.tenant == tenant).collect();
    audit(&records, facts, evidence, tenant, &mut broken);
    ledger(evidence, tenant, &mut broken);
    numbers(evidence, tenant, "quotes", "quote_number", ("QUO-", 4, "QUOTE"), &mut broken);
    numbers(evidence, tenant, "invoices", "invoice_number", ("INV-", 6, "INVOICE"), &mut broken);
    totals(evidence, tenant, &mut broken);
    conversions(evidence, tenant, &mut broken);
    creations(evidence, tenant, &mut broken);
    events(evidence, tenant, &mut broken);
    broken.0
}

struct Broken(Vec<String>);

impl Broken {
    fn unless(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }
}

/// One row for each call that had an effect, one for each refusal, and none besides.
fn audit(records: &[&Record], facts: &[&Fact], evidence: &Evidence<'_>, tenant: usize, broken: &mut Broken) {
    let mut by_action: BTreeMap<&'static str, Vec<&&Record>> = BTreeMap::new();
    for record in records {
        by_action.entry(record.planned.operation.action()).or_default().push(record);
    }
    for (action, records) in by_action {
        let stored = evidence.successes(tenant, action);
        let of_action = |fact: &&&Fact| fact.record.planned.operation.action() == action;
        let known: BTreeSet<String> =
            facts.iter().filter(of_action).filter_map(|fact| fact.invocation.clone()).collect();
        let maybe = facts.iter().filter(of_action).filter(|fact| fact.maybe).count();
        let missing: Vec<&String> = known.difference(&stored).collect();
        let surplus = stored.difference(&known).count();
        broken.unless(missing.is_empty(), || format!("{action}: no audit row of {missing:?}"));
        broken.unless(surplus <= maybe, || {
            format!("{action}: {surplus} audit rows of effects that nobody asked for; {maybe} calls may have had one")
        });
        let refusals = evidence.rows(AUDIT, tenant).into_iter().filter(|row| {
            let operation = row["operation"].as_str().unwrap_or_default();
            operation == format!("workflow_action_denied:{action}")
                || operation == format!("workflow_action_failed:{action}")
        });
        let refusals = refusals.count();
        let refused = records.iter().filter(|record| matches!(record.outcome, Outcome::Refused(_))).count();
        let unknown = records.iter().filter(|record| matches!(record.outcome, Outcome::Unknown)).count();
        broken.unless((refused..=refused + unknown).contains(&refusals), || {
            format!("{action}: {refusals} refusals in the audit, {refused} were told, {unknown} may have been")
        });
    }
}

/// Every key has an output and the audit row of its call.
fn ledger(evidence: &Evidence<'_>, tenant: usize, broken: &mut Broken) {
    for row in evidence.rows(LEDGER, tenant) {
        let action = row["action_id"].as_str().unwrap_or_default();
        let invocation = row["invocation_id"].as_str().unwrap_or_default();
        broken.unless(!row["output"].is_null(), || format!("a key without an output: {row}"));
        broken.unless(evidence.successes(tenant, action).contains(invocation), || {
            format!("a key without the audit row of its call: {row}")
        });
    }
}

/// Each number once, and none left out.
fn numbers(
    evidence: &Evidence<'_>,
    tenant: usize,
    table: &str,
    column: &str,
    (prefix, width, entity): (&str, usize, &str),
    broken: &mut Broken,
) {
    let rows = evidence.rows(table, tenant).into_iter().filter_map(|row| row[column].as_str());
    let mut taken: Vec<&str> = rows.filter(|number| number.starts_with(prefix)).collect();
    taken.sort_unstable();
    let expected: Vec<String> = (1..=taken.len()).map(|number| format!("{prefix}{number:0width$}")).collect();
    broken.unless(taken == expected, || format!("{table} have the numbers {taken:?}"));
    let last = evidence.rows("next_number", tenant).into_iter().find(|row| row["entity_type"] == json!(entity));
    let last = last.map_or(0, |row| row["last_number"].as_i64().unwrap_or(-1));
    broken.unless(i64::try_from(taken.len()) == Ok(last), || {
        format!("{} {table}, the last number is {last}", taken.len())
    });
}

/// Quotes come to what their items come to.
fn totals(evidence: &Evidence<'_>, tenant: usize, broken: &mut Broken) {
    for quote in evidence.rows("quotes", tenant).into_iter().filter(|quote| quote["is_template"] != json!(true)) {
        let items =
            evidence.rows("quote_items", tenant).into_iter().filter(|item| item["quote_id"] == quote["quote_id"]);
        let (mut subtotal, mut discount) = (0, 0);
        for item in items {
            let price = item["total_price"].as_i64().unwrap_or_default();
            *(if item["is_discount"] == json!(true) { &mut discount } else { &mut subtotal }) += price;
        }
        let stored =
            ["subtotal", "discount_total", "total_amount"].map(|name| quote[name].as_i64().unwrap_or_default());
        broken.unless(stored == [subtotal, discount, subtotal - discount], || {
            format!("the items come to {subtotal} and {discount}, and the quote says {stored:?}: {quote}")
        });
    }
}

/// Nobody has a contract or an invoice that no quote became.
fn conversions(evidence: &Evidence<'_>, tenant: usize, broken: &mut Broken) {
    for (table, key, link) in
        [("contracts", "contract_id", "converted_contract_id"), ("invoices", "invoice_id", "converted_invoice_id")]
    {
        let of = |table: &str, column: &str| -> BTreeSet<String> {
            let rows = evidence.rows(table, tenant).into_iter();
            rows.filter_map(|row| row[column].as_str().map(str::to_owned)).collect()
        };
        let (made, linked) = (of(table, key), of("quotes", link));
        broken.unless(made == linked, || format!("{table} {made:?}, and quotes became {linked:?}"));
    }
}

/// Rows that calls created are as many as the calls that say so.
fn creations(evidence: &Evidence<'_>, tenant: usize, broken: &mut Broken) {
    let count = |table: &str, column: &str, value: &str| {
        evidence.rows(table, tenant).into_iter().filter(|row| row[column] == json!(value)).count()
    };
    let created = [
        ("crm.schedule_activity", count("interactions", "title", "Call back")),
        ("crm.create_activity_note", count("interactions", "title", "Note")),
        ("crm.create_quote", count("quotes", "title", "New")),
        // Without the template itself.
        ("crm.create_quote_from_template", count("quotes", "title", "Offer") - 1),
    ];
    for (action, rows) in created {
        let calls = evidence.successes(tenant, action).len();
        broken.unless(rows == calls, || format!("{action}: {rows} rows of {calls} calls"));
    }
}

/// An event for each tag that was defined or used, and for each activity that was scheduled.
fn events(evidence: &Evidence<'_>, tenant: usize, broken: &mut Broken) {
    let of_tenant = json!(rows::tenant(tenant));
    let expected = [
        ("TAG_DEFINITION_CREATED", evidence.rows("tag_definitions", tenant).len()),
        ("TAG_APPLIED", evidence.rows("tag_mappings", tenant).len()),
        ("INTERACTION_LOGGED", evidence.successes(tenant, "crm.schedule_activity").len()),
    ];
    for (name, rows) in expected {
        let told = evidence.events.iter().filter(|event| event["name"] == json!(name));
        let told = told.filter(|event| event["payload"]["tenantId"] == of_tenant).count();
        broken.unless(told == rows, || format!("{told} events {name} of {rows} happenings"));
    }
    let sent = (0..rows::QUOTES.len()).filter(|number| {
        let id = json!(rows::row("quote", *number));
        client_of(*number) == 0
            && evidence.rows("quotes", tenant).iter().any(|row| row["quote_id"] == id && row["status"] == json!("sent"))
    });
    let mailed = evidence.rows("quote_activities", tenant).into_iter();
    let mailed = mailed.filter(|row| row["metadata"]["email_sent"] == json!(true)).count();
    let sent = sent.count();
    broken.unless(mailed == sent, || format!("{sent} quotes were sent to somebody, and {mailed} entries say so"));
}

/// What left, left once, and nothing stays behind.
pub fn violated_by_deliveries(evidence: &Evidence<'_>) -> Vec<String> {
    let mut broken = Broken(Vec::new());
    let outbox: Vec<&Value> = evidence.dump.get(OUTBOX).into_iter().flatten().collect();
    let left: Vec<&&Value> = outbox.iter().filter(|row| row["status"] != json!("delivered")).collect();
    broken.unless(left.is_empty(), || format!("the outbox still has {left:?}"));
    let keys = |rows: Vec<&Value>, columns: [&str; 2]| -> Vec<String> {
        let mut keys: Vec<String> =
            rows.iter().map(|row| columns.map(|column| row[column].to_string()).concat()).collect();
        keys.sort();
        keys
    };
    // Every recipient of a mail has a row; there is one sink of events.
    let mails = (["key", "sink"], evidence.mails, ["message_id", "recipient"]);
    for (kind, (stored, told, told_columns)) in
        [("event", (["key", "none"], evidence.events, ["key", "none"])), ("mail", mails)]
    {
        let stored = keys(outbox.iter().filter(|row| row["kind"] == json!(kind)).copied().collect(), stored);
        let told = keys(told.iter().collect(), told_columns);
        broken.unless(told == stored, || format!("{kind}s that left: {told:?}, and that were to leave: {stored:?}"));
        broken.unless(told.windows(2).all(|pair| pair[0] != pair[1]), || format!("{kind}s left twice: {told:?}"));
    }
    broken.0
}
