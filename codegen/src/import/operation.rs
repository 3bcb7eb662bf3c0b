//! Operations of OpenAPI documents.

use std::collections::BTreeMap;

use super::action::Import;
use super::document::{Document, Place};
use super::parts::peel;
use super::{Draft, Imported};
use crate::model::{Effects, Model};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Headers that OpenAPI wants no parameters for, in lower case.
const OF_THE_CALL: [&str; 3] = ["accept", "authorization", "content-type"];

/// Names of headers with one of these say something that no audit row should hold.
const CREDENTIALS: [&str; 6] = ["token", "secret", "password", "credential", "signature", "key"];

/// An operation of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its `operationId`, where it has one.
    pub id: Option<String>,
    /// `GET /pets/{id}`.
    pub address: String,
    /// What it does.
    pub summary: Option<String>,
}

/// An operation and where it is.
pub struct Found<'d> {
    operation: Operation,
    /// Of all operations of the path.
    path: Place<'d>,
    place: Place<'d>,
}

/// All operations, in the order of the document.
///
/// # Errors
///
/// A document that is not OpenAPI 3.
pub fn operations(document: &Document) -> Result<Vec<Operation>, String> {
    Ok(all(document)?.into_iter().map(|found| found.operation).collect())
}

fn all(document: &Document) -> Result<Vec<Found<'_>>, String> {
    let root = document.root();
    if let Some(version) = root.text("swagger") {
        return Err(format!("this is Swagger {version}; convert it to OpenAPI 3, which most tools for OpenAPI can"));
    }
    if !root.text("openapi").is_some_and(|version| version.starts_with("3.")) {
        return Err("this is no OpenAPI document: it does not begin with `openapi: 3`".to_owned());
    }
    let mut found = Vec::new();
    for (address, path) in root.get("paths").iter().flat_map(Place::entries) {
        let Ok(path) = path.followed() else { continue };
        for method in METHODS {
            let Some(place) = path.get(method).filter(|place| place.map().is_some()) else { continue };
            let operation = Operation {
                id: place.text("operationId").map(str::to_owned),
                address: format!("{} {address}", method.to_uppercase()),
                summary: place.text("summary").map(str::to_owned),
            };
            found.push(Found { operation, path: path.clone(), place });
        }
    }
    Ok(found)
}

/// The operation that has this id, or method and path.
pub fn find<'d>(document: &'d Document, wanted: &str) -> Result<Found<'d>, String> {
    let all = all(document)?;
    let is_wanted = |operation: &Operation| {
        operation.id.as_deref() == Some(wanted) || operation.address.eq_ignore_ascii_case(wanted)
    };
    if let Some(index) = all.iter().position(|found| is_wanted(&found.operation)) {
        return all.into_iter().nth(index).ok_or_else(String::new);
    }
    let names = all.iter().flat_map(|Found { operation, .. }| operation.id.iter().chain([&operation.address]));
    let mut near: Vec<(f64, &String)> = names.map(|name| (strsim::jaro_winkler(name, wanted), name)).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let near: Vec<String> =
        near.iter().filter(|(near, _)| *near > 0.8).take(3).map(|(_, name)| format!("`{name}`")).collect();
    let hint = if near.is_empty() {
        "--list has all of them".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    Err(format!("none of {} operations is `{wanted}`: {hint}", all.len()))
}

/// The spec of an operation.
pub fn import(draft: &Draft, found: &Found<'_>, known: &Model) -> Imported {
    let Found { operation, path, place } = found;
    let mut import = Import::new(draft);
    let reads = operation.address.starts_with("GET ") || operation.address.starts_with("HEAD ");
    let effects = if reads { Effects::Read } else { Effects::Write };
    let summary = operation.summary.as_deref();
    import.describe(summary, place.text("description").or(summary), effects);
    parameters(&mut import, path, place);
    body(&mut import, place);
    answer(&mut import, place);
    import.finish(known)
}

/// Those of the operation go before those of the path.
fn parameters<'d>(import: &mut Import<'d>, path: &Place<'d>, operation: &Place<'d>) {
    let mut all: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut ordered: Vec<Place<'d>> = Vec::new();
    for place in path.list("parameters").into_iter().chain(operation.list("parameters")) {
        let shown = place.shown();
        let parameter = match place.followed() {
            Ok(parameter) => parameter,
            Err(why) => {
                import.note(shown, format!("the parameter is left out: {why}"));
                continue;
            }
        };
        let (Some(name), Some(within)) = (parameter.text("name"), parameter.text("in")) else {
            import.note(shown, "a parameter without `name` and `in` is left out");
            continue;
        };
        let index = *all.entry((within.to_owned(), name.to_owned())).or_insert(ordered.len());
        if index == ordered.len() {
            ordered.push(parameter);
        } else {
            ordered[index] = parameter;
        }
    }
    for parameter in ordered {
        let (name, within) = (parameter.text("name").unwrap_or_default(), parameter.text("in").unwrap_or_default());
        if !matches!(within, "path" | "query" | "header") {
            import.note(parameter.shown(), format!("parameters in the {within} are left out"));
            continue;
        }
        if within == "header" && OF_THE_CALL.contains(&name.to_ascii_lowercase().as_str()) {
            import.note(parameter.shown(), format!("the header {name} is left out: it says who calls, or how"));
            continue;
        }
        let of_media = || parameter.get("content")?.entries().next()?.1.get("schema");
        let schema = parameter.get("schema").or_else(of_media);
        let is_required = within == "path" || parameter.is_true("required");
        import.parameter(name, schema, parameter.text("description"), is_required);
        let words = name.to_ascii_lowercase();
        if within == "header" && CREDENTIALS.iter().any(|word| words.contains(word)) {
            import.note(parameter.shown(), format!("the header {name} is taken for a secret"));
            import.hide_last();
        }
    }
}

fn body<'d>(import: &mut Import<'d>, operation: &Place<'d>) {
    let Some(place) = operation.get("requestBody") else { return };
    let shown = place.shown();
    let body = match place.followed() {
        Ok(body) => body,
        Err(why) => return import.note(shown, format!("the body is left out: {why}")),
    };
    let forms = ["application/x-www-form-urlencoded", "multipart/form-data"];
    let form = || body.get("content")?.entries().find(|(name, _)| forms.contains(&essence(name)));
    let parts = || with_parts(&body.get("content")?);
    let Some((name, media)) = body.get("content").and_then(|content| json(&content)).or_else(form).or_else(parts)
    else {
        import.note(shown, "the body is no JSON and no form, and has no parts; it is left out");
        return;
    };
    if forms.contains(&essence(name)) {
        import.note(media.shown(), "a form becomes fields; how files are sent is not carried over");
    } else if rank(name).is_none() {
        import.note(media.shown(), format!("{name}: its parts become fields, as those of JSON"));
    }
    let Some(schema) = media.get("schema") else {
        import.note(media.shown(), "the body has no schema; it becomes json");
        return import.parameter("body", None, body.text("description"), body.is_true("required"));
    };
    import.body(&schema);
    if !body.is_true("required") {
        import.note(shown, "the body may be left out; its required fields stay required");
    }
    import.describe(None, None, Effects::Write);
    if let Some(example) = media.get("example") {
        import.example("as in the source".to_owned(), example);
    }
    for (name, example) in media.get("examples").iter().flat_map(Place::entries) {
        let example = example.followed();
        if let Some(value) = example.ok().and_then(|example| example.get("value")) {
            import.example(name.to_owned(), value);
        }
    }
}

/// The answer of the first success that has one.
fn answer<'d>(import: &mut Import<'d>, operation: &Place<'d>) {
    let responses = operation.get("responses");
    let mut successes: Vec<_> =
        responses.iter().flat_map(Place::entries).filter(|(code, _)| code.starts_with('2')).collect();
    successes.sort_by(|a, b| a.0.cmp(b.0));
    if successes.is_empty() {
        successes.extend(responses.iter().flat_map(Place::entries).filter(|(code, _)| *code == "default"));
    }
    let mut last = None;
    for (_, place) in successes {
        let shown = place.shown();
        let Ok(response) = place.followed() else {
            import.note(shown, "the response is a reference that leads nowhere; it is left out");
            continue;
        };
        let Some(content) = response.get("content").filter(|content| content.entries().next().is_some()) else {
            continue;
        };
        match json(&content).or_else(|| with_parts(&content)) {
            Some((name, media)) => match media.get("schema") {
                Some(schema) => {
                    if rank(name).is_none() {
                        import.note(media.shown(), format!("{name}: its parts become fields, as those of JSON"));
                    }
                    return import.output(&schema);
                }
                None => last = Some((media.shown(), "the response has no schema; the output is empty")),
            },
            None => last = Some((content.shown(), "the response is no JSON; the output is empty")),
        }
    }
    if let Some((shown, message)) = last {
        import.note(shown, message);
    }
}

/// A media type without its parameters.
fn essence(name: &str) -> &str {
    name.split(';').next().unwrap_or(name).trim()
}

/// How plainly it is JSON, when it is.
fn rank(name: &str) -> Option<u8> {
    match essence(name) {
        "application/json" => Some(0),
        "text/json" => Some(1),
        name if name.ends_with("+json") => Some(2),
        "*/*" | "application/*" => Some(3),
        _ => None,
    }
}

/// The content that is JSON, the plainest first.
fn json<'d>(content: &Place<'d>) -> Option<(&'d str, Place<'d>)> {
    let ranked = content.entries().filter_map(|(name, media)| Some((rank(name)?, (name, media))));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, found)| found)
}

/// Content that is no JSON and has parts all the same, such as XML: its schema says what they are.
fn with_parts<'d>(content: &Place<'d>) -> Option<(&'d str, Place<'d>)> {
    const PARTS: [&str; 5] = ["properties", "items", "allOf", "anyOf", "oneOf"];
    content.entries().find(|(_, media)| {
        let schema = media.get("schema").map(|schema| peel(&schema).inner);
        schema.is_some_and(|schema| PARTS.iter().any(|key| schema.get(key).is_some()))
    })
}
