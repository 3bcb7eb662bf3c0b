//! New quotes.

use actwright_generated::tables::quotes;
use actwright_runtime::{Result, Scope, Timestamp, Uuid, Value};

use super::history;
use super::status::QuoteStatus;
use crate::crm::numbering;

/// What a new quote is made of.
#[derive(Debug)]
pub struct Draft {
    pub client_id: Uuid,
    pub contact_id: Option<Uuid>,
    pub title: String,
    pub description: Option<String>,
    pub quote_date: Timestamp,
    pub valid_until: Timestamp,
    pub po_number: Option<String>,
    pub internal_notes: Option<String>,
    pub client_notes: Option<String>,
    pub terms_and_conditions: Option<String>,
    pub currency_code: String,
    pub template_id: Option<Uuid>,
}

impl Draft {
    /// Creates the quote, without items, with the tenant's next number and an entry in its history. Gives its id.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn create(self, scope: &mut Scope, facts: Value) -> Result<Uuid> {
        let number = numbering::QUOTE.next(scope).await?;
        let (quote_id, now, actor) = (scope.new_id(), scope.now(), scope.actor());
        scope
            .insert(&quotes::TABLE)
            .set(quotes::QUOTE_ID, quote_id)
            .set(quotes::QUOTE_NUMBER, Some(number.clone()))
            .set(quotes::CLIENT_ID, Some(self.client_id))
            .set(quotes::CONTACT_ID, self.contact_id)
            .set(quotes::TITLE, self.title)
            .set(quotes::DESCRIPTION, self.description)
            .set(quotes::QUOTE_DATE, Some(self.quote_date))
            .set(quotes::VALID_UNTIL, Some(self.valid_until))
            .set(quotes::STATUS, Some(QuoteStatus::Draft.as_str().to_owned()))
            .set(quotes::VERSION, 1)
            .set(quotes::PO_NUMBER, self.po_number)
            .set(quotes::SUBTOTAL, 0)
            .set(quotes::DISCOUNT_TOTAL, 0)
            .set(quotes::TAX, 0)
            .set(quotes::TOTAL_AMOUNT, 0)
            .set(quotes::CURRENCY_CODE, self.currency_code)
            .set(quotes::INTERNAL_NOTES, self.internal_notes)
            .set(quotes::CLIENT_NOTES, self.client_notes)
            .set(quotes::TERMS_AND_CONDITIONS, self.terms_and_conditions)
            .set(quotes::IS_TEMPLATE, false)
            .set(quotes::TEMPLATE_ID, self.template_id)
            .set(quotes::TAX_SOURCE, "internal".to_owned())
            .set(quotes::CREATED_BY, Some(actor))
            .set(quotes::CREATED_AT, now)
            .set(quotes::UPDATED_AT, now)
            .run()
            .await?;
        history::enter(scope, quote_id, "created", format!("Quote {number} created"), facts).await?;
        Ok(quote_id)
    }
}
