//! Runs that follow each other, each doing only what changes ask for.

use super::manifest::MANIFEST;
use super::output::Output;
use super::{Error, Generator, Report};
use crate::emit::{Emitter, Files};
use crate::model::Model;
use crate::spec::Loader;

/// Generates again and again: parses only specs that differ from the last run, makes only what depends on them, and
/// compares only that with what is on disk.
///
/// The files are those that [`Generator::run`] would write. A file that somebody edits between two runs stays as it is
/// until something that it is made from changes.
#[derive(Debug)]
pub struct Session {
    generator: Generator,
    loader: Loader,
    emitter: Emitter,
    output: Output,
}

impl Session {
    /// Nothing is read before the first run.
    pub fn new(generator: Generator) -> Self {
        let output = Output::new(generator.out.clone(), MANIFEST);
        Self { generator, loader: Loader::default(), emitter: Emitter::default(), output }
    }

    /// Writes what differs, and removes what is no longer generated.
    ///
    /// # Errors
    ///
    /// As [`Generator::run`].
    pub fn run(&mut self) -> Result<Report, Error> {
        let model = self.load()?;
        self.write(&model)
    }

    pub(super) fn load(&mut self) -> Result<Model, Error> {
        self.loader.load(&self.generator.specs).map_err(|diagnostics| Error::Specs(Box::new(diagnostics)))
    }

    pub(super) fn files(&mut self, model: &Model) -> Result<Files, Error> {
        self.emitter.files(model, &self.generator.bodies_name()).map_err(Error::Defect)
    }

    pub(super) fn write(&mut self, model: &Model) -> Result<Report, Error> {
        let files = self.files(model)?;
        let mut report = self.output.write(files)?;
        report.actions = Some(model.actions.len());
        for (path, content) in self.generator.module_lists(model)? {
            if std::fs::read_to_string(&path).ok().as_ref() != Some(&content) {
                super::disk::write(&path, &content)?;
                report.written.push(path);
            }
        }
        Ok(report)
    }
}
