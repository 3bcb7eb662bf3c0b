//! From schemas to types of the spec language.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::document::Place;
use super::note::Notes;
use super::parts::{Parts, flatten, peel};
use super::record::is_record;
use super::scalar;
use super::texts;
use crate::model::{Item, Shape, StringType, Type};
use crate::spec::Probe;

/// Which way values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    Input,
    Output,
}

/// Values in values, beyond what forms and readers of YAML can take.
const DEEPEST: usize = 20;

/// Schemas that are written out in one record, where each reference counts: lists of records of lists grow fast.
const MOST_STEPS: usize = 5_000;

/// A type that several places share. In the fields it has its number for a name, until all are known.
#[derive(Debug)]
pub struct Named<'d> {
    /// The name that it should have.
    pub name: String,
    pub direction: Direction,
    pub place: Place<'d>,
    pub description: Option<String>,
    /// Wherever it is used, null is a value, too.
    pub nullable: bool,
    /// Without fields until they have been looked at.
    pub shape: Shape,
}

/// What a schema says of a value.
pub struct Converted<'d> {
    pub ty: Type,
    pub nullable: bool,
    pub secret: bool,
    /// Where a title and a description may be, the nearest first.
    pub annotations: Vec<Place<'d>>,
    pub default: Option<Place<'d>>,
}

impl Converted<'_> {
    fn json() -> Self {
        Self { ty: Type::Json, nullable: false, secret: false, annotations: Vec::new(), default: None }
    }
}

/// Converts schemas, and collects the types that they share.
pub struct Converter<'d> {
    pub notes: Notes,
    pub probe: Probe,
    pub named: Vec<Named<'d>>,
    pub direction: Direction,
    /// Whether it has been said what becomes of outputs that may be left out.
    pub said_nullable: bool,
    by_place: BTreeMap<(String, Direction), usize>,
    /// Types whose fields have not been looked at.
    open: VecDeque<usize>,
    /// Schemas that are being written out, to notice those that hold themselves.
    inside: Vec<String>,
    steps: usize,
}

impl<'d> Converter<'d> {
    pub fn new() -> Self {
        Self {
            notes: Notes::default(),
            probe: Probe::default(),
            named: Vec::new(),
            direction: Direction::Input,
            said_nullable: false,
            by_place: BTreeMap::new(),
            open: VecDeque::new(),
            inside: Vec::new(),
            steps: 0,
        }
    }

    /// Turns to another record.
    pub fn begin(&mut self, direction: Direction) {
        self.direction = direction;
        self.steps = 0;
    }

    /// Looks at the fields of all types that were met on the way.
    pub fn finish_types(&mut self) {
        while let Some(index) = self.open.pop_front() {
            let (place, direction) = (self.named[index].place.clone(), self.named[index].direction);
            self.begin(direction);
            let parts = flatten(&[place], &mut self.notes);
            let fields = self.fields(&parts, 0);
            self.named[index].shape = Shape::Object(fields);
        }
    }

    /// What schemas say that hold all at once.
    pub fn value(&mut self, schemas: &[Place<'d>], depth: usize) -> Converted<'d> {
        self.steps += 1;
        let shown = schemas.first().map(Place::shown).unwrap_or_default();
        if self.steps > MOST_STEPS {
            if self.steps == MOST_STEPS + 1 {
                let message =
                    format!("more than {MOST_STEPS} schemas would be written out; from here on, they become json");
                self.notes.add(shown, message);
            }
            return Converted::json();
        }
        if depth > DEEPEST {
            self.notes.add(shown, format!("nested deeper than {DEEPEST} values; it becomes json"));
            return Converted::json();
        }
        if let [schema] = schemas {
            let peeled = peel(schema);
            if peeled.referred {
                let mut converted = self.referred(&peeled.inner, depth);
                converted.nullable |= peeled.nullable;
                let nearer = peeled.wrappers.iter().find_map(|wrapper| wrapper.get("default"));
                converted.default = nearer.or(converted.default);
                converted.annotations.splice(0..0, peeled.wrappers);
                return converted;
            }
        }
        let parts = flatten(schemas, &mut self.notes);
        self.converted(&parts, depth)
    }

    fn converted(&mut self, parts: &Parts<'d>, depth: usize) -> Converted<'d> {
        let (ty, nullable, secret) = self.ty(parts, depth);
        let default = parts.all("default").next();
        Converted { ty, nullable: nullable || parts.nullable, secret, annotations: parts.plain.clone(), default }
    }

    /// What is referred to by name: a shared type where it is a record or an enum, else written out.
    fn referred(&mut self, target: &Place<'d>, depth: usize) -> Converted<'d> {
        let shown = target.shown();
        if let Some(index) = self.by_place.get(&(shown.clone(), self.direction)) {
            return self.reference(*index);
        }
        if self.inside.contains(&shown) {
            self.notes.add(shown, "holds itself, and is no object; it becomes json there");
            return Converted::json();
        }
        let parts = flatten(std::slice::from_ref(target), &mut self.notes);
        if is_record(&parts, self.direction) {
            let index = self.declare(target, &parts, parts.nullable, Shape::Object(Vec::new()));
            self.open.push_back(index);
            return self.reference(index);
        }
        self.inside.push(shown);
        let converted = self.converted(&parts, depth);
        self.inside.pop();
        let Type::Enum(values) = converted.ty else { return converted };
        let shape = Shape::Enum(values);
        let index = self.declare(target, &parts, converted.nullable, shape.clone());
        self.probe.declare(&index.to_string(), shape);
        self.reference(index)
    }

    fn reference(&self, index: usize) -> Converted<'d> {
        let named = &self.named[index];
        Converted {
            ty: Type::Ref(index.to_string()),
            nullable: named.nullable,
            default: named.place.get("default"),
            ..Converted::json()
        }
    }

    fn declare(&mut self, place: &Place<'d>, parts: &Parts<'d>, nullable: bool, shape: Shape) -> usize {
        let title = || place.text("title").map(str::to_owned);
        let name = texts::type_name(&place.name().or_else(title).unwrap_or_else(|| "Record".to_owned()));
        let description = parts.plain.iter().find_map(|part| texts::description(part.text("description")?));
        let index = self.named.len();
        self.named.push(Named { name, direction: self.direction, place: place.clone(), description, nullable, shape });
        self.by_place.insert((place.shown(), self.direction), index);
        index
    }

    /// The type, whether null is a value of it, and whether it is a secret.
    fn ty(&mut self, parts: &Parts<'d>, depth: usize) -> (Type, bool, bool) {
        let plain = |ty| (ty, false, false);
        if parts.lost {
            return plain(Type::Json);
        }
        if let Some(ty) = self.alternatives(parts, depth) {
            return plain(ty);
        }
        self.note_unchecked(parts);
        if let Some(values) = scalar::values(parts) {
            let place = parts.all("enum").chain(parts.all("const")).next();
            let shown = place.map_or_else(|| parts.shown(), |place| place.shown());
            for key in scalar::BESIDE_VALUES {
                for place in parts.all(key) {
                    self.notes.add(place.shown(), format!("{key} is not checked beside the values"));
                }
            }
            if let (Some(types), Some(place)) = (parts.types(), parts.all("type").next())
                && !values.iter().all(|value| scalar::is_of(value, &types))
            {
                self.notes.add(place.shown(), "not the type of the listed values, which are taken");
            }
            let (ty, nullable) = scalar::enumeration(&shown, &values, &self.probe, &mut self.notes);
            return (ty, nullable, false);
        }
        let all = parts.likely_types();
        let types: BTreeSet<&str> = all.iter().copied().filter(|one| *one != "null").collect();
        let nullable = types.len() < all.len();
        let types: Vec<&str> = types.into_iter().collect();
        let notes = &mut self.notes;
        let (ty, secret) = match types.as_slice() {
            ["string"] => scalar::text(parts, &self.probe, notes),
            ["integer"] => (scalar::integer(parts, notes), false),
            ["number"] | ["integer", "number"] => (scalar::number(parts, notes), false),
            ["boolean"] => (Type::Boolean, false),
            ["array"] => (self.list(parts, depth), false),
            ["object"] => (self.object(parts, depth), false),
            [] if parts.types().is_none() => (Type::Json, false),
            [] => {
                let shown = parts.all("type").next().map_or_else(|| parts.shown(), |place| place.shown());
                notes.add(
                    shown,
                    if nullable {
                        "no value but null; it becomes json"
                    } else {
                        "no type that all parts allow; it becomes json"
                    },
                );
                (Type::Json, false)
            }
            several => {
                let shown = parts.all("type").next().map_or_else(|| parts.shown(), |place| place.shown());
                let one = several.len() == 1;
                let message = if one {
                    format!("type: {} is not known; it becomes json", several[0])
                } else {
                    "several types become json".to_owned()
                };
                notes.add(shown, message);
                (Type::Json, false)
            }
        };
        (ty, nullable, secret)
    }

    /// What becomes of `anyOf` and `oneOf`; `None` where the rest of the schema says enough.
    fn alternatives(&mut self, parts: &Parts<'d>, depth: usize) -> Option<Type> {
        if parts.alternatives.is_empty() {
            return None;
        }
        if parts.only_require() {
            return None;
        }
        if let ([(keyword, all)], false) = (parts.alternatives.as_slice(), parts.says_more())
            && let Some(ty) = self.union(keyword, all, depth)
        {
            return Some(ty);
        }
        for (keyword, _) in &parts.alternatives {
            self.notes.add(keyword.shown(), "alternatives become json");
        }
        Some(Type::Json)
    }

    /// One type for alternatives that are all enums, all texts or all numbers.
    fn union(&mut self, keyword: &Place<'d>, all: &[Place<'d>], depth: usize) -> Option<Type> {
        let so_far = self.notes.count();
        let mut types = Vec::new();
        for one in all {
            self.steps += 1;
            let parts = flatten(std::slice::from_ref(one), &mut self.notes);
            let is_scalar = parts.alternatives.is_empty()
                && !parts.lost
                && !parts.nullable
                && (scalar::values(&parts).is_some()
                    || matches!(parts.likely_types().as_slice(), ["string" | "integer" | "number"]));
            let ty = is_scalar.then(|| self.ty(&parts, depth + 1)).filter(|(_, nullable, _)| !nullable);
            let Some((ty, ..)) = ty else {
                self.notes.forget(so_far);
                return None;
            };
            types.push(ty);
        }
        let values: Option<Vec<&Vec<String>>> =
            types.iter().map(|ty| if let Type::Enum(values) = ty { Some(values) } else { None }).collect();
        if let Some(values) = values {
            let values: Vec<serde_json::Value> = values.into_iter().flatten().map(|one| one.as_str().into()).collect();
            let values: Vec<&serde_json::Value> = values.iter().collect();
            return Some(scalar::enumeration(&keyword.shown(), &values, &self.probe, &mut self.notes).0);
        }
        self.notes.forget(so_far);
        let is_number = |ty: &Type| matches!(ty, Type::Integer { .. } | Type::Number { .. });
        let is_text = |ty: &Type| {
            matches!(ty, Type::String(_) | Type::Enum(_) | Type::Uuid | Type::DateTime | Type::Date | Type::Email)
        };
        if types.iter().all(is_text) {
            self.notes.add(keyword.shown(), "alternatives become any text");
            return Some(Type::String(StringType::default()));
        }
        if types.iter().all(is_number) {
            self.notes.add(keyword.shown(), "alternatives become any number");
            return Some(Type::Number { min: None, max: None });
        }
        None
    }

    fn list(&mut self, parts: &Parts<'d>, depth: usize) -> Type {
        let tuples = parts.all("prefixItems").chain(parts.all("items").filter(|items| items.value.is_array()));
        let tuples: Vec<_> = tuples.collect();
        let item = if tuples.is_empty() {
            let schemas: Vec<_> = parts.all("items").collect();
            let shown = parts.shown();
            self.item(&schemas, &shown, depth)
        } else {
            tuples.iter().for_each(|place| self.notes.add(place.shown(), "a type for each place; items become json"));
            Item { ty: Type::Json, nullable: false }
        };
        let (min, max) = (parts.largest("minItems", &mut self.notes), parts.smallest("maxItems", &mut self.notes));
        let (min_items, max_items) = scalar::in_order(parts, "minItems", min, max, &mut self.notes);
        let unique = parts.all("uniqueItems").any(|place| place.value == &serde_json::Value::Bool(true));
        Type::List { items: Box::new(item), min_items: min_items.filter(|min| *min > 0), max_items, unique }
    }

    /// What a list or a map holds.
    pub fn item(&mut self, schemas: &[Place<'d>], shown: &str, depth: usize) -> Item {
        if schemas.is_empty() {
            return Item { ty: Type::Json, nullable: false };
        }
        let converted = self.value(schemas, depth + 1);
        if converted.secret {
            self.notes.add(shown, "only a field can be a secret, not what is in it");
        }
        Item { ty: converted.ty, nullable: converted.nullable }
    }

    /// Notes what is not judged, nor said in another way.
    pub fn note_unchecked(&mut self, parts: &Parts<'_>) {
        const UNCHECKED: [&str; 14] = [
            "not",
            "if",
            "dependencies",
            "dependentRequired",
            "dependentSchemas",
            "propertyNames",
            "minProperties",
            "maxProperties",
            "contains",
            "additionalItems",
            "unevaluatedItems",
            "contentEncoding",
            "contentMediaType",
            "contentSchema",
        ];
        for (keyword, _) in parts.alternatives.iter().filter(|_| parts.only_require()) {
            let message = "alternatives of what is required are not checked; `rules` can say it (any_of, one_of)";
            self.notes.add(keyword.shown(), message);
        }
        for key in UNCHECKED {
            for place in parts.all(key) {
                self.notes.add(place.shown(), format!("{key} is not checked"));
            }
        }
    }
}
