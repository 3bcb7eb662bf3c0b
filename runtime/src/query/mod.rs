//! Statements that cannot leave their tenant.
//!
//! Bodies build them from the tables and columns that `specs/tables.yaml` declares. The tenant column is not among
//! those: the builders add it to every insert, every predicate and every join, and there is no other way to run SQL.

mod column;
mod filter;
mod records;
mod row;
mod select;
mod table;
mod write;

pub(crate) use column::json_to_value;
pub use column::{ColumnValue, Ordered};
pub(crate) use filter::contains;
pub use filter::{Filter, any};
pub(crate) use records::Records;
pub(crate) use row::RawRow;
pub use row::Row;
pub use select::{Direction, Select};
pub use table::{Authorization, Column, ColumnSpec, ColumnType, Parent, Scope, Table};
pub(crate) use table::{Tables, declared};
pub use write::{Insert, Update};

/// The column that every tenant-scoped table has, and no pack can name.
pub(crate) const TENANT: &str = "tenant";
