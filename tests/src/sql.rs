//! Statements of tests about our own tables, whose names differ between the engines.

use actwright_runtime::database::Database;
use sqlx::AssertSqlSafe;

/// Runs the one for the engine, and gives the number of rows that it changed.
///
/// # Errors
///
/// Those of the database.
pub async fn execute(database: &Database, sqlite: &str, postgres: &str) -> Result<u64, sqlx::Error> {
    Ok(match database {
        Database::Sqlite { writer, .. } => {
            sqlx::query(AssertSqlSafe(sqlite.to_owned())).execute(writer).await?.rows_affected()
        }
        Database::Postgres { pool, .. } => {
            sqlx::query(AssertSqlSafe(postgres.to_owned())).execute(pool).await?.rows_affected()
        }
    })
}
