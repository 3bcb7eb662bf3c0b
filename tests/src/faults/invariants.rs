//! What holds whatever happened: one effect, one stored result, one audit row for each call that committed, what is to leave has
//! left and belongs to one of those, and nothing of any other is there or has left.

use std::collections::{BTreeMap, BTreeSet};

use actwright_runtime::database::Database;
use serde_json::{Value, json};

use crate::conformance::dump::{self, AUDIT, Dump, LEDGER, OUTBOX};
use crate::conformance::recorder::Recorder;

/// What callers were told: the output by the key of each call that succeeded.
pub type Told = BTreeMap<String, Value>;

/// How often something may leave where no fault can hit a delivery or its note.
pub const ONCE: usize = 1;
/// How often where one can: whether it has left was not noted, and that is made up for.
pub const TWICE: usize = 2;

/// Where the effect of an action is: its table, and what a row and the stored output have in common.
const EFFECTS: &[(&str, &str, &str, &str)] = &[
    ("crm.schedule_activity", "interactions", "/interaction_id", "/activity/activity_id"),
    ("crm.create_quote", "quotes", "/quote_id", "/quote/quote_id"),
    ("crm.convert_quote", "invoices", "/invoice_id", "/invoice_id"),
    ("crm.send_quote", "quote_activities", "/metadata/message_id", "/message_id"),
];

/// What really left, as whoever took it knows it.
#[derive(Debug, Default)]
pub struct Left {
    /// Key and payload of each event.
    pub events: Vec<(String, Value)>,
    /// `Message-ID` of each mail, and whom it reached.
    pub mails: Vec<(String, String)>,
}

impl Left {
    /// What these have recorded.
    pub fn of(recorders: &[&Recorder]) -> Self {
        let mut left = Self::default();
        for recorder in recorders {
            let events = recorder.events().into_iter();
            left.events.extend(events.map(|event| (text(&event, "key").to_owned(), event["payload"].clone())));
            for mail in recorder.mails() {
                let reached = mail["reached"].as_array().into_iter().flatten().filter_map(Value::as_str);
                left.mails.extend(reached.map(|to| (text(&mail, "message_id").to_owned(), to.to_owned())));
            }
        }
        left
    }
}

/// What does not hold.
#[derive(Default)]
struct Broken(Vec<String>);

impl Broken {
    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }
}

/// Checks a database after calls with a key each, and what left. Gives what does not hold. Nothing may have left more often than
/// `most` times.
///
/// # Panics
///
/// When the database cannot be read.
pub async fn broken(database: &Database, before: &Dump, told: &Told, left: &Left, most: usize) -> Vec<String> {
    let after = dump::dump(database).await.expect("a database that can be read");
    let rows = |table: &str| -> Vec<&Value> {
        let known = &before[table];
        after[table].iter().filter(|row| !known.contains(row)).collect()
    };
    let mut broken = Broken::default();
    let ledger: BTreeMap<&str, &Value> =
        rows(LEDGER).into_iter().map(|row| (text(row, "invocation_id"), row)).collect();
    let (done, refused): (Vec<&Value>, Vec<&Value>) =
        rows(AUDIT).into_iter().partition(|row| text(row, "operation").starts_with("workflow_action:"));
    let committed: BTreeSet<&str> = done.iter().map(|row| text(row, "audit_id")).collect();
    let stored: BTreeSet<&str> = ledger.keys().copied().collect();
    broken.expect(done.len() == committed.len(), || "a call was audited twice".to_owned());
    broken.expect(committed == stored, || format!("audited {committed:?}, stored {stored:?}"));
    for row in refused {
        let id = text(row, "audit_id");
        broken.expect(!committed.contains(id), || format!("{id} is audited as done and as refused"));
    }
    effects(&mut broken, &ledger, before, &after);
    outbox(&mut broken, &ledger, &rows(OUTBOX));
    receivers(&mut broken, &rows(OUTBOX), left, most);
    quotes(&mut broken, &ledger, &done, &rows("quote_activities"), left);
    callers(&mut broken, &ledger, told);
    broken.0
}

/// Each call has one effect, and there are no others.
fn effects(broken: &mut Broken, ledger: &BTreeMap<&str, &Value>, before: &Dump, after: &Dump) {
    for (action, table, row_key, output_key) in EFFECTS {
        let keys = |rows: &[Value]| -> Vec<String> {
            rows.iter()
                .filter_map(|row| row.pointer(row_key))
                .filter(|key| !key.is_null())
                .map(Value::to_string)
                .collect()
        };
        let known = keys(&before[*table]);
        let made: Vec<String> = keys(&after[*table]).into_iter().filter(|key| !known.contains(key)).collect();
        let outputs = ledger.values().filter(|row| text(row, "action_id") == *action);
        let outputs = outputs.filter_map(|row| row["output"].pointer(output_key)).filter(|key| !key.is_null());
        let outputs: Vec<String> = outputs.map(Value::to_string).collect();
        let distinct: BTreeSet<&String> = outputs.iter().collect();
        broken.expect(distinct.len() == outputs.len(), || format!("two calls of {action} gave one output"));
        broken.expect(made.len() == outputs.len() && made.iter().collect::<BTreeSet<_>>() == distinct, || {
            format!("{table} has {made:?}, stored outputs {outputs:?}")
        });
    }
}

/// What each call is to let leave is there once, and delivered.
fn outbox(broken: &mut Broken, ledger: &BTreeMap<&str, &Value>, outbox: &[&Value]) {
    let mut wanted = BTreeSet::new();
    for (id, row) in ledger {
        match text(row, "action_id") {
            "crm.schedule_activity" => drop(wanted.insert((*id, "event", ""))),
            "crm.send_quote" if row["output"]["no_op"] == false => {
                wanted.insert((*id, "job", ""));
                let recipients = row["output"]["recipients"].as_array().into_iter().flatten();
                wanted.extend(recipients.filter_map(Value::as_str).map(|recipient| (*id, "mail", recipient)));
            }
            _ => {}
        }
    }
    let mut there = BTreeSet::new();
    for row in outbox {
        let (id, kind, name) = (text(row, "invocation_id"), text(row, "kind"), text(row, "name"));
        broken.expect(text(row, "status") == "delivered", || {
            format!("the {kind} {name} is {}: {}", text(row, "status"), row["last_error"])
        });
        // What could not be noted with the mail follows as a job of its own.
        if name != "crm.quote_mailed" {
            let recipient = if kind == "mail" { text(row, "sink") } else { "" };
            broken.expect(there.insert((id, kind, recipient)), || format!("the {kind} {name} of {id} is there twice"));
        }
    }
    broken.expect(there == wanted, || {
        let (more, less): (Vec<_>, Vec<_>) = (there.difference(&wanted).collect(), wanted.difference(&there).collect());
        format!("in the outbox of no call that committed: {more:?}; of one and not in the outbox: {less:?}")
    });
}

/// What left is what was committed: all of it, with what it says, and nothing else.
fn receivers(broken: &mut Broken, outbox: &[&Value], left: &Left, most: usize) {
    let kind = |kind: &'static str| outbox.iter().filter(move |row| text(row, "kind") == kind);
    let mut events: BTreeMap<&str, (&Value, usize)> =
        kind("event").map(|row| (text(row, "key"), (&row["payload"], 0))).collect();
    for (key, payload) in &left.events {
        let Some((committed, times)) = events.get_mut(key.as_str()) else {
            broken.0.push(format!("the event {key} left, and was not committed"));
            continue;
        };
        *times += 1;
        broken.expect(payload == *committed, || format!("the event {key} left as {payload}, committed {committed}"));
    }
    for (key, (_, times)) in events {
        broken.expect((1..=most).contains(&times), || format!("the event {key} left {times} times"));
    }
    let mut mails: BTreeMap<(&str, &str), usize> =
        kind("mail").map(|row| ((text(&row["payload"], "message_id"), text(row, "sink")), 0)).collect();
    for (id, recipient) in &left.mails {
        match mails.get_mut(&(id.as_str(), recipient.as_str())) {
            Some(times) => *times += 1,
            None => broken.0.push(format!("the mail {id} left for {recipient}, and was not committed")),
        }
    }
    for (mail, times) in mails {
        broken.expect((1..=most).contains(&times), || format!("the mail {mail:?} left {times} times"));
    }
}

/// What the stored result, the audit row and the history say of a quote is what became of its mail.
fn quotes(broken: &mut Broken, ledger: &BTreeMap<&str, &Value>, done: &[&Value], history: &[&Value], left: &Left) {
    let sent = ledger.iter().filter(|(_, row)| text(row, "action_id") == "crm.send_quote");
    for (id, row) in sent.filter(|(_, row)| !row["output"]["message_id"].is_null()) {
        let output = &row["output"];
        let message_id = text(output, "message_id");
        // In the order of all recipients, whoever got it first.
        let recipients: Vec<&str> =
            output["recipients"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let has = |recipient: &str| left.mails.iter().any(|(id, to)| id == message_id && to == recipient);
        let reached: Vec<&str> = recipients.into_iter().filter(|recipient| has(recipient)).collect();
        let audited =
            done.iter().find(|row| text(row, "audit_id") == *id).map(|row| &row["changed_data"]["email_sent"]);
        let entry = history.iter().find(|entry| entry["metadata"]["message_id"] == message_id);
        let told = json!({
            "result": output["email_sent"],
            "audit": audited,
            "history": entry.map(|entry| &entry["metadata"]["email_sent"]),
            "delivered_to": entry.map(|entry| &entry["metadata"]["delivered_to"]),
            "description": entry.map(|entry| &entry["description"]),
            "pdf_error": entry.map(|entry| &entry["metadata"]["pdf_error"]),
        });
        let taken = !reached.is_empty();
        let true_one = json!({
            "result": taken,
            "audit": taken,
            "history": taken,
            "delivered_to": reached,
            "description": format!("Quote sent to {} and published in client portal", reached.join(", ")),
            "pdf_error": null,
        });
        broken.expect(told == true_one, || format!("of the mail {message_id} is said {told}, and true is {true_one}"));
    }
}

/// What callers were told is stored.
fn callers(broken: &mut Broken, ledger: &BTreeMap<&str, &Value>, told: &Told) {
    let by_key: BTreeMap<&str, &Value> =
        ledger.values().map(|row| (text(row, "idempotency_key"), &row["output"])).collect();
    for (key, output) in told {
        let Some(stored) = by_key.get(key.as_str()) else {
            broken.0.push(format!("{key} was answered {output}, and nothing is stored"));
            continue;
        };
        let mut output = output.clone();
        // A mail may be out since.
        if output.get("email_sent") == Some(&json!(false)) {
            output["email_sent"] = stored["email_sent"].clone();
        }
        broken.expect(output == **stored, || format!("{key} was answered {output}, stored {stored}"));
    }
}

fn text<'v>(row: &'v Value, column: &str) -> &'v str {
    row[column].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that find nothing wrong whatever left would be of no use.
    #[test]
    fn what_left_is_compared_with_what_was_committed() {
        let outbox = [
            json!({ "kind": "event", "key": "e", "payload": { "a": 1 } }),
            json!({ "kind": "mail", "sink": "a@x.example", "payload": { "message_id": "<m>" } }),
            json!({ "kind": "job", "name": "j" }),
        ];
        let outbox: Vec<&Value> = outbox.iter().collect();
        let found = |events: Vec<(&str, Value)>, mails: &[(&str, &str)]| {
            let events = events.into_iter().map(|(key, payload)| (key.to_owned(), payload)).collect();
            let mails = mails.iter().map(|(id, to)| ((*id).to_owned(), (*to).to_owned())).collect();
            let mut broken = Broken::default();
            receivers(&mut broken, &outbox, &Left { events, mails }, ONCE);
            broken.0
        };
        let (event, mail) = (("e", json!({ "a": 1 })), ("<m>", "a@x.example"));
        assert_eq!(found(vec![event.clone()], &[mail]), Vec::<String>::new());
        assert_eq!(found(vec![], &[mail]), ["the event e left 0 times"]);
        assert_eq!(found(vec![event.clone(), event.clone()], &[mail]), ["the event e left 2 times"]);
        assert_eq!(found(vec![event.clone(), ("f", json!({}))], &[mail]), ["the event f left, and was not committed"]);
        assert_eq!(found(vec![("e", json!({}))], &[mail]), [r#"the event e left as {}, committed {"a":1}"#]);
        assert_eq!(
            found(vec![event.clone()], &[("<m>", "b@x.example")]),
            [
                "the mail <m> left for b@x.example, and was not committed",
                r#"the mail ("<m>", "a@x.example") left 0 times"#,
            ]
        );
        assert_eq!(found(vec![event], &[mail, mail]), [r#"the mail ("<m>", "a@x.example") left 2 times"#]);
    }
}
