//! The keys of a JSON Schema for spec files, and where in a spec each of them may stand.

use serde_json::Value;

/// A key that a schema describes.
#[derive(Debug)]
pub struct Key<'s> {
    /// In the schema: `#/$defs/field/properties/label`.
    pub place: String,
    pub schema: &'s Value,
}

/// A mapping of a spec in which a key may stand.
#[derive(Debug)]
pub struct Spot {
    /// As [`Key::place`].
    pub place: String,
    /// A JSON Pointer to the mapping.
    pub mapping: String,
    pub name: String,
}

/// Every key of a schema, at any depth; of mappings whose keys the spec chooses, what they hold.
pub fn keys(root: &Value) -> Vec<Key<'_>> {
    let mut all = Vec::new();
    below(root, "#", &mut all);
    for (name, definition) in root["$defs"].as_object().into_iter().flatten() {
        below(definition, &format!("#/$defs/{name}"), &mut all);
    }
    all
}

/// What describes a key: its own schema, or the definition that it refers to.
pub fn described<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let definition = schema["$ref"].as_str().filter(|_| schema.get("description").is_none());
    definition.map_or(schema, |name| root.pointer(name.trim_start_matches('#')).unwrap())
}

fn below<'s>(schema: &'s Value, place: &str, all: &mut Vec<Key<'s>>) {
    for (_, place, schema) in named(schema, place).chain(chosen(schema, place)) {
        below(schema, &place, all);
        all.push(Key { place, schema });
    }
    for (place, schema) in inner(schema, place) {
        below(schema, &place, all);
    }
}

/// Where in a spec the keys of its schema may stand.
pub fn spots(root: &Value, spec: &Value) -> Vec<Spot> {
    let mut all = Vec::new();
    spots_below(root, (root, "#"), (spec, ""), &mut all);
    all
}

fn spots_below(root: &Value, (schema, place): (&Value, &str), (spec, pointer): (&Value, &str), all: &mut Vec<Spot>) {
    if let Some(name) = schema["$ref"].as_str() {
        let definition = root.pointer(name.trim_start_matches('#')).unwrap();
        spots_below(root, (definition, name), (spec, pointer), all);
    }
    if let Value::Object(entries) = spec {
        for (name, place, schema) in named(schema, place) {
            all.push(Spot { place: place.clone(), mapping: pointer.to_owned(), name: name.to_owned() });
            if let Some(value) = entries.get(name) {
                spots_below(root, (schema, &place), (value, &format!("{pointer}/{name}")), all);
            }
        }
        if let Some((_, place, schema)) = chosen(schema, place) {
            for (name, value) in entries {
                all.push(Spot { place: place.clone(), mapping: pointer.to_owned(), name: name.clone() });
                spots_below(root, (schema, &place), (value, &format!("{pointer}/{name}")), all);
            }
        }
    }
    for (place, schema) in inner(schema, place) {
        match spec {
            Value::Array(items) if place.ends_with("/items") => {
                for (index, item) in items.iter().enumerate() {
                    spots_below(root, (schema, &place), (item, &format!("{pointer}/{index}")), all);
                }
            }
            _ if place.ends_with("/items") => {}
            _ => spots_below(root, (schema, &place), (spec, pointer), all),
        }
    }
}

type Named<'s> = (&'s str, String, &'s Value);

fn named<'s>(schema: &'s Value, place: &str) -> impl Iterator<Item = Named<'s>> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.map(move |(name, schema)| (name.as_str(), format!("{place}/properties/{name}"), schema))
}

/// What a mapping holds whose keys the spec chooses.
fn chosen<'s>(schema: &'s Value, place: &str) -> Option<Named<'s>> {
    let values = schema.get("additionalProperties").filter(|values| values.is_object())?;
    Some(("", format!("{place}/additionalProperties"), values))
}

/// Schemas of the same value, and of the items of a list.
fn inner<'s>(schema: &'s Value, place: &str) -> Vec<(String, &'s Value)> {
    let items = schema.get("items").map(|items| (format!("{place}/items"), items));
    let either = ["anyOf", "oneOf"].into_iter().flat_map(|either| {
        let all = schema[either].as_array().into_iter().flatten().enumerate();
        all.map(move |(index, schema)| (format!("{place}/{either}/{index}"), schema))
    });
    items.into_iter().chain(either).collect()
}
