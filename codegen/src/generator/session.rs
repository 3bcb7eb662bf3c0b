//! Runs that follow each other, each doing only what changes ask for.

use std::fs;
use std::sync::Arc;

use super::disk::write;
use super::manifest::{self, MANIFEST, Manifest};
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
    /// What the last run left on disk; nothing before the first.
    written: Files,
    manifest: Option<Manifest>,
}

impl Session {
    /// Nothing is read before the first run.
    pub fn new(generator: Generator) -> Self {
        Self {
            generator,
            loader: Loader::default(),
            emitter: Emitter::default(),
            written: Files::new(),
            manifest: None,
        }
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
        // After a failure nobody knows what is on disk: the next run looks.
        let written = std::mem::take(&mut self.written);
        let old = self.manifest.take().unwrap_or_else(|| manifest::read(&self.generator.out));
        let mut report = Report { actions: Some(model.actions.len()), ..Report::default() };
        for (name, file) in &files {
            if written.get(name).is_some_and(|before| Arc::ptr_eq(before, file)) {
                continue;
            }
            let path = self.generator.out.join(name);
            let found = fs::read_to_string(&path).ok();
            if found.as_ref() == Some(&file.content) {
                continue;
            }
            if found.is_some_and(|found| manifest::is_edited(&old, name, &found)) {
                report.overwritten.push(path.clone());
            }
            write(&path, &file.content)?;
            report.written.push(path);
        }
        for name in old.keys().filter(|name| !files.contains_key(*name)) {
            let path = self.generator.out.join(name);
            if let Ok(found) = fs::read_to_string(&path) {
                if manifest::is_edited(&old, name, &found) {
                    report.overwritten.push(path.clone());
                }
                fs::remove_file(&path).map_err(|error| Error::Io(path.clone(), error))?;
                report.removed.push(path);
            }
        }
        let new = manifest::of(&files);
        let first = written.is_empty();
        let lists = self.generator.module_lists(model)?;
        let manifest = (new != old || first).then(|| (self.generator.out.join(MANIFEST), manifest::render(&new)));
        for (path, content) in lists.into_iter().chain(manifest) {
            if fs::read_to_string(&path).ok().as_ref() != Some(&content) {
                write(&path, &content)?;
                report.written.push(path);
            }
        }
        self.written = files;
        self.manifest = Some(new);
        Ok(report)
    }
}
