//! Loses a process at every step of some work, and says what was lost, doubled or left over.

use std::collections::BTreeMap;
use std::path::PathBuf;

use actwright_runtime::{Code, Runtime};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::canonical::Known;
use super::child::{self, Ended, Orders, Work};
use super::steps::{self, Phase, Step};
use super::subject::{Ending, Subject};
use super::witness::Witness;
use super::{leases_end, options, text};
use crate::conformance::databases::{Databases, Place, Shut};
use crate::conformance::dump::{AUDIT, LEDGER, OUTBOX, Snapshot};

/// Crashes at a time on one database.
const AT_ONCE: usize = 2;

/// Changed rows by table, without ids and times.
type Rows = BTreeMap<String, Vec<Value>>;

/// The crashes of one kind of work, none of which lost or doubled anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Crashes {
    /// Before the call's commit.
    pub before_commit: usize,
    /// Between that and the first delivery.
    pub after_commit: usize,
    /// From then on.
    pub in_delivery: usize,
    /// Crashes after which a receiver saw something twice, with one id.
    pub repeated: usize,
}

/// Where and how processes are lost.
#[derive(Debug)]
pub struct Matrix<'m> {
    /// Where each crash gets its database from.
    pub databases: &'m Databases,
    /// The program of the child.
    pub program: PathBuf,
}

/// Some work, and what it comes to when nothing happens.
struct Undisturbed<'m> {
    subject: &'m Subject,
    /// The step of the call at which it is lost first, so that all its effects wait: then it is the relay that is disturbed.
    committed: Option<usize>,
    before: Snapshot,
    known: Known,
    steps: Vec<Step>,
    rows: Rows,
    deliveries: Value,
}

/// What was there after a crash, before anybody tried again.
struct Crash {
    point: usize,
    commits: usize,
    phase: Phase,
    rows: Rows,
    repeated: bool,
}

impl Matrix<'_> {
    /// The first of these calls that does what its action is for: an example may find that there is nothing to do.
    ///
    /// # Errors
    ///
    /// None does; what the last one left.
    pub async fn effective(&self, calls: Vec<Subject>) -> Result<Subject, String> {
        let mut problem = "it has no example".to_owned();
        let action = calls.first().map(|call| call.action.clone()).unwrap_or_default();
        for call in calls {
            match self.undisturbed(&call, None).await {
                Ok(_) => return Ok(call),
                Err(found) => problem = found,
            }
        }
        Err(format!(
            "{action}: no example has its effect on the rows of tests/fixtures/base.yaml. Add one to the spec, or a row or value to \
             tests/src/samples.rs. The last one: {problem}"
        ))
    }

    /// Loses a process at every step of the call.
    ///
    /// # Errors
    ///
    /// What was lost, doubled or left over, and where.
    pub async fn call(&self, subject: &Subject) -> Result<Crashes, Vec<String>> {
        self.every_step(&self.undisturbed(subject, None).await.map_err(one)?).await
    }

    /// Loses a relay at every step of the deliveries that follow the call. None where none do.
    ///
    /// # Errors
    ///
    /// As [`Matrix::call`].
    pub async fn relay(&self, subject: &Subject) -> Result<Option<Crashes>, Vec<String>> {
        let steps = self.undisturbed(subject, None).await.map_err(one)?.steps;
        if !steps.iter().any(|step| step.name == "deliver") {
            return Ok(None);
        }
        let committed = steps.iter().position(|step| step.name == "committed").map(|index| index + 1);
        self.every_step(&self.undisturbed(subject, committed).await.map_err(one)?).await.map(Some)
    }

    async fn every_step(&self, work: &Undisturbed<'_>) -> Result<Crashes, Vec<String>> {
        let points = futures_util::stream::iter(1..=work.steps.len());
        let crashes: Vec<_> = points.map(|point| self.crash(work, point)).buffer_unordered(AT_ONCE).collect().await;
        let (crashes, failures): (Vec<_>, Vec<_>) = crashes.into_iter().partition(Result::is_ok);
        let mut failures: Vec<String> = failures.into_iter().filter_map(Result::err).collect();
        let crashes: Vec<Crash> = crashes.into_iter().flatten().collect();
        failures.extend(work.halves(&crashes));
        if !failures.is_empty() {
            return Err(failures);
        }
        let count = |phase| crashes.iter().filter(|crash| crash.phase == phase).count();
        Ok(Crashes {
            before_commit: count(Phase::BeforeCommit),
            after_commit: count(Phase::AfterCommit),
            in_delivery: count(Phase::InDelivery),
            repeated: crashes.iter().filter(|crash| crash.repeated).count(),
        })
    }

    /// Does the work in a child that nothing happens to.
    async fn undisturbed<'s>(&self, subject: &'s Subject, committed: Option<usize>) -> Result<Undisturbed<'s>, String> {
        let place = self.databases.take().await?;
        let before = Snapshot::of(&place.database).await.map_err(text)?;
        let (place, Ended { steps, .. }) = self.child(subject, committed, place.shut().await, None).await?;
        let known = Known::of(&before);
        let (rows, deliveries) = left(&place, &before, &known).await?;
        self.databases.give_back(place).await?;
        let work = Undisturbed { subject, committed, before, known, steps, rows, deliveries };
        work.check().map_err(|problem| format!("{}, undisturbed: {problem}", work.name()))?;
        Ok(work)
    }

    /// Loses the process at a step, tries again, and compares.
    async fn crash(&self, work: &Undisturbed<'_>, point: usize) -> Result<Crash, String> {
        let named = |problem| format!("{}: {problem}", work.place(point));
        let place = self.databases.take_shut().await?;
        let (place, ended) = self.child(work.subject, work.committed, place, Some(point)).await.map_err(named)?;
        let crash = self.after(work, &place, point, ended).await;
        self.databases.give_back(place).await?;
        crash.map_err(named)
    }

    /// Tries again, and compares.
    async fn after(&self, work: &Undisturbed<'_>, place: &Place, point: usize, ended: Ended) -> Result<Crash, String> {
        let Ended { steps, killed } = ended;
        // A relay does several things at a time, so it may be done in fewer steps.
        if !killed && work.committed.is_none() {
            return Err("the process was not lost".to_owned());
        }
        let (rows, _) = left(place, &work.before, &work.known).await?;
        let runtime = Runtime::new(place.application.clone(), actwright_actions::pack(), options(place.folder.path())?);
        let again = runtime.call(work.subject.call()).await;
        runtime.finish().await;
        work.judge_repetition(again.map(|answer| answer.meta.deduplicated.is_some()), &rows)?;
        leases_end(&place.database).await?;
        let relayed = runtime.relay().await.map_err(text)?;
        if relayed.failed > 0 {
            return Err(format!("{} deliveries failed", relayed.failed));
        }
        let (end, deliveries) = left(place, &work.before, &work.known).await?;
        work.judge(&rows, &end, &deliveries)?;
        let repeated = Witness::at(place.folder.path()).repeated()?;
        let open = steps::open_deliveries(&steps);
        match repeated.values().max() {
            Some(times) if *times > 2 => return Err(format!("delivered {times} times: {repeated:?}")),
            _ if repeated.len() > open => {
                return Err(format!("{open} deliveries were under way, and these are doubled: {repeated:?}"));
            }
            _ => {}
        }
        let commits = steps.iter().filter(|step| step.name == "committed").count();
        Ok(Crash { point, commits, phase: steps::phase(&steps), rows, repeated: !repeated.is_empty() })
    }

    /// Does the work in a process of its own, until it ends or is lost. Nothing else has the database open meanwhile.
    async fn child(
        &self,
        subject: &Subject,
        committed: Option<usize>,
        place: Shut,
        die_at: Option<usize>,
    ) -> Result<(Place, Ended), String> {
        let call = Work::Call(subject.call().into());
        let Some(committed) = committed else {
            let ended = self.run(&place, call, die_at).await?;
            return Ok((place.open().await?, ended));
        };
        if !self.run(&place, call, Some(committed)).await?.killed {
            return Err("the call was not lost before the relay".to_owned());
        }
        let place = place.open().await?;
        leases_end(&place.database).await?;
        let place = place.shut().await;
        let ended = self.run(&place, Work::Relay, die_at).await?;
        Ok((place.open().await?, ended))
    }

    async fn run(&self, place: &Shut, work: Work, die_at: Option<usize>) -> Result<Ended, String> {
        let orders = Orders { url: place.application_url(), folder: place.folder.path().to_owned(), work, die_at };
        let program = self.program.clone();
        tokio::task::spawn_blocking(move || child::run(&program, &orders)).await.map_err(text)?
    }
}

impl Undisturbed<'_> {
    fn name(&self) -> String {
        match self.committed {
            None => self.subject.name(),
            Some(_) => format!("relay after {}", self.subject.name()),
        }
    }

    fn place(&self, point: usize) -> String {
        format!("{}, killed at step {point} of {} ({})", self.name(), self.steps.len(), self.steps[point - 1])
    }

    /// What the work comes to is what it should: the comparison with it would be worth nothing otherwise.
    fn check(&self) -> Result<(), String> {
        let rows = |table| self.rows.get(table).map_or(0, Vec::len);
        let expected = match (self.subject.ending, self.subject.writes) {
            (Ending::Done, false) => (0, 0),
            (Ending::Done, true) => (1, 1),
            (Ending::Denied | Ending::Failed, _) => (1, 0),
        };
        if (rows(AUDIT), rows(LEDGER)) != expected {
            return Err(format!(
                "expected {expected:?} rows of audit and ledger, and there are {:#}",
                json!(self.rows)
            ));
        }
        let business = self.business(&self.rows).count();
        match (self.subject.ending, self.subject.writes) {
            (Ending::Done, true) if business == 0 => Err("it has no effect".to_owned()),
            (Ending::Done, true) => Ok(()),
            _ if business > 0 => Err(format!("it should write nothing: {:#}", json!(self.rows))),
            _ => Ok(()),
        }
    }

    /// Tables of the host and the pack.
    fn business<'r>(&self, rows: &'r Rows) -> impl Iterator<Item = (&'r String, &'r Vec<Value>)> {
        rows.iter().filter(|(table, _)| ![AUDIT, LEDGER, OUTBOX].contains(&table.as_str()))
    }

    /// Each transaction is there as a whole or not at all, so what is there after a crash follows from how many had committed.
    /// Before the first there is nothing.
    fn halves(&self, crashes: &[Crash]) -> Vec<String> {
        if self.committed.is_some() {
            // A relay delivers several effects at a time, and their commits come in any order.
            return Vec::new();
        }
        let mut whole: BTreeMap<usize, &Rows> = BTreeMap::new();
        let nothing = Rows::new();
        whole.insert(0, &nothing);
        // The crash at the commit itself shows what it makes.
        let mut crashes: Vec<&Crash> = crashes.iter().collect();
        crashes.sort_by_key(|crash| crash.point);
        let mut failures = Vec::new();
        for crash in crashes {
            let expected = *whole.entry(crash.commits).or_insert(&crash.rows);
            if crash.rows != *expected {
                failures.push(format!(
                    "{}: a part of a transaction is there\n{:#}\nin place of\n{:#}",
                    self.place(crash.point),
                    json!(crash.rows),
                    json!(expected)
                ));
            }
        }
        failures
    }

    /// The repeated call is answered from the ledger if the lost one had committed; a refused call is refused again.
    fn judge_repetition(&self, again: Result<bool, actwright_runtime::Error>, rows: &Rows) -> Result<(), String> {
        match (self.subject.ending, again) {
            (Ending::Done, Ok(deduplicated)) if deduplicated == rows.contains_key(LEDGER) => Ok(()),
            (Ending::Done, Ok(deduplicated)) => Err(format!("deduplicated: {deduplicated}, after {:#}", json!(rows))),
            (Ending::Denied, Err(error)) if error.code == Code::PermissionDenied => Ok(()),
            (Ending::Failed, Err(error)) if !error.retryable() && error.code != Code::PermissionDenied => Ok(()),
            (_, again) => Err(format!("the repeated call: {again:?}")),
        }
    }

    /// In the end all is as one undisturbed call leaves it. Refused calls are as many audit rows as there were refusals.
    fn judge(&self, after_crash: &Rows, end: &Rows, deliveries: &Value) -> Result<(), String> {
        let mut end = end.clone();
        if self.subject.ending != Ending::Done {
            let refusals = end.get(AUDIT).map_or(0, Vec::len);
            let expected = 1 + after_crash.get(AUDIT).map_or(0, Vec::len);
            if refusals != expected || expected > 2 {
                return Err(format!("{refusals} audit rows of refusals, and {expected} were expected"));
            }
            // Which differ in their ids only, and those are numbers by now.
            let mut own = self.rows.clone();
            own.remove(AUDIT);
            end.remove(AUDIT);
            return same(
                &json!({ "rows": end, "deliveries": deliveries }),
                &json!({ "rows": own, "deliveries": self.deliveries }),
            );
        }
        same(
            &json!({ "rows": end, "deliveries": deliveries }),
            &json!({ "rows": self.rows, "deliveries": self.deliveries }),
        )
    }
}

fn same(left: &Value, expected: &Value) -> Result<(), String> {
    match left == expected {
        true => Ok(()),
        false => Err(format!("this is left\n{left:#}\nand this was expected\n{expected:#}")),
    }
}

/// Changed rows, and what was delivered.
async fn left(place: &Place, before: &Snapshot, known: &Known) -> Result<(Rows, Value), String> {
    let after = Snapshot::of(&place.database).await.map_err(text)?;
    let deliveries = Witness::at(place.folder.path()).different()?;
    let mut rows = json!(before.changes(&after).map_err(text)?);
    // An attempt that was lost with a process counts: the first call's, and the relay's that is lost after it.
    for row in rows.get_mut(OUTBOX).and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(attempts) = row.pointer_mut("/added/attempts")
            && attempts.as_i64().is_some_and(|attempts| (1..=3).contains(&attempts))
        {
            *attempts = "some".into();
        }
    }
    // Deliveries name ids that rows need not have, so they are numbered together, and rows also by themselves.
    let mut both = known.canonical(&json!({ "rows": rows, "deliveries": deliveries }));
    let rows = serde_json::from_value(known.canonical(&rows)).map_err(text)?;
    Ok((rows, both["deliveries"].take()))
}

fn one(error: String) -> Vec<String> {
    vec![error]
}
