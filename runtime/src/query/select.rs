//! Reading rows of one tenant.

use std::sync::Arc;

use sea_query::{
    Cond, Condition, Expr, ExprTrait, JoinType, LockType, NullOrdering, Order, Query, SelectStatement, Value as Sql,
};
use uuid::Uuid;

use super::filter::Filter;
use super::records::{Access, Records};
use super::row::{Row, Selected};
use super::table::{Column, Scope, Table};
use super::{ColumnType, ColumnValue, Ordered, TENANT, Tables, declared};
use crate::database::{Engine, Tx};
use crate::error::{Error, Result};

/// Which end of an order comes first. Null counts as the smallest, so that one index serves both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A select over one table of the caller's tenant, and tables joined to it.
#[must_use]
#[allow(missing_debug_implementations)]
pub struct Select<'t> {
    tx: &'t mut Tx,
    tables: Tables,
    records: &'t mut Records,
    access: Access,
    tenant: Sql,
    table: &'static Table,
    /// Tables with the column that joins them.
    joined: Vec<(&'static Table, &'static str)>,
    statement: SelectStatement,
    /// What the filters of the statement say.
    filters: Condition,
    limited: bool,
    selected: Selected,
}

impl<'t> Select<'t> {
    pub(crate) fn new(
        tx: &'t mut Tx,
        tables: Tables,
        records: &'t mut Records,
        tenant: Uuid,
        table: &'static Table,
    ) -> Self {
        let mut statement = Query::select();
        statement.from(table.name);
        let tenant = tenant.encode(ColumnType::Uuid, tx.engine());
        if let Some(own) = of_tenant(table, &tenant) {
            statement.and_where(own);
        }
        let (joined, selected) = (Vec::new(), Selected::default());
        let (access, filters) = (Access::Read, Cond::all());
        Self { tx, tables, records, access, tenant, table, joined, statement, filters, limited: false, selected }
    }

    /// Reads this column, too.
    pub fn column<T>(mut self, column: Column<T>) -> Self {
        self.read(column.table, column.index);
        self
    }

    /// Reads a column that is known by name only.
    pub(crate) fn column_named(&mut self, name: &str) {
        if let Some(index) = self.table.columns.iter().position(|column| column.name == name) {
            self.read(self.table, index);
        }
    }

    fn read(&mut self, table: &'static Table, index: usize) {
        self.statement.column((table.name, table.columns[index].name));
        self.selected.add(table, index);
    }

    /// Adds the row of `key`'s table whose `key` is `value`, where there is one. Of the caller's tenant, like every row.
    pub fn left_join<K, V>(mut self, key: Column<K>, value: Column<V>) -> Self {
        let mut on = Cond::all().add(Expr::col(key.reference()).equals(value.reference()));
        let own = match (self.table.scope, key.table.scope) {
            // Through the base table, so that planners and Citus see one tenant throughout.
            (Scope::Tenant, Scope::Tenant) => {
                Some(Expr::col((key.table.name, TENANT)).equals((self.table.name, TENANT)))
            }
            _ => of_tenant(key.table, &self.tenant),
        };
        if let Some(own) = own {
            on = on.add(own);
        }
        self.statement.join(JoinType::LeftJoin, key.table.name, on);
        self.joined.push((key.table, key.name()));
        self
    }

    /// Keeps the rows for which this holds; several must all hold.
    pub fn filter(mut self, filter: Filter) -> Self {
        let filter = filter.build(self.tx.engine());
        self.statement.cond_where(filter.clone());
        self.filters = self.filters.add(filter);
        self
    }

    /// As [`Select::filter`], where there is one.
    pub fn filter_some(self, filter: Option<Filter>) -> Self {
        match filter {
            Some(filter) => self.filter(filter),
            None => self,
        }
    }

    pub(crate) fn filter_condition(mut self, condition: Condition) -> Self {
        self.statement.cond_where(condition);
        self
    }

    /// Orders by this column, after those given before.
    pub fn order_by<T: Ordered>(mut self, column: Column<T>, direction: Direction) -> Self {
        let (order, nulls) = match direction {
            Direction::Ascending => (Order::Asc, NullOrdering::First),
            Direction::Descending => (Order::Desc, NullOrdering::Last),
        };
        if column.spec().nullable {
            self.statement.order_by_with_nulls(column.reference(), order, nulls);
        } else {
            self.statement.order_by(column.reference(), order);
        }
        self
    }

    /// Orders as people read lists: what has no value comes last.
    pub(crate) fn order_by_name(mut self, column: (&'static str, &'static str), nullable: bool) -> Self {
        if nullable {
            self.statement.order_by_with_nulls(column, Order::Asc, NullOrdering::Last);
        } else {
            self.statement.order_by(column, Order::Asc);
        }
        self
    }

    /// Reads at most so many rows.
    pub fn limit(mut self, rows: u64) -> Self {
        self.statement.limit(rows);
        self.limited = true;
        self
    }

    /// Passes over so many rows.
    pub fn offset(mut self, rows: u64) -> Self {
        self.statement.offset(rows);
        if !self.limited {
            // SQLite passes over rows only where it is said how many to read.
            self.statement.limit(i64::MAX.unsigned_abs());
        }
        self
    }

    /// Locks the rows of the base table until the transaction ends, and then reads. On SQLite a writer is alone in any case.
    /// Rows that the actor may read and not change are refused here already. Filters are about the base table.
    pub fn for_update(mut self) -> Self {
        self.access = Access::Update;
        self
    }

    /// Takes the locks. Where tables are joined, PostgreSQL does that in a statement of its own: one that had to wait for a
    /// lock takes the locked row as it is now, but the rows joined to it as they were when it began, so that a new
    /// reference would come without the name that it refers to.
    async fn lock(&mut self) -> Result<()> {
        if self.access != Access::Update {
            return Ok(());
        }
        self.tx.check_writes()?;
        if self.tx.engine() == Engine::Sqlite {
            return Ok(());
        }
        if self.joined.is_empty() {
            self.statement.lock_with_tables(LockType::Update, [self.table.name]);
            return Ok(());
        }
        let mut lock = Query::select();
        lock.expr(Expr::val(1)).from(self.table.name);
        if let Some(own) = of_tenant(self.table, &self.tenant) {
            lock.and_where(own);
        }
        lock.cond_where(self.filters.clone()).lock_with_tables(LockType::Update, [self.table.name]);
        self.tx.query(&lock).await.map(|_| ())
    }

    /// All rows, but for those that record-level authorization keeps from the actor: for them they are not there.
    ///
    /// # Errors
    ///
    /// Those of the database, without its text; `PERMISSION_DENIED` when the rules of record-level authorization cannot
    /// be read.
    pub async fn all(mut self) -> Result<Vec<Row>> {
        self.lock().await?;
        self.authorize_joined().await?;
        if let Some(condition) = self.records.condition(self.tx, self.table, self.access).await? {
            self.statement.cond_where(condition);
        }
        if self.selected.is_empty() {
            self.statement.expr(Expr::val(1));
        }
        let selected = Arc::new(self.selected);
        let rows = self.tx.query(&self.statement).await?;
        Ok(rows.into_iter().map(|raw| Row::new(raw, Arc::clone(&selected))).collect())
    }

    /// The row that a call is about. Unlike [`Select::one`], it tells one that the tenant does not have from one that
    /// record-level authorization keeps from the actor.
    ///
    /// # Errors
    ///
    /// As [`Select::all`], and `PERMISSION_DENIED` for a row that the actor may not have.
    pub async fn target(mut self) -> Result<Option<Row>> {
        self.lock().await?;
        self.authorize_joined().await?;
        let condition = self.records.condition(self.tx, self.table, self.access).await?;
        let verdict = condition.map(|condition| {
            self.statement.expr(Expr::from(condition));
            self.selected.len()
        });
        self.statement.limit(1);
        let Some(raw) = self.tx.query(&self.statement).await?.into_iter().next() else { return Ok(None) };
        if let (Some(index), Some(authorization)) = (verdict, &self.table.authorization)
            && raw.get::<Option<bool>>(index, ColumnType::Boolean)? != Some(true)
        {
            return Err(Error::record_denied(authorization.resources, self.access.as_str()));
        }
        Ok(Some(Row::new(raw, Arc::new(self.selected))))
    }

    /// Leaves out rows that are joined to one that the actor may not read.
    async fn authorize_joined(&mut self) -> Result<()> {
        declared(self.tables, self.table)?;
        for (table, key) in std::mem::take(&mut self.joined) {
            declared(self.tables, table)?;
            if let Some(condition) = self.records.condition(self.tx, table, Access::Read).await? {
                let absent = Expr::col((table.name, key)).is_null();
                self.statement.cond_where(Cond::any().add(absent).add(condition));
            }
        }
        Ok(())
    }

    /// The first row, where there is one.
    ///
    /// # Errors
    ///
    /// As [`Select::all`].
    pub async fn one(self) -> Result<Option<Row>> {
        Ok(self.limit(1).all().await?.into_iter().next())
    }

    /// Whether there is any row.
    ///
    /// # Errors
    ///
    /// As [`Select::all`].
    pub async fn exists(self) -> Result<bool> {
        Ok(self.one().await?.is_some())
    }
}

/// What makes the rows of a table those of this tenant.
fn of_tenant(table: &'static Table, tenant: &Sql) -> Option<Expr> {
    let is_own = |table| Expr::col((table, TENANT)).eq(Expr::val(tenant.clone()));
    match table.scope {
        Scope::Tenant => Some(is_own(table.name)),
        Scope::System => None,
        Scope::Through(parent) => {
            let mut parents = Query::select();
            parents.column((parent.table, parent.key)).from(parent.table);
            parents.and_where(is_own(parent.table));
            Some(Expr::col((table.name, parent.column)).in_subquery(parents))
        }
    }
}
