//! What a spec calls secret is stored and logged nowhere, however a call ends: a marker is in every secret field, and everything that the
//! database, the folders and the log hold is searched for it.
//!
//! A test binary of its own, because it listens to everything that the process logs.

mod pack;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use actwright_delivery::mail::FileMailer;
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::outbox::{DeliveryPolicy, FileStore, OutboxFilter};
use actwright_runtime::{Answer, Call, Caller, Error, Options, Runtime};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::dump;
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::on_both;
use serde_json::{Value, json};

/// In every text of a secret field.
const MARKER: &str = "s3cr3t-marker";
/// In every number of a secret field.
const NUMBER: i64 = 4_242_777_001;
/// A time of a secret field, as its caller and as a body writes it.
const TIMES: [&str; 2] = ["2031-05-06T09:08:07+02:00", "2031-05-06T07:08:07"];

/// Everything that the process logs, at every level.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn start() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let writer = log.clone();
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .with_writer(move || writer.clone())
                .init();
            log
        })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// A value for every secret field, and for those beside them.
fn input(how: &str) -> Value {
    let credentials = |name: &str| {
        json!({
            "user": "ann",
            "password": format!("{MARKER} password {name}"),
            "vault": { "path": "a/b", "key": format!("{MARKER} key {name}") },
        })
    };
    json!({
        "how": how,
        "note": "nothing special",
        "token": format!("{MARKER} token"),
        "pin": NUMBER,
        "since": TIMES[0],
        "contact": format!("{MARKER}@northstar.example"),
        "credentials": credentials("one"),
        "accounts": [credentials("two"), credentials("three")],
        "by_name": { "x": credentials("four") },
        "codes": [format!("{MARKER} code 1"), format!("{MARKER} code 2")],
        "keys": { "main": format!("{MARKER} main") },
        "blob": { "any": [{ "thing": format!("{MARKER} thing") }], "number": NUMBER },
        "patch": { "password": format!("{MARKER} patched"), "title": "changed" },
    })
}

/// Inputs that are wrong in secret fields, whose values must not be in what is said about them.
fn wrong_inputs() -> Vec<Value> {
    let with = |field: &str, value: Value| {
        let mut input = input("ok");
        input[field] = value;
        input
    };
    vec![
        with("token", json!({ "deep": [MARKER] })),
        with("token", json!(format!("no-prefix {MARKER}"))),
        with("token", json!(NUMBER)),
        with("pin", json!(MARKER)),
        with("pin", json!(-NUMBER)),
        with("level", json!(MARKER)),
        with("since", json!(MARKER)),
        with("contact", json!(MARKER)),
        with("codes", json!(MARKER)),
        with("codes", json!([[MARKER], NUMBER])),
        with("codes", json!([MARKER, MARKER])),
        with("credentials", json!(MARKER)),
        with("credentials", json!({ "password": [MARKER], "vault": { "key": { "a": MARKER } } })),
        with("accounts", json!([MARKER, { "password": NUMBER }])),
        with("by_name", json!({ "x": { "password": [MARKER] } })),
        with("patch", json!({ "password": { "set": MARKER } })),
        json!([MARKER]),
        json!(MARKER),
    ]
}

struct Setting {
    runtime: Runtime,
    place: Place,
    databases: Databases,
    log: &'static Log,
}

impl Setting {
    async fn new(engine: Engine) -> Self {
        let log = Log::start();
        let base = Fixture::base(&mut Aliases::default()).unwrap();
        let databases = Databases::prepare(engine, &base).await.unwrap();
        let place = databases.take().await.unwrap();
        let folder = place.folder.path();
        let mailer = Arc::new(FileMailer::new(folder.join("mail"), "vault@northstar.example").unwrap());
        let delivery = DeliveryPolicy { attempts: 1, ..DeliveryPolicy::default() };
        let options = Options { delivery, ..Options::new(mailer, FileStore::folder(&folder.join("files")).unwrap()) };
        Self { runtime: Runtime::new(place.application.clone(), pack::pack(), options), place, databases, log }
    }

    async fn call(&self, action: &str, input: Value) -> Result<Answer, Error> {
        self.runtime.call(call(action, input)).await
    }

    /// Fails when anything that is stored, logged or said holds a secret.
    async fn nothing_leaked(&self, after: &str, said: &Value) {
        let stored = dump::dump(&self.place.database).await.unwrap();
        let mut places = vec![("the log", self.log.text()), ("what was said", said.to_string())];
        places.extend(stored.iter().map(|(table, rows)| (table.as_str(), json!(rows).to_string())));
        for (place, text) in &places {
            if let Some(found) = leak(text) {
                panic!("after {after}: {place} holds a secret: …{found}…");
            }
        }
        let folder = self.place.folder.path();
        if let Database::Sqlite { writer, .. } = &self.place.database {
            // What is in the write-ahead log only is put into the file, which is searched as it is.
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await.unwrap();
        }
        search(folder, after);
    }

    async fn end(self) {
        self.databases.give_back(self.place).await.unwrap();
        self.databases.remove().await.unwrap();
    }
}

fn call(action: &str, input: Value) -> Call {
    Call::new(action, id("tenant.north"), Caller::User(id("user.admin")), input)
}

fn search(folder: &Path, after: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, after);
        } else if let Some(found) = leak(&String::from_utf8_lossy(&fs::read(&path).unwrap())) {
            panic!("after {after}: {} holds a secret: …{found}…", path.display());
        }
    }
}

/// What is around a secret in a text.
fn leak(text: &str) -> Option<String> {
    let at = [MARKER, &NUMBER.to_string(), TIMES[0], TIMES[1]].iter().find_map(|secret| text.find(secret))?;
    let (from, to) =
        (text.floor_char_boundary(at.saturating_sub(200)), text.ceil_char_boundary((at + 100).min(text.len())));
    Some(text[from..to].to_owned())
}

/// However calls end, also when their deliveries fail.
async fn secrets_are_nowhere(engine: Engine) {
    let setting = Setting::new(engine).await;
    for how in ["ok", "job", "conflict", "says", "not_found", "twice", "panic", "denied", "slow"] {
        let call = Call {
            timeout: (how == "slow").then_some(Duration::from_millis(200)),
            caller: Caller::User(id(if how == "denied" { "user.nobody" } else { "user.admin" })),
            ..call("vault.store", input(how))
        };
        let answer = setting.runtime.call(call).await;
        assert_eq!(answer.is_ok(), ["ok", "job"].contains(&how), "{how}: {answer:?}");
        let said = answer.map_or_else(|error| json!(error), |answer| json!(answer));
        setting.nothing_leaked(how, &said).await;
    }
    let dead = setting.runtime.outbox(OutboxFilter { limit: 10, ..OutboxFilter::default() }).await.unwrap();
    assert!(dead.iter().any(|effect| effect.last_error.is_some()), "a delivery has failed: {dead:?}");

    for action in ["vault.store", "vault.look"] {
        for input in wrong_inputs() {
            let error = setting.call(action, input.clone()).await.unwrap_err();
            setting.nothing_leaked(&format!("{action} {input}"), &json!(error)).await;
        }
        let mut misspelt = input("ok");
        misspelt["tokn"] = json!(MARKER);
        misspelt["credentials"]["pasword"] = json!(MARKER);
        let answer = setting.call(action, misspelt).await.unwrap();
        assert_eq!(answer.meta.warnings.len(), 2);
        setting.nothing_leaked("a misspelt field", &json!(answer)).await;
    }
    let log = setting.log.text();
    for expected in ["sqlx::query", "actwright::step", "INSERT INTO"] {
        assert!(log.contains(expected), "the log has no {expected}: it is not everything");
    }
    setting.end().await;
}

/// Calls that are told apart by their secrets only are repetitions of each other: no hash of a secret is stored, which could be
/// guessed. That there is a value, and everything else, tells calls apart.
async fn repeated_calls_keep_no_secrets(engine: Engine) {
    let setting = Setting::new(engine).await;
    let keyed = |input| Call { idempotency_key: Some("once".to_owned()), ..call("vault.store", input) };
    let first = setting.runtime.call(keyed(input("ok"))).await.unwrap();
    let mut other = input("ok");
    other["token"] = json!("s3cr3t-marker another");
    let repeated = setting.runtime.call(keyed(other.clone())).await.unwrap();
    assert_eq!(repeated.meta.deduplicated.map(|first| first.invocation_id), Some(first.meta.invocation_id));
    other["token"] = Value::Null;
    let error = setting.runtime.call(keyed(other)).await.unwrap_err();
    setting.nothing_leaked("a used key", &json!(error)).await;
    let mut other = input("ok");
    other["note"] = json!("something else");
    setting.runtime.call(keyed(other)).await.unwrap_err();
    setting.nothing_leaked("a used key", &json!(error)).await;

    // A secret of the output is answered once.
    let keyed = || Call { idempotency_key: Some("make".to_owned()), ..call("vault.make_key", input("ok")) };
    let first = setting.runtime.call(keyed()).await.unwrap();
    let made = first.output["made"].clone();
    assert!(made["key"].as_str().is_some_and(|key| key.contains(MARKER)), "{made}");
    setting.nothing_leaked("a secret output", &Value::Null).await;
    let repeated = setting.runtime.call(keyed()).await.unwrap();
    assert_eq!(repeated.output, json!({ "made": { "key": null, "name": "main" }, "pins": [{ "pin": null }] }));
    let withheld = repeated.meta.deduplicated.map(|first| first.withheld).unwrap_or_default();
    assert_eq!(withheld, ["/made/key", "/pins/0/pin"]);
    setting.end().await;
}

/// What a dry run shows is often kept: it is where people look before they approve.
async fn a_dry_run_shows_no_secrets(engine: Engine) {
    let setting = Setting::new(engine).await;
    let answer = setting.runtime.call(Call { dry_run: true, ..call("vault.store", input("writes")) }).await.unwrap();
    let preview = json!(answer.meta.dry_run);
    assert_eq!(preview["changes"][0]["after"]["tag_text"], "[redacted]", "{preview}");
    let said = "Some([redacted]) of Some(\"[redacted]\")";
    assert_eq!(
        preview["changes"][1]["after"]["properties"],
        json!({ "pin": "[redacted]", "since": "[redacted]", "said": said }),
        "{preview}"
    );
    setting.nothing_leaked("a dry run", &preview).await;
    setting.end().await;
}

on_both!(secrets_are_nowhere, repeated_calls_keep_no_secrets, a_dry_run_shows_no_secrets);
