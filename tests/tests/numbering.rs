//! Numbers of quotes and invoices under many creators at once: every one of them once, and none left out.

use actwright_runtime::database::load::load_rows;
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::{Call, Caller, Runtime};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::Databases;
use actwright_tests::conformance::dump;
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use serde_json::{Value, json};

const CREATORS: usize = 16;
const DOCUMENTS_EACH: usize = 6;

/// What is numbered.
#[derive(Debug, Clone, Copy)]
enum Document {
    Quote,
    Invoice,
}

impl Document {
    /// The call that creates one.
    fn call(self, creator: usize, document: usize) -> (&'static str, Value) {
        match self {
            Self::Quote => {
                let title = format!("Quote {document} of {creator}");
                let input = json!({
                    "client_id": id("client.contoso"), "title": title,
                    "quote_date": "2026-03-02T00:00:00Z", "valid_until": "2026-04-01T00:00:00Z",
                });
                ("crm.create_quote", input)
            }
            Self::Invoice => {
                let quote = id(&accepted(creator, document));
                ("crm.convert_quote", json!({ "quote_id": quote, "target": "invoice" }))
            }
        }
    }

    fn numbers(self) -> Vec<String> {
        let count = CREATORS * DOCUMENTS_EACH;
        match self {
            // The fixture has quotes up to QUO-0012.
            Self::Quote => (13..13 + count).map(|number| format!("QUO-{number:04}")).collect(),
            Self::Invoice => (1..=count).map(|number| format!("INV-{number:06}")).collect(),
        }
    }

    async fn stored(self, database: &Database) -> Vec<String> {
        let (table, column, first) = match self {
            Self::Quote => ("quotes", "quote_number", "QUO-0013"),
            Self::Invoice => ("invoices", "invoice_number", ""),
        };
        let rows = dump::dump(database).await.unwrap().remove(table).unwrap();
        let north = json!(id("tenant.north"));
        let numbers = rows.iter().filter(|row| row["tenant"] == north).filter_map(|row| row[column].as_str());
        let mut numbers: Vec<String> = numbers.filter(|number| *number >= first).map(str::to_owned).collect();
        numbers.sort();
        numbers
    }
}

/// The alias of an accepted quote, one for each call that converts one.
fn accepted(creator: usize, document: usize) -> String {
    format!("quote.accepted_{creator}_{document}")
}

/// Creates documents one after the other; every third call is a rehearsal, which takes a number and gives it back.
async fn create(runtime: Runtime, kind: Document, creator: usize) {
    for document in 0..DOCUMENTS_EACH * 3 / 2 {
        let (action, input) = kind.call(creator, document);
        let (tenant, caller) = (id("tenant.north"), Caller::User(id("user.admin")));
        let call = Call { dry_run: document % 3 == 2, ..Call::new(action, tenant, caller, input) };
        runtime.call(call).await.unwrap();
    }
}

async fn numbers_are_complete(engine: Engine, kind: Document) {
    let databases = Databases::prepare(engine, &Fixture::base(&mut Aliases::default()).unwrap()).await.unwrap();
    let place = databases.take().await.unwrap();
    accept_quotes(&place.database).await;
    let runtime = runtime(&place, &Recorder::default()).unwrap();
    let creators: Vec<_> = (0..CREATORS).map(|creator| tokio::spawn(create(runtime.clone(), kind, creator))).collect();
    for creator in creators {
        creator.await.unwrap();
    }
    assert_eq!(kind.stored(&place.database).await, kind.numbers());
    drop(runtime);
    databases.give_back(place).await.unwrap();
    databases.remove().await.unwrap();
}

/// Quotes that can become invoices.
async fn accept_quotes(database: &Database) {
    let documents =
        (0..CREATORS).flat_map(|creator| (0..DOCUMENTS_EACH * 3 / 2).map(move |one| accepted(creator, one)));
    let (quotes, items): (Vec<Value>, Vec<Value>) = documents
        .map(|name| {
            let quote = json!({
                "quote_id": id(&name), "client_id": id("client.contoso"), "title": name, "status": "accepted",
            });
            let item =
                json!({ "quote_item_id": id(&format!("item.{name}")), "quote_id": id(&name), "description": "Item" });
            (quote, item)
        })
        .unzip();
    let Value::Object(rows) = json!({ "quotes": quotes, "quote_items": items }) else { unreachable!() };
    let tables = actwright_actions::pack().tables;
    load_rows(database, tables, Some(id("tenant.north")), &rows).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_creators_leave_no_gap_on_sqlite() {
    numbers_are_complete(Engine::Sqlite, Document::Quote).await;
    numbers_are_complete(Engine::Sqlite, Document::Invoice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_creators_leave_no_gap_on_postgres() {
    numbers_are_complete(Engine::Postgres, Document::Quote).await;
    numbers_are_complete(Engine::Postgres, Document::Invoice).await;
}
