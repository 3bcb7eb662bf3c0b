//! Specs for tests, in a folder of their own.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// Copies a folder of specs over another. What a case holds besides specs is left out.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.path().extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A folder with `specs` in it: those of a folder below `tests/`, which are right.
pub fn specs_of(base: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(base), &folder.path().join("specs"));
    folder
}
