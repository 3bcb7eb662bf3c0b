//! The one codec of each column type on each database.

use rust_decimal::Decimal;
use sea_query::{ArrayType, Value as Sql};
use uuid::Uuid;

use super::row::{RawRow, fetch};
use super::table::ColumnType;
use crate::database::Engine;
use crate::error::{Error, Result};
use crate::value::{Date, Timestamp, Value};

/// A Rust type that a column can hold.
pub trait ColumnValue: Sized {
    /// Encodes for a bind parameter.
    #[doc(hidden)]
    fn encode(self, ty: ColumnType, engine: Engine) -> Sql;

    /// Decodes a value that is not null.
    #[doc(hidden)]
    fn decode(row: &RawRow, index: usize, ty: ColumnType) -> Result<Option<Self>>;

    /// Decodes, and refuses null where the type has no room for it.
    #[doc(hidden)]
    fn read(row: &RawRow, index: usize, ty: ColumnType) -> Result<Self> {
        Self::decode(row, index, ty)?
            .ok_or_else(|| Error::internal("a column that is declared as never empty is empty in the database"))
    }
}

/// A type whose values both databases put into one order. A decimal is none: SQLite would order its text.
#[diagnostic::on_unimplemented(
    message = "the databases do not put values of type `{Self}` into the same order",
    note = "a decimal is text on SQLite: filter and sort in the body"
)]
pub trait Ordered: ColumnValue {}

impl Ordered for i64 {}
impl Ordered for String {}
impl Ordered for bool {}
impl Ordered for Uuid {}
impl Ordered for Date {}
impl Ordered for Timestamp {}
impl<T: Ordered> Ordered for Option<T> {}

impl<T: ColumnValue> ColumnValue for Option<T> {
    fn encode(self, ty: ColumnType, engine: Engine) -> Sql {
        match self {
            Some(value) => value.encode(ty, engine),
            None => null(ty, engine),
        }
    }

    fn decode(row: &RawRow, index: usize, ty: ColumnType) -> Result<Option<Self>> {
        T::decode(row, index, ty).map(Some)
    }
}

impl ColumnValue for Uuid {
    fn encode(self, _: ColumnType, engine: Engine) -> Sql {
        match engine {
            Engine::Sqlite => Sql::String(Some(self.to_string())),
            Engine::Postgres => Sql::Uuid(Some(self)),
        }
    }

    fn decode(row: &RawRow, index: usize, _: ColumnType) -> Result<Option<Self>> {
        match row {
            RawRow::Sqlite(row) => fetch::<&str, _>(row, index)?
                .map(|text| Uuid::parse_str(text).map_err(|_| Error::internal("a stored id is not a UUID")))
                .transpose(),
            RawRow::Postgres(row) => fetch(row, index),
        }
    }
}

impl ColumnValue for String {
    fn encode(self, _: ColumnType, _: Engine) -> Sql {
        Sql::String(Some(self))
    }

    fn decode(row: &RawRow, index: usize, _: ColumnType) -> Result<Option<Self>> {
        match row {
            RawRow::Sqlite(row) => fetch(row, index),
            RawRow::Postgres(row) => fetch(row, index),
        }
    }
}

impl ColumnValue for i64 {
    fn encode(self, ty: ColumnType, engine: Engine) -> Sql {
        match (engine, ty, i32::try_from(self)) {
            // Beyond 32 bits the 64-bit parameter is sent, and PostgreSQL itself refuses what does not fit.
            (Engine::Postgres, ColumnType::Integer, Ok(small)) => Sql::Int(Some(small)),
            _ => Sql::BigInt(Some(self)),
        }
    }

    fn decode(row: &RawRow, index: usize, ty: ColumnType) -> Result<Option<Self>> {
        match row {
            RawRow::Sqlite(row) => fetch(row, index),
            RawRow::Postgres(row) if ty == ColumnType::Integer => Ok(fetch::<i32, _>(row, index)?.map(i64::from)),
            RawRow::Postgres(row) => fetch(row, index),
        }
    }
}

impl ColumnValue for bool {
    fn encode(self, _: ColumnType, _: Engine) -> Sql {
        Sql::Bool(Some(self))
    }

    fn decode(row: &RawRow, index: usize, _: ColumnType) -> Result<Option<Self>> {
        match row {
            RawRow::Sqlite(row) => Ok(fetch::<i64, _>(row, index)?.map(|flag| flag != 0)),
            RawRow::Postgres(row) => fetch(row, index),
        }
    }
}

impl ColumnValue for Timestamp {
    fn encode(self, _: ColumnType, engine: Engine) -> Sql {
        match engine {
            Engine::Sqlite => Sql::BigInt(Some(self.micros())),
            Engine::Postgres => Sql::ChronoDateTimeUtc(Some(self.utc())),
        }
    }

    fn decode(row: &RawRow, index: usize, _: ColumnType) -> Result<Option<Self>> {
        match row {
            RawRow::Sqlite(row) => fetch::<i64, _>(row, index)?.map(|micros| time(Some(micros))).transpose(),
            // Not as a time, which would panic on one that no calendar has, such as `infinity`.
            RawRow::Postgres(row) => {
                fetch::<i64, _>(row, index)?.map(|micros| time(micros.checked_add(YEAR_2000))).transpose()
            }
        }
    }
}

impl ColumnValue for Date {
    fn encode(self, _: ColumnType, engine: Engine) -> Sql {
        match engine {
            Engine::Sqlite => Sql::String(Some(self.to_string())),
            Engine::Postgres => Sql::ChronoDate(Some(self)),
        }
    }

    fn decode(row: &RawRow, index: usize, _: ColumnType) -> Result<Option<Self>> {
        match row {
            RawRow::Sqlite(row) => fetch::<&str, _>(row, index)?
                .map(|text| text.parse().map_err(|_| Error::internal("a stored date is none")))
                .transpose(),
            RawRow::Postgres(row) => fetch(row, index),
        }
    }
}

impl ColumnValue for Decimal {
    /// Without zeros at the end, so that one number has one text.
    fn encode(self, _: ColumnType, engine: Engine) -> Sql {
        match engine {
            Engine::Sqlite => Sql::String(Some(self.normalize().to_string())),
            Engine::Postgres => Sql::Decimal(Some(self.normalize())),
        }
    }

    fn decode(row: &RawRow, index: usize, _: ColumnType) -> Result<Option<Self>> {
        let number = match row {
            RawRow::Sqlite(row) => fetch::<&str, _>(row, index)?
                .map(|text| Decimal::from_str_exact(text).map_err(|_| Error::internal("a stored decimal is none")))
                .transpose()?,
            RawRow::Postgres(row) => fetch::<Decimal, _>(row, index)?,
        };
        Ok(number.map(|number| number.normalize()))
    }
}

impl ColumnValue for Value {
    fn encode(self, _: ColumnType, engine: Engine) -> Sql {
        match engine {
            Engine::Sqlite => Sql::String(Some(self.to_string())),
            Engine::Postgres => Sql::Json(Some(Box::new(self))),
        }
    }

    fn decode(row: &RawRow, index: usize, _: ColumnType) -> Result<Option<Self>> {
        match row {
            RawRow::Sqlite(row) => fetch::<String, _>(row, index)?.map(|text| parse_json(&text)).transpose(),
            RawRow::Postgres(row) => fetch(row, index),
        }
    }
}

impl ColumnValue for Vec<String> {
    fn encode(self, _: ColumnType, engine: Engine) -> Sql {
        match engine {
            Engine::Sqlite => Sql::String(Some(Value::from(self).to_string())),
            Engine::Postgres => {
                let texts = self.into_iter().map(|text| Sql::String(Some(text))).collect();
                Sql::Array(ArrayType::String, Some(Box::new(texts)))
            }
        }
    }

    fn decode(row: &RawRow, index: usize, _: ColumnType) -> Result<Option<Self>> {
        match row {
            RawRow::Sqlite(row) => fetch::<String, _>(row, index)?.map(|text| parse_json(&text)).transpose(),
            // An array may hold nulls; they carry nothing.
            RawRow::Postgres(row) => {
                Ok(fetch::<Vec<Option<String>>, _>(row, index)?.map(|texts| texts.into_iter().flatten().collect()))
            }
        }
    }
}

/// Where PostgreSQL counts times from, in microseconds after 1970 began.
const YEAR_2000: i64 = 946_684_800_000_000;

fn time(micros: Option<i64>) -> Result<Timestamp> {
    micros.and_then(Timestamp::from_micros).ok_or_else(|| Error::internal("a stored time is out of range"))
}

fn parse_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| Error::internal("stored JSON is not valid"))
}

/// The typed null of a column.
pub(crate) fn null(ty: ColumnType, engine: Engine) -> Sql {
    match (ty, engine) {
        (ColumnType::Uuid, Engine::Postgres) => Sql::Uuid(None),
        (ColumnType::Timestamp, Engine::Postgres) => Sql::ChronoDateTimeUtc(None),
        (ColumnType::Date, Engine::Postgres) => Sql::ChronoDate(None),
        (ColumnType::Decimal, Engine::Postgres) => Sql::Decimal(None),
        (ColumnType::Json, Engine::Postgres) => Sql::Json(None),
        (ColumnType::TextArray, Engine::Postgres) => Sql::Array(ArrayType::String, None),
        (ColumnType::Integer, Engine::Postgres) => Sql::Int(None),
        (ColumnType::Integer | ColumnType::Bigint, _) => Sql::BigInt(None),
        (ColumnType::Boolean, _) => Sql::Bool(None),
        (ColumnType::Timestamp, Engine::Sqlite) => Sql::BigInt(None),
        (
            ColumnType::Text
            | ColumnType::Uuid
            | ColumnType::Date
            | ColumnType::Decimal
            | ColumnType::Json
            | ColumnType::TextArray,
            _,
        ) => Sql::String(None),
    }
}

/// Encodes a JSON value for a column whose type is known only at run time. `None` where it does not fit.
pub(crate) fn json_to_value(value: &Value, ty: ColumnType, engine: Engine) -> Option<Sql> {
    if value.is_null() && ty != ColumnType::Json {
        return Some(null(ty, engine));
    }
    match ty {
        ColumnType::Uuid => Some(Uuid::parse_str(value.as_str()?).ok()?.encode(ty, engine)),
        ColumnType::Text => Some(value.as_str()?.to_owned().encode(ty, engine)),
        ColumnType::Integer | ColumnType::Bigint => Some(value.as_i64()?.encode(ty, engine)),
        ColumnType::Boolean => Some(value.as_bool()?.encode(ty, engine)),
        ColumnType::Timestamp => Some(Timestamp::parse(value.as_str()?)?.encode(ty, engine)),
        ColumnType::Date => Some(value.as_str()?.parse::<Date>().ok()?.encode(ty, engine)),
        ColumnType::Decimal => Some(decimal(value)?.encode(ty, engine)),
        ColumnType::Json => Some(value.clone().encode(ty, engine)),
        ColumnType::TextArray => {
            let texts =
                value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
            Some(texts.encode(ty, engine))
        }
    }
}

/// A number, or the text of one.
fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Decimal::from_str_exact(&number.to_string()).ok(),
        value => Decimal::from_str_exact(value.as_str()?).ok(),
    }
}
