//! What a statement gave back.

use std::sync::Arc;

use rust_decimal::Decimal;
use sea_query::Value as Sql;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Type};

use super::column::ColumnValue;
use super::table::{Column, ColumnSpec, ColumnType, Table};
use crate::error::{Error, Result};
use crate::value::{Date, Timestamp, Value};

/// A row of either database.
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub enum RawRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl RawRow {
    /// Reads a column whose type is known by position.
    pub(crate) fn get<T: ColumnValue>(&self, index: usize, ty: ColumnType) -> Result<T> {
        T::read(self, index, ty)
    }

    /// Reads a text whatever it is made of: SQLite holds any bytes as one. Those that are none are escaped.
    pub(crate) fn any_text(&self, index: usize) -> Result<Option<String>> {
        match self {
            Self::Sqlite(row) => Ok(fetch::<Vec<u8>, _>(row, index)?
                .map(|bytes| String::from_utf8(bytes).unwrap_or_else(|odd| odd.as_bytes().escape_ascii().to_string()))),
            Self::Postgres(row) => fetch(row, index),
        }
    }

    /// Reads a text as a parameter for a statement that goes on from it: its bytes on SQLite, an id on PostgreSQL.
    pub(crate) fn place(&self, index: usize) -> Result<Sql> {
        Ok(match self {
            Self::Sqlite(row) => Sql::Bytes(fetch::<Vec<u8>, _>(row, index)?),
            Self::Postgres(row) => Sql::Uuid(fetch::<&str, _>(row, index)?.and_then(|id| id.parse().ok())),
        })
    }

    /// Reads a column as JSON.
    pub(crate) fn json(&self, index: usize, ty: ColumnType) -> Result<Value> {
        Ok(match ty {
            ColumnType::Uuid => uuid::Uuid::decode(self, index, ty)?.map(|id| id.to_string().into()),
            ColumnType::Text => String::decode(self, index, ty)?.map(Value::from),
            ColumnType::Integer | ColumnType::Bigint => i64::decode(self, index, ty)?.map(Value::from),
            ColumnType::Boolean => bool::decode(self, index, ty)?.map(Value::from),
            ColumnType::Timestamp => Timestamp::decode(self, index, ty)?.map(|at| at.to_string().into()),
            ColumnType::Date => Date::decode(self, index, ty)?.map(|date| date.to_string().into()),
            ColumnType::Decimal => Decimal::decode(self, index, ty)?.map(|number| number.to_string().into()),
            ColumnType::Json => Value::decode(self, index, ty)?,
            ColumnType::TextArray => Vec::<String>::decode(self, index, ty)?.map(Value::from),
        }
        .unwrap_or(Value::Null))
    }
}

/// Reads without sqlx's check of the declared type, which our own declarations replace.
pub(crate) fn fetch<'r, T, R>(row: &'r R, index: usize) -> Result<Option<T>>
where
    R: sqlx::Row,
    usize: ColumnIndex<R>,
    T: sqlx::Decode<'r, R::Database> + Type<R::Database>,
{
    row.try_get_unchecked(index).map_err(Error::from)
}

/// The columns that a select reads, in order.
#[derive(Debug, Default, Clone)]
pub(crate) struct Selected(Vec<(&'static Table, usize)>);

impl Selected {
    pub(crate) fn add(&mut self, table: &'static Table, index: usize) {
        self.0.push((table, index));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn position(&self, table: &'static Table, index: usize) -> Option<usize> {
        self.0.iter().position(|(t, i)| *i == index && std::ptr::eq(*t, table))
    }

    fn specs(&self) -> impl Iterator<Item = (usize, &'static ColumnSpec)> + '_ {
        self.0.iter().enumerate().map(|(position, (table, index))| (position, &table.columns[*index]))
    }
}

/// A row of a select, read by column.
#[allow(missing_debug_implementations)]
pub struct Row {
    raw: RawRow,
    selected: Arc<Selected>,
}

impl Row {
    pub(crate) fn new(raw: RawRow, selected: Arc<Selected>) -> Self {
        Self { raw, selected }
    }

    /// The value of a column that the select reads.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the select does not read the column or the database holds what its declaration rules out.
    pub fn get<T: ColumnValue>(&self, column: Column<T>) -> Result<T> {
        let position = self
            .selected
            .position(column.table, column.index)
            .ok_or_else(|| Error::internal(format!("{column:?} is read but not selected")))?;
        T::read(&self.raw, position, column.spec().ty)
    }

    /// The value of a column of an outer-joined table, whose row may not be there.
    ///
    /// # Errors
    ///
    /// As [`Row::get`].
    pub fn maybe<T: ColumnValue>(&self, column: Column<T>) -> Result<Option<T>> {
        let position = self
            .selected
            .position(column.table, column.index)
            .ok_or_else(|| Error::internal(format!("{column:?} is read but not selected")))?;
        T::decode(&self.raw, position, column.spec().ty)
    }

    /// All columns by name, as JSON.
    pub(crate) fn to_json(&self) -> Result<serde_json::Map<String, Value>> {
        self.selected
            .specs()
            .map(|(position, spec)| Ok((spec.name.to_owned(), self.raw.json(position, spec.ty)?)))
            .collect()
    }
}
