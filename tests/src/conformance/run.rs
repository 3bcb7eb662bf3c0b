//! Runs one case on one database.

use std::collections::BTreeMap;
use std::sync::Arc;

use actwright_runtime::call::{Options, Runtime};
use actwright_runtime::database::Database;
use actwright_runtime::outbox::FileStore;
use actwright_runtime::{Answer, Call, Caller, Error, Uuid};
use serde_json::{Map, Value, json};

use super::alias::{self, Aliases};
use super::case::{Case, Step};
use super::databases::Place;
use super::dump::{AMENDMENTS, AUDIT, LEDGER, OUTBOX, Snapshot};
use super::fixture::Fixture;
use super::matcher::{Bindings, differences};
use super::recorder::Recorder;
use super::text::expand;

/// Runs a case, and says how it went otherwise than expected.
///
/// # Errors
///
/// What kept the case from being run.
pub async fn run(case: &Case, place: &Place, aliases: &Aliases) -> Result<Vec<String>, String> {
    let mut aliases = aliases.clone();
    given(case, &place.database, &mut aliases).await?;
    let resolve = &mut |value: &Value| aliases.resolve(&expand(value.clone()));
    let expected = Expected::of(case, resolve)?;
    let steps: Vec<Step> = case.steps.iter().map(|step| step.resolved(resolve)).collect::<Result<_, _>>()?;

    let recorder = Recorder::default();
    let runtime = runtime(place, &recorder)?;
    let before = Snapshot::of(&place.database).await.map_err(|error| error.to_string())?;
    let mut bindings = Bindings::new();
    let mut found = calls(case, &steps, &runtime, &mut bindings).await;
    let after = Snapshot::of(&place.database).await.map_err(|error| error.to_string())?;
    let changes = before.changes(&after).map_err(|error| error.to_string())?;
    found.extend(expected.judge(&steps, changes, &recorder, &mut bindings));
    Ok(found.into_iter().map(|difference| aliases.name(&difference)).collect())
}

/// A runtime as the application's role, whose effects are recorded.
///
/// # Errors
///
/// When the folder cannot be used.
pub fn runtime(place: &Place, recorder: &Recorder) -> Result<Runtime, String> {
    let files = FileStore::folder(&place.folder.path().join("files")).map_err(|error| error.to_string())?;
    let options = Options {
        events: vec![Arc::new(recorder.clone())],
        portal_url: "https://portal.northstar.example".to_owned(),
        ..Options::new(Arc::new(recorder.clone()), files)
    };
    Ok(Runtime::new(place.application.clone(), actwright_actions::pack(), options))
}

async fn given(case: &Case, database: &Database, aliases: &mut Aliases) -> Result<(), String> {
    if let Some(given) = &case.frame.given {
        Fixture::parse(&expand(given.clone()), aliases)?.load(database).await?;
    }
    for statement in &case.frame.prepare {
        let statement = aliases.resolve(&json!(statement))?;
        let statement = sqlx::AssertSqlSafe(statement.as_str().unwrap_or_default().to_owned());
        match database {
            Database::Sqlite { writer, .. } => sqlx::query(statement).execute(writer).await.map(|_| ()),
            Database::Postgres { pool, .. } => sqlx::query(statement).execute(pool).await.map(|_| ()),
        }
        .map_err(|error| error.to_string())?;
    }
    Ok(())
}

async fn calls(case: &Case, steps: &[Step], runtime: &Runtime, bindings: &mut Bindings) -> Vec<String> {
    if !case.together {
        let mut found = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            let answer = runtime.call(step.call(&case.action)).await;
            let place = if steps.len() == 1 { String::new() } else { format!("step {}", number + 1) };
            found.extend(step.judge(&answer, bindings).into_iter().map(|difference| format!("{place}{difference}")));
        }
        return found;
    }
    let running: Vec<_> = steps
        .iter()
        .map(|step| {
            let (runtime, call) = (runtime.clone(), step.call(&case.action));
            tokio::spawn(async move { runtime.call(call).await })
        })
        .collect();
    let mut answers = Vec::new();
    for call in running {
        match call.await {
            Ok(answer) => answers.push(answer),
            Err(panic) => return vec![panic.to_string()],
        }
    }
    // Nobody knows which call comes first.
    let mut best: Option<Vec<String>> = None;
    for order in [steps.iter().collect::<Vec<_>>(), steps.iter().rev().collect()] {
        let mut attempt = bindings.clone();
        let judged = order.iter().zip(&answers).flat_map(|(step, answer)| step.judge(answer, &mut attempt));
        let found: Vec<String> = judged.collect();
        if found.is_empty() {
            *bindings = attempt;
            return found;
        }
        best = best.filter(|best| best.len() <= found.len()).or(Some(found));
    }
    best.unwrap_or_default()
}

impl Step {
    fn resolved(&self, resolve: &mut impl FnMut(&Value) -> Result<Value, String>) -> Result<Self, String> {
        let mut option = |value: &Option<Value>| value.as_ref().map(&mut *resolve).transpose();
        let (output, error, problems) = (option(&self.output)?, option(&self.error)?, option(&self.problems)?);
        let (meta, preview) = (option(&self.meta)?, option(&self.preview)?);
        let (input, warnings) = (resolve(&self.input)?, resolve(&self.warnings)?);
        Ok(Self { input, output, error, problems, warnings, meta, preview, ..self.clone() })
    }

    fn call(&self, action: &str) -> Call {
        let id = |kind: &str, name: &str| match name.strip_prefix('$') {
            Some(alias) => alias::id(alias),
            None => alias::id(&format!("{kind}.{name}")),
        };
        let caller = match (&self.run, &self.actor) {
            (Some(run), _) => Caller::Run(id("run", run)),
            (None, actor) => Caller::User(id("user", actor.as_deref().unwrap_or("admin"))),
        };
        let tenant = id("tenant", self.tenant.as_deref().unwrap_or("north"));
        Call {
            version: self.version,
            step_path: self.step_path.clone(),
            idempotency_key: self.idempotency_key.clone(),
            dry_run: self.dry_run,
            ..Call::new(self.action.as_deref().unwrap_or(action), tenant, caller, self.input.clone())
        }
    }

    fn judge(&self, answer: &Result<Answer, Error>, bindings: &mut Bindings) -> Vec<String> {
        let came = match answer {
            Ok(answer) => json!({ "output": answer.output, "meta": answer.meta }),
            Err(error) => json!({ "error": error }),
        };
        let mut expected = Map::new();
        match (&self.output, &self.error) {
            (Some(output), _) => {
                expected.insert("output".to_owned(), output.clone());
                expected.insert("meta".to_owned(), self.expected_meta());
            }
            (None, error) => {
                expected.insert("error".to_owned(), error.clone().unwrap_or_default());
            }
        }
        let mut found = differences(&expected.into(), &came, bindings);
        if let Some(problems) = &self.problems {
            let problems = json!({ "error": { "details": { "problems": { "$unordered": problems } } } });
            found.extend(differences(&problems, &came, bindings));
        }
        found
    }

    fn expected_meta(&self) -> Value {
        let mut meta = self.meta.clone().unwrap_or_else(|| json!({}));
        meta["warnings"] = json!({ "$unordered": self.warnings });
        match self.deduplicated {
            Some(true) => meta["deduplicated"] = json!({ "invocation_id": "$uuid", "at": "$timestamp" }),
            Some(false) => meta["deduplicated"] = Value::Null,
            None => {}
        }
        if let Some(preview) = &self.preview {
            meta["dry_run"] = preview.clone();
        }
        meta
    }
}

/// What a case says about what its calls left behind.
struct Expected {
    changes: Value,
    audit: Option<Value>,
    events: Value,
    mails: Value,
}

impl Expected {
    fn of(case: &Case, resolve: &mut impl FnMut(&Value) -> Result<Value, String>) -> Result<Self, String> {
        let frame = &case.frame;
        Ok(Self {
            changes: resolve(&frame.changes)?,
            audit: frame.audit.as_ref().map(&mut *resolve).transpose()?,
            events: resolve(&frame.events)?,
            mails: resolve(&frame.mails)?,
        })
    }

    fn judge(
        &self,
        steps: &[Step],
        mut changes: BTreeMap<String, Vec<Value>>,
        left: &Recorder,
        bindings: &mut Bindings,
    ) -> Vec<String> {
        let audit = added(changes.remove(AUDIT));
        changes.remove(AMENDMENTS);
        let ledger = changes.remove(LEDGER).unwrap_or_default();
        let outbox = changes.remove(OUTBOX);
        let mut found = self.judge_changes(&json!(changes), bindings);
        let mut judge = |what: &str, expected: &Value, came: Value| {
            found.extend(differences(&json!({ what: { "$unordered": expected } }), &json!({ what: came }), bindings));
        };
        judge("events", &self.events, left.events().into());
        judge("mails", &self.mails, left.mails().into());
        if let Some(expected) = &self.audit {
            judge("audit", expected, audit.clone().into());
        }
        found.extend(invariants(steps, &audit, &ledger, &added(outbox)));
        found
    }

    fn judge_changes(&self, came: &Value, bindings: &mut Bindings) -> Vec<String> {
        let Some(tables) = self.changes.as_object() else {
            return differences(&self.changes, came, bindings);
        };
        let tables = tables.iter().map(|(table, changes)| {
            let changes: Vec<Value> = changes.as_array().into_iter().flatten().cloned().map(exact_columns).collect();
            (table.clone(), json!({ "$unordered": changes }))
        });
        let tables: Map<_, _> = tables.collect();
        differences(&json!({ "changes": { "$exactly": tables } }), &json!({ "changes": came }), bindings)
    }
}

/// A changed row has changed in the named columns and in no others.
fn exact_columns(mut change: Value) -> Value {
    if let Some(to) = change.get_mut("to") {
        *to = json!({ "$exactly": to.take() });
    }
    change
}

fn added(changes: Option<Vec<Value>>) -> Vec<Value> {
    changes.unwrap_or_default().into_iter().filter_map(|mut change| change.get_mut("added").map(Value::take)).collect()
}

/// What holds for every case.
fn invariants(steps: &[Step], audit: &[Value], ledger: &[Value], outbox: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    if outbox.iter().any(|row| row["status"] != "delivered") {
        found.push(format!("outbox: something was not delivered: {}", json!(outbox)));
    }
    let effective = steps.iter().filter(|step| step.error.is_none() && !step.dry_run).count();
    if ledger.len() > effective {
        found.push(format!("ledger: {} rows after {effective} calls that had an effect", ledger.len()));
    }
    // A refused call may leave jobs that record what it found.
    if effective == 0 && outbox.iter().any(|row| row["kind"] != "job") {
        found.push("outbox: rows of calls that had no effect".to_owned());
    }
    if steps.iter().all(|step| step.dry_run) && !audit.is_empty() {
        found.push("audit: rows of dry runs".to_owned());
    }
    let tenants: Vec<Uuid> = steps.iter().map(|step| step.call("").tenant).collect();
    if audit.iter().any(|row| !tenants.iter().any(|tenant| row["tenant"] == json!(tenant))) {
        found.push(format!("audit: a row of a tenant that made no call: {}", json!(audit)));
    }
    found
}
