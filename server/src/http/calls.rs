//! Calls: `POST /api/v1/actions/{id}/{version}`, and what there is to call.

use actwright_runtime::spec::{ActionSpec, Effects};
use actwright_runtime::{Call, Error};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request};
use serde_json::{Value, json};

use super::address::Path;
use super::auth::Identity;
use super::refusal::Refusal;
use super::{Server, Shared};

type Answer = Result<Json<Value>, Refusal>;

/// Longer keys and paths are mistakes.
const LONGEST_HEADER: usize = 512;

pub async fn call(
    State(server): State<Shared>,
    who: Identity,
    Path((id, version)): Path<(String, String)>,
    request: Request<Body>,
) -> Answer {
    let spec = spec(&server, &id, &version)?;
    let headers = request.headers();
    let dry_run = match text(headers, "actwright-dry-run")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Refusal::invalid("Actwright-Dry-Run is either true or false.")),
    };
    let idempotency_key = text(headers, "idempotency-key")?.map(str::to_owned);
    let step_path = text(headers, "actwright-step-path")?.map(str::to_owned);
    let input = server.bodies.json(request).await?;
    let call = Call {
        version: Some(spec.version),
        step_path,
        idempotency_key,
        dry_run,
        ..Call::new(spec.id, who.tenant, who.caller, input.value)
    };
    let answer = server.runtime.call(call).await?;
    Ok(Json(json!({ "output": answer.output, "meta": answer.meta })))
}

/// An action and version with its schemas.
pub async fn action(State(server): State<Shared>, _: Identity, Path((id, version)): Path<(String, String)>) -> Answer {
    let spec = spec(&server, &id, &version)?;
    let mut action = facts(spec);
    action["input_schema"] = schema(spec.input_schema);
    action["output_schema"] = schema(spec.output_schema);
    Ok(Json(action))
}

/// All actions and versions.
pub async fn actions(State(server): State<Shared>, _: Identity) -> Json<Value> {
    let actions: Vec<Value> = server.runtime.pack().actions.iter().map(|entry| facts(entry.spec())).collect();
    Json(json!({ "actions": actions }))
}

/// The catalog, for whoever shows actions to choose from.
pub async fn catalog(State(server): State<Shared>, _: Identity) -> Json<Value> {
    Json(schema(server.runtime.pack().catalog))
}

fn spec(server: &Server, id: &str, version: &str) -> Result<&'static ActionSpec, Refusal> {
    let not_found = |error: Error| Refusal::from(Error::nothing_found(error.message));
    let version: u32 =
        version.parse().map_err(|_| Refusal::invalid("The version in the address is a number, counted from 1."))?;
    Ok(server.runtime.pack().action(id, Some(version)).map_err(not_found)?.spec())
}

fn facts(spec: &ActionSpec) -> Value {
    json!({
        "id": spec.id,
        "version": spec.version,
        "label": spec.label,
        "description": spec.description,
        "effects": if spec.effects == Effects::Write { "write" } else { "read" },
        "emits": spec.emits,
    })
}

/// Generated, so it is JSON.
pub fn schema(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// The value of a header, at most once and of a sensible length.
fn text<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<Option<&'h str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| !text.is_empty() && text.len() <= LONGEST_HEADER);
    match (text, values.next()) {
        (Some(text), None) => Ok(Some(text)),
        _ => Err(Refusal::invalid(format!(
            "The header {name} has to be there once, with 1 to {LONGEST_HEADER} visible characters of ASCII."
        ))),
    }
}
