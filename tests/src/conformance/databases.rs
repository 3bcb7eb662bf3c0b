//! A database with the base rows for each case.
//!
//! A SQLite database is a file, so each case gets a copy of one. Copying a PostgreSQL database takes a third of a second;
//! there, databases are used again, after everything in them was put back.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use actwright_runtime::database::migrate::Layout;
use actwright_runtime::database::{Database, Engine};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPool;
use tempfile::TempDir;

use super::fixture::Fixture;
use crate::postgres::Cluster;

/// Connections of a case's PostgreSQL database: enough for two calls at once and their deliveries.
const CONNECTIONS: u32 = 4;

/// Where cases get their databases from.
#[derive(Debug)]
pub struct Databases {
    /// Holds the prepared file of SQLite.
    folder: TempDir,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Sqlite(PathBuf),
    Postgres {
        cluster: &'static Cluster,
        template: String,
        /// URLs of copies that are not in use, as good as new.
        free: Mutex<Vec<String>>,
        /// Puts everything back.
        reset: String,
    },
}

/// A case's own database and folder.
#[derive(Debug)]
pub struct Place {
    /// The database, for the case itself: its administrator sees and may do everything.
    pub database: Database,
    /// The same for calls. On PostgreSQL they run as a role that row level security binds, and that has no more rights than
    /// `actwright db grant` gives.
    pub application: Database,
    /// For files. Vanishes with this value.
    pub folder: TempDir,
    url: String,
}

impl Place {
    /// A place with this database, and a folder of its own. Calls run as its administrator.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub fn at(database: Database, url: String) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(text)?;
        Ok(Self { application: database.clone(), database, folder, url })
    }

    /// As [`Place::at`], with a database on PostgreSQL whose tables are there, and calls that run as the application's role.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn granted(database: Database, url: String) -> Result<Self, String> {
        let granted = Cluster::shared().map_err(text)?.let_application_in(&url).await.map_err(text)?;
        let application = Database::open_with(&granted, CONNECTIONS).await.map_err(text)?;
        Ok(Self { application, ..Self::at(database, url)? })
    }

    /// Where the database is, for its administrator.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the database is, for the role that calls run as.
    pub fn application_url(&self) -> String {
        application_url(&self.url)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.application.close().await;
        self.database.close().await;
    }

    /// As [`Place::close`], to be opened again.
    pub async fn shut(self) -> Shut {
        self.close().await;
        Shut { folder: self.folder, url: self.url }
    }
}

/// A case's own database that nobody has open, and its folder.
#[derive(Debug)]
pub struct Shut {
    /// For files. Vanishes with this value.
    pub folder: TempDir,
    url: String,
}

impl Shut {
    /// Where the database is, for the role that calls run as.
    pub fn application_url(&self) -> String {
        application_url(&self.url)
    }

    /// Opens the database, as a process does that begins.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn open(self) -> Result<Place, String> {
        let Self { folder, url } = self;
        let database = Database::open_with(&url, CONNECTIONS).await.map_err(text)?;
        let application = match &database {
            Database::Sqlite { .. } => database.clone(),
            Database::Postgres { .. } => {
                Database::open_with(&application_url(&url), CONNECTIONS).await.map_err(text)?
            }
        };
        Ok(Place { database, application, folder, url })
    }
}

fn application_url(url: &str) -> String {
    let granted = Cluster::shared().ok().filter(|_| url.starts_with("postgres:"));
    granted.and_then(|cluster| cluster.as_application(url)).unwrap_or_else(|| url.to_owned())
}

impl Databases {
    /// Creates the tables of an engine and loads the rows.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn prepare(engine: Engine, base: &Fixture) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(text)?;
        let path = folder.path().join("template.db");
        let url = match engine {
            Engine::Sqlite => format!("sqlite:{}", path.display()),
            Engine::Postgres => Cluster::shared().map_err(text)?.database("template").await.map_err(text)?,
        };
        let database = Database::open(&url).await.map_err(text)?;
        let migrations = actwright_actions::pack().migrations;
        database.migrate(Layout::StandAlone, migrations.as_ref()).await.map_err(text)?;
        base.load(&database).await?;
        if engine == Engine::Postgres {
            Cluster::shared().map_err(text)?.let_application_in(&url).await.map_err(text)?;
        }
        let source = match &database {
            Database::Sqlite { .. } => Source::Sqlite(path),
            Database::Postgres { pool, .. } => Source::Postgres {
                cluster: Cluster::shared().map_err(text)?,
                template: url,
                free: Mutex::default(),
                reset: snapshot(pool).await.map_err(text)?,
            },
        };
        // Neither a file nor a PostgreSQL template may be copied while somebody is connected.
        database.close().await;
        Ok(Self { folder, source })
    }

    /// A database with the base rows and nothing else.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn take(&self) -> Result<Place, String> {
        self.take_shut().await?.open().await
    }

    /// As [`Databases::take`], for a process of its own: nobody has it open.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn take_shut(&self) -> Result<Shut, String> {
        let folder = tempfile::tempdir().map_err(text)?;
        let url = match &self.source {
            Source::Sqlite(template) => {
                let path = folder.path().join("case.db");
                std::fs::copy(template, &path).map_err(text)?;
                format!("sqlite:{}", path.display())
            }
            Source::Postgres { cluster, template, free, .. } => {
                let used = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
                match used {
                    Some(url) => url,
                    None => cluster.copy_of(template, "case").await.map_err(text)?,
                }
            }
        };
        Ok(Shut { folder, url })
    }

    /// Ends the use of a database.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn give_back(&self, place: Place) -> Result<(), String> {
        place.application.close().await;
        if let (Source::Postgres { free, reset, .. }, Database::Postgres { pool, .. }) = (&self.source, &place.database)
        {
            sqlx::raw_sql(AssertSqlSafe(reset.clone())).execute(pool).await.map_err(text)?;
            free.lock().unwrap_or_else(PoisonError::into_inner).push(place.url.clone());
        }
        place.database.close().await;
        Ok(())
    }

    /// Removes all databases.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn remove(self) -> Result<(), String> {
        if let Source::Postgres { cluster, template, free, .. } = self.source {
            for url in free.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().chain([template]) {
                cluster.remove(&url).await.map_err(text)?;
            }
        }
        self.folder.close().map_err(text)
    }
}

/// Copies all tables into a schema beside them. Gives the SQL that puts the rows back from there.
async fn snapshot(pool: &PgPool) -> Result<String, sqlx::Error> {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT format('%I.%I', table_schema, table_name), format('snapshot.%I', table_schema || '_' || table_name)
         FROM information_schema.tables WHERE table_schema IN ('public', 'actwright') AND table_type = 'BASE TABLE'",
    )
    .fetch_all(pool)
    .await?;
    let mut copy = "CREATE SCHEMA snapshot;".to_owned();
    // Without triggers and foreign keys, so that the order does not matter.
    let mut reset = "BEGIN; SET LOCAL session_replication_role = replica;".to_owned();
    for (table, saved) in &tables {
        copy += &format!("CREATE TABLE {saved} AS TABLE {table};");
        reset += &format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {saved};");
    }
    reset += "COMMIT;";
    sqlx::raw_sql(AssertSqlSafe(copy)).execute(pool).await?;
    Ok(reset)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
