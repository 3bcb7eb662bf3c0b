//! What is right and could be better. Each finding can be silenced in its place, with a reason that is kept.

mod rules;
mod silence;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::Model;
use crate::spec::file::Sorted;

/// What was found, and what was found and silenced.
#[derive(Debug)]
pub struct Findings {
    /// In the order of files and places.
    pub diagnostics: Diagnostics,
    /// In the order of files and places.
    pub silenced: Vec<Silenced>,
}

/// A finding that somebody silenced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silenced {
    /// What kind of finding.
    pub code: Code,
    /// Path of the file.
    pub file: String,
    /// Line of the finding, counted from 1.
    pub line: usize,
    /// What was found.
    pub message: String,
    /// Why it stays.
    pub reason: String,
}

/// Looks through specs that are right.
pub(crate) fn lint(files: &Sorted<'_>, model: &Model) -> (Vec<Diagnostic>, Vec<Silenced>) {
    let (mut found, mut silenced) = (Vec::new(), Vec::new());
    for (role, file) in files.all() {
        let mut findings = Vec::new();
        rules::look(role, file, model, &mut findings);
        let silences = silence::read(file, &mut found);
        silence::apply(file, silences, findings, &mut found, &mut silenced);
    }
    silenced.sort_by(|a, b| (&a.file, a.line, a.code).cmp(&(&b.file, b.line, b.code)));
    (found, silenced)
}
