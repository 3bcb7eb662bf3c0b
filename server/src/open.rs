//! From arguments to a runtime.

use std::path::PathBuf;
use std::sync::Arc;

use actwright_delivery::mail::{FileMailer, SmtpMailer};
use actwright_runtime::outbox::{FileStore, Mailer};
use actwright_runtime::{Caller, Database, Options, Runtime};
use uuid::Uuid;

use crate::cli::{CallerArguments, DatabaseArguments};
use crate::config::{Address, Config, Given};
use crate::failure::Failure;

/// What to say when nobody names a database.
pub const NO_DATABASE: &str =
    "Say which database: --db URL, the variable ACTWRIGHT_DB, or database.url in a configuration file.";

/// The configuration: the file, the environment, and the arguments above both.
pub fn config(arguments: &DatabaseArguments) -> Result<Config, Failure> {
    let DatabaseArguments { config, db, data, portal_url, mail_from, set } = arguments.clone();
    let named = [
        ("--db", "database.url", db),
        ("--data", "data", data),
        ("--portal-url", "portal_url", portal_url),
        ("--mail-from", "mail.from", mail_from),
    ];
    let named = named.into_iter().filter_map(|(name, key, value)| Some((name.to_owned(), key.to_owned(), value?)));
    let set = set.into_iter().map(|(key, value)| (format!("--set {key}"), key, value));
    let arguments = named.chain(set).collect();
    let given = Given { file: config, environment: std::env::vars_os().collect(), arguments };
    Config::load(given).map_err(Failure::Configuration)
}

/// Opens the database. SQLite files are only created by `db init`.
pub async fn database(config: &Config, create: bool) -> Result<Database, Failure> {
    let url = config.database.url.as_ref().ok_or_else(|| Failure::Usage(NO_DATABASE.to_owned()))?;
    if let Some(path) = sqlite_path(url.expose())
        && !create
        && !path.exists()
    {
        let message = format!("There is no database {}. Create it with: actwright db init --db {url}", path.display());
        return Err(Failure::CannotRun(message));
    }
    let login = config.database.login();
    Database::open_with(&login, config.database.connections).await.map_err(|error| match error.retryable() {
        true => Failure::CannotRun(format!("The database cannot be reached: {url}")),
        false => Failure::Usage(error.message.into_owned()),
    })
}

/// Opens a runtime on the database that the arguments or the configuration name.
pub async fn runtime(arguments: &DatabaseArguments) -> Result<Runtime, Failure> {
    runtime_with(&config(arguments)?).await
}

/// Opens a runtime on the database.
pub async fn runtime_with(config: &Config) -> Result<Runtime, Failure> {
    let database = database(config, false).await?;
    let status = database.migration_status(None).await?;
    if !status.iter().any(|set| set.name == "own" && !set.applied.is_empty()) {
        let url = config.database.url.as_ref().map(ToString::to_string).unwrap_or_default();
        return Err(Failure::CannotRun(format!("The database is not set up. Run: actwright db init --db {url}")));
    }
    let data = data_folder(config);
    let mailer: Arc<dyn Mailer> = match &config.mail.smtp {
        Some(settings) => Arc::new(SmtpMailer::new(settings, &config.mail.from)?),
        None => Arc::new(FileMailer::new(data.join("mail"), &config.mail.from)?),
    };
    let options = Options {
        events: config.events.settings(data.join("events.jsonl")).sinks("events")?,
        templates: config.mail.templates.clone(),
        portal_url: config.places.portal_url.clone(),
        delivery: config.delivery,
        retention: config.retention,
        call_timeout: config.calls.timeout,
        seals: config.seals,
        ..Options::new(mailer, FileStore::folder(&data.join("documents"))?)
    };
    Ok(Runtime::new(database, actwright_actions::pack(), options))
}

/// Where documents, mails and events go.
pub fn data_folder(config: &Config) -> PathBuf {
    let url = config.database.url.as_ref().map(Address::expose).unwrap_or_default();
    config.places.data.clone().unwrap_or_else(|| match sqlite_path(url) {
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
