//! Reads the files of a specs folder.

use std::fs;
use std::io;
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic};

/// In bytes. No spec is anywhere near this long, and reading on would only take time.
const LARGEST: u64 = 1024 * 1024;

/// A spec file.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the folder that holds the specs folder, with forward slashes: `specs/types/x.yaml`.
    pub path: String,
    /// Without a byte order mark.
    pub text: String,
}

impl SourceFile {
    /// Takes off a byte order mark.
    pub fn new(path: String, text: String) -> Self {
        Self { path, text: text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text) }
    }
}

/// Reads every YAML file below the folder, in the order of their paths. Hidden files and folders are left out.
pub fn read(specs: &Path, found: &mut Vec<Diagnostic>) -> Vec<SourceFile> {
    let name = specs.file_name().map_or_else(|| "specs".to_owned(), |name| name.to_string_lossy().into_owned());
    let mut files = Vec::new();
    collect(specs, &name, &mut files, found);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    if files.is_empty() && found.is_empty() {
        found.push(Diagnostic::of_file(Code::UnreadableFile, &name, "there are no specs in this folder"));
    }
    files
}

fn collect(folder: &Path, name: &str, files: &mut Vec<SourceFile>, found: &mut Vec<Diagnostic>) {
    let entries = match fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
        Ok(entries) => entries,
        Err(error) => {
            found.push(Diagnostic::of_file(Code::UnreadableFile, name, format!("the folder cannot be read: {error}")));
            return;
        }
    };
    for entry in entries {
        let path = entry.path();
        let file_name = entry.file_name().to_string_lossy().into_owned();
        let name = format!("{name}/{file_name}");
        if file_name.starts_with('.') {
            continue;
        }
        // A link to a folder may lead back up.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&path, &name, files, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            match text(&path) {
                Ok(text) => files.push(SourceFile::new(name, text)),
                Err(problem) => found.push(Diagnostic::of_file(Code::UnreadableFile, &name, problem)),
            }
        }
    }
}

fn text(path: &Path) -> Result<String, String> {
    let unreadable = |error: io::Error| format!("the file cannot be read: {error}");
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > LARGEST {
        return Err(format!("the file has {size} bytes, and a spec has at most {LARGEST}"));
    }
    String::from_utf8(fs::read(path).map_err(unreadable)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].split(|byte| *byte == b'\n').count();
        format!("the file is not UTF-8: see line {line}")
    })
}
