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
            let tables = aliases.define(&expand(tables)?.into());
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

/// Turns `access` (role: users and permissions) and `bundles` (name: assignment and rules) into the four tables that
/// hold each.
fn expand(tables: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut expanded = Map::new();
    for (table, rows) in tables {
        let several = match table.as_str() {
            "access" => {
                let mut access = Access::default();
                for (role, grant) in rows.as_object().ok_or("access: expected roles")? {
                    access.add(role, grant)?;
                }
                access.into_tables()
            }
            "bundles" => bundles(rows.as_object().ok_or("bundles: expected names")?)?,
            _ => {
                expanded.insert(table.clone(), rows.clone());
                continue;
            }
        };
        expanded.extend(several.map(|(table, rows)| (table.to_owned(), rows.into())));
    }
    Ok(expanded)
}

/// Bundles of record-level authorization: `to` is whom they are assigned to, such as `user.finance`; of a rule, what is
/// not said is for reading the resource `billing`.
fn bundles(named: &Map<String, Value>) -> Result<[(&'static str, Vec<Value>); 4], String> {
    let mut tables = [
        ("authorization_bundles", Vec::new()),
        ("authorization_bundle_revisions", Vec::new()),
        ("authorization_bundle_rules", Vec::new()),
        ("authorization_bundle_assignments", Vec::new()),
    ];
    for (name, bundle) in named {
        let (id, revision) = (format!("$bundle.{name}"), format!("$revision.{name}"));
        let to = bundle["to"].as_str().ok_or_else(|| format!("{name}: expected `to`"))?;
        let published = bundle["published"].as_bool().unwrap_or(true);
        tables[0].1.push(json!({
            "bundle_id": id, "name": name, "status": bundle["status"].as_str().unwrap_or("active"),
            "published_revision_id": published.then_some(&revision),
        }));
        let state = if published { "published" } else { "draft" };
        tables[1]
            .1
            .push(json!({ "revision_id": revision, "bundle_id": id, "revision_number": 1, "lifecycle_state": state }));
        for (number, rule) in bundle["rules"].as_array().into_iter().flatten().enumerate() {
            let mut row = json!({
                "rule_id": format!("$rule.{name}_{number}"), "bundle_id": id, "revision_id": revision,
                "resource_type": "billing", "action": "read", "config": {},
            });
            if let (Some(row), Some(rule)) = (row.as_object_mut(), rule.as_object()) {
                row.extend(rule.clone());
            }
            tables[2].1.push(row);
        }
        tables[3].1.push(json!({
            "assignment_id": format!("$assignment.{name}"), "bundle_id": id, "target_id": format!("${to}"),
            "target_type": to.split('.').next(), "status": bundle["assignment"].as_str().unwrap_or("active"),
        }));
    }
    Ok(tables)
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
