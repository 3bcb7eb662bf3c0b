//! An existing PSA database: nothing of it is changed but rows, and everything of it is obeyed.

use actwright_runtime::call::Runtime;
use actwright_runtime::database::Database;
use actwright_runtime::database::migrate::Layout;
use actwright_runtime::{Answer, Call, Caller, Code, Error, Uuid};
use actwright_tests::conformance::databases::Place;
use actwright_tests::conformance::dump;
use actwright_tests::conformance::fixture::folder;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use actwright_tests::postgres::Cluster;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

/// Everything that a database declares outside the schemas that are given as `$1`: one line each.
const CATALOG: &str = r#"
    WITH spaces AS (
        SELECT oid, nspname FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND (nspname = 'actwright') = $1
    ), classes AS (
        SELECT c.*, n.nspname FROM pg_class c JOIN spaces n ON n.oid = c.relnamespace
    )
    SELECT format('schema %s %s', nspname, (SELECT nspacl FROM pg_namespace p WHERE p.oid = spaces.oid)) FROM spaces
    UNION ALL
    SELECT format('class %I.%I %s owner %s acl %s security %s %s options %s', nspname, relname, relkind, relowner, relacl,
        relrowsecurity, relforcerowsecurity, reloptions) FROM classes
    UNION ALL
    SELECT format('column %I.%I.%I %s null %s default %s', nspname, relname, attname, format_type(atttypid, atttypmod),
        NOT attnotnull, pg_get_expr(d.adbin, d.adrelid))
    FROM classes c JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    UNION ALL
    SELECT format('index %s', pg_get_indexdef(indexrelid)) FROM pg_index i JOIN classes c ON c.oid = i.indrelid
    UNION ALL
    SELECT format('constraint %I.%I %I %s', nspname, relname, conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN classes c ON c.oid = k.conrelid
    UNION ALL
    SELECT format('trigger %s %s', pg_get_triggerdef(t.oid), tgenabled)
    FROM pg_trigger t JOIN classes c ON c.oid = t.tgrelid WHERE NOT tgisinternal
    UNION ALL
    SELECT format('function %s', pg_get_functiondef(p.oid)) FROM pg_proc p JOIN spaces n ON n.oid = p.pronamespace
    UNION ALL
    SELECT format('type %I.%I %s', nspname, typname, typtype) FROM pg_type t JOIN spaces n ON n.oid = t.typnamespace
    UNION ALL
    SELECT format('policy %s', polname) FROM pg_policy p JOIN classes c ON c.oid = p.polrelid
    UNION ALL
    SELECT format('extension %s', extname) FROM pg_extension WHERE NOT $1
    ORDER BY 1
"#;

/// Ids of the seed tell what they are by their first digit.
fn id(kind: char, number: u8) -> Uuid {
    format!("{kind}0000000-0000-4000-8000-00000000000{number}").parse().unwrap()
}

/// A PSA database before anything of ours is in it.
async fn psa(name: &str) -> (String, Database, PgPool) {
    let url = Cluster::shared().unwrap().database(name).await.unwrap();
    let database = Database::open_with(&url, 4).await.unwrap();
    let Database::Postgres { pool, .. } = database.clone() else { panic!("not PostgreSQL") };
    for file in ["schema.sql", "seed.sql"] {
        let sql = std::fs::read_to_string(folder("fixtures/psa").join(file)).unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    (url, database, pool)
}

async fn init(database: &Database) {
    database.migrate(Layout::Psa, actwright_actions::pack().migrations.as_ref()).await.unwrap();
}

async fn catalog(pool: &PgPool, ours: bool) -> Vec<String> {
    sqlx::query_scalar(CATALOG).bind(ours).fetch_all(pool).await.unwrap()
}

/// Rows of the PSA's tables.
async fn rows(database: &Database) -> dump::Dump {
    let mut rows = dump::dump(database).await.unwrap();
    rows.retain(|table, _| !dump::OWN.contains(&table.as_str()));
    rows
}

#[tokio::test]
async fn init_adds_one_schema_and_touches_nothing_else() {
    let (url, database, pool) = psa("psa init").await;
    let (declared, held) = (catalog(&pool, false).await, rows(&database).await);
    assert!(declared.len() > 500, "only {} declarations were found", declared.len());
    assert_eq!(catalog(&pool, true).await, Vec::<String>::new());

    init(&database).await;
    assert_eq!(catalog(&pool, false).await, declared);
    assert_eq!(rows(&database).await, held);
    let ours = catalog(&pool, true).await;
    for table in ["idempotency_ledger", "outbox", "migrations_own"] {
        assert!(
            ours.iter().any(|line| line.starts_with(&format!("class actwright.{table} "))),
            "no {table} in {ours:#?}"
        );
    }
    for others in ["migrations_host", "migrations_crm"] {
        assert!(!ours.iter().any(|line| line.contains(others)), "{others} in {ours:#?}");
    }

    let applied = "SELECT to_jsonb(m)::text FROM actwright.migrations_own m ORDER BY 1";
    let before: Vec<String> = sqlx::query_scalar(applied).fetch_all(&pool).await.unwrap();
    init(&database).await;
    let after: Vec<String> = sqlx::query_scalar(applied).fetch_all(&pool).await.unwrap();
    assert_eq!(before, after);
    assert_eq!(catalog(&pool, true).await, ours);
    assert_eq!(catalog(&pool, false).await, declared);
    assert_eq!(rows(&database).await, held);

    database.close().await;
    Cluster::shared().unwrap().remove(&url).await.unwrap();
}

/// A runtime on a PSA database that is in use.
struct Psa {
    runtime: Runtime,
    recorder: Recorder,
    pool: PgPool,
    place: Place,
}

impl Psa {
    async fn start(name: &str) -> Self {
        let (url, database, pool) = psa(name).await;
        init(&database).await;
        let place = Place::granted(database, url).await.unwrap();
        let recorder = Recorder::default();
        let runtime = runtime(&place, &recorder).unwrap();
        Self { runtime, recorder, pool, place }
    }

    async fn call(&self, action: &str, caller: Caller, input: Value) -> Result<Answer, Error> {
        let step_path = Some("root.steps[0]".to_owned());
        let call = Call { step_path, ..Call::new(action, id('1', 1), caller, input) };
        self.runtime.call(call).await
    }

    /// Tenant, operation, user and record of each audit row, oldest first.
    async fn audit(&self) -> Vec<(Uuid, String, Option<String>, String)> {
        let rows = "SELECT tenant, operation, user_id, record_id FROM audit_logs ORDER BY timestamp, audit_id";
        sqlx::query_as(rows).fetch_all(&self.pool).await.unwrap()
    }

    async fn end(self) {
        self.place.close().await;
        Cluster::shared().unwrap().remove(self.place.url()).await.unwrap();
    }
}

#[tokio::test]
async fn all_actions_run_and_are_audited_under_the_trigger() {
    let psa = Psa::start("psa actions").await;
    let held = rows(&psa.place.database).await;
    let admin = Caller::User(id('2', 1));
    let call_type: Uuid = sqlx::query_scalar("SELECT type_id FROM system_interaction_types WHERE type_name = 'Call'")
        .fetch_one(&psa.pool)
        .await
        .unwrap();

    let found = psa.call("crm.find_activities", admin, json!({ "client_id": id('4', 1) })).await.unwrap().output;
    assert_eq!(found["count"], 1);
    assert_eq!(found["activities"][0]["title"], "Looked behind the curtain");
    assert_eq!(found["activities"][0]["type_name"], "Site Visit");
    assert_eq!(found["activities"][0]["tags"], json!(["on-site", "wizard"]));

    let patch = json!({ "activity_id": id('9', 1), "patch": { "title": "Met the wizard", "end_time": null } });
    let updated = psa.call("crm.update_activity", admin, patch).await.unwrap().output;
    assert_eq!(updated["activity_after"]["title"], "Met the wizard");

    let follow_up = json!({ "contact_id": id('5', 1), "ticket_id": id('6', 1), "type_id": call_type,
        "title": "Call Dorothy", "start_time": "2026-03-05T09:30:00+01:00", "duration": 15, "tags": ["home"] });
    let scheduled = psa.call("crm.schedule_activity", admin, follow_up).await.unwrap().output;
    assert_eq!(scheduled["activity"]["client_id"], json!(id('4', 1)));
    assert_eq!(scheduled["activity"]["type_name"], "Call");

    let note = json!({ "target": { "type": "project", "id": id('c', 1) }, "body": "The new balloon is here." });
    let noted = psa.call("crm.create_activity_note", admin, note).await.unwrap().output;
    assert_eq!(noted["target_summary"]["project_name"], "Balloon replacement");

    let sent = psa.call("crm.send_quote", admin, json!({ "quote_id": id('a', 1) })).await.unwrap().output;
    assert_eq!(sent["quote"]["status"], "sent", "{sent}");
    let mails = psa.recorder.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["attachments"][0]["begins"], "%PDF-");

    // The trigger takes the tenant from the session, whatever the statement says.
    let written = ["update_activity", "schedule_activity", "create_activity_note", "send_quote"];
    let audit = psa.audit().await;
    assert_eq!(audit.len(), written.len());
    for ((tenant, operation, user, _), action) in audit.iter().zip(written) {
        assert_eq!((*tenant, operation), (id('1', 1), &format!("workflow_action:crm.{action}")));
        assert_eq!(*user, Some(id('2', 1).to_string()));
    }

    // The neighbour's rows are as they were.
    let neighbours = |rows: dump::Dump| -> Vec<Value> {
        rows.into_values().flatten().filter(|row| row["tenant"] == json!(id('1', 2))).collect()
    };
    assert_eq!(neighbours(rows(&psa.place.database).await), neighbours(held));
    psa.end().await;
}

/// From a template to a contract and an invoice, with all keys, checks and columns that the PSA's tables have.
#[tokio::test]
async fn a_quote_becomes_a_contract_and_an_invoice() {
    let psa = Psa::start("psa conversion").await;
    let admin = Caller::User(id('2', 1));
    let template = format!(
        "INSERT INTO service_catalog (tenant, service_id, service_name, billing_method, custom_service_type_id)
         VALUES ('{tenant}', '{service}', 'Balloon care', 'hourly', '{service}');
         INSERT INTO tax_rates (tenant, tax_rate_id, tax_percentage, start_date, region_code)
         VALUES ('{tenant}', '{service}', 8.25, '2020-01-01', 'US-KS');
         INSERT INTO quotes (tenant, quote_id, title, is_template) VALUES ('{tenant}', '{service}', 'Balloons', true);
         INSERT INTO quote_items (tenant, quote_item_id, quote_id, service_id, description, quantity, unit_price,
             billing_method, is_recurring, billing_frequency, display_order)
         VALUES ('{tenant}', '{service}', '{service}', '{service}', 'Care', 4, 9000, 'hourly', true, 'monthly', 1);",
        tenant = id('1', 1),
        service = id('f', 9),
    );
    sqlx::raw_sql(AssertSqlSafe(template)).execute(&psa.pool).await.unwrap();

    let offer = json!({ "template_id": id('f', 9), "client_id": id('4', 1), "quote_date": "2026-03-01T00:00:00Z",
        "valid_until": "2096-04-01T00:00:00Z" });
    let created = psa.call("crm.create_quote_from_template", admin, offer).await.unwrap().output;
    let quote = &created["quote"]["quote_id"];
    let balloon = json!({ "quote_id": quote, "description": "Balloon", "quantity": 1, "unit_price": 250_000,
        "tax_region": "US-KS" });
    let added = psa.call("crm.add_quote_item", admin, balloon).await.unwrap().output;
    assert_eq!(added["quote"]["subtotal"], 286_000);
    assert_eq!(added["quote"]["tax"], 20_625);

    // The client accepts in the PSA's portal.
    let accept = "UPDATE quotes SET status = 'accepted', accepted_at = '2026-03-05' WHERE quote_id = $1::text::uuid";
    sqlx::query(accept).bind(quote.as_str()).execute(&psa.pool).await.unwrap();
    let convert = json!({ "quote_id": quote, "target": "contract_and_invoice" });
    let converted = psa.call("crm.convert_quote", admin, convert).await.unwrap().output;
    assert_eq!(converted["quote"]["status"], "converted");
    let now = rows(&psa.place.database).await;
    let only = |table: &str| match now[table].as_slice() {
        [row] => row.clone(),
        rows => panic!("{table}: {rows:?}"),
    };
    assert_eq!(only("contract_lines")["contract_id"], converted["contract_id"]);
    assert_eq!(only("contract_line_service_hourly_configs")["hourly_rate"], 9000);
    assert_eq!(only("client_contracts")["start_date"], "2026-03-05");
    assert_eq!(only("invoices")["invoice_id"], converted["invoice_id"]);
    assert_eq!(only("invoices")["total_amount"], 270_625);
    assert_eq!(only("invoice_charges")["tax_rate"], 8.25);
    psa.end().await;
}

#[tokio::test]
async fn a_run_acts_as_the_publisher_of_its_own_version() {
    let psa = Psa::start("psa runs").await;
    let (admin, technician, finance) = (id('2', 1), id('2', 3), id('2', 4));
    let find = json!({ "client_id": id('4', 1) });
    // Nobody is known to have published version 3: the workflow's creator acts.
    for (run, actor) in [(1, admin), (2, technician), (3, finance)] {
        let answer = psa.call("crm.find_activities", Caller::Run(id('f', run)), find.clone()).await.unwrap();
        assert_eq!(answer.meta.actor, actor, "run {run}");
    }

    let patch = json!({ "activity_id": id('9', 1), "patch": { "title": "Behind the curtain" } });
    let denied = psa.call("crm.update_activity", Caller::Run(id('f', 2)), patch.clone()).await.unwrap_err();
    assert_eq!(denied.code, Code::PermissionDenied);
    psa.call("crm.update_activity", Caller::Run(id('f', 1)), patch).await.unwrap();
    psa.call("crm.send_quote", Caller::Run(id('f', 3)), json!({ "quote_id": id('a', 1) })).await.unwrap();

    let expected = [
        ("workflow_action_denied:crm.update_activity", technician, id('f', 2)),
        ("workflow_action:crm.update_activity", admin, id('f', 1)),
        ("workflow_action:crm.send_quote", finance, id('f', 3)),
    ];
    let expected = expected
        .map(|(operation, user, run)| (id('1', 1), operation.to_owned(), Some(user.to_string()), run.to_string()));
    assert_eq!(psa.audit().await, expected);
    psa.end().await;
}

/// All versions have runs that have not ended, so all of them count when an action changes.
#[tokio::test]
async fn workflows_that_may_run_are_found() {
    let psa = Psa::start("psa workflows").await;
    let stored = psa.place.application.workflows().await.unwrap();
    let names: Vec<&str> = stored.iter().map(|workflow| workflow.name.as_str()).collect();
    let expected = ["Follow up (version 1)", "Follow up (version 2)", "Follow up (version 3)", "Follow up (draft)"];
    assert_eq!(names, expected);
    psa.end().await;
}

/// Technicians may read clients and not change them, as in the PSA. Their role in the client portal grants nothing.
#[tokio::test]
async fn technicians_are_denied() {
    let psa = Psa::start("psa technicians").await;
    let held = rows(&psa.place.database).await;
    let technician = Caller::User(id('2', 3));
    let call_type: Uuid = sqlx::query_scalar("SELECT type_id FROM system_interaction_types WHERE type_name = 'Call'")
        .fetch_one(&psa.pool)
        .await
        .unwrap();
    let start = "2026-03-05T09:30:00Z";
    let refused = [
        ("crm.update_activity", json!({ "activity_id": id('9', 1), "patch": { "title": "x" } })),
        (
            "crm.schedule_activity",
            json!({ "client_id": id('4', 1), "type_id": call_type, "title": "x", "start_time": start }),
        ),
        ("crm.create_activity_note", json!({ "target": { "type": "client", "id": id('4', 1) }, "body": "x" })),
        ("crm.send_quote", json!({ "quote_id": id('a', 1) })),
    ];
    for (action, input) in &refused {
        let error = psa.call(action, technician, input.clone()).await.unwrap_err();
        assert_eq!(error.code, Code::PermissionDenied, "{action}: {error}");
    }
    // What their role does grant, they may do.
    psa.call("crm.find_activities", technician, json!({ "client_id": id('4', 1) })).await.unwrap();
    let note = json!({ "target": { "type": "ticket", "id": id('6', 1) }, "body": "Pulled the levers." });
    psa.call("crm.create_activity_note", technician, note).await.unwrap();

    let changed = dump::changes(&held, &rows(&psa.place.database).await);
    assert_eq!(changed.keys().collect::<Vec<_>>(), ["audit_logs", "interactions"]);
    assert_eq!(changed["interactions"].len(), 1);
    assert_eq!(changed["audit_logs"].len(), refused.len() + 1);
    for row in &changed["audit_logs"] {
        assert_eq!(row["added"]["tenant"], json!(id('1', 1)));
    }
    psa.end().await;
}

/// Rules that the PSA has narrow calls, too; where they cannot be read (a PSA without these tables, or with others),
/// access is refused, never granted.
#[tokio::test]
async fn rules_on_records_are_obeyed_and_refuse_when_they_cannot_be_read() {
    let psa = Psa::start("psa rules").await;
    let (admin, quote) = (Caller::User(id('2', 1)), json!({ "quote_id": id('a', 1) }));
    let bundle = format!(
        "INSERT INTO authorization_bundles (tenant, bundle_id, name) VALUES ('{tenant}', '{id}', 'Own quotes');
         INSERT INTO authorization_bundle_revisions (tenant, revision_id, bundle_id, revision_number, lifecycle_state)
         VALUES ('{tenant}', '{id}', '{id}', 1, 'published');
         INSERT INTO authorization_bundle_rules (tenant, bundle_id, revision_id, resource_type, action, template_key)
         VALUES ('{tenant}', '{id}', '{id}', 'billing', 'read', 'own');
         INSERT INTO authorization_bundle_assignments (tenant, bundle_id, target_type, target_id)
         VALUES ('{tenant}', '{id}', 'user', '{user}');
         UPDATE authorization_bundles SET published_revision_id = '{id}'",
        tenant = id('1', 1),
        user = id('2', 1),
        id = id('f', 1),
    );
    sqlx::raw_sql(AssertSqlSafe(bundle)).execute(&psa.pool).await.unwrap();
    let refused = psa.call("crm.send_quote", admin, quote.clone()).await.unwrap_err();
    assert_eq!(refused.code, Code::PermissionDenied, "{refused}");

    sqlx::raw_sql("DROP TABLE authorization_bundle_rules").execute(&psa.pool).await.unwrap();
    let refused = psa.call("crm.send_quote", admin, quote).await.unwrap_err();
    assert_eq!(refused.code, Code::PermissionDenied, "{refused}");
    assert!(refused.message.contains("record-level authorization"), "{refused}");
    assert_eq!(psa.recorder.mails().len(), 0);
    let operations: Vec<String> = psa.audit().await.into_iter().map(|(_, operation, _, _)| operation).collect();
    assert_eq!(operations, vec!["workflow_action_denied:crm.send_quote"; 2]);
    psa.end().await;
}
