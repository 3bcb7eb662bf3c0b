//! The files of a workspace, as an editor names them and as specs do.

use std::path::{Path, PathBuf};

use tower_lsp_server::ls_types::Uri;

/// Where specs and bodies are.
#[derive(Debug)]
pub struct Folders {
    /// The folder of specs, and the one that it is in.
    specs: PathBuf,
    root: PathBuf,
    bodies: PathBuf,
}

/// A file that the server knows something of.
#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    /// A spec: `specs/types/x.yaml`.
    Spec(String),
    /// A body, below the folder of bodies: `crm/send_quote.rs`.
    Body(String),
}

impl Folders {
    pub fn new(specs: PathBuf, bodies: PathBuf) -> Self {
        let root = specs.parent().map(Path::to_owned).unwrap_or_default();
        Self { specs, root, bodies }
    }

    /// What an address of the editor is; `None` for what is none of ours.
    pub fn known(&self, uri: &Uri) -> Option<Known> {
        let path = uri.to_file_path()?;
        let path = resolved(&path);
        let extension = path.extension()?.to_str()?;
        if let Ok(body) = path.strip_prefix(resolved(&self.bodies)) {
            return (extension == "rs").then(|| Known::Body(slashes(body)));
        }
        let spec = path.strip_prefix(resolved(&self.specs)).ok()?;
        let name = self.specs.file_name()?.to_string_lossy();
        matches!(extension, "yaml" | "yml").then(|| Known::Spec(format!("{name}/{}", slashes(spec))))
    }

    pub fn spec(&self, file: &str) -> Option<Uri> {
        Uri::from_file_path(self.root.join(file))
    }

    pub fn body(&self, body: &str) -> Option<Uri> {
        let path = self.bodies.join(body);
        path.is_file().then(|| Uri::from_file_path(path)).flatten()
    }
}

/// Without links, where the file or the folder that it is to be in is there.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    match (path.parent().and_then(|folder| folder.canonicalize().ok()), path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

fn slashes(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
