//! What a dry run shows: the real body ran, and nothing of it stays.

use serde::Serialize;
use serde_json::{Value, json};

use super::RowChange;
use super::finish::AuditRow;
use crate::context::Scope;
use crate::decode::mask;
use crate::error::Result;
use crate::outbox::{Delivery, Effect, EffectKind, Origin};

/// What the call would have done.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Preview {
    /// Rows that bodies and jobs would have written.
    pub changes: Vec<RowChange>,
    /// The audit row, without its id and time.
    pub audit: Option<Value>,
    /// Events that would have gone out.
    pub events: Vec<Value>,
    /// Mails that would have gone out.
    pub mails: Vec<Value>,
}

impl Preview {
    /// Runs the deferred jobs inside the transaction, too, then rolls everything back.
    pub(crate) async fn of(
        scope: Scope,
        delivery: &Delivery<'_>,
        origin: &Origin,
        audit: &AuditRow,
        effects: Vec<Effect>,
    ) -> Result<Self> {
        let mut preview = Self {
            audit: Some(json!({
                "operation": audit.operation,
                "user_id": audit.user,
                "changed_data": audit.changed,
                "details": audit.details,
            })),
            ..Self::default()
        };
        let mut scope = scope;
        for effect in effects {
            match effect.kind {
                EffectKind::Event => {
                    preview.events.push(json!({ "name": effect.name, "key": effect.key, "payload": effect.payload }))
                }
                EffectKind::Mail => preview.mails.push(effect.payload),
                EffectKind::Job => {
                    let (kept, mails) = delivery.rehearse(scope, origin, effect).await?;
                    scope = kept;
                    preview.mails.extend(mails);
                }
            }
        }
        preview.changes = scope.changes.take().unwrap_or_default();
        scope.tx.rollback().await?;
        Ok(preview)
    }

    /// Takes secrets of the input out of what is shown.
    pub(crate) fn mask(&mut self, secrets: &[String]) {
        if secrets.is_empty() {
            return;
        }
        for change in &mut self.changes {
            for fields in [Some(&mut change.after), change.before.as_mut()].into_iter().flatten() {
                fields.values_mut().for_each(|value| mask(value, secrets));
            }
        }
        self.events.iter_mut().chain(&mut self.mails).for_each(|value| mask(value, secrets));
    }
}
