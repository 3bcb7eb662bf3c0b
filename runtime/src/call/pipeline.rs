//! The one path of every call.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

use super::finish::finish;
use super::ledger::{Claim, Outcome};
use super::permissions::Needs;
use super::{Answer, AuditRow, Call, Caller, EffectReport, Meta, Options, Preview, audit, session};
use crate::context::Scope;
use crate::database::Database;
use crate::decode::{UnknownFields, Warning, mask, mask_text, normalize, secret_texts, storable};
use crate::error::{Code, Error, Result};
use crate::observe::CallWatch;
use crate::outbox::{Delivery, Effect, Lane, NO_SINK, Origin, Report};
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
#[derive(Debug)]
pub(super) struct Work {
    /// Calls, and deliveries that outlive theirs.
    tracker: TaskTracker,
    relay: Notify,
    /// Room for deliveries of calls, in each lane.
    lanes: BTreeMap<Lane, Arc<Semaphore>>,
}

/// How many calls deliver at a time what they put into one lane. What is more is left to relays, which have limits of their own: a
/// receiver that does not answer must not take a connection for each call.
const A_LANE: usize = 64;

impl Work {
    fn new(options: &Options) -> Self {
        let sinks = options.events.iter().map(|sink| sink.name().to_owned());
        let lanes = sinks.chain([NO_SINK.to_owned()]).map(|lane| (lane, Arc::new(Semaphore::new(A_LANE)))).collect();
        Self { tracker: TaskTracker::new(), relay: Notify::new(), lanes }
    }

    fn room(&self, lane: &Lane) -> Option<OwnedSemaphorePermit> {
        self.lanes.get(lane)?.clone().try_acquire_owned().ok()
    }
}

impl Runtime {
    /// A runtime of this pack on this database.
    pub fn new(database: Database, pack: Pack, options: Options) -> Self {
        let work = Arc::new(Work::new(&options));
        Self { database, pack: Arc::new(pack), options: Arc::new(options), work }
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
    /// Nothing of the call is stored then but its audit row. Where the connection was lost while the call committed, and the
    /// database can still not be asked whether it did, `outcome` in the details is `unknown`; a repetition with its
    /// idempotency key tells.
    ///
    /// The answer is there when the call's time is over, but for a commit that was under way then: whether it went through is
    /// looked up for up to five seconds more.
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
            deadline,
            committing: None,
        };
        let outcome = tokio::time::timeout_at(deadline, AssertUnwindSafe(attempt.run(entry)).catch_unwind()).await;
        let error = match outcome {
            Ok(Ok(Ok((answer, outgoing)))) => return Ok(self.deliver(answer, outgoing, deadline).await),
            Ok(Ok(Err(error))) => error,
            Ok(Err(_panic)) => Error::internal("The action failed in an unexpected way. The log has the details."),
            Err(_elapsed) => Error::transient(format!("The call took longer than {} s.", timeout.as_secs_f32())),
        };
        let error = unsecret(error, call, entry.spec());
        if call.dry_run {
            return Err(located(error, call));
        }
        match attempt.refused(error).await {
            Ok((answer, outgoing)) => Ok(self.deliver(answer, Some(outgoing), deadline).await),
            Err(error) => Err(located(error, call)),
        }
    }

    /// Tries to deliver at once what a call that has committed asked for, each lane by itself. That goes on when the call's time is
    /// over, or its caller is gone. The answer waits for mails and jobs, which it tells about, and hardly for events, which it
    /// does not.
    async fn deliver(&self, mut answer: Answer, outgoing: Option<Outgoing>, deadline: Instant) -> Answer {
        let Some(Outgoing { origin, effects, waiting, leased }) = outgoing else {
            return answer;
        };
        answer.meta.effects = effects.iter().map(EffectReport::not_yet).collect();
        let mut lanes: BTreeMap<Lane, (Vec<usize>, Vec<Effect>)> = BTreeMap::new();
        for (place, effect) in effects.into_iter().enumerate() {
            let lane = lanes.entry(effect.lane()).or_default();
            lane.0.push(place);
            lane.1.push(effect);
        }
        let waiting: Arc<[Uuid]> = waiting.into();
        let deliveries: Vec<_> = lanes
            .into_iter()
            .map(|(lane, (places, effects))| {
                let (runtime, waiting, room) = (self.clone(), waiting.clone(), self.work.room(&lane));
                let delivery = async move {
                    let delivery = Delivery::new(&runtime, origin.invocation);
                    let report = match room {
                        Some(_room) => delivery.deliver_now(&origin, effects, &waiting, leased).await,
                        None => delivery.leave(&origin, effects, &waiting).await,
                    };
                    step!("reported");
                    report
                };
                (lane, places, self.work.tracker.spawn(delivery.in_current_span()))
            })
            .collect();
        let patience = deadline.min(Instant::now() + self.options.event_patience);
        for (lane, places, delivery) in deliveries {
            let until = if lane == NO_SINK { deadline } else { patience };
            let Ok(Ok(Report { effects, amendments })) = tokio::time::timeout_at(until, delivery).await else {
                continue;
            };
            let mut reports = effects.into_iter();
            for (place, report) in places.into_iter().zip(reports.by_ref()) {
                answer.meta.effects[place] = report;
            }
            // What the first ones brought about.
            answer.meta.effects.extend(reports);
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

    /// As [`Runtime::finish`], for no longer than this. Whether everything has ended: what has not is undone, or, where its call
    /// has committed, delivered by a relay when its lease is over.
    pub async fn finish_within(&self, patience: Duration) -> bool {
        tokio::time::timeout(patience, self.finish()).await.is_ok()
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
    deadline: Instant,
    /// The commit was asked for, and is not certain: what the call gives if it went through.
    committing: Option<(Answer, Outgoing)>,
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
        self.call.check()?;
        let (prepared, warnings) =
            entry.decode(&self.call.input, UnknownFields::Warn).map_err(|problems| Error::invalid_input(&problems))?;
        let needs = Needs::of(self.spec, &self.call.input);
        let mut scope = {
            let Runtime { database, pack, .. } = self.runtime;
            let Call { tenant, caller, .. } = *self.call;
            let limit = self.deadline.saturating_duration_since(Instant::now());
            session::begin(limit, database, pack.tables, self.spec.effects, tenant, caller, &needs.all).await?
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
        let answer = Answer { output, meta: self.meta(actor, warnings, None) };
        self.committing = Some((answer, Outgoing { origin, effects: outgoing, waiting, leased }));
        if let Err(uncommitted) = scope.tx.try_commit().await {
            if !uncommitted.doubtful {
                self.committing = None;
            }
            return Err(uncommitted.error);
        }
        let (answer, outgoing) =
            self.committing.take().ok_or_else(|| Error::internal("The answer of a call was lost."))?;
        Ok((answer, Some(outgoing)))
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

    /// Audits the refusal, which goes on when the call's time is over. A refusal that cannot be audited is logged: the caller's
    /// error is the one that matters to the caller.
    ///
    /// Where a commit was under way this tells whether it went through, because then the audit row of the call is there, which
    /// has the same id; and if so, this gives its answer.
    async fn refused(&mut self, error: Error) -> Result<(Answer, Outgoing)> {
        let actor = self.actor.or(match self.call.caller {
            Caller::User(user) => Some(user),
            Caller::Run(_) => None,
        });
        let refusal = Refusal {
            runtime: self.runtime.clone(),
            origin: self.origin(actor.unwrap_or_default(), Timestamp::now()),
            row: audit::refused(self.spec, self.call, self.invocation, actor, &error),
            observed: std::mem::take(&mut self.observed),
        };
        let mut writing = Box::pin(refusal.write());
        let Some(committed) = self.committing.take() else {
            if tokio::time::timeout_at(self.deadline, &mut writing).await.is_err() {
                drop(self.runtime.work.tracker.spawn(writing));
            }
            return Err(error);
        };
        match writing.await {
            Ok(()) => Err(error),
            Err(failure) if failure.code == Code::Conflict => Ok(committed),
            Err(_) => Err(error.with_detail("outcome", "unknown")),
        }
    }
}

/// The audit row of a call that was denied or failed, to be written, with what the call leaves to do.
struct Refusal {
    runtime: Runtime,
    origin: Origin,
    row: AuditRow,
    observed: Vec<Effect>,
}

impl Refusal {
    async fn write(self) -> Result<()> {
        let Self { runtime, origin, row, observed } = self;
        let leased = std::time::Instant::now();
        let lease = runtime.options.delivery.lease();
        let writing = audit::write_refusal(&runtime.database, &origin, &row, &observed, lease);
        let written = tokio::time::timeout(REFUSAL, writing).await;
        match written.unwrap_or_else(|_| Err(Error::transient("The refusal was not written in time."))) {
            Ok(()) => {
                let delivery = Delivery::new(&runtime, origin.invocation);
                drop(delivery.deliver_now(&origin, observed, &[], leased).await);
                Ok(())
            }
            Err(error) => {
                tracing::error!(action = origin.action, %error, "a refused call could not be audited");
                Err(error)
            }
        }
    }
}
