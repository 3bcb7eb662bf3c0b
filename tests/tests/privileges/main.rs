//! Who may do what: every action, in all the ways in which its spec asks for permissions, by every role.
//!
//! What is expected is worked out here from the specs and from the roles as they are written down, and not by the runtime. What
//! came of it is `docs/privileges.md`; `UPDATE_DOCS=1 cargo test -p actwright-tests --test privileges` writes that page.

mod people;
mod ways;

use std::fmt::Write as _;
use std::path::Path;

use actwright_codegen::model::Model;
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::{Call, Caller, Code, Runtime};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::Databases;
use actwright_tests::conformance::dump::{AUDIT, Snapshot};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use actwright_tests::samples;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use people::{Person, people, rows};
use ways::{Way, ways};

/// What becomes of a call: it may be made, or the permission that is missing; nothing for somebody who is no actor at all.
type Verdict = Result<(), Option<(String, String)>>;

/// The first permission that the person lacks, in the order in which the spec and then the body ask for them.
fn expected(way: &Way, person: &Person) -> Verdict {
    let Some(granted) = &person.granted else { return Err(None) };
    match way.needs.iter().find(|need| !granted.contains(need)) {
        Some(need) => Err(Some(need.clone())),
        None => Ok(()),
    }
}

/// A call that is expected to be refused is made for real, so that it is seen that nothing comes of it; others are dry runs.
async fn found(runtime: &Runtime, way: &Way, person: &Person, real: bool) -> Verdict {
    let caller = Caller::User(id(&format!("user.{}", person.name)));
    let call = Call {
        dry_run: !real,
        version: Some(way.version),
        ..Call::new(&way.action, id("tenant.north"), caller, way.input.clone())
    };
    match runtime.call(call).await {
        Ok(_) => Ok(()),
        Err(error) if error.code == Code::PermissionDenied => {
            match (&error.details["resource"], &error.details["action"]) {
                (Value::String(resource), Value::String(action)) => Err(Some((resource.clone(), action.clone()))),
                _ => Err(None),
            }
        }
        // The example is about a failure that only somebody who may make the call meets.
        Err(error) if way.may_fail => {
            assert!(
                matches!(error.code, Code::NotFound | Code::ValidationError | Code::Conflict),
                "{}: {error}",
                way.title()
            );
            Ok(())
        }
        Err(error) => panic!("{} by {}: {error}", way.title(), person.name),
    }
}

async fn matrix(engine: Engine, model: &Model, people: &[Person]) -> Vec<String> {
    let mut aliases = Aliases::default();
    let databases = Databases::prepare(engine, &Fixture::base(&mut aliases).unwrap()).await.unwrap();
    let place = databases.take().await.unwrap();
    Fixture::parse(&rows(), &mut aliases).unwrap().load(&place.database).await.unwrap();
    let runtime = runtime(&place, &Recorder::default()).unwrap();
    let mut failures = Vec::new();
    let ways = ways(model);
    for person in people {
        let before = Snapshot::of(&place.database).await.unwrap();
        let mut denied = Vec::new();
        for way in &ways {
            let expected = expected(way, person);
            if expected.is_err() {
                denied.push(format!("workflow_action_denied:{}", way.action));
            }
            let found = found(&runtime, way, person, expected.is_err()).await;
            if found != expected {
                failures.push(format!("{} by {}: {found:?}, not {expected:?}", way.title(), person.name));
            }
        }
        let mut changes = before.changes(&Snapshot::of(&place.database).await.unwrap()).unwrap();
        let audit = changes.remove(AUDIT).unwrap_or_default();
        let user = json!(id(&format!("user.{}", person.name)));
        let mut audited: Vec<String> = audit
            .iter()
            .map(|row| &row["added"])
            .filter(|row| {
                row["user_id"] == user && row["tenant"] == json!(id("tenant.north")) && row["changed_data"] == json!({})
            })
            .filter_map(|row| row["operation"].as_str().map(str::to_owned))
            .collect();
        audited.sort();
        denied.sort();
        if !changes.is_empty() || audited != denied || audit.len() != denied.len() {
            failures.push(format!("refused calls of {} left {audit:#?} and {changes:#?}", person.name));
        }
    }
    databases.give_back(place).await.unwrap();
    databases.remove().await.unwrap();
    failures
}

#[tokio::test]
async fn every_action_by_every_role_on_sqlite() {
    let failures = matrix(Engine::Sqlite, &samples::model(), &people()).await;
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn every_action_by_every_role_on_postgres() {
    let failures = matrix(Engine::Postgres, &samples::model(), &people()).await;
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A permission that is taken away or given counts from the next call on.
#[tokio::test]
async fn a_change_of_permissions_counts_at_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let databases = Databases::prepare(engine, &Fixture::base(&mut Aliases::default()).unwrap()).await.unwrap();
        let place = databases.take().await.unwrap();
        let runtime = runtime(&place, &Recorder::default()).unwrap();
        let statements = [
            ("DELETE FROM role_permissions WHERE role_id = '{role}'", false),
            (
                "INSERT INTO role_permissions (tenant, role_id, permission_id) VALUES ('{tenant}', '{role}', '{permission}')",
                true,
            ),
            ("UPDATE permissions SET msp = false WHERE permission_id = '{permission}'", false),
            ("UPDATE permissions SET msp = true WHERE permission_id = '{permission}'", true),
            ("UPDATE roles SET msp = false WHERE role_id = '{role}'", false),
            ("UPDATE roles SET msp = true WHERE role_id = '{role}'", true),
            ("UPDATE users SET is_inactive = true WHERE user_id = '{user}'", false),
            ("UPDATE users SET is_inactive = false WHERE user_id = '{user}'", true),
            ("DELETE FROM user_roles WHERE user_id = '{user}'", false),
        ];
        let read = || {
            let caller = Caller::User(id("user.client_reader"));
            Call::new("crm.find_activities", id("tenant.north"), caller, json!({ "client_id": id("client.contoso") }))
        };
        runtime.call(read()).await.unwrap();
        for (statement, allowed) in statements {
            let names = [
                ("{tenant}", "tenant.north"),
                ("{role}", "role.client_reader"),
                ("{permission}", "permission.client_reader_client_read"),
                ("{user}", "user.client_reader"),
            ];
            let statement = names
                .iter()
                .fold(statement.to_owned(), |text, (name, alias)| text.replace(name, &id(alias).to_string()));
            let run = sqlx::raw_sql(AssertSqlSafe(statement.clone()));
            match &place.database {
                Database::Sqlite { writer, .. } => run.execute(writer).await.map(|_| ()).unwrap(),
                Database::Postgres { pool, .. } => run.execute(pool).await.map(|_| ()).unwrap(),
            }
            let answer = runtime.call(read()).await;
            assert_eq!(
                answer.as_ref().map_err(|error| error.code).err(),
                (!allowed).then_some(Code::PermissionDenied),
                "{statement}"
            );
        }
        databases.give_back(place).await.unwrap();
        databases.remove().await.unwrap();
    }
}

/// The page that a reviewer reads says what is expected above.
#[test]
fn the_page_says_so() {
    let (model, people) = (samples::model(), people());
    let mut page = "# Who may do what\n\n\
        Every action, in all the ways in which its spec asks for permissions, by every role: ✓, or the permission that is missing\n\
        first. Written and checked by `tests/tests/privileges` on SQLite and PostgreSQL (`UPDATE_DOCS=1` writes this page); a call\n\
        that is refused is made, leaves an audit row, and changes nothing.\n"
        .to_owned();
    for (title, seeded) in [("Roles of the demonstration", true), ("Roles of the conformance tests", false)] {
        let shown: Vec<&Person> = people.iter().filter(|person| person.seeded == seeded).collect();
        let _ = write!(page, "\n## {title}\n");
        for group in shown.chunks(6) {
            let names: Vec<&str> = group.iter().map(|person| person.title.as_str()).collect();
            let _ = write!(page, "\n| | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(group.len()));
            for way in ways(&model) {
                let cells = group.iter().map(|person| match expected(&way, person) {
                    Ok(()) => "✓".to_owned(),
                    Err(Some((resource, action))) => format!("{resource}:{action}"),
                    Err(None) => "no actor".to_owned(),
                });
                let cells: Vec<String> = cells.collect();
                let _ = writeln!(page, "| {} | {} |", way.title(), cells.join(" | "));
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/privileges.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/privileges.md is not what the specs say: UPDATE_DOCS=1 cargo test -p actwright-tests --test privileges"
    );
}
