//! No action reads, writes or reveals anything of another tenant, whichever of its ids it is given.
//!
//! The id fields come from the specs, so that a new action is covered by itself: its examples are the inputs, with ids
//! of the fixture in place of theirs.

use std::collections::BTreeSet;

use actwright_codegen::model::{Action, Effects, Model};
use actwright_runtime::call::Runtime;
use actwright_runtime::database::Engine;
use actwright_runtime::{Call, Caller, Uuid};
use actwright_tests::conformance::alias::{self, Aliases};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::dump::{self, AUDIT, Dump, Snapshot};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use actwright_tests::samples::{id_fields, model, own, put};
use serde_json::{Value, json};

/// In every text of the other tenant, in some letter case.
const SECRET: &str = "rival-secret";

/// An input with one id that can be exchanged.
struct Probe {
    action: String,
    version: u32,
    reads: bool,
    input: Value,
    /// JSON Pointer of the id.
    place: String,
    kind: &'static str,
}

/// A probe for each id field of the action and each kind of row that it can name.
fn probes(model: &Model, action: &Action) -> Vec<Probe> {
    let fields = id_fields(model, action);
    let mut probes = Vec::new();
    for field in &fields {
        let place = field.pointer();
        let examples = || action.examples.iter().map(|example| &example.input);
        let example = examples().find(|input| input.pointer(&place).is_some()).or_else(|| examples().next());
        for (beside, kind) in &field.kinds {
            let mut input = example.expect("an action has examples").clone();
            if let Some(beside) = beside {
                put(&mut input, &field.path[..field.path.len() - 1], "type", beside.clone());
            }
            put(
                &mut input,
                &field.path[..field.path.len() - 1],
                &field.path[field.path.len() - 1],
                json!(own(&action.id, kind)),
            );
            for other in &fields {
                let at = other.pointer();
                if let Some(id) = input.pointer_mut(&at).filter(|_| at != place) {
                    *id = json!(own(&action.id, other.kinds[0].1));
                }
            }
            let reads = action.effects == Effects::Read;
            let (action, version, place) = (action.id.clone(), action.version, place.clone());
            probes.push(Probe { action, version, reads, input, place, kind });
        }
    }
    probes
}

impl Probe {
    /// The answer with this id in the place, written so that two answers can be compared.
    async fn answer(&self, runtime: &Runtime, id: Uuid, dry_run: bool) -> Result<Value, Value> {
        let mut input = self.input.clone();
        *input.pointer_mut(&self.place).expect("the place of the probe") = json!(id);
        let caller = Caller::User(alias::id("user.admin"));
        let call = Call {
            version: Some(self.version),
            dry_run,
            ..Call::new(&self.action, alias::id("tenant.north"), caller, input)
        };
        match runtime.call(call).await {
            Ok(answer) => Ok(anonymous(&json!({ "output": answer.output, "warnings": answer.meta.warnings }), id)),
            Err(error) => {
                Err(anonymous(&json!({ "code": error.code, "message": error.message, "details": error.details }), id))
            }
        }
    }

    async fn judge(&self, place: &Place, secrets: &BTreeSet<String>) -> Result<(), String> {
        let runtime = runtime(place, &Recorder::default())?;
        let own = self.answer(&runtime, own(&self.action, self.kind), true).await;
        own.map_err(|error| format!("the call fails even with an id of its own tenant: {error}"))?;

        let before = Snapshot::of(&place.database).await.map_err(|error| error.to_string())?;
        let rival = alias::id(&format!("{}.rival", self.kind));
        let answer = self.answer(&runtime, rival, false).await;
        let after = Snapshot::of(&place.database).await.map_err(|error| error.to_string())?;
        if answer.is_ok() && !self.reads {
            return Err(format!("the call succeeds with an id of another tenant: {answer:?}"));
        }
        let missing = self.answer(&runtime, alias::id("missing.row"), false).await;
        if answer != missing {
            return Err(format!("another tenant's id is told from a missing one:\n{answer:?}\n{missing:?}"));
        }
        let mut changes = before.changes(&after).map_err(|error| error.to_string())?;
        let audit = changes.remove(AUDIT).unwrap_or_default();
        if !changes.is_empty() {
            return Err(format!("rows changed: {}", json!(changes)));
        }
        let told = format!("{answer:?} {}", json!(audit)).to_lowercase().replace(&rival.to_string(), "");
        match secrets.iter().find(|secret| told.contains(secret.as_str())) {
            Some(secret) => Err(format!("{secret} of the other tenant is told: {told}")),
            None => Ok(()),
        }
    }
}

/// Without the id itself, so that the answers for two ids can be compared.
fn anonymous(answer: &Value, id: Uuid) -> Value {
    serde_json::from_str(&answer.to_string().replace(&id.to_string(), "the id")).unwrap_or_default()
}

/// Texts and ids that only the other tenant has.
fn secrets(dump: &Dump) -> BTreeSet<String> {
    let rival = json!(alias::id("tenant.rival"));
    let (theirs, ours): (Vec<&Value>, Vec<&Value>) = dump.values().flatten().partition(|row| row["tenant"] == rival);
    let ids = |rows: Vec<&Value>| -> BTreeSet<String> {
        let texts =
            rows.into_iter().filter_map(Value::as_object).flat_map(|row| row.values()).filter_map(Value::as_str);
        texts.filter(|text| Uuid::parse_str(text).is_ok()).map(str::to_owned).collect()
    };
    let mut secrets: BTreeSet<String> = ids(theirs).difference(&ids(ours)).cloned().collect();
    secrets.insert(SECRET.to_owned());
    secrets
}

async fn nothing_crosses(engine: Engine) {
    let model = model();
    let base = Fixture::base(&mut Aliases::default()).unwrap();
    let databases = Databases::prepare(engine, &base).await.unwrap();
    let mut failures = Vec::new();
    let probes: Vec<Probe> = model.actions.iter().flat_map(|action| probes(&model, action)).collect();
    for entry in &actwright_actions::pack().actions {
        let probed = probes.iter().any(|probe| probe.action == entry.spec().id);
        assert!(probed || !entry.spec().input_schema.contains("\"uuid\""), "{entry:?} takes ids, and none was probed");
    }
    for probe in &probes {
        let place = databases.take().await.unwrap();
        let secrets = secrets(&dump::dump(&place.database).await.unwrap());
        if let Err(failure) = probe.judge(&place, &secrets).await {
            failures.push(format!("{} {} ({}): {failure}", probe.action, probe.place, probe.kind));
        }
        databases.give_back(place).await.unwrap();
    }
    databases.remove().await.unwrap();
    assert!(failures.is_empty(), "{engine:?}:\n{}", failures.join("\n\n"));
}

#[tokio::test]
async fn nothing_crosses_tenants_on_sqlite() {
    nothing_crosses(Engine::Sqlite).await;
}

#[tokio::test]
async fn nothing_crosses_tenants_on_postgres() {
    nothing_crosses(Engine::Postgres).await;
}
