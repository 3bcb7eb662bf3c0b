//! `actwright db` and `actwright workflows`.

use actwright_runtime::database::migrate::{Layout, SetStatus};
use actwright_runtime::{Database, Swept};
use serde_json::json;

use crate::cli::{self, DatabaseArguments, DbCommand};
use crate::failure::Failure;
use crate::terminal::{good, progress, quiet, say};
use crate::{backup, grant, open, seed};

pub async fn run(command: DbCommand, json: bool) -> Result<(), Failure> {
    match command {
        DbCommand::Init { database, layout } => {
            let layout = match layout {
                cli::Layout::Standalone => Layout::StandAlone,
                cli::Layout::Psa => Layout::Psa,
            };
            let opened = open::database(&open::config(&database)?, true).await?;
            apply(&opened, layout, json).await
        }
        DbCommand::Migrate { database } => {
            let opened = open::database(&open::config(&database)?, false).await?;
            let status = opened.migration_status(actwright_actions::pack().migrations.as_ref()).await?;
            let applied = |name: &str| status.iter().any(|set| set.name == name && !set.applied.is_empty());
            if !applied("own") {
                let message = "The database was never set up. Run: actwright db init".to_owned();
                return Err(Failure::CannotRun(message));
            }
            apply(&opened, if applied("host") { Layout::StandAlone } else { Layout::Psa }, json).await
        }
        DbCommand::Seed { database } => {
            let opened = open::database(&open::config(&database)?, false).await?;
            let status = opened.migration_status(actwright_actions::pack().migrations.as_ref()).await?;
            if !status.iter().any(|set| set.name == "host" && !set.applied.is_empty()) {
                let message = "The rows are for a stand-alone database. Create one with: actwright db init".to_owned();
                return Err(Failure::CannotRun(message));
            }
            let bar = progress("loading rows");
            let rows = seed::load(&opened).await?;
            bar.finish_and_clear();
            if json {
                return say(json!({ "rows": rows, "tenant": seed::TENANT, "actor": seed::ADMIN }));
            }
            say(format!("{} {rows} rows", good("Loaded")))?;
            say(format!("  tenant  {}  Harbourlight Managed Services", seed::TENANT))?;
            say(format!("  actor   {}  Nadia Brandt, may do everything", seed::ADMIN))?;
            say(format!("  actor   {}  Priya Raman, a technician", seed::TECHNICIAN))
        }
        DbCommand::Backup { database, to } => backup::run(&database, &to, json).await,
        DbCommand::Sweep { database } => sweep(&database, json).await,
        DbCommand::Grant(arguments) => grant::run(&arguments, json).await,
        DbCommand::Status { database } => status(&database, json).await,
    }
}

/// Prints stored workflows, whatever else is asked for: only programs read them.
pub async fn workflows(arguments: &DatabaseArguments) -> Result<(), Failure> {
    let stored = open::database(&open::config(arguments)?, false).await?.workflows().await?;
    say(serde_json::to_string_pretty(&stored).unwrap_or_default())
}

async fn apply(database: &Database, layout: Layout, json: bool) -> Result<(), Failure> {
    let pack = actwright_actions::pack();
    let before = database.migration_status(pack.migrations.as_ref()).await?;
    let bar = progress("creating tables");
    database.migrate(layout, pack.migrations.as_ref()).await?;
    bar.finish_and_clear();
    let after = database.migration_status(pack.migrations.as_ref()).await?;
    let count = |status: &[SetStatus]| status.iter().map(|set| set.applied.len()).sum::<usize>();
    let applied = count(&after) - count(&before);
    if json {
        return say(json!({ "applied": applied, "sets": after }));
    }
    match applied {
        0 => say("Nothing to do: the database is up to date."),
        1 => say(format!("{} 1 migration", good("Applied"))),
        several => say(format!("{} {several} migrations", good("Applied"))),
    }
}

async fn sweep(arguments: &DatabaseArguments, json: bool) -> Result<(), Failure> {
    let swept = open::runtime(arguments).await?.sweep().await?;
    if json {
        return say(json!(swept));
    }
    let Swept { results, settled } = swept;
    say(format!("{} {results} results of calls, {settled} events, mails and jobs", good("Removed")))
}

async fn status(arguments: &DatabaseArguments, json: bool) -> Result<(), Failure> {
    let database = open::database(&open::config(arguments)?, false).await?;
    let engine = format!("{:?}", database.engine()).to_lowercase();
    let role = grant::status(&database).await?;
    if let Some(role) = role.as_ref().filter(|role| grant::may_not_read(role)) {
        if json {
            return say(json!({ "engine": engine, "role": role }));
        }
        say(format!("engine   {engine}"))?;
        return grant::show(role);
    }
    let sets = database.migration_status(actwright_actions::pack().migrations.as_ref()).await?;
    let set_up = sets.iter().any(|set| set.name == "own" && !set.applied.is_empty());
    let outbox = if set_up { Some(database.outbox_counts().await?) } else { None };
    let role = role.filter(|_| set_up);
    let stand_alone = sets.iter().any(|set| set.name == "host" && !set.applied.is_empty());
    let layout = match (set_up, stand_alone) {
        (false, _) => "not set up",
        (true, true) => "standalone",
        (true, false) => "psa",
    };
    if json {
        return say(json!({ "engine": engine, "layout": layout, "sets": sets, "outbox": outbox, "role": role }));
    }
    say(format!("engine   {engine}"))?;
    say(format!("layout   {layout}"))?;
    for set in sets.iter().filter(|set| layout != "psa" || set.name == "own") {
        let pending = if set.pending.is_empty() { String::new() } else { format!(", {} pending", set.pending.len()) };
        say(format!("tables   {}: {} applied{pending}", set.name, set.applied.len()))?;
    }
    if let Some(outbox) = outbox {
        say(format!("outbox   {} pending, {} given up", outbox.pending, outbox.dead))?;
    }
    if let Some(role) = &role {
        grant::show(role)?;
    }
    if !set_up {
        say(quiet("Set it up with: actwright db init"))?;
    }
    Ok(())
}
