//! The outbox for administrators of a tenant: what [`super::inspect`] gives, of their tenant only, and only with permission.

use serde_json::json;
use uuid::Uuid;

use super::{OutboxFilter, OutboxStatus, StoredEffect};
use crate::call::{AuditRow, Caller, Runtime, insert_audit, session};
use crate::error::{Code, Error, Result};
use crate::spec::Effects;

/// The permission for all of it is one of these on this resource.
const RESOURCE: &str = "settings";
const READ: &str = "read";
const UPDATE: &str = "update";

/// The outbox of a tenant, as a caller may see and change it.
#[derive(Debug)]
pub struct Letters<'r> {
    runtime: &'r Runtime,
    tenant: Uuid,
    caller: Caller,
}

impl Runtime {
    /// The outbox of a tenant, for this caller.
    pub fn letters_for(&self, tenant: Uuid, caller: Caller) -> Letters<'_> {
        Letters { runtime: self, tenant, caller }
    }
}

impl Letters<'_> {
    /// Effects in a state, oldest first, after this one.
    ///
    /// # Errors
    ///
    /// `PERMISSION_DENIED` without `settings:read`, and those of the database.
    pub async fn list(&self, status: OutboxStatus, after: Option<Uuid>, limit: u32) -> Result<Vec<StoredEffect>> {
        self.allowed(READ).await?;
        let filter = OutboxFilter { tenant: Some(self.tenant), status: Some(status), after, limit };
        self.runtime.outbox(filter).await
    }

    /// The effect of this id.
    ///
    /// # Errors
    ///
    /// As [`Letters::list`], and `NOT_FOUND`.
    pub async fn entry(&self, outbox_id: Uuid) -> Result<StoredEffect> {
        self.allowed(READ).await?;
        self.runtime.outbox_entry(Some(self.tenant), outbox_id).await
    }

    /// Makes a dead letter due again.
    ///
    /// # Errors
    ///
    /// `PERMISSION_DENIED` without `settings:update`, which is audited; `NOT_FOUND`, `CONFLICT` when it is no dead letter, and those
    /// of the database.
    pub async fn retry(&self, outbox_id: Uuid) -> Result<()> {
        let actor = self.may_decide("outbox_retry_denied", outbox_id).await?;
        self.runtime.retry_dead_letter(Some(self.tenant), outbox_id, Some(actor)).await
    }

    /// Decides that a dead letter is not delivered.
    ///
    /// # Errors
    ///
    /// As [`Letters::retry`].
    pub async fn discard(&self, outbox_id: Uuid, reason: &str) -> Result<()> {
        let actor = self.may_decide("outbox_discard_denied", outbox_id).await?;
        self.runtime.discard_dead_letter(Some(self.tenant), outbox_id, Some(actor), reason).await
    }

    /// The actor, if they have the permission.
    async fn allowed(&self, action: &str) -> Result<Uuid> {
        let Runtime { database, pack, options, .. } = self.runtime;
        let needed = [(RESOURCE.to_owned(), action.to_owned())];
        let scope = session::begin(
            options.call_timeout,
            database,
            pack.tables,
            Effects::Read,
            self.tenant,
            self.caller,
            &needed,
        )
        .await?;
        let (actor, granted) = (scope.actor, !scope.granted.is_empty());
        scope.tx.rollback().await?;
        if granted { Ok(actor) } else { Err(Error::denied(RESOURCE, action)) }
    }

    /// As [`Letters::allowed`], for what changes something: a denial is audited like that of a call.
    async fn may_decide(&self, denied: &str, outbox_id: Uuid) -> Result<Uuid> {
        let error = match self.allowed(UPDATE).await {
            Err(error) if error.code == Code::PermissionDenied => error,
            other => return other,
        };
        // The caller's error is the one that matters to the caller.
        if let Err(failure) = self.note_denial(denied, outbox_id, &error).await {
            tracing::error!(operation = denied, error = %failure, "a refused decision could not be audited");
        }
        Err(error)
    }

    async fn note_denial(&self, denied: &str, outbox_id: Uuid, error: &Error) -> Result<()> {
        let user = match self.caller {
            Caller::User(user) => Some(user),
            Caller::Run(_) => None,
        };
        let database = &self.runtime.database;
        let mut scope = session::resume(database, &[], Effects::Write, self.tenant, user.unwrap_or_default()).await?;
        let audit = AuditRow {
            id: Uuid::now_v7(),
            user: user.map(|user| user.to_string()),
            operation: denied.to_owned(),
            record: outbox_id,
            changed: json!({}),
            details: json!({ "outbox_id": outbox_id, "category": error.category, "code": error.code }),
        };
        insert_audit(&mut scope, &audit).await?;
        scope.tx.commit().await
    }
}
