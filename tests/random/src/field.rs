//! Fields of all types.

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};

use crate::shared::Type;
use crate::words;

/// What fields may say where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Input,
    Output,
    /// A shared type that inputs and outputs use.
    Shared,
    Event,
}

const EXACT: i64 = (1 << 53) - 1;
const DEEPEST: usize = 3;

/// Fields by their names.
pub fn fields(random: &mut StdRng, place: Place, types: &[Type], most: usize, depth: usize) -> Map<String, Value> {
    let count = random.random_range(1..=most);
    let names = words::fields(random, count);
    names.into_iter().map(|name| (name, field(random, place, types, depth))).collect()
}

pub fn field(random: &mut StdRng, place: Place, types: &[Type], depth: usize) -> Value {
    let mut field = ty(random, place, types, depth);
    if random.random_bool(0.5) {
        field["label"] = json!("A label: \"quoted\"");
    }
    if random.random_bool(0.5) {
        field["description"] = json!(words::prose(random));
    }
    if place != Place::Event && random.random_bool(0.25) {
        field["nullable"] = json!(true);
    }
    match place {
        Place::Input => match random.random_range(0..4) {
            0 => field["optional"] = json!(true),
            1 => give_default(&mut field),
            _ => {}
        },
        Place::Event if random.random_bool(0.3) => field["optional"] = json!(true),
        _ => {}
    }
    if place != Place::Event && random.random_bool(0.05) {
        field["secret"] = json!(true);
    }
    if place == Place::Input && field["type"] == "uuid" && random.random_bool(0.5) {
        field["picker"] = json!("thing");
    }
    field
}

/// A default that every constraint allows is known only for some types.
fn give_default(field: &mut Value) {
    let default = match field["type"].as_str() {
        Some("boolean") => json!(true),
        Some("uuid") => json!("5d2b7f10-93ce-4e6a-8f41-b0c9d8e7a615"),
        Some("date") => json!("2026-02-28"),
        Some("datetime") => json!("2026-02-28T12:00:00Z"),
        Some("email") => json!("a.b@example.com"),
        Some("enum") => field["values"][0].clone(),
        Some("integer" | "money") => field.get("min").or_else(|| field.get("max")).cloned().unwrap_or_else(|| json!(0)),
        _ => return,
    };
    field["default"] = default;
}

fn ty(random: &mut StdRng, place: Place, types: &[Type], depth: usize) -> Value {
    let kinds = if depth < DEEPEST { 17 } else { 13 };
    match random.random_range(0..kinds) {
        0 => json!({ "type": "uuid" }),
        1 => json!({ "type": "boolean" }),
        2 => json!({ "type": "datetime" }),
        3 => json!({ "type": "date" }),
        4 => json!({ "type": "email" }),
        5 => json!({ "type": "json" }),
        6 => bounded(random, "integer"),
        7 => bounded(random, "money"),
        8 => number(random),
        9 | 10 => text(random),
        11 => json!({ "type": "enum", "values": words::values(random) }),
        12 | 13 if !types.is_empty() => reference(random, place, types),
        12 | 13 => json!({ "type": "boolean" }),
        14 => json!({ "type": "map", "values": item(random, place, types, depth) }),
        15 => list(random, place, types, depth),
        _ => json!({ "type": "object", "fields": fields(random, place, types, 4, depth + 1) }),
    }
}

fn bounded(random: &mut StdRng, ty: &str) -> Value {
    let (a, b) = (random.random_range(-EXACT..=EXACT), random.random_range(-1000..=1000));
    let mut field = json!({ "type": ty });
    if random.random_bool(0.5) {
        field["min"] = json!(a.min(b));
    }
    if random.random_bool(0.5) {
        field["max"] = json!(a.max(b));
    }
    field
}

fn number(random: &mut StdRng) -> Value {
    match random.random_range(0..3) {
        0 => json!({ "type": "number" }),
        1 => json!({ "type": "number", "min": -1.5e300, "max": 0.1 }),
        _ => json!({ "type": "number", "min": random.random_range(-9..=9) }),
    }
}

fn text(random: &mut StdRng) -> Value {
    let mut field = json!({ "type": words::pick(random, &["string", "text"]) });
    let least = random.random_range(0..5);
    if random.random_bool(0.3) {
        field["min_length"] = json!(least);
    }
    if random.random_bool(0.3) {
        field["max_length"] = json!(least + random.random_range(0..8_000));
    }
    match random.random_range(0..3) {
        0 => field["trimmed"] = json!(true),
        1 => field["pattern"] = json!(words::pattern(random)),
        _ => {}
    }
    field
}

fn list(random: &mut StdRng, place: Place, types: &[Type], depth: usize) -> Value {
    let mut field = json!({ "type": "list", "items": item(random, place, types, depth) });
    let least = random.random_range(0..3);
    if random.random_bool(0.3) {
        field["min_items"] = json!(least);
    }
    if random.random_bool(0.3) {
        field["max_items"] = json!(least + random.random_range(0..50));
    }
    if random.random_bool(0.3) {
        field["unique"] = json!(true);
    }
    field
}

/// What a list or a map holds.
fn item(random: &mut StdRng, place: Place, types: &[Type], depth: usize) -> Value {
    let mut item = ty(random, place, types, depth + 1);
    if random.random_bool(0.2) {
        item["nullable"] = json!(true);
    }
    item
}

/// Types that only inputs may use are not for outputs.
fn reference(random: &mut StdRng, place: Place, types: &[Type]) -> Value {
    let fits: Vec<&Type> = types.iter().filter(|one| place == Place::Input || !one.only_input).collect();
    match fits.len() {
        0 => json!({ "type": "boolean" }),
        count => json!({ "type": fits[random.random_range(0..count)].name }),
    }
}
