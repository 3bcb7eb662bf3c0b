//! A value of the input with all that its decoder needs to know.

use std::fmt;

use serde_json::Value;

use super::path::{Path, Segment};
use super::problem::{Problem, ProblemCode, Report};
use crate::spec::{Item, Type};

/// Deeper nesting is refused, so that no input can exhaust the stack. No JSON text that the parser takes is deeper.
const DEEPEST: u16 = 128;

/// A value of the input, its declared type, and where problems go.
pub struct Node<'a> {
    pub(super) content: Content<'a>,
    pub(super) ty: &'static Type,
    pub(super) path: Path<'a>,
    pub(super) report: &'a mut Report,
}

/// What was found at a node.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    Value(&'a Value),
    /// The field was left out, and may be.
    Absent,
    /// The value is null, and may be.
    Null,
    /// A problem was recorded; any value will do, for the whole is thrown away.
    Placeholder,
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({})", self.path)
    }
}

impl<'a> Node<'a> {
    /// The value; `None` when the decoder must make one up.
    pub(super) fn value(&mut self) -> Option<&'a Value> {
        match self.content {
            Content::Value(value) => Some(value),
            Content::Placeholder => None,
            Content::Absent | Content::Null => {
                self.mismatch();
                None
            }
        }
    }

    /// Whether there is a value to judge.
    pub(super) fn is_value(&self) -> bool {
        matches!(self.content, Content::Value(_))
    }

    /// Text; anything else is a problem.
    pub(super) fn text(&mut self, wanted: &str) -> Option<&'a str> {
        match self.value()? {
            Value::String(text) => Some(text),
            other => {
                self.wrong_type(wanted, other);
                None
            }
        }
    }

    /// Records a problem. The message begins with the name of the field.
    pub(super) fn problem(&mut self, code: ProblemCode, message: fmt::Arguments<'_>) {
        let path = &self.path;
        self.report.problem(|| Problem { pointer: path.pointer(), code, message: format!("{path} {message}") });
    }

    pub(super) fn wrong_type(&mut self, wanted: &str, found: &Value) {
        self.problem(ProblemCode::Type, format_args!("must be {wanted}, not {}", kind(found)));
    }

    /// The Rust type is not the one that the generator writes for the declared type.
    pub(super) fn mismatch(&mut self) {
        self.problem(
            ProblemCode::Type,
            format_args!("cannot be read, because its Rust type and its declaration differ: run `cargo gen`"),
        );
    }

    /// Whether what is inside may be looked at.
    pub(super) fn enter(&mut self) -> bool {
        let fits = self.path.depth < DEEPEST;
        if !fits {
            self.problem(ProblemCode::Type, format_args!("is nested deeper than {DEEPEST} levels"));
        }
        fits
    }

    /// An element of a list, or a value of a map.
    pub(super) fn item<'n>(&'n mut self, item: &Item, segment: Segment<'n>, value: &'n Value) -> Node<'n> {
        let path = Path::below(&self.path, segment);
        let mut node = Node { content: Content::Value(value), ty: item.ty, path, report: self.report };
        node.judge_null(item.nullable, "");
        node
    }

    /// Sorts out null. In a field of type json that is not nullable, null is a value like any other.
    pub(super) fn judge_null(&mut self, nullable: bool, advice: &str) {
        if !matches!(self.content, Content::Value(Value::Null)) {
            return;
        }
        if nullable {
            self.content = Content::Null;
        } else if !matches!(self.ty, Type::Json) {
            self.problem(ProblemCode::Type, format_args!("must not be null{advice}"));
            self.content = Content::Placeholder;
        }
    }
}

/// What a value is, in a sentence.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
