//! `actwright db backup`: a copy of a SQLite database and of the folder beside it, while both are in use.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::DatabaseArguments;
use crate::failure::Failure;
use crate::open;
use crate::terminal::{good, progress, say};

/// Copies the database first and the folder after it. Files of documents are only ever added, so the folder's copy has every file
/// that the database's copy speaks of.
pub async fn run(arguments: &DatabaseArguments, to: &Path, json: bool) -> Result<(), Failure> {
    let config = open::config(arguments)?;
    let database = open::database(&config, false).await?;
    let cannot = |path: &Path, error: &io::Error| Failure::CannotRun(format!("{}: {error}", path.display()));
    let data = to.with_added_extension("data");
    for path in [to, &data] {
        if path.exists() {
            return Err(Failure::Usage(format!("{} is there already. Name a new file.", path.display())));
        }
    }
    let folder = open::data_folder(&config);
    if is_inside(to, &folder) {
        let message = format!("{} is in the folder that is copied, too. Name a file elsewhere.", to.display());
        return Err(Failure::Usage(message));
    }
    let bar = progress("copying");
    // Under its own name only when it is whole, so that a backup that was cut off is not taken for one.
    let partial = to.with_added_extension("partial");
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot(&partial, &error)),
        _ => {}
    }
    database.backup(&partial).await?;
    let files = if folder.is_dir() { copy(&folder, &data).map_err(|(path, error)| cannot(&path, &error))? } else { 0 };
    finish(&partial, to).map_err(|error| cannot(to, &error))?;
    bar.finish_and_clear();
    let bytes = fs::metadata(to).map(|file| file.len()).unwrap_or_default();
    if json {
        return say(json!({ "database": to, "bytes": bytes, "data": data, "files": files }));
    }
    say(format!("{} {} ({bytes} bytes) and {files} files in {}", good("Copied"), to.display(), data.display()))
}

/// On the disk, then under its own name.
fn finish(partial: &Path, to: &Path) -> io::Result<()> {
    fs::File::open(partial)?.sync_all()?;
    fs::rename(partial, to)?;
    fs::File::open(folder_of(to))?.sync_all()
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a file would be in a folder, however the two are written.
fn is_inside(file: &Path, folder: &Path) -> bool {
    match (folder_of(file).canonicalize(), folder.canonicalize()) {
        (Ok(place), Ok(folder)) => place.starts_with(folder),
        _ => false,
    }
}

/// Copies a folder with all that is in it, and gives the number of files.
fn copy(from: &Path, to: &Path) -> Result<u64, (PathBuf, io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    fs::create_dir_all(to).map_err(at(to))?;
    let mut files = 0;
    for entry in fs::read_dir(from).map_err(at(from))? {
        let entry = entry.map_err(at(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(at(&source))?.is_dir() {
            files += copy(&source, &target)?;
            continue;
        }
        match fs::copy(&source, &target) {
            Ok(_) => {
                fs::File::open(&target).and_then(|file| file.sync_all()).map_err(at(&target))?;
                files += 1;
            }
            // A file that was still being written under another name.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err((source, error)),
        }
    }
    Ok(files)
}
