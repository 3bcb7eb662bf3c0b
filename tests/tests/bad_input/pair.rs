//! The same calls on both databases, and everything that must be the same of them.

use std::collections::{BTreeMap, BTreeSet};

use actwright_runtime::database::Engine;
use actwright_runtime::decode::Warning;
use actwright_runtime::{Answer, Call, Code, Error, Runtime};
use actwright_tests::conformance::alias::Aliases;
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::dump::{self, AUDIT, Dump, LEDGER, OUTBOX};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use serde_json::{Value, json};

/// Words that tell of what is behind the answer.
const FORBIDDEN: &[&str] = &[
    "sqlx",
    "sqlstate",
    "sqlite",
    "postgres",
    "syntax error",
    "relation \"",
    "constraint",
    "returned from database",
    "panicked",
    "unwrap",
    ".rs:",
    "/root/",
    "/home/",
    "/tmp/",
    "backtrace",
    "utf8 encoding",
    "byte sequence",
    "varying",
    "stack depth",
    "btree",
];

/// Texts that are stored as they are given, but for blanks around them.
const STORED: &[&str] = &[
    "title",
    "notes",
    "description",
    "body",
    "category",
    "phase",
    "unit_of_measure",
    "po_number",
    "internal_notes",
    "client_notes",
    "terms_and_conditions",
    "icon",
    "quantity",
    "unit_price",
    "duration",
    "cost",
    "tags",
];

/// Tables that calls write and that hold nothing but what they were given, ids and times.
const COMPARED: &[&str] = &[
    "interactions",
    "interaction_types",
    "quotes",
    "quote_items",
    "quote_activities",
    "tag_definitions",
    "tag_mappings",
    "next_number",
    "contracts",
    "invoices",
    AUDIT,
];

/// How many calls of an action that end alike are looked at at once; the others with the next.
const WATCHED: usize = 2;

/// One database.
struct Side {
    databases: Databases,
    place: Place,
    runtime: Runtime,
    /// All rows as they were before the refusals that have not been looked at.
    rows: Option<Dump>,
    /// Audit rows that those must have left.
    audited: usize,
}

/// SQLite and PostgreSQL with the same rows.
pub struct Pair {
    sides: [Side; 2],
    watched: BTreeMap<(String, &'static str), usize>,
    /// Ids that were there before: all others are made by calls, and differ.
    known: BTreeSet<String>,
}

impl Side {
    async fn new(engine: Engine) -> Self {
        let base = Fixture::base(&mut Aliases::default()).unwrap();
        let databases = Databases::prepare(engine, &base).await.unwrap();
        let place = databases.take().await.unwrap();
        let runtime = runtime(&place, &Recorder::default()).unwrap();
        Self { databases, place, runtime, rows: None, audited: 0 }
    }

    async fn dump(&self) -> Dump {
        dump::dump(&self.place.database).await.unwrap()
    }

    /// Calls that were refused since the rows were read have written nothing but their audit rows.
    async fn unwritten(&mut self) -> Result<(), String> {
        let before = self.rows.take().ok_or("there is nothing to compare with")?;
        let after = self.dump().await;
        let mut changes = dump::changes(&before, &after);
        let audited = changes.remove(AUDIT).map_or(0, |rows| rows.len());
        let expected = std::mem::take(&mut self.audited);
        if audited != expected {
            return Err(format!("{expected} audit rows were due for what was refused, and there are {audited}"));
        }
        if !changes.is_empty() {
            return Err(format!("what was refused wrote {}", json!(changes)));
        }
        self.rows = Some(after);
        Ok(())
    }

    /// Something was written that may be: what was there is no longer to be compared with.
    fn written(&mut self) {
        (self.rows, self.audited) = (None, 0);
    }
}

impl Pair {
    pub async fn new() -> Self {
        let sides = [Side::new(Engine::Sqlite).await, Side::new(Engine::Postgres).await];
        let dump = sides[0].dump().await;
        let texts = dump.values().flatten().filter_map(Value::as_object).flat_map(|row| row.values());
        let known = texts.filter_map(Value::as_str).filter(|text| text.len() == 36).map(str::to_owned).collect();
        Self { sides, watched: BTreeMap::new(), known }
    }

    /// Makes a call on both. Whether it was accepted, when everything about it is as it must be.
    pub async fn call(&mut self, call: Call, reads: bool) -> Result<bool, String> {
        let mut outcomes = Vec::new();
        for side in &mut self.sides {
            if side.rows.is_none() {
                side.rows = Some(side.dump().await);
            }
            outcomes.push(side.runtime.call(call.clone()).await);
        }
        let told_by: Vec<Value> = outcomes.iter().map(|outcome| self.comparable(outcome)).collect();
        if told_by[0] != told_by[1] {
            return Err(format!("SQLite says {}\nPostgreSQL says {}", cut(&told_by[0]), cut(&told_by[1])));
        }
        match &outcomes[0] {
            Ok(_) if reads => Ok(true),
            Ok(answer) => {
                self.accepted(&call, &answer.meta.warnings).await?;
                Ok(true)
            }
            Err(error) => {
                told(&json!({ "message": error.message, "details": error.details }))?;
                if error.code == Code::InternalError || error.code == Code::TransientFailure {
                    return Err(format!("{error:?}"));
                }
                self.refusal(&call, error.code).await?;
                Ok(false)
            }
        }
    }

    /// Whether both say that the call repeats another.
    pub async fn repeated(&mut self, call: Call) -> bool {
        let mut repeated = Vec::new();
        for side in &mut self.sides {
            side.written();
            repeated.push(side.runtime.call(call.clone()).await.unwrap().meta.deduplicated.is_some());
        }
        assert_eq!(repeated[0], repeated[1]);
        repeated[0]
    }

    /// The code with which both refuse.
    pub async fn refused(&mut self, call: Call) -> Code {
        let mut codes = Vec::new();
        for side in &mut self.sides {
            side.written();
            codes.push(side.runtime.call(call.clone()).await.expect_err("refused").code);
        }
        assert_eq!(codes[0], codes[1]);
        codes[0]
    }

    /// What of an answer both must say.
    fn comparable(&self, outcome: &Result<Answer, Error>) -> Value {
        match outcome {
            Ok(answer) => {
                let mut seen = BTreeMap::new();
                self.anonymous(&json!({ "output": answer.output, "warnings": answer.meta.warnings }), &mut seen)
            }
            Err(error) => json!({ "code": error.code, "message": error.message, "details": error.details }),
        }
    }

    /// With ids that the call made and times of the day replaced, each id by its place among them.
    fn anonymous(&self, value: &Value, seen: &mut BTreeMap<String, usize>) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| (name.clone(), self.anonymous(value, seen)));
                fields.collect()
            }
            Value::Array(items) => items.iter().map(|item| self.anonymous(item, seen)).collect(),
            Value::String(text) => {
                let id = text.trim_start_matches('<').split('@').next().unwrap_or_default();
                if actwright_runtime::Uuid::parse_str(id).is_ok() && !self.known.contains(id) {
                    let next = seen.len();
                    return json!(format!("made {}", seen.entry(id.to_owned()).or_insert(next)));
                }
                match actwright_runtime::Timestamp::parse(text) {
                    Some(time) if is_now(time) => json!("now"),
                    _ => value.clone(),
                }
            }
            _ => value.clone(),
        }
    }

    /// What was given is there.
    async fn accepted(&mut self, call: &Call, ignored: &[Warning]) -> Result<(), String> {
        self.sides.iter_mut().for_each(Side::written);
        // Of these, nothing is stored that has no form of its own, or nothing at all when it is there already.
        if ["crm.send_quote", "crm.update_activity_status", "crm.create_interaction_type"]
            .contains(&call.action.as_str())
        {
            return Ok(());
        }
        let looked_at = self.watched.entry((call.action.clone(), "accepted")).or_default();
        *looked_at += 1;
        if *looked_at > WATCHED {
            return Ok(());
        }
        let after = self.sides[*looked_at % 2].dump().await;
        let mut given = Vec::new();
        let mut input = call.input.clone();
        ignored.iter().for_each(|warning| remove(&mut input, &warning.pointer));
        collect(&input, &mut given);
        let stored: BTreeSet<String> = (after.iter())
            .filter(|(table, _)| ![AUDIT, LEDGER, OUTBOX].contains(&table.as_str()))
            .flat_map(|(_, rows)| rows.iter().filter_map(Value::as_object).flat_map(|row| row.values()))
            .flat_map(|value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]))
            .map(|value| plain(&value))
            .collect();
        let missing = given.iter().find(|value| !value.is_null() && !stored.contains(&plain(value)));
        match missing {
            Some(value) => Err(format!("it was accepted, and {} is nowhere", cut(value))),
            None => Ok(()),
        }
    }

    /// What is refused has written nothing but its audit row. Looked at at once for some refusals of each kind.
    async fn refusal(&mut self, call: &Call, code: Code) -> Result<(), String> {
        let watched = self.watched.entry((call.action.clone(), code.as_str())).or_default();
        *watched += 1;
        let known = actwright_actions::pack().action(&call.action, call.version).is_ok();
        for side in &mut self.sides {
            side.audited += usize::from(known);
            if *watched <= WATCHED {
                side.unwritten().await?;
            }
        }
        Ok(())
    }

    /// Both have the same rows in the end, but for ids and times.
    pub async fn compare_rows(&mut self) -> Result<(), String> {
        let mut tables = Vec::new();
        for side in &self.sides {
            let dump = side.dump().await;
            let anonymous = dump.into_iter().map(|(table, rows)| {
                let mut rows: Vec<String> = (rows.iter())
                    .map(|row| self.anonymous(&in_one_order(row), &mut BTreeMap::new()).to_string())
                    .collect();
                rows.sort();
                (table, rows)
            });
            tables.push(anonymous.collect::<BTreeMap<_, _>>());
        }
        for (table, rows) in &tables[0] {
            if !COMPARED.contains(&table.as_str()) {
                continue;
            }
            let other = tables[1].get(table).cloned().unwrap_or_default();
            if rows != &other {
                let one: Vec<&String> = rows.iter().filter(|row| !other.contains(row)).take(2).collect();
                let two: Vec<&String> = other.iter().filter(|row| !rows.contains(row)).take(2).collect();
                return Err(format!("{table} differ: SQLite has {one:?}\nPostgreSQL has {two:?}"));
            }
        }
        Ok(())
    }

    pub async fn end(self) {
        for side in self.sides {
            side.runtime.finish().await;
            drop(side.runtime);
            side.databases.give_back(side.place).await.unwrap();
            side.databases.remove().await.unwrap();
        }
    }
}

/// With keys in the order of the alphabet, which each database has in an order of its own.
fn in_one_order(row: &Value) -> Value {
    serde_json::from_str(&actwright_runtime::decode::canonical(row)).unwrap_or_default()
}

fn is_now(time: actwright_runtime::Timestamp) -> bool {
    let now = actwright_runtime::Timestamp::now();
    time <= now.plus_seconds(5) && time >= now.plus_seconds(-3_600)
}

/// Takes the field of a JSON Pointer out.
fn remove(input: &mut Value, pointer: &str) {
    if let Some((object, name)) = pointer.rsplit_once('/')
        && let Some(fields) = input.pointer_mut(object).and_then(Value::as_object_mut)
    {
        fields.remove(&name.replace("~1", "/").replace("~0", "~"));
    }
}

/// Values of the fields that are stored as they are.
fn collect(input: &Value, given: &mut Vec<Value>) {
    let Value::Object(fields) = input else { return };
    for (name, value) in fields {
        match value {
            Value::Object(_) => collect(value, given),
            Value::Array(items) if STORED.contains(&name.as_str()) => given.extend(items.clone()),
            _ if STORED.contains(&name.as_str()) => given.push(value.clone()),
            _ => {}
        }
    }
}

/// As it is compared: texts without blanks around them, `5` and `5.0` alike.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => {
            number.as_f64().map_or_else(|| number.to_string(), |number| (number + 0.0).to_string())
        }
        other => other.to_string(),
    }
}

fn cut(value: &Value) -> String {
    value.to_string().chars().take(1_500).collect()
}

/// Checks that a refusal tells nothing of what is behind it.
pub fn told(refusal: &Value) -> Result<(), String> {
    let text = refusal.to_string().to_lowercase();
    match FORBIDDEN.iter().find(|word| text.contains(**word)) {
        Some(word) => Err(format!("a refusal says {word}: {}", cut(refusal))),
        None => Ok(()),
    }
}
