//! `specs/tables.yaml`: the tables that bodies and pickers may use.

use std::collections::{BTreeMap, HashMap};

use super::File;
use super::keys::{Keys, Notes};
use super::mappings::{AUTHORIZATION, TABLE, TABLES};
use super::names::{identity, is_impossible, is_snake};
use crate::diagnostic::Code;
use crate::model::{Authorization, Column, ColumnType, Parent, Scope, Table};
use crate::yaml::{Key, Node};

/// Every statement carries it by itself.
const TENANT_COLUMN: &str = "tenant";

/// The tables that the file declares; `None` when it cannot be said which.
pub fn tables(notes: &mut Notes<'_>, file: &File<'_>) -> Option<BTreeMap<String, Option<Table>>> {
    let keys = Keys::of(notes, &file.node, TABLES)?;
    let entries = keys.require(notes, "tables").and_then(|node| notes.entries(node, "`tables`"))?;
    let mut seen = HashMap::new();
    for (key, _) in entries {
        check_name(notes, key, "a table", &mut seen);
    }
    let mut all: BTreeMap<String, Option<Table>> =
        entries.iter().map(|(key, node)| (key.text.clone(), table(notes, key, node))).collect();
    let children: Vec<&str> =
        entries.iter().filter(|(_, node)| node.get("belongs_to").is_some()).map(|(key, _)| key.text.as_str()).collect();
    let parents: Vec<_> = entries.iter().map(|(key, node)| belongs_to(notes, &all, &children, key, node)).collect();
    for ((key, _), parent) in entries.iter().zip(parents) {
        if let (Some(parent), Some(Some(table))) = (parent, all.get_mut(&key.text)) {
            table.scope = Scope::Through(parent);
        }
    }
    Some(all)
}

fn check_name<'k>(notes: &mut Notes<'_>, key: &'k Key, what: &str, seen: &mut HashMap<String, &'k Key>) {
    if !is_snake(&key.text) || is_impossible(&key.text) {
        let error = notes.error(Code::BadName, &key.span, format!("`{}` cannot be the name of {what}", key.text));
        error.help("write it in lower case with underscores");
    } else if let Some(first) = seen.insert(identity(&key.text), key) {
        let message = format!("`{}` and `{}` would be one name in Rust", first.text, key.text);
        notes.error(Code::Duplicate, &key.span, message).also(&first.span, "the other one");
    }
}

fn table(notes: &mut Notes<'_>, key: &Key, node: &Node) -> Option<Table> {
    let keys = Keys::of(notes, node, TABLE)?.named_by(key);
    let description = keys.prose(notes, "description");
    let system = keys.choice(notes, "scope", &[("tenant", false), ("system", true)]).unwrap_or(false);
    let scope = if system { Scope::System } else { Scope::Tenant };
    let primary = keys.require(notes, "key").and_then(|node| notes.texts(node, "`key`"));
    let columns_node = keys.require(notes, "columns")?;
    let entries = notes.entries(columns_node, "`columns`")?;
    if entries.is_empty() {
        notes.error(Code::BadTable, &columns_node.span, "a table needs at least one column");
    }
    let mut seen = HashMap::new();
    for (key, _) in entries {
        check_name(notes, key, "a column", &mut seen);
    }
    let columns: Option<Vec<Column>> = entries.iter().map(|(key, node)| column(notes, key, node)).collect();
    let (primary, columns) = (primary?, columns?);
    for (name, item) in &primary {
        match columns.iter().find(|column| column.name == *name) {
            Some(column) if column.nullable => {
                let message = format!("`{name}` is part of the key, so it cannot be null");
                notes.error(Code::BadTable, &item.span, message).help("take the `?` off its type");
            }
            Some(_) => {}
            None => {
                let error = notes.error(Code::UnknownTable, &item.span, format!("the table has no column `{name}`"));
                error.suggest(name, columns.iter().map(|column| column.name.as_str()));
            }
        }
    }
    let authorization = keys.get("authorization").and_then(|node| authorization(notes, node, system, &columns));
    let key_columns = primary.into_iter().map(|(name, _)| name.to_owned()).collect();
    Some(Table { name: key.text.clone(), description, scope, key: key_columns, columns, authorization })
}

fn authorization(notes: &mut Notes<'_>, node: &Node, system: bool, columns: &[Column]) -> Option<Authorization> {
    let keys = Keys::of(notes, node, AUTHORIZATION)?;
    if system {
        let error = notes.error(Code::BadTable, &node.span, "rows of all tenants cannot be authorized one by one");
        error.help("record-level authorization is for tables of `scope: tenant`");
    }
    let resources = keys.require(notes, "resources").and_then(|node| Some((node, notes.texts(node, "`resources`")?)));
    let owner = keys.get("owner").and_then(|node| id_column(notes, node, columns));
    let client = keys.get("client").and_then(|node| id_column(notes, node, columns));
    let (node, resources) = resources?;
    if resources.is_empty() {
        notes.error(Code::BadTable, &node.span, "`resources` needs at least one resource");
    }
    Some(Authorization { resources: resources.into_iter().map(|(name, _)| name.to_owned()).collect(), owner, client })
}

/// The row that each row of a table refers to, whose tenant is theirs: `belongs_to: { COLUMN: TABLE }`.
fn belongs_to(
    notes: &mut Notes<'_>,
    tables: &BTreeMap<String, Option<Table>>,
    children: &[&str],
    key: &Key,
    node: &Node,
) -> Option<Parent> {
    let value = node.get("belongs_to")?;
    let [(column, parent_node)] = notes.entries(value, "`belongs_to`")? else {
        let error = notes.error(Code::WrongShape, &value.span, "`belongs_to` names one column and its table");
        error.help("write `belongs_to: { COLUMN: TABLE }`");
        return None;
    };
    for other in ["scope", "authorization"] {
        if node.get(other).is_some() {
            let error =
                notes.error(Code::BadTable, &value.span, format!("`belongs_to` and `{other}` exclude each other"));
            error.help("rows that belong to another row have its tenant, and are read only");
        }
    }
    let parent_name = notes.text(parent_node, "the table that rows belong to")?;
    let Some(parent) = tables.get(parent_name) else {
        let error = notes.error(Code::UnknownTable, &parent_node.span, format!("there is no table `{parent_name}`"));
        error.suggest(parent_name, tables.keys().map(String::as_str));
        return None;
    };
    let (parent, child) = (parent.as_ref()?, tables.get(&key.text)?.as_ref()?);
    let whole = parent.scope == Scope::Tenant && !children.contains(&parent_name);
    if !whole || parent.authorization.is_some() || parent.key.len() != 1 {
        let message = format!("no row can belong to one of `{parent_name}`");
        let error = notes.error(Code::BadTable, &parent_node.span, message);
        error.help("name a table of scope `tenant` with a key of one column and without record-level authorization");
        return None;
    }
    let type_of = |table: &Table, name: &str| table.columns.iter().find(|column| column.name == name).map(|one| one.ty);
    let found = type_of(child, &column.text);
    if found.is_none() {
        let message = format!("the table has no column `{}`", column.text);
        let error = notes.error(Code::UnknownTable, &column.span, message);
        error.suggest(&column.text, child.columns.iter().map(|column| column.name.as_str()));
    } else if found != type_of(parent, &parent.key[0]) {
        let message = format!("`{}` and the key of `{parent_name}` are of different types", column.text);
        notes.error(Code::BadTable, &column.span, message);
    }
    found?;
    Some(Parent { column: column.text.clone(), table: parent.name.clone(), key: parent.key[0].clone() })
}

/// The name of a column that holds ids.
fn id_column(notes: &mut Notes<'_>, node: &Node, columns: &[Column]) -> Option<String> {
    let name = notes.text(node, "a column")?;
    match columns.iter().find(|column| column.name == name) {
        Some(column) if column.ty == ColumnType::Uuid => return Some(name.to_owned()),
        Some(_) => {
            notes.error(Code::BadTable, &node.span, format!("`{name}` does not hold ids")).help("name a uuid column");
        }
        None => {
            let error = notes.error(Code::UnknownTable, &node.span, format!("the table has no column `{name}`"));
            error.suggest(name, columns.iter().map(|column| column.name.as_str()));
        }
    }
    None
}

fn column(notes: &mut Notes<'_>, key: &Key, node: &Node) -> Option<Column> {
    const TYPES: &[(&str, ColumnType)] = &[
        ("uuid", ColumnType::Uuid),
        ("text", ColumnType::Text),
        ("integer", ColumnType::Integer),
        ("bigint", ColumnType::Bigint),
        ("boolean", ColumnType::Boolean),
        ("timestamp", ColumnType::Timestamp),
        ("date", ColumnType::Date),
        ("decimal", ColumnType::Decimal),
        ("json", ColumnType::Json),
        ("text_array", ColumnType::TextArray),
    ];
    if key.text == TENANT_COLUMN {
        let error = notes.error(Code::BadTable, &key.span, "the tenant column is never listed");
        error.help("every statement carries the tenant by itself: leave the column out");
        return None;
    }
    let text = notes.text(node, "the type of a column")?;
    let (name, nullable) = text.strip_suffix('?').map_or((text, false), |name| (name, true));
    let Some((_, ty)) = TYPES.iter().find(|(known, _)| *known == name) else {
        let error = notes.error(Code::UnknownType, &node.span, format!("there is no column type `{name}`"));
        error.suggest(name, TYPES.iter().map(|(known, _)| *known));
        return None;
    };
    Some(Column { name: key.text.clone(), ty: *ty, nullable })
}
