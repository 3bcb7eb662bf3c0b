//! From the model to files.

mod action;
mod catalog;
mod ident;
mod layout;
mod library;
mod parts;
pub(crate) mod reference;
pub(crate) mod schema;
mod skeleton;
pub mod spec_schema;
mod types;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use proc_macro2::TokenStream;
use serde_json::Value;

use crate::model::Model;
use parts::Part;

pub use ident::action_module;
pub use skeleton::{module_list, skeleton};

/// Path below the output folder, and content.
type NamedFiles = Vec<(String, String)>;

/// A file of the output.
#[derive(Debug)]
pub struct Emitted {
    pub content: String,
    /// Hash of the content.
    pub hash: String,
}

/// Path below the output folder, and what is in the file. What a later run takes over is the very same.
pub type Files = BTreeMap<String, Arc<Emitted>>;

/// Parts that were made, by their names.
type Made = BTreeMap<parts::Name, (Part, Files)>;

/// Everything that the generator writes into its output folder; remembers what it made, and makes only what differs.
#[derive(Debug, Default)]
pub struct Emitter {
    bodies: String,
    made: Made,
    lists: Files,
}

impl Emitter {
    /// All files. `bodies` is the folder of bodies, as messages name it.
    ///
    /// # Errors
    ///
    /// A message when generated Rust does not parse, which is a defect of the generator.
    pub fn files(&mut self, model: &Model, bodies: &str) -> Result<Files, String> {
        let mut before = std::mem::take(&mut self.made);
        if self.bodies != bodies {
            bodies.clone_into(&mut self.bodies);
            before.clear();
        }
        let (lists, made) = thread::scope(|scope| {
            let lists = scope.spawn(|| lists(model));
            let made = self.made_of(model, before, bodies);
            (lists.join().unwrap_or_else(|_| Err("the generator failed".to_owned())), made)
        });
        made?;
        // Who compares files by their addresses is spared to compare what they hold.
        let mut lists = emitted(lists?);
        for (path, file) in &mut lists {
            if let Some(before) = self.lists.get(path).filter(|before| before.content == file.content) {
                *file = Arc::clone(before);
            }
        }
        self.lists = lists;
        let parts = self.made.values().flat_map(|(_, files)| files).chain(&self.lists);
        Ok(parts.map(|(path, file)| (path.clone(), Arc::clone(file))).collect())
    }

    /// Makes what differs from before, and takes over the rest.
    fn made_of(&mut self, model: &Model, mut before: Made, bodies: &str) -> Result<(), String> {
        let mut to_make = Vec::new();
        for part in parts::parts(model) {
            match before.remove(&part.name) {
                Some((same, files)) if same == part => drop(self.made.insert(part.name.clone(), (same, files))),
                _ => to_make.push(part),
            }
        }
        let files = make_all(&to_make, bodies);
        for (part, files) in to_make.into_iter().zip(files) {
            self.made.insert(part.name.clone(), (part, emitted(files?)));
        }
        Ok(())
    }
}

/// The files that the generator would write for a model, by their paths below the output folder.
///
/// # Errors
///
/// A message when generated Rust does not parse, which is a defect of the generator.
pub fn output(model: &Model) -> Result<BTreeMap<String, String>, String> {
    let files = Emitter::default().files(model, "src")?;
    Ok(files.into_iter().map(|(path, file)| (path, file.content.clone())).collect())
}

/// With the hashes that tell what was edited.
pub fn emitted(files: impl IntoIterator<Item = (String, String)>) -> Files {
    let file = |content: String| Arc::new(Emitted { hash: crate::hash::of(&content), content });
    files.into_iter().map(|(path, content)| (path, file(content))).collect()
}

/// Formatting takes most of the time, and parts do not depend on each other: they are shared out among the cores.
fn make_all(parts: &[Part], bodies: &str) -> Vec<Result<NamedFiles, String>> {
    let make = |parts: &[Part]| parts.iter().map(|part| part.files(bodies)).collect::<Vec<_>>();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = parts.len().div_ceil(cores).max(1);
    if parts.len() <= share {
        return make(parts);
    }
    thread::scope(|scope| {
        let threads: Vec<_> = parts.chunks(share).map(|parts| (parts, scope.spawn(move || make(parts)))).collect();
        let failed = |parts: &[Part]| parts.iter().map(|_| Err("the generator failed".to_owned())).collect();
        threads.into_iter().flat_map(|(parts, thread)| thread.join().unwrap_or_else(|_| failed(parts))).collect()
    })
}

/// What people choose actions from.
fn lists(model: &Model) -> Result<NamedFiles, String> {
    let catalog = pretty(&catalog::catalog(model));
    Ok(vec![("catalog.json".to_owned(), catalog), ("docs/README.md".to_owned(), reference::index(model)?)])
}

/// Formatted Rust under a header that says where it comes from.
fn rust(source: &str, tokens: TokenStream) -> Result<String, String> {
    let file = syn::parse2(tokens.clone())
        .map_err(|error| format!("the Rust for {source} does not parse: {error}\n{tokens}"))?;
    let text = layout::flatten(&prettyplease::unparse(&file));
    Ok(format!("// Generated by `cargo gen` from {source}. Do not edit.\n{text}"))
}

fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
