//! The role that calls run as on PostgreSQL: what it needs, and whether row level security binds it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Database, Engine, Tx};
use crate::call::session::values;
use crate::error::{Error, Result};
use crate::query::{ColumnType, ColumnValue, Scope, Table};

const READ: &[&str] = &["SELECT"];
const WRITE: &[&str] = &["SELECT", "INSERT", "UPDATE"];
const APPEND: &[&str] = &["SELECT", "INSERT"];
/// What becomes known of a call later is entered into its audit row. Nothing else of it changes.
const AUDIT: &[&str] = &["SELECT", "INSERT", "UPDATE (changed_data)"];
/// The sweeper removes what is past its retention.
const SWEEP: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE"];

/// Our own tables from which nothing is removed.
const OWN: &[(&str, &[&str])] = &[("audit_amendments", APPEND), ("audit_seals", APPEND), ("audit_heads", WRITE)];

/// What the kernel reads of a PSA and never writes, whatever a pack declares.
const IDENTITY: &[&str] = &[
    "tenants",
    "users",
    "roles",
    "permissions",
    "role_permissions",
    "user_roles",
    "team_members",
    "authorization_bundles",
    "authorization_bundle_revisions",
    "authorization_bundle_rules",
    "authorization_bundle_assignments",
    "workflow_definitions",
    "workflow_definition_versions",
    "workflow_runs",
];

/// How the role of a connection stands to the second wall between tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleStatus {
    /// The role that the database is used as.
    pub role: String,
    /// It is a superuser or has BYPASSRLS, so that row level security does not bind it.
    pub bypasses_row_level_security: bool,
    /// Tables of ours with a tenant that no policy protects, although one should.
    pub unprotected: Vec<String>,
    /// What calls need and the role may not do, such as `UPDATE ON quotes`.
    pub missing: Vec<String>,
}

impl Database {
    /// Says what the role that this database is opened as may do. `None` on SQLite, which has no roles.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn role_status(&self, tables: &[&Table]) -> Result<Option<RoleStatus>> {
        if self.engine() == Engine::Sqlite {
            return Ok(None);
        }
        let mut tx = self.begin_read().await?;
        let rows = tx.query_sql(WHO, values([])).await?;
        let row = rows.first().ok_or_else(|| Error::internal("The database does not say who is connected."))?;
        let role: String = row.get(0, ColumnType::Text)?;
        let status = RoleStatus {
            bypasses_row_level_security: row.get(1, ColumnType::Boolean)?,
            unprotected: row.get(2, ColumnType::TextArray)?,
            missing: missing(&mut tx, &role, tables).await?,
            role,
        };
        tx.rollback().await?;
        Ok(Some(status))
    }

    /// The statements that let a role run calls and nothing more, for [`Database::grant`] or an administrator. They cover the
    /// tables that are there; after a migration that adds some, grant again.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` on SQLite, `NOT_FOUND` for a role that is not there, and those of the database.
    pub async fn grants(&self, role: &str, tables: &[&Table]) -> Result<Vec<String>> {
        if self.engine() == Engine::Sqlite {
            return Err(Error::validation("SQLite has no roles: who may read the file may read all of it."));
        }
        let mut tx = self.begin_read().await?;
        let named = values([role.to_owned().encode(ColumnType::Text, Engine::Postgres)]);
        let rows = tx.query_sql(ROLE, named).await?;
        let Some(row) = rows.first() else {
            let message = format!("There is no role {role}. Create it with: CREATE ROLE {role} LOGIN PASSWORD …");
            return Err(Error::nothing_found(message));
        };
        let role: String = row.get(0, ColumnType::Text)?;
        let mut statements = vec![format!("GRANT USAGE ON SCHEMA actwright TO {role}")];
        for Need { object, sequence, privileges } in needs(&mut tx, tables).await? {
            let kind = if sequence { "SEQUENCE " } else { "" };
            statements.push(format!("GRANT {} ON {kind}{object} TO {role}", privileges.join(", ")));
        }
        tx.rollback().await?;
        Ok(statements)
    }

    /// Lets a role run calls. Only the owner of the tables may do so.
    ///
    /// # Errors
    ///
    /// As [`Database::grants`], and `PERMISSION_DENIED` for somebody who does not own the tables; then nothing is granted.
    pub async fn grant(&self, role: &str, tables: &[&Table]) -> Result<Vec<String>> {
        let statements = self.grants(role, tables).await?;
        let mut tx = self.begin_write().await?;
        for statement in &statements {
            // Somebody who may not grant is told so by an error or, who has some right themselves, by nothing at all.
            match tx.execute_sql(statement.clone(), values([])).await {
                Err(error) if error.retryable() => return Err(error),
                Err(_) => return Err(not_the_owner()),
                Ok(_) => {}
            }
        }
        if !missing(&mut tx, role, tables).await?.is_empty() {
            return Err(not_the_owner());
        }
        tx.commit().await?;
        Ok(statements)
    }
}

fn not_the_owner() -> Error {
    Error::no_actor("The tables belong to another role, which has to grant this. Print the statements for it.")
}

/// What a role may not do and needs.
async fn missing(tx: &mut Tx, role: &str, tables: &[&Table]) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    let text = |text: &str| text.to_owned().encode(ColumnType::Text, Engine::Postgres);
    let named = values([text(role)]);
    let rows = tx.query_sql(MAY_ENTER, named).await?;
    let may_enter = rows.first().map(|row| row.get(0, ColumnType::Boolean)).transpose()?.unwrap_or(false);
    if !may_enter {
        missing.push("USAGE ON SCHEMA actwright".to_owned());
    }
    for Need { object, sequence, privileges } in needs(tx, tables).await? {
        if !may_enter && object.starts_with("actwright.") {
            // PostgreSQL does not even say what it may do there.
            continue;
        }
        for privilege in privileges {
            let (role, table) = (text(role), text(&object));
            let (statement, asked) = match privilege.strip_suffix(')').and_then(|privilege| privilege.split_once(" ("))
            {
                Some((privilege, column)) => (MAY_COLUMN, values([role, table, text(privilege), text(column)])),
                None => (if sequence { MAY_DRAW } else { MAY }, values([role, table, text(privilege)])),
            };
            let rows = tx.query_sql(statement, asked).await?;
            if !rows.first().map(|row| row.get(0, ColumnType::Boolean)).transpose()?.unwrap_or(false) {
                missing.push(format!("{privilege} ON {object}"));
            }
        }
    }
    Ok(missing)
}

/// What a role has to be granted on one table or sequence.
struct Need {
    /// Its name, as statements write it.
    object: String,
    sequence: bool,
    privileges: &'static [&'static str],
}

/// What calls need, of what is there.
async fn needs(tx: &mut Tx, tables: &[&Table]) -> Result<Vec<Need>> {
    let mut wanted: BTreeMap<&str, &'static [&'static str]> = BTreeMap::new();
    for table in tables {
        wanted.insert(table.name, if table.scope == Scope::Tenant { WRITE } else { READ });
    }
    wanted.extend(IDENTITY.iter().map(|table| (*table, READ)));
    wanted.insert("audit_logs", AUDIT);
    let named = |written: bool| {
        let names = wanted.iter().filter(|(_, privileges)| !written || privileges.contains(&"INSERT"));
        let names: Vec<String> = names.map(|(name, _)| (*name).to_owned()).collect();
        names.encode(ColumnType::TextArray, Engine::Postgres)
    };
    let mut needs = Vec::new();
    for row in tx.query_sql(TABLES, values([named(false)])).await? {
        let name: String = row.get(0, ColumnType::Text)?;
        let privileges = match row.get::<Option<bool>>(2, ColumnType::Boolean)? {
            Some(true) => OWN.iter().find(|(table, _)| *table == name).map_or(SWEEP, |(_, privileges)| privileges),
            Some(false) => READ,
            None => wanted.get(name.as_str()).copied().unwrap_or(READ),
        };
        needs.push(Need { object: row.get(1, ColumnType::Text)?, sequence: false, privileges });
    }
    for row in tx.query_sql(SEQUENCES, values([named(true)])).await? {
        needs.push(Need { object: row.get(0, ColumnType::Text)?, sequence: true, privileges: &["USAGE"] });
    }
    Ok(needs)
}

const WHO: &str = "SELECT current_user::text, r.rolsuper OR r.rolbypassrls, ARRAY(SELECT c.relname::text FROM pg_class c \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped \
     WHERE c.relnamespace = to_regnamespace('actwright') AND c.relkind IN ('r', 'p') \
     AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)) \
     ORDER BY 1) FROM pg_roles r WHERE r.rolname = current_user";
const ROLE: &str = "SELECT quote_ident(rolname)::text FROM pg_roles WHERE rolname = $1";
const MAY_ENTER: &str =
    "SELECT to_regnamespace('actwright') IS NULL OR has_schema_privilege($1::name, 'actwright', 'USAGE')";
const MAY: &str = "SELECT has_table_privilege($1::name, $2, $3)";
const MAY_COLUMN: &str = "SELECT has_column_privilege($1::name, $2, $4, $3)";
const MAY_DRAW: &str = "SELECT has_sequence_privilege($1::name, $2, $3)";
/// Sequences that defaults of these tables draw from. A default that calls another function is not looked into.
const SEQUENCES: &str = "SELECT DISTINCT d.refobjid::regclass::text FROM unnest($1::text[]) AS wanted(name) \
     JOIN pg_attrdef f ON f.adrelid = to_regclass(quote_ident(name)) \
     JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass \
     JOIN pg_class c ON c.oid = d.refobjid AND c.relkind = 'S' ORDER BY 1";
/// Name, name as statements write it, and for tables of ours whether they hold what is a tenant's.
const TABLES: &str = "SELECT name, quote_ident(name)::text, NULL::boolean FROM unnest($1::text[]) AS wanted(name) \
     WHERE to_regclass(quote_ident(name)) IS NOT NULL \
     UNION ALL SELECT c.relname::text, format('%I.%I', 'actwright', c.relname), EXISTS (SELECT 1 FROM pg_attribute a \
     WHERE a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped) \
     FROM pg_class c WHERE c.relnamespace = to_regnamespace('actwright') AND c.relkind IN ('r', 'p') ORDER BY 2";
