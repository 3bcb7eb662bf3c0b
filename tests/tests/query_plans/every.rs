//! What actions, deliveries, relays, decisions, seals, trails, pickers and sweeps send, as SQLite plans it where nobody has gathered statistics, which nobody does by themselves: none goes through all
//! rows of a tenant, or of a table that grows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actwright_runtime::audit::{TrailQuery, Verification};
use actwright_runtime::call::{Options, Retention, Runtime};
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::outbox::{OutboxFilter, OutboxStatus};
use actwright_runtime::pickers::{Ask, PickerQuery};
use actwright_runtime::{Call, Caller, Timestamp};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use actwright_tests::crash::calls;
use actwright_tests::{samples, sql, statements};
use sqlx::{AssertSqlSafe, Row};

/// Does everything that there is to do, and gives the statements that it took.
async fn everything(place: &Place) -> BTreeSet<String> {
    let given = runtime(place, &Recorder::default()).unwrap();
    let at_once = Some(Duration::ZERO);
    let retention = Retention { results: at_once, settled: at_once, ..Retention::default() };
    let options = Options { retention, ..given.options().clone() };
    let runtime = Runtime::new(place.application.clone(), actwright_actions::pack(), options);
    let (tenant, admin) = (id("tenant.north"), Caller::User(id("user.admin")));
    statements::listen();
    statements::heard();
    for calls in calls(&samples::model()) {
        for subject in calls.done.iter().chain([&calls.denied, &calls.failed]) {
            let call = subject.call();
            let _ = runtime.call(Call { dry_run: true, ..call.clone() }).await;
            let _ = runtime.call(call.clone()).await;
            let _ = runtime.call(call).await;
        }
    }
    runtime.finish().await;
    let mut sent = statements::heard();
    sql::execute(&place.database, "UPDATE actwright_outbox SET status = 'dead'", "").await.unwrap();
    statements::heard();
    let all = OutboxFilter { tenant: Some(tenant), status: Some(OutboxStatus::Dead), after: None, limit: 10 };
    let dead = runtime.outbox(all).await.unwrap();
    assert!(dead.len() > 2, "{dead:?}");
    for (number, letter) in dead.iter().enumerate() {
        runtime.outbox_entry(Some(tenant), letter.outbox_id).await.unwrap();
        runtime.outbox_entry(None, letter.outbox_id).await.unwrap();
        runtime.effects_of(tenant, letter.invocation_id).await.unwrap();
        match number % 2 {
            0 => runtime.retry_dead_letter(None, letter.outbox_id, None).await.unwrap(),
            _ => runtime.discard_dead_letter(None, letter.outbox_id, None, "not needed").await.unwrap(),
        }
    }
    for status in [None, Some(OutboxStatus::Pending)] {
        let after = dead.first().map(|letter| letter.outbox_id);
        runtime.outbox(OutboxFilter { tenant: None, status, after, limit: 10 }).await.unwrap();
    }
    runtime.relay().await.unwrap();
    place.application.outbox_depth().await.unwrap();
    runtime.seal_audit(None).await.unwrap();
    runtime.verify_audit(&Verification::default(), &mut |finding| panic!("{finding:?}")).await.unwrap();
    runtime.audit_chains(None).await.unwrap();
    for query in trails() {
        runtime.audit_trail(&query).await.unwrap();
    }
    for picker in runtime.pack().pickers {
        for ask in [
            Ask::Search { text: "a b".to_owned(), depends_on: BTreeMap::new(), limit: 10 },
            Ask::Resolve(vec![id("client.contoso")]),
        ] {
            runtime.pick(PickerQuery { picker: picker.kind.to_owned(), tenant, caller: admin, ask }).await.unwrap();
        }
    }
    runtime.sweep().await.unwrap();
    sent.extend(statements::heard());
    let words = |statement: &String| statement.split_whitespace().collect::<Vec<_>>().join(" ");
    sent.iter().map(words).filter(|statement| !statement.is_empty()).collect()
}

/// Questions of auditors.
fn trails() -> Vec<TrailQuery> {
    let all = TrailQuery {
        tenant: id("tenant.north"),
        entity: None,
        from: None,
        to: None,
        actor: None,
        action: None,
        after: None,
        limit: 10,
    };
    let entity = |kind: &str, row: &str| TrailQuery {
        entity: Some(format!("{kind}:{}", id(row)).parse().unwrap()),
        ..all.clone()
    };
    vec![
        TrailQuery { from: Some(Timestamp::EPOCH), to: Some(Timestamp::now()), ..all.clone() },
        TrailQuery { actor: Some(id("user.admin")), action: Some("crm.send_quote".to_owned()), ..all.clone() },
        entity("client", "client.contoso"),
        entity("quote", "quote.draft"),
        all,
    ]
}

/// Steps that read all of something and may: what the statement has in it, what the step, and why.
const MAY: &[(&str, &str, &str)] = &[
    ("FROM tenants", "tenants", "there is one row a tenant"),
    ("FROM \"tenants\"", "tenants", "a tenant has one"),
    ("FROM \"tenant_settings\"", "tenant_settings", "a tenant has one"),
    ("actwright_audit_heads", "actwright_audit_heads", "a tenant has one"),
    ("FROM \"interaction_types\"", "interaction_types", "a tenant has a few dozen"),
    ("FROM \"statuses\"", "statuses", "a tenant has a few dozen"),
    ("FROM authorization_bundle_assignments a ", "SEARCH a ", "a tenant has a few dozen"),
    (" GLOB ?", " USING INDEX ", "words are looked for in all names, in their order"),
    ("status = 'pending'", "INDEX actwright_outbox_due", "few wait"),
    ("status = 'dead'", "INDEX actwright_outbox_dead", "few are given up"),
    ("FROM actwright_outbox WHERE outbox_id > ?1", "SCAN actwright_outbox", "all of all tenants are asked for"),
    ("INDEXED BY actwright_audit_amendments_row", "SCAN n", "these are the amendments of one row"),
    ("ORDER BY s.seq DESC LIMIT ?2", "SEARCH s USING PRIMARY KEY", "the last of them are the first that are read"),
    (
        "SELECT DISTINCT tenant FROM actwright_audit_seals",
        "SCAN actwright_audit_seals",
        "a verification reads them all",
    ),
    ("a.timestamp < ?2 OR a.timestamp >= 253402300800000000", "SEARCH a ", "a verification reads them all"),
    ("m.amended_at < ?2 OR m.amended_at >= 253402300800000000", "SEARCH m ", "a verification reads them all"),
    ("SELECT count(*) FROM audit_logs a", "SEARCH a ", "they are counted"),
];

/// The steps of a statement's plan that read all rows of a tenant, or of a table.
async fn greedy(database: &Database, statement: &str) -> Vec<String> {
    let Database::Sqlite { readers, .. } = database else { unreachable!() };
    let explain = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
    let rows = explain.fetch_all(readers).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
    let steps = rows.iter().map(|row| row.get::<String, _>("detail"));
    let reads_all = |step: &String| step.starts_with("SCAN ") || step.ends_with("(tenant=?)");
    // What is a parameter is not a table.
    steps.filter(|step| reads_all(step) && !step.contains(" VIRTUAL TABLE ")).collect()
}

pub async fn none_reads_all() {
    let databases = Databases::prepare(Engine::Sqlite, &Fixture::base(&mut Aliases::default()).unwrap()).await.unwrap();
    let place = databases.take().await.unwrap();
    let statements = everything(&place).await;
    assert!(statements.len() > 100, "{statements:#?}");
    let (mut found, mut needed) = (Vec::new(), BTreeSet::new());
    for statement in &statements {
        for step in greedy(&place.database, statement).await {
            let allowed = |(part, of_step, _): &&(&str, &str, &str)| statement.contains(part) && step.contains(of_step);
            match MAY.iter().find(allowed) {
                Some(may) => drop(needed.insert(may)),
                None => found.push(format!("{step}\n  {statement}")),
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let unneeded: Vec<_> = MAY.iter().filter(|may| !needed.contains(may)).collect();
    assert!(unneeded.is_empty(), "{unneeded:#?}");
    databases.give_back(place).await.unwrap();
    databases.remove().await.unwrap();
}
