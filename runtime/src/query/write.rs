//! Writing rows of one tenant.

use sea_query::{Expr, ExprTrait, Query, SelectStatement, Value as Sql};
use serde_json::Map;
use uuid::Uuid;

use super::column::ColumnValue;
use super::filter::Filter;
use super::records::{Access, Records};
use super::row::Selected;
use super::table::{Column, ColumnSpec, ColumnType, Scope, Table};
use super::{Row, TENANT, Tables, declared};
use crate::call::{Operation, RowChange};
use crate::database::Tx;
use crate::error::{Error, Result};
use crate::value::Value;

/// Where a dry run notes what changed; `None` in a real one.
pub(crate) type Recorder = Option<Vec<RowChange>>;

/// An insert of one row. The tenant comes from the scope.
#[must_use]
#[allow(missing_debug_implementations)]
pub struct Insert<'t> {
    tx: &'t mut Tx,
    tables: Tables,
    recorder: &'t mut Recorder,
    tenant: Uuid,
    table: &'static Table,
    columns: Vec<&'static ColumnSpec>,
    values: Vec<Sql>,
}

impl<'t> Insert<'t> {
    pub(crate) fn new(
        tx: &'t mut Tx,
        tables: Tables,
        recorder: &'t mut Recorder,
        tenant: Uuid,
        table: &'static Table,
    ) -> Self {
        Self { tx, tables, recorder, tenant, table, columns: Vec::new(), values: Vec::new() }
    }

    /// Gives a column its value. Columns that are left out get the database's default.
    pub fn set<T: ColumnValue>(mut self, column: Column<T>, value: T) -> Self {
        self.values.push(value.encode(column.spec().ty, self.tx.engine()));
        self.columns.push(column.spec());
        self
    }

    /// Inserts the row.
    ///
    /// # Errors
    ///
    /// `CONFLICT` when the row is there already or refers to one that is not; otherwise those of the database,
    /// without its text.
    pub async fn run(self) -> Result<()> {
        writable(self.tx, self.tables, self.table)?;
        let engine = self.tx.engine();
        let mut statement = Query::insert();
        statement.into_table(self.table.name);
        statement.columns(std::iter::once(TENANT).chain(self.columns.iter().map(|column| column.name)));
        let tenant = self.tenant.encode(ColumnType::Uuid, engine);
        let changed = self.recorder.is_some().then(|| describe(&self.columns, &self.values));
        statement
            .values(std::iter::once(tenant).chain(self.values).map(Expr::val))
            .map_err(|_| Error::internal("an insert names a column twice"))?;
        self.tx.execute(&statement).await?;
        if let (Some(changes), Some(after)) = (self.recorder.as_mut(), changed) {
            changes.push(RowChange { table: self.table.name, operation: Operation::Insert, before: None, after });
        }
        Ok(())
    }
}

/// An update of the tenant's rows that pass the filters.
#[must_use]
#[allow(missing_debug_implementations)]
pub struct Update<'t> {
    tx: &'t mut Tx,
    tables: Tables,
    records: &'t mut Records,
    recorder: &'t mut Recorder,
    tenant: Uuid,
    table: &'static Table,
    columns: Vec<(&'static ColumnSpec, usize)>,
    values: Vec<Sql>,
    filters: Vec<Filter>,
}

impl<'t> Update<'t> {
    pub(crate) fn new(
        tx: &'t mut Tx,
        tables: Tables,
        records: &'t mut Records,
        recorder: &'t mut Recorder,
        tenant: Uuid,
        table: &'static Table,
    ) -> Self {
        let (columns, values, filters) = (Vec::new(), Vec::new(), Vec::new());
        Self { tx, tables, records, recorder, tenant, table, columns, values, filters }
    }

    /// Gives a column this value.
    pub fn set<T: ColumnValue>(mut self, column: Column<T>, value: T) -> Self {
        self.assign(column, value);
        self
    }

    /// As [`Update::set`], where columns are chosen one by one.
    pub fn assign<T: ColumnValue>(&mut self, column: Column<T>, value: T) {
        self.values.push(value.encode(column.spec().ty, self.tx.engine()));
        self.columns.push((column.spec(), column.index));
    }

    /// Changes the rows for which this holds; several must all hold.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Changes the rows, and says how many; rows that record-level authorization keeps from the actor stay. Without a column to set it changes none; without a filter it is refused,
    /// because a whole tenant is never what a body means.
    ///
    /// # Errors
    ///
    /// As [`Insert::run`].
    pub async fn run(self) -> Result<u64> {
        writable(self.tx, self.tables, self.table)?;
        if self.filters.is_empty() {
            return Err(Error::internal(format!("an update of {} has no filter", self.table.name)));
        }
        if self.columns.is_empty() {
            return Ok(0);
        }
        let engine = self.tx.engine();
        let tenant = self.tenant.encode(ColumnType::Uuid, engine);
        let mut condition = sea_query::Cond::all().add(Expr::col((self.table.name, TENANT)).eq(Expr::val(tenant)));
        for filter in self.filters {
            condition = condition.add(filter.build(engine));
        }
        if let Some(allowed) = self.records.condition(self.tx, self.table, Access::Update).await? {
            condition = condition.add(allowed);
        }
        if let Some(changes) = self.recorder.as_mut() {
            let specs: Vec<_> = self.columns.iter().map(|(spec, _)| *spec).collect();
            let after = describe(&specs, &self.values);
            for before in rows_before(self.tx, self.table, &self.columns, condition.clone()).await? {
                let operation = Operation::Update;
                changes.push(RowChange {
                    table: self.table.name,
                    operation,
                    before: Some(before),
                    after: after.clone(),
                });
            }
        }
        let mut statement = Query::update();
        statement.table(self.table.name).cond_where(condition);
        for ((spec, _), value) in self.columns.iter().zip(self.values) {
            statement.value(spec.name, Expr::val(value));
        }
        self.tx.execute(&statement).await
    }
}

fn writable(tx: &Tx, tables: Tables, table: &'static Table) -> Result<()> {
    declared(tables, table)?;
    match table.scope {
        Scope::Tenant => tx.check_writes(),
        Scope::System | Scope::Through(_) => Err(Error::internal(format!("{} is read only", table.name))),
    }
}

/// The keys and changed columns of the rows that an update is about to change.
async fn rows_before(
    tx: &mut Tx,
    table: &'static Table,
    columns: &[(&'static ColumnSpec, usize)],
    condition: sea_query::Condition,
) -> Result<Vec<Map<String, Value>>> {
    let mut selected = Selected::default();
    let mut statement: SelectStatement = Query::select();
    let keys = table.columns.iter().enumerate().filter(|(_, column)| table.key.contains(&column.name));
    for (index, name) in
        keys.map(|(index, column)| (index, column.name)).chain(columns.iter().map(|(s, i)| (*i, s.name)))
    {
        statement.column((table.name, name));
        selected.add(table, index);
    }
    statement.from(table.name).cond_where(condition);
    let selected = std::sync::Arc::new(selected);
    let rows = tx.query(&statement).await?;
    rows.into_iter().map(|raw| Row::new(raw, std::sync::Arc::clone(&selected)).to_json()).collect()
}

/// The values of a statement as JSON, for people.
fn describe(columns: &[&ColumnSpec], values: &[Sql]) -> Map<String, Value> {
    columns.iter().zip(values).map(|(column, value)| (column.name.to_owned(), to_json(column.ty, value))).collect()
}

fn to_json(ty: ColumnType, value: &Sql) -> Value {
    match value {
        Sql::Bool(Some(flag)) => (*flag).into(),
        Sql::Int(Some(number)) => (*number).into(),
        Sql::BigInt(Some(micros)) if ty == ColumnType::Timestamp => {
            crate::value::Timestamp::from_micros(*micros).map(|at| at.to_string()).into()
        }
        Sql::BigInt(Some(number)) => (*number).into(),
        Sql::String(Some(text)) if matches!(ty, ColumnType::Json | ColumnType::TextArray) => {
            serde_json::from_str(text).unwrap_or(Value::Null)
        }
        Sql::String(Some(text)) => text.clone().into(),
        Sql::Uuid(Some(id)) => id.to_string().into(),
        Sql::ChronoDateTimeUtc(Some(at)) => crate::value::Timestamp::from(*at).to_string().into(),
        Sql::ChronoDate(Some(date)) => date.to_string().into(),
        Sql::Decimal(Some(number)) => number.to_string().into(),
        Sql::Json(Some(json)) => (**json).clone(),
        Sql::Array(_, Some(values)) => values.iter().map(|value| to_json(ColumnType::Text, value)).collect(),
        _ => Value::Null,
    }
}
