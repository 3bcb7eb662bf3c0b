//! Types and statuses of interactions.

use actwright_generated::tables::{interaction_types, statuses, system_interaction_types};
use actwright_runtime::query::Direction;
use actwright_runtime::{Error, Result, Scope, Uuid};

/// What `statuses.status_type` says of a status of interactions.
const INTERACTION: &str = "interaction";

/// Checks that a type is the tenant's own or a system type. `pointer` is where the input names it.
///
/// # Errors
///
/// `VALIDATION_ERROR` when it is neither.
pub async fn check_type(scope: &mut Scope, pointer: &str, type_id: Uuid) -> Result<()> {
    let own = scope.select(&interaction_types::TABLE).filter(interaction_types::TYPE_ID.eq(type_id));
    if own.exists().await? {
        return Ok(());
    }
    let system = scope.select(&system_interaction_types::TABLE).filter(system_interaction_types::TYPE_ID.eq(type_id));
    if system.exists().await? {
        return Ok(());
    }
    Err(Error::invalid_field(pointer, "There is no such activity type."))
}

/// The system type of this name.
///
/// # Errors
///
/// `INTERNAL_ERROR` that names the type, because an installation has it unless it was removed.
pub async fn system_type(scope: &mut Scope, name: &str) -> Result<Uuid> {
    let system = scope.select(&system_interaction_types::TABLE).column(system_interaction_types::TYPE_ID);
    let row = system.filter(system_interaction_types::TYPE_NAME.eq(name.to_owned())).one().await?;
    match row {
        Some(row) => row.get(system_interaction_types::TYPE_ID),
        None => {
            Err(Error::internal(format!("The system interaction type {name} is missing. Restore it and try again.")))
        }
    }
}

/// Checks that a status is one of the tenant's for interactions. `pointer` is where the input names it.
///
/// # Errors
///
/// `VALIDATION_ERROR` when it is not.
pub async fn check_status(scope: &mut Scope, pointer: &str, status_id: Uuid) -> Result<()> {
    let status = scope.select(&statuses::TABLE).filter(statuses::STATUS_ID.eq(status_id));
    if status.filter(statuses::STATUS_TYPE.eq(INTERACTION.to_owned())).exists().await? {
        return Ok(());
    }
    Err(Error::invalid_field(pointer, "There is no such status for activities."))
}

/// A status of interactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub status_id: Uuid,
    pub name: String,
}

/// The tenant's statuses for interactions, in their order.
///
/// # Errors
///
/// Those of the database.
pub async fn statuses(scope: &mut Scope) -> Result<Vec<Status>> {
    let select = scope.select(&statuses::TABLE).column(statuses::STATUS_ID).column(statuses::NAME);
    let select = select.filter(statuses::STATUS_TYPE.eq(INTERACTION.to_owned()));
    let rows = select.order_by(statuses::ORDER_NUMBER, Direction::Ascending).all().await?;
    rows.iter()
        .map(|row| Ok(Status { status_id: row.get(statuses::STATUS_ID)?, name: row.get(statuses::NAME)? }))
        .collect()
}

/// The status that new activities of the tenant get.
///
/// # Errors
///
/// `INTERNAL_ERROR` that says what to configure.
pub async fn default_status(scope: &mut Scope) -> Result<Uuid> {
    let status = scope.select(&statuses::TABLE).column(statuses::STATUS_ID);
    let of_interactions = statuses::STATUS_TYPE.eq(INTERACTION.to_owned()).and(statuses::IS_DEFAULT.eq(Some(true)));
    match status.filter(of_interactions).one().await? {
        Some(row) => row.get(statuses::STATUS_ID),
        None => Err(Error::internal(
            "The tenant has no default interaction status. Mark one as default in the settings for interaction \
             statuses, or give status_id.",
        )),
    }
}
