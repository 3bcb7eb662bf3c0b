//! Reads the files of a specs folder.

use std::fs;
use std::io;
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic};

/// No spec is anywhere near this long, and reading on would only take time.
const LARGEST: u64 = 1024 * 1024;

/// A spec file.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the folder that holds the specs folder, with forward slashes: `specs/types/x.yaml`.
    pub path: String,
    pub text: String,
}

/// Reads every YAML file below the folder, in the order of their paths.
pub fn read(specs: &Path, diagnostics: &mut Vec<Diagnostic>) -> Vec<SourceFile> {
    let name = specs.file_name().map_or_else(|| "specs".to_owned(), |name| name.to_string_lossy().into_owned());
    let mut files = Vec::new();
    collect(specs, &name, &mut files, diagnostics);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    if files.is_empty() && diagnostics.is_empty() {
        let message = "there are no specs here".to_owned();
        diagnostics.push(Diagnostic::of_file(Code::UnreadableFile, &name, message));
    }
    files
}

fn collect(folder: &Path, name: &str, files: &mut Vec<SourceFile>, diagnostics: &mut Vec<Diagnostic>) {
    let entries = match fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
        Ok(entries) => entries,
        Err(error) => {
            diagnostics.push(Diagnostic::of_file(Code::UnreadableFile, name, format!("cannot be read: {error}")));
            return;
        }
    };
    for entry in entries {
        let path = entry.path();
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            collect(&path, &name, files, diagnostics);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            match text(&path) {
                Ok(text) => files.push(SourceFile { path: name, text }),
                Err(problem) => diagnostics.push(Diagnostic::of_file(Code::UnreadableFile, &name, problem)),
            }
        }
    }
}

fn text(path: &Path) -> Result<String, String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > LARGEST {
        return Err(format!("has {size} bytes; a spec has at most {LARGEST}"));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        format!("is not UTF-8: the byte at offset {} does not belong there", error.utf8_error().valid_up_to())
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
