//! Everything that a database holds, as JSON that is the same on both engines, and what changed in it.

use std::collections::BTreeMap;

use actwright_runtime::database::Database;
use actwright_runtime::query::{ColumnType, Table};
use actwright_runtime::{Decimal, Timestamp};
use serde_json::{Map, Value, json};

/// Tables that hold what calls leave behind besides their effect.
pub const AUDIT: &str = "audit_logs";
/// What became known after an audit row had been written.
pub const AMENDMENTS: &str = "audit_amendments";
/// Results by idempotency key.
pub const LEDGER: &str = "idempotency_ledger";
/// Events, mails and jobs.
pub const OUTBOX: &str = "outbox";

/// Our own tables: none of them is the PSA's.
pub const OWN: &[&str] = &[LEDGER, OUTBOX, AMENDMENTS, "audit_seals", "audit_heads"];

/// Rows by table. Our own tables go by one name on both engines.
pub type Dump = BTreeMap<String, Vec<Value>>;

/// Reads all tables.
///
/// # Errors
///
/// Those of the database.
pub async fn dump(database: &Database) -> Result<Dump, sqlx::Error> {
    Snapshot::of(database).await?.read()
}

/// All rows as the database writes them. Of two, only what differs is read: with hundreds of rows and a few that changed,
/// reading them is most of the work.
#[derive(Debug, Default)]
pub struct Snapshot(BTreeMap<String, Vec<String>>);

impl Snapshot {
    /// The rows of all tables, at one moment.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn of(database: &Database) -> Result<Self, sqlx::Error> {
        let tables = tables(database).await?;
        let queries: Vec<&str> = tables.values().map(String::as_str).collect();
        let mut rows: BTreeMap<String, Vec<String>> = tables.keys().map(|name| (name.clone(), Vec::new())).collect();
        for (name, row) in texts(database, queries.join(" UNION ALL ")).await? {
            rows.entry(name).or_default().push(row);
        }
        Ok(Self(rows))
    }

    /// Each row as it is written.
    pub fn rows(&self) -> impl Iterator<Item = &str> {
        self.0.values().flatten().map(String::as_str)
    }

    /// What the rows are.
    ///
    /// # Errors
    ///
    /// The database writes what is no JSON.
    pub fn read(&self) -> Result<Dump, sqlx::Error> {
        self.but_for(&Self::default())
    }

    /// As [`changes`], up to a later one.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::read`].
    pub fn changes(&self, after: &Self) -> Result<BTreeMap<String, Vec<Value>>, sqlx::Error> {
        Ok(changes(&self.but_for(after)?, &after.but_for(self)?))
    }

    /// The rows that another one has not, or not as often.
    fn but_for(&self, other: &Self) -> Result<Dump, sqlx::Error> {
        let mut dump = Dump::new();
        for (name, rows) in &self.0 {
            let mut known: BTreeMap<&String, usize> = BTreeMap::new();
            for row in other.0.get(name).into_iter().flatten() {
                *known.entry(row).or_default() += 1;
            }
            let mut read = Vec::new();
            for row in rows {
                if let Some(left) = known.get_mut(row).filter(|left| **left > 0) {
                    *left -= 1;
                    continue;
                }
                let row: Value = serde_json::from_str(row).map_err(|error| sqlx::Error::Decode(error.into()))?;
                read.push(normalize(name, row));
            }
            read.sort_by_cached_key(|row| identity(name, row));
            dump.insert(name.clone(), read);
        }
        Ok(dump)
    }
}

/// Each table with the query that gives its name and its rows as JSON texts.
async fn tables(database: &Database) -> Result<BTreeMap<String, String>, sqlx::Error> {
    let list = match database {
        Database::Sqlite { .. } => {
            "SELECT m.name, (SELECT group_concat('''' || c.name || ''', \"' || c.name || '\"')
                FROM pragma_table_info(m.name) c)
             FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE '%migrations%' AND m.name NOT LIKE 'sqlite_%'"
        }
        Database::Postgres { .. } => {
            "SELECT table_name::text, table_schema::text FROM information_schema.tables
             WHERE table_schema IN ('public', 'actwright') AND table_type = 'BASE TABLE'
               AND table_name NOT LIKE '%migrations%'"
        }
    };
    let tables = texts(database, list.to_owned()).await?.into_iter().map(|(table, of)| {
        let name = table.trim_start_matches("actwright_").to_owned();
        let query = match database {
            Database::Sqlite { .. } => format!("SELECT '{name}', json_object({of}) FROM \"{table}\""),
            Database::Postgres { .. } => format!("SELECT '{name}', to_jsonb(t)::text FROM \"{of}\".\"{table}\" t"),
        };
        (name, query)
    });
    Ok(tables.collect())
}

/// The rows of a query of two texts.
async fn texts(database: &Database, query: String) -> Result<Vec<(String, String)>, sqlx::Error> {
    let query = sqlx::AssertSqlSafe(query);
    match database {
        Database::Sqlite { writer, .. } => sqlx::query_as(query).fetch_all(writer).await,
        Database::Postgres { pool, .. } => sqlx::query_as(query).fetch_all(pool).await,
    }
}

/// Brings what each engine makes of a type to one form.
fn normalize(table: &str, row: Value) -> Value {
    let Value::Object(columns) = row else { return row };
    let columns = columns.into_iter().map(|(name, value)| {
        let value = match (column_type(table, &name), value) {
            (Some(ColumnType::Timestamp), Value::Number(micros)) => {
                micros.as_i64().and_then(Timestamp::from_micros).map_or(Value::Null, |at| json!(at))
            }
            (Some(ColumnType::Timestamp), Value::String(text)) => json!(Timestamp::parse(&text)),
            (Some(ColumnType::Boolean), Value::Number(flag)) => (flag.as_i64() == Some(1)).into(),
            (Some(ColumnType::Decimal), Value::Number(number)) => decimal(&number.to_string()),
            (Some(ColumnType::Decimal), Value::String(text)) => decimal(&text),
            (Some(ColumnType::Json | ColumnType::TextArray), Value::String(text)) => {
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            }
            (_, value) => value,
        };
        (name, value)
    });
    columns.collect::<Map<_, _>>().into()
}

/// A number as a case writes it.
fn decimal(text: &str) -> Value {
    let number = Decimal::from_str_exact(text).map(|number| number.normalize().to_string());
    number.ok().and_then(|number| serde_json::from_str(&number).ok()).unwrap_or(Value::Null)
}

fn pack_table(name: &str) -> Option<&'static Table> {
    actwright_generated::tables::ALL.iter().copied().find(|table| table.name == name)
}

/// The types of what bodies can use, and of what the kernel writes itself.
fn column_type(table: &str, column: &str) -> Option<ColumnType> {
    match (table, column) {
        (AUDIT, "changed_data" | "details") | (OUTBOX, "payload") | (LEDGER, "output") => Some(ColumnType::Json),
        (AUDIT, "timestamp") => Some(ColumnType::Timestamp),
        _ => pack_table(table)?.columns.iter().find(|one| one.name == column).map(|one| one.ty),
    }
}

/// What makes a row the same row; the whole row where the key is not known.
fn identity(table: &str, row: &Value) -> String {
    match pack_table(table) {
        Some(table) => {
            let key = ["tenant"].iter().chain(table.key).map(|column| row[*column].to_string());
            key.collect::<Vec<_>>().join(" ")
        }
        None => row.to_string(),
    }
}

/// What became of the rows of each table: `{added}`, `{removed}`, or `{changed, to}` with the row before and the new
/// values of the columns that differ.
pub fn changes(before: &Dump, after: &Dump) -> BTreeMap<String, Vec<Value>> {
    let tables = before.keys().chain(after.keys());
    let changes = tables.map(|table| {
        let rows = |dump: &Dump| {
            let mut rows: BTreeMap<Identity, Value> = BTreeMap::new();
            for row in dump.get(table).into_iter().flatten() {
                let identity = identity(table, row);
                let alike = rows.range((identity.clone(), 0)..=(identity.clone(), usize::MAX)).count();
                rows.insert((identity, alike), row.clone());
            }
            rows
        };
        (table.clone(), row_changes(&rows(before), &rows(after)))
    });
    changes.filter(|(_, changes)| !changes.is_empty()).collect()
}

/// What makes a row the same row, and how many others were the same before it: none where there is a key.
type Identity = (String, usize);

fn row_changes(before: &BTreeMap<Identity, Value>, after: &BTreeMap<Identity, Value>) -> Vec<Value> {
    let removed = before.iter().filter(|(key, _)| !after.contains_key(*key)).map(|(_, row)| json!({ "removed": row }));
    let written = after.iter().filter_map(|(key, row)| match before.get(key) {
        None => Some(json!({ "added": row })),
        Some(old) if old == row => None,
        Some(old) => {
            let columns = row.as_object().into_iter().flatten();
            let to: Map<_, _> =
                columns.filter(|(name, value)| old[*name] != **value).map(|(n, v)| (n.clone(), v.clone())).collect();
            Some(json!({ "changed": old, "to": to }))
        }
    });
    removed.chain(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(rows: &[&str]) -> Snapshot {
        Snapshot(BTreeMap::from([("doubles".to_owned(), rows.iter().map(|row| (*row).to_owned()).collect())]))
    }

    /// What is there twice after a crash must not look as if it were there once.
    #[test]
    fn a_second_row_that_is_the_same_is_seen() {
        let (once, twice) = (snapshot(&[r#"{"a":1}"#]), snapshot(&[r#"{"a":1}"#, r#"{"a":1}"#]));
        let changes = |before: &Snapshot, after: &Snapshot| json!(before.changes(after).unwrap());
        assert_eq!(changes(&once, &twice), json!({ "doubles": [{ "added": { "a": 1 } }] }));
        assert_eq!(changes(&twice, &once), json!({ "doubles": [{ "removed": { "a": 1 } }] }));
        let added = json!({ "doubles": [{ "added": { "a": 1 } }, { "added": { "a": 1 } }] });
        assert_eq!(changes(&snapshot(&[]), &twice), added);
        assert_eq!(changes(&twice, &twice), json!({}));
    }
}
