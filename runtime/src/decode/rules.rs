//! Judges rules that span fields.

use std::cmp::Ordering;

use serde_json::Value;

use super::problem::{Problem, ProblemCode, Report};
use super::{format, lookup};
use crate::spec::{Check, Condition, Field, Rule, Type};

/// Reports every rule that an input, right in itself, breaks.
pub(super) fn judge(rules: &[Rule], fields: &[Field], input: &Value, report: &mut Report) {
    for rule in rules {
        if let Some((code, path)) = broken(&rule.check, fields, input) {
            report.problem(|| Problem { pointer: lookup::pointer(path), code, message: rule.message.to_owned() });
        }
    }
}

/// The kind of the check and the field to look at, when a check fails.
fn broken(check: &Check, fields: &[Field], input: &Value) -> Option<(ProblemCode, &'static str)> {
    let given = |path: &&str| lookup::given(input, path).is_some();
    match *check {
        Check::AnyOf(paths) => (!paths.iter().any(given)).then_some((ProblemCode::AnyOf, "")),
        Check::OneOf(paths) => {
            (paths.iter().filter(|path| given(path)).count() != 1).then_some((ProblemCode::OneOf, ""))
        }
        Check::Ordered(first, second) => {
            let (ty, smaller) = lookup::effective(fields, input, first)?;
            let (_, greater) = lookup::effective(fields, input, second)?;
            (compare(&ty, &smaller, &greater)? == Ordering::Greater).then_some((ProblemCode::Ordered, second))
        }
        Check::Requires(condition, with) => {
            let missing = with.iter().find(|path| !given(path))?;
            holds(condition, fields, input).then_some((ProblemCode::Requires, *missing))
        }
        Check::Excludes(condition, others) => {
            let excluded = others.iter().find(|path| given(path))?;
            holds(condition, fields, input).then_some((ProblemCode::Excludes, *excluded))
        }
        Check::NonEmpty(path) => {
            let object = lookup::given(input, path)?.as_object()?;
            let known = lookup::fields_at(fields, path)?;
            let empty = !known.iter().any(|field| object.contains_key(field.name));
            empty.then_some((ProblemCode::NonEmpty, path))
        }
        Check::Forbid(pairs) => {
            let holds = |(path, json): &(&str, &'static str)| {
                lookup::effective(fields, input, path).is_some_and(|(_, value)| lookup::is(&value, json))
            };
            let (last, _) = pairs.last()?;
            pairs.iter().all(holds).then_some((ProblemCode::Forbid, *last))
        }
    }
}

/// Unlike that of a permission, a condition of a rule counts a null as given, as JSON Schema does.
fn holds(condition: Condition, fields: &[Field], input: &Value) -> bool {
    match condition {
        Condition::Always => true,
        Condition::Present(path) => lookup::given(input, path).is_some(),
        Condition::Equals(path, json) => {
            lookup::effective(fields, input, path).is_some_and(|(_, value)| lookup::is(&value, json))
        }
    }
}

fn compare(ty: &Type, left: &Value, right: &Value) -> Option<Ordering> {
    match ty {
        Type::DateTime => Some(format::date_time(left.as_str()?)?.cmp(&format::date_time(right.as_str()?)?)),
        Type::Date => Some(format::date(left.as_str()?)?.cmp(&format::date(right.as_str()?)?)),
        _ => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
    }
}
