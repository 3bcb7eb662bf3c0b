//! A body cannot make up a table that calls another tenant's rows its own.

use actwright_generated::crm::find_activities::Action;
use actwright_runtime::database::Engine;
use actwright_runtime::query::{Column, ColumnSpec, ColumnType, Scope, Table};
use actwright_runtime::{Call, Caller, Code, Entry, Pack, Runtime, Uuid};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::Databases;
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use serde_json::json;

/// The real table's name, with the claim that it has no tenants.
static FORGED: Table = Table {
    authorization: None,
    name: "interactions",
    scope: Scope::System,
    key: &[],
    columns: &[ColumnSpec { name: "interaction_id", ty: ColumnType::Uuid, nullable: false }],
};
const FORGED_ID: Column<Uuid> = Column::new(&FORGED, 0);

/// Reading, joining and writing through it are refused before a statement is sent.
#[tokio::test]
async fn a_table_of_a_bodys_own_is_refused() {
    let databases = Databases::prepare(Engine::Sqlite, &Fixture::base(&mut Aliases::default()).unwrap()).await.unwrap();
    let place = databases.take().await.unwrap();
    let honest = runtime(&place, &Recorder::default()).unwrap();
    let forgers = [
        Entry::new::<Action>(|context, _| {
            Box::pin(async move {
                let rows = context.select(&FORGED).column(FORGED_ID).all().await?;
                panic!("{} rows of all tenants were read", rows.len())
            })
        }),
        Entry::new::<Action>(|context, _| {
            Box::pin(async move {
                use actwright_generated::tables::interactions;
                let select = context.select(&interactions::TABLE).left_join(FORGED_ID, interactions::INTERACTION_ID);
                let rows = select.column(FORGED_ID).all().await?;
                panic!("{} rows of all tenants were joined", rows.len())
            })
        }),
        Entry::new::<Action>(|context, _| {
            Box::pin(async move {
                let made_up = context.new_id();
                context.insert(&FORGED).set(FORGED_ID, made_up).run().await?;
                panic!("a row was written")
            })
        }),
    ];
    for forger in forgers {
        let pack = Pack { actions: vec![forger], ..actwright_actions::pack() };
        let forged = Runtime::new(honest.database().clone(), pack, honest.options().clone());
        let (tenant, caller) = (id("tenant.north"), Caller::User(id("user.admin")));
        let call = Call::new("crm.find_activities", tenant, caller, json!({ "date_from": "2020-01-01T00:00:00Z" }));
        let error = forged.call(call).await.unwrap_err();
        assert_eq!(error.code, Code::InternalError, "{error}");
        assert!(error.message.contains("interactions is no table"), "{error}");
    }
    databases.give_back(place).await.unwrap();
    databases.remove().await.unwrap();
}
