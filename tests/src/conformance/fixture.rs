//! Rows to start from: `tests/fixtures/base.yaml`, and what a case gives besides.

use std::fs;
use std::path::PathBuf;

use actwright_runtime::Uuid;
use actwright_runtime::database::{Database, load::load_rows};
use serde_json::{Map, Value, json};

use super::alias::{self, Aliases};

/// Rows by tenant. `shared` rows belong to none, or name their own.
#[derive(Debug, Clone)]
pub struct Fixture {
    sections: Vec<(Option<Uuid>, Map<String, Value>)>,
}

impl Fixture {
    /// Reads the rows that every case starts from.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn base(aliases: &mut Aliases) -> Result<Self, String> {
        let path = folder("fixtures").join("base.yaml");
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let value = serde_saphyr::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&value, aliases)
    }

    /// Rows as they are written in YAML.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub fn parse(value: &Value, aliases: &mut Aliases) -> Result<Self, String> {
        let sections = value.as_object().ok_or("rows are given by tenant")?;
        let sections = sections.iter().map(|(name, tables)| {
            let tables = tables.as_object().ok_or_else(|| format!("{name}: rows are given by table"))?;
            let tables = aliases.define(&expand_access(tables)?.into());
            let tenant = (name != "shared").then(|| alias::id(&format!("tenant.{name}")));
            Ok((tenant, tables.as_object().cloned().unwrap_or_default()))
        });
        Ok(Self { sections: sections.collect::<Result<_, String>>()? })
    }

    /// Inserts the rows.
    ///
    /// # Errors
    ///
    /// Names table, row and column.
    pub async fn load(&self, database: &Database) -> Result<(), String> {
        for (tenant, tables) in &self.sections {
            load_rows(database, actwright_generated::tables::ALL, *tenant, tables)
                .await
                .map_err(|error| format!("cannot load the rows: {error}"))?;
        }
        Ok(())
    }
}

/// A folder of the tests.
pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Turns `access` (role: users and permissions) into the four tables that hold it.
fn expand_access(tables: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut expanded = Map::new();
    for (table, rows) in tables {
        if table != "access" {
            expanded.insert(table.clone(), rows.clone());
            continue;
        }
        let mut access = Access::default();
        for (role, grant) in rows.as_object().ok_or("access: expected roles")? {
            access.add(role, grant)?;
        }
        for (table, rows) in access.into_tables() {
            expanded.insert(table.to_owned(), rows.into());
        }
    }
    Ok(expanded)
}

#[derive(Default)]
struct Access {
    roles: Vec<Value>,
    permissions: Vec<Value>,
    role_permissions: Vec<Value>,
    user_roles: Vec<Value>,
}

impl Access {
    fn add(&mut self, role: &str, grant: &Value) -> Result<(), String> {
        let msp = grant.get("msp").and_then(Value::as_bool).unwrap_or(true);
        self.roles.push(json!({ "role_id": format!("$role.{role}"), "role_name": role, "msp": msp, "client": !msp }));
        for user in texts(grant, "users")? {
            self.user_roles.push(json!({ "user_id": format!("$user.{user}"), "role_id": format!("$role.{role}") }));
        }
        // Permissions are rows of their own for each role: the lookup has to stand several rows of one name.
        for (field, msp) in [("permissions", true), ("portal_permissions", false)] {
            for name in texts(grant, field)? {
                let (resource, action) =
                    name.split_once(':').ok_or_else(|| format!("{name}: a permission is resource:action"))?;
                let id = format!("$permission.{role}_{resource}_{action}");
                self.permissions.push(
                    json!({ "permission_id": id, "resource": resource, "action": action, "msp": msp, "client": !msp }),
                );
                self.role_permissions.push(json!({ "role_id": format!("$role.{role}"), "permission_id": id }));
            }
        }
        Ok(())
    }

    fn into_tables(self) -> [(&'static str, Vec<Value>); 4] {
        [
            ("roles", self.roles),
            ("permissions", self.permissions),
            ("role_permissions", self.role_permissions),
            ("user_roles", self.user_roles),
        ]
    }
}

fn texts<'v>(value: &'v Value, field: &str) -> Result<Vec<&'v str>, String> {
    let list = value.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|item| item.as_str().ok_or_else(|| format!("{field}: expected names"))).collect()
}
