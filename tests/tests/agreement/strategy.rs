//! Inputs of an action, made from its model: valid ones, and valid ones that something was done to.

use actwright_codegen::model::{Action, Check, Condition, Field, Item, Model, Presence, Rule, Shape, StringType, Type};
use proptest::prelude::*;
use proptest::string::string_regex;
use serde_json::{Map, Value, json};

use crate::oddities;

/// Inputs, half of them damaged in one to three places.
pub fn input(model: &Model, action: &Action) -> BoxedStrategy<Value> {
    let names: Vec<String> = action.input.iter().map(|field| field.name.clone()).collect();
    let damage = prop_oneof![
        1 => Just(Vec::new()),
        1 => prop::collection::vec(damage(names), 1..=3),
    ];
    let mended = prop::bool::weighted(0.75);
    let (rules, fields) = (action.rules.clone(), action.input.clone());
    let input = (record(model, &action.input), mended, damage).prop_map(move |(mut input, mended, damage)| {
        if mended {
            mend(&mut input, &rules, &fields);
        }
        for one in damage {
            one.apply(&mut input);
        }
        input
    });
    input.boxed()
}

/// Takes out what breaks a rule on what goes together; by chance, hardly an input would keep several such rules.
fn mend(input: &mut Value, rules: &[Rule], fields: &[Field]) {
    let Value::Object(input) = input else { return };
    // Each time, what was taken out may break another rule.
    for rule in rules.iter().chain(rules) {
        match &rule.check {
            Check::Excludes(when, others) if holds(when, input, fields) => {
                input.retain(|name, _| !others.contains(name));
            }
            Check::Requires(when, with) if holds(when, input, fields) => {
                let (Condition::Present(path) | Condition::Equals(path, _)) = when;
                if !with.iter().all(|name| input.contains_key(name)) {
                    input.remove(path);
                }
            }
            _ => {}
        }
    }
}

fn holds(when: &Condition, input: &Map<String, Value>, fields: &[Field]) -> bool {
    match when {
        Condition::Present(path) => input.contains_key(path),
        Condition::Equals(path, value) => match input.get(path) {
            Some(given) => given == value,
            None => {
                fields.iter().any(|field| field.name == *path && field.presence == Presence::Default(value.clone()))
            }
        },
    }
}

/// What can be done to an input. Places are counted, modulo how many there are.
#[derive(Debug, Clone)]
enum Damage {
    Replace(usize, Value),
    Remove(usize),
    Add(String, Value),
    /// A character more in a text.
    Insert(usize, usize, char),
    /// An item of a list once more.
    Repeat(usize),
}

fn damage(names: Vec<String>) -> BoxedStrategy<Damage> {
    let odd = prop::sample::select(oddities::values());
    let name = prop_oneof![4 => prop::sample::select(names), 1 => "[a-z_]{0,12}"];
    prop_oneof![
        4 => (any::<usize>(), odd.clone()).prop_map(|(place, value)| Damage::Replace(place, value)),
        2 => any::<usize>().prop_map(Damage::Remove),
        2 => (name, odd).prop_map(|(name, value)| Damage::Add(name, value)),
        2 => (any::<usize>(), any::<usize>(), any::<char>()).prop_map(|(place, at, c)| Damage::Insert(place, at, c)),
        1 => any::<usize>().prop_map(Damage::Repeat),
    ]
    .boxed()
}

impl Damage {
    fn apply(self, input: &mut Value) {
        let places = oddities::places(input);
        let place = |number: usize| places[number % places.len()].clone();
        match self {
            Self::Replace(number, value) => oddities::put(input, &place(number), value),
            Self::Remove(number) => oddities::take(input, &place(number)),
            Self::Add(name, value) => oddities::put(input, &format!("/{name}"), value),
            Self::Insert(number, at, c) => {
                if let Some(Value::String(text)) = input.pointer_mut(&place(number)) {
                    let mut characters: Vec<char> = text.chars().collect();
                    characters.insert(at % (characters.len() + 1), c);
                    *text = characters.into_iter().collect();
                }
            }
            Self::Repeat(number) => {
                if let Some(Value::Array(items)) = input.pointer_mut(&place(number)) {
                    items.extend(items.first().cloned());
                }
            }
        }
    }
}

fn record(model: &Model, fields: &[Field]) -> BoxedStrategy<Value> {
    let fields: Vec<BoxedStrategy<Option<(String, Value)>>> = fields.iter().map(|one| field(model, one)).collect();
    fields.prop_map(|fields| Value::Object(fields.into_iter().flatten().collect::<Map<_, _>>())).boxed()
}

fn field(model: &Model, field: &Field) -> BoxedStrategy<Option<(String, Value)>> {
    let value = nullable(value(model, &field.ty), field.nullable);
    let name = field.name.clone();
    let present = value.prop_map(move |value| Some((name.clone(), value)));
    match field.presence {
        Presence::Required => present.boxed(),
        Presence::Optional | Presence::Default(_) => prop_oneof![Just(None), present].boxed(),
    }
}

fn nullable(value: BoxedStrategy<Value>, nullable: bool) -> BoxedStrategy<Value> {
    if nullable { prop_oneof![1 => Just(Value::Null), 3 => value].boxed() } else { value }
}

fn value(model: &Model, ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Uuid => string_regex("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
            .unwrap()
            .prop_map(Value::String)
            .boxed(),
        Type::String(text) => string(text),
        Type::Integer { min, max } | Type::Money { min, max } => {
            let (min, max) = (*min, *max);
            let near = (min.max(-1_000)..=max.min(1_000)).prop_map(|number| json!(number));
            prop_oneof![near, (min..=max).prop_map(|number| json!(number)), Just(json!(min)), Just(json!(max))].boxed()
        }
        Type::Number { min, max } => {
            (min.unwrap_or(-1e9)..=max.unwrap_or(1e9)).prop_map(|number| json!(number)).boxed()
        }
        Type::Boolean => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::DateTime => {
            (date(), 0..24_u32, 0..60_u32, 0..60_u32, "(\\.[0-9]{1,9})?", "Z|z|[+-](0[0-9]|1[0-4]):[0-5][0-9]")
                .prop_map(|(date, hour, minute, second, fraction, offset)| {
                    json!(format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}{offset}"))
                })
                .boxed()
        }
        Type::Date => date().prop_map(Value::String).boxed(),
        Type::Email => string_regex("[a-zA-Z0-9_+-]{1,20}(\\.[a-z]{1,9})?@([a-z][a-z0-9]{0,9}\\.){1,3}[a-z]{2,9}")
            .unwrap()
            .prop_map(Value::String)
            .boxed(),
        Type::Json => prop::sample::select(oddities::values()).boxed(),
        Type::Enum(values) => prop::sample::select(values.clone()).prop_map(Value::String).boxed(),
        Type::List { items, min_items, max_items, unique } => {
            let (min, max) = sizes(*min_items, *max_items);
            let list = prop::collection::vec(item(model, items), min..=max);
            let unique = *unique;
            list.prop_filter_map("the items are alike", move |items| {
                let alike = (1..items.len()).any(|index| items[..index].contains(&items[index]));
                (!unique || !alike).then_some(Value::Array(items))
            })
            .boxed()
        }
        Type::Map(items) => prop::collection::btree_map("[a-zé ]{0,6}", item(model, items), 0..4)
            .prop_map(|fields| Value::Object(fields.into_iter().collect()))
            .boxed(),
        Type::Object(fields) => record(model, fields),
        Type::Ref(name) => {
            match &model.types.iter().find(|named| named.name == *name).expect("a declared type").shape {
                Shape::Object(fields) => record(model, fields),
                Shape::Enum(values) => prop::sample::select(values.clone()).prop_map(Value::String).boxed(),
            }
        }
    }
}

fn item(model: &Model, item: &Item) -> BoxedStrategy<Value> {
    nullable(value(model, &item.ty), item.nullable)
}

fn sizes(min: Option<u64>, max: Option<u64>) -> (usize, usize) {
    let min = usize::try_from(min.unwrap_or(0)).unwrap_or(usize::MAX);
    let max = usize::try_from(max.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    (min, max.min(min + 4))
}

fn string(text: &StringType) -> BoxedStrategy<Value> {
    if let Some(pattern) = &text.pattern {
        // What is generated matches as a whole in any case.
        let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
        let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
        return string_regex(pattern).expect("a pattern that can be generated").prop_map(Value::String).boxed();
    }
    let (min, max) = sizes(text.min_length, text.max_length);
    let blank = if text.trimmed { " {0,2}" } else { "" };
    let inner = if text.trimmed { "[a-zé😀]" } else { "[ a-zé😀\n]" };
    string_regex(&format!("{blank}{inner}{{{min},{}}}{blank}", max.max(min))).unwrap().prop_map(Value::String).boxed()
}

fn date() -> BoxedStrategy<String> {
    (1000..3000_u32, 1..=12_u32, 1..=28_u32)
        .prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"))
        .boxed()
}
