//! What a note is about.

use actwright_generated::tables::{clients, contacts, projects, tickets};
use actwright_generated::types::NoteTargetType;
use actwright_runtime::{Error, Result, Scope, Uuid, Value};
use serde_json::json;

/// A record that a note is about, with what the note's row takes from it.
#[derive(Debug, Default)]
pub struct Target {
    pub client_id: Option<Uuid>,
    pub contact_id: Option<Uuid>,
    pub ticket_id: Option<Uuid>,
    pub project_id: Option<Uuid>,
    /// The record in short, with the keys that its kind has.
    pub summary: Value,
}

impl Target {
    /// Finds the record.
    ///
    /// # Errors
    ///
    /// `NOT_FOUND` when the tenant does not have it.
    pub async fn find(scope: &mut Scope, kind: NoteTargetType, id: Uuid) -> Result<Self> {
        let found = match kind {
            NoteTargetType::Client => Self::client(scope, id).await,
            NoteTargetType::Contact => Self::contact(scope, id).await,
            NoteTargetType::Ticket => Self::ticket(scope, id).await,
            NoteTargetType::Project => Self::project(scope, id).await,
        };
        found?.ok_or_else(|| Error::not_found(kind.as_str(), id))
    }

    async fn client(scope: &mut Scope, id: Uuid) -> Result<Option<Self>> {
        let select = scope.select(&clients::TABLE).column(clients::CLIENT_NAME);
        let Some(row) = select.filter(clients::CLIENT_ID.eq(id)).one().await? else { return Ok(None) };
        let summary = json!({ "client_id": id, "client_name": row.get(clients::CLIENT_NAME)? });
        Ok(Some(Self { client_id: Some(id), summary, ..Self::default() }))
    }

    async fn contact(scope: &mut Scope, id: Uuid) -> Result<Option<Self>> {
        let select = scope
            .select(&contacts::TABLE)
            .column(contacts::FULL_NAME)
            .column(contacts::EMAIL)
            .column(contacts::CLIENT_ID);
        let Some(row) = select.filter(contacts::CONTACT_NAME_ID.eq(id)).one().await? else { return Ok(None) };
        let client_id = row.get(contacts::CLIENT_ID)?;
        let summary = json!({
            "contact_id": id,
            "full_name": row.get(contacts::FULL_NAME)?,
            "email": row.get(contacts::EMAIL)?,
            "client_id": client_id,
        });
        Ok(Some(Self { contact_id: Some(id), client_id, summary, ..Self::default() }))
    }

    async fn ticket(scope: &mut Scope, id: Uuid) -> Result<Option<Self>> {
        let select = scope
            .select(&tickets::TABLE)
            .column(tickets::TICKET_NUMBER)
            .column(tickets::TITLE)
            .column(tickets::CLIENT_ID)
            .column(tickets::CONTACT_NAME_ID);
        let Some(row) = select.filter(tickets::TICKET_ID.eq(id)).one().await? else { return Ok(None) };
        let client_id = row.get(tickets::CLIENT_ID)?;
        let summary = json!({
            "ticket_id": id,
            "ticket_number": row.get(tickets::TICKET_NUMBER)?,
            "title": row.get(tickets::TITLE)?,
            "client_id": client_id,
        });
        let contact_id = row.get(tickets::CONTACT_NAME_ID)?;
        Ok(Some(Self { ticket_id: Some(id), client_id: Some(client_id), contact_id, summary, ..Self::default() }))
    }

    async fn project(scope: &mut Scope, id: Uuid) -> Result<Option<Self>> {
        let select = scope.select(&projects::TABLE).column(projects::PROJECT_NAME).column(projects::CLIENT_ID);
        let Some(row) = select.filter(projects::PROJECT_ID.eq(id)).one().await? else { return Ok(None) };
        let client_id = row.get(projects::CLIENT_ID)?;
        let summary = json!({
            "project_id": id,
            "project_name": row.get(projects::PROJECT_NAME)?,
            "client_id": client_id,
        });
        Ok(Some(Self { project_id: Some(id), client_id: Some(client_id), summary, ..Self::default() }))
    }
}
