//! However a call ends, it leaves exactly the audit row that the common rules demand, or none.

use std::collections::BTreeSet;
use std::time::Duration;

use actwright_generated::crm::create_activity_note::Action as CreateNote;
use actwright_runtime::database::Engine;
use actwright_runtime::{Call, Caller, Entry, Error, Pack, Runtime, Uuid};
use actwright_tests::conformance::alias::id;
use serde_json::{Value, json};

use super::setting::{Setting, as_user, note, send};

/// What a call leaves in the audit log.
enum Leaves {
    Nothing,
    Success,
    Denied,
    /// With this code.
    Failed(&'static str),
}
use Leaves::*;

struct Case {
    name: &'static str,
    call: Call,
    leaves: Leaves,
    /// As the row has it.
    actor: Option<Uuid>,
    /// A runtime with a body that misbehaves.
    body: Option<Entry>,
}

fn case(name: &'static str, call: Call, leaves: Leaves) -> Case {
    let actor = match call.caller {
        Caller::User(user) => Some(user),
        Caller::Run(_) => None,
    };
    Case { name, call, leaves, actor, body: None }
}

fn misbehaving(name: &'static str, call: Call, leaves: Leaves, body: Entry) -> Case {
    Case { body: Some(body), ..case(name, call, leaves) }
}

fn with(mut call: Call, field: &str, value: Value) -> Call {
    call.input[field] = value;
    call
}

fn find(input: Value) -> Call {
    Call { input, action: "crm.find_activities".to_owned(), ..note("north") }
}

fn keyed(call: Call) -> Call {
    Call { idempotency_key: Some("key".to_owned()), ..call }
}

fn cases() -> Vec<Case> {
    let unknown = || json!(Uuid::now_v7());
    let target = |kind: &str, id: Value| json!({ "type": kind, "id": id });
    let run = |name: &str| Caller::Run(id(&format!("run.{name}")));
    let dry = |call: Call| Call { dry_run: true, ..call };
    let panics = || Entry::new::<CreateNote>(|_, _| Box::pin(async { panic!("the body fell over") }));
    let slow = || {
        Entry::new::<CreateNote>(|_, _| {
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Err(Error::conflict("too late"))
            })
        })
    };
    let transient = || Entry::new::<CreateNote>(|_, _| Box::pin(async { Err(Error::transient("Busy. Try again.")) }));
    let quick = |call: Call| Call { timeout: Some(Duration::from_millis(100)), ..call };
    vec![
        case("a success", note("north"), Success),
        case("a success with a key", keyed(note("north")), Success),
        case("its repetition", keyed(note("north")), Nothing),
        case(
            "its key with another input",
            keyed(with(note("north"), "body", json!("other"))),
            Failed("IDEMPOTENCY_KEY_REUSED"),
        ),
        case("a quote that is sent already", send("sent"), Success),
        case("a wrong shape", with(note("north"), "body", json!(1)), Failed("VALIDATION_ERROR")),
        case("no object", Call { input: json!("?"), ..note("north") }, Failed("VALIDATION_ERROR")),
        case("a broken rule", find(json!({})), Failed("VALIDATION_ERROR")),
        case("no permission", as_user("user.nobody", note("north")), Denied),
        case("an unknown actor", as_user("user.missing", note("north")), Denied),
        case("an actor of another tenant", as_user("user.rival", note("north")), Denied),
        case("an unknown tenant", Call { tenant: Uuid::now_v7(), ..note("north") }, Denied),
        case("an unknown run", Call { caller: run("missing"), ..note("north") }, Failed("NOT_FOUND")),
        case("a missing record", with(note("north"), "target", target("client", unknown())), Failed("NOT_FOUND")),
        case(
            "a record of another tenant",
            with(note("north"), "target", target("client", json!(id("client.rival")))),
            Failed("NOT_FOUND"),
        ),
        case("a rule of the domain", send("template"), Failed("VALIDATION_ERROR")),
        misbehaving("a panic", note("north"), Failed("INTERNAL_ERROR"), panics()),
        misbehaving("too long", quick(note("north")), Failed("TRANSIENT_FAILURE"), slow()),
        misbehaving("a passing fault", note("north"), Failed("TRANSIENT_FAILURE"), transient()),
        case("a read", find(json!({ "client_id": id("client.contoso") })), Nothing),
        case(
            "a read without permission",
            as_user("user.nobody", find(json!({ "client_id": id("client.contoso") }))),
            Denied,
        ),
        case(
            "a read that finds nothing",
            find(json!({ "date_from": "2999-01-01T00:00:00Z", "on_empty": "error" })),
            Failed("NOT_FOUND"),
        ),
        case("a dry run", dry(note("north")), Nothing),
        case("a dry run that is denied", dry(as_user("user.nobody", note("north"))), Nothing),
        misbehaving("a dry run that panics", dry(note("north")), Nothing, panics()),
        case("an unknown action", Call { action: "crm.fly".to_owned(), ..note("north") }, Nothing),
        case("an unknown version", Call { version: Some(9), ..note("north") }, Nothing),
    ]
}

impl Case {
    async fn run(self, setting: &Setting) {
        let Self { name, call, leaves, actor, body } = self;
        let runtime = match body {
            None => setting.runtime.clone(),
            Some(body) => {
                let pack = Pack { actions: vec![body], ..actwright_actions::pack() };
                Runtime::new(setting.place.application.clone(), pack, setting.runtime.options().clone())
            }
        };
        let before: BTreeSet<String> = rows(setting).await.into_iter().collect();
        let answer = runtime.call(call.clone()).await;
        runtime.finish().await;
        let new: Vec<Value> =
            rows(setting).await.iter().filter(|row| !before.contains(*row)).map(|row| parsed(row)).collect();
        assert_eq!(
            answer.is_ok(),
            matches!(leaves, Success) || (matches!(leaves, Nothing) && answer.is_ok()),
            "{name}"
        );
        let (kind, code) = match leaves {
            Nothing => return assert_eq!(new, [] as [Value; 0], "{name}"),
            Success => ("workflow_action", None),
            Denied => ("workflow_action_denied", Some("PERMISSION_DENIED")),
            Failed(code) => ("workflow_action_failed", Some(code)),
        };
        let [row] = &new[..] else { panic!("{name}: one row, not {new:?}") };
        assert_eq!(row["operation"], format!("{kind}:{}", call.action), "{name}");
        assert_eq!(row["tenant"], json!(call.tenant), "{name}");
        assert_eq!(row["user_id"], json!(actor), "{name}");
        assert_eq!(row["table_name"], "workflow_runs", "{name}");
        let record = match call.caller {
            Caller::Run(run) => json!(run),
            Caller::User(_) => row["audit_id"].clone(),
        };
        assert_eq!(row["record_id"], record, "{name}");
        let details = &row["details"];
        assert_eq!((&details["action_id"], &details["action_version"]), (&json!(call.action), &json!(1)), "{name}");
        let error = answer.err();
        assert_eq!(error.as_ref().map(|error| error.code.as_str()), code, "{name}");
        if let Some(error) = error {
            assert_eq!(row["changed_data"], json!({}), "{name}");
            assert_eq!(details["code"], error.code.as_str(), "{name}");
            assert_eq!(details["category"], json!(error.category), "{name}");
            assert!(details.get("input").is_some(), "{name}: {details}");
        }
    }
}

/// Audit rows as JSON texts.
async fn rows(setting: &Setting) -> Vec<String> {
    let columns = ["tenant", "audit_id", "user_id", "operation", "table_name", "record_id", "changed_data", "details"];
    let pairs = columns.map(|column| match (column, setting.sqlite()) {
        ("changed_data" | "details", true) => format!("'{column}', json({column})"),
        _ => format!("'{column}', {column}"),
    });
    let object = if setting.sqlite() { "json_object" } else { "json_build_object" };
    setting
        .texts(&format!("SELECT CAST({object}({}) AS text) FROM audit_logs ORDER BY audit_id", pairs.join(", ")))
        .await
}

fn parsed(row: &str) -> Value {
    serde_json::from_str(row).unwrap()
}

async fn every_ending_leaves_its_row(engine: Engine) {
    let setting = Setting::new(engine).await;
    for case in cases() {
        case.run(&setting).await;
    }
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ending_leaves_its_row_on_sqlite() {
    every_ending_leaves_its_row(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ending_leaves_its_row_on_postgres() {
    every_ending_leaves_its_row(Engine::Postgres).await;
}
