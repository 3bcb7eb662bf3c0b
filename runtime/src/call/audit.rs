//! Audit rows: what a call changed, or why it was refused.

use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::finish::{AuditRow, insert_audit, insert_effects};
use super::{Call, session};
use crate::database::Database;
use crate::decode::redact;
use crate::error::{Code, Error, Result};
use crate::outbox::{Effect, Origin};
use crate::spec::{ActionSpec, AuditField, AuditSource, Effects};

/// The audit row of a call that succeeded.
pub(crate) fn succeeded(
    spec: &ActionSpec,
    call: &Call,
    invocation: Uuid,
    actor: Uuid,
    input: &Value,
    output: &Value,
) -> AuditRow {
    let mut details = base_details(spec, call);
    let mut changed = Map::new();
    if let Some(audit) = &spec.audit {
        details.insert(audit.target.name.to_owned(), read(audit.target.from, input, output));
        changed = record(audit.changed, input, output);
    }
    AuditRow {
        id: invocation,
        user: Some(actor.to_string()),
        operation: format!("workflow_action:{}", spec.id),
        record: call.caller.run().unwrap_or(invocation),
        changed: Value::Object(changed),
        details: Value::Object(details),
    }
}

/// Replaces what the audit row says about one field of the output.
pub(crate) fn amended(spec: &ActionSpec, field: &str, value: &Value, changed: &mut Map<String, Value>) {
    let path = format!("output.{field}");
    for audited in spec.audit.iter().flat_map(|audit| audit.changed) {
        if matches!(audited.from, AuditSource::Path(from) if from == path) {
            changed.insert(audited.name.to_owned(), value.clone());
        }
    }
}

/// The audit row of a call that was denied or failed.
pub(crate) fn refused(
    spec: &ActionSpec,
    call: &Call,
    invocation: Uuid,
    actor: Option<Uuid>,
    error: &Error,
) -> AuditRow {
    let verb = if error.code == Code::PermissionDenied { "denied" } else { "failed" };
    let mut details = base_details(spec, call);
    details.insert("category".to_owned(), json!(error.category));
    details.insert("code".to_owned(), json!(error.code));
    details.insert("input".to_owned(), redact(spec.input, &call.input));
    AuditRow {
        id: invocation,
        user: actor.map(|actor| actor.to_string()),
        operation: format!("workflow_action_{verb}:{}", spec.id),
        record: call.caller.run().unwrap_or(invocation),
        changed: json!({}),
        details: Value::Object(details),
    }
}

/// Writes the audit row of a refused call, and the jobs that it leaves, in a transaction of their own.
pub(crate) async fn write_refusal(
    database: &Database,
    origin: &Origin,
    row: &AuditRow,
    jobs: &[Effect],
    lease: Duration,
) -> Result<()> {
    let mut scope = session::resume(database, &[], Effects::Write, origin.tenant, origin.actor).await?;
    insert_effects(&mut scope, origin, Some(origin.invocation), jobs, lease).await?;
    insert_audit(&mut scope, row).await?;
    scope.tx.commit().await
}

fn base_details(spec: &ActionSpec, call: &Call) -> Map<String, Value> {
    let mut details = Map::new();
    details.insert("action_id".to_owned(), spec.id.into());
    details.insert("action_version".to_owned(), spec.version.into());
    // Also a call that is refused for it is audited, and PostgreSQL stores no U+0000.
    let step_path = call.step_path.as_ref().map(|path| path.replace('\0', "\u{fffd}"));
    details.insert("step_path".to_owned(), step_path.into());
    details
}

fn record(fields: &[AuditField], input: &Value, output: &Value) -> Map<String, Value> {
    fields.iter().map(|field| (field.name.to_owned(), read(field.from, input, output))).collect()
}

fn read(source: AuditSource, input: &Value, output: &Value) -> Value {
    match source {
        AuditSource::Object(fields) => Value::Object(record(fields, input, output)),
        AuditSource::Path(path) => {
            let mut steps = path.split('.');
            let root = if steps.next() == Some("input") { input } else { output };
            steps.try_fold(root, |value, step| value.get(step)).cloned().unwrap_or(Value::Null)
        }
    }
}
