//! Work and answer stay bounded, whatever the input.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::{ProblemCode, UnknownFields, decode, validate};
use super::*;

const LONG: &[Field] = &[Field::required(
    "list",
    Type::List(List { items: Item { ty: &Type::Uuid, nullable: false }, min: 0, max: u64::MAX, unique: true }),
)];

#[test]
fn a_long_bad_list_gives_a_short_answer() {
    let input = json!({ "list": vec!["bad"; 200_000] });
    let problems = validate(LONG, &[], &input, UnknownFields::Reject).unwrap_err();
    let last = problems.iter().last().unwrap();
    assert_eq!(problems.iter().count(), 101);
    assert_eq!((last.code, last.message.as_str()), (ProblemCode::MoreProblems, "there are 199900 more problems"));
}

#[test]
fn uniqueness_of_a_long_list_is_not_quadratic() {
    let mut list: Vec<_> = (0..100_000_u128).map(|id| Uuid::from_u128(id).to_string()).collect();
    list.push(Uuid::from_u128(7).to_string().to_uppercase());
    let start = Instant::now();
    let problems = validate(LONG, &[], &json!({ "list": list }), UnknownFields::Reject).unwrap_err();
    assert_eq!(problems.to_string(), "list[100000] repeats list[7]");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn many_unknown_fields_give_a_short_answer() {
    let input: serde_json::Map<_, _> =
        (0..10_000).map(|key| (format!("{key}{}", "x".repeat(1_000)), json!(1))).collect();
    let problems = decode::<Input>(&input.into(), &[], UnknownFields::Reject).err().unwrap();
    assert!(serde_json::to_string(&problems).unwrap().len() < 100_000);
}

#[test]
fn deep_nesting_is_refused_before_the_stack_ends() {
    let tree = (0..150).fold(json!({ "name": "leaf" }), |child, _| json!({ "name": "a", "children": [child] }));
    let input = json!({ "client_id": ID, "title": "a", "owner": null, "tree": tree });
    let problems = decode::<Input>(&input, &[], UnknownFields::Reject).err().unwrap();
    assert!(problems.to_string().ends_with(" is nested deeper than 128 levels"));
}
