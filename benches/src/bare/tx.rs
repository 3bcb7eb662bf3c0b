//! Prepared statements on either database, with nothing between them and sqlx but a choice.

use std::hint::black_box;

use actwright_runtime::database::Database;
use actwright_runtime::{Timestamp, Uuid, Value};
use sqlx::postgres::{PgRow, Postgres};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::types::Json;
use sqlx::{Row, Transaction};

use crate::Result;
use crate::load::seed::TENANT;

/// A statement as each database has it.
#[derive(Clone, Copy)]
pub struct Sql {
    pub postgres: &'static str,
    pub sqlite: &'static str,
}

/// A parameter.
#[derive(Clone, Copy)]
pub enum Param<'p> {
    Id(Uuid),
    NoId,
    Text(&'p str),
    NoText,
    Number(i32),
    Size(i64),
    /// Of PostgreSQL only.
    Seconds(f64),
    Flag(bool),
    At(Timestamp),
    Json(&'p Value),
    Texts(&'p [&'p str]),
}

/// What is read of a row: each column, into the type that a program would hold it in.
#[derive(Clone, Copy)]
pub enum Read {
    Id,
    Text,
    Number,
    Size,
    Flag,
    At,
    Json,
    Texts,
}

pub enum Tx {
    Postgres(Transaction<'static, Postgres>),
    Sqlite(Transaction<'static, Sqlite>),
}

impl Tx {
    pub async fn begin_read(database: &Database) -> Result<Self> {
        Ok(match database {
            Database::Postgres { pool, .. } => Self::Postgres(pool.begin().await?),
            Database::Sqlite { readers, .. } => Self::Sqlite(readers.begin().await?),
        })
    }

    pub async fn begin_write(database: &Database) -> Result<Self> {
        Ok(match database {
            Database::Postgres { pool, .. } => Self::Postgres(pool.begin().await?),
            Database::Sqlite { writer, .. } => Self::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
        })
    }

    /// Runs a statement and reads all columns of all rows. Says how many rows there were.
    pub async fn read(&mut self, sql: Sql, params: &[Param<'_>], columns: &[Read]) -> Result<usize> {
        Ok(match self {
            Self::Postgres(tx) => {
                let rows = postgres(sql, params).fetch_all(&mut **tx).await?;
                for row in &rows {
                    columns.iter().enumerate().try_for_each(|(index, read)| read_postgres(row, index, *read))?;
                }
                rows.len()
            }
            Self::Sqlite(tx) => {
                let rows = sqlite(sql, params).fetch_all(&mut **tx).await?;
                for row in &rows {
                    columns.iter().enumerate().try_for_each(|(index, read)| read_sqlite(row, index, *read))?;
                }
                rows.len()
            }
        })
    }

    /// As [`Tx::read`], where there must be a row.
    pub async fn one(&mut self, sql: Sql, params: &[Param<'_>], columns: &[Read]) -> Result<()> {
        match self.read(sql, params, columns).await? {
            0 => Err(format!("no row: {}", sql.postgres).into()),
            _ => Ok(()),
        }
    }

    /// Locks a row, where there are others who might write it.
    pub async fn lock(&mut self, sql: Sql, params: &[Param<'_>]) -> Result<()> {
        if self.is_postgres() {
            self.one(sql, params, &[]).await?;
        }
        Ok(())
    }

    /// Runs a statement without rows. It must change something: one that does not takes less time than what it is compared with.
    pub async fn execute(&mut self, sql: Sql, params: &[Param<'_>]) -> Result<()> {
        let changed = match self {
            Self::Postgres(tx) => postgres(sql, params).execute(&mut **tx).await?.rows_affected(),
            Self::Sqlite(tx) => sqlite(sql, params).execute(&mut **tx).await?.rows_affected(),
        };
        match changed {
            0 => Err(format!("changed nothing: {}", sql.postgres).into()),
            _ => Ok(()),
        }
    }

    /// PostgreSQL's policies and triggers read the tenant from the session.
    pub async fn set_tenant(&mut self) -> Result<()> {
        if self.is_postgres() {
            let tenant = TENANT.to_string();
            self.one(Sql { postgres: super::sql::SET_TENANT, sqlite: "" }, &[Param::Text(&tenant)], &[]).await?;
        }
        Ok(())
    }

    /// For how long a call holds its effects.
    pub fn lease(&self, now: Timestamp) -> Param<'static> {
        match self {
            Self::Postgres(_) => Param::Seconds(60.0),
            Self::Sqlite(_) => Param::At(now.plus_seconds(60)),
        }
    }

    /// Whether it is PostgreSQL, which has statements that SQLite does without.
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Postgres(tx) => tx.commit().await?,
            Self::Sqlite(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub async fn rollback(self) -> Result<()> {
        match self {
            Self::Postgres(tx) => tx.rollback().await?,
            Self::Sqlite(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

fn postgres<'q>(sql: Sql, params: &[Param<'_>]) -> Query<'q, Postgres, sqlx::postgres::PgArguments> {
    params.iter().fold(sqlx::query(sql.postgres), |query, param| match param {
        Param::Id(id) => query.bind(*id),
        Param::NoId => query.bind(None::<Uuid>),
        Param::Text(text) => query.bind(*text),
        Param::NoText => query.bind(None::<&str>),
        Param::Number(number) => query.bind(*number),
        Param::Size(size) => query.bind(*size),
        Param::Seconds(seconds) => query.bind(*seconds),
        Param::Flag(flag) => query.bind(*flag),
        Param::At(at) => query.bind(at.utc()),
        Param::Json(json) => query.bind(Json(*json)),
        Param::Texts(texts) => query.bind(*texts),
    })
}

fn sqlite<'q>(sql: Sql, params: &[Param<'_>]) -> Query<'q, Sqlite, sqlx::sqlite::SqliteArguments> {
    params.iter().fold(sqlx::query(sql.sqlite), |query, param| match param {
        Param::Id(id) => query.bind(id.to_string()),
        Param::NoId | Param::NoText => query.bind(None::<String>),
        Param::Text(text) => query.bind((*text).to_owned()),
        Param::Number(number) => query.bind(*number),
        Param::Size(size) => query.bind(*size),
        Param::Seconds(seconds) => query.bind(*seconds),
        Param::Flag(flag) => query.bind(*flag),
        Param::At(at) => query.bind(at.micros()),
        Param::Json(json) => query.bind(json.to_string()),
        Param::Texts(texts) => query.bind(Value::from(*texts).to_string()),
    })
}

fn read_postgres(row: &PgRow, index: usize, read: Read) -> sqlx::Result<()> {
    match read {
        Read::Id => drop(black_box(row.try_get_unchecked::<Option<Uuid>, _>(index)?)),
        Read::Text => drop(black_box(row.try_get_unchecked::<Option<String>, _>(index)?)),
        Read::Number => drop(black_box(row.try_get_unchecked::<Option<i32>, _>(index)?)),
        Read::Size => drop(black_box(row.try_get_unchecked::<Option<i64>, _>(index)?)),
        Read::Flag => drop(black_box(row.try_get_unchecked::<Option<bool>, _>(index)?)),
        Read::At => drop(black_box(
            row.try_get_unchecked::<Option<sqlx::types::chrono::DateTime<sqlx::types::chrono::Utc>>, _>(index)?,
        )),
        Read::Json => drop(black_box(row.try_get_unchecked::<Option<Value>, _>(index)?)),
        Read::Texts => drop(black_box(row.try_get_unchecked::<Option<Vec<String>>, _>(index)?)),
    }
    Ok(())
}

fn read_sqlite(row: &SqliteRow, index: usize, read: Read) -> Result<()> {
    match read {
        Read::Id => {
            let id = row.try_get_unchecked::<Option<&str>, _>(index)?.map(Uuid::parse_str).transpose()?;
            black_box(id);
        }
        Read::Text => drop(black_box(row.try_get_unchecked::<Option<String>, _>(index)?)),
        Read::Number | Read::Size | Read::At | Read::Flag => {
            black_box(row.try_get_unchecked::<Option<i64>, _>(index)?);
        }
        Read::Json => {
            if let Some(text) = row.try_get_unchecked::<Option<&str>, _>(index)? {
                black_box(serde_json::from_str::<Value>(text)?);
            }
        }
        Read::Texts => {
            if let Some(text) = row.try_get_unchecked::<Option<&str>, _>(index)? {
                black_box(serde_json::from_str::<Vec<String>>(text)?);
            }
        }
    }
    Ok(())
}
