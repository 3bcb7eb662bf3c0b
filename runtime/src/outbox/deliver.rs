//! One attempt to deliver an effect.

use std::collections::VecDeque;

use serde_json::Value;
use uuid::Uuid;

use super::job::{JobContext, JobOutcome};
use super::{Effect, EffectKind, FileStore, JobCall, Mail, Origin, store};
use crate::call::{EffectReport, Runtime};
use crate::context::Scope;
use crate::error::{Error, Result};

/// Delivers effects of calls that have committed.
#[derive(Debug)]
pub(crate) struct Delivery<'r> {
    runtime: &'r Runtime,
}

/// What became of the effects of a call.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) effects: Vec<EffectReport>,
    pub(crate) amendments: Vec<(String, Value)>,
}

impl<'r> Delivery<'r> {
    pub(crate) fn new(runtime: &'r Runtime) -> Self {
        Self { runtime }
    }

    /// Tries each effect once, and those that they bring about. A failure is noted for the relay, never returned: the
    /// call has committed.
    pub(crate) async fn deliver_now(&self, origin: &Origin, effects: Vec<Effect>) -> Report {
        let mut report = Report::default();
        let mut queue = VecDeque::from(effects);
        while let Some(effect) = queue.pop_front() {
            let (kind, name, key) = (effect.kind.as_str(), effect.name.clone(), effect.key.clone());
            let delivered = self.attempt(origin, effect, 0, &mut queue, &mut report.amendments).await;
            report.effects.push(EffectReport { kind, name, key, delivered });
        }
        report
    }

    /// One attempt, and the note of how it went.
    pub(super) async fn attempt(
        &self,
        origin: &Origin,
        effect: Effect,
        attempts: i64,
        more: &mut VecDeque<Effect>,
        amendments: &mut Vec<(String, Value)>,
    ) -> bool {
        let id = effect.id;
        let outcome = self.deliver(origin, effect).await;
        let (noted, delivered) = match outcome {
            Ok(outcome) => {
                more.extend(outcome.mails);
                amendments.extend(outcome.amendments);
                let noted = if outcome.settled {
                    Ok(())
                } else {
                    store::settle(&self.runtime.database, origin.tenant, id).await
                };
                (noted, true)
            }
            Err(error) => {
                tracing::warn!(outbox_id = %id, error = %error, "an effect was not delivered");
                (store::postpone(&self.runtime.database, origin.tenant, id, attempts, &error).await, false)
            }
        };
        if let Err(error) = noted {
            // The row stays pending and is tried again with the same key, which is how receivers tell.
            tracing::error!(outbox_id = %id, error = %error, "the outcome of a delivery could not be noted");
        }
        delivered
    }

    async fn deliver(&self, origin: &Origin, effect: Effect) -> Result<JobOutcome> {
        let options = &self.runtime.options;
        match effect.kind {
            EffectKind::Event => {
                options.events.publish(&effect.name, &effect.key, &effect.payload).await?;
                Ok(JobOutcome::default())
            }
            EffectKind::Mail => {
                let mail: Mail = serde_json::from_value(effect.payload)
                    .map_err(|_| Error::internal("The outbox holds a mail that cannot be read."))?;
                options.mailer.send(&mail, &options.files).await?;
                match mail.on_delivered {
                    Some(JobCall { job, payload }) => self.run_job(origin, effect.id, &job, payload).await,
                    None => Ok(JobOutcome::default()),
                }
            }
            EffectKind::Job => self.run_job(origin, effect.id, &effect.name, effect.payload).await,
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
        Ok((scope, outcome.mails.into_iter().map(|mail| mail.payload).collect()))
    }

    fn context<'c>(
        &'c self,
        origin: &'c Origin,
        outbox_id: Uuid,
        files: FileStore,
        rehearsal: Option<Scope>,
    ) -> Result<JobContext<'c>> {
        let spec = self.runtime.pack.action(origin.action, Some(origin.version))?.spec();
        Ok(JobContext::new(self.runtime, spec, origin, outbox_id, files, rehearsal))
    }
}
