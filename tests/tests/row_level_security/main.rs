//! The second wall between tenants: row level security on our own tables of PostgreSQL, tried with the first wall switched off.
//!
//! Every statement of the runtime names its tenant. Here they do not, and the policies alone keep a transaction to its tenant.

mod stripped;

use std::time::Duration;

use actwright_runtime::audit::SealPolicy;
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::{Call, Caller, Options, Runtime};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use actwright_tests::postgres::APPLICATION;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

/// What a transaction says about itself before it begins to work.
pub const OF_NORTH: &str = "SELECT set_config('app.current_tenant', '{north}', true)";
const OF_ALL: &str = "SELECT set_config('actwright.all_tenants', 'on', true)";
const OF_NOBODY: &str = "SELECT 1";

/// Two tenants whose calls left rows in every table of ours.
pub async fn two_tenants() -> (Databases, Place) {
    let base = Fixture::base(&mut Aliases::default()).unwrap();
    let databases = Databases::prepare(Engine::Postgres, &base).await.unwrap();
    let place = databases.take().await.unwrap();
    let honest = runtime(&place, &Recorder::default()).unwrap();
    let seals = SealPolicy { horizon: Duration::ZERO, ..SealPolicy::default() };
    let options = Options { seals, ..honest.options().clone() };
    let runtime = Runtime::new(place.application.clone(), actwright_actions::pack(), options);
    for (tenant, user, client, kind) in [("north", "admin", "contoso", "call"), ("rival", "rival", "rival", "rival")] {
        let input = json!({ "client_id": id(&format!("client.{client}")), "type_id": id(&format!("type.{kind}")),
            "title": "Call back", "start_time": "2026-03-01T09:00:00Z", "idempotency_key": "the same" });
        let caller = Caller::User(id(&format!("user.{user}")));
        let call = Call::new("crm.schedule_activity", id(&format!("tenant.{tenant}")), caller, input);
        runtime.call(call).await.unwrap();
        let quote = if tenant == "north" { "approved" } else { "rival" };
        let input = json!({ "quote_id": id(&format!("quote.{quote}")), "email_addresses": ["a@b.example"] });
        runtime.call(Call::new("crm.send_quote", id(&format!("tenant.{tenant}")), caller, input)).await.unwrap();
    }
    runtime.seal_audit(None).await.unwrap();
    (databases, place)
}

/// A connection without a pool around it.
pub async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

/// Runs a statement in a transaction that begins so, and undoes it. Gives its rows as JSON, or the code of its failure.
pub async fn attempt(connection: &mut PgConnection, begin: &str, statement: &str) -> Result<Vec<Value>, String> {
    let begin = begin.replace("{north}", &id("tenant.north").to_string());
    let mut transaction = connection.begin().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *transaction).await.unwrap();
    let rows = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).fetch_all(&mut *transaction).await;
    transaction.rollback().await.unwrap();
    match rows {
        Ok(rows) => Ok(rows.iter().map(|row| row.try_get::<Value, _>(0).unwrap_or_default()).collect()),
        Err(error) => {
            let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
            Err(if code.is_empty() { error.to_string() } else { code })
        }
    }
}

/// Our tables that hold what is a tenant's.
pub async fn tables(connection: &mut PgConnection) -> Vec<String> {
    let named = "SELECT to_jsonb(table_name) FROM information_schema.columns WHERE table_schema = 'actwright' \
        AND column_name = 'tenant' ORDER BY 1";
    let names = attempt(connection, OF_NOBODY, named).await.unwrap();
    let names: Vec<String> = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    assert!(names.len() >= 2, "{names:?}");
    names
}

/// SQLSTATE of what a policy or a missing right refuses.
const REFUSED: &str = "42501";

/// Nothing in these statements names a tenant.
async fn only_rows_of_the_transaction(url: &str, admin: &mut PgConnection) {
    let mut connection = connect(url).await;
    let (north, rival) = (json!(id("tenant.north")), json!(id("tenant.rival")));
    for table in tables(admin).await {
        let tenants = |rows: &[Value]| {
            let mut tenants = rows.to_vec();
            tenants.sort_by_key(Value::to_string);
            tenants.dedup();
            tenants
        };
        let all = attempt(admin, OF_NOBODY, &format!("SELECT to_jsonb(tenant) FROM actwright.{table}")).await.unwrap();
        assert!(
            all.contains(&north) && all.contains(&rival),
            "no rows of both tenants in {table}: add a call that writes it"
        );
        for statement in [
            format!("SELECT to_jsonb(tenant) FROM actwright.{table}"),
            format!("SELECT to_jsonb(tenant) FROM actwright.{table} FOR UPDATE"),
            format!("UPDATE actwright.{table} SET tenant = tenant RETURNING to_jsonb(tenant)"),
            format!("DELETE FROM actwright.{table} RETURNING to_jsonb(tenant)"),
        ] {
            if !may(&mut connection, &table, &statement).await {
                for begin in [OF_NORTH, OF_NOBODY, OF_ALL] {
                    assert_eq!(
                        attempt(&mut connection, begin, &statement).await,
                        Err(REFUSED.to_owned()),
                        "{statement}"
                    );
                }
                continue;
            }
            let own = attempt(&mut connection, OF_NORTH, &statement).await;
            assert_eq!(own.map(|rows| tenants(&rows)), Ok(vec![north.clone()]), "{statement}");
            assert_eq!(attempt(&mut connection, OF_NOBODY, &statement).await, Ok(vec![]), "{statement}");
            let both = attempt(&mut connection, OF_ALL, &statement).await;
            assert_eq!(both.map(|rows| tenants(&rows).len()), Ok(2), "{statement}");
        }
        let away = format!("UPDATE actwright.{table} SET tenant = '{}'", id("tenant.rival"));
        assert_eq!(attempt(&mut connection, OF_NORTH, &away).await, Err(REFUSED.to_owned()), "{away}");
        // Rows that are right in every other way.
        for (tenant, begin) in [(&north, OF_NOBODY), (&rival, OF_NORTH), (&rival, OF_NOBODY)] {
            let theirs =
                format!("SELECT to_jsonb(t) FROM actwright.{table} t WHERE tenant = '{}' LIMIT 1", text(tenant));
            let row = attempt(admin, OF_NOBODY, &theirs).await.unwrap().remove(0);
            let row = row.to_string().replace('\'', "''");
            let copy = format!(
                "INSERT INTO actwright.{table} SELECT * FROM jsonb_populate_record(NULL::actwright.{table}, '{row}')"
            );
            assert_eq!(attempt(&mut connection, begin, &copy).await, Err(REFUSED.to_owned()), "{copy}");
        }
    }
    connection.close().await.unwrap();
}

/// Whether the role was granted what the statement does. What is appended to is neither changed nor locked.
async fn may(connection: &mut PgConnection, table: &str, statement: &str) -> bool {
    let verb = statement.split(' ').next().unwrap();
    let verb = if statement.ends_with("FOR UPDATE") { "UPDATE" } else { verb };
    let asked = format!("SELECT to_jsonb(has_table_privilege('actwright.{table}', '{verb}'))");
    attempt(connection, OF_NOBODY, &asked).await.unwrap() == [json!(true)]
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn a_transaction_has_the_rows_of_its_tenant_only() {
    let (databases, place) = two_tenants().await;
    let mut admin = connect(place.url()).await;
    only_rows_of_the_transaction(&place.application_url(), &mut admin).await;

    // The owner of the tables is bound, too.
    for table in tables(&mut admin).await {
        let give = format!("ALTER TABLE actwright.{table} OWNER TO {APPLICATION}");
        sqlx::raw_sql(AssertSqlSafe(give)).execute(&mut admin).await.unwrap();
    }
    only_rows_of_the_transaction(&place.application_url(), &mut admin).await;
    for table in tables(&mut admin).await {
        let back = format!("ALTER TABLE actwright.{table} OWNER TO CURRENT_USER");
        sqlx::raw_sql(AssertSqlSafe(back)).execute(&mut admin).await.unwrap();
    }
    admin.close().await.unwrap();
    databases.give_back(place).await.unwrap();
    databases.remove().await.unwrap();
}

/// After a transaction a setting of its own is empty, not null: the next one on the connection has no tenant, and no error.
#[tokio::test]
async fn a_tenant_ends_with_its_transaction() {
    let (databases, place) = two_tenants().await;
    let mut connection = connect(&place.application_url()).await;
    let count = "SELECT to_jsonb(count(*)) FROM actwright.outbox";
    assert_eq!(attempt(&mut connection, OF_NOBODY, count).await, Ok(vec![json!(0)]));
    for begin in [OF_NORTH, OF_ALL] {
        let begin = begin.replace("{north}", &id("tenant.north").to_string());
        sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; {begin}; COMMIT"))).execute(&mut connection).await.unwrap();
        let left = "SELECT to_jsonb(current_setting('app.current_tenant', true) || \
            coalesce(current_setting('actwright.all_tenants', true), ''))";
        assert_eq!(attempt(&mut connection, OF_NOBODY, left).await, Ok(vec![json!("")]));
        assert_eq!(attempt(&mut connection, OF_NOBODY, count).await, Ok(vec![json!(0)]));
    }
    connection.close().await.unwrap();
    databases.give_back(place).await.unwrap();
    databases.remove().await.unwrap();
}

/// An operator sees whether the wall stands, and what a role lacks.
#[tokio::test]
async fn the_state_of_a_role_is_told() {
    let (databases, place) = two_tenants().await;
    let tables = actwright_generated::tables::ALL;
    let status = place.application.role_status(tables).await.unwrap().unwrap();
    assert_eq!((status.role.as_str(), status.bypasses_row_level_security), (APPLICATION, false));
    assert_eq!(
        (status.unprotected, status.missing),
        (vec![], vec![]),
        "a table of ours needs a policy: see docs/tenancy.md"
    );
    assert!(place.database.role_status(tables).await.unwrap().unwrap().bypasses_row_level_security);

    let Database::Postgres { pool, .. } = &place.database else { panic!("not PostgreSQL") };
    let revoke = format!(
        "REVOKE UPDATE ON quotes, audit_logs FROM {APPLICATION}; ALTER TABLE actwright.outbox NO FORCE ROW LEVEL SECURITY"
    );
    sqlx::raw_sql(AssertSqlSafe(revoke)).execute(pool).await.unwrap();
    let status = place.application.role_status(tables).await.unwrap().unwrap();
    assert_eq!(status.missing, ["UPDATE (changed_data) ON audit_logs", "UPDATE ON quotes"]);
    assert_eq!(status.unprotected, ["outbox"]);
    let refused = place.application.grant(APPLICATION, tables).await.unwrap_err();
    assert!(refused.message.contains("belong to another role"), "{refused}");
    let unknown = place.database.grant("nobody at all", tables).await.unwrap_err();
    assert!(unknown.message.starts_with("There is no role nobody at all."), "{unknown}");
    place.database.grant(APPLICATION, tables).await.unwrap();
    assert_eq!(place.application.role_status(tables).await.unwrap().unwrap().missing, Vec::<String>::new());

    place.close().await;
    databases.remove().await.unwrap();
}

/// Who may do what outside our tables: users, roles and permissions are read and never written, and nothing is removed.
#[tokio::test]
async fn a_role_has_no_more_than_it_needs() {
    let (databases, place) = two_tenants().await;
    let mut connection = connect(&place.application_url()).await;
    for statement in [
        "UPDATE users SET is_inactive = true",
        "INSERT INTO user_roles SELECT * FROM user_roles",
        "DELETE FROM role_permissions",
        "UPDATE permissions SET msp = true",
        "DELETE FROM audit_logs",
        "UPDATE audit_logs SET user_id = NULL",
        "UPDATE audit_logs SET details = '{}', changed_data = changed_data",
        "UPDATE audit_logs SET timestamp = timestamp",
        "DELETE FROM authorization_bundle_rules",
        "DELETE FROM interactions",
        "DELETE FROM actwright.audit_seals",
        "UPDATE actwright.audit_seals SET hash = ''",
        "UPDATE actwright.audit_amendments SET old_values = new_values",
        "UPDATE actwright.audit_seals SET seq = seq + 1",
        "DELETE FROM actwright.audit_amendments",
        "DELETE FROM actwright.audit_heads",
        "TRUNCATE actwright.outbox",
        "ALTER TABLE actwright.outbox DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenants ON actwright.outbox",
        "UPDATE actwright.migrations_own SET success = false",
    ] {
        let refused = attempt(&mut connection, OF_NORTH, statement).await;
        assert_eq!(refused, Err(REFUSED.to_owned()), "{statement}");
    }
    let entered = "UPDATE audit_logs SET changed_data = changed_data";
    assert_eq!(attempt(&mut connection, OF_NORTH, entered).await, Ok(vec![]));
    connection.close().await.unwrap();
    databases.give_back(place).await.unwrap();
    databases.remove().await.unwrap();
}
