//! Files and folders.

use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::Error;

/// Size and time of a file.
pub fn state(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{} {}", metadata.len(), modified.as_nanos()))
}

/// The files below a folder `name` of `root`, by their paths below `root`. A folder that is not there has none.
pub fn files(root: &Path, name: &str) -> Result<Vec<String>, Error> {
    let folder = root.join(name);
    let mut names = Vec::new();
    if !folder.is_dir() {
        return Ok(names);
    }
    for entry in list(&folder)? {
        let name = format!("{name}/{entry}");
        if root.join(&name).is_dir() {
            names.extend(files(root, &name)?);
        } else {
            names.push(name);
        }
    }
    Ok(names)
}

/// The names in a folder, sorted.
pub fn list(folder: &Path) -> Result<Vec<String>, Error> {
    let failed = |error| Error::Io(folder.to_owned(), error);
    let entries = fs::read_dir(folder).map_err(failed)?.collect::<io::Result<Vec<_>>>().map_err(failed)?;
    let mut names: Vec<String> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// Writes a file, and the folders that it is in.
pub fn write(path: &Path, content: &str) -> Result<(), Error> {
    let failed = |error| Error::Io(path.to_owned(), error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, content).map_err(failed)
}
