//! What types need to be before they can be written: with an end, of a bearable size, and with names.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase;

use super::note::Notes;
use super::schema::{Direction, Named};
use super::texts::free;
use crate::model::{Field, Model, NamedType, Presence, Shape, Type};
use crate::spec::MOST_FIELDS;
use crate::spec::graph::{Sizes, always_held_by, endless};

/// What a record takes or gives, and the types that it shares, by their numbers.
#[derive(Debug)]
pub struct Shaped<'d> {
    pub input: Vec<Field>,
    pub output: Vec<Field>,
    pub named: Vec<Named<'d>>,
}

/// Visits a type and all types in it.
pub fn visit(ty: &mut Type, change: &mut impl FnMut(&mut Type)) {
    change(ty);
    match ty {
        Type::List { items, .. } | Type::Map(items) => visit(&mut items.ty, change),
        Type::Object(fields) => visit_fields(fields, change),
        _ => {}
    }
}

fn visit_fields(fields: &mut [Field], change: &mut impl FnMut(&mut Type)) {
    fields.iter_mut().for_each(|field| visit(&mut field.ty, change));
}

fn references(fields: &[Field]) -> Vec<usize> {
    fn collect(ty: &Type, all: &mut Vec<usize>) {
        match ty {
            Type::Ref(index) => all.extend(index.parse::<usize>().ok()),
            Type::List { items, .. } | Type::Map(items) => collect(&items.ty, all),
            Type::Object(fields) => fields.iter().for_each(|field| collect(&field.ty, all)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    fields.iter().for_each(|field| collect(&field.ty, &mut all));
    all
}

fn named_type(name: String, named: &Named<'_>) -> NamedType {
    NamedType {
        name,
        source: String::new(),
        description: named.description.clone(),
        shape: named.shape.clone(),
        used_in_input: false,
        used_in_output: false,
    }
}

impl Shaped<'_> {
    fn by_number(&self) -> Vec<NamedType> {
        self.named.iter().enumerate().map(|(index, named)| named_type(index.to_string(), named)).collect()
    }

    /// Whether a type is a shared enum.
    pub fn is_enum(&self, ty: &Type) -> bool {
        let Type::Ref(index) = ty else { return false };
        let named = index.parse::<usize>().ok().and_then(|index| self.named.get(index));
        named.is_some_and(|named| matches!(named.shape, Shape::Enum(_)))
    }

    /// Where a value would have to hold another of its own type for ever, it need not.
    pub fn end(&mut self, notes: &mut Notes) {
        loop {
            let types = self.by_number();
            let rings = endless(&types);
            if rings.is_empty() {
                return;
            }
            for (name, ring) in &rings {
                let next = ring.split(" -> ").nth(1).unwrap_or(name);
                let Some(named) = name.parse::<usize>().ok().and_then(|index| self.named.get_mut(index)) else {
                    return;
                };
                let Shape::Object(fields) = &mut named.shape else { return };
                for field in fields.iter_mut().filter(|field| field.presence == Presence::Required && !field.nullable) {
                    let mut held = Vec::new();
                    always_held_by(&field.ty, &mut held);
                    if !held.contains(&next) {
                        continue;
                    }
                    let word = match named.direction {
                        Direction::Input => {
                            field.presence = Presence::Optional;
                            "optional"
                        }
                        Direction::Output => {
                            field.nullable = true;
                            "nullable"
                        }
                    };
                    notes.add(named.place.shown(), format!("it always holds itself; {} becomes {word}", field.name));
                }
            }
        }
    }

    /// Takes the types apart that are farthest from the action, until all of it can be written out.
    pub fn fit(&mut self, notes: &mut Notes) {
        let distances = self.distances();
        let mut most = distances.values().copied().max().unwrap_or(0);
        while most > 0 && self.is_too_large() {
            most -= 1;
            let is_far = |index: &str| {
                let index = index.parse::<usize>().ok();
                index.and_then(|index| distances.get(&index)).is_none_or(|distance| *distance > most)
            };
            let mut cut = BTreeSet::new();
            let mut change = |ty: &mut Type| {
                if let Type::Ref(index) = ty
                    && is_far(index)
                {
                    cut.extend(index.parse::<usize>());
                    *ty = Type::Json;
                }
            };
            visit_fields(&mut self.input, &mut change);
            visit_fields(&mut self.output, &mut change);
            for named in &mut self.named {
                if let Shape::Object(fields) = &mut named.shape {
                    visit_fields(fields, &mut change);
                }
            }
            for index in cut {
                let message = format!("becomes json: with it, there would be more than {MOST_FIELDS} fields");
                notes.add(self.named[index].place.shown(), message);
            }
        }
    }

    fn is_too_large(&self) -> bool {
        let model = Model { types: self.by_number(), ..Model::default() };
        let mut sizes = Sizes::of(&model);
        [&self.input, &self.output].into_iter().any(|fields| sizes.record(fields) > MOST_FIELDS)
    }

    /// How many references lead from the action to each type. Enums, which hold nothing, are never far.
    fn distances(&self) -> BTreeMap<usize, usize> {
        let mut distances = BTreeMap::new();
        let mut open: Vec<usize> = references(&self.input).into_iter().chain(references(&self.output)).collect();
        let mut distance = 1;
        while !open.is_empty() {
            let mut next = Vec::new();
            for index in open {
                let Some(named) = self.named.get(index).filter(|_| !distances.contains_key(&index)) else { continue };
                match &named.shape {
                    Shape::Object(fields) => {
                        distances.insert(index, distance);
                        next.extend(references(fields));
                    }
                    Shape::Enum(_) => {
                        distances.insert(index, 0);
                    }
                }
            }
            open = next;
            distance += 1;
        }
        distances
    }

    /// Gives every type a name that is free, or that of one which is the same. What is left are the types to be written.
    pub fn name(&mut self, known: &[NamedType], notes: &mut Notes) -> Vec<NamedType> {
        let used = self.distances();
        let names = self.names(known, &used);
        for (index, name) in &names {
            let named = &self.named[*index];
            if *name != named.name {
                notes.add(named.place.shown(), format!("there is another type {}; it becomes {name}", named.name));
            }
        }
        let mut change = renaming(&names);
        visit_fields(&mut self.input, &mut change);
        visit_fields(&mut self.output, &mut change);
        let mut types: BTreeMap<String, NamedType> = BTreeMap::new();
        for (index, name) in &names {
            if !known.iter().any(|one| one.name == *name) && !types.contains_key(name) {
                let mut named = named_type(name.clone(), &self.named[*index]);
                rename(&mut named.shape, &names);
                types.insert(name.clone(), named);
            }
        }
        types.into_values().collect()
    }

    /// The first choice for all, then the next one for each that differs from what has the name, until none does.
    fn names(&self, known: &[NamedType], used: &BTreeMap<usize, usize>) -> BTreeMap<usize, String> {
        let known: BTreeMap<String, &NamedType> = known.iter().map(|one| (one.name.to_snake_case(), one)).collect();
        let mut names: BTreeMap<usize, String> =
            used.keys().map(|index| (*index, self.named[*index].name.clone())).collect();
        let mut refused: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        loop {
            let mut holders: BTreeMap<&str, Shape> = BTreeMap::new();
            let mut wrong = Vec::new();
            for (index, name) in &names {
                let shape = bare(&self.named[*index].shape, &names);
                let differs = match (known.get(&name.to_snake_case()), holders.get(name.as_str())) {
                    (Some(other), _) => other.name != *name || bare(&other.shape, &BTreeMap::new()) != shape,
                    (None, Some(other)) => *other != shape,
                    (None, None) => {
                        holders.insert(name, shape);
                        false
                    }
                };
                if differs {
                    wrong.push((*index, name.clone()));
                }
            }
            if wrong.is_empty() {
                return names;
            }
            for (index, name) in wrong {
                let refused = refused.entry(index).or_default();
                refused.insert(name);
                let named = &self.named[index];
                let word = if named.direction == Direction::Input { "Input" } else { "Output" };
                names.insert(index, free(&format!("{}{word}", named.name), "", |name| !refused.contains(name)));
            }
        }
    }
}

fn renaming(names: &BTreeMap<usize, String>) -> impl FnMut(&mut Type) + '_ {
    |ty| {
        if let Type::Ref(index) = ty
            && let Some(name) = index.parse::<usize>().ok().and_then(|index| names.get(&index))
        {
            name.clone_into(index);
        }
    }
}

fn rename(shape: &mut Shape, names: &BTreeMap<usize, String>) {
    if let Shape::Object(fields) = shape {
        visit_fields(fields, &mut renaming(names));
    }
}

/// A shape without what people read, so that a better description makes no other type.
fn bare(shape: &Shape, names: &BTreeMap<usize, String>) -> Shape {
    fn strip(fields: &mut [Field]) {
        for field in fields {
            field.label.clear();
            field.description = None;
            field.picker = None;
        }
    }
    let mut shape = shape.clone();
    rename(&mut shape, names);
    if let Shape::Object(fields) = &mut shape {
        strip(fields);
        // Each is visited, so that none looks at those below itself once more.
        visit_fields(fields, &mut |ty| {
            if let Type::Object(fields) = ty {
                strip(fields);
            }
        });
    }
    shape
}
