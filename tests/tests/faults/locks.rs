//! Transactions that the database refuses or ends because of others.

use std::time::Instant;

use actwright_runtime::database::Database;
use actwright_runtime::database::load::load_rows;
use actwright_runtime::{Answer, Call, Runtime};
use actwright_tests::conformance::alias::id;
use actwright_tests::faults::invariants::{ONCE, Told};
use actwright_tests::faults::load::{SLACK, improper};
use actwright_tests::faults::server::Server;
use actwright_tests::faults::{Party, call};
use serde_json::{Value, json};

use crate::{SECOND, fresh, fresh_on, whole};

fn quote(title: &str) -> Call {
    let input = json!({
        "client_id": id("client.contoso"), "title": title, "idempotency_key": title,
        "quote_date": "2026-03-02T00:00:00Z", "valid_until": "2026-04-01T00:00:00Z",
    });
    call("crm.create_quote", input)
}

/// Repeats a call while its error is transient. Gives its answer, and how often it was.
async fn insist(runtime: &Runtime, call: Call) -> (Answer, usize) {
    for failures in 0..500 {
        match runtime.call(call.clone()).await {
            Ok(answer) => return (answer, failures),
            Err(error) => assert_eq!(improper(&error), None),
        }
    }
    panic!("a call that never succeeds");
}

/// Under stricter levels of isolation than the default, the database refuses transactions that came too late. Their callers
/// are told to try again, which goes well, and no number is given twice or left out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn serialization_failures_are_worth_another_try() {
    let server = Server::start(&[]).unwrap();
    for level in ["repeatable read", "serializable"] {
        let url = fresh_on(&server).await;
        let name = url.rsplit('/').next().and_then(|name| name.split('?').next()).unwrap();
        let setting = format!("ALTER DATABASE {name} SET default_transaction_isolation = '{level}'");
        server.run(&setting).await.unwrap();
        let party = Party::at(&url, 8).await.unwrap();
        let before = party.dump().await;
        let callers: Vec<_> = (0..8)
            .map(|caller| {
                let runtime = party.runtime.clone();
                tokio::spawn(async move {
                    let (mut told, mut failures) = (Told::new(), 0);
                    for number in 0..4 {
                        let key = format!("{number} of {caller}");
                        let (answer, refused) = insist(&runtime, quote(&key)).await;
                        told.insert(key, answer.output);
                        failures += refused;
                    }
                    (told, failures)
                })
            })
            .collect();
        let (mut told, mut failures) = (Told::new(), 0);
        for caller in callers {
            let (more, refused) = caller.await.unwrap();
            told.extend(more);
            failures += refused;
        }
        println!("{level}: {failures} refused");
        assert!(failures > 0, "{level}: nothing was provoked");
        let quotes = &party.dump().await["quotes"];
        assert_eq!(quotes.len() - before["quotes"].len(), 32, "{level}");
        let mut numbers: Vec<&str> = quotes
            .iter()
            .filter(|quote| quote["tenant"] == json!(id("tenant.north")))
            .filter_map(|quote| quote["quote_number"].as_str())
            .filter(|number| *number > "QUO-0012" && number.len() == 8)
            .collect();
        numbers.sort_unstable();
        let expected: Vec<String> = (13..45).map(|number| format!("QUO-{number:04}")).collect();
        assert_eq!(numbers, expected, "{level}");
        whole(&party, &before, &told, ONCE).await;
        party.close().await;
    }
}

/// Of two transactions that wait for each other the database ends one. A call to which that happens is transient, leaves
/// nothing, and goes well when it is repeated.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deadlock_is_worth_another_try() {
    let party = Party::at(&fresh().await, 4).await.unwrap();
    let database = party.runtime.database();
    let Value::Object(rows) = json!({
        "quotes": [{ "quote_id": id("quote.job"), "client_id": id("client.contoso"), "title": "Job", "status": "accepted" }],
        "quote_items": [{ "quote_item_id": id("item.job"), "quote_id": id("quote.job"), "description": "Work" }],
    }) else {
        unreachable!()
    };
    load_rows(database, actwright_actions::pack().tables, Some(id("tenant.north")), &rows).await.unwrap();
    // The first invoice makes the row of the numbers.
    party.runtime.call(quote("first")).await.unwrap();
    let Database::Postgres { pool, .. } = database else { unreachable!() };
    sqlx::query("INSERT INTO next_number SELECT tenant, 'INVOICE', last_number, initial_value, prefix, padding_length FROM next_number WHERE entity_type = 'QUOTE' ON CONFLICT DO NOTHING")
        .execute(pool)
        .await
        .unwrap();
    let before = party.dump().await;

    // The call locks its quote and then wants the number; this does it the other way round.
    let mut other = pool.begin().await.unwrap();
    sqlx::query("SET LOCAL deadlock_timeout = '60s'").execute(&mut *other).await.unwrap();
    sqlx::query("SELECT 1 FROM next_number FOR UPDATE").execute(&mut *other).await.unwrap();
    let convert = || {
        let input = json!({ "quote_id": id("quote.job"), "target": "invoice" });
        Call { idempotency_key: Some("convert".to_owned()), ..call("crm.convert_quote", input) }
    };
    let runtime = party.runtime.clone();
    let converting = tokio::spawn(async move { runtime.call(convert()).await });
    tokio::time::sleep(SECOND / 2).await;
    sqlx::query("SELECT 1 FROM quotes WHERE title = 'Job' FOR UPDATE").execute(&mut *other).await.unwrap();
    let error = converting.await.unwrap().unwrap_err();
    assert_eq!(improper(&error), None);
    other.rollback().await.unwrap();
    let converted = party.runtime.call(convert()).await.unwrap();
    assert!(!converted.output["invoice_id"].is_null());
    assert_eq!(party.dump().await["invoices"].len(), 1);
    whole(&party, &before, &Told::from([("convert".to_owned(), converted.output)]), ONCE).await;
    party.close().await;
}

/// A limit that an operator set on waiting for locks, or on statements, is no defect of ours, and goes before a longer one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn limits_of_the_server_are_worth_another_try() {
    for limit in ["lock_timeout", "statement_timeout"] {
        let url = format!("{}&options=-c%20{limit}%3D1s", fresh().await);
        let party = Party::at(&url, 4).await.unwrap();
        let before = party.dump().await;
        let Database::Postgres { pool, .. } = party.runtime.database() else { unreachable!() };
        let mut other = pool.begin().await.unwrap();
        sqlx::query("SELECT 1 FROM next_number FOR UPDATE").execute(&mut *other).await.unwrap();
        let begun = Instant::now();
        let error = party.runtime.call(quote("locked")).await.unwrap_err();
        assert_eq!(improper(&error), None, "{limit}");
        assert!(begun.elapsed() < SECOND + SLACK, "{limit}: it took {:?}", begun.elapsed());
        other.rollback().await.unwrap();
        let served = party.runtime.call(quote("locked")).await.unwrap();
        whole(&party, &before, &Told::from([("locked".to_owned(), served.output)]), ONCE).await;
        party.close().await;
    }
}
