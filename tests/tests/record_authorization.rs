//! Rules on records hold for whatever a body does with a table, not only for the row that a call is about.

use actwright_generated::crm::{find_activities, send_quote};
use actwright_generated::tables::{quote_items, quotes};
use actwright_runtime::database::Engine;
use actwright_runtime::query::Direction;
use actwright_runtime::{Call, Caller, Entry, Error, Pack, Runtime, Uuid};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::Databases;
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use serde_json::{Value, json};

/// Ada may have her own quote only, others have all of them. The base rows, and these.
fn rows() -> [Fixture; 2] {
    let mut aliases = Aliases::default();
    let base = Fixture::base(&mut aliases).unwrap();
    let rules = json!({ "north": {
        "bundles": { "own": { "to": "user.admin", "rules": [{ "template_key": "own" }] } },
        "quotes": [{ "quote_id": "$quote.mine", "quote_number": "QUO-0100", "client_id": "$client.contoso",
            "title": "Mine", "status": "draft", "created_by": "$user.admin" }],
        "quote_items": [{ "quote_item_id": "$item.mine", "quote_id": "$quote.mine", "description": "Mine",
            "quantity": 1, "unit_price": 100, "total_price": 100, "display_order": 1 }],
    } });
    [base, Fixture::parse(&rules, &mut aliases).unwrap()]
}

/// Titles of all quotes.
fn list() -> Entry {
    Entry::new::<find_activities::Action>(|context, _| {
        Box::pin(async move {
            let rows = context.select(&quotes::TABLE).column(quotes::TITLE);
            let rows = rows.order_by(quotes::TITLE, Direction::Ascending).all().await?;
            let titles = rows.iter().map(|row| row.get(quotes::TITLE)).collect::<Result<Vec<_>, _>>()?;
            Err(Error::conflict(titles.join(", ")))
        })
    })
}

/// Items with the titles of their quotes.
fn join() -> Entry {
    Entry::new::<find_activities::Action>(|context, _| {
        Box::pin(async move {
            let items = context.select(&quote_items::TABLE).column(quote_items::DESCRIPTION);
            let rows = items.left_join(quotes::QUOTE_ID, quote_items::QUOTE_ID).column(quotes::TITLE).all().await?;
            let names = rows.iter().map(|row| row.get(quote_items::DESCRIPTION)).collect::<Result<Vec<_>, _>>()?;
            Err(Error::conflict(names.join(", ")))
        })
    })
}

/// How many rows a change of all drafts reaches.
fn change() -> Entry {
    Entry::new::<send_quote::Action>(|context, _| {
        Box::pin(async move {
            let drafts = quotes::STATUS.eq(Some("draft".to_owned()));
            let update = context.update(&quotes::TABLE).set(quotes::TITLE, "Changed".to_owned()).filter(drafts);
            Err(Error::conflict(update.run().await?.to_string()))
        })
    })
}

async fn said(honest: &Runtime, entry: Entry, user: &str, action: &str, input: Value) -> String {
    let pack = Pack { actions: vec![entry], ..actwright_actions::pack() };
    let runtime = Runtime::new(honest.database().clone(), pack, honest.options().clone());
    let call = Call::new(action, id("tenant.north"), Caller::User(id(user)), input);
    runtime.call(call).await.unwrap_err().message.into_owned()
}

/// Lists, joins and changes of many rows leave out what the actor may not have; without rules nothing is left out.
#[tokio::test]
async fn every_statement_is_narrowed() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let [base, rules] = rows();
        let databases = Databases::prepare(engine, &base).await.unwrap();
        let place = databases.take().await.unwrap();
        rules.load(&place.database).await.unwrap();
        let honest = runtime(&place, &Recorder::default()).unwrap();
        let find = || json!({ "date_from": "2020-01-01T00:00:00Z" });
        let send = || json!({ "quote_id": Uuid::nil() });

        assert_eq!(said(&honest, list(), "user.admin", "crm.find_activities", find()).await, "Mine");
        assert_eq!(said(&honest, join(), "user.admin", "crm.find_activities", find()).await, "Mine");
        assert_eq!(said(&honest, change(), "user.admin", "crm.send_quote", send()).await, "1");

        let all = said(&honest, list(), "user.author", "crm.find_activities", find()).await;
        assert!(all.contains("Backup") && all.contains("Mine") && !all.contains("RIVAL-SECRET"), "{all}");
        let all = said(&honest, join(), "user.author", "crm.find_activities", find()).await;
        assert!(all.contains("Docking station") && all.contains("Mine") && !all.contains("RIVAL-SECRET"), "{all}");
        assert_eq!(said(&honest, change(), "user.finance", "crm.send_quote", send()).await, "3");

        databases.give_back(place).await.unwrap();
        databases.remove().await.unwrap();
    }
}
