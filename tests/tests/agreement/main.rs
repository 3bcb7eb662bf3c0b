//! The generated Rust and the emitted JSON Schemas accept and reject the same inputs.
//!
//! The order of two fields is the one rule that JSON Schema cannot express.

mod oddities;
mod strategy;

use std::path::{Path, PathBuf};
use std::thread;

use actwright_codegen::model::{Action, Model};
use actwright_runtime::Entry;
use actwright_runtime::decode::ProblemCode;
use jsonschema::Validator;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

/// Generated inputs of each action.
const INPUTS: u32 = 3_000;

/// One action with everything that judges its inputs.
struct Judges {
    entry: Entry,
    /// One schema without references for form builders, one with.
    schemas: Vec<Validator>,
}

impl Judges {
    fn of(action: &Action) -> Self {
        let pack = actwright_actions::pack();
        let entry = pack.action(&action.id, Some(action.version)).unwrap().clone();
        let inlined = serde_json::from_str(entry.spec().input_schema).unwrap();
        let with_references =
            read(&repository().join(format!("generated/schemas/{}.v{}.input.refs.json", action.id, action.version)));
        let schemas = [inlined, with_references];
        let schemas = schemas.iter().map(|schema| {
            jsonschema::options().should_validate_formats(true).build(schema).expect("the emitted schema is a schema")
        });
        Self { schemas: schemas.collect(), entry }
    }

    /// Whether the input is accepted, when all agree.
    fn agree(&self, input: &Value) -> Result<bool, String> {
        let problems = self.entry.check(input).err();
        let rejected = problems
            .as_ref()
            .is_some_and(|problems| problems.iter().any(|problem| problem.code != ProblemCode::Ordered));
        for schema in &self.schemas {
            if schema.is_valid(input) == rejected {
                let errors: Vec<String> =
                    schema.iter_errors(input).map(|error| format!("{}: {error}", error.instance_path())).collect();
                return Err(format!("Rust finds {problems:?}\nJSON Schema finds {errors:?}\nin {input}"));
            }
        }
        Ok(!rejected)
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn model() -> Model {
    actwright_codegen::load(&repository().join("specs")).expect("the specs are right")
}

#[test]
fn generated_inputs_are_judged_alike() {
    let model = &model();
    // Judging takes its time, and no action waits for another.
    thread::scope(|scope| model.actions.iter().for_each(|action| drop(scope.spawn(|| judge_inputs(model, action)))));
}

fn judge_inputs(model: &Model, action: &Action) {
    let judges = Judges::of(action);
    let accepted = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: INPUTS, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&strategy::input(model, action), |input| {
        let agreed = judges.agree(&input).map_err(TestCaseError::fail)?;
        accepted.set(accepted.get() + u32::from(agreed));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{}: {error}", action.id));
    let share = f64::from(accepted.get()) / f64::from(INPUTS);
    assert!((0.1..0.9).contains(&share), "{}: {share} of the inputs were accepted, which proves little", action.id);
}

/// Every odd value in every place of every example.
#[test]
fn odd_values_are_judged_alike_everywhere() {
    for action in &model().actions {
        let judges = Judges::of(action);
        for example in &action.examples {
            assert_eq!(judges.agree(&example.input), Ok(true), "{}: {}", action.id, example.name);
            let mut places = oddities::places(&example.input);
            places.extend(action.input.iter().map(|field| format!("/{}", field.name)));
            for place in places {
                for odd in oddities::values() {
                    let mut input = example.input.clone();
                    oddities::put(&mut input, &place, odd);
                    if let Err(difference) = judges.agree(&input) {
                        panic!("{} {place}: {difference}", action.id);
                    }
                }
            }
        }
    }
}

/// Without this, the two tests above could pass with schemas that accept everything.
#[test]
fn obvious_mistakes_are_rejected() {
    for action in &model().actions {
        let judges = Judges::of(action);
        for wrong in [json!(null), json!([]), json!("x"), json!({ "no_such_field": 1 })] {
            assert_eq!(judges.agree(&wrong), Ok(false), "{}: {wrong}", action.id);
        }
    }
}
