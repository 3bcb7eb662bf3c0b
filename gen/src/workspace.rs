//! Where the specs of the workspace are.

use std::path::{Path, PathBuf};

/// The nearest folder above that holds specs, else this one.
pub fn root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let found = here.ancestors().find(|folder| folder.join("specs").is_dir() && folder.join("Cargo.toml").is_file());
    found.unwrap_or(&here).to_owned()
}

/// A path as people write it: from the root, where it is below that.
pub fn short(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
