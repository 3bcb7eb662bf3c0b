//! A copy of a SQLite database, while it is in use. PostgreSQL has tools of its own.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::Database;
use crate::error::{Error, Result};

impl Database {
    /// Writes a copy as of one moment into a new file. Writers go on meanwhile. The copy is checked before this returns.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` for PostgreSQL or a file that is there, `INTERNAL_ERROR` when the copy is damaged, and those of the
    /// database.
    pub async fn backup(&self, to: &Path) -> Result<()> {
        let Self::Sqlite { readers, .. } = self else {
            return Err(Error::validation(
                "PostgreSQL is backed up with its own tools, such as pg_dump: see docs/operations.md.",
            ));
        };
        let Some(text) = to.to_str() else {
            return Err(Error::validation("The path of a backup has to be UTF-8."));
        };
        if to.exists() {
            return Err(Error::validation(format!("{text} is there already. Name a new file.")));
        }
        let mut connection = readers.acquire().await?;
        sqlx::query("VACUUM INTO ?1").bind(text).execute(&mut *connection).await?;
        drop(connection);
        check(to).await
    }
}

/// Has SQLite look at every page and every reference of a copy.
async fn check(path: &Path) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut copy: SqliteConnection = options.connect().await?;
    let told: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut copy).await?;
    let lost = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut copy).await?;
    copy.close().await?;
    if told == ["ok"] && lost.is_empty() {
        return Ok(());
    }
    tracing::error!(?told, lost = lost.len(), "the copy of the database is damaged");
    Err(Error::internal("The copy is damaged, and so may the database be. The log has the details."))
}
