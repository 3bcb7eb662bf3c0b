//! Pickers: `GET` or `POST /api/v1/pickers/{kind}`.

use std::collections::BTreeMap;

use actwright_runtime::Error;
use actwright_runtime::pickers::{Ask, MOST_ROWS, PickerQuery};
use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::Request;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::address::{Path, pairs, shown};
use super::auth::Identity;
use super::refusal::Refusal;
use super::{Shared, within};

/// A question to a picker.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Question {
    search: String,
    depends_on: BTreeMap<String, Uuid>,
    limit: Option<u64>,
    ids: Option<Vec<Uuid>>,
}

pub async fn all(State(server): State<Shared>, _: Identity) -> Json<Value> {
    let pickers = server.runtime.pack().pickers.iter().map(|picker| {
        let depends_on: Vec<&str> = picker.depends_on.iter().map(|(field, _)| *field).collect();
        json!({ "kind": picker.kind, "label": picker.label, "hint": picker.hint, "depends_on": depends_on })
    });
    Json(json!({ "pickers": pickers.collect::<Vec<_>>() }))
}

/// In the address: `search`, `limit`, `ids` (with commas), and every other name is a field that narrows the choice.
pub async fn get(
    State(server): State<Shared>,
    who: Identity,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let mut question = Question::default();
    let id = |text: &str| text.parse::<Uuid>().map_err(|_| Refusal::invalid(format!("{} is not a UUID.", shown(text))));
    for (name, value) in pairs(query.as_deref().unwrap_or_default())? {
        match name.as_str() {
            "search" => question.search = value,
            "limit" => {
                let limit = value.parse().map_err(|_| Refusal::invalid("limit is not a whole number."))?;
                question.limit = Some(limit);
            }
            "ids" => question.ids = Some(value.split(',').map(id).collect::<Result<_, _>>()?),
            _ => {
                question.depends_on.insert(name, id(&value)?);
            }
        }
    }
    answer(server, who, kind, question).await
}

pub async fn post(
    State(server): State<Shared>,
    who: Identity,
    Path(kind): Path<String>,
    request: Request<Body>,
) -> Result<Json<Value>, Refusal> {
    let input = server.bodies.json(request).await?;
    let question = serde_json::from_value(input.value).map_err(|error: serde_json::Error| {
        Refusal::invalid(format!("This is no question to a picker: {}.", shown(&error.to_string())))
    })?;
    answer(server, who, kind, question).await
}

async fn answer(server: Shared, who: Identity, picker: String, question: Question) -> Result<Json<Value>, Refusal> {
    if server.runtime.pack().picker(&picker).is_err() {
        return Err(Error::nothing_found("There is no such picker. GET /api/v1/pickers lists them.").into());
    }
    let Question { search, depends_on, limit, ids } = question;
    let ask = match ids {
        Some(_) if !search.is_empty() || !depends_on.is_empty() || limit.is_some() => {
            return Err(Refusal::invalid("ids go without search, limit and other fields."));
        }
        Some(ids) => Ask::Resolve(ids),
        None => {
            let limit = limit.unwrap_or(20);
            if !(1..=MOST_ROWS).contains(&limit) {
                return Err(Refusal::invalid(format!("limit is from 1 to {MOST_ROWS}.")));
            }
            Ask::Search { text: search, depends_on, limit }
        }
    };
    let query = PickerQuery { picker, tenant: who.tenant, caller: who.caller, ask };
    let choices = within(&server, server.runtime.pick(query)).await?;
    Ok(Json(json!({ "choices": choices })))
}
