//! How shared types hang together.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Field, Model, NamedType, Presence, Shape, Type};

/// Enters which shared types inputs and outputs reach.
pub fn mark_used(model: &mut Model) {
    let reach = Reach::of(&model.types);
    let payloads = model.events.iter().flat_map(|event| &event.payload);
    let owned = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let input = owned(reach.from(model.actions.iter().flat_map(|action| &action.input)));
    let output = owned(reach.from(model.actions.iter().flat_map(|action| &action.output).chain(payloads)));
    for named in &mut model.types {
        named.used_in_input = input.contains(&named.name);
        named.used_in_output = output.contains(&named.name);
    }
}

/// Which shared types fields lead to.
pub struct Reach<'m>(BTreeMap<&'m str, &'m Shape>);

impl<'m> Reach<'m> {
    pub fn of(types: &'m [NamedType]) -> Self {
        Self(types.iter().map(|named| (named.name.as_str(), &named.shape)).collect())
    }

    /// The names of all types that these fields refer to, through each other, too.
    pub fn from(&self, fields: impl IntoIterator<Item = &'m Field>) -> BTreeSet<&'m str> {
        let (mut reached, mut open) = (BTreeSet::new(), Vec::new());
        fields.into_iter().for_each(|field| references(&field.ty, &mut open));
        while let Some(name) = open.pop() {
            if reached.insert(name)
                && let Some(Shape::Object(fields)) = self.0.get(name)
            {
                fields.iter().for_each(|field| references(&field.ty, &mut open));
            }
        }
        reached
    }
}

fn references<'m>(ty: &'m Type, names: &mut Vec<&'m str>) {
    match ty {
        Type::Ref(name) => names.push(name),
        Type::List { items, .. } | Type::Map(items) => references(&items.ty, names),
        Type::Object(fields) => fields.iter().for_each(|field| references(&field.ty, names)),
        _ => {}
    }
}

/// How many fields records have when every shared type is written out. A type within itself counts once.
pub struct Sizes<'m> {
    shapes: BTreeMap<&'m str, &'m Shape>,
    /// `None` while it is being counted.
    known: BTreeMap<&'m str, Option<u64>>,
}

impl<'m> Sizes<'m> {
    pub fn of(model: &'m Model) -> Self {
        let shapes = model.types.iter().map(|named| (named.name.as_str(), &named.shape)).collect();
        Self { shapes, known: BTreeMap::new() }
    }

    pub fn record(&mut self, fields: &'m [Field]) -> u64 {
        fields.iter().fold(0, |sum, field| self.value(&field.ty).saturating_add(sum).saturating_add(1))
    }

    fn value(&mut self, ty: &'m Type) -> u64 {
        match ty {
            Type::List { items, .. } | Type::Map(items) => self.value(&items.ty),
            Type::Object(fields) => self.record(fields),
            Type::Ref(name) => match self.known.get(name.as_str()) {
                Some(size) => size.unwrap_or(0),
                None => {
                    self.known.insert(name, None);
                    let size = match self.shapes.get(name.as_str()) {
                        Some(Shape::Object(fields)) => self.record(fields),
                        _ => 0,
                    };
                    self.known.insert(name, Some(size));
                    size
                }
            },
            _ => 0,
        }
    }
}

/// Types whose values would have no end: for each ring of them, its first type and the way around.
pub fn endless(types: &[NamedType]) -> Vec<(&str, String)> {
    let mut needs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for named in types {
        let mut names = Vec::new();
        if let Shape::Object(fields) = &named.shape {
            always_held(fields, &mut names);
        }
        needs.insert(&named.name, names);
    }
    // What needs nothing endless has an end; what is left over in the end needs itself, or something that does.
    loop {
        let ends: Vec<&str> = needs
            .iter()
            .filter(|(_, held)| !held.iter().any(|name| needs.contains_key(name)))
            .map(|(name, _)| *name)
            .collect();
        if ends.is_empty() {
            break;
        }
        needs.retain(|name, _| !ends.contains(name));
    }
    rings(&needs)
}

/// From each type on, the first way always leads on, so it comes back to where it has been.
fn rings<'m>(needs: &BTreeMap<&'m str, Vec<&'m str>>) -> Vec<(&'m str, String)> {
    let mut seen = BTreeSet::new();
    let mut rings = Vec::new();
    for start in needs.keys().copied() {
        let mut way = Vec::new();
        let mut at = start;
        while seen.insert(at) {
            way.push(at);
            let next = needs.get(at).and_then(|held| held.iter().find(|name| needs.contains_key(*name)));
            let Some(next) = next else { break };
            at = next;
        }
        if let Some(first) = way.iter().position(|name| *name == at) {
            let ring = &way[first..];
            rings.push((at, format!("{} -> {at}", ring.join(" -> "))));
        }
    }
    rings
}

/// The types that every value of these fields holds.
fn always_held<'m>(fields: &'m [Field], names: &mut Vec<&'m str>) {
    for field in fields.iter().filter(|field| field.presence == Presence::Required && !field.nullable) {
        always_held_by(&field.ty, names);
    }
}

/// The types that every value of a type holds.
pub fn always_held_by<'m>(ty: &'m Type, names: &mut Vec<&'m str>) {
    match ty {
        Type::Ref(name) => names.push(name),
        Type::Object(fields) => always_held(fields, names),
        Type::List { items, min_items: Some(1..), .. } if !items.nullable => always_held_by(&items.ty, names),
        _ => {}
    }
}
