//! What is fuzzed: decoding of inputs. A test (`tests/tests/fuzz_corpus.rs`) runs it over the corpus, too, without a fuzzer.
//!
//! The first byte of an input says which action it is for; the rest is JSON.

use actwright_generated::crm;
use actwright_runtime::Action;
use actwright_runtime::decode::{ProblemCode, Problems, UnknownFields, Warning};
use actwright_runtime::decode::{canonical, decode, normalize, redact, validate};
use actwright_runtime::spec::ActionSpec;
use serde_json::Value;

/// Decodes the input of one action into its generated type.
type Decode = fn(&Value, UnknownFields) -> Result<Vec<Warning>, Problems>;

/// All actions.
pub const ACTIONS: &[(&ActionSpec, Decode)] = &[
    of::<crm::add_quote_item::Action>(),
    of::<crm::convert_quote::Action>(),
    of::<crm::create_activity_note::Action>(),
    of::<crm::create_interaction_type::Action>(),
    of::<crm::create_quote::Action>(),
    of::<crm::create_quote_from_template::Action>(),
    of::<crm::find_activities::Action>(),
    of::<crm::find_quotes::Action>(),
    of::<crm::schedule_activity::Action>(),
    of::<crm::send_quote::Action>(),
    of::<crm::submit_quote_for_approval::Action>(),
    of::<crm::tag_activity::Action>(),
    of::<crm::update_activity::Action>(),
    of::<crm::update_activity_status::Action>(),
];

const fn of<A: Action>() -> (&'static ActionSpec, Decode) {
    (A::SPEC, |input, unknown| decode::<A::Input>(input, A::SPEC.rules, unknown).map(|decoded| decoded.warnings))
}

/// An input is valid, or has problems at places that exist; typed and untyped decoding agree; what is valid has one normal form,
/// which is valid, too.
pub fn inputs(data: &[u8]) {
    let Some((which, text)) = data.split_first() else { return };
    let Ok(input) = serde_json::from_slice::<Value>(text) else { return };
    let (spec, decode) = ACTIONS[usize::from(*which) % ACTIONS.len()];
    for unknown in [UnknownFields::Reject, UnknownFields::Warn] {
        let typed = decode(&input, unknown);
        assert_eq!(typed, validate(spec.input, spec.rules, &input, unknown), "{}", spec.id);
        match typed {
            Ok(warnings) => {
                assert!(warnings.iter().all(|warning| exists(&input, &warning.pointer)), "{warnings:?}");
                let normal = normalize(spec.input, &input);
                assert_eq!(decode(&normal, UnknownFields::Reject), Ok(Vec::new()), "{normal}");
                assert_eq!(normalize(spec.input, &normal), normal);
                let text = canonical(&normal);
                let again: Value = serde_json::from_str(&text).expect("canonical text is JSON");
                assert_eq!(canonical(&again), text);
            }
            Err(problems) => {
                assert!(problems.iter().count() > 0 && !problems.to_string().is_empty());
                for problem in &problems {
                    let listed = problem.code != ProblemCode::MoreProblems;
                    assert!(!listed || exists(&input, &problem.pointer), "{problem:?} in {input}");
                    assert!(!problem.message.is_empty());
                }
            }
        }
    }
    redact(spec.input, &input);
}

/// Whether a place is there, or could be: a field that is missing is at a place whose parent is there.
fn exists(input: &Value, pointer: &str) -> bool {
    match pointer.rsplit_once('/') {
        None => pointer.is_empty(),
        Some((parent, _)) => input.pointer(parent).is_some(),
    }
}
