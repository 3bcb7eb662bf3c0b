//! From objects to fields.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::Place;
use super::note::Notes;
use super::parts::{Parts, peel};
use super::scalar;
use super::schema::{Converted, Converter, Direction};
use super::texts;
use crate::model::{Field, Presence, Type};
use crate::spec::label;

/// A property, and all that is said of it.
type Property<'d> = (&'d str, Vec<Place<'d>>);

/// Values in values of a default or an example.
const DEEPEST_VALUE: usize = 10;

/// Whether there are properties, and nothing that a set of fields could not say.
pub fn is_record(parts: &Parts<'_>, direction: Direction) -> bool {
    !parts.lost
        && (parts.alternatives.is_empty() || parts.only_require())
        && scalar::values(parts).is_none()
        && matches!(parts.likely_types().as_slice(), ["object"] | ["object", "null"] | ["null", "object"])
        && !properties(parts, direction, None).is_empty()
}

/// The properties that go this way, in their order.
fn properties<'d>(parts: &Parts<'d>, direction: Direction, mut notes: Option<&mut Notes>) -> Vec<Property<'d>> {
    let (key, message) = match direction {
        Direction::Input => ("readOnly", "readOnly: it is left out of the input"),
        Direction::Output => ("writeOnly", "writeOnly: it is left out of the output"),
    };
    let mut all: Vec<Property<'d>> = Vec::new();
    let mut index = std::collections::BTreeMap::new();
    for (name, schema) in parts.all("properties").flat_map(|place| place.entries().collect::<Vec<_>>()) {
        let at = *index.entry(name).or_insert_with(|| {
            all.push((name, Vec::new()));
            all.len() - 1
        });
        all[at].1.push(schema);
    }
    all.retain(|(_, schemas)| {
        let marked =
            schemas.iter().find(|schema| peel(schema).wrappers.iter().chain([*schema]).any(|one| one.is_true(key)));
        if let (Some(schema), Some(notes)) = (marked, notes.as_deref_mut()) {
            notes.add(schema.shown(), message);
        }
        marked.is_none()
    });
    all
}

impl<'d> Converter<'d> {
    /// The fields of an object.
    pub fn fields(&mut self, parts: &Parts<'d>, depth: usize) -> Vec<Field> {
        self.fields_beside(parts, &mut BTreeSet::new(), depth).into_iter().map(|(_, field)| field).collect()
    }

    /// As [`Converter::fields`], beside names that are taken, with the names of the source.
    pub fn fields_beside(
        &mut self,
        parts: &Parts<'d>,
        taken: &mut BTreeSet<String>,
        depth: usize,
    ) -> Vec<(&'d str, Field)> {
        self.note_unchecked(parts);
        let required = parts.required();
        let mut fields = Vec::new();
        for (name, schemas) in properties(parts, self.direction, Some(&mut self.notes)) {
            fields.push((name, self.field(name, &schemas, required.contains(name), taken, depth)));
        }
        self.note_further(parts);
        let known: BTreeSet<&str> =
            parts.all("properties").filter_map(|place| place.map()).flatten().map(|(name, _)| name.as_str()).collect();
        for place in parts.all("required").flat_map(|list| list.items().collect::<Vec<_>>()) {
            let Some(name) = place.value.as_str().filter(|name| !known.contains(name)) else { continue };
            let became = texts::field_name(name, taken);
            self.notes
                .add(place.shown(), format!("`{name}` is required, and no property says what it is; json as {became}"));
            fields.push((name, plain_field(&became, Type::Json)));
        }
        fields
    }

    /// A field, under a name that is free.
    pub fn field(
        &mut self,
        name: &str,
        schemas: &[Place<'d>],
        is_required: bool,
        taken: &mut BTreeSet<String>,
        depth: usize,
    ) -> Field {
        let shown = schemas.first().map(Place::shown).unwrap_or_default();
        let became = texts::field_name(name, taken);
        if became != name {
            self.notes.add(&shown, format!("`{name}` becomes {became}"));
        }
        let converted = self.value(schemas, depth + 1);
        let text = |key: &str| converted.annotations.iter().find_map(|place| place.text(key));
        let mut field = plain_field(&became, converted.ty.clone());
        field.label = text("title").and_then(texts::label).unwrap_or(field.label);
        field.description = text("description").and_then(texts::description);
        field.secret = converted.secret;
        field.nullable = converted.nullable;
        if self.direction == Direction::Input {
            field.presence = self.presence(&converted, name, is_required);
        } else if !is_required && !field.nullable {
            field.nullable = true;
            if !self.said_nullable {
                self.said_nullable = true;
                self.notes.add(
                    &shown,
                    "an output has every field: this one, and others that may be missing, become nullable",
                );
            }
        }
        field
    }

    fn presence(&mut self, converted: &Converted<'d>, name: &str, is_required: bool) -> Presence {
        let unsaid = if is_required { Presence::Required } else { Presence::Optional };
        let Some(place) = &converted.default else { return unsaid };
        if is_required {
            self.notes.add(place.shown(), "what is required has no default; it is left out");
            return unsaid;
        }
        if place.value.is_null() && !converted.nullable {
            return unsaid;
        }
        let problem = if is_deep(place.value, DEEPEST_VALUE) {
            Some("it is nested too deep".to_owned())
        } else if holds_record(&converted.ty, self) && !is_empty(&converted.ty, place.value) {
            Some("it is a record".to_owned())
        } else {
            self.probe.problem(&format!("`{name}`"), &converted.ty, converted.nullable, place.value)
        };
        match problem {
            None => Presence::Default(place.value.clone()),
            Some(problem) => {
                self.notes.add(place.shown(), format!("the default is left out: {problem}"));
                unsaid
            }
        }
    }

    /// An object that is not shared.
    pub fn object(&mut self, parts: &Parts<'d>, depth: usize) -> Type {
        if is_record(parts, self.direction) {
            return Type::Object(self.fields(parts, depth));
        }
        properties(parts, self.direction, Some(&mut self.notes));
        let mut values: Vec<Place<'d>> =
            parts.all("additionalProperties").filter(|place| place.value.is_object()).collect();
        for place in parts.all("patternProperties") {
            let schemas: Vec<_> = place.entries().map(|(_, schema)| schema).collect();
            if let ([one], true) = (schemas.as_slice(), values.is_empty()) {
                self.notes.add(place.shown(), "the pattern of the keys is not checked");
                values.push(one.clone());
            } else {
                self.notes.add(place.shown(), "patternProperties are not checked");
            }
        }
        let is_closed = parts.all("additionalProperties").any(|place| place.value == &Value::Bool(false));
        if is_closed && values.is_empty() {
            self.notes.add(parts.shown(), "an object without properties becomes a map");
        }
        let shown = parts.shown();
        Type::Map(Box::new(self.item(&values, &shown, depth)))
    }

    /// Notes that properties beside those that are named are not taken.
    fn note_further(&mut self, parts: &Parts<'_>) {
        for key in ["additionalProperties", "unevaluatedProperties", "patternProperties"] {
            for place in parts.all(key).filter(|place| place.value != &Value::Bool(false)) {
                self.notes.add(place.shown(), "only the properties that are named are taken");
            }
        }
    }
}

/// A field that is required, and of which nothing else is known.
pub fn plain_field(name: &str, ty: Type) -> Field {
    Field {
        name: name.to_owned(),
        label: label(name),
        description: None,
        presence: Presence::Required,
        nullable: false,
        secret: false,
        picker: None,
        ty,
    }
}

/// Whether a value is nested deeper than this.
pub fn is_deep(value: &Value, most: usize) -> bool {
    match value {
        Value::Array(items) => most == 0 || items.iter().any(|item| is_deep(item, most - 1)),
        Value::Object(map) => most == 0 || map.values().any(|item| is_deep(item, most - 1)),
        _ => false,
    }
}

/// Shared records are looked at last, so that nothing can be judged by them before.
fn holds_record(ty: &Type, converter: &Converter<'_>) -> bool {
    match ty {
        Type::Ref(index) => {
            let named = index.parse::<usize>().ok().and_then(|index| converter.named.get(index));
            named.is_none_or(|named| matches!(named.shape, crate::model::Shape::Object(_)))
        }
        Type::List { items, .. } | Type::Map(items) => holds_record(&items.ty, converter),
        Type::Object(fields) => fields.iter().any(|field| holds_record(&field.ty, converter)),
        _ => false,
    }
}

/// Whether a value holds nothing, whatever the type holds.
fn is_empty(ty: &Type, value: &Value) -> bool {
    match (ty, value) {
        (_, Value::Null) => true,
        (Type::List { .. }, Value::Array(items)) => items.is_empty(),
        (Type::Map(_), Value::Object(map)) => map.is_empty(),
        _ => false,
    }
}
