//! Calls: what goes in, what comes out, and the one path between.

mod audit;
mod finish;
mod ledger;
mod options;
mod permissions;
mod pipeline;
mod preview;
mod retention;
pub(crate) mod session;

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

pub(crate) use audit::amended as amended_audit;
pub(crate) use finish::{AuditRow, insert_audit, insert_effects};
pub use options::Options;
pub use pipeline::Runtime;
pub use preview::Preview;
pub use retention::Retention;

use crate::decode::Warning;
use crate::error::{Error, Result};
use crate::outbox::Effect;
use crate::value::Timestamp;

/// A call of an action.
#[derive(Debug, Clone)]
pub struct Call {
    /// Id of the action.
    pub action: String,
    /// The newest version when it is not given.
    pub version: Option<u32>,
    /// Whose data it runs on.
    pub tenant: Uuid,
    /// On whose behalf.
    pub caller: Caller,
    /// Where in the run, loop iterations included.
    pub step_path: Option<String>,
    /// A key of the caller's own. Of two calls with one key only the first has an effect.
    pub idempotency_key: Option<String>,
    /// Show what would happen, and undo it.
    pub dry_run: bool,
    /// How long it may take; [`Options::call_timeout`] when it is not given. After that it has failed and has no effect, or
    /// it has committed and is answered without waiting for deliveries.
    pub timeout: Option<Duration>,
    /// The input.
    pub input: Value,
}

impl Call {
    /// A call of the newest version with no key of its own, which has its effects, in the time that the options give it.
    pub fn new(action: impl Into<String>, tenant: Uuid, caller: Caller, input: Value) -> Self {
        Self {
            action: action.into(),
            version: None,
            tenant,
            caller,
            step_path: None,
            idempotency_key: None,
            dry_run: false,
            timeout: None,
            input,
        }
    }

    /// Checks what is stored of a call besides its input: PostgreSQL stores no U+0000.
    fn check(&self) -> Result<()> {
        for (name, text) in [("idempotency_key", &self.idempotency_key), ("step_path", &self.step_path)] {
            if text.as_ref().is_some_and(|text| text.contains('\0')) {
                return Err(Error::validation(format!("The {name} of the call must not hold the character U+0000.")));
            }
        }
        Ok(())
    }
}

/// On whose behalf a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// An authenticated user.
    User(Uuid),
    /// A workflow run: the user who published its version of the workflow, else who created the workflow.
    Run(Uuid),
}

impl Caller {
    fn run(self) -> Option<Uuid> {
        match self {
            Self::User(_) => None,
            Self::Run(run) => Some(run),
        }
    }
}

/// The answer to a call that succeeded.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// As the action's spec declares it.
    pub output: Value,
    /// About the call.
    pub meta: Meta,
}

/// About a call.
#[derive(Debug, Clone, Serialize)]
pub struct Meta {
    /// Id of the action.
    pub action: &'static str,
    /// The version that ran.
    pub version: u32,
    /// Id of this call.
    pub invocation_id: Uuid,
    /// The user on whose behalf it ran.
    pub actor: Uuid,
    /// The call that had the effect, when this one repeated it.
    pub deduplicated: Option<Deduplicated>,
    /// What was ignored.
    pub warnings: Vec<Warning>,
    /// Events, mails and jobs of this call, and what became of them.
    pub effects: Vec<EffectReport>,
    /// What a dry run would have done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<Preview>,
}

/// The call that had the effect.
#[derive(Debug, Clone, Serialize)]
pub struct Deduplicated {
    /// Its id.
    pub invocation_id: Uuid,
    /// The run that made it.
    pub run_id: Option<Uuid>,
    /// When.
    pub at: Timestamp,
    /// Where the first answer had secrets (JSON Pointers). They are null in this one, because secrets are not stored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

/// What became of something that left through the outbox.
#[derive(Debug, Clone, Serialize)]
pub struct EffectReport {
    /// `event`, `mail` or `job`.
    pub kind: &'static str,
    /// Event name, subject or job.
    pub name: String,
    /// Event key, Message-ID, or the outbox id of a job.
    pub key: String,
    /// The sink that an event is for, the recipient that a mail is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sink: Option<String>,
    /// Whether the first attempt, right after the commit, delivered it. If not, the relay tries again.
    pub delivered: bool,
}

impl EffectReport {
    pub(crate) fn not_yet(effect: &Effect) -> Self {
        let (kind, name, key) = (effect.kind.as_str(), effect.name.clone(), effect.key.clone());
        Self { kind, name, key, sink: effect.sink.clone(), delivered: false }
    }
}

/// A row that a dry run would have changed.
#[derive(Debug, Clone, Serialize)]
pub struct RowChange {
    /// The table.
    pub table: &'static str,
    /// What happens to the row.
    pub operation: Operation,
    /// Key and changed columns as they are; `None` for an insert.
    pub before: Option<Map<String, Value>>,
    /// The columns that are written.
    pub after: Map<String, Value>,
}

/// What happens to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// It is new.
    Insert,
    /// It changes.
    Update,
}
