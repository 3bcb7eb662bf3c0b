//! Work that a body leaves for after the commit, such as rendering a document.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Effect, EffectKind, FileStore, MOST_RECIPIENTS, Mail, Origin, store};
use crate::call::{Runtime, session};
use crate::context::Scope;
use crate::error::{Error, Result};
use crate::registry::BoxFuture;
use crate::spec::{ActionSpec, Effects};
use crate::template::{MailTemplate, WrittenMail};

/// A job of a pack.
#[derive(Clone, Copy)]
pub struct Job {
    /// As `defer` names it.
    pub name: &'static str,
    /// Does the work. It may run again after a crash, so it must stand that.
    pub run: for<'a, 'c> fn(&'a mut JobContext<'c>, Value) -> BoxFuture<'a, Result<()>>,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What a job gets: transactions of its own in the tenant of the call that deferred it, and the file store.
pub struct JobContext<'r> {
    runtime: &'r Runtime,
    spec: &'static ActionSpec,
    origin: &'r Origin,
    outbox_id: uuid::Uuid,
    /// Who has leased the job, and gets the mails that it sends.
    holder: uuid::Uuid,
    files: FileStore,
    /// The transaction of a dry run, which jobs share.
    rehearsal: Option<Scope>,
    pub(super) outcome: JobOutcome,
}

/// What a job leaves behind.
#[derive(Debug, Default)]
pub(super) struct JobOutcome {
    /// Effects that it brought about, held by its own holder.
    pub(super) more: Vec<Effect>,
    pub(super) amendments: Vec<(String, Value)>,
    /// The job's own row was marked delivered together with its writes.
    pub(super) settled: bool,
}

impl fmt::Debug for JobContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobContext").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl<'r> JobContext<'r> {
    pub(super) fn new(
        runtime: &'r Runtime,
        spec: &'static ActionSpec,
        origin: &'r Origin,
        outbox_id: uuid::Uuid,
        holder: uuid::Uuid,
        files: FileStore,
        rehearsal: Option<Scope>,
    ) -> Self {
        Self { runtime, spec, origin, outbox_id, holder, files, rehearsal, outcome: JobOutcome::default() }
    }

    /// Whose data the job works on.
    pub fn tenant(&self) -> uuid::Uuid {
        self.origin.tenant
    }

    /// Where the client portal is.
    pub fn portal_url(&self) -> &'r str {
        &self.runtime.options.portal_url
    }

    /// Writes a mail with these values, an object, from the tenant's templates where it has some.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the built-in template fails.
    pub fn write_mail(&self, template: &MailTemplate, values: &impl Serialize) -> Result<WrittenMail> {
        self.runtime.options.templates.write(self.origin.tenant, template, values)
    }

    /// Where the bytes of documents go. In a dry run they go nowhere.
    pub fn files(&self) -> &FileStore {
        &self.files
    }

    /// Begins a transaction. Do slow work between a reading and a writing one, not inside either.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn begin(&mut self, effects: Effects) -> Result<JobScope> {
        let scope = match self.rehearsal.take() {
            Some(scope) => scope,
            None => {
                let Runtime { database, pack, .. } = self.runtime;
                session::resume(database, pack.tables, effects, self.origin.tenant, self.origin.actor).await?
            }
        };
        Ok(JobScope { scope, mails: Vec::new(), amendments: Map::new() })
    }

    /// Ends a transaction that only read.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn end(&mut self, job: JobScope) -> Result<()> {
        if job.scope.changes.is_some() {
            self.rehearsal = Some(job.scope);
            return Ok(());
        }
        job.scope.tx.rollback().await
    }

    /// Commits what the job wrote, its mails, what it amends, and that it is done: all or nothing.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn commit(&mut self, job: JobScope) -> Result<()> {
        let JobScope { mut scope, mails, amendments } = job;
        if scope.changes.is_some() {
            self.outcome.more.extend(mails);
            self.rehearsal = Some(scope);
            return Ok(());
        }
        let mails: Vec<Effect> = mails.iter().flat_map(Effect::for_each_recipient).collect();
        let lease = self.runtime.options.delivery.lease();
        crate::call::insert_effects(&mut scope, self.origin, Some(self.holder), &mails, lease).await?;
        if !amendments.is_empty() {
            store::amend(&mut scope, self.spec, self.origin, &amendments).await?;
        }
        store::mark_delivered(&mut scope, self.outbox_id, self.holder).await?;
        scope.tx.commit().await?;
        self.outcome.settled = true;
        self.outcome.more.extend(mails);
        self.outcome.amendments.extend(amendments);
        Ok(())
    }

    pub(super) fn into_rehearsal(self) -> Option<(Scope, JobOutcome)> {
        Some((self.rehearsal?, self.outcome))
    }
}

/// A transaction of a job: a [`Scope`] that may also send mail and amend the answer of the call.
pub struct JobScope {
    scope: Scope,
    mails: Vec<Effect>,
    amendments: Map<String, Value>,
}

impl fmt::Debug for JobScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scope.fmt(f)
    }
}

impl Deref for JobScope {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}

impl DerefMut for JobScope {
    fn deref_mut(&mut self) -> &mut Scope {
        &mut self.scope
    }
}

impl JobScope {
    /// Sends a mail once the job has committed.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the mail has more than [`MOST_RECIPIENTS`], or cannot be written as JSON.
    pub fn mail(&mut self, mail: Mail) -> Result<()> {
        if mail.to.len() > MOST_RECIPIENTS {
            let count = mail.to.len();
            return Err(Error::internal(format!(
                "A mail has {count} recipients, which is more than {MOST_RECIPIENTS}."
            )));
        }
        let payload = serde_json::to_value(&mail).map_err(|_| Error::internal("A mail cannot be written as JSON."))?;
        self.mails.push(Effect::new(EffectKind::Mail, &mail.subject, Some(mail.message_id), payload));
        Ok(())
    }

    /// Replaces a field of the call's output, in the stored result and in the audit row that names it, because only
    /// now is its value known.
    pub fn amend_output(&mut self, field: &str, value: impl Into<Value>) {
        self.amendments.insert(field.to_owned(), value.into());
    }
}
