//! The client portal of the PSA, as far as the demonstration needs it: accepting a quote is the client's, and no action.

use actwright_runtime::{Database, Error, Timestamp};

use crate::failure::Failure;
use crate::seed::TENANT;

/// The client accepts a quote that was sent.
pub async fn accept(database: &Database, quote_id: &str) -> Result<(), Failure> {
    let Database::Sqlite { writer, .. } = database else {
        return Err(Failure::Refused(Error::internal("The demonstration runs on an embedded database.")));
    };
    let accepted = "UPDATE quotes SET status = 'accepted', accepted_at = $1 \
        WHERE tenant = $2 AND quote_id = $3 AND status = 'sent'";
    let done = sqlx::query(accepted).bind(Timestamp::now().micros()).bind(TENANT.to_string()).bind(quote_id);
    match done.execute(writer).await.map_err(Error::from)?.rows_affected() {
        1 => Ok(()),
        _ => Err(Failure::Refused(Error::internal("The quote of the demonstration was not sent."))),
    }
}
