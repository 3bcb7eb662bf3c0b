//! Schemas taken apart: references followed, and what several of them say together.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::Place;
use super::note::Notes;

/// Keywords that say nothing about which values fit.
const ANNOTATIONS: [&str; 14] = [
    "title",
    "description",
    "default",
    "example",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "nullable",
    "externalDocs",
    "xml",
    "$comment",
    "$id",
    "$schema",
];

/// A schema that is behind references and wrappers which only annotate it.
pub struct Peeled<'d> {
    pub inner: Place<'d>,
    /// Whether a reference led to it.
    pub referred: bool,
    pub nullable: bool,
    /// What was on the way, before the first reference.
    pub wrappers: Vec<Place<'d>>,
}

/// More wrappers in wrappers than anybody writes.
const MOST_WRAPPERS: usize = 64;

/// Takes wrappers off.
pub fn peel<'d>(schema: &Place<'d>) -> Peeled<'d> {
    let mut peeled = Peeled { inner: schema.clone(), referred: false, nullable: false, wrappers: Vec::new() };
    for _ in 0..MOST_WRAPPERS {
        let Some(inside) = unwrapped(&peeled.inner) else { break };
        let wrapper = std::mem::replace(&mut peeled.inner, inside.schema);
        let wrappers = std::iter::once(wrapper).chain(inside.beside);
        peeled.nullable |= inside.nullable;
        for wrapper in wrappers {
            peeled.nullable |= wrapper.is_true("nullable");
            if !peeled.referred {
                peeled.wrappers.push(wrapper);
            }
        }
        peeled.referred |= inside.referred;
    }
    peeled
}

struct Unwrapped<'d> {
    schema: Place<'d>,
    /// What annotates it without holding it: `allOf: [{ $ref: … }, { description: … }]`.
    beside: Vec<Place<'d>>,
    referred: bool,
    nullable: bool,
}

fn is_annotation((key, value): &(&String, &Value)) -> bool {
    ANNOTATIONS.contains(&key.as_str()) || key.starts_with("x-") || *key == "type" && *value == "object"
}

fn unwrapped<'d>(schema: &Place<'d>) -> Option<Unwrapped<'d>> {
    let mut rest = schema.map()?.iter().filter(|entry| !is_annotation(entry));
    let (key, _) = rest.next()?;
    if rest.next().is_some() {
        return None;
    }
    match key.as_str() {
        "$ref" => {
            let schema = schema.referred(schema.text("$ref")?).ok()?;
            Some(Unwrapped { schema, beside: Vec::new(), referred: true, nullable: false })
        }
        "allOf" => {
            let only_annotates =
                |one: &Place<'d>| one.map().is_some_and(|map| map.iter().all(|entry| is_annotation(&entry)));
            let (beside, others): (Vec<_>, Vec<_>) = schema.list(key).into_iter().partition(only_annotates);
            let [schema] = <[_; 1]>::try_from(others).ok()?;
            Some(Unwrapped { schema, beside, referred: false, nullable: false })
        }
        "anyOf" | "oneOf" => {
            let (nulls, others): (Vec<_>, Vec<_>) = schema.list(key).into_iter().partition(is_null);
            let [schema] = <[_; 1]>::try_from(others).ok()?;
            Some(Unwrapped { schema, beside: Vec::new(), referred: false, nullable: !nulls.is_empty() })
        }
        _ => None,
    }
}

/// Whether only null fits a schema.
pub fn is_null(schema: &Place<'_>) -> bool {
    let says = |key: &str, wanted: &Value| schema.map().and_then(|map| map.get(key)) == Some(wanted);
    says("type", &"null".into())
        || says("type", &Value::Array(vec!["null".into()]))
        || says("const", &Value::Null)
        || says("enum", &Value::Array(vec![Value::Null]))
}

/// Whether null fits a schema, as far as it says. `nullable`, of OpenAPI 3.0, is meant for all that is beside it.
fn allows_null(schema: &Place<'_>, depth: usize) -> bool {
    let Some(map) = schema.map().filter(|_| depth > 0) else { return true };
    let listed = |key: &str| match map.get(key) {
        Some(Value::Array(all)) => all.contains(&"null".into()) || all.contains(&Value::Null),
        Some(one) => *one == "null" || one.is_null(),
        None => true,
    };
    let any = |key: &str| {
        let all = schema.list(key);
        all.is_empty() || all.iter().any(|one| allows_null(one, depth - 1))
    };
    let target = || schema.text("$ref").and_then(|reference| schema.referred(reference).ok());
    schema.is_true("nullable")
        || ["type", "enum", "const"].into_iter().all(listed)
            && ["anyOf", "oneOf"].into_iter().all(any)
            && schema.list("allOf").iter().all(|one| allows_null(one, depth - 1))
            && target().is_none_or(|target| allows_null(&target, depth - 1))
}

/// How deep [`allows_null`] looks.
const DEEPEST_NULL: usize = 8;

/// What must hold all at once: every keyword may be said several times.
#[derive(Default)]
pub struct Parts<'d> {
    /// Schemas whose own keywords hold.
    pub plain: Vec<Place<'d>>,
    /// Of each of these, one must hold: the keyword, and its schemas.
    pub alternatives: Vec<(Place<'d>, Vec<Place<'d>>)>,
    pub nullable: bool,
    /// There is something that cannot be known, which is noted.
    pub lost: bool,
}

/// Follows references, and puts what must hold together side by side.
pub fn flatten<'d>(schemas: &[Place<'d>], notes: &mut Notes) -> Parts<'d> {
    let mut parts = Parts::default();
    let mut seen = BTreeSet::new();
    // Each with the references that led to it.
    let mut open: Vec<(Place<'d>, Vec<String>)> = schemas.iter().rev().map(|one| (one.clone(), Vec::new())).collect();
    while let Some((schema, mut way)) = open.pop() {
        match schema.value {
            Value::Bool(true) => continue,
            Value::Object(_) => {}
            Value::Bool(false) => {
                notes.add(schema.shown(), "no value fits; it becomes json");
                parts.lost = true;
                continue;
            }
            _ => {
                notes.add(schema.shown(), "not a schema; it becomes json");
                parts.lost = true;
                continue;
            }
        }
        parts.nullable |= schema.is_true("nullable");
        let mut inside = Vec::new();
        if let Some(reference) = schema.text("$ref") {
            match schema.referred(reference) {
                Ok(target) if way.contains(&target.shown()) => {
                    notes.add(schema.shown_at("$ref"), "refers to itself, with nothing between; it becomes json");
                    parts.lost = true;
                }
                // What is said twice need not be looked at again.
                Ok(target) if seen.insert(target.shown()) => {
                    way.push(target.shown());
                    inside.push(target);
                }
                Ok(_) => {}
                Err(why) => {
                    notes.add(schema.shown_at("$ref"), format!("{why}, `{reference}`; it becomes json"));
                    parts.lost = true;
                }
            }
        }
        for key in ["$dynamicRef", "$recursiveRef"] {
            if schema.get(key).is_some() {
                notes.add(schema.shown_at(key), "dynamic references are not followed; it becomes json");
                parts.lost = true;
            }
        }
        inside.extend(schema.list("allOf"));
        for key in ["anyOf", "oneOf"] {
            let Some(keyword) = schema.get(key) else { continue };
            let (nulls, mut others): (Vec<_>, Vec<_>) = keyword.items().partition(is_null);
            parts.nullable |= !nulls.is_empty();
            match others.len() {
                0 => {}
                1 => inside.append(&mut others),
                _ => parts.alternatives.push((keyword, others)),
            }
        }
        parts.plain.push(schema);
        open.extend(inside.into_iter().rev().map(|one| (one, way.clone())));
    }
    parts.nullable &= schemas.iter().all(|schema| allows_null(schema, DEEPEST_NULL));
    parts
}

impl<'d> Parts<'d> {
    /// Every place of a keyword.
    pub fn all<'p>(&'p self, key: &'p str) -> impl Iterator<Item = Place<'d>> + 'p {
        self.plain.iter().filter_map(move |part| part.get(key))
    }

    /// Where it is, for notes about all of it.
    pub fn shown(&self) -> String {
        self.plain.first().map(Place::shown).unwrap_or_default()
    }

    /// Names of types that all parts allow; `None` when none of them says. Null is taken out, as it is no type of specs.
    pub fn types(&self) -> Option<Vec<&'d str>> {
        let mut types: Option<Vec<&'d str>> = None;
        for place in self.all("type") {
            let own: Vec<&str> = match place.value {
                Value::String(one) => vec![one],
                Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            types = Some(match types {
                None => own,
                Some(known) => known.into_iter().filter(|one| own.contains(one)).collect(),
            });
        }
        types
    }

    /// The types, from what is said about values where they are not named.
    pub fn likely_types(&self) -> Vec<&'d str> {
        const LIKELY: [(&str, &[&str]); 4] = [
            ("object", &["properties", "additionalProperties", "required", "patternProperties"]),
            ("array", &["items", "prefixItems", "minItems", "maxItems"]),
            ("string", &["pattern", "minLength", "maxLength", "format"]),
            ("number", &["minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"]),
        ];
        self.types().unwrap_or_else(|| {
            let says = |keys: &[&str]| keys.iter().any(|key| self.all(key).next().is_some());
            LIKELY.iter().find(|(_, keys)| says(keys)).map(|(name, _)| *name).into_iter().collect()
        })
    }

    /// The largest of several whole numbers, such as of `minLength`.
    pub fn largest(&self, key: &str, notes: &mut Notes) -> Option<u64> {
        self.counts(key, notes).into_iter().max()
    }

    /// The smallest of several whole numbers, such as of `maxLength`.
    pub fn smallest(&self, key: &str, notes: &mut Notes) -> Option<u64> {
        self.counts(key, notes).into_iter().min()
    }

    fn counts(&self, key: &str, notes: &mut Notes) -> Vec<u64> {
        let mut counts = Vec::new();
        for place in self.all(key) {
            let whole = place.value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..9e15).contains(number));
            match whole {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range and whole")]
                Some(number) => counts.push(number as u64),
                None => notes.add(place.shown(), "not a count; it is left out"),
            }
        }
        counts
    }

    /// Names in `required`.
    pub fn required(&self) -> BTreeSet<&'d str> {
        self.all("required")
            .flat_map(|list| list.value.as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .collect()
    }
}

impl Parts<'_> {
    /// Whether all alternatives say nothing but which properties are required.
    pub fn only_require(&self) -> bool {
        let is_word = |key: &String| key == "required" || key == "not" || ANNOTATIONS.contains(&key.as_str());
        let only = |schema: &Place<'_>| schema.map().is_some_and(|map| map.keys().all(is_word));
        self.alternatives.iter().all(|(_, all)| all.iter().all(only)) && self.all("properties").next().is_some()
    }

    /// Whether it is an object that can hold nothing.
    pub fn is_closed_and_empty(&self) -> bool {
        let is_closed = self.all("additionalProperties").any(|place| place.value == &Value::Bool(false));
        is_closed
            && !self.lost
            && self.alternatives.is_empty()
            && self.all("properties").all(|place| place.entries().next().is_none())
    }

    /// Whether anything but the type is said beside the alternatives.
    pub fn says_more(&self) -> bool {
        let is_word = |key: &String| {
            matches!(key.as_str(), "type" | "anyOf" | "oneOf" | "allOf" | "discriminator" | "$ref")
                || key.starts_with("x-")
                || ANNOTATIONS.contains(&key.as_str())
        };
        !self.plain.iter().filter_map(Place::map).flatten().all(|(key, _)| is_word(key))
    }
}
