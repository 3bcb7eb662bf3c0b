//! Attempts to deliver effects of calls that have committed.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;
use serde_json::Value;
use uuid::Uuid;

use super::job::{JobContext, JobOutcome};
use super::note::insist;
use super::{CloudEvent, DeliveryError, Effect, EffectKind, FileStore, JobCall, Mail, Origin, store};
use crate::call::{EffectReport, Runtime};
use crate::context::Scope;
use crate::error::{Code, Error, Result};
use crate::observe;
use crate::step::step;

/// Delivers effects on behalf of one holder, who has leased them: the call itself, or a relay.
#[derive(Debug)]
pub(crate) struct Delivery<'r> {
    runtime: &'r Runtime,
    holder: Uuid,
}

/// What became of the effects of a call.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) effects: Vec<EffectReport>,
    pub(crate) amendments: Vec<(String, Value)>,
}

/// How an attempt went.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    pub(super) delivered: bool,
    /// Effects that the delivered one brought about, with the same holder.
    pub(super) more: Vec<Effect>,
    pub(super) amendments: Vec<(String, Value)>,
}

/// What the other side has taken over, before that is noted.
enum Accepted {
    Event,
    /// With what is to follow.
    Mail(Option<JobCall>),
    Job(JobOutcome),
}

impl<'r> Delivery<'r> {
    pub(crate) fn new(runtime: &'r Runtime, holder: Uuid) -> Self {
        Self { runtime, holder }
    }

    /// Tries each effect once, and those that they bring about. A failure is noted for the relay, never returned: the
    /// call has committed. `leased` is when the effects were leased; `waiting` are not leased, because others of their
    /// subject come first.
    pub(crate) async fn deliver_now(
        &self,
        origin: &Origin,
        effects: Vec<Effect>,
        waiting: &[Uuid],
        mut leased: Instant,
    ) -> Report {
        let mut report = Report::default();
        let mut queue = VecDeque::from(effects);
        let mut held_up: Vec<(Option<String>, Option<String>)> = Vec::new();
        let mut delivered_any = false;
        while let Some(effect) = queue.pop_front() {
            let (kind, name, key, sink) =
                (effect.kind.as_str(), effect.name.clone(), effect.key.clone(), effect.sink.clone());
            let line = (effect.subject.clone(), effect.sink.clone());
            let ordered = line.0.is_some();
            let delivered = if waiting.contains(&effect.id) {
                false
            } else if ordered && held_up.contains(&line) {
                self.release(origin, effect.id).await;
                false
            } else if leased.elapsed() >= self.runtime.options.delivery.timeout
                && !self.renew(origin, &effect, &queue, waiting, &mut leased).await
            {
                // Somebody else has it now, or the database is away and the relay takes it later.
                false
            } else {
                let attempt = self.attempt(origin, effect, 0).await;
                queue.extend(attempt.more);
                report.amendments.extend(attempt.amendments);
                attempt.delivered
            };
            delivered_any |= delivered;
            if ordered && !delivered {
                held_up.push(line);
            }
            report.effects.push(EffectReport { kind, name, key, sink, delivered });
        }
        if !held_up.is_empty() || (delivered_any && !waiting.is_empty()) {
            self.runtime.wake_relay();
        }
        report
    }

    /// Leaves all effects to the relay but those that are not held.
    pub(crate) async fn leave(&self, origin: &Origin, effects: Vec<Effect>, waiting: &[Uuid]) -> Report {
        for effect in effects.iter().filter(|effect| !waiting.contains(&effect.id)) {
            self.release(origin, effect.id).await;
        }
        Report { effects: effects.iter().map(EffectReport::not_yet).collect(), ..Report::default() }
    }

    /// One attempt, and the note of how it went. It begins within the first third of the lease and takes no longer than another;
    /// the rest is for the note.
    pub(super) async fn attempt(&self, origin: &Origin, effect: Effect, attempts: u32) -> Attempt {
        let (id, kind, lane) = (effect.id, effect.kind, effect.lane());
        let begun = Instant::now();
        let policy = &self.runtime.options.delivery;
        let noted_until = begun + 2 * policy.timeout;
        step!("deliver", %id, kind = kind.as_str());
        let delivering = AssertUnwindSafe(self.deliver(origin, effect)).catch_unwind();
        let outcome = match tokio::time::timeout(policy.timeout, delivering).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => {
                Err(DeliveryError::temporary("The delivery failed in an unexpected way. The log has the details."))
            }
            Err(_) => Err(DeliveryError::temporary(format!("No answer within {} s.", policy.timeout.as_secs_f32()))),
        };
        let outcome = match outcome {
            Ok(Accepted::Event | Accepted::Mail(None)) => Ok(Ok(JobOutcome::default())),
            Ok(Accepted::Mail(Some(call))) => Ok(self.follow_up(origin, id, call, noted_until).await),
            Ok(Accepted::Job(outcome)) => Ok(Ok(outcome)),
            Err(error) => Err(error),
        };
        step!("delivered", %id, ok = outcome.is_ok());
        observe::attempted(kind.as_str(), lane, outcome.is_ok(), begun.elapsed());
        let (database, tenant) = (&self.runtime.database, origin.tenant);
        let (noted, attempt) = match outcome {
            Ok(Ok(outcome)) => {
                let noted = if outcome.settled {
                    Ok(true)
                } else {
                    insist(noted_until, || store::settle(database, tenant, id, self.holder)).await
                };
                (noted, Attempt { delivered: true, more: outcome.more, amendments: outcome.amendments })
            }
            Ok(Err(unnoted)) => (Err(unnoted), Attempt { delivered: true, ..Attempt::default() }),
            Err(error) => {
                tracing::warn!(outbox_id = %id, kind = kind.as_str(), %error, "an effect was not delivered");
                let note = || store::fail(database, policy, tenant, id, self.holder, attempts, &error);
                (insist(noted_until, note).await, Attempt::default())
            }
        };
        step!("settled", %id);
        match noted {
            Ok(true) => {}
            Ok(false) => tracing::warn!(outbox_id = %id, "the lease was over before the outcome could be noted"),
            // The row stays pending and is tried again with the same key, which is how receivers tell.
            Err(error) => tracing::error!(outbox_id = %id, %error, "the outcome of a delivery could not be noted"),
        }
        attempt
    }

    async fn deliver(&self, origin: &Origin, effect: Effect) -> Result<Accepted, DeliveryError> {
        let options = &self.runtime.options;
        match effect.kind {
            EffectKind::Event => {
                let name = effect.sink.as_deref().unwrap_or_default();
                let sink =
                    options.events.iter().find(|sink| sink.name() == name).ok_or_else(|| {
                        DeliveryError::temporary(format!("The configuration has no event sink {name}."))
                    })?;
                let event = CloudEvent {
                    subject: effect.subject.unwrap_or_else(|| effect.key.clone()),
                    id: effect.key,
                    name: effect.name,
                    time: origin.at,
                    tenant: origin.tenant,
                    data: effect.payload,
                };
                sink.publish(&event).await?;
                Ok(Accepted::Event)
            }
            EffectKind::Mail => {
                let mail: Mail = serde_json::from_value(effect.payload)
                    .map_err(|_| DeliveryError::permanent("The outbox holds a mail that cannot be read."))?;
                let recipient = effect.sink.ok_or(DeliveryError::permanent("The outbox holds a mail for nobody."))?;
                options.mailer.send(&mail, &recipient, &options.files).await?;
                step!("mailed", id = %effect.id);
                Ok(Accepted::Mail(mail.on_delivered.map(|mut call| {
                    if let Some(payload) = call.payload.as_object_mut() {
                        payload.insert("recipient".to_owned(), recipient.into());
                    }
                    call
                })))
            }
            EffectKind::Job => Ok(Accepted::Job(self.run_job(origin, effect.id, &effect.name, effect.payload).await?)),
        }
    }

    /// What happens when a mail is out. Whatever becomes of it, the mail is not sent again: if the job cannot be done now, the
    /// job alone waits in the outbox. Only a database that is away until the lease is over leaves the mail to be sent again.
    async fn follow_up(&self, origin: &Origin, mail: Uuid, call: JobCall, until: Instant) -> Result<JobOutcome> {
        let noted = insist(until, || async {
            let job = AssertUnwindSafe(self.run_job(origin, mail, &call.job, call.payload.clone())).catch_unwind();
            let job = match tokio::time::timeout(self.runtime.options.delivery.timeout, job).await {
                Ok(Ok(job)) => job,
                Ok(Err(_panic)) => Err(Error::internal("A job failed in an unexpected way. The log has the details.")),
                Err(_) => Err(Error::transient("A job took too long.")),
            };
            match job {
                Ok(outcome) => return Ok(outcome),
                Err(error) => tracing::warn!(job = call.job, %error, "what follows a mail could not be done yet"),
            }
            let job = Effect::new(EffectKind::Job, &call.job, None, call.payload.clone());
            store::replace(&self.runtime.database, origin, mail, self.holder, job).await?;
            Ok(JobOutcome { settled: true, ..JobOutcome::default() })
        });
        match noted.await {
            // A commit that nobody answered went through, or the lease is over.
            Err(error) if error.code == Code::Conflict => Ok(JobOutcome { settled: true, ..JobOutcome::default() }),
            noted => noted,
        }
    }

    async fn run_job(&self, origin: &Origin, outbox_id: Uuid, job: &str, payload: Value) -> Result<JobOutcome> {
        let mut context = self.context(origin, outbox_id, self.runtime.options.files.clone(), None)?;
        (self.runtime.pack.job(job)?.run)(&mut context, payload).await?;
        Ok(context.outcome)
    }

    /// Runs a job inside the transaction of a dry run. Gives the transaction back, and the mails it would send.
    pub(crate) async fn rehearse(&self, scope: Scope, origin: &Origin, effect: Effect) -> Result<(Scope, Vec<Value>)> {
        let mut context = self.context(origin, effect.id, FileStore::nowhere(), Some(scope))?;
        (self.runtime.pack.job(&effect.name)?.run)(&mut context, effect.payload).await?;
        let (scope, outcome) =
            context.into_rehearsal().ok_or_else(|| Error::internal("A job did not end its transaction."))?;
        Ok((scope, outcome.more.into_iter().map(|mail| mail.payload).collect()))
    }

    fn context<'c>(
        &'c self,
        origin: &'c Origin,
        outbox_id: Uuid,
        files: FileStore,
        rehearsal: Option<Scope>,
    ) -> Result<JobContext<'c>> {
        let spec = self.runtime.pack.action(origin.action, Some(origin.version))?.spec();
        Ok(JobContext::new(self.runtime, spec, origin, outbox_id, self.holder, files, rehearsal))
    }

    /// Prolongs the lease of an effect and of those after it. Whether this one is still ours.
    async fn renew(
        &self,
        origin: &Origin,
        effect: &Effect,
        queue: &VecDeque<Effect>,
        waiting: &[Uuid],
        leased: &mut Instant,
    ) -> bool {
        let ids = [effect].into_iter().chain(queue).map(|effect| effect.id).filter(|id| !waiting.contains(id));
        let begun = Instant::now();
        let lease = self.runtime.options.delivery.lease();
        match store::renew(&self.runtime.database, origin.tenant, self.holder, ids.collect(), lease).await {
            Ok(renewed) => {
                *leased = begun;
                renewed.contains(&effect.id)
            }
            Err(error) => {
                tracing::warn!(outbox_id = %effect.id, %error, "a lease could not be renewed");
                false
            }
        }
    }

    /// Leaves an effect to the relay, or another one.
    pub(super) async fn release(&self, origin: &Origin, id: Uuid) {
        if let Err(error) = store::release(&self.runtime.database, origin.tenant, id, self.holder).await {
            // It is taken when the lease is over.
            tracing::warn!(outbox_id = %id, %error, "an effect could not be left to the relay yet");
        }
    }
}
