//! From JSON to the structs of generated code, judging every constraint on the way.
//!
//! Generated code declares its fields as data ([`crate::spec::Field`]) and takes them one by one from a [`Reader`]; all
//! judging is here. Every problem of an input is found in one pass, each with a JSON Pointer, a code and a message for the
//! author of the call. Rules that span fields are judged once the fields are right by themselves.
//!
//! ```
//! use actwright_runtime::decode::{self, Reader, Record, UnknownFields};
//! use actwright_runtime::spec::{Field, Type};
//!
//! struct Input {
//!     limit: i64,
//! }
//!
//! impl Record for Input {
//!     const FIELDS: &'static [Field] = &[Field::defaulted("limit", Type::Integer(1, 200), "25")];
//!
//!     fn decode(reader: &mut Reader<'_>) -> Self {
//!         Self { limit: reader.take() }
//!     }
//! }
//!
//! let decoded = decode::decode::<Input>(&serde_json::json!({}), &[], UnknownFields::Reject).unwrap();
//! assert_eq!(decoded.value.limit, 25);
//! let problems = decode::decode::<Input>(&serde_json::json!({ "limit": 0 }), &[], UnknownFields::Reject).err().unwrap();
//! assert_eq!(problems.to_string(), "limit must be at least 1");
//! ```

mod canonical;
pub mod conditions;
mod containers;
pub(crate) mod format;
mod lookup;
mod node;
mod normalize;
mod path;
mod pattern;
mod problem;
mod reader;
mod redact;
mod rules;
mod scalars;
mod suggest;
#[cfg(test)]
mod tests;
mod untyped;
mod withhold;

use serde_json::Value;

pub use canonical::canonical;
pub use format::is_email;
pub use node::Node;
pub use normalize::normalize;
pub use problem::{Problem, ProblemCode, Problems, Warning};
pub use reader::{Reader, Record, record};
pub use redact::redact;
pub use scalars::{Enumeration, enumeration};
pub use suggest::suggestion;
pub use untyped::validate;
pub(crate) use withhold::{mask, mask_text, secret_texts, storable, withhold, without_secrets};

use crate::spec::{Field, Rule, Type};
use node::Content;
use path::Path;
use problem::Report;

/// A Rust type of a declared type.
///
/// Generated structs implement it by [`record`], generated enums by [`enumeration`].
pub trait Decode: Sized {
    /// Reads the value at the node. On a problem it records it there and returns any value.
    fn decode(node: Node<'_>) -> Self;
}

/// What to do about fields that are not declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownFields {
    /// They are problems: somebody is writing the call and can correct it.
    Reject,
    /// They are ignored and named in warnings: a workflow that runs already must not break.
    Warn,
}

/// A valid input.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded<T> {
    /// The input.
    pub value: T,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

/// Decodes an input and judges it by its declared fields and these rules.
///
/// # Errors
///
/// Every problem of the fields, or, where there is none, every rule that is broken.
pub fn decode<T: Record>(input: &Value, rules: &[Rule], unknown: UnknownFields) -> Result<Decoded<T>, Problems> {
    let mut report = Report::new(unknown);
    let value = T::decode(&mut Reader::new(root(input, &mut report), T::FIELDS));
    let warnings = finish(report, T::FIELDS, rules, input)?;
    Ok(Decoded { value, warnings })
}

fn root<'a>(input: &'a Value, report: &'a mut Report) -> Node<'a> {
    Node { content: Content::Value(input), ty: &Type::Json, path: Path::ROOT, report }
}

fn finish(mut report: Report, fields: &[Field], rules: &[Rule], input: &Value) -> Result<Vec<Warning>, Problems> {
    if report.count() == 0 {
        rules::judge(rules, fields, input, &mut report);
    }
    report.finish()
}
