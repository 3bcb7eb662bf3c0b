//! Rows without a tenant of their own have that of the row they belong to (`belongs_to` in `specs/tables.yaml`).

use actwright_generated::crm::find_activities::Action;
use actwright_generated::tables::{tax_holidays, tax_rates};
use actwright_runtime::database::Engine;
use actwright_runtime::database::load::load_rows;
use actwright_runtime::{Call, Caller, Code, Entry, Error, Pack, Runtime};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::Databases;
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use serde_json::{Value, json};

/// What the body found travels as the message of its refusal.
async fn said(runtime: &Runtime, entry: Entry) -> Error {
    let pack = Pack { actions: vec![entry], ..actwright_actions::pack() };
    let (tenant, caller) = (id("tenant.north"), Caller::User(id("user.admin")));
    let call = Call::new("crm.find_activities", tenant, caller, json!({ "date_from": "2020-01-01T00:00:00Z" }));
    Runtime::new(runtime.database().clone(), pack, runtime.options().clone()).call(call).await.unwrap_err()
}

/// Selected or joined, rows of another tenant's parent are not there; and none are written.
async fn rows_have_the_tenant_of_their_parent(engine: Engine) {
    let databases = Databases::prepare(engine, &Fixture::base(&mut Aliases::default()).unwrap()).await.unwrap();
    let place = databases.take().await.unwrap();
    // The other tenant's holiday has the id of this tenant's rate, so that a join finds it.
    for (tenant, holiday) in [("north", "holiday.north"), ("rival", "rate.north")] {
        let (rate, holiday) = (id(&format!("rate.{tenant}")), id(holiday));
        let rows = json!({
            "tax_rates": [{ "tax_rate_id": rate, "tax_percentage": 1, "start_date": "2020-01-01", "region_code": "R" }],
            "tax_holidays": [{
                "tax_holiday_id": holiday, "tax_rate_id": rate, "start_date": "2026-01-01", "end_date": "2026-01-01",
                "description": tenant,
            }],
        });
        let Value::Object(rows) = rows else { unreachable!() };
        let tables = actwright_actions::pack().tables;
        load_rows(&place.database, tables, Some(id(&format!("tenant.{tenant}"))), &rows).await.unwrap();
    }
    let runtime = runtime(&place, &Recorder::default()).unwrap();

    let selects = Entry::new::<Action>(|context, _| {
        Box::pin(async move {
            let rows = context.select(&tax_holidays::TABLE).column(tax_holidays::DESCRIPTION).all().await?;
            let names = rows.iter().map(|row| row.get(tax_holidays::DESCRIPTION)).collect::<Result<Vec<_>, _>>()?;
            Err(Error::conflict(format!("{names:?}")))
        })
    });
    assert_eq!(said(&runtime, selects).await.message, r#"[Some("north")]"#);

    // From rows of the tenant, to one that belongs to another tenant's row.
    let joins = Entry::new::<Action>(|context, _| {
        Box::pin(async move {
            let rows = context
                .select(&tax_rates::TABLE)
                .left_join(tax_holidays::TAX_HOLIDAY_ID, tax_rates::TAX_RATE_ID)
                .column(tax_holidays::DESCRIPTION)
                .all()
                .await?;
            let names = rows.iter().map(|row| row.maybe(tax_holidays::DESCRIPTION)).collect::<Result<Vec<_>, _>>()?;
            Err(Error::conflict(format!("{names:?}")))
        })
    });
    assert_eq!(said(&runtime, joins).await.message, "[Some(None)]");

    // And back: what it is joined to is of the tenant, though the base has no tenant to go by.
    let joins_back = Entry::new::<Action>(|context, _| {
        Box::pin(async move {
            let rows = context
                .select(&tax_holidays::TABLE)
                .left_join(tax_rates::TAX_RATE_ID, tax_holidays::TAX_RATE_ID)
                .column(tax_rates::REGION_CODE)
                .all()
                .await?;
            Err(Error::conflict(format!("{}", rows.len())))
        })
    });
    assert_eq!(said(&runtime, joins_back).await.message, "1");

    let writes = Entry::new::<Action>(|context, _| {
        Box::pin(async move {
            let holiday = context.new_id();
            context.insert(&tax_holidays::TABLE).set(tax_holidays::TAX_HOLIDAY_ID, holiday).run().await?;
            panic!("a row was written")
        })
    });
    let error = said(&runtime, writes).await;
    assert_eq!((error.code, &*error.message), (Code::InternalError, "tax_holidays is read only"));

    drop(runtime);
    databases.give_back(place).await.unwrap();
    databases.remove().await.unwrap();
}

#[tokio::test]
async fn rows_have_the_tenant_of_their_parent_on_sqlite() {
    rows_have_the_tenant_of_their_parent(Engine::Sqlite).await;
}

#[tokio::test]
async fn rows_have_the_tenant_of_their_parent_on_postgres() {
    rows_have_the_tenant_of_their_parent(Engine::Postgres).await;
}
