//! Statuses of quotes, and which may follow which.

use actwright_generated::tables::tenant_settings;
use actwright_runtime::{Error, Result, Scope};
use serde_json::Value;

/// A status that the actions of this pack know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteStatus {
    Draft,
    Approved,
    Sent,
}

impl QuoteStatus {
    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Sent => "sent",
        }
    }

    /// Checks that a quote in this status may be sent.
    ///
    /// # Errors
    ///
    /// `VALIDATION_ERROR` that says what it takes.
    pub async fn check_sendable(scope: &mut Scope, status: &str) -> Result<()> {
        if status == Self::Approved.as_str() {
            return Ok(());
        }
        if approval_required(scope).await? {
            let message = format!("The quote is {}. It must be approved before it is sent.", name(status));
            return Err(Error::invalid_field("/quote_id", message));
        }
        if status == Self::Draft.as_str() {
            return Ok(());
        }
        let message = format!("The quote is {}. Only a draft or an approved quote can be sent.", name(status));
        Err(Error::invalid_field("/quote_id", message))
    }
}

fn name(status: &str) -> &str {
    if status.is_empty() { "without a status" } else { status }
}

/// Whether the tenant sends approved quotes only.
async fn approval_required(scope: &mut Scope) -> Result<bool> {
    let row = scope.select(&tenant_settings::TABLE).column(tenant_settings::SETTINGS).one().await?;
    let settings = match row {
        Some(row) => row.get(tenant_settings::SETTINGS)?,
        None => None,
    };
    let required = settings.as_ref().and_then(|settings| settings.pointer("/billing/quotes/approvalRequired"));
    Ok(required.and_then(Value::as_bool).unwrap_or(false))
}
