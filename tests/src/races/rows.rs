//! The few rows that all callers fight for: two tenants of the same shape, whose rows have the same ids.

use actwright_runtime::Uuid;
use serde_json::{Value, json};

use crate::conformance::alias::{Aliases, id};
use crate::conformance::fixture::Fixture;

/// The tenants.
pub const TENANTS: [&str; 2] = ["left", "right"];
/// Statuses that the quotes begin in. The last two are accepted, and have items of both kinds to convert.
pub const QUOTES: [&str; 5] = ["draft", "draft", "approved", "accepted", "accepted"];
/// The kind of record that each activity's tags go to. The last two share their definitions.
pub const ACTIVITIES: [&str; 3] = ["ticket", "client", "client"];
/// Statuses of activities; the first is the default.
pub const STATUSES: [&str; 3] = ["Planned", "Done", "Called off"];
/// Clients of a tenant.
pub const CLIENTS: usize = 2;

/// The tenant of this number.
pub fn tenant(number: usize) -> Uuid {
    id(&format!("tenant.{}", TENANTS[number]))
}

/// The row of this number.
pub fn row(kind: &str, number: usize) -> Uuid {
    id(&format!("{kind}.{number}"))
}

/// The client whose quote or activity this is.
pub fn client_of(number: usize) -> usize {
    number % CLIENTS
}

/// Rows of both tenants, and system types.
///
/// # Errors
///
/// What is wrong with them.
pub fn fixture() -> Result<Fixture, String> {
    let tenants: Vec<Value> = (TENANTS.iter())
        .map(|name| json!({ "tenant": format!("$tenant.{name}"), "client_name": name, "email": "hello@example.com" }))
        .collect();
    let shared = json!({
        "tenants": tenants,
        "system_interaction_types": [
            { "type_id": "$type.call", "type_name": "Call", "display_order": 1 },
            { "type_id": "$type.note", "type_name": "Note", "display_order": 2 },
        ],
    });
    let rows = json!({ "shared": shared, "left": tenant_rows(), "right": tenant_rows() });
    Fixture::parse(&rows, &mut Aliases::default())
}

fn tenant_rows() -> Value {
    let user = |name: &str| {
        json!({ "user_id": format!("$user.{name}"), "username": name, "hashed_password": "-", "first_name": name,
            "last_name": "Example", "email": format!("{name}@example.com") })
    };
    let quote = |(number, status): (usize, &&str)| {
        // The second has nobody to mail to.
        let contact = (client_of(number) == 0).then_some("$contact.0");
        json!({ "quote_id": format!("$quote.{number}"), "quote_number": format!("OLD-{number}"), "status": status,
            "client_id": format!("$client.{}", client_of(number)), "contact_id": contact,
            "title": format!("Quote {number}"), "quote_date": "2026-01-02T00:00:00Z",
            "valid_until": "2096-01-02T00:00:00Z", "subtotal": INITIAL[number].0, "total_amount": INITIAL[number].0 })
    };
    let items = (0..QUOTES.len()).filter(|number| INITIAL[*number].0 > 0).flat_map(|number| {
        let item = |place: i64, price: i64, recurring: bool| {
            json!({ "quote_item_id": format!("$item.{number}_{place}"), "quote_id": format!("$quote.{number}"),
                "description": "Item", "quantity": 1, "unit_price": price, "total_price": price,
                "display_order": place, "is_recurring": recurring,
                "billing_frequency": recurring.then_some("monthly") })
        };
        [item(1, 10_000, false), item(2, 5_000, true)]
    });
    let template_items = json!({ "quote_item_id": "$item.template", "quote_id": "$quote.template",
        "description": "Item", "quantity": 2, "unit_price": 700, "total_price": 1_400, "display_order": 1 });
    let template = json!({ "quote_id": "$quote.template", "title": "Offer", "status": null, "is_template": true,
        "quote_date": "2026-01-01T00:00:00Z", "valid_until": "2096-02-01T00:00:00Z" });
    let activity = |(number, entity): (usize, &&str)| {
        let (contact, ticket) =
            if *entity == "ticket" { (Some("$contact.0"), Some("$ticket.0")) } else { (None, None) };
        json!({ "interaction_id": format!("$activity.{number}"), "type_id": "$type.call",
            "client_id": format!("$client.{}", client_of(number)), "contact_name_id": contact, "ticket_id": ticket,
            "user_id": "$user.admin", "status_id": "$status.0", "title": "Title 0", "notes": null,
            "interaction_date": "2026-01-10T09:00:00Z", "start_time": "2026-01-10T09:00:00Z",
            "visibility": "internal" })
    };
    let status = |(number, name): (usize, &&str)| {
        json!({ "status_id": format!("$status.{number}"), "name": name, "status_type": "interaction",
            "order_number": number + 1, "is_default": number == 0, "is_closed": number > 0 })
    };
    json!({
        "users": [user("admin"), user("reader")],
        "access": {
            "admin": { "users": ["admin"], "permissions": [
                "client:read", "client:update", "contact:read", "contact:update", "ticket:read", "ticket:update",
                "project:update", "billing:read", "billing:update", "billing:create", "interaction:update",
                "settings:update", "tag:create"] },
            "reader": { "users": ["reader"], "permissions": ["client:read", "billing:read"] },
        },
        "clients": [
            { "client_id": "$client.0", "client_name": "First", "billing_email": "bills@example.com", "is_inactive": false },
            { "client_id": "$client.1", "client_name": "Second", "billing_email": null, "is_inactive": false },
        ],
        "contacts": [{ "contact_name_id": "$contact.0", "full_name": "Dana", "email": "dana@example.com",
            "client_id": "$client.0" }],
        "statuses": STATUSES.iter().enumerate().map(status).collect::<Vec<_>>(),
        "tickets": [{ "ticket_id": "$ticket.0", "ticket_number": "T-1", "title": "Ticket", "client_id": "$client.0",
            "contact_name_id": "$contact.0", "is_closed": false }],
        "interaction_types": [{ "type_id": "$type.own", "type_name": "Site Visit", "display_order": 1 }],
        "interactions": ACTIVITIES.iter().enumerate().map(activity).collect::<Vec<_>>(),
        "quotes": QUOTES.iter().enumerate().map(quote).chain([template]).collect::<Vec<_>>(),
        "quote_items": items.chain([template_items]).collect::<Vec<_>>(),
    })
}

/// What the items of each quote come to at first: once, and every month.
pub const INITIAL: [(i64, i64); 5] = [(15_000, 5_000), (0, 0), (15_000, 5_000), (15_000, 5_000), (15_000, 5_000)];
