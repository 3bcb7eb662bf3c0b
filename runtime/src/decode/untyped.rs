//! Judges an input by its declarations alone, without a Rust type, on the same path as a typed one.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::node::Node;
use super::problem::{Problems, Report, Warning};
use super::reader::Reader;
use super::{Decode, UnknownFields, finish, root, scalars};
use crate::spec::{Field, Rule, Type};
use crate::value::{Date, Timestamp};

/// As [`super::decode`], of declarations that have no struct.
///
/// # Errors
///
/// Every problem of the fields, or, where there is none, every rule that is broken.
pub fn validate(
    fields: &'static [Field],
    rules: &[Rule],
    input: &Value,
    unknown: UnknownFields,
) -> Result<Vec<Warning>, Problems> {
    let mut report = Report::new(unknown);
    take_all(root(input, &mut report), fields);
    finish(report, fields, rules, input)
}

fn take_all(node: Node<'_>, fields: &'static [Field]) {
    let mut reader = Reader::new(node, fields);
    for _ in fields {
        let Judged = reader.take();
    }
}

/// Stands for a value of whatever type is declared.
struct Judged;

impl Decode for Judged {
    fn decode(node: Node<'_>) -> Self {
        if !node.is_value() {
            return Self;
        }
        match *node.ty {
            Type::Uuid => {
                Uuid::decode(node);
            }
            Type::String(_) | Type::Email => {
                String::decode(node);
            }
            Type::Integer(..) => {
                i64::decode(node);
            }
            Type::Number(..) => {
                f64::decode(node);
            }
            Type::Boolean => {
                bool::decode(node);
            }
            Type::DateTime => {
                Timestamp::decode(node);
            }
            Type::Date => {
                Date::decode(node);
            }
            Type::Json => {}
            Type::Enum(names) => {
                scalars::position(node, names);
            }
            Type::List(_) => {
                Vec::<Self>::decode(node);
            }
            Type::Map(_) => {
                BTreeMap::<String, Self>::decode(node);
            }
            Type::Object(fields) => take_all(node, fields()),
        }
        Self
    }
}
