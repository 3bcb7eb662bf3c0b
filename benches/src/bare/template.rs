//! What a real call stores as JSON, so that the bare side can store the same without the work of making it.

use actwright_runtime::outbox::Mail;
use actwright_runtime::{Database, Uuid, Value};
use serde_json::json;

use crate::Result;
use crate::load::seed::TENANT;

/// The JSON of one call. Empty for an action that only reads.
#[derive(Debug, Clone, Default)]
pub struct Template {
    pub(super) output: Value,
    pub(super) changed: Value,
    pub(super) details: Value,
    /// Outbox rows of the call itself, without ids.
    pub(super) effects: Vec<Value>,
    /// Outbox rows of the mail that followed, one for each recipient.
    pub(super) mail_rows: Vec<Value>,
    pub(super) mail: Option<Mail>,
}

impl Template {
    /// What a call left in the database.
    ///
    /// # Errors
    ///
    /// The database does not answer, or has nothing of such a call.
    pub async fn of(database: &Database, invocation: Uuid) -> Result<Self> {
        let output = texts(
            database,
            "SELECT output::text FROM actwright.idempotency_ledger WHERE tenant = $1 AND invocation_id = $2",
            "SELECT output FROM actwright_idempotency_ledger WHERE tenant = $1 AND invocation_id = $2",
            invocation,
        );
        let audit = texts(
            database,
            "SELECT jsonb_build_array(changed_data, details)::text FROM audit_logs WHERE tenant = $1 AND audit_id = $2",
            "SELECT json_array(json(changed_data), json(details)) FROM audit_logs WHERE tenant = $1 AND audit_id = $2",
            invocation,
        );
        let effects = texts(
            database,
            "SELECT jsonb_build_object('kind', kind, 'name', name, 'key', key, 'subject', subject, 'sink', sink, \
             'payload', payload)::text \
             FROM actwright.outbox WHERE tenant = $1 AND invocation_id = $2 ORDER BY outbox_id",
            "SELECT json_object('kind', kind, 'name', name, 'key', key, 'subject', subject, 'sink', sink, \
             'payload', json(payload)) \
             FROM actwright_outbox WHERE tenant = $1 AND invocation_id = $2 ORDER BY outbox_id",
            invocation,
        );
        let (output, audit, effects) = (output.await?, audit.await?, effects.await?);
        let (Some(output), Some(audit)) = (output.first(), audit.first()) else {
            return Err("the call to learn from left no ledger or audit row".into());
        };
        let (mail_rows, effects): (Vec<Value>, Vec<Value>) = effects.into_iter().partition(|row| row["kind"] == "mail");
        let mail = mail_rows.first().map(|row| serde_json::from_value(row["payload"].clone())).transpose()?;
        let (changed, details) = (audit[0].clone(), audit[1].clone());
        Ok(Self { output: output.clone(), changed, details, effects, mail_rows, mail })
    }

    /// Outbox rows of a new call, and the id of the last.
    pub(super) fn effects(&self) -> (Value, Uuid) {
        let (rows, ids) = rows(&self.effects);
        (rows, ids.last().copied().unwrap_or_default())
    }

    /// The outbox rows of a new mail, and their ids.
    pub(super) fn mails(&self) -> (Value, Vec<Uuid>) {
        rows(&self.mail_rows)
    }
}

/// A subject of their own: those of one subject go out one after the other, and would wait for the last call's.
fn rows(templates: &[Value]) -> (Value, Vec<Uuid>) {
    let subject = Uuid::now_v7();
    let mut ids = Vec::with_capacity(templates.len());
    let rows = templates.iter().map(|template| {
        let id = Uuid::now_v7();
        ids.push(id);
        let mut row = template.clone();
        row["outbox_id"] = json!(id);
        if !row["subject"].is_null() {
            row["subject"] = json!(subject);
        }
        row
    });
    (rows.collect(), ids)
}

/// The first column of each row, which is JSON.
async fn texts(database: &Database, postgres: &'static str, sqlite: &'static str, call: Uuid) -> Result<Vec<Value>> {
    let texts: Vec<String> = match database {
        Database::Postgres { pool, .. } => sqlx::query_scalar(postgres).bind(TENANT).bind(call).fetch_all(pool).await?,
        Database::Sqlite { writer, .. } => {
            sqlx::query_scalar(sqlite).bind(TENANT.to_string()).bind(call.to_string()).fetch_all(writer).await?
        }
    };
    texts.iter().map(|text| Ok(serde_json::from_str(text)?)).collect()
}
