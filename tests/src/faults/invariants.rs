//! What holds whatever happened: one effect, one stored result, one audit row for each call that committed, what left belongs
//! to one of those, and nothing of any other is there.

use std::collections::{BTreeMap, BTreeSet};

use actwright_runtime::database::Database;
use serde_json::Value;

use crate::conformance::dump::{self, AUDIT, Dump, LEDGER, OUTBOX};
use crate::conformance::recorder::Recorder;

/// What callers were told: the output by the key of each call that succeeded.
pub type Told = BTreeMap<String, Value>;

/// Checks a database after calls of [`schedule`](super::schedule), each with a key. Gives what does not hold.
///
/// # Panics
///
/// When the database cannot be read.
pub async fn broken(database: &Database, before: &Dump, told: &Told) -> Vec<String> {
    let after = dump::dump(database).await.expect("a database that can be read");
    let rows = |table: &str| -> Vec<&Value> {
        let known = &before[table];
        after[table].iter().filter(|row| !known.contains(row)).collect()
    };
    let mut found = Vec::new();
    let mut expect = |holds: bool, what: String| {
        if !holds {
            found.push(what);
        }
    };
    let ledger: BTreeMap<&str, &Value> =
        rows(LEDGER).into_iter().map(|row| (text(row, "invocation_id"), row)).collect();
    let audit: Vec<&Value> = rows(AUDIT);
    let (done, refused): (Vec<&Value>, Vec<&Value>) =
        audit.into_iter().partition(|row| text(row, "operation").starts_with("workflow_action:"));
    let committed: BTreeSet<&str> = done.iter().map(|row| text(row, "audit_id")).collect();
    let stored: BTreeSet<&str> = ledger.keys().copied().collect();
    expect(done.len() == committed.len(), "a call was audited twice".to_owned());
    expect(committed == stored, format!("audited {committed:?}, stored {stored:?}"));
    for row in refused {
        let id = text(row, "audit_id");
        expect(!committed.contains(id), format!("{id} is audited as done and as refused"));
    }

    let activities: BTreeSet<String> =
        rows("interactions").iter().map(|row| row["interaction_id"].to_string()).collect();
    let outputs: BTreeSet<String> =
        ledger.values().map(|row| row["output"]["activity"]["activity_id"].to_string()).collect();
    expect(outputs.len() == ledger.len(), "two calls gave one activity".to_owned());
    expect(activities == outputs, format!("activities {activities:?}, stored outputs {outputs:?}"));

    let mut keys = BTreeSet::new();
    let outbox = rows(OUTBOX);
    for row in &outbox {
        let (invocation, key) = (text(row, "invocation_id"), text(row, "key"));
        expect(committed.contains(invocation), format!("the event {key} belongs to no call that committed"));
        expect(keys.insert((key, text(row, "sink"))), format!("the event {key} is there twice"));
        expect(text(row, "status") == "delivered", format!("the event {key} is {}", text(row, "status")));
    }
    expect(outbox.len() == ledger.len(), format!("{} events of {} calls", outbox.len(), ledger.len()));

    let by_key: BTreeMap<&str, &Value> =
        ledger.values().map(|row| (text(row, "idempotency_key"), &row["output"])).collect();
    for (key, output) in told {
        expect(
            by_key.get(key.as_str()) == Some(&output),
            format!("{key} was answered {output}, stored {:?}", by_key.get(key.as_str())),
        );
    }
    found
}

/// Events that were sent at all, and those that were sent twice: a repetition is allowed only where an outcome was not noted.
pub fn sent(recorder: &Recorder) -> (BTreeSet<String>, usize) {
    let events = recorder.events();
    let keys: BTreeSet<String> = events.iter().map(|event| event["key"].to_string()).collect();
    let repeated = events.len() - keys.len();
    (keys, repeated)
}

fn text<'v>(row: &'v Value, column: &str) -> &'v str {
    row[column].as_str().unwrap_or_default()
}
