//! What is wrong with an input, for the author of the call and for programs.

use std::fmt;

use serde::Serialize;

use super::UnknownFields;

/// A bad list of a million elements is reported as this many problems and a count of the rest.
const MOST_PROBLEMS: usize = 100;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// JSON Pointer (RFC 6901) into the input.
    pub pointer: String,
    /// For programs.
    pub code: ProblemCode,
    /// For people.
    pub message: String,
}

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is named after the constraint that is broken")]
pub enum ProblemCode {
    Required,
    Type,
    Format,
    MinLength,
    MaxLength,
    Pattern,
    Minimum,
    Maximum,
    Enum,
    MinItems,
    MaxItems,
    UniqueItems,
    UnknownField,
    AnyOf,
    OneOf,
    Ordered,
    Requires,
    Excludes,
    NonEmpty,
    Forbid,
    /// Stands for the problems that are not listed. Always the last one.
    MoreProblems,
}

/// Everything that is wrong with an input. Serializes as a list, and is never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// In the order of the declared fields.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }
}

impl<'p> IntoIterator for &'p Problems {
    type Item = &'p Problem;
    type IntoIter = std::slice::Iter<'p, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { "; " }, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Something odd that does not stop a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// JSON Pointer (RFC 6901) into the input.
    pub pointer: String,
    /// For people.
    pub message: String,
}

/// Collects problems and warnings while an input is read.
pub(super) struct Report {
    pub(super) unknown: UnknownFields,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
    /// Problems beyond [`MOST_PROBLEMS`].
    more: usize,
}

impl Report {
    pub(super) fn new(unknown: UnknownFields) -> Self {
        Self { unknown, problems: Vec::new(), warnings: Vec::new(), more: 0 }
    }

    /// Builds the problem only when there is room for it.
    pub(super) fn problem(&mut self, problem: impl FnOnce() -> Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem());
        } else {
            self.more += 1;
        }
    }

    /// As [`Report::problem`]. Warnings beyond the limit are not counted: they stop nobody.
    pub(super) fn warning(&mut self, warning: impl FnOnce() -> Warning) {
        if self.warnings.len() < MOST_PROBLEMS {
            self.warnings.push(warning());
        }
    }

    /// How many problems there are so far.
    pub(super) fn count(&self) -> usize {
        self.problems.len() + self.more
    }

    /// The warnings of an input without problems.
    pub(super) fn finish(mut self) -> Result<Vec<Warning>, Problems> {
        if self.problems.is_empty() {
            return Ok(self.warnings);
        }
        if self.more > 0 {
            let message = match self.more {
                1 => "there is one more problem".to_owned(),
                more => format!("there are {more} more problems"),
            };
            self.problems.push(Problem { pointer: String::new(), code: ProblemCode::MoreProblems, message });
        }
        Err(Problems(self.problems))
    }
}
