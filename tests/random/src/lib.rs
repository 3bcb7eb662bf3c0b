//! Specs that nobody wrote: random, right, and as odd as the language allows. The same for the same seed.
//!
//! Names are keywords of Rust, SQL and JSON and names of the standard library; types refer to each other and to
//! themselves; every type, constraint, rule and condition of the language occurs.

mod action;
mod field;
mod shared;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// A specs folder: paths such as `specs/types/x.yaml`, and what the files say. JSON is YAML.
#[derive(Debug)]
pub struct Specs {
    random: StdRng,
    types: Vec<shared::Type>,
    events: Vec<Value>,
    actions: Vec<Value>,
    /// Changes with edits, and is shown by pickers.
    hint: u32,
    /// A file that somebody left half written.
    broken: bool,
}

impl Specs {
    /// So many actions, with what they need.
    pub fn new(seed: u64, actions: usize) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let types = shared::types(&mut random);
        let events = shared::events(&mut random, &types);
        let mut specs = Self { random, types, events, actions: Vec::new(), hint: 0, broken: false };
        (0..actions).for_each(|_| specs.add_action());
        specs
    }

    fn add_action(&mut self) {
        let action = action::action(&mut self.random, self.actions.len(), &self.types, &self.events);
        self.actions.push(action);
    }

    /// Changes something, as a person would: what it did, in words.
    pub fn edit(&mut self) -> &'static str {
        let action = self.random.random_range(0..self.actions.len());
        match self.random.random_range(0..9) {
            0 => {
                let kept = self.actions[action].clone();
                let new = action::action(&mut self.random, action, &self.types, &self.events);
                // The id of an action stays, so that the catalog's order does.
                self.actions[action] = new;
                self.actions[action]["action"] = kept["action"].clone();
                "an action is written anew"
            }
            1 => {
                self.actions[action]["description"] = json!(words::prose(&mut self.random));
                "an action is described anew"
            }
            2 => {
                self.add_action();
                "an action is added"
            }
            3 if self.actions.len() > 1 => {
                self.actions.pop();
                "the last action is removed"
            }
            4 | 5 => {
                let at = self.random.random_range(0..self.types.len());
                self.types[at].describe(&mut self.random);
                "a shared type changes"
            }
            6 => {
                let at = self.random.random_range(0..self.events.len());
                self.events[at]["description"] = json!(words::prose(&mut self.random));
                "an event changes"
            }
            7 => {
                self.hint += 1;
                "a picker changes"
            }
            _ => {
                self.broken = !self.broken;
                "a file is left half written, or mended"
            }
        }
    }

    /// Whether the generator has to refuse them.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// All files.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let mut files = shared::files(self.hint);
        let ids: Vec<&Value> = self.actions.iter().map(|action| &action["action"]).collect();
        files.insert(
            "catalog.yaml".to_owned(),
            json!({ "groups": [{
                "key": "all", "label": "All", "icon": "box", "tile_kind": "group", "description": "All that there is.",
                "actions": ids, "default_action": ids.first(),
            }] }),
        );
        for named in &self.types {
            files.insert(format!("types/{}.yaml", named.file), named.document());
        }
        for event in &self.events {
            let name = event["event"].as_str().unwrap_or_default().to_lowercase();
            files.insert(format!("events/{name}.yaml"), event.clone());
        }
        for action in &self.actions {
            let id = action["action"].as_str().unwrap_or_default().replace('.', "/");
            files.insert(format!("actions/{id}.v1.yaml"), action.clone());
        }
        let mut texts: BTreeMap<String, String> =
            files.into_iter().map(|(path, file)| (format!("specs/{path}"), format!("{file:#}\n"))).collect();
        if self.broken {
            texts.insert("specs/types/half.yaml".to_owned(), "type: Half\nfields: {".to_owned());
        }
        texts
    }

    /// Makes a folder hold these specs and no others.
    ///
    /// # Errors
    ///
    /// A file that cannot be written or removed.
    pub fn write(&self, specs: &Path) -> io::Result<()> {
        let root = specs.parent().unwrap_or(specs);
        let texts = self.texts();
        for folder in ["actions/pack", "types", "events", "pickers"] {
            fs::create_dir_all(specs.join(folder))?;
            for entry in fs::read_dir(specs.join(folder))? {
                let path = entry?.path();
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                if !texts.contains_key(&name) {
                    fs::remove_file(path)?;
                }
            }
        }
        texts.iter().try_for_each(|(path, text)| fs::write(root.join(path), text))
    }
}
