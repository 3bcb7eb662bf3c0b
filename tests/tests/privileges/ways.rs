//! The ways of calling an action that need different permissions: its examples, with ids of rows that are there.

use actwright_codegen::model::{Action, Condition, Model};
use actwright_tests::samples::{id_fields, own, put};
use serde_json::{Value, json};

/// What a body asks for besides, for the rows of the conformance tests: an action that may require permissions has to be here.
const ASKED_BY_BODIES: &[(&str, &[(&str, &str)])] = &[("crm.tag_activity", &[("ticket", "update"), ("tag", "create")])];

/// One way of calling an action.
pub struct Way {
    pub action: String,
    pub version: u32,
    pub input: Value,
    /// In the order in which they are asked for.
    pub needs: Vec<(String, String)>,
    /// It may end with an error that is none of permissions: only the first example has to work on the rows of the tests.
    pub may_fail: bool,
}

impl Way {
    /// The action, and what tells this way from the others of the action.
    pub fn title(&self) -> String {
        let needs: Vec<String> = self.needs.iter().map(|(resource, action)| format!("{resource}:{action}")).collect();
        format!("`{}` ({})", self.action, needs.join(", "))
    }
}

/// All ways of all actions, one for each list of permissions.
pub fn ways(model: &Model) -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    for action in &model.actions {
        let first = ways.len();
        for (index, input) in inputs(model, action).into_iter().enumerate() {
            let needs = needs(action, &input);
            if !ways[first..].iter().any(|way| way.needs == needs) {
                let (action, version) = (action.id.clone(), action.version);
                ways.push(Way { action, version, input, needs, may_fail: index > 0 });
            }
        }
        let reached = |condition: &Condition| ways[first..].iter().any(|way| holds(condition, &way.input));
        for condition in action.permissions.iter().filter_map(|permission| permission.when.as_ref()) {
            assert!(reached(condition), "no example of {} fulfils {condition:?}: add one", action.id);
        }
    }
    ways
}

/// The examples, and one more for each kind of row that a polymorphic reference may name.
fn inputs(model: &Model, action: &Action) -> Vec<Value> {
    let fields = id_fields(model, action);
    let mut inputs: Vec<Value> = action.examples.iter().map(|example| example.input.clone()).collect();
    assert!(!inputs.is_empty(), "{} has no example", action.id);
    for field in &fields {
        for (beside, _) in &field.kinds {
            if let Some(beside) = beside {
                let mut input = inputs[0].clone();
                put(&mut input, &field.path[..field.path.len() - 1], "type", beside.clone());
                inputs.push(input);
            }
        }
    }
    for input in &mut inputs {
        for field in &fields {
            let parent: String = field.path[..field.path.len() - 1].iter().map(|name| format!("/{name}")).collect();
            let beside = input.pointer(&parent).and_then(|parent| parent.get("type")).cloned();
            let kind = field.kinds.iter().find(|(value, _)| *value == beside).unwrap_or(&field.kinds[0]).1;
            if let Some(id) = input.pointer_mut(&field.pointer()) {
                *id = json!(own(&action.id, kind));
            }
        }
    }
    inputs
}

/// What a call needs, as the spec says it.
fn needs(action: &Action, input: &Value) -> Vec<(String, String)> {
    let mut needs = Vec::new();
    for permission in &action.permissions {
        if permission.when.as_ref().is_none_or(|condition| holds(condition, input)) {
            needs.push((filled(&permission.resource, input), filled(&permission.action, input)));
        }
    }
    if action.may_require.is_empty() {
        return needs;
    }
    let asked = ASKED_BY_BODIES.iter().find(|(id, _)| *id == action.id).map(|(_, asked)| *asked);
    let asked =
        asked.unwrap_or_else(|| panic!("what does the body of {} ask for? Add it to ASKED_BY_BODIES", action.id));
    for (resource, verb) in asked {
        let asked = ((*resource).to_owned(), (*verb).to_owned());
        assert!(action.may_require.contains(&asked), "{} does not say that it may require {asked:?}", action.id);
        needs.push(asked);
    }
    needs
}

fn at<'v>(input: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(input, |value, name| &value[name])
}

fn holds(condition: &Condition, input: &Value) -> bool {
    match condition {
        Condition::Present(path) => !at(input, path).is_null(),
        Condition::Equals(path, value) => at(input, path) == value,
    }
}

/// `{target.type}` stands for the value of that field.
fn filled(name: &str, input: &Value) -> String {
    match name.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(path) => at(input, path).as_str().expect("a text names a resource").to_owned(),
        None => name.to_owned(),
    }
}

/// No action is left out.
#[test]
fn every_action_is_there() {
    let ways = ways(&actwright_tests::samples::model());
    for entry in &actwright_actions::pack().actions {
        let spec = entry.spec();
        assert!(ways.iter().any(|way| way.action == spec.id && way.version == spec.version), "{}", spec.id);
    }
}
