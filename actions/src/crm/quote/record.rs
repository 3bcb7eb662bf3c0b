//! A quote's own row, with the addresses of its contact and client.

use actwright_generated::tables::{clients, contacts, quotes};
use actwright_generated::types::QuoteSummary;
use actwright_runtime::query::Row;
use actwright_runtime::{Error, Result, Scope, Timestamp, Uuid};

use super::expiry;
use super::recipients::{self, Recipients};
use super::status::{self, QuoteStatus};

/// A quote that is no template.
#[derive(Debug)]
pub struct QuoteRecord {
    /// A quote that was sent and is no longer valid counts as expired.
    pub status: QuoteStatus,
    pub sent_at: Option<Timestamp>,
    quote_id: Uuid,
    number: Option<String>,
    pub client_id: Option<Uuid>,
    title: String,
    contact_email: Option<String>,
    billing_email: Option<String>,
}

impl QuoteRecord {
    /// Reads a quote and locks it, so that of two changes at once the second sees what the first did.
    ///
    /// # Errors
    ///
    /// `NOT_FOUND` when the tenant does not have it, `PERMISSION_DENIED` when the actor may not have it, `VALIDATION_ERROR` when it is a template.
    pub async fn lock(scope: &mut Scope, quote_id: Uuid) -> Result<Self> {
        let row = scope
            .select(&quotes::TABLE)
            .column(quotes::QUOTE_NUMBER)
            .column(quotes::STATUS)
            .column(quotes::CLIENT_ID)
            .column(quotes::TITLE)
            .column(quotes::IS_TEMPLATE)
            .column(quotes::SENT_AT)
            .column(quotes::VALID_UNTIL)
            .left_join(contacts::CONTACT_NAME_ID, quotes::CONTACT_ID)
            .column(contacts::EMAIL)
            .left_join(clients::CLIENT_ID, quotes::CLIENT_ID)
            .column(clients::BILLING_EMAIL)
            .filter(quotes::QUOTE_ID.eq(quote_id))
            .for_update()
            .target()
            .await?
            .ok_or_else(|| Error::not_found("quote", quote_id))?;
        if row.get(quotes::IS_TEMPLATE)? {
            let message = "The quote is a template. Create a quote from it first.";
            return Err(Error::invalid_field("/quote_id", message));
        }
        let stored = status::parse(&row.get(quotes::STATUS)?.unwrap_or_default())?;
        let status = expiry::status_now(scope, quote_id, stored, row.get(quotes::VALID_UNTIL)?)?;
        Self::of(quote_id, status, &row)
    }

    fn of(quote_id: Uuid, status: QuoteStatus, row: &Row) -> Result<Self> {
        Ok(Self {
            quote_id,
            status,
            sent_at: row.get(quotes::SENT_AT)?,
            number: row.get(quotes::QUOTE_NUMBER)?,
            client_id: row.get(quotes::CLIENT_ID)?,
            title: row.get(quotes::TITLE)?,
            contact_email: row.get(contacts::EMAIL)?,
            billing_email: row.get(clients::BILLING_EMAIL)?,
        })
    }

    /// Who gets the quote, besides those that are given.
    pub fn recipients(&self, given: &[String]) -> Recipients {
        recipients::recipients(given, self.contact_email.clone(), self.billing_email.clone())
    }

    /// Moves it to another status.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` when it may not go there.
    pub async fn change_status(&mut self, scope: &mut Scope, to: QuoteStatus) -> Result<()> {
        status::check_transition(self.status, to)?;
        let (now, actor) = (scope.now(), scope.actor());
        let mut update = scope.update(&quotes::TABLE).set(quotes::STATUS, Some(to.as_str().to_owned()));
        if to == QuoteStatus::Sent {
            self.sent_at = Some(now);
            update.assign(quotes::SENT_AT, self.sent_at);
        }
        update.assign(quotes::UPDATED_BY, Some(actor));
        update.assign(quotes::UPDATED_AT, now);
        update.filter(quotes::QUOTE_ID.eq(self.quote_id)).run().await?;
        self.status = to;
        Ok(())
    }

    /// The quote in short, as it is now.
    pub fn into_summary(self) -> QuoteSummary {
        QuoteSummary {
            quote_id: self.quote_id,
            quote_number: self.number,
            status: self.status.as_str().to_owned(),
            client_id: self.client_id,
            title: self.title,
        }
    }
}
