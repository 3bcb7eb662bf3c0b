//! Stored workflows: which of a database may run, and that a change of a spec names the steps that it breaks.

use actwright_codegen::compat::{self, Workflow};
use actwright_codegen::model::Model;
use actwright_runtime::StoredWorkflow;
use actwright_runtime::database::Engine;
use actwright_tests::conformance::alias::Aliases;
use actwright_tests::conformance::databases::Databases;
use actwright_tests::conformance::fixture::Fixture;
use serde_json::{Value, json};

const VERSIONED: &str = r#"
north:
  workflow_definitions:
    - workflow_id: $workflow.greeting
      name: Greeting
      payload_schema_ref: none
      status: published
      draft_definition: { steps: [{ type: action.call, name: look, config: { actionId: crm.find_activities, version: 1, inputMapping: { limit: 5 } } }] }
  workflow_definition_versions:
    - { version_id: $version.first, workflow_id: $workflow.greeting, version: 1, definition_json: { steps: [ended] } }
    - { version_id: $version.second, workflow_id: $workflow.greeting, version: 2, definition_json: { steps: [under way] } }
    - { version_id: $version.tenth, workflow_id: $workflow.greeting, version: 10, definition_json: { steps: [last] } }
  workflow_runs:
    - { run_id: $run.long_ended, workflow_id: $workflow.greeting, workflow_version: 1, status: SUCCEEDED, completed_at: now-1d }
    - { run_id: $run.still_open, workflow_id: $workflow.greeting, workflow_version: 2, status: WAITING, completed_at: null }
"#;

async fn stored(engine: Engine) -> Vec<StoredWorkflow> {
    let mut aliases = Aliases::default();
    let databases = Databases::prepare(engine, &Fixture::base(&mut aliases).unwrap()).await.unwrap();
    let place = databases.take().await.unwrap();
    let more: Value = serde_saphyr::from_str(VERSIONED).unwrap();
    Fixture::parse(&more, &mut aliases).unwrap().load(&place.database).await.unwrap();
    let stored = place.application.workflows().await.unwrap();
    databases.give_back(place).await.unwrap();
    databases.remove().await.unwrap();
    stored.into_iter().filter(|workflow| workflow.name.starts_with("Greeting")).collect()
}

/// The specs, and the same without a field that the draft gives.
fn change() -> (Model, Model) {
    let specs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let before = actwright_codegen::load(&specs).unwrap();
    let mut after = before.clone();
    for action in after.actions.iter_mut().filter(|action| action.id == "crm.find_activities") {
        action.input.retain(|field| field.name != "limit");
    }
    (before, after)
}

async fn check(engine: Engine) {
    let stored = stored(engine).await;
    let told: Vec<_> = stored.iter().map(|one| (one.name.as_str(), one.definition["steps"][0].clone())).collect();
    let draft = told.iter().find(|(name, _)| *name == "Greeting (draft)").unwrap().1.clone();
    let mut names: Vec<_> = told.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(names, ["Greeting (draft)", "Greeting (version 10)", "Greeting (version 2)"]);
    assert!(told.contains(&("Greeting (version 2)", json!("under way"))));
    assert_eq!(draft["config"]["actionId"], "crm.find_activities");

    // As `cargo gen diff --workflows -` reads what `actwright workflows` prints.
    let printed = serde_json::to_value(&stored).unwrap();
    let workflow =
        |definition: &Value| Workflow { source: "standard input".to_owned(), definition: definition.clone() };
    let workflows: Vec<Workflow> = printed.as_array().unwrap().iter().map(workflow).collect();
    let (before, after) = change();
    let broken = compat::broken(&compat::compare(&before, &after), &workflows);
    let told: Vec<_> = broken.iter().map(|one| (one.workflow.as_str(), one.step.as_str())).collect();
    assert_eq!(told, [("Greeting (draft)", "look")]);
}

#[tokio::test]
async fn on_sqlite() {
    check(Engine::Sqlite).await;
}

#[tokio::test]
async fn on_postgresql() {
    check(Engine::Postgres).await;
}
