//! What the actions do to one row at a time, written down once more and as plainly as can be: a quote, an activity, the tags
//! of a kind of record, the types of a tenant. Independent of the bodies, so that both would have to be wrong alike.

pub mod activity;
pub mod number;
pub mod quote;
pub mod tags;
pub mod types;

use std::fmt;

use actwright_runtime::Error;
use serde_json::Value;

/// What a caller was told; none where nobody waited for it.
#[derive(Clone, PartialEq)]
pub enum Told {
    /// The output.
    Output(Value),
    /// Code, and the field that is to blame.
    Refusal(&'static str, Option<String>),
    /// Nothing.
    Nothing,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(output) => write!(f, "{output}"),
            Self::Refusal(code, pointer) => write!(f, "{code} {}", pointer.as_deref().unwrap_or_default()),
            Self::Nothing => f.write_str("nothing"),
        }
    }
}

impl Told {
    /// What an error tells.
    pub fn refusal(error: &Error) -> Self {
        let pointer = error.details.pointer("/problems/0/pointer").and_then(Value::as_str);
        Self::Refusal(error.code.as_str(), pointer.map(str::to_owned))
    }
}

/// What the model says: the state after the call and the answer, or the refusal.
pub type Verdict<S> = Result<(S, Value), (&'static str, Option<&'static str>)>;

/// The state after a call, when the model gives the answer that was told.
pub fn agreed<S: Clone>(before: &S, verdict: Verdict<S>, told: &Told) -> Option<S> {
    match (verdict, told) {
        (Ok((after, _)), Told::Nothing) => Some(after),
        (Ok((after, expected)), Told::Output(actual)) => fits(&expected, actual).then_some(after),
        (Err((code, pointer)), Told::Refusal(told, place)) => {
            (code == *told && pointer == place.as_deref()).then(|| before.clone())
        }
        _ => None,
    }
}

/// Whether everything that is expected is there; objects may hold more.
fn fits(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            expected.iter().all(|(name, value)| actual.get(name).is_some_and(|actual| fits(value, actual)))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(one, other)| fits(one, other))
        }
        _ => expected == actual,
    }
}
