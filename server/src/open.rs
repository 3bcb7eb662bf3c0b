//! From arguments to a runtime.

use std::path::PathBuf;
use std::sync::Arc;

use actwright_delivery::events::FileEvents;
use actwright_delivery::mail::FileMailer;
use actwright_runtime::outbox::FileStore;
use actwright_runtime::{Caller, Database, Options, Runtime};
use uuid::Uuid;

use crate::cli::{CallerArguments, DatabaseArguments};
use crate::failure::Failure;

/// Opens the database. SQLite files are only created by `db init`.
pub async fn database(arguments: &DatabaseArguments, create: bool) -> Result<Database, Failure> {
    if let Some(path) = sqlite_path(&arguments.db)
        && !create
        && !path.exists()
    {
        let message =
            format!("There is no database {}. Create it with: actwright db init --db {}", path.display(), arguments.db);
        return Err(Failure::CannotRun(message));
    }
    Database::open(&arguments.db).await.map_err(|error| match error.retryable() {
        true => Failure::CannotRun(format!("The database cannot be reached: {}", shown(&arguments.db))),
        false => Failure::Usage(error.message.into_owned()),
    })
}

/// Opens a runtime on the database.
pub async fn runtime(arguments: &DatabaseArguments) -> Result<Runtime, Failure> {
    let database = database(arguments, false).await?;
    let status = database.migration_status(None).await?;
    if !status.iter().any(|set| set.name == "own" && !set.applied.is_empty()) {
        let message = format!("The database is not set up. Run: actwright db init --db {}", shown(&arguments.db));
        return Err(Failure::CannotRun(message));
    }
    let data = data_folder(arguments);
    let mailer = Arc::new(FileMailer::new(data.join("mail"), &arguments.mail_from)?);
    let options = Options {
        events: vec![Arc::new(FileEvents::new(data.join("events.jsonl")))],
        portal_url: arguments.portal_url.clone(),
        ..Options::new(mailer, FileStore::folder(&data.join("documents"))?)
    };
    Ok(Runtime::new(database, actwright_actions::pack(), options))
}

/// Where documents, mails and events go.
pub fn data_folder(arguments: &DatabaseArguments) -> PathBuf {
    arguments.data.clone().unwrap_or_else(|| match sqlite_path(&arguments.db) {
        Some(path) => path.with_added_extension("data"),
        None => PathBuf::from("actwright-data"),
    })
}

/// Tenant and caller, which a single call has to name.
pub fn caller(arguments: &CallerArguments) -> Result<(Uuid, Caller), Failure> {
    let tenant = arguments.tenant.ok_or_else(|| Failure::Usage("Say whose data: --tenant UUID".to_owned()))?;
    let caller = match (arguments.actor, arguments.run) {
        (Some(user), _) => Caller::User(user),
        (None, Some(run)) => Caller::Run(run),
        (None, None) => return Err(Failure::Usage("Say on whose behalf: --actor UUID or --run UUID".to_owned())),
    };
    Ok((tenant, caller))
}

fn sqlite_path(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
}

/// A URL without its password.
fn shown(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((login, host))) => {
            let user = login.split_once("://").map_or("", |(_, login)| login.split(':').next().unwrap_or_default());
            format!("{scheme}://{user}@{host}")
        }
        _ => url.to_owned(),
    }
}
