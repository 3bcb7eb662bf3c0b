//! The one path of every call.

use std::sync::Arc;

use uuid::Uuid;

use super::finish::finish;
use super::ledger::{Claim, Outcome};
use super::permissions::Needs;
use super::{Answer, Call, Caller, Meta, Preview, audit, session};
use crate::context::Scope;
use crate::database::Database;
use crate::decode::{UnknownFields, Warning, normalize};
use crate::error::{Error, Result};
use crate::outbox::{Delivery, Effect, EventSink, FileStore, HOLD, Mailer, Origin};
use crate::registry::{Entry, Pack, Prepared};
use crate::spec::{ActionSpec, Effects};
use crate::value::Timestamp;

/// Where things go that leave the database.
#[derive(Clone)]
pub struct Options {
    /// Takes events.
    pub events: Arc<dyn EventSink>,
    /// Takes mails.
    pub mailer: Arc<dyn Mailer>,
    /// Holds the bytes of documents.
    pub files: FileStore,
    /// Where the client portal is; links in mails and documents begin with it.
    pub portal_url: String,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").finish_non_exhaustive()
    }
}

/// Runs the actions of a pack against a database. Clones share everything.
#[derive(Debug, Clone)]
pub struct Runtime {
    pub(crate) database: Database,
    pub(crate) pack: Arc<Pack>,
    pub(crate) options: Options,
}

impl Runtime {
    /// A runtime of this pack on this database.
    pub fn new(database: Database, pack: Pack, options: Options) -> Self {
        Self { database, pack: Arc::new(pack), options }
    }

    /// The pack.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Where effects go.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Makes a call.
    ///
    /// # Errors
    ///
    /// The first of these that applies: every problem of the input (`VALIDATION_ERROR`), `PERMISSION_DENIED`,
    /// `IDEMPOTENCY_KEY_REUSED`, or what the body found. Nothing of the call is stored then but its audit row.
    pub async fn call(&self, call: Call) -> Result<Answer> {
        let entry = self.pack.action(&call.action, call.version).map_err(|error| located(error, &call))?;
        let mut attempt = Attempt {
            runtime: self,
            spec: entry.spec(),
            call: &call,
            invocation: Uuid::now_v7(),
            actor: None,
            observed: Vec::new(),
        };
        match attempt.run(entry).await {
            Ok(answer) => Ok(answer),
            Err(error) => {
                if !call.dry_run {
                    attempt.audit_refusal(&error).await;
                }
                Err(located(error, &call))
            }
        }
    }
}

fn located(error: Error, call: &Call) -> Error {
    Error { node_path: call.step_path.clone(), at: Some(Timestamp::now()), ..error }
}

/// One call under way.
struct Attempt<'r> {
    runtime: &'r Runtime,
    spec: &'static ActionSpec,
    call: &'r Call,
    invocation: Uuid,
    /// Known once the session has begun.
    actor: Option<Uuid>,
    /// What a refused call leaves to do.
    observed: Vec<Effect>,
}

impl Attempt<'_> {
    async fn run(&mut self, entry: &Entry) -> Result<Answer> {
        let (prepared, warnings) =
            entry.decode(&self.call.input, UnknownFields::Warn).map_err(|problems| Error::invalid_input(&problems))?;
        let needs = Needs::of(self.spec, &self.call.input);
        let scope = {
            let Runtime { database, pack, .. } = self.runtime;
            session::begin(database, pack.tables, self.spec.effects, self.call.tenant, self.call.caller, &needs.all)
                .await?
        };
        self.actor = Some(scope.actor);
        needs.check(&scope)?;
        match self.spec.effects {
            Effects::Read => self.read(scope, prepared, warnings).await,
            Effects::Write => self.write(scope, prepared, warnings).await,
        }
    }

    async fn read(&self, mut scope: Scope, prepared: Prepared, warnings: Vec<Warning>) -> Result<Answer> {
        let output = prepared.run(&mut scope).await?;
        let preview = self.call.dry_run.then(Preview::default);
        scope.tx.rollback().await?;
        Ok(Answer { output, meta: self.meta(scope.actor, warnings, preview) })
    }

    async fn write(&mut self, mut scope: Scope, prepared: Prepared, warnings: Vec<Warning>) -> Result<Answer> {
        let input = normalize(self.spec.input, &self.call.input);
        let claim = Claim::of(self.spec, self.call, &input);
        if let Some(claim) = &claim
            && let Outcome::Repeated { output, original } =
                claim.take(&mut scope, self.spec, self.call, self.invocation).await?
        {
            scope.tx.rollback().await?;
            let meta = self.meta(scope.actor, warnings, None);
            return Ok(Answer { output, meta: Meta { deduplicated: Some(original), ..meta } });
        }
        if self.call.dry_run {
            scope.changes = Some(Vec::new());
        }
        let output = prepared.run(&mut scope).await;
        let observed = std::mem::take(&mut scope.observed);
        let output = match output {
            Ok(output) => output,
            Err(error) => {
                self.observed = observed;
                return Err(error);
            }
        };
        let mut effects = std::mem::take(&mut scope.effects);
        effects.extend(observed);
        let (tenant, actor) = (scope.tenant, scope.actor);
        let origin =
            Origin { tenant, actor, action: self.spec.id, version: self.spec.version, invocation: self.invocation };
        let audit = audit::succeeded(self.spec, self.call, self.invocation, actor, &input, &output);
        let key = claim.as_ref().map(|claim| claim.key.as_str());
        let held_until = scope.now.plus_seconds(HOLD);
        finish(&mut scope, &origin, key, &output, &audit, &effects, held_until).await?;
        let delivery = Delivery::new(self.runtime);
        if self.call.dry_run {
            let preview = Preview::of(scope, &delivery, &origin, &audit, effects).await?;
            return Ok(Answer { output, meta: self.meta(actor, warnings, Some(preview)) });
        }
        scope.tx.commit().await?;
        let report = delivery.deliver_now(&origin, effects).await;
        let mut meta = self.meta(actor, warnings, None);
        meta.effects = report.effects;
        let mut output = output;
        for (field, value) in report.amendments {
            if let Some(output) = output.as_object_mut() {
                output.insert(field, value);
            }
        }
        Ok(Answer { output, meta })
    }

    fn meta(&self, actor: Uuid, warnings: Vec<Warning>, dry_run: Option<Preview>) -> Meta {
        Meta {
            action: self.spec.id,
            version: self.spec.version,
            invocation_id: self.invocation,
            actor,
            deduplicated: None,
            warnings,
            effects: Vec::new(),
            dry_run,
        }
    }

    /// A refusal that cannot be audited is logged: the caller's error is the one that matters to the caller.
    async fn audit_refusal(&mut self, error: &Error) {
        let actor = self.actor.or(match self.call.caller {
            Caller::User(user) => Some(user),
            Caller::Run(_) => None,
        });
        let (tenant, invocation) = (self.call.tenant, self.invocation);
        let (action, version) = (self.spec.id, self.spec.version);
        let origin = Origin { tenant, actor: actor.unwrap_or_default(), action, version, invocation };
        let observed = std::mem::take(&mut self.observed);
        let refusal = audit::refused(self.spec, self.call, invocation, actor, error);
        match audit::write_refusal(&self.runtime.database, &origin, &refusal, &observed).await {
            Ok(()) => drop(Delivery::new(self.runtime).deliver_now(&origin, observed).await),
            Err(failure) => tracing::error!(action, error = %failure, "a refused call could not be audited"),
        }
    }
}
