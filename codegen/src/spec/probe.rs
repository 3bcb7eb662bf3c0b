//! Judges single values and patterns, for specs that are being written.

use serde_json::Value;

use super::file::File;
use super::keys::Notes;
use super::names::Names;
use super::values::Judge;
use crate::diagnostic::Code;
use crate::model::{Field, Shape, Type};
use crate::source::SourceFile;
use crate::yaml::Node;

/// What is known so far of the types of specs that are being written.
#[derive(Default)]
pub struct Probe {
    names: Names,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probe").finish_non_exhaustive()
    }
}

impl Probe {
    /// Says what a shared type holds. Values of types that are not known fit.
    pub fn declare(&mut self, name: &str, shape: Shape) {
        self.names.types.insert(name.to_owned(), Some(shape));
    }

    /// What keeps a value from being one of the type. `what` begins the sentence.
    pub fn problem(&self, what: &str, ty: &Type, nullable: bool, value: &Value) -> Option<String> {
        self.judged(value, |judge, node| judge.value(what, ty, nullable, node))
    }

    /// As [`Probe::problem`], for a whole record.
    pub fn record_problem(&self, what: &str, fields: &[Field], value: &Value) -> Option<String> {
        self.judged(value, |judge, node| judge.record(what, fields, node))
    }

    fn judged(&self, value: &Value, judge: impl Fn(&mut Judge<'_, '_>, &Node)) -> Option<String> {
        let source = SourceFile::new(String::new(), String::new());
        let file = File::of(&source, Node::from_json(value));
        let mut found = Vec::new();
        let mut notes = Notes::of(&file, &mut found);
        judge(&mut Judge { notes: &mut notes, names: &self.names, code: Code::BadValue }, &file.node);
        found.into_iter().next().map(|one| one.message)
    }

    /// Why a pattern is not accepted; it ends a sentence that begins with the pattern.
    pub fn pattern_problem(&self, pattern: &str) -> Option<String> {
        self.names.patterns.get(pattern).as_ref().as_ref().err().map(|refusal| refusal.why.clone())
    }
}
