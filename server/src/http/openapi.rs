//! The actions as OpenAPI 3.1, as `cargo gen export openapi` describes them, but for shared schemas: here each is whole in its place.

use actwright_runtime::spec::{ActionSpec, Effects};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Shared;
use super::auth::Identity;
use super::calls::schema;

/// What does not depend on the actions.
const BASE: &str = include_str!("../../../codegen/templates/openapi/base.json");

pub async fn document(State(server): State<Shared>, _: Identity) -> Json<Value> {
    let mut document = schema(BASE);
    for spec in server.runtime.pack().actions.iter().map(|entry| entry.spec()) {
        document["paths"][format!("/api/v1/actions/{}/{}", spec.id, spec.version)] = json!({ "post": operation(spec) });
    }
    Json(document)
}

fn operation(spec: &ActionSpec) -> Value {
    let response = |name: &str| json!({ "$ref": format!("#/components/responses/{name}") });
    let writes = spec.effects == Effects::Write;
    let parameters: &[&str] = if writes { &["IdempotencyKey", "DryRun"] } else { &[] };
    let parameters = parameters.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }));
    let output = json!({
        "type": "object",
        "properties": { "output": part(spec.output_schema), "meta": { "$ref": "#/components/schemas/Meta" } },
        "required": ["output", "meta"],
    });
    json!({
        "operationId": format!("{}.v{}", spec.id, spec.version),
        "summary": spec.label,
        "description": spec.description,
        "parameters": parameters.collect::<Vec<_>>(),
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": part(spec.input_schema) } },
        },
        "responses": {
            "200": {
                "description": "It is done. A repeated call answers as the first one did.",
                "content": { "application/json": { "schema": output } },
            },
            "400": response("ValidationError"),
            "403": response("PermissionDenied"),
            "404": response("NotFound"),
            "409": response("Conflict"),
            "429": response("RateLimited"),
            "500": response("InternalError"),
            "503": response("TransientFailure"),
        },
    })
}

/// A schema that is part of a document, which says what language it is in.
fn part(text: &str) -> Value {
    let mut own = schema(text);
    if let Value::Object(map) = &mut own {
        map.remove("$schema");
        map.remove("$id");
    }
    own
}
