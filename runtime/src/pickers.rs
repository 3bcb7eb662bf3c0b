//! Answers pickers: rows to choose an id from, and the rows behind ids that were chosen.

use std::collections::BTreeMap;

use sea_query::{Cond, Expr, ExprTrait};
use serde::Serialize;
use uuid::Uuid;

use crate::call::{Caller, Runtime, session};
use crate::context::Scope;
use crate::database::Engine;
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue, Row, Select, Table, contains, json_to_value};
use crate::spec::{Effects, PickerSpec};
use crate::value::Value;

/// The most rows that one search gives.
pub const MOST_ROWS: u64 = 100;
/// The most ids that are resolved at once.
pub const MOST_IDS: usize = 200;
/// The most characters of a search. Each becomes a part of a pattern, and databases bound those.
pub const LONGEST_SEARCH: usize = 200;
/// Further words of a search are not looked at.
const MOST_WORDS: usize = 8;

/// A question to a picker.
#[derive(Debug, Clone)]
pub struct PickerQuery {
    /// Such as `contact`.
    pub picker: String,
    /// Whose rows.
    pub tenant: Uuid,
    /// Who asks; they need the picker's permission.
    pub caller: Caller,
    /// What is asked.
    pub ask: Ask,
}

/// What is asked of a picker.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Rows that match.
    Search {
        /// Words that the search columns hold, each in any of them; empty for all rows. At most [`LONGEST_SEARCH`]
        /// characters.
        text: String,
        /// Values of the fields that the picker depends on, such as `client_id`. A field that is left out narrows nothing.
        depends_on: BTreeMap<String, Uuid>,
        /// At most this many rows, and at most [`MOST_ROWS`].
        limit: u64,
    },
    /// The rows of these ids, inactive ones included. An id that is not there is left out. At most [`MOST_IDS`].
    Resolve(Vec<Uuid>),
}

/// A row of a picker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The value of the field.
    pub id: Uuid,
    /// What people see.
    pub label: String,
    /// A second line.
    pub detail: Option<String>,
}

impl Runtime {
    /// Answers a picker.
    ///
    /// # Errors
    ///
    /// `PERMISSION_DENIED`, or `VALIDATION_ERROR` for an unknown picker or dependency, or a question out of its bounds.
    pub async fn pick(&self, query: PickerQuery) -> Result<Vec<Choice>> {
        let picker = self.pack().picker(&query.picker)?;
        check(picker, &query.ask)?;
        let (resource, action) = picker.permission;
        let needed = [(resource.to_owned(), action.to_owned())];
        let (database, tables, limit) = (self.database(), self.pack().tables, self.options().call_timeout);
        let mut scope =
            session::begin(limit, database, tables, Effects::Read, query.tenant, query.caller, &needed).await?;
        if scope.granted.is_empty() {
            return Err(Error::denied(resource, action));
        }
        let choices = answer(&mut scope, picker, query.ask).await;
        scope.tx.rollback().await?;
        choices
    }
}

/// What is asked has its bounds, whoever asks: a pattern that is too long, or text with U+0000, databases answer each in a
/// way of its own.
fn check(picker: &PickerSpec, ask: &Ask) -> Result<()> {
    match ask {
        Ask::Resolve(ids) if ids.len() > MOST_IDS => {
            let message = format!("ids must have at most {MOST_IDS} items, and has {}", ids.len());
            Err(Error::invalid_field("/ids", message))
        }
        Ask::Resolve(_) => Ok(()),
        Ask::Search { text, depends_on, .. } => {
            let length = text.chars().count();
            if length > LONGEST_SEARCH {
                let message = format!("search must have at most {LONGEST_SEARCH} characters, and has {length}");
                return Err(Error::invalid_field("/search", message));
            }
            if text.contains('\0') {
                return Err(Error::invalid_field("/search", "search must not contain the character U+0000"));
            }
            match depends_on.keys().find(|field| depended(picker, field).is_none()) {
                Some(field) => {
                    let field: String = field.chars().take(LONGEST_SEARCH).collect();
                    Err(Error::validation(format!("The picker {} does not depend on {field}.", picker.kind)))
                }
                None => Ok(()),
            }
        }
    }
}

/// The column that a field narrows.
fn depended(picker: &PickerSpec, field: &str) -> Option<&'static str> {
    picker.depends_on.iter().find(|(name, _)| *name == field).map(|(_, column)| *column)
}

async fn answer(scope: &mut Scope, picker: &PickerSpec, ask: Ask) -> Result<Vec<Choice>> {
    let engine = scope.tx.engine();
    let table = picker.table;
    let id = (table.name, picker.id);
    let templates = [Some(picker.label_template), picker.detail].into_iter().flatten();
    let named = templates.flat_map(placeholders).chain(picker.label_fallback).chain([picker.id]);
    let mut select = scope.select(table);
    let mut read = Vec::new();
    for name in named {
        if !read.contains(&name) {
            select.column_named(name);
            read.push(name);
        }
    }
    let select = match ask {
        Ask::Resolve(ids) => {
            let ids = ids.into_iter().map(|id| Expr::val(id.encode(ColumnType::Uuid, engine)));
            select.filter_condition(Cond::all().add(Expr::col(id).is_in(ids)))
        }
        Ask::Search { text, depends_on, limit } => {
            let mut select = searched(select, picker, &text, engine);
            for (column, value) in picker.filter {
                let value = serde_json::from_str(value).unwrap_or(Value::Null);
                let mut kept = Cond::any().add(equals(table, column, &value, engine)?);
                if value == Value::Bool(false) {
                    // A flag that was never set is not raised.
                    kept = kept.add(Expr::col((table.name, *column)).is_null());
                }
                select = select.filter_condition(kept);
            }
            let narrowed = depends_on.into_iter().filter_map(|(field, value)| Some((depended(picker, &field)?, value)));
            for (column, value) in narrowed {
                let same = equals(table, column, &Value::String(value.to_string()), engine)?;
                select = select.filter_condition(Cond::all().add(same));
            }
            select.limit(limit.clamp(1, MOST_ROWS))
        }
    };
    let select = placeholders(picker.label_template).fold(select, |select, name| {
        let nullable = table.columns.iter().any(|column| column.name == name && column.nullable);
        select.order_by_name((table.name, name), nullable)
    });
    let rows = select.order_by_name(id, false).all().await?;
    rows.iter().map(|row| choice(row, picker)).collect()
}

/// Every word is in one column or another, so that a first and a last name find a person.
fn searched<'t>(select: Select<'t>, picker: &PickerSpec, text: &str, engine: Engine) -> Select<'t> {
    text.split_whitespace().take(MOST_WORDS).fold(select, |select, word| {
        let columns = picker.search.iter().map(|column| contains((picker.table.name, column), word, engine));
        select.filter_condition(columns.fold(Cond::any(), Cond::add))
    })
}

fn equals(table: &'static Table, column: &'static str, value: &Value, engine: Engine) -> Result<Expr> {
    let spec = table.columns.iter().find(|spec| spec.name == column);
    let value = spec.and_then(|spec| json_to_value(value, spec.ty, engine));
    let value =
        value.ok_or_else(|| Error::internal(format!("A picker compares {column} with a value of another type.")))?;
    Ok(Expr::col((table.name, column)).eq(Expr::val(value)))
}

fn choice(row: &Row, picker: &PickerSpec) -> Result<Choice> {
    let values = row.to_json()?;
    let text = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let fill = |template: &'static str| {
        let filled = placeholders(template)
            .fold(template.to_owned(), |filled, name| filled.replace(&format!("{{{name}}}"), &text(name)));
        filled.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let id = text(picker.id).parse().map_err(|_| Error::internal("A picker's id is not a UUID."))?;
    let mut label = fill(picker.label_template);
    if label.is_empty() {
        label = picker.label_fallback.map(text).unwrap_or_default();
    }
    Ok(Choice { id, label, detail: picker.detail.map(fill).filter(|detail| !detail.is_empty()) })
}

/// The names between braces.
fn placeholders(template: &'static str) -> impl Iterator<Item = &'static str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}
