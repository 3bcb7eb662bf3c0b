//! The arguments of `actwright audit`.

use std::path::PathBuf;

use actwright_runtime::Timestamp;
use actwright_runtime::audit::{Anchor, Entity};
use clap::{Args, Subcommand};
use uuid::Uuid;

use crate::cli::DatabaseArguments;

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Say who did what to a record, when, through which action, version and run
    Trail(Box<TrailArguments>),
    /// Find audit rows that were changed, removed or inserted behind the runtime's back, and name them
    ///
    /// Exit code 4 when there are any.
    Verify(VerifyArguments),
    /// Seal what is not sealed yet, as a relay does now and then
    Seal(SealArguments),
    /// Print the end of each chain, to be kept where nobody who can write the database can write
    Anchor {
        #[command(flatten)]
        database: DatabaseArguments,
        /// Of this tenant only
        #[arg(long, value_name = "UUID")]
        tenant: Option<Uuid>,
    },
}

#[derive(Debug, Args)]
pub struct TrailArguments {
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Whose
    #[arg(long, value_name = "UUID")]
    pub tenant: Uuid,
    /// About this record, such as quote:UUID; a UUID alone is of any kind, run:UUID a workflow run
    #[arg(long, value_name = "KIND:UUID")]
    pub entity: Option<Entity>,
    /// Not earlier
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<Timestamp>,
    /// Not later
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Timestamp>,
    /// By this user
    #[arg(long, value_name = "UUID")]
    pub actor: Option<Uuid>,
    /// Through this action
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,
    /// Those after this entry
    #[arg(long, value_name = "UUID")]
    pub after: Option<Uuid>,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

#[derive(Debug, Args)]
pub struct VerifyArguments {
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Of this tenant only
    #[arg(long, value_name = "UUID")]
    pub tenant: Option<Uuid>,
    /// A place that the tenant's chain must hold
    #[arg(long, value_name = "SEQ:HASH", requires = "tenant")]
    pub expect: Vec<Anchor>,
    /// Places that the chains must hold, as `actwright audit anchor` printed them
    #[arg(long, value_name = "FILE")]
    pub anchors: Option<PathBuf>,
    /// Rows that are older were archived: they may be gone
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub archived_before: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub struct SealArguments {
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Of this tenant only
    #[arg(long, value_name = "UUID")]
    pub tenant: Option<Uuid>,
    /// Seal this row or amendment although it came later than a call may last, and note that it did
    #[arg(long, value_name = "UUID", requires = "tenant")]
    pub accept: Vec<Uuid>,
}

/// A day, or a time of it with any offset.
fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")))
        .ok_or_else(|| format!("{text} is no time; write 2026-01-31 or 2026-01-31T09:30:00+01:00"))
}
