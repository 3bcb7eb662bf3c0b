//! Actions over HTTP, as OpenAPI 3.1 describes them: one address an action and version.

use serde_json::{Map, Value, json};

use crate::emit::schema::{self, Profile};
use crate::model::{Action, Effects, Model};

/// What does not depend on the specs.
const BASE: &str = include_str!("../../templates/openapi/base.json");

/// The document.
///
/// # Errors
///
/// A defect: what does not depend on the specs is no JSON.
pub fn document(model: &Model) -> Result<Value, String> {
    let mut document: Value = serde_json::from_str(BASE).map_err(|error| format!("the base of OpenAPI: {error}"))?;
    let mut components = Map::new();
    for action in &model.actions {
        let name = format!("{}.v{}", action.id, action.version);
        for (direction, schema) in [
            ("input", schema::input(model, action, Profile::References)),
            ("output", schema::output(model, action, Profile::References)),
        ] {
            let own = component(schema, direction, &mut components);
            components.insert(format!("{name}.{direction}"), own);
        }
        let path = format!("/api/v1/actions/{}/{}", action.id, action.version);
        document["paths"][path] = json!({ "post": operation(model, action, &name) });
    }
    let tags = model.catalog.iter().map(|group| json!({ "name": group.label, "description": group.description }));
    document["tags"] = tags.collect();
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.extend(components);
        schemas.sort_keys();
    }
    Ok(document)
}

/// A schema as a component; what it defines become components, too.
fn component(mut schema: Value, direction: &str, components: &mut Map<String, Value>) -> Value {
    refer(&mut schema, direction);
    if let Value::Object(map) = &mut schema {
        // A component is found by its name, and the document says which schemas it has.
        map.remove("$schema");
        map.remove("$id");
        if let Some(Value::Object(definitions)) = map.remove("$defs") {
            components.extend(definitions.into_iter().map(|(name, own)| (format!("{direction}.{name}"), own)));
        }
    }
    schema
}

/// Lets references lead to components. Examples and defaults are data, whatever they hold.
fn refer(schema: &mut Value, direction: &str) {
    match schema {
        Value::Array(all) => all.iter_mut().for_each(|one| refer(one, direction)),
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), &mut *value) {
                    ("$ref", Value::String(to)) => {
                        if let Some(name) = to.strip_prefix("#/$defs/") {
                            *to = format!("#/components/schemas/{direction}.{name}");
                        }
                    }
                    ("properties" | "$defs", Value::Object(named)) => {
                        named.iter_mut().for_each(|(_, one)| refer(one, direction));
                    }
                    ("examples" | "default" | "const" | "enum", _) => {}
                    _ => refer(value, direction),
                }
            }
        }
        _ => {}
    }
}

fn operation(model: &Model, action: &Action, name: &str) -> Value {
    let schema = |direction: &str| json!({ "$ref": format!("#/components/schemas/{name}.{direction}") });
    let examples: Map<String, Value> = action
        .examples
        .iter()
        .map(|example| (example.name.clone(), json!({ "summary": example.name, "value": example.input })))
        .collect();
    let mut content = json!({ "schema": schema("input") });
    if !examples.is_empty() {
        content["examples"] = Value::Object(examples);
    }
    let writes = action.effects == Effects::Write;
    let mut parameters = Vec::new();
    if writes {
        parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        parameters.push(json!({ "$ref": "#/components/parameters/DryRun" }));
    }
    let permissions: Vec<String> =
        action.permissions.iter().map(|one| format!("{}:{}", one.resource, one.action)).collect();
    let group = model.catalog.iter().find(|group| group.actions.contains(&action.id));
    let mut operation = json!({
        "operationId": name,
        "summary": action.label,
        "description": action.description,
        "tags": group.map(|group| &group.label).into_iter().collect::<Vec<_>>(),
        "parameters": parameters,
        "requestBody": { "required": true, "content": { "application/json": content } },
        "responses": {
            "200": {
                "description": "It is done. A repeated call answers as the first one did.",
                "content": { "application/json": { "schema": {
                    "type": "object",
                    "properties": { "output": schema("output"), "meta": { "$ref": "#/components/schemas/Meta" } },
                    "required": ["output", "meta"],
                } } },
            },
            "400": { "$ref": "#/components/responses/ValidationError" },
            "403": { "$ref": "#/components/responses/PermissionDenied" },
            "404": { "$ref": "#/components/responses/NotFound" },
            "409": { "$ref": "#/components/responses/Conflict" },
            "429": { "$ref": "#/components/responses/RateLimited" },
            "500": { "$ref": "#/components/responses/InternalError" },
            "503": { "$ref": "#/components/responses/TransientFailure" },
        },
        "x-actwright-effects": if writes { "write" } else { "read" },
        "x-actwright-permissions": permissions,
    });
    if !action.emits.is_empty() {
        operation["x-actwright-emits"] = json!(action.emits);
    }
    operation
}
