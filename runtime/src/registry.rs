//! What a pack brings: actions with their bodies, pickers, tables, jobs and migrations.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::context::{Context, Scope};
use crate::database::migrate::Migrations;
use crate::decode::{Decoded, Problems, Record, UnknownFields, Warning, suggestion};
use crate::error::{Error, Result};
use crate::outbox::Job;
use crate::query::Table;
use crate::spec::{ActionSpec, PickerSpec};
use crate::value::Value;

/// A future that the registry can hold without knowing its type.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An action, as its generated module declares it.
pub trait Action: Sized + Send + Sync + 'static {
    /// What a call gives.
    type Input: Record + Send + 'static;
    /// What a call gets.
    type Output: Serialize + Send;
    /// Everything else.
    const SPEC: &'static ActionSpec;
}

/// A body, as the registry holds it.
pub type Body<A> =
    for<'a, 'c> fn(&'a mut Context<'c, A>, <A as Action>::Input) -> BoxFuture<'a, Result<<A as Action>::Output>>;

/// An action with its body.
#[derive(Clone)]
pub struct Entry {
    spec: &'static ActionSpec,
    handler: Arc<dyn Handler>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.spec.id, self.spec.version)
    }
}

impl Entry {
    /// An entry of the registry. For generated code.
    pub fn new<A: Action>(body: Body<A>) -> Self {
        Self { spec: A::SPEC, handler: Arc::new(Typed::<A> { body }) }
    }

    /// What the spec says.
    pub fn spec(&self) -> &'static ActionSpec {
        self.spec
    }

    /// Judges an input as it is judged when a workflow is published: unknown fields are errors.
    ///
    /// # Errors
    ///
    /// Every problem of the input.
    pub fn check(&self, input: &Value) -> Result<(), Problems> {
        self.decode(input, UnknownFields::Reject).map(|_| ())
    }

    /// Decodes and validates an input.
    ///
    /// # Errors
    ///
    /// Every problem of the input.
    pub fn decode(&self, input: &Value, unknown: UnknownFields) -> Result<(Prepared, Vec<Warning>), Problems> {
        self.handler.decode(input, unknown)
    }
}

/// A decoded input with the body that it is for.
#[allow(missing_debug_implementations)]
pub struct Prepared(Box<dyn Invocation>);

impl Prepared {
    /// Runs the body. The pipeline does this; a benchmark of dispatch may.
    pub fn run<'a>(self, scope: &'a mut Scope) -> BoxFuture<'a, Result<Value>> {
        self.0.run(scope)
    }
}

trait Handler: Send + Sync {
    fn decode(&self, input: &Value, unknown: UnknownFields) -> Result<(Prepared, Vec<Warning>), Problems>;
}

trait Invocation: Send {
    fn run<'a>(self: Box<Self>, scope: &'a mut Scope) -> BoxFuture<'a, Result<Value>>;
}

struct Typed<A: Action> {
    body: Body<A>,
}

impl<A: Action> Handler for Typed<A> {
    fn decode(&self, input: &Value, unknown: UnknownFields) -> Result<(Prepared, Vec<Warning>), Problems> {
        let Decoded { value, warnings } = crate::decode::decode::<A::Input>(input, A::SPEC.rules, unknown)?;
        Ok((Prepared(Box::new(Bound::<A> { body: self.body, input: value })), warnings))
    }
}

struct Bound<A: Action> {
    body: Body<A>,
    input: A::Input,
}

impl<A: Action> Invocation for Bound<A> {
    fn run<'a>(self: Box<Self>, scope: &'a mut Scope) -> BoxFuture<'a, Result<Value>> {
        Box::pin(async move {
            let mut context = Context::<A>::new(scope);
            let output = (self.body)(&mut context, self.input).await?;
            serde_json::to_value(output).map_err(|_| Error::internal("The output cannot be written as JSON."))
        })
    }
}

/// A set of actions that belong together.
#[derive(Debug)]
pub struct Pack {
    /// In the order of their ids.
    pub actions: Vec<Entry>,
    /// Lists of rows that forms choose from.
    pub pickers: &'static [PickerSpec],
    /// Tables that bodies and pickers use.
    pub tables: &'static [&'static Table],
    /// The catalog of actions, as JSON.
    pub catalog: &'static str,
    /// The pack's own tables in a stand-alone database.
    pub migrations: Option<Migrations>,
    /// Work that bodies defer until after the commit.
    pub jobs: Vec<Job>,
}

impl Pack {
    /// The action of this id and version, or its newest version.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` that suggests what may have been meant.
    pub fn action(&self, id: &str, version: Option<u32>) -> Result<&Entry> {
        let versions = self.actions.iter().filter(|entry| entry.spec.id == id);
        let found = match version {
            Some(version) => versions.clone().find(|entry| entry.spec.version == version),
            None => versions.clone().max_by_key(|entry| entry.spec.version),
        };
        found.ok_or_else(|| {
            let known: Vec<String> = versions.map(|entry| entry.spec.version.to_string()).collect();
            if let (Some(version), false) = (version, known.is_empty()) {
                return Error::validation(format!("{id} has no version {version}; there is {}.", known.join(", ")));
            }
            let meant = suggestion(id, self.actions.iter().map(|entry| entry.spec.id));
            let hint = meant.map(|id| format!(" Did you mean {id}?")).unwrap_or_default();
            Error::validation(format!("There is no action {id}.{hint}"))
        })
    }

    /// The picker of this kind.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` that suggests what may have been meant.
    pub fn picker(&self, kind: &str) -> Result<&'static PickerSpec> {
        self.pickers.iter().find(|picker| picker.kind == kind).ok_or_else(|| {
            let hint = suggestion(kind, self.pickers.iter().map(|picker| picker.kind));
            let hint = hint.map(|kind| format!(" Did you mean {kind}?")).unwrap_or_default();
            Error::validation(format!("There is no picker {kind}.{hint}"))
        })
    }

    pub(crate) fn job(&self, name: &str) -> Result<&Job> {
        let found = self.jobs.iter().find(|job| job.name == name);
        found.ok_or_else(|| Error::internal(format!("No pack has a job {name}.")))
    }
}
