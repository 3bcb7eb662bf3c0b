//! Record-level authorization refuses, through every action that takes a quote: whatever the rule is, whoever it is assigned to,
//! and above all when it cannot be judged or read. The actions come from the specs.

use actwright_codegen::model::Model;
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::{Answer, Call, Caller, Code, Error, Runtime};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::Databases;
use actwright_tests::conformance::dump::{AUDIT, Snapshot};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use actwright_tests::postgres::APPLICATION;
use actwright_tests::samples;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

/// Cases under way at once.
const AT_ONCE: usize = 4;

/// What is done before the calls.
struct Case {
    title: &'static str,
    /// Bundles by name, as `tests/conformance/README.md` writes them.
    bundles: Value,
    /// Other rows.
    rows: Value,
    /// A statement, for PostgreSQL only where it says so.
    prepare: Option<(&'static str, bool)>,
    refused: bool,
}

fn case(title: &'static str, bundles: Value, refused: bool) -> Case {
    Case { title, bundles, rows: json!({}), prepare: None, refused }
}

fn cases() -> Vec<Case> {
    let own = || json!([{ "template_key": "own" }]);
    let clients = |ids: &[&str]| {
        let config = json!({ "client_ids": ids.iter().map(|name| format!("$client.{name}")).collect::<Vec<_>>() });
        json!({ "template_key": "selected_clients", "config": config })
    };
    let malformed = |config: Value| json!({ "b": { "to": "user.admin", "rules": [{ "template_key": "selected_clients", "config": config }] } });
    let named = |resource: &str, action: &str| {
        let rule = json!({ "resource_type": resource, "action": action, "template_key": "own" });
        json!({ "b": { "to": "user.admin", "rules": [rule] } })
    };
    let all = ["contoso", "fabrikam", "initech"];
    let mut cases = vec![
        case("no rules", json!({}), false),
        case("to the user", json!({ "b": { "to": "user.admin", "rules": own() } }), true),
        case("to a role", json!({ "b": { "to": "role.admin", "rules": own() } }), true),
        Case {
            rows: json!({ "team_members": [{ "team_id": "$team.sales", "user_id": "$user.admin" }] }),
            ..case("to a team", json!({ "b": { "to": "team.sales", "rules": own() } }), true)
        },
        case("to somebody else", json!({ "b": { "to": "user.tech", "rules": own() } }), false),
        case("to a role of somebody else", json!({ "b": { "to": "role.technician", "rules": own() } }), false),
        case(
            "of another resource",
            json!({ "b": { "to": "user.admin", "rules": [{ "resource_type": "ticket", "template_key": "own" }] } }),
            false,
        ),
        case("for creating", named("quote", "create"), false),
        case("for deleting", named("billing", "delete"), false),
        case("for an action that is not known", named("billing", "manage"), true),
        case("for all actions", named("quote", "*"), true),
        case("for all resources", named("*", "read"), true),
        case("for a resource that is written in another way", named("Quotes", "read"), true),
        case("archived", json!({ "b": { "to": "user.admin", "status": "archived", "rules": own() } }), false),
        case(
            "assignment disabled",
            json!({ "b": { "to": "user.admin", "assignment": "disabled", "rules": own() } }),
            false,
        ),
        case("not published", json!({ "b": { "to": "user.admin", "published": false, "rules": own() } }), false),
        case(
            "a bundle that lets pass, and one that does not",
            json!({ "a": { "to": "user.admin", "rules": [clients(&all)] }, "b": { "to": "role.admin", "rules": own() } }),
            true,
        ),
        case(
            "bundles that have nothing in common",
            json!({ "a": { "to": "user.admin", "rules": [clients(&["contoso"])] }, "b": { "to": "role.admin", "rules": [clients(&["initech"])] } }),
            true,
        ),
        case(
            "of a kind that is not known",
            json!({ "b": { "to": "user.admin", "rules": [{ "template_key": "phase_of_the_moon" }] } }),
            true,
        ),
        case(
            "with a constraint",
            json!({ "b": { "to": "user.admin", "rules": [{ "template_key": "team", "constraint_key": "weekdays" }] } }),
            true,
        ),
        case("without its clients", malformed(json!({})), true),
        case("with clients that are no list", malformed(json!({ "client_ids": "all" })), true),
        case("with clients that are no ids", malformed(json!({ "client_ids": ["contoso"] })), true),
        case("with a list for its settings", malformed(json!([])), true),
        case("with no clients at all", malformed(json!({ "client_ids": [] })), true),
    ];
    for table in ["bundles", "bundle_rules", "bundle_assignments"] {
        let statement = match table {
            "bundles" => "ALTER TABLE authorization_bundles RENAME TO elsewhere",
            "bundle_rules" => "ALTER TABLE authorization_bundle_rules RENAME TO elsewhere",
            _ => "ALTER TABLE authorization_bundle_assignments RENAME TO elsewhere",
        };
        cases.push(Case { prepare: Some((statement, false)), ..case("a table is missing", json!({}), true) });
    }
    cases.push(Case {
        prepare: Some(("ALTER TABLE authorization_bundle_rules RENAME COLUMN config TO settings", false)),
        ..case("a column is missing", json!({}), true)
    });
    for statement in [
        "REVOKE SELECT ON authorization_bundles FROM {role}",
        "REVOKE SELECT ON authorization_bundle_rules FROM {role}",
        "REVOKE SELECT ON authorization_bundle_assignments FROM {role}",
        "REVOKE SELECT ON team_members FROM {role}",
        "ALTER ROLE {role} IN DATABASE {database} SET statement_timeout = '300ms'; \
         ALTER TABLE authorization_bundle_rules RENAME TO slow; CREATE VIEW authorization_bundle_rules AS \
         SELECT slow.* FROM slow, (SELECT pg_sleep(5)) AS waits; GRANT SELECT ON authorization_bundle_rules TO {role}",
    ] {
        let title =
            if statement.starts_with("REVOKE") { "they may not be read" } else { "they cannot be read in time" };
        let rules = json!({ "b": { "to": "user.admin", "rules": [clients(&all)] } });
        cases.push(Case { prepare: Some((statement, true)), ..case(title, rules, true) });
    }
    cases
}

/// Inputs of all actions that take the id of a quote or of a template.
fn about_quotes(model: &Model) -> Vec<(String, Value)> {
    let takes = |action| {
        samples::id_fields(model, action)
            .iter()
            .any(|field| field.kinds.iter().any(|(_, kind)| matches!(*kind, "quote" | "template")))
    };
    let found = model
        .actions
        .iter()
        .filter(|action| takes(*action) && action.effects == actwright_codegen::model::Effects::Write);
    let found: Vec<(String, Value)> =
        found.map(|action| (action.id.clone(), samples::samples(model, action).swap_remove(0))).collect();
    assert!(found.len() >= 5, "{found:?}");
    found
}

async fn call(runtime: &Runtime, action: &str, input: &Value, dry_run: bool) -> Result<Answer, Error> {
    let call = Call::new(action, id("tenant.north"), Caller::User(id("user.admin")), input.clone());
    runtime.call(Call { dry_run, ..call }).await
}

/// What is wrong.
async fn judge(databases: &Databases, case: &Case, actions: &[(String, Value)]) -> Vec<String> {
    let mut failures = Vec::new();
    let mut aliases = Aliases::default();
    Fixture::base(&mut aliases).unwrap();
    let place = databases.take().await.unwrap();
    let mut rows = case.rows.clone();
    if case.bundles.as_object().is_some_and(|bundles| !bundles.is_empty()) {
        rows["bundles"] = case.bundles.clone();
    }
    Fixture::parse(&json!({ "north": rows }), &mut aliases).unwrap().load(&place.database).await.unwrap();
    if let Some((statement, _)) = case.prepare {
        let database = place.url().rsplit('/').next().unwrap().to_owned();
        let statement = statement.replace("{role}", APPLICATION).replace("{database}", &database);
        let run = sqlx::raw_sql(AssertSqlSafe(statement));
        match &place.database {
            Database::Sqlite { writer, .. } => run.execute(writer).await.map(|_| ()).unwrap(),
            Database::Postgres { pool, .. } => run.execute(pool).await.map(|_| ()).unwrap(),
        }
    }
    // New connections, which know of settings and tables as they are now.
    let application = Database::open_with(&place.application_url(), 4).await.unwrap();
    let usual = runtime(&place, &Recorder::default()).unwrap();
    let runtime = Runtime::new(application.clone(), actwright_actions::pack(), usual.options().clone());
    let slow = case.title.ends_with("in time");
    let right = |error: &Error| error.code == Code::PermissionDenied || slow && error.retryable();
    let engine = place.database.engine();
    let before = Snapshot::of(&place.database).await;
    let mut made = 0;
    for (action, input) in actions {
        for dry_run in [true, false] {
            if !dry_run && !case.refused {
                continue;
            }
            made += usize::from(!dry_run);
            let answer = call(&runtime, action, input, dry_run).await;
            let as_expected = match &answer {
                Ok(_) => !case.refused,
                Err(error) => case.refused && right(error) && !error.message.contains("authorization_bundle"),
            };
            if !as_expected {
                failures.push(format!("{engine:?}, {}: {action} (dry run: {dry_run}): {answer:?}", case.title));
            }
        }
    }
    // A list leaves out what may not be read, and is refused where that is not known.
    match call(&runtime, "crm.find_quotes", &json!({}), false).await {
        Ok(answer) => {
            let none = answer.output["count"] == json!(0);
            if none != case.refused {
                failures.push(format!("{engine:?}, {}: find_quotes gives {}", case.title, answer.output["count"]));
            }
        }
        Err(error) if case.refused && right(&error) => {}
        Err(error) => failures.push(format!("{engine:?}, {}: find_quotes: {error}", case.title)),
    }
    if let (Ok(before), Ok(after)) = (before, Snapshot::of(&place.database).await) {
        let mut changes = before.changes(&after).unwrap();
        let audited = changes.remove(AUDIT).map_or(0, |rows| rows.len());
        if !changes.is_empty() || audited < made {
            failures.push(format!("{engine:?}, {}: {audited} audit rows, and {}", case.title, json!(changes)));
        }
    }
    application.close().await;
    match case.prepare {
        // Its tables are not what they were.
        Some(_) => place.close().await,
        None => databases.give_back(place).await.unwrap(),
    }
    failures
}

async fn all(engine: Engine) {
    let model = samples::model();
    let actions = about_quotes(&model);
    let base = Fixture::base(&mut Aliases::default()).unwrap();
    let databases = Databases::prepare(engine, &base).await.unwrap();
    let cases = cases();
    let cases =
        cases.iter().filter(|case| engine == Engine::Postgres || !case.prepare.is_some_and(|(_, postgres)| postgres));
    // Some of them wait most of the time.
    let judged = stream::iter(cases).map(|case| judge(&databases, case, &actions)).buffer_unordered(AT_ONCE);
    let failures: Vec<String> = judged.concat().await;
    databases.remove().await.unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn rules_refuse_on_sqlite() {
    all(Engine::Sqlite).await;
}

#[tokio::test]
async fn rules_refuse_on_postgres() {
    all(Engine::Postgres).await;
}
