//! What a run left behind, and what became of each call: those whose callers did not wait are looked up by their keys.

use std::collections::{BTreeMap, BTreeSet};

use actwright_runtime::call::Deduplicated;
use actwright_runtime::{Answer, Code, Error};
use serde_json::{Value, json};

use super::history::{Outcome, Record};
use super::model::Told;
use super::operation::Operation;
use super::rows;
use crate::conformance::dump::{AUDIT, Dump, LEDGER};

/// What became of a call.
#[derive(Debug, Clone)]
pub struct Fact {
    /// The call.
    pub record: Record,
    /// What its caller was told, or would have been.
    pub told: Told,
    /// Whether it happened is not known.
    pub maybe: bool,
    /// Id of the call, where it wrote.
    pub invocation: Option<String>,
}

/// Everything that a run is judged by.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// All rows.
    pub dump: &'a Dump,
    /// Events that were delivered.
    pub events: &'a [Value],
    /// Mails that were delivered.
    pub mails: &'a [Value],
}

impl Evidence<'_> {
    /// Rows of a table that are a tenant's.
    pub fn rows(&self, table: &str, tenant: usize) -> Vec<&Value> {
        let tenant = json!(rows::tenant(tenant));
        self.dump.get(table).into_iter().flatten().filter(|row| row["tenant"] == tenant).collect()
    }

    /// Of the calls of an action that had an effect, the ids.
    pub fn successes(&self, tenant: usize, action: &str) -> BTreeSet<String> {
        let operation = json!(format!("workflow_action:{action}"));
        let rows = self.rows(AUDIT, tenant).into_iter().filter(|row| row["operation"] == operation);
        rows.filter_map(|row| row["audit_id"].as_str().map(str::to_owned)).collect()
    }
}

/// The place of a call in the ledger: tenant, action and key.
type Place = (usize, &'static str, String);

/// Finds out what became of the calls.
#[derive(Debug)]
pub struct Inquiry {
    ledger: BTreeMap<(usize, String, String), Value>,
    /// Calls that were told to be done, and with which input.
    done: BTreeMap<String, Operation>,
    claimed: BTreeSet<Place>,
    /// What cannot be.
    pub problems: Vec<String>,
}

impl Inquiry {
    /// Reads the ledger.
    pub fn new(evidence: &Evidence<'_>, records: &[Record]) -> Self {
        let mut ledger = BTreeMap::new();
        for tenant in 0..rows::TENANTS.len() {
            for row in evidence.rows(LEDGER, tenant) {
                let text = |column: &str| row[column].as_str().unwrap_or_default().to_owned();
                ledger.insert((tenant, text("action_id"), text("idempotency_key")), row.clone());
            }
        }
        let done = records.iter().filter_map(|record| match &record.outcome {
            Outcome::Done(answer) if answer.meta.deduplicated.is_none() => {
                Some((answer.meta.invocation_id.to_string(), record.planned.operation.clone()))
            }
            _ => None,
        });
        Self { ledger, done: done.collect(), claimed: BTreeSet::new(), problems: Vec::new() }
    }

    /// What became of each call that may have been more than a look at its input.
    pub fn facts(&mut self, records: &[Record]) -> Vec<Fact> {
        records.iter().filter_map(|record| self.fact(record)).collect()
    }

    fn fact(&mut self, record: &Record) -> Option<Fact> {
        match &record.outcome {
            Outcome::Done(answer) => self.done(record, answer),
            Outcome::Refused(error) => self.refused(record, error),
            Outcome::Unknown => self.unknown(record),
        }
    }

    fn problem(&mut self, record: &Record, what: impl std::fmt::Display) {
        self.problems.push(format!("{what}: {record:?}"));
    }

    fn row(&self, record: &Record) -> Option<&Value> {
        let planned = &record.planned;
        let key = planned.key.clone()?;
        self.ledger.get(&(planned.tenant, planned.operation.action().to_owned(), key))
    }

    fn done(&mut self, record: &Record, answer: &Answer) -> Option<Fact> {
        let planned = &record.planned;
        if matches!(planned.operation, Operation::SendMissing | Operation::SendNothing) {
            self.problem(record, "a call that cannot be done was done");
        }
        if planned.operation.reads() {
            let told = Told::Output(answer.output.clone());
            return Some(Fact { record: record.clone(), told, maybe: false, invocation: None });
        }
        if planned.by_reader {
            self.problem(record, "a user without the permission did it");
        }
        if let Some(original) = &answer.meta.deduplicated {
            self.repeated(record, answer, original);
            return None;
        }
        let invocation = answer.meta.invocation_id.to_string();
        if planned.key.is_some() && self.row(record).is_none_or(|row| row["invocation_id"] != json!(invocation)) {
            self.problem(record, "the ledger does not have the call that used the key first");
        }
        let told = Told::Output(answer.output.clone());
        Some(Fact { record: record.clone(), told, maybe: false, invocation: Some(invocation) })
    }

    /// A repetition tells what the first call told, and only of the same input.
    fn repeated(&mut self, record: &Record, answer: &Answer, original: &Deduplicated) {
        let first = original.invocation_id.to_string();
        let stored = self.row(record).cloned().unwrap_or_default();
        // Whether the mail is out may have changed since.
        let comparable = |output: &Value| {
            let mut output = output.clone();
            if let Some(output) = output.as_object_mut() {
                output.remove("email_sent");
            }
            output
        };
        if stored["invocation_id"] != json!(first) || comparable(&stored["output"]) != comparable(&answer.output) {
            self.problem(record, "a repetition does not tell what the ledger has");
        }
        if self.done.get(&first).is_some_and(|operation| *operation != record.planned.operation) {
            self.problem(record, "another input was taken for a repetition");
        }
    }

    fn refused(&mut self, record: &Record, error: &Error) -> Option<Fact> {
        let planned = &record.planned;
        let expected = match error.code {
            Code::TransientFailure => true,
            Code::PermissionDenied => planned.by_reader && !planned.operation.reads(),
            Code::IdempotencyKeyReused => {
                let row = self.row(record).cloned().unwrap_or_default();
                let first = row["invocation_id"].as_str().and_then(|id| self.done.get(id));
                !row.is_null() && first.is_none_or(|first| *first != planned.operation)
            }
            Code::NotFound if planned.operation == Operation::SendMissing => true,
            Code::ValidationError if planned.operation == Operation::SendNothing => true,
            Code::ValidationError | Code::Conflict if !planned.operation.reads() => {
                let told = Told::refusal(error);
                return Some(Fact { record: record.clone(), told, maybe: false, invocation: None });
            }
            _ => false,
        };
        if !expected {
            self.problem(record, "a refusal that has no reason");
        }
        None
    }

    fn unknown(&mut self, record: &Record) -> Option<Fact> {
        let planned = &record.planned;
        let hopeless = matches!(planned.operation, Operation::SendMissing | Operation::SendNothing);
        if planned.operation.reads() || planned.by_reader || hopeless {
            return None;
        }
        let Some(key) = planned.key.clone() else {
            return Some(Fact { record: record.clone(), told: Told::Nothing, maybe: true, invocation: None });
        };
        let row = self.row(record)?.clone();
        let invocation = row["invocation_id"].as_str().unwrap_or_default().to_owned();
        if self.done.contains_key(&invocation) {
            return None;
        }
        // Of several calls with the key of which none is known to be the first, any may be.
        let shared = !self.claimed.insert((planned.tenant, planned.operation.action(), key.clone()));
        let maybe = shared || key.starts_with("shared");
        Some(Fact {
            record: record.clone(),
            told: Told::Output(row["output"].clone()),
            maybe,
            invocation: (!maybe).then_some(invocation),
        })
    }
}
