//! No action reads, writes or reveals anything of another tenant, whichever of its ids it is given.
//!
//! The id fields come from the specs, so that a new action is covered by itself: its examples are the inputs, with ids
//! of the fixture in place of theirs.

use std::collections::BTreeSet;
use std::path::Path;

use actwright_codegen::model::{Action, Effects, Field, Model, Shape, Type};
use actwright_runtime::call::Runtime;
use actwright_runtime::database::Engine;
use actwright_runtime::{Call, Caller, Uuid};
use actwright_tests::conformance::alias::{self, Aliases};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::dump::{self, AUDIT, Dump};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use serde_json::{Value, json};

/// A row of the caller's tenant for each kind of id; they belong together. The other tenant's is called `rival`.
const OWN: &[(&str, &str)] = &[
    ("client", "contoso"),
    ("contact", "dana"),
    ("ticket", "vpn"),
    ("project", "rollout"),
    ("user", "tech"),
    ("type", "call"),
    ("status", "planned"),
    ("activity", "call"),
    ("quote", "draft"),
    ("template", "offer"),
    ("item", "setup"),
    ("service", "backup"),
    ("location", "office"),
];

/// Rows in place of those, for actions that take rows in some state only.
const OWN_OF: &[(&str, &str, &str)] = &[("crm.convert_quote", "quote", "accepted")];

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

/// A field that holds ids: the names on the way to it, and its kind unless a field beside it tells.
struct IdField {
    path: Vec<String>,
    kinds: Vec<(Option<Value>, &'static str)>,
}

fn kind(name: &str) -> &'static str {
    let name = name.trim_end_matches("_id").trim_end_matches("_ids");
    let known = OWN.iter().map(|(kind, _)| *kind).find(|kind| name == *kind || name.ends_with(&format!("_{kind}")));
    known.unwrap_or_else(|| panic!("what rows does {name} name? Add them to tests/fixtures/base.yaml and to OWN here"))
}

fn id_fields(model: &Model, fields: &[Field], path: &[String], found: &mut Vec<IdField>) {
    for field in fields {
        let path: Vec<String> = path.iter().chain([&field.name]).cloned().collect();
        let mut ty = &field.ty;
        let mut path_below = path.clone();
        if let Type::List { items, .. } = ty {
            ty = &items.ty;
            path_below.push("0".to_owned());
        }
        match ty {
            // The type of a polymorphic reference is written beside it.
            Type::Uuid if field.name == "id" => {
                let beside = fields.iter().find(|other| other.name == "type").expect("a type beside the id");
                let kinds = values(model, &beside.ty).into_iter().map(|value| (Some(json!(value)), kind(&value)));
                found.push(IdField { path: path_below, kinds: kinds.collect() });
            }
            Type::Uuid => found.push(IdField { path: path_below, kinds: vec![(None, kind(&field.name))] }),
            Type::Object(fields) => id_fields(model, fields, &path_below, found),
            Type::Ref(name) => {
                if let Shape::Object(fields) = &named(model, name) {
                    id_fields(model, fields, &path_below, found);
                }
            }
            _ => {}
        }
    }
}

fn named<'m>(model: &'m Model, name: &str) -> &'m Shape {
    &model.types.iter().find(|one| one.name == name).expect("a declared type").shape
}

fn values(model: &Model, ty: &Type) -> Vec<String> {
    match ty {
        Type::Enum(values) => values.clone(),
        Type::Ref(name) => match named(model, name) {
            Shape::Enum(values) => values.clone(),
            Shape::Object(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// A probe for each id field of the action and each kind of row that it can name.
fn probes(model: &Model, action: &Action) -> Vec<Probe> {
    let mut fields = Vec::new();
    id_fields(model, &action.input, &[], &mut fields);
    let mut probes = Vec::new();
    for field in &fields {
        let place = format!("/{}", field.path.join("/"));
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
                let at = format!("/{}", other.path.join("/"));
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

/// Puts a value into an object, or as the only item into a list, where the path does not lead to one yet.
fn put(input: &mut Value, path: &[String], name: &str, value: Value) {
    let parent = path.iter().fold(input, |value, step| &mut value[step.as_str()]);
    match name {
        "0" => *parent = json!([value]),
        name => parent[name] = value,
    }
}

fn own(action: &str, kind: &str) -> Uuid {
    let special = OWN_OF.iter().find(|(id, known, _)| *id == action && *known == kind).map(|(.., name)| *name);
    let usual = OWN.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name);
    let name = special.or(usual).unwrap_or_default();
    alias::id(&format!("{kind}.{name}"))
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

        let before = dump::dump(&place.database).await.map_err(|error| error.to_string())?;
        let rival = alias::id(&format!("{}.rival", self.kind));
        let answer = self.answer(&runtime, rival, false).await;
        let after = dump::dump(&place.database).await.map_err(|error| error.to_string())?;
        if answer.is_ok() && !self.reads {
            return Err(format!("the call succeeds with an id of another tenant: {answer:?}"));
        }
        let missing = self.answer(&runtime, alias::id("missing.row"), false).await;
        if answer != missing {
            return Err(format!("another tenant's id is told from a missing one:\n{answer:?}\n{missing:?}"));
        }
        let mut changes = dump::changes(&before, &after);
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
    let model = actwright_codegen::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).expect("right specs");
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
