//! What an activity is linked to, and whether that belongs together.

use actwright_generated::tables::{clients, contacts, tickets, users};
use actwright_runtime::{Error, Result, Scope, Uuid};

/// The client of an activity, with its contact and ticket where there are any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Links {
    pub client_id: Uuid,
    pub contact_id: Option<Uuid>,
    pub ticket_id: Option<Uuid>,
}

/// A contact's own client, and a ticket's client and contact, as far as they were asked for.
struct Found {
    contact: Option<(Uuid, Option<Uuid>)>,
    ticket: Option<(Uuid, Uuid, Option<Uuid>)>,
}

impl Links {
    /// Finds what is linked, takes the client from the contact where none is given, and checks that all belong together.
    ///
    /// # Errors
    ///
    /// `NOT_FOUND` for what the tenant does not have, `VALIDATION_ERROR` for what does not belong together.
    pub async fn resolve(
        scope: &mut Scope,
        client_id: Option<Uuid>,
        contact_id: Option<Uuid>,
        ticket_id: Option<Uuid>,
        owner_id: Uuid,
    ) -> Result<Self> {
        if let Some(id) = client_id {
            let client = scope.select(&clients::TABLE).filter(clients::CLIENT_ID.eq(id));
            ensure(client.exists().await?, "client", id)?;
        }
        let mut found = Found { contact: None, ticket: None };
        if let Some(id) = contact_id {
            let contact = scope.select(&contacts::TABLE).column(contacts::CLIENT_ID);
            let row = contact.filter(contacts::CONTACT_NAME_ID.eq(id)).one().await?;
            let row = row.ok_or_else(|| Error::not_found("contact", id))?;
            found.contact = Some((id, row.get(contacts::CLIENT_ID)?));
        }
        if let Some(id) = ticket_id {
            let ticket = scope.select(&tickets::TABLE).column(tickets::CLIENT_ID).column(tickets::CONTACT_NAME_ID);
            let row = ticket.filter(tickets::TICKET_ID.eq(id)).one().await?;
            let row = row.ok_or_else(|| Error::not_found("ticket", id))?;
            found.ticket = Some((id, row.get(tickets::CLIENT_ID)?, row.get(tickets::CONTACT_NAME_ID)?));
        }
        // The actor was found when the call began.
        if owner_id != scope.actor() {
            let owner = scope.select(&users::TABLE).filter(users::USER_ID.eq(owner_id));
            ensure(owner.exists().await?, "user", owner_id)?;
        }
        found.together(client_id)
    }
}

impl Found {
    fn together(self, client_id: Option<Uuid>) -> Result<Links> {
        let contact_id = self.contact.map(|(id, _)| id);
        let contact_client = self.contact.and_then(|(_, client)| client);
        let client_id = match (client_id, contact_id) {
            (Some(client), Some(_)) if contact_client != Some(client) => {
                return Err(Error::invalid_field("/contact_id", "The contact does not belong to the client."));
            }
            (Some(client), _) => client,
            (None, _) => contact_client.ok_or_else(|| {
                Error::invalid_field(
                    "/contact_id",
                    "The contact has no client. Give client_id, or link the contact to one.",
                )
            })?,
        };
        if let Some((_, ticket_client, ticket_contact)) = self.ticket {
            if ticket_client != client_id {
                return Err(Error::invalid_field("/ticket_id", "The ticket does not belong to the client."));
            }
            if let (Some(of_ticket), Some(given)) = (ticket_contact, contact_id)
                && of_ticket != given
            {
                return Err(Error::invalid_field("/ticket_id", "The ticket belongs to another contact."));
            }
        }
        Ok(Links { client_id, contact_id, ticket_id: self.ticket.map(|(id, ..)| id) })
    }
}

fn ensure(exists: bool, what: &str, id: Uuid) -> Result<()> {
    if exists { Ok(()) } else { Err(Error::not_found(what, id)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACME: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);
    const ANN: Uuid = Uuid::from_u128(3);
    const BOB: Uuid = Uuid::from_u128(4);
    const TICKET: Uuid = Uuid::from_u128(5);

    fn together(
        client: Option<Uuid>,
        contact: Option<(Uuid, Option<Uuid>)>,
        ticket: Option<(Uuid, Uuid, Option<Uuid>)>,
    ) -> Result<Links> {
        Found { contact, ticket }.together(client)
    }

    /// A contact is enough to know the client.
    #[test]
    fn the_contact_gives_the_client() {
        let links = Links { client_id: ACME, contact_id: Some(ANN), ticket_id: None };
        assert_eq!(together(None, Some((ANN, Some(ACME))), None), Ok(links));
    }

    /// Each contradiction is refused and points at the field that causes it.
    #[test]
    fn contradictions_are_refused() {
        let pointer = |result: Result<Links>| {
            result.expect_err("a contradiction").details["problems"][0]["pointer"].as_str().map(str::to_owned)
        };
        assert_eq!(pointer(together(None, Some((ANN, None)), None)).as_deref(), Some("/contact_id"));
        assert_eq!(pointer(together(Some(OTHER), Some((ANN, Some(ACME))), None)).as_deref(), Some("/contact_id"));
        assert_eq!(pointer(together(Some(ACME), None, Some((TICKET, OTHER, None)))).as_deref(), Some("/ticket_id"));
        let of_bob = together(Some(ACME), Some((ANN, Some(ACME))), Some((TICKET, ACME, Some(BOB))));
        assert_eq!(pointer(of_bob).as_deref(), Some("/ticket_id"));
    }

    /// A ticket without a contact goes with any contact of its client.
    #[test]
    fn a_ticket_without_a_contact_fits_every_contact() {
        assert!(together(Some(ACME), Some((ANN, Some(ACME))), Some((TICKET, ACME, None))).is_ok());
    }
}
