//! The rows of the demonstration.

use actwright_runtime::database::load::load_rows;
use actwright_runtime::{Database, Error};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::failure::Failure;

/// The managed service provider of the demonstration.
pub const TENANT: Uuid = Uuid::from_u128(0x1000_0000_0000_4000_8000_0000_0000_0001);
/// Nadia Brandt, who may do everything.
pub const ADMIN: Uuid = Uuid::from_u128(0x2000_0000_0000_4000_8000_0000_0000_0001);
/// Priya Raman, a technician.
pub const TECHNICIAN: Uuid = Uuid::from_u128(0x2000_0000_0000_4000_8000_0000_0000_0003);

/// Loads them, and says how many.
pub async fn load(database: &Database) -> Result<u64, Failure> {
    let rows: Map<String, Value> = serde_saphyr::from_str(actwright_actions::DEMO_ROWS)
        .map_err(|error| Error::internal(format!("The demonstration's rows cannot be read: {error}")))?;
    let pack = actwright_actions::pack();
    load_rows(database, pack.tables, Some(TENANT), &rows).await.map_err(|error| match error.code {
        actwright_runtime::Code::Conflict => Failure::Refused(Error::conflict(
            "The demonstration's rows are there already, or contradict what is there.",
        )),
        _ => Failure::Refused(error),
    })
}
