//! The calls that are disturbed: for every action one that succeeds, one that is denied and one that fails.

use actwright_codegen::model::{Action, Effects, Model};
use actwright_runtime::{Call, Caller};
use serde_json::Value;

use crate::conformance::alias;
use crate::samples::{samples, unknown_rows};

/// What a call does when nothing happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// It has its effect.
    Done,
    /// Its actor may not.
    Denied,
    /// Its input names rows that are not there, or is none.
    Failed,
}

/// A call of an action.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Id of the action.
    pub action: String,
    /// How the call ends.
    pub ending: Ending,
    pub(super) writes: bool,
    version: u32,
    user: &'static str,
    input: Value,
}

/// The calls of an action.
#[derive(Debug)]
pub struct Calls {
    /// Those of its examples.
    pub done: Vec<Subject>,
    /// One that is denied.
    pub denied: Subject,
    /// One that fails.
    pub failed: Subject,
}

/// The calls of every action and version.
pub fn calls(model: &Model) -> Vec<Calls> {
    model.actions.iter().map(|action| calls_of(model, action)).collect()
}

fn calls_of(model: &Model, action: &Action) -> Calls {
    let writes = action.effects == Effects::Write;
    let subject = |ending, user, input| {
        let (action, version) = (action.id.clone(), action.version);
        Subject { action, version, writes, ending, user, input }
    };
    let examples = samples(model, action);
    let example = examples.first().cloned().unwrap_or_default();
    // Searches for rows that are not there find nothing. Null is no input of any action.
    let failing = unknown_rows(model, action, &example).filter(|_| writes).unwrap_or_default();
    Calls {
        done: examples.into_iter().map(|input| subject(Ending::Done, "user.admin", input)).collect(),
        denied: subject(Ending::Denied, "user.nobody", example),
        failed: subject(Ending::Failed, "user.admin", failing),
    }
}

impl Subject {
    /// The call, with a key to repeat it by.
    pub fn call(&self) -> Call {
        let caller = Caller::User(alias::id(self.user));
        Call {
            version: Some(self.version),
            idempotency_key: Some("again".to_owned()),
            ..Call::new(&self.action, alias::id("tenant.north"), caller, self.input.clone())
        }
    }

    /// For messages.
    pub(super) fn name(&self) -> String {
        match self.ending {
            Ending::Done => self.action.clone(),
            Ending::Denied => format!("{}, denied", self.action),
            Ending::Failed => format!("{}, failing", self.action),
        }
    }
}
