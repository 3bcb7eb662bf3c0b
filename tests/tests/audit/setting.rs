//! A database with calls of every outcome in it.

use std::time::Duration;

use actwright_runtime::audit::{Anchor, Chain, Finding, FindingKind, SealPolicy, Verification};
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::{Call, Caller, Options, Runtime, Uuid};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

/// A database, and a runtime on it that takes every row which is older than its last pass for complete.
pub struct Setting {
    pub runtime: Runtime,
    pub place: Place,
    pub databases: Databases,
}

/// What a finding says, for comparing: its kind, whose row or which seal, and the columns.
pub type Found = (FindingKind, String, Vec<String>);

impl Setting {
    pub async fn new(engine: Engine) -> Self {
        let base = Fixture::base(&mut Aliases::default()).unwrap();
        let databases = Databases::prepare(engine, &base).await.unwrap();
        let place = databases.take().await.unwrap();
        let runtime = runtime(&place, Duration::ZERO);
        Self { runtime, place, databases }
    }

    pub async fn end(self) {
        self.databases.give_back(self.place).await.unwrap();
        self.databases.remove().await.unwrap();
    }

    pub async fn note(&self, tenant: &str) -> Uuid {
        self.runtime.call(note(tenant)).await.unwrap().meta.invocation_id
    }

    /// Calls that succeed, with an amendment, that are denied and that fail, of two tenants.
    pub async fn calls(&self) -> Rows {
        let first = self.note("north").await;
        let sent = self.runtime.call(send("draft")).await.unwrap().meta.invocation_id;
        self.note("rival").await;
        self.runtime.call(as_user("user.nobody", note("north"))).await.unwrap_err();
        self.runtime.call(send("template")).await.unwrap_err();
        let last = self.note("north").await;
        Rows { first, sent, last }
    }

    pub async fn seal(&self) {
        self.runtime.seal_audit(None).await.unwrap();
    }

    pub async fn verify(&self) -> Vec<Finding> {
        self.verify_with(&Verification::default()).await.0
    }

    pub async fn verify_with(&self, verification: &Verification) -> (Vec<Finding>, Vec<Chain>) {
        let mut findings = Vec::new();
        let chains = self.runtime.verify_audit(verification, &mut |finding| findings.push(finding)).await.unwrap();
        assert_eq!(chains.iter().map(|chain| chain.findings).sum::<u64>(), findings.len() as u64);
        (findings, chains)
    }

    pub async fn found(&self) -> Vec<Found> {
        let mut found: Vec<Found> = self.verify().await.iter().map(found).collect();
        found.sort();
        found
    }

    pub async fn head(&self, tenant: &str) -> Anchor {
        self.runtime.audit_chains(Some(id(&format!("tenant.{tenant}")))).await.unwrap()[0].head.clone()
    }

    /// Runs SQL on the tables as they are called here: `{seals}`, `{amendments}`, `{heads}`.
    pub async fn sql(&self, sql: &str) {
        let sql = AssertSqlSafe(self.named(sql));
        match &self.place.database {
            Database::Sqlite { writer, .. } => sqlx::raw_sql(sql).execute(writer).await.map(|_| ()),
            Database::Postgres { pool, .. } => {
                // Without the trigger that sets the tenant, which an administrator may pass by, too.
                let sql = format!("SET session_replication_role = replica; {}; RESET session_replication_role", sql.0);
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.map(|_| ())
            }
        }
        .unwrap();
    }

    /// Texts that a query gives.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(self.named(sql));
        match &self.place.database {
            Database::Sqlite { writer, .. } => sqlx::query_scalar(sql).fetch_all(writer).await,
            Database::Postgres { pool, .. } => sqlx::query_scalar(sql).fetch_all(pool).await,
        }
        .unwrap()
    }

    pub async fn number(&self, sql: &str) -> u64 {
        self.texts(&format!("SELECT CAST(({sql}) AS text)")).await[0].parse().unwrap()
    }

    fn named(&self, sql: &str) -> String {
        let prefix = if self.sqlite() { "actwright_audit_" } else { "actwright.audit_" };
        ["seals", "amendments", "heads"]
            .iter()
            .fold(sql.to_owned(), |sql, table| sql.replace(&format!("{{{table}}}"), &format!("{prefix}{table}")))
    }

    pub fn sqlite(&self) -> bool {
        self.place.database.engine() == Engine::Sqlite
    }

    /// Keeps everything that can be tampered with.
    pub async fn save(&self) {
        for table in ["audit_logs", "{seals}", "{amendments}", "{heads}"] {
            let saved = saved(table);
            self.sql(&format!("DROP TABLE IF EXISTS {saved}; CREATE TABLE {saved} AS SELECT * FROM {table}")).await;
        }
    }

    /// Puts everything back that was kept.
    pub async fn restore(&self) {
        for table in ["audit_logs", "{seals}", "{amendments}", "{heads}"] {
            self.sql(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {}", saved(table))).await;
        }
    }
}

/// Ids of audit rows.
pub struct Rows {
    pub first: Uuid,
    /// The one that was amended.
    pub sent: Uuid,
    pub last: Uuid,
}

pub fn runtime(place: &Place, horizon: Duration) -> Runtime {
    let usual = actwright_tests::conformance::run::runtime(place, &Recorder::default()).unwrap();
    let seals = SealPolicy { every: Duration::from_millis(20), horizon };
    let options = Options { seals, ..usual.options().clone() };
    Runtime::new(place.application.clone(), actwright_actions::pack(), options)
}

pub fn note(tenant: &str) -> Call {
    let (client, user) =
        if tenant == "rival" { ("client.rival", "user.rival") } else { ("client.contoso", "user.admin") };
    let input = json!({ "target": { "type": "client", "id": id(client) }, "body": "Called back." });
    call(tenant, user, "crm.create_activity_note", input)
}

pub fn send(quote: &str) -> Call {
    call("north", "user.admin", "crm.send_quote", json!({ "quote_id": id(&format!("quote.{quote}")) }))
}

pub fn as_user(user: &str, call: Call) -> Call {
    Call { caller: Caller::User(id(user)), ..call }
}

fn call(tenant: &str, user: &str, action: &str, input: Value) -> Call {
    Call::new(action, id(&format!("tenant.{tenant}")), Caller::User(id(user)), input)
}

pub fn found(finding: &Finding) -> Found {
    let row = finding.amendment_id.as_ref().or(finding.audit_id.as_ref());
    let what = match row {
        Some(id) if !finding.kind.as_str().starts_with("seal") => id.clone(),
        _ => finding.seq.unwrap_or_default().to_string(),
    };
    (finding.kind, what, finding.columns.clone())
}

fn saved(table: &str) -> String {
    format!("saved_{}", table.trim_matches(['{', '}']))
}
