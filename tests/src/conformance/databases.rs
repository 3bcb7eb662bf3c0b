//! A database of its own for each case: a copy of a template that holds the base rows.

use actwright_runtime::database::migrate::Layout;
use actwright_runtime::database::{Database, Engine};
use tempfile::TempDir;

use super::fixture::Fixture;
use crate::postgres::Cluster;

/// Connections of a case's PostgreSQL database: enough for two calls at once and their deliveries.
const CONNECTIONS: u32 = 4;

/// A database with the base rows and without connections, so that it can be copied.
#[derive(Debug)]
pub struct Template {
    /// Holds the file of a SQLite database.
    folder: TempDir,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    /// `template.db` in the folder.
    Sqlite,
    Postgres {
        cluster: &'static Cluster,
        url: String,
    },
}

/// A case's own database and folder.
#[derive(Debug)]
pub struct Place {
    /// The database.
    pub database: Database,
    /// For files. Vanishes with this value.
    pub folder: TempDir,
    source: Source,
}

impl Template {
    /// Creates the tables and loads the rows.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn prepare(engine: Engine, base: &Fixture) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(text)?;
        let (url, source) = match engine {
            Engine::Sqlite => (format!("sqlite:{}", folder.path().join("template.db").display()), Source::Sqlite),
            Engine::Postgres => {
                let cluster = Cluster::shared().map_err(text)?;
                let url = cluster.database("conformance").await.map_err(text)?;
                (url.clone(), Source::Postgres { cluster, url })
            }
        };
        let database = Database::open(&url).await.map_err(text)?;
        let migrations = actwright_actions::pack().migrations;
        database.migrate(Layout::StandAlone, migrations.as_ref()).await.map_err(text)?;
        base.load(&database).await?;
        database.close().await;
        Ok(Self { folder, source })
    }

    /// A copy.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn copy(&self) -> Result<Place, String> {
        let folder = tempfile::tempdir().map_err(text)?;
        let (url, source) = match &self.source {
            Source::Sqlite => {
                let path = folder.path().join("case.db");
                std::fs::copy(self.folder.path().join("template.db"), &path).map_err(text)?;
                (format!("sqlite:{}", path.display()), Source::Sqlite)
            }
            Source::Postgres { cluster, url } => {
                let url = cluster.copy_of(url, "case").await.map_err(text)?;
                (url.clone(), Source::Postgres { cluster, url })
            }
        };
        let database = Database::open_with(&url, CONNECTIONS).await.map_err(text)?;
        Ok(Place { database, folder, source })
    }

    /// Removes the database.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn remove(self) -> Result<(), String> {
        self.source.remove().await
    }
}

impl Place {
    /// Removes the database.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn remove(self) -> Result<(), String> {
        self.database.close().await;
        self.source.remove().await
    }
}

impl Source {
    /// A file goes with its folder.
    async fn remove(self) -> Result<(), String> {
        match self {
            Self::Sqlite => Ok(()),
            Self::Postgres { cluster, url } => cluster.remove(&url).await.map_err(text),
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
