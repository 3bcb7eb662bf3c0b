//! What a finished run leaves, so that one in which nothing has changed does nothing.

use std::fs;

use super::disk::{list, state, write};
use super::manifest::{self, MANIFEST};
use super::{Error, Generator};
use crate::hash::Hasher;
use crate::source;

/// Its name in the output folder. Not for version control.
const STAMP: &str = ".stamp";

impl Generator {
    /// Whether everything is as the last run left it.
    pub(super) fn is_settled(&self) -> bool {
        self.stamp().is_some_and(|stamp| fs::read_to_string(self.out.join(STAMP)).is_ok_and(|old| old == stamp))
    }

    /// Remembers that everything is as the specs say: the next [`Generator::run`] does nothing while nothing changes.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    pub fn settle(&self) -> Result<(), Error> {
        match self.stamp() {
            Some(stamp) => write(&self.out.join(STAMP), &stamp),
            None => Ok(()),
        }
    }

    /// The state of everything that a run depends on and writes; `None` when it cannot be told.
    fn stamp(&self) -> Option<String> {
        let mut hasher = Hasher::default();
        hasher.add(&state(&std::env::current_exe().ok()?)?);
        let mut unreadable = Vec::new();
        for file in source::read(&self.specs, &mut unreadable) {
            hasher.add(&file.path);
            hasher.add(&file.text);
        }
        if !unreadable.is_empty() {
            return None;
        }
        for name in manifest::read(&self.out.join(MANIFEST)).keys().map(String::as_str).chain([MANIFEST]) {
            hasher.add(name);
            hasher.add(&state(&self.out.join(name))?);
        }
        if self.bodies.is_some() {
            // A folder of bodies that is not there yet is as good as an empty one.
            let modules = fs::read_dir(self.bodies_folder()).into_iter().flatten().flatten();
            for module in modules.filter(|entry| entry.path().is_dir()) {
                for name in list(&module.path()).ok()? {
                    hasher.add(&name);
                }
                hasher.add(&fs::read_to_string(module.path().join("mod.rs")).unwrap_or_default());
            }
        }
        Some(hasher.finish())
    }
}
