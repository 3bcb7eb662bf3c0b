//! Statuses of quotes, and which may follow which.

use actwright_generated::tables::tenant_settings;
pub use actwright_generated::types::QuoteStatus;
use actwright_runtime::decode::Enumeration;
use actwright_runtime::{Error, Result, Scope};
use serde_json::Value;

use QuoteStatus::{Accepted, Approved, Cancelled, Converted, Draft, Expired, PendingApproval, Rejected, Sent};

/// From which status a quote may go to which. What is not here stays as it is: converted, cancelled, superseded, archived.
const TRANSITIONS: &[(QuoteStatus, &[QuoteStatus])] = &[
    (Draft, &[PendingApproval, Sent, Cancelled]),
    (PendingApproval, &[Approved, Draft, Cancelled]),
    (Approved, &[Sent, Cancelled]),
    (Sent, &[Accepted, Rejected, Expired, Cancelled]),
    (Accepted, &[Converted, Cancelled]),
    (Rejected, &[Cancelled]),
    (Expired, &[Cancelled]),
];

/// Reads a status as the database has it.
///
/// # Errors
///
/// `INTERNAL_ERROR` for one that is none.
pub fn parse(text: &str) -> Result<QuoteStatus> {
    let index = QuoteStatus::NAMES.iter().position(|name| *name == text);
    let status = index.and_then(|index| QuoteStatus::VALUES.get(index)).copied();
    status.ok_or_else(|| Error::internal("A quote has a status that is none."))
}

/// Checks that a quote may go from one status to another.
///
/// # Errors
///
/// `VALIDATION_ERROR` that says what it is, and what it could become.
pub fn check_transition(from: QuoteStatus, to: QuoteStatus) -> Result<()> {
    let next = TRANSITIONS.iter().find(|(status, _)| *status == from).map_or(&[][..], |(_, next)| next);
    if next.contains(&to) {
        return Ok(());
    }
    if from == to {
        return Err(Error::invalid_field("/quote_id", format!("The quote is {} already.", spoken(from))));
    }
    let next: Vec<String> = next.iter().map(|status| spoken(*status)).collect();
    let next = if next.is_empty() { "stays that".to_owned() } else { format!("can become {}", next.join(", ")) };
    let message = format!("The quote is {}. It {next}, not {}.", spoken(from), spoken(to));
    Err(Error::invalid_field("/quote_id", message))
}

/// Checks that a quote in this status may be sent: as [`check_transition`], and only approved where the tenant wants that.
///
/// # Errors
///
/// `VALIDATION_ERROR` that says what it takes.
pub async fn check_sendable(scope: &mut Scope, status: QuoteStatus) -> Result<()> {
    if status != Approved && approval_required(scope).await? {
        let message = format!("The quote is {}. It must be approved before it is sent.", spoken(status));
        return Err(Error::invalid_field("/quote_id", message));
    }
    check_transition(status, Sent)
}

/// As people say it.
pub fn spoken(status: QuoteStatus) -> String {
    status.as_str().replace('_', " ")
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, so that a change of it is seen.
    #[test]
    fn exactly_these_transitions_are_allowed() {
        let mut allowed = Vec::new();
        for from in QuoteStatus::VALUES {
            for to in QuoteStatus::VALUES {
                if check_transition(*from, *to).is_ok() {
                    allowed.push(format!("{} > {}", from.as_str(), to.as_str()));
                }
            }
        }
        let expected = [
            "draft > pending_approval",
            "draft > sent",
            "draft > cancelled",
            "pending_approval > draft",
            "pending_approval > approved",
            "pending_approval > cancelled",
            "approved > sent",
            "approved > cancelled",
            "sent > accepted",
            "sent > rejected",
            "sent > expired",
            "sent > cancelled",
            "accepted > converted",
            "accepted > cancelled",
            "rejected > cancelled",
            "expired > cancelled",
        ];
        assert_eq!(allowed, expected);
    }

    /// A refusal says what would work.
    #[test]
    fn a_refusal_says_what_is_possible() {
        let message = |from, to| check_transition(from, to).expect_err("refused").message.into_owned();
        assert_eq!(
            message(PendingApproval, Sent),
            "The quote is pending approval. It can become approved, draft, cancelled, not sent."
        );
        assert_eq!(message(Cancelled, Sent), "The quote is cancelled. It stays that, not sent.");
    }
}
