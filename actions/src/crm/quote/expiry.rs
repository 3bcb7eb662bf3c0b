//! A quote that was sent and is no longer valid has expired. Calls that find one so have it recorded, also when they are
//! refused for that reason.

use actwright_generated::tables::quotes;
use actwright_runtime::outbox::{Job, JobContext};
use actwright_runtime::spec::Effects;
use actwright_runtime::{Error, Result, Scope, Timestamp, Uuid, Value};
use serde_json::json;

use super::history;
use super::status::QuoteStatus;

const EXPIRE: &str = "crm.expire_quote";

/// The jobs of this module.
pub fn jobs() -> Vec<Job> {
    vec![Job { name: EXPIRE, run: |job, payload| Box::pin(expire(job, payload)) }]
}

/// The status that counts, and when that differs from the stored one, a job to record it.
///
/// # Errors
///
/// `INTERNAL_ERROR` when the job cannot be left.
pub fn status_now(
    scope: &mut Scope,
    quote_id: Uuid,
    stored: QuoteStatus,
    valid_until: Option<Timestamp>,
) -> Result<QuoteStatus> {
    if stored != QuoteStatus::Sent || valid_until.is_none_or(|until| until >= scope.now()) {
        return Ok(stored);
    }
    scope.observe(EXPIRE, json!({ "quote_id": quote_id }))?;
    Ok(QuoteStatus::Expired)
}

async fn expire(job: &mut JobContext<'_>, payload: Value) -> Result<()> {
    let quote_id = payload["quote_id"].as_str().and_then(|id| id.parse().ok());
    let quote_id: Uuid = quote_id.ok_or_else(|| Error::internal("A job to expire a quote does not name it."))?;
    let mut scope = job.begin(Effects::Write).await?;
    let now = scope.now();
    // Somebody may have prolonged, accepted or expired it in the meantime.
    let lapsed = quotes::STATUS.eq(Some(QuoteStatus::Sent.as_str().to_owned())).and(quotes::VALID_UNTIL.lt(Some(now)));
    let expired = scope
        .update(&quotes::TABLE)
        .set(quotes::STATUS, Some(QuoteStatus::Expired.as_str().to_owned()))
        .set(quotes::EXPIRED_AT, Some(now))
        .set(quotes::UPDATED_AT, now)
        .filter(quotes::QUOTE_ID.eq(quote_id))
        .filter(lapsed)
        .run()
        .await?;
    if expired > 0 {
        let facts = json!({ "from": "sent", "to": "expired" });
        history::enter(&mut scope, quote_id, "status_changed", "Quote expired".to_owned(), facts).await?;
    }
    job.commit(scope).await
}
