//! Reads a record field by field.

use std::fmt;

use serde_json::Value;

use super::node::{Content, Node};
use super::path::{Path, Segment};
use super::problem::{ProblemCode, Warning};
use super::suggest::suggestion;
use super::{Decode, UnknownFields};
use crate::spec::{Field, Presence};

/// A struct of generated code.
pub trait Record: Sized {
    /// Its fields, in the order in which [`Record::decode`] takes them.
    const FIELDS: &'static [Field];

    /// Takes every field. When the reader has recorded a problem, the result is thrown away.
    fn decode(reader: &mut Reader<'_>) -> Self;
}

/// Decodes a struct: the body of its [`Decode`] implementation.
pub fn record<T: Record>(node: Node<'_>) -> T {
    T::decode(&mut Reader::new(node, T::FIELDS))
}

/// Yields the fields of a record in order.
///
/// A problem does not stop it: it is recorded, and a placeholder is yielded, so that all problems are found at once.
pub struct Reader<'a> {
    node: Node<'a>,
    fields: &'static [Field],
    next: usize,
    slots: Slots<'a>,
    /// The default of the field that is being read.
    default: Value,
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader({}, {} of {} fields)", self.node.path, self.next, self.fields.len())
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(mut node: Node<'a>, fields: &'static [Field]) -> Self {
        let mut slots = Slots::new(fields.len());
        match node.value() {
            Some(Value::Object(object)) if node.enter() => {
                let mut expected = 0;
                for (key, value) in object {
                    // Most inputs list their fields in the declared order.
                    let index = match fields.get(expected) {
                        Some(field) if field.name == key => Some(expected),
                        _ => fields.iter().position(|field| field.name == key),
                    };
                    match index {
                        Some(index) => {
                            slots.set(index, value);
                            expected = index + 1;
                        }
                        None => unknown_field(&mut node, fields, key),
                    }
                }
            }
            Some(Value::Object(_)) | None => node.content = Content::Placeholder,
            Some(other) => {
                node.wrong_type("an object", other);
                node.content = Content::Placeholder;
            }
        }
        Self { node, fields, next: 0, slots, default: Value::Null }
    }

    /// The next field.
    pub fn take<T: Decode>(&mut self) -> T {
        T::decode(self.advance())
    }

    fn advance(&mut self) -> Node<'_> {
        let index = self.next;
        self.next += 1;
        let Some(field) = self.fields.get(index) else {
            // Generated code takes as many fields as it declares; this keeps a mistake there from being a panic.
            self.node.mismatch();
            return Node {
                content: Content::Placeholder,
                ty: self.node.ty,
                path: self.node.path,
                report: self.node.report,
            };
        };
        let content = match (self.slots.get(index), field.presence) {
            _ if matches!(self.node.content, Content::Placeholder) => Content::Placeholder,
            (Some(value), _) => Content::Value(value),
            (None, Presence::Default(json)) => {
                self.default = default(json);
                Content::Value(&self.default)
            }
            (None, _) => Content::Absent,
        };
        let path = Path::below(&self.node.path, Segment::Key(field.name));
        let mut node = Node { content, ty: &field.ty, path, report: self.node.report };
        match field.presence {
            Presence::Required if matches!(node.content, Content::Absent) => {
                node.problem(ProblemCode::Required, format_args!("is required"));
                node.content = Content::Placeholder;
            }
            Presence::Required => node.judge_null(field.nullable, ""),
            Presence::Optional | Presence::Default(_) => node.judge_null(field.nullable, "; leave it out instead"),
        }
        node
    }
}

/// The default of a field. The generator wrote it, so it is JSON.
pub(super) fn default(json: &'static str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

#[cold]
fn unknown_field(node: &mut Node<'_>, fields: &'static [Field], key: &str) {
    let path = Path::below(&node.path, Segment::Key(key));
    let hint = || match suggestion(key, fields.iter().map(|field| field.name)) {
        Some(name) => format!("; did you mean {name}?"),
        None if fields.len() <= 12 && !fields.is_empty() => {
            let names: Vec<_> = fields.iter().map(|field| field.name).collect();
            format!("; the known fields are {}", names.join(", "))
        }
        None => String::new(),
    };
    match node.report.unknown {
        UnknownFields::Reject => node.report.problem(|| super::Problem {
            pointer: path.pointer(),
            code: ProblemCode::UnknownField,
            message: format!("{path} is not a known field{}", hint()),
        }),
        UnknownFields::Warn => node.report.warning(|| Warning {
            pointer: path.pointer(),
            message: format!("{path} is not a known field and was ignored{}", hint()),
        }),
    }
}

/// Fields of a record of ordinary size.
const FEW: usize = 32;

/// Values by the index of their field. Records of ordinary size need no allocation.
struct Slots<'a> {
    few: [Option<&'a Value>; FEW],
    many: Vec<Option<&'a Value>>,
}

impl<'a> Slots<'a> {
    fn new(fields: usize) -> Self {
        let many = if fields > FEW { vec![None; fields] } else { Vec::new() };
        Self { few: [None; FEW], many }
    }

    fn all(&mut self) -> &mut [Option<&'a Value>] {
        if self.many.is_empty() { &mut self.few } else { &mut self.many }
    }

    fn set(&mut self, index: usize, value: &'a Value) {
        self.all()[index] = Some(value);
    }

    fn get(&mut self, index: usize) -> Option<&'a Value> {
        self.all()[index]
    }
}
