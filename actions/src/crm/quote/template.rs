//! Quote templates.

use actwright_generated::tables::quotes;
use actwright_runtime::{Error, Result, Scope, Timestamp, Uuid};

/// What a quote takes over from its template, unless it is given.
#[derive(Debug)]
pub struct Template {
    pub title: String,
    pub description: Option<String>,
    pub quote_date: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
    pub internal_notes: Option<String>,
    pub client_notes: Option<String>,
    pub terms_and_conditions: Option<String>,
    pub currency_code: String,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// `NOT_FOUND` when the tenant does not have it, `PERMISSION_DENIED` when the actor may not have it,
    /// `VALIDATION_ERROR` when it is a quote.
    pub async fn load(scope: &mut Scope, template_id: Uuid) -> Result<Self> {
        let row = scope
            .select(&quotes::TABLE)
            .column(quotes::TITLE)
            .column(quotes::DESCRIPTION)
            .column(quotes::QUOTE_DATE)
            .column(quotes::VALID_UNTIL)
            .column(quotes::INTERNAL_NOTES)
            .column(quotes::CLIENT_NOTES)
            .column(quotes::TERMS_AND_CONDITIONS)
            .column(quotes::CURRENCY_CODE)
            .column(quotes::IS_TEMPLATE)
            .filter(quotes::QUOTE_ID.eq(template_id))
            .target()
            .await?
            .ok_or_else(|| Error::not_found("quote template", template_id))?;
        if !row.get(quotes::IS_TEMPLATE)? {
            return Err(Error::invalid_field("/template_id", "This is a quote, not a template."));
        }
        Ok(Self {
            title: row.get(quotes::TITLE)?,
            description: row.get(quotes::DESCRIPTION)?,
            quote_date: row.get(quotes::QUOTE_DATE)?,
            valid_until: row.get(quotes::VALID_UNTIL)?,
            internal_notes: row.get(quotes::INTERNAL_NOTES)?,
            client_notes: row.get(quotes::CLIENT_NOTES)?,
            terms_and_conditions: row.get(quotes::TERMS_AND_CONDITIONS)?,
            currency_code: row.get(quotes::CURRENCY_CODE)?,
        })
    }
}
