//! What is left when a process is lost at some point of a call, and after somebody tried again: the crash matrix.
//!
//! A child process makes the call and ends itself with SIGKILL at its n-th step, for every n. Steps are the trace events of
//! the target `actwright::step`: one before every statement, around every commit, and around every delivery. Then the database
//! is opened anew, the call is repeated with its key, a relay runs, and what there is then is compared with what one
//! undisturbed call leaves.
//!
//! Which calls are made follows from the specs ([`calls`]), and what is checked from what they are ([`matrix`]), so that a new
//! action is in it by itself.

mod canonical;
pub mod child;
mod matrix;
mod report;
pub mod steps;
mod subject;
mod witness;

use std::path::Path;
use std::sync::Arc;

use actwright_runtime::Options;
use actwright_runtime::database::Database;
use actwright_runtime::outbox::FileStore;

pub use self::matrix::{Crashes, Matrix};
pub use self::report::{Row, table};
pub use self::subject::{Calls, Subject, calls};
use self::witness::Witness;
use crate::sql;

/// Sinks that write down what they get, in a folder that outlives the process.
fn options(folder: &Path) -> Result<Options, String> {
    let files = FileStore::folder(&folder.join("files")).map_err(text)?;
    let witness = Arc::new(Witness::at(folder));
    Ok(Options { events: vec![witness.clone()], ..Options::new(witness, files) })
}

/// Lets the time pass until nobody holds anything of the outbox.
async fn leases_end(database: &Database) -> Result<(), String> {
    let sqlite = "UPDATE actwright_outbox SET available_at = created_at WHERE status = 'pending'";
    let postgres = "UPDATE actwright.outbox SET available_at = created_at WHERE status = 'pending'";
    sql::execute(database, sqlite, postgres).await.map(drop).map_err(text)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
