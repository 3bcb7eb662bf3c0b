//! The process that is lost: makes one call, relays or seals, and ends itself at a step.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use actwright_runtime::database::Database;
use actwright_runtime::{Call, Caller, Runtime, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::steps::{self, Step, Steps};
use super::{options, text};

/// What the child has to do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Orders {
    /// Of the database.
    pub url: String,
    /// For files and deliveries.
    pub folder: PathBuf,
    /// What to do.
    pub work: Work,
    /// The number of the step at which the process ends, from 1.
    pub die_at: Option<usize>,
}

/// What is disturbed.
#[derive(Debug, Serialize, Deserialize)]
pub enum Work {
    /// A call, with the deliveries that follow it.
    Call(OrderedCall),
    /// A relay, until nothing is due.
    Relay,
    /// A pass of the sealer of audit rows.
    Seal,
}

/// A call of a user.
#[derive(Debug, Serialize, Deserialize)]
pub struct OrderedCall {
    action: String,
    version: Option<u32>,
    tenant: Uuid,
    user: Uuid,
    idempotency_key: Option<String>,
    input: Value,
}

impl From<Call> for OrderedCall {
    fn from(call: Call) -> Self {
        let (Caller::User(user) | Caller::Run(user)) = call.caller;
        let Call { action, version, tenant, idempotency_key, input, .. } = call;
        Self { action, version, tenant, user, idempotency_key, input }
    }
}

impl From<OrderedCall> for Call {
    fn from(ordered: OrderedCall) -> Self {
        let OrderedCall { action, version, tenant, user, idempotency_key, input } = ordered;
        Self { version, idempotency_key, ..Self::new(action, tenant, Caller::User(user), input) }
    }
}

/// Does what standard input says, and prints the steps so far when it is done or lost. A refused call is work done.
///
/// # Errors
///
/// What went wrong.
pub async fn obey() -> Result<(), String> {
    let mut orders = String::new();
    std::io::stdin().read_to_string(&mut orders).map_err(text)?;
    let orders: Orders = serde_json::from_str(&orders).map_err(text)?;
    // Opening is no part of the call.
    let database = Database::open_with(&orders.url, 2).await.map_err(text)?;
    let runtime = Runtime::new(database, actwright_actions::pack(), options(&orders.folder)?);
    let steps = Steps::listen(orders.die_at)?;
    match orders.work {
        Work::Call(call) => drop(runtime.call(call.into()).await),
        Work::Relay => drop(runtime.relay().await.map_err(text)?),
        Work::Seal => drop(runtime.seal_audit(None).await.map_err(text)?),
    }
    runtime.finish().await;
    steps::print(&steps.seen());
    Ok(())
}

/// What became of a child.
#[derive(Debug)]
pub struct Ended {
    /// The steps that it came to.
    pub steps: Vec<Step>,
    /// Whether it was lost.
    pub killed: bool,
}

/// Runs a child until it ends.
///
/// # Errors
///
/// It cannot be run, or ended in another way than it should.
pub fn run(program: &Path, orders: &Orders) -> Result<Ended, String> {
    let input = serde_json::to_vec(orders).map_err(text)?;
    let run = || {
        let mut command = Command::new(program);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().ok_or(std::io::ErrorKind::BrokenPipe)?.write_all(&input)?;
        child.wait_with_output()
    };
    let output = run().map_err(|error: std::io::Error| format!("{}: {error}", program.display()))?;
    let killed = output.status.signal() == Some(9);
    if !killed && !output.status.success() {
        return Err(format!("the child failed: {} {}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    Ok(Ended { steps: serde_json::from_slice(&output.stdout).map_err(text)?, killed })
}
