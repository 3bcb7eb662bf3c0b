//! Creates the tables, and says what state a database is in.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};

use super::fault::Fault;
use super::{Database, Engine};
use crate::error::{Error, Result};

/// SQL files of one set, oldest first.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// Such as `crm`; part of the name of the table that remembers which were applied.
    pub name: &'static str,
    /// Description and SQL for SQLite.
    pub sqlite: &'static [(&'static str, &'static str)],
    /// Description and SQL for PostgreSQL.
    pub postgres: &'static [(&'static str, &'static str)],
}

/// The ledger, the outbox, and the seals of audit rows.
pub(crate) const OWN: Migrations = Migrations {
    name: "own",
    sqlite: &[
        ("ledger and outbox", include_str!("../../migrations/sqlite/own/0001_ledger_and_outbox.sql")),
        ("delivery", include_str!("../../migrations/sqlite/own/0002_delivery.sql")),
        ("audit seals", include_str!("../../migrations/sqlite/own/0003_audit_seals.sql")),
        ("outbox order", include_str!("../../migrations/sqlite/own/0004_outbox_order.sql")),
        ("row level security", include_str!("../../migrations/sqlite/own/0005_row_level_security.sql")),
        ("outbox leases", include_str!("../../migrations/sqlite/own/0006_outbox_leases.sql")),
    ],
    postgres: &[
        ("ledger and outbox", include_str!("../../migrations/postgres/own/0001_ledger_and_outbox.sql")),
        ("delivery", include_str!("../../migrations/postgres/own/0002_delivery.sql")),
        ("audit seals", include_str!("../../migrations/postgres/own/0003_audit_seals.sql")),
        ("outbox order", include_str!("../../migrations/postgres/own/0004_outbox_order.sql")),
        ("row level security", include_str!("../../migrations/postgres/own/0005_row_level_security.sql")),
        ("outbox leases", include_str!("../../migrations/postgres/own/0006_outbox_leases.sql")),
    ],
};

/// Tenants, users, permissions, rules on records, audit and workflow runs: what a PSA database has already.
pub(crate) const HOST: Migrations = Migrations {
    name: "host",
    sqlite: &[
        ("host", include_str!("../../migrations/sqlite/host/0001_host.sql")),
        ("record authorization", include_str!("../../migrations/sqlite/host/0002_record_authorization.sql")),
    ],
    postgres: &[
        ("host", include_str!("../../migrations/postgres/host/0001_host.sql")),
        ("record authorization", include_str!("../../migrations/postgres/host/0002_record_authorization.sql")),
    ],
};

/// Whose tables a database holds besides ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// All tables are created here.
    StandAlone,
    /// An existing PSA database: only the ledger and the outbox are created, in a schema of their own.
    Psa,
}

/// The state of one set of migrations.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SetStatus {
    /// Name of the set.
    pub name: &'static str,
    /// Descriptions of those that were applied.
    pub applied: Vec<String>,
    /// Descriptions of those that were not.
    pub pending: Vec<String>,
}

impl Database {
    /// Applies what is missing: our own tables, and with [`Layout::StandAlone`] the host's and the pack's.
    /// Doing it twice changes nothing.
    ///
    /// # Errors
    ///
    /// `CONFLICT` when a migration was edited after it had been applied or a table is there already; otherwise those
    /// of the database.
    pub async fn migrate(&self, layout: Layout, pack: Option<&Migrations>) -> Result<()> {
        if layout == Layout::Psa && self.engine() == Engine::Sqlite {
            return Err(Error::validation("The layout psa is for an existing PSA database, which is PostgreSQL."));
        }
        let sets = match layout {
            Layout::StandAlone => [Some(&OWN), Some(&HOST), pack],
            Layout::Psa => [Some(&OWN), None, None],
        };
        for set in sets.into_iter().flatten() {
            let migrator = self.migrator(set);
            match self {
                Self::Sqlite { writer, .. } => migrator.run(writer).await,
                Self::Postgres { pool, .. } => migrator.run(pool).await,
            }
            .map_err(|error| migration_failed(set, error))?;
        }
        Ok(())
    }

    /// What was applied and what was not. Changes nothing.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn migration_status(&self, pack: Option<&Migrations>) -> Result<Vec<SetStatus>> {
        let mut status = Vec::new();
        for set in [Some(&OWN), Some(&HOST), pack].into_iter().flatten() {
            let migrator = self.migrator(set);
            let listed = match self {
                Self::Sqlite { writer, .. } => {
                    writer.acquire().await?.list_applied_migrations(&migrator.table_name).await
                }
                Self::Postgres { pool, .. } => {
                    pool.acquire().await?.list_applied_migrations(&migrator.table_name).await
                }
            };
            let applied = match listed {
                Ok(applied) => applied,
                // A list of a table that is not there: nothing was applied. Any other error says nothing about that.
                Err(MigrateError::Execute(error)) if Fault::of(&error) == Fault::NotSetUp => Vec::new(),
                Err(MigrateError::Execute(error)) => return Err(error.into()),
                Err(_) => return Err(Fault::Unexpected.into()),
            };
            let (done, open): (Vec<_>, Vec<_>) =
                migrator.iter().partition(|migration| applied.iter().any(|one| one.version == migration.version));
            let names = |list: Vec<&Migration>| list.iter().map(|one| one.description.to_string()).collect();
            status.push(SetStatus { name: set.name, applied: names(done), pending: names(open) });
        }
        Ok(status)
    }

    fn migrator(&self, set: &Migrations) -> Migrator {
        let (files, table) = match self.engine() {
            Engine::Sqlite => (set.sqlite, format!("actwright_migrations_{}", set.name)),
            Engine::Postgres => (set.postgres, format!("actwright.migrations_{}", set.name)),
        };
        let migrations = files.iter().zip(1..).map(|((description, sql), version)| {
            Migration::new(version, Cow::Borrowed(*description), MigrationType::Simple, sql.into_sql_str(), false)
        });
        let mut migrator = Migrator::with_migrations(migrations.collect());
        migrator.dangerous_set_table_name(table);
        if self.engine() == Engine::Postgres {
            migrator.create_schema("actwright");
        }
        migrator
    }
}

fn migration_failed(set: &Migrations, error: MigrateError) -> Error {
    tracing::error!(error = %error, set = set.name, "migration failed");
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            let duplicate =
                error.as_database_error().and_then(|database| database.code()).is_some_and(|c| c == "42P07");
            if duplicate {
                Error::conflict(format!(
                    "A table of the {} set is there already. For an existing PSA database use --layout psa; otherwise \
                     give an empty database.",
                    set.name
                ))
            } else {
                error.into()
            }
        }
        MigrateError::VersionMismatch(version) => Error::conflict(format!(
            "Migration {version} of the {} set was applied in another form. Use the release that created the database.",
            set.name
        )),
        _ => Error::internal(format!(
            "The migrations of the {} set could not be applied. The log has the details.",
            set.name
        )),
    }
}
