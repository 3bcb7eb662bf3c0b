//! The list of what was generated, with hashes: how a hand-edited file is told from an old one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path};

use serde_json::{Value, json};

use crate::emit::Files;
use crate::hash;

/// Its name in the folder of generated code.
pub const MANIFEST: &str = "manifest.json";

/// Names and hashes of the last run.
pub type Manifest = BTreeMap<String, String>;

/// Reads it; nothing where there is none. A name that leads out of the folder is none of ours,
/// whoever wrote it.
pub fn read(path: &Path) -> Manifest {
    let text = fs::read_to_string(path).unwrap_or_default();
    let manifest: Value = serde_json::from_str(&text).unwrap_or_default();
    let files = manifest.get("files").and_then(|files| files.as_object());
    let ours = |name: &str| Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let entry = |(name, hash): (&String, &Value)| {
        ours(name).then_some(())?;
        Some((name.clone(), hash.as_str()?.to_owned()))
    };
    files.map(|files| files.iter().filter_map(entry).collect()).unwrap_or_default()
}

/// Whether a file is one that was generated, and is no longer what it was.
pub fn is_edited(manifest: &Manifest, name: &str, found: &str) -> bool {
    manifest.get(name).is_some_and(|known| *known != hash::of(found))
}

pub fn of(files: &Files) -> Manifest {
    files.iter().map(|(name, file)| (name.clone(), file.hash.clone())).collect()
}

pub fn render(manifest: &Manifest) -> String {
    let mut text = serde_json::to_string_pretty(&json!({ "files": manifest })).unwrap_or_default();
    text.push('\n');
    text
}
