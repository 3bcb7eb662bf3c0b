//! What leaves after the commit, for administrators of the tenant: listed, shown, retried, discarded.

use actwright_runtime::outbox::OutboxStatus;
use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::Request;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::address::{Path, pairs};
use super::auth::Identity;
use super::refusal::Refusal;
use super::{Shared, within};

type Answer = Result<Json<Value>, Refusal>;

const MOST_ENTRIES: u32 = 1000;
const LONGEST_REASON: usize = 2000;

/// `?status=dead&after=UUID&limit=50`.
pub async fn list(State(server): State<Shared>, who: Identity, RawQuery(query): RawQuery) -> Answer {
    let (mut status, mut after, mut limit) = (OutboxStatus::Dead, None, 50);
    for (name, value) in pairs(query.as_deref().unwrap_or_default())? {
        match name.as_str() {
            "status" => {
                status = value.parse().map_err(|_| invalid("status is pending, delivered, dead or discarded."))?
            }
            "after" => after = Some(value.parse().map_err(|_| invalid("after is the id of an entry, a UUID."))?),
            "limit" => {
                let number = value.parse().ok().filter(|limit| (1..=MOST_ENTRIES).contains(limit));
                limit = number.ok_or_else(|| Refusal::invalid(format!("limit is from 1 to {MOST_ENTRIES}.")))?;
            }
            _ => return Err(invalid("Entries are chosen by status, after and limit.")),
        }
    }
    let letters = server.runtime.letters_for(who.tenant, who.caller);
    let entries = within(&server, letters.list(status, after, limit)).await?;
    let next = (entries.len() == limit as usize).then(|| entries.last().map(|entry| entry.outbox_id)).flatten();
    Ok(Json(json!({ "entries": entries, "next": next })))
}

pub async fn show(State(server): State<Shared>, who: Identity, Path(id): Path<String>) -> Answer {
    let id = parse(&id)?;
    let letters = server.runtime.letters_for(who.tenant, who.caller);
    let entry = within(&server, letters.entry(id)).await?;
    Ok(Json(json!({ "entry": entry })))
}

pub async fn retry(State(server): State<Shared>, who: Identity, Path(id): Path<String>) -> Answer {
    let id = parse(&id)?;
    let letters = server.runtime.letters_for(who.tenant, who.caller);
    within(&server, letters.retry(id)).await?;
    Ok(Json(json!({ "outbox_id": id, "status": OutboxStatus::Pending })))
}

/// Why a dead letter is discarded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    reason: String,
}

pub async fn discard(
    State(server): State<Shared>,
    who: Identity,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Answer {
    let id = parse(&id)?;
    let input = server.bodies.json(request).await?;
    let Reason { reason } =
        serde_json::from_value(input.value).map_err(|_| invalid("Say why, as {\"reason\": \"…\"}."))?;
    if reason.trim().is_empty() || reason.chars().count() > LONGEST_REASON || reason.contains('\0') {
        return Err(Refusal::invalid(format!("reason is a text of 1 to {LONGEST_REASON} characters.")));
    }
    let letters = server.runtime.letters_for(who.tenant, who.caller);
    within(&server, letters.discard(id, &reason)).await?;
    Ok(Json(json!({ "outbox_id": id, "status": OutboxStatus::Discarded })))
}

fn parse(id: &str) -> Result<Uuid, Refusal> {
    id.parse().map_err(|_| invalid("The id in the address is not a UUID."))
}

fn invalid(message: &'static str) -> Refusal {
    Refusal::invalid(message)
}
