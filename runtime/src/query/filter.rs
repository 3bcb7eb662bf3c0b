//! Predicates over columns.

use sea_query::extension::postgres::PgBinOper;
use sea_query::extension::sqlite::SqliteBinOper;
use sea_query::{Cond, Condition, Expr, ExprTrait};

use super::column::{ColumnValue, Ordered};
use super::table::Column;
use crate::database::Engine;

/// A predicate. It becomes SQL when the statement is run, because values are encoded per database.
#[must_use]
pub struct Filter(Box<dyn FnOnce(Engine) -> Condition + Send>);

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Filter")
    }
}

impl Filter {
    fn new(build: impl FnOnce(Engine) -> Expr + Send + 'static) -> Self {
        Self(Box::new(|engine| Cond::all().add(build(engine))))
    }

    pub(crate) fn build(self, engine: Engine) -> Condition {
        (self.0)(engine)
    }

    /// Both hold.
    pub fn and(self, other: Self) -> Self {
        Self(Box::new(|engine| Cond::all().add(self.build(engine)).add(other.build(engine))))
    }

    /// At least one holds.
    pub fn or(self, other: Self) -> Self {
        any([self, other])
    }
}

/// At least one of them holds; none of them: false.
pub fn any(filters: impl IntoIterator<Item = Filter>) -> Filter {
    let filters: Vec<Filter> = filters.into_iter().collect();
    Filter(Box::new(|engine| filters.into_iter().fold(Cond::any(), |all, one| all.add(one.build(engine)))))
}

impl<T: ColumnValue + Send + 'static> Column<T> {
    fn expr(self) -> Expr {
        Expr::col(self.reference())
    }

    fn compare(self, value: T, compare: fn(Expr, Expr) -> Expr) -> Filter {
        Filter::new(move |engine| compare(self.expr(), Expr::val(value.encode(self.spec().ty, engine))))
    }

    /// Equal. Nothing equals null: use [`Column::is_null`].
    pub fn eq(self, value: T) -> Filter {
        self.compare(value, |column, value| column.eq(value))
    }

    /// Not equal.
    pub fn ne(self, value: T) -> Filter {
        self.compare(value, |column, value| column.ne(value))
    }

    /// One of these; of none: false.
    pub fn is_in(self, values: impl IntoIterator<Item = T>) -> Filter {
        let values: Vec<T> = values.into_iter().collect();
        Filter::new(move |engine| {
            let ty = self.spec().ty;
            self.expr().is_in(values.into_iter().map(|value| Expr::val(value.encode(ty, engine))))
        })
    }

    /// Empty.
    pub fn is_null(self) -> Filter {
        Filter::new(move |_| self.expr().is_null())
    }

    /// Not empty.
    pub fn is_not_null(self) -> Filter {
        Filter::new(move |_| self.expr().is_not_null())
    }

    /// Less.
    pub fn lt(self, value: T) -> Filter
    where
        T: Ordered,
    {
        self.compare(value, |column, value| column.lt(value))
    }

    /// Less or equal.
    pub fn lte(self, value: T) -> Filter
    where
        T: Ordered,
    {
        self.compare(value, |column, value| column.lte(value))
    }

    /// Greater.
    pub fn gt(self, value: T) -> Filter
    where
        T: Ordered,
    {
        self.compare(value, |column, value| column.gt(value))
    }

    /// Greater or equal.
    pub fn gte(self, value: T) -> Filter
    where
        T: Ordered,
    {
        self.compare(value, |column, value| column.gte(value))
    }
}

/// `column` holds `text`, whatever the letter case, with no wild cards in it.
///
/// Each letter becomes the class of its cases: what `lower` knows depends on the database, on SQLite it is ASCII only.
pub(crate) fn contains(column: (&'static str, &'static str), text: &str, engine: Engine) -> Expr {
    let pattern: String = text.chars().map(|c| in_any_case(c, engine)).collect();
    match engine {
        Engine::Sqlite => Expr::col(column).binary(SqliteBinOper::Glob, Expr::val(format!("*{pattern}*"))),
        Engine::Postgres => Expr::col(column).binary(PgBinOper::Regex, Expr::val(pattern)),
    }
}

/// A character as a part of a pattern: GLOB on SQLite, a regular expression on PostgreSQL.
fn in_any_case(c: char, engine: Engine) -> String {
    let upper = c.to_uppercase().filter(|_| c.to_uppercase().count() == 1);
    let lower = c.to_lowercase().filter(|_| c.to_lowercase().count() == 1);
    let mut cases: Vec<char> = std::iter::once(c).chain(upper).chain(lower).collect();
    cases.sort_unstable();
    cases.dedup();
    match engine {
        _ if cases.len() > 1 => format!("[{}]", String::from_iter(cases)),
        Engine::Sqlite if matches!(c, '*' | '?' | '[') => format!("[{c}]"),
        Engine::Postgres if c.is_ascii() && !c.is_ascii_alphanumeric() => format!("\\{c}"),
        _ => c.to_string(),
    }
}
