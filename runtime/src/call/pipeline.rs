//! The one path of every call.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

use super::finish::finish;
use super::ledger::{Claim, Outcome};
use super::permissions::Needs;
use super::{Answer, Call, Caller, EffectReport, Meta, Options, Preview, audit, session};
use crate::context::Scope;
use crate::database::Database;
use crate::decode::{UnknownFields, Warning, mask, mask_text, normalize, secret_texts, storable};
use crate::error::{Code, Error, Result};
use crate::observe::CallWatch;
use crate::outbox::{Delivery, Effect, Origin, Report};
use crate::registry::{Entry, Pack, Prepared};
use crate::spec::{ActionSpec, Effects};
use crate::step::step;
use crate::value::Timestamp;

/// Runs the actions of a pack against a database. Clones share everything.
#[derive(Debug, Clone)]
pub struct Runtime {
    pub(crate) database: Database,
    pub(crate) pack: Arc<Pack>,
    pub(crate) options: Arc<Options>,
    pub(super) work: Arc<Work>,
}

/// What is under way in this process.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Calls, and deliveries that outlive theirs.
    tracker: TaskTracker,
    relay: Notify,
}

impl Runtime {
    /// A runtime of this pack on this database.
    pub fn new(database: Database, pack: Pack, options: Options) -> Self {
        Self { database, pack: Arc::new(pack), options: Arc::new(options), work: Arc::default() }
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

    /// Makes a call. A caller that stops waiting undoes it, unless it has committed.
    ///
    /// # Errors
    ///
    /// The first of these that applies: every problem of the input (`VALIDATION_ERROR`), `PERMISSION_DENIED`,
    /// `IDEMPOTENCY_KEY_REUSED`, what the body found, or `TRANSIENT_FAILURE` when the call takes longer than its timeout.
    /// Nothing of the call is stored then but its audit row. Where the connection was lost while the call committed, `outcome`
    /// in the details says whether it has its effect: `committed`, or `unknown`; a repetition with its idempotency key tells.
    pub async fn call(&self, call: Call) -> Result<Answer> {
        let _under_way = self.work.tracker.token();
        let entry = self.pack.action(&call.action, call.version).map_err(|error| located(error, &call))?;
        let invocation = Uuid::now_v7();
        let watch = CallWatch::begin(entry.spec(), &call, invocation);
        let outcome = self.attempt(entry, &call, invocation).instrument(watch.span()).await;
        watch.end(call.dry_run, &outcome);
        outcome
    }

    async fn attempt(&self, entry: &Entry, call: &Call, invocation: Uuid) -> Result<Answer> {
        let timeout = call.timeout.unwrap_or(self.options.call_timeout);
        let deadline = Instant::now() + timeout;
        let mut attempt = Attempt {
            runtime: self,
            spec: entry.spec(),
            call,
            invocation,
            actor: None,
            observed: Vec::new(),
            committing: false,
        };
        let outcome = tokio::time::timeout_at(deadline, AssertUnwindSafe(attempt.run(entry)).catch_unwind()).await;
        let error = match outcome {
            Ok(Ok(Ok((answer, outgoing)))) => return Ok(self.deliver(answer, outgoing, deadline).await),
            Ok(Ok(Err(error))) => error,
            Ok(Err(_panic)) => Error::internal("The action failed in an unexpected way. The log has the details."),
            Err(_elapsed) => Error::transient(format!("The call took longer than {} s.", timeout.as_secs_f32())),
        };
        let error = unsecret(error, &call, entry.spec());
        let error = if call.dry_run { error } else { attempt.refused(error).await };
        Err(located(error, call))
    }

    /// Tries to deliver at once what a call that has committed asked for. That goes on when the call's time is over, or its
    /// caller is gone.
    async fn deliver(&self, mut answer: Answer, outgoing: Option<Outgoing>, deadline: Instant) -> Answer {
        let Some(Outgoing { origin, effects, waiting, leased }) = outgoing else {
            return answer;
        };
        answer.meta.effects = effects.iter().map(EffectReport::not_yet).collect();
        if effects.is_empty() {
            return answer;
        }
        let runtime = self.clone();
        let delivery = async move {
            let report =
                Delivery::new(&runtime, origin.invocation).deliver_now(&origin, effects, &waiting, leased).await;
            step!("reported");
            report
        };
        let delivery = self.work.tracker.spawn(delivery.in_current_span());
        if let Ok(Ok(Report { effects, amendments })) = tokio::time::timeout_at(deadline, delivery).await {
            answer.meta.effects = effects;
            if let Some(output) = answer.output.as_object_mut() {
                output.extend(amendments);
            }
        }
        answer
    }

    /// Waits until calls and deliveries that are under way have ended. Whoever calls this makes sure that no new ones begin.
    pub async fn finish(&self) {
        self.work.tracker.close();
        self.work.tracker.wait().await;
    }

    /// Lets a relay of this process look at once.
    pub(crate) fn wake_relay(&self) {
        self.work.relay.notify_one();
    }

    pub(crate) async fn relay_woken(&self) {
        self.work.relay.notified().await;
    }
}

/// Takes secrets of the input out of what a body says went wrong.
fn unsecret(mut error: Error, call: &Call, spec: &ActionSpec) -> Error {
    let secrets = secret_texts(spec.input, &call.input);
    if let Some(masked) = mask_text(&error.message, &secrets) {
        error.message = masked.into();
    }
    mask(&mut error.details, &secrets);
    error
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
    /// The commit was asked for, and is not certain.
    committing: bool,
}

/// What a call that has committed sends out.
struct Outgoing {
    origin: Origin,
    effects: Vec<Effect>,
    /// Those that are not the call's to deliver, because others come first.
    waiting: Vec<Uuid>,
    leased: std::time::Instant,
}

/// A refusal is audited within this time or not at all.
const REFUSAL: Duration = Duration::from_secs(5);

impl Attempt<'_> {
    async fn run(&mut self, entry: &Entry) -> Result<(Answer, Option<Outgoing>)> {
        let (prepared, warnings) =
            entry.decode(&self.call.input, UnknownFields::Warn).map_err(|problems| Error::invalid_input(&problems))?;
        let needs = Needs::of(self.spec, &self.call.input);
        let mut scope = {
            let Runtime { database, pack, .. } = self.runtime;
            session::begin(database, pack.tables, self.spec.effects, self.call.tenant, self.call.caller, &needs.all)
                .await?
        };
        self.actor = Some(scope.actor);
        scope.mail_domain = self.runtime.options.mailer.domain().to_owned();
        needs.check(&scope)?;
        match self.spec.effects {
            Effects::Read => Ok((self.read(scope, prepared, warnings).await?, None)),
            Effects::Write => self.write(scope, prepared, warnings).await,
        }
    }

    async fn read(&self, mut scope: Scope, prepared: Prepared, warnings: Vec<Warning>) -> Result<Answer> {
        let output = prepared.run(&mut scope).await?;
        let preview = self.call.dry_run.then(Preview::default);
        scope.tx.rollback().await?;
        Ok(Answer { output, meta: self.meta(scope.actor, warnings, preview) })
    }

    async fn write(
        &mut self,
        mut scope: Scope,
        prepared: Prepared,
        warnings: Vec<Warning>,
    ) -> Result<(Answer, Option<Outgoing>)> {
        let input = normalize(self.spec.input, &self.call.input);
        let claim = Claim::of(self.spec, self.call, &input);
        if let Some(claim) = &claim
            && let Outcome::Repeated { output, original } =
                claim.take(&mut scope, self.spec, self.call, self.invocation, &self.runtime.options.retention).await?
        {
            scope.tx.rollback().await?;
            let meta = self.meta(scope.actor, warnings, None);
            return Ok((Answer { output, meta: Meta { deduplicated: Some(original), ..meta } }, None));
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
        let actor = scope.actor;
        let origin = self.origin(actor, scope.now);
        let audit = audit::succeeded(self.spec, self.call, self.invocation, actor, &input, &output);
        let key = claim.as_ref().map(|claim| claim.key.as_str());
        let options = &self.runtime.options;
        let outgoing =
            if self.call.dry_run { effects.clone() } else { options.for_each_sink(origin.tenant, effects.clone()) };
        let leased = std::time::Instant::now();
        let lease = options.delivery.lease();
        let stored = storable(self.spec.output_schema, &output);
        let waiting = finish(&mut scope, &origin, key, &stored, &audit, &outgoing, lease).await?;
        if self.call.dry_run {
            let delivery = Delivery::new(self.runtime, self.invocation);
            let mut preview = Preview::of(scope, &delivery, &origin, &audit, effects).await?;
            preview.mask(&secret_texts(self.spec.input, &self.call.input));
            return Ok((Answer { output, meta: self.meta(actor, warnings, Some(preview)) }, None));
        }
        self.committing = true;
        scope.tx.commit().await?;
        let answer = Answer { output, meta: self.meta(actor, warnings, None) };
        Ok((answer, Some(Outgoing { origin, effects: outgoing, waiting, leased })))
    }

    fn origin(&self, actor: Uuid, at: Timestamp) -> Origin {
        let (tenant, invocation) = (self.call.tenant, self.invocation);
        Origin { tenant, actor, action: self.spec.id, version: self.spec.version, invocation, at }
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

    /// Audits the refusal, and says what is known of a commit that was under way. A refusal that cannot be audited is logged:
    /// the caller's error is the one that matters to the caller.
    async fn refused(&mut self, error: Error) -> Error {
        let actor = self.actor.or(match self.call.caller {
            Caller::User(user) => Some(user),
            Caller::Run(_) => None,
        });
        let origin = self.origin(actor.unwrap_or_default(), Timestamp::now());
        let observed = std::mem::take(&mut self.observed);
        let refusal = audit::refused(self.spec, self.call, self.invocation, actor, &error);
        let runtime = self.runtime;
        let lease = runtime.options.delivery.lease();
        let leased = std::time::Instant::now();
        let written = audit::write_refusal(&runtime.database, &origin, &refusal, &observed, lease);
        let written = tokio::time::timeout(REFUSAL, written).await;
        match written.unwrap_or_else(|_| Err(Error::transient("The refusal was not written in time."))) {
            Ok(()) => {
                let delivery = Delivery::new(runtime, self.invocation);
                drop(delivery.deliver_now(&origin, observed, &[], leased).await);
                error
            }
            // The audit row of the call itself is there: both have the id of the call.
            Err(failure) if self.committing && failure.code == Code::Conflict => {
                error.with_detail("outcome", "committed")
            }
            Err(failure) => {
                tracing::error!(action = self.spec.id, error = %failure, "a refused call could not be audited");
                if self.committing { error.with_detail("outcome", "unknown") } else { error }
            }
        }
    }
}
