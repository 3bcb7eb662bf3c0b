//! A folder that a run writes: what differs, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::{self, write};
use super::manifest::{self, Manifest};
use super::{Drift, DriftKind, Error, Report};
use crate::emit::Files;

/// The folder, and what is known of it.
#[derive(Debug)]
pub struct Output {
    folder: PathBuf,
    /// The file that lists what is generated.
    list: PathBuf,
    /// What the last run left on disk; nothing before the first.
    written: Files,
    manifest: Option<Manifest>,
}

impl Output {
    /// `list` is the name of the file that lists what is generated.
    pub fn new(folder: PathBuf, list: &str) -> Self {
        Self { list: folder.join(list), folder, written: Files::new(), manifest: None }
    }

    /// Writes what differs, and removes what an earlier run wrote and this one does not.
    pub fn write(&mut self, files: Files) -> Result<Report, Error> {
        // After a failure nobody knows what is on disk: the next run looks.
        let written = std::mem::take(&mut self.written);
        let old = self.manifest.take().unwrap_or_else(|| manifest::read(&self.list));
        let mut report = Report::default();
        for (name, file) in &files {
            if written.get(name).is_some_and(|before| Arc::ptr_eq(before, file)) {
                continue;
            }
            let path = self.folder.join(name);
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
            let path = self.folder.join(name);
            if let Ok(found) = fs::read_to_string(&path) {
                if manifest::is_edited(&old, name, &found) {
                    report.overwritten.push(path.clone());
                }
                fs::remove_file(&path).map_err(|error| Error::Io(path.clone(), error))?;
                report.removed.push(path);
            }
        }
        let new = manifest::of(&files);
        if new != old || written.is_empty() {
            let (path, content) = (self.list.clone(), manifest::render(&new));
            if fs::read_to_string(&path).ok().as_ref() != Some(&content) {
                write(&path, &content)?;
                report.written.push(path);
            }
        }
        self.written = files;
        self.manifest = Some(new);
        Ok(report)
    }

    /// A file that would be overwritten, and that nobody generated.
    pub fn not_ours(&self, files: &BTreeMap<String, String>) -> Option<PathBuf> {
        let ours = manifest::read(&self.list);
        let mut others = files.iter().filter(|(name, _)| !ours.contains_key(*name));
        others.find_map(|(name, content)| {
            let path = self.folder.join(name);
            let differs = path.exists() && fs::read_to_string(&path).ok().as_ref() != Some(content);
            differs.then_some(path)
        })
    }

    /// Every file that is not as it would be written. `owned` are folders that hold nothing but output.
    pub fn drift(&self, files: &Files, owned: &[&str]) -> Result<Vec<Drift>, Error> {
        let manifest = manifest::read(&self.list);
        let mut all = Vec::new();
        for (name, file) in files {
            let path = self.folder.join(name);
            let kind = match fs::read_to_string(&path) {
                Ok(found) if found == file.content => continue,
                Ok(found) if manifest::is_edited(&manifest, name, &found) => DriftKind::HandEdited,
                Ok(_) => DriftKind::Changed,
                Err(_) => DriftKind::Missing,
            };
            all.push(Drift { path, kind });
        }
        let mut found = Vec::new();
        for folder in owned {
            found.extend(disk::files(&self.folder, folder)?);
        }
        let listed = manifest.keys().filter(|name| self.folder.join(name).exists()).cloned();
        let stale: BTreeSet<String> = listed.chain(found).filter(|name| !files.contains_key(name)).collect();
        all.extend(stale.into_iter().map(|name| Drift { path: self.folder.join(name), kind: DriftKind::Stale }));
        if !all.iter().any(|drift| drift.kind == DriftKind::HandEdited) || manifest.is_empty() {
            let path = self.list.clone();
            match fs::read_to_string(&path) {
                Ok(found) if found == manifest::render(&manifest::of(files)) => {}
                Ok(_) => all.push(Drift { path, kind: DriftKind::Changed }),
                Err(_) => all.push(Drift { path, kind: DriftKind::Missing }),
            }
        }
        Ok(all)
    }
}
