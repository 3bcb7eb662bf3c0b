//! The command line.

use std::path::PathBuf;

use actwright_runtime::outbox::OutboxStatus;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use uuid::Uuid;

use crate::audit::AuditCommand;

/// Runs spec-driven business actions. `actwright demo` shows what that is.
///
/// Exit codes: 0 done; 1 it cannot run (no database, no file); 2 the command line or the configuration is wrong;
/// 3 the input is not valid; 4 the action was refused (denied, not found, conflict, …) or the audit log is not whole;
/// 5 a passing fault, try again; 6 lines of a batch failed.
///
/// RUST_LOG=warn writes to standard error what the database or the file system said.
#[derive(Debug, Parser)]
#[command(name = "actwright", version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    /// Write JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what actions do, on an embedded database with a small managed service provider in it
    Demo {
        /// Where the database goes; new or empty [default: a new folder among the temporary files]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Make a call, or a batch of calls
    ///
    /// A batch is JSON lines in, JSON lines out, in order. A line is {"action": "crm.find_activities", "input": {…}}, and has
    /// id, version, tenant, actor, run, step_path, idempotency_key and dry_run where it needs them. One that fails
    /// answers {"id": …, "ok": false, "error": {…}} in its place, and the next is made.
    Call(CallArguments),
    /// List the actions
    Actions,
    /// Print the JSON Schema of an action's input
    Schema {
        /// ACTION or ACTION@VERSION
        action: ActionName,
        /// Of its output instead
        #[arg(long)]
        output: bool,
    },
    /// Ask a picker for rows to choose from
    Pick(PickArguments),
    /// Serve actions, pickers and dead letters over HTTP, and deliver what is due, until somebody ends it
    ///
    /// docs/http.md describes the addresses, docs/configuration.md the settings.
    Serve {
        #[command(flatten)]
        settings: DatabaseArguments,
    },
    /// Print a token that a server with the same configuration takes, to try things out
    ///
    /// Needs a key of the algorithm HS256 in auth.keys.
    Token(TokenArguments),
    /// Deliver what the first attempt after a commit did not, until somebody ends it
    ///
    /// Now and then it also seals audit rows and removes what has expired. Several may run at once, here and on other
    /// machines; a server needs none beside it.
    Relay(RelayArguments),
    /// Look at what leaves after the commit, and decide on what was given up
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Ask the audit log, and make sure that it is whole
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print the stored workflows of all tenants as JSON, for `cargo gen diff --workflows -`
    ///
    /// Drafts, the last version of each workflow, and versions with runs that have not ended.
    Workflows {
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Set a database up, and look at its state
    #[command(subcommand)]
    Db(DbCommand),
    /// Try how mails leave
    #[command(subcommand)]
    Mail(MailCommand),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a script that completes commands in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Create the tables; again on a database that has them, it changes nothing
    Init {
        #[command(flatten)]
        database: DatabaseArguments,
        /// Whose tables the database holds besides ours
        #[arg(long, value_enum, default_value = "standalone")]
        layout: Layout,
    },
    /// Apply what a newer version adds
    Migrate {
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Load the demonstration's rows
    Seed {
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Copy a SQLite database to FILE and the folder of its data to FILE.data, while both are in use
    ///
    /// The copy is checked. docs/operations.md says how to restore it, and how to back PostgreSQL up.
    Backup {
        #[command(flatten)]
        database: DatabaseArguments,
        /// A new file
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Remove results and effects that have expired, as a relay does now and then
    ///
    /// The keys retention.results and retention.settled of the configuration say how long they are kept.
    Sweep {
        #[command(flatten)]
        database: DatabaseArguments,
    },
    /// Let a role of PostgreSQL run calls and nothing more; run this as the owner of the tables
    Grant(GrantArguments),
    /// Say which tables are there, what waits in the outbox, and on PostgreSQL what the role lacks
    Status {
        #[command(flatten)]
        database: DatabaseArguments,
    },
}

#[derive(Debug, Subcommand)]
pub enum MailCommand {
    /// Send one mail as it is configured, and print what the server answers
    ///
    /// It needs no database.
    Test {
        /// Who gets it
        #[arg(long, value_name = "ADDRESS")]
        to: String,
        #[command(flatten)]
        settings: DatabaseArguments,
    },
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every key with its value and who says so: file and line, variable, or argument
    Show {
        #[command(flatten)]
        settings: DatabaseArguments,
    },
    /// Say whether it is right, and everything that is wrong
    Check {
        #[command(flatten)]
        settings: DatabaseArguments,
    },
    /// Print all keys that there are, as Markdown
    Reference,
}

#[derive(Debug, Args)]
pub struct TokenArguments {
    #[command(flatten)]
    pub settings: DatabaseArguments,
    #[command(flatten)]
    pub caller: CallerArguments,
    /// Name of the key [default: the first of the algorithm HS256]
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
    /// After how many minutes it ends
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=1440))]
    pub minutes: u64,
}

#[derive(Debug, Args)]
pub struct GrantArguments {
    /// The role, which is there already
    pub role: String,
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Print the statements for somebody else to run, and change nothing
    #[arg(long)]
    pub print: bool,
}

#[derive(Debug, Args)]
pub struct RelayArguments {
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Deliver what is due now, and stop
    #[arg(long)]
    pub once: bool,
}

#[derive(Debug, Subcommand)]
pub enum OutboxCommand {
    /// List events, mails and jobs, oldest first
    List(OutboxList),
    /// Print one, with its payload
    Show {
        /// Its id
        id: Uuid,
        #[command(flatten)]
        database: DatabaseArguments,
        /// Only if it is this tenant's
        #[arg(long, value_name = "UUID")]
        tenant: Option<Uuid>,
    },
    /// Make dead letters due again, as if nobody had tried to deliver them yet
    Retry(DeadLetters),
    /// Decide that dead letters are not delivered
    Discard {
        #[command(flatten)]
        letters: DeadLetters,
        /// Why, for the audit log
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub struct OutboxList {
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Only what is this tenant's
    #[arg(long, value_name = "UUID")]
    pub tenant: Option<Uuid>,
    /// pending, delivered, dead (given up) or discarded
    #[arg(long, default_value_t = OutboxStatus::Dead)]
    pub status: OutboxStatus,
    /// Only what comes after this one
    #[arg(long, value_name = "UUID")]
    pub after: Option<Uuid>,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

#[derive(Debug, Args)]
pub struct DeadLetters {
    /// Their ids
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub ids: Vec<Uuid>,
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Only what is this tenant's
    #[arg(long, value_name = "UUID")]
    pub tenant: Option<Uuid>,
    /// All dead letters
    #[arg(long)]
    pub all: bool,
    /// Who decides so, for the audit log
    #[arg(long, value_name = "UUID")]
    pub actor: Option<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    /// All tables are created.
    Standalone,
    /// An existing PSA database on PostgreSQL: only tables of our own are created, in the schema actwright.
    Psa,
}

/// Where help has them: apart from a command's own options.
const SETTINGS: &str = "Configuration";

/// Settings of the configuration that are often given by hand; `--set` gives any other.
#[derive(Debug, Clone, Default, Args)]
pub struct DatabaseArguments {
    /// A configuration file; `actwright config reference` lists its keys [env: ACTWRIGHT_CONFIG]
    #[arg(long, help_heading = SETTINGS, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// sqlite:PATH or postgres://USER@HOST/DATABASE [env: ACTWRIGHT_DB]
    #[arg(long, help_heading = SETTINGS, value_name = "URL")]
    pub db: Option<String>,
    /// Where documents, mails and events.jsonl go [env: ACTWRIGHT_DATA] [default: PATH.data beside a SQLite file, else
    /// actwright-data]
    #[arg(long, help_heading = SETTINGS, value_name = "DIR")]
    pub data: Option<String>,
    /// Where the client portal is [env: ACTWRIGHT_PORTAL_URL] [default: http://localhost:3000/portal]
    #[arg(long, help_heading = SETTINGS, value_name = "URL")]
    pub portal_url: Option<String>,
    /// Who mails come from [env: ACTWRIGHT_MAIL_FROM] [default: Quotes <quotes@localhost.localdomain>]
    #[arg(long, help_heading = SETTINGS, value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// Any key of the configuration, such as delivery.attempts=3
    #[arg(long, help_heading = SETTINGS, value_name = "KEY=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
}

#[derive(Debug, Clone, Args)]
pub struct CallerArguments {
    /// Whose data
    #[arg(long, value_name = "UUID")]
    pub tenant: Option<Uuid>,
    /// On behalf of this user
    #[arg(long, value_name = "UUID", conflicts_with = "run")]
    pub actor: Option<Uuid>,
    /// On behalf of this workflow run: who published its version of the workflow, else who created the workflow
    #[arg(long, value_name = "UUID")]
    pub run: Option<Uuid>,
}

#[derive(Debug, Args)]
pub struct CallArguments {
    /// ACTION, its newest version, or ACTION@VERSION
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub action: Option<ActionName>,
    #[command(flatten)]
    pub database: DatabaseArguments,
    #[command(flatten)]
    pub caller: CallerArguments,
    /// Where in the run the call is made, loop iterations included
    #[arg(long, value_name = "PATH", conflicts_with = "batch")]
    pub step_path: Option<String>,
    /// Of calls with one key only the first has an effect
    #[arg(long, value_name = "KEY", conflicts_with = "batch")]
    pub idempotency_key: Option<String>,
    /// Show what would happen, and undo it
    #[arg(long)]
    pub dry_run: bool,
    /// The input: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-", required_unless_present = "batch", conflicts_with = "batch")]
    pub input: Option<String>,
    /// Calls as JSON lines, from a file or - for standard input
    #[arg(long, value_name = "FILE|-")]
    pub batch: Option<String>,
}

#[derive(Debug, Args)]
pub struct PickArguments {
    /// Such as client, contact, ticket or user
    pub kind: String,
    #[command(flatten)]
    pub database: DatabaseArguments,
    #[command(flatten)]
    pub caller: CallerArguments,
    /// Text to look for, at most 200 characters
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub search: String,
    /// A field that narrows the choice, such as client_id=UUID
    #[arg(long = "where", value_name = "FIELD=UUID", value_parser = narrowing)]
    pub narrowed: Vec<(String, Uuid)>,
    /// Resolve these ids instead of searching
    #[arg(long = "id", value_name = "UUID", conflicts_with_all = ["search", "narrowed", "limit"])]
    pub ids: Vec<Uuid>,
    /// At most this many rows
    #[arg(long, default_value_t = 20)]
    pub limit: u64,
}

/// `ACTION` or `ACTION@VERSION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionName {
    pub id: String,
    pub version: Option<u32>,
}

impl std::str::FromStr for ActionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('@') {
            None => Ok(Self { id: text.to_owned(), version: None }),
            Some((id, version)) => {
                let version = version.parse().map_err(|_| format!("{version} is not a version; write ACTION@1"))?;
                Ok(Self { id: id.to_owned(), version: Some(version) })
            }
        }
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, such as delivery.attempts=3")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

fn narrowing(text: &str) -> Result<(String, Uuid), String> {
    let (field, id) = text.split_once('=').ok_or("write FIELD=UUID, such as client_id=…")?;
    Ok((field.to_owned(), id.parse().map_err(|_| format!("{id} is not a UUID"))?))
}
