//! Tables and columns, as `specs/tables.yaml` declares them.

use std::marker::PhantomData;

use crate::error::{Error, Result};

/// A table.
#[derive(Debug)]
pub struct Table {
    /// As in the database.
    pub name: &'static str,
    /// Whose rows it holds.
    pub scope: Scope,
    /// The primary key, without the tenant.
    pub key: &'static [&'static str],
    /// Without the tenant.
    pub columns: &'static [ColumnSpec],
    /// How its rows are subject to record-level authorization; `None` when they are not.
    pub authorization: Option<Authorization>,
}

/// What the rules of record-level authorization go by.
#[derive(Debug)]
pub struct Authorization {
    /// Rules for any of these resources narrow the rows.
    pub resources: &'static [&'static str],
    /// The column of the user whose row it is.
    pub owner: Option<&'static str>,
    /// The column of the client whose row it is.
    pub client: Option<&'static str>,
}

/// The tables of a pack.
pub(crate) type Tables = &'static [&'static Table];

/// Refuses a table that is not one of the pack's own declarations.
pub(crate) fn declared(tables: Tables, table: &'static Table) -> Result<()> {
    if tables.iter().any(|one| std::ptr::eq(*one, table)) {
        return Ok(());
    }
    Err(Error::internal(format!("{} is no table that specs/tables.yaml declares.", table.name)))
}

/// Whose rows a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each row belongs to one tenant.
    Tenant,
    /// One set of rows for all tenants, which nobody writes through this runtime.
    System,
    /// The rows have no tenant of their own: each belongs to the tenant of the row that it refers to. Read only.
    Through(Parent),
}

/// What the rows of a table of [`Scope::Through`] refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// The column that refers to it.
    pub column: &'static str,
    /// A table of scope [`Scope::Tenant`].
    pub table: &'static str,
    /// The column there that is referred to.
    pub key: &'static str,
}

/// A column of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct ColumnSpec {
    /// As in the database.
    pub name: &'static str,
    /// What it stores.
    pub ty: ColumnType,
    /// Whether it may be null.
    pub nullable: bool,
}

/// What a column stores. Each has one codec per database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// `uuid`; lower-case TEXT on SQLite.
    Uuid,
    /// `text`.
    Text,
    /// 32 bits on PostgreSQL.
    Integer,
    /// 64 bits.
    Bigint,
    /// `boolean`; 0 or 1 on SQLite.
    Boolean,
    /// `timestamptz`; microseconds since 1970 in an INTEGER on SQLite.
    Timestamp,
    /// `date`; TEXT on SQLite.
    Date,
    /// `numeric`; TEXT on SQLite, where it is therefore not compared by size.
    Decimal,
    /// `jsonb`; TEXT on SQLite.
    Json,
    /// `text[]`; a JSON array in TEXT on SQLite.
    TextArray,
}

/// A column and the Rust type of its values.
pub struct Column<T> {
    pub(crate) table: &'static Table,
    pub(crate) index: usize,
    value: PhantomData<fn() -> T>,
}

impl<T> Clone for Column<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Column<T> {}

impl<T> std::fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.table.name, self.name())
    }
}

impl<T> Column<T> {
    /// The column at this position of the table. For generated code.
    pub const fn new(table: &'static Table, index: usize) -> Self {
        Self { table, index, value: PhantomData }
    }

    /// As in the database.
    pub fn name(&self) -> &'static str {
        self.spec().name
    }

    pub(crate) fn spec(&self) -> &'static ColumnSpec {
        &self.table.columns[self.index]
    }

    pub(crate) fn reference(&self) -> (&'static str, &'static str) {
        (self.table.name, self.name())
    }
}
