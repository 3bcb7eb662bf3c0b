//! `actwright db grant`: the role that calls run as on PostgreSQL.

use actwright_runtime::Database;
use actwright_runtime::database::RoleStatus;
use serde_json::json;

use crate::cli::GrantArguments;
use crate::failure::Failure;
use crate::open;
use crate::terminal::{good, quiet, say};

/// Lets a role run calls, or prints what its administrator has to run for that.
pub async fn run(arguments: &GrantArguments, json: bool) -> Result<(), Failure> {
    let database = open::database(&open::config(&arguments.database)?, false).await?;
    let tables = actwright_actions::pack().tables;
    let statements = match arguments.print {
        true => database.grants(&arguments.role, tables).await?,
        false => database.grant(&arguments.role, tables).await?,
    };
    if json {
        return say(json!({ "granted": !arguments.print, "statements": statements }));
    }
    if arguments.print {
        return say(statements.iter().map(|statement| format!("{statement};\n")).collect::<String>().trim_end());
    }
    say(format!("{} what calls need to {}", good("Granted"), arguments.role))
}

/// What `actwright db status` says about the role, for people.
pub fn show(status: &RoleStatus) -> Result<(), Failure> {
    let wall = if status.bypasses_row_level_security {
        "is not bound by row level security: run calls as a role that is no superuser and has no BYPASSRLS"
    } else if status.unprotected.is_empty() {
        "is bound by row level security"
    } else {
        "is bound by row level security, but not on all tables"
    };
    say(format!("role     {} {wall}", status.role))?;
    for table in &status.unprotected {
        say(format!("         actwright.{table} has no policy: run actwright db migrate"))?;
    }
    if !status.missing.is_empty() {
        say(format!("         lacks {}", status.missing.join(", ")))?;
        say(quiet(format!("Grant it, as the owner of the tables: actwright db grant {}", status.role)))?;
    }
    Ok(())
}

/// Whether the role may not even read our own tables, so that it cannot say what is in them.
pub fn may_not_read(status: &RoleStatus) -> bool {
    status.missing.iter().any(|right| right == "USAGE ON SCHEMA actwright" || right.starts_with("SELECT ON actwright."))
}

/// The role that the database is opened as, where it has roles.
pub async fn status(database: &Database) -> Result<Option<RoleStatus>, Failure> {
    Ok(database.role_status(actwright_actions::pack().tables).await?)
}
