//! `actwright demo`: the flows of a workflow author, on an embedded database.

mod portal;
mod show;
mod story;

use std::path::{Path, PathBuf};

use actwright_runtime::database::migrate::Layout;

use crate::config::{Config, Given};
use crate::failure::Failure;
use crate::{open, seed};
use show::Show;

/// Tells the whole story.
pub async fn run(dir: Option<PathBuf>, json: bool) -> Result<(), Failure> {
    let folder = folder(dir)?;
    let url = format!("sqlite:{}", folder.join("actwright.db").display());
    // Neither a configuration file nor the environment changes the story.
    let settings = [
        ("database.url", url.clone()),
        ("data", folder.join("data").display().to_string()),
        ("portal_url", "https://portal.harbourlight.example".to_owned()),
        ("mail.from", "Harbourlight Managed Services <quotes@harbourlight.example>".to_owned()),
    ];
    let arguments = settings.map(|(key, value)| (key.to_owned(), key.to_owned(), value)).into();
    let config = Config::load(Given { arguments, ..Given::default() }).map_err(Failure::Configuration)?;
    let database = open::database(&config, true).await?;
    let pack = actwright_actions::pack();
    database.migrate(Layout::StandAlone, pack.migrations.as_ref()).await?;
    let rows = seed::load(&database).await?;
    database.close().await;
    let runtime = open::runtime_with(&config).await?;
    let mut show = Show::new(json, url, folder.join("data"));
    show.opening(rows)?;
    story::tell(&runtime, &mut show).await?;
    show.closing()?;
    runtime.database().close().await;
    Ok(())
}

/// A folder of the demonstration's own: a new one, or the one that was named, if it is empty.
fn folder(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let cannot = |path: &Path, error: std::io::Error| Failure::CannotRun(format!("{}: {error}", path.display()));
    match named {
        None => {
            let folder = tempfile::Builder::new().prefix("actwright-demo-").tempdir();
            // Kept, so that one can go on with it.
            Ok(folder.map_err(|error| cannot(&std::env::temp_dir(), error))?.keep())
        }
        Some(path) => {
            std::fs::create_dir_all(&path).map_err(|error| cannot(&path, error))?;
            let mut entries = std::fs::read_dir(&path).map_err(|error| cannot(&path, error))?;
            if entries.next().is_some() {
                let message = format!("{} is not empty. Name a new folder, or remove what is in it.", path.display());
                return Err(Failure::CannotRun(message));
            }
            std::path::absolute(&path).map_err(|error| cannot(&path, error))
        }
    }
}
