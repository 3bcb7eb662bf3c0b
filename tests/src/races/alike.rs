//! The same call by many at once: one of them does it, the others find it done.

use std::sync::Arc;

use actwright_runtime::database::{Database, Engine, load::load_rows};
use actwright_runtime::outbox::Job;
use actwright_runtime::{Call, Caller, Runtime};
use serde_json::{Map, Value, json};
use tokio::sync::Barrier;

use super::rows::tenant;
use super::stage::Stage;
use crate::conformance::alias::id;

/// A call that only the first of many may do.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "each is named after its action")]
pub enum Once {
    Send,
    Submit,
    Convert,
    Tag,
    CreateType,
}

impl Once {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Send, Self::Submit, Self::Convert, Self::Tag, Self::CreateType];

    fn call(self, attempt: &str) -> (&'static str, Value) {
        let quote = id(&format!("quote.{attempt}"));
        match self {
            Self::Send => ("crm.send_quote", json!({ "quote_id": quote })),
            Self::Submit => ("crm.submit_quote_for_approval", json!({ "quote_id": quote })),
            Self::Convert => ("crm.convert_quote", json!({ "quote_id": quote, "target": "contract_and_invoice" })),
            Self::Tag => ("crm.tag_activity", json!({ "activity_id": id("activity.0"), "tags": [attempt] })),
            Self::CreateType => ("crm.create_interaction_type", json!({ "type_name": attempt })),
        }
    }

    /// Whether the output is that of the one who did it.
    fn did_it(self, output: &Value) -> bool {
        match self {
            Self::Send | Self::Submit | Self::Convert => output["no_op"] == json!(false),
            Self::Tag => output["added_count"] == json!(1),
            Self::CreateType => output["interaction_type"]["created"] == json!(true),
        }
    }

    fn status(self) -> Option<&'static str> {
        match self {
            Self::Send | Self::Submit => Some("draft"),
            Self::Convert => Some("accepted"),
            Self::Tag | Self::CreateType => None,
        }
    }

    /// What the attempt is about.
    async fn prepare(self, database: &Database, attempt: &str) -> Result<(), String> {
        let Some(status) = self.status() else { return Ok(()) };
        let item = |kind: &str, recurring: bool| {
            json!({ "quote_item_id": id(&format!("item.{attempt}.{kind}")), "quote_id": id(&format!("quote.{attempt}")),
                "description": kind, "quantity": 1, "unit_price": 100, "total_price": 100, "is_recurring": recurring,
                "billing_frequency": recurring.then_some("monthly") })
        };
        let rows = json!({
            "quotes": [{ "quote_id": id(&format!("quote.{attempt}")), "client_id": id("client.0"), "title": attempt,
                "status": status, "quote_date": "2026-01-02T00:00:00Z", "valid_until": "2096-01-02T00:00:00Z" }],
            "quote_items": [item("once", false), item("monthly", true)],
        });
        let rows: &Map<String, Value> = rows.as_object().ok_or("no rows")?;
        let tables = actwright_actions::pack().tables;
        load_rows(database, tables, Some(tenant(0)), rows).await.map(|_| ()).map_err(|error| error.to_string())
    }
}

/// Makes each call by so many at once, so many times over. Gives every attempt that was not done exactly once.
///
/// # Errors
///
/// What went wrong with the run itself.
pub async fn attempts(stage: &Stage, once: Once, callers: usize, repetitions: usize) -> Result<Vec<String>, String> {
    let scene = stage.scene(false).await?;
    let program = scene.program(16).await?;
    // What follows a send is not what this is about, and takes its time.
    let mut pack = actwright_actions::pack();
    pack.jobs = pack.jobs.iter().map(|job| Job { name: job.name, run: |_, _| Box::pin(async { Ok(()) }) }).collect();
    let runtime = Runtime::new(program.database().clone(), pack, program.options().clone());
    let mut problems = Vec::new();
    for repetition in 0..repetitions {
        let attempt = format!("{once:?} {callers} {repetition}");
        once.prepare(runtime.database(), &attempt).await?;
        let outputs = together(&runtime, once, &attempt, callers).await;
        let did = outputs.iter().filter(|output| output.as_ref().is_ok_and(|output| once.did_it(output))).count();
        if did != 1 || outputs.iter().any(Result::is_err) {
            problems.push(format!("{attempt}: {did} of {callers} did it: {outputs:?}"));
        }
    }
    problems.extend(rows(&scene.dump().await?, once, callers, repetitions));
    runtime.finish().await;
    program.database().close().await;
    stage.give_back(scene).await?;
    Ok(problems)
}

/// All begin at one moment.
async fn together(runtime: &Runtime, once: Once, attempt: &str, callers: usize) -> Vec<Result<Value, String>> {
    let barrier = Arc::new(Barrier::new(callers));
    let (action, input) = once.call(attempt);
    let running: Vec<_> = (0..callers)
        .map(|_| {
            let (runtime, barrier) = (runtime.clone(), Arc::clone(&barrier));
            let call = Call::new(action, tenant(0), Caller::User(id("user.admin")), input.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                runtime.call(call).await
            })
        })
        .collect();
    let mut outputs = Vec::new();
    for call in running {
        let answer = call.await.map_err(|error| error.to_string());
        outputs.push(answer.and_then(|answer| answer.map(|a| a.output).map_err(|error| format!("{error:?}"))));
    }
    outputs
}

/// What the database has besides one row for each attempt, and an audit row for each call.
fn rows(dump: &crate::conformance::dump::Dump, once: Once, callers: usize, repetitions: usize) -> Vec<String> {
    let count = |table: &str, holds: &dyn Fn(&Value) -> bool| {
        dump.get(table).into_iter().flatten().filter(|row| row["tenant"] == json!(tenant(0)) && holds(row)).count()
    };
    let entry = |kind: &'static str| move |row: &Value| row["activity_type"] == json!(kind);
    let done = match once {
        Once::Send => count("quote_activities", &entry("sent")),
        Once::Submit => count("quote_activities", &entry("status_changed")),
        Once::Convert => count("contracts", &|_| true),
        Once::Tag => count("tag_mappings", &|_| true),
        Once::CreateType => count("interaction_types", &|row| row["type_name"] != json!("Site Visit")),
    };
    let audited = count("audit_logs", &|_| true);
    let mut problems = Vec::new();
    if done != repetitions {
        problems.push(format!("{once:?}: {done} rows of {repetitions} attempts"));
    }
    if audited != callers * repetitions {
        problems.push(format!("{once:?}: {audited} audit rows of {} calls", callers * repetitions));
    }
    problems
}

/// Each call by two at once, and by sixteen.
///
/// # Errors
///
/// What went wrong with the run itself.
pub async fn all(engine: Engine, pairs: usize, crowds: usize) -> Result<Vec<String>, String> {
    let stage = Stage::prepare(engine).await?;
    let mut problems = Vec::new();
    for once in Once::ALL {
        problems.extend(attempts(&stage, once, 2, pairs).await?);
        problems.extend(attempts(&stage, once, 16, crowds).await?);
    }
    stage.remove().await?;
    Ok(problems)
}
