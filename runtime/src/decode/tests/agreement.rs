//! Properties over arbitrary inputs.

use proptest::collection::{btree_map, hash_set, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, json};

use super::super::{UnknownFields, canonical, decode, normalize, redact, validate};
use super::*;

/// JSON that is often near to a valid input: names and values of declared fields among others.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        Just(ID.to_owned()),
        Just("internal".to_owned()),
        Just("2026-01-02T03:04:05Z".to_owned()),
        Just("2026-01-02".to_owned()),
        Just("ann@example.com".to_owned()),
        Just("EUR".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-5_i64..300).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let names = Input::FIELDS.iter().chain(Patch::FIELDS).chain(Tree::FIELDS).map(|field| field.name.to_owned());
    let key = prop_oneof![4 => proptest::sample::select(names.collect::<Vec<_>>()), 1 => any::<String>()];
    leaf.prop_recursive(4, 64, 12, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((key.clone(), inner), 0..24).prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (-30_000_000_000_000_000_i64..32_000_000_000_000_000).prop_map(|at| Timestamp::from_micros(at).unwrap())
}

/// No U+0000, no white space around it.
fn text(length: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = String> {
    vec(any::<char>().prop_filter("plain", |c| *c != '\0' && !c.is_whitespace()), length)
        .prop_map(|characters| characters.into_iter().collect())
}

fn id_value() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn update<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Update<T>> {
    prop_oneof![Just(Update::Keep), Just(Update::Clear), value.prop_map(Update::Set)]
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = text(0..=4).prop_map(|name| Tree { name, children: Vec::new() });
    leaf.prop_recursive(4, 16, 3, |inner| {
        (text(0..=4), vec(inner, 0..3)).prop_map(|(name, children)| Tree { name, children })
    })
}

fn input() -> impl Strategy<Value = Input> {
    let scalars = (
        (id_value(), text(1..=20), option::of("[A-Z]{3}"), 1..=200_i64, option::of(0.0..=99.5), any::<bool>()),
        (option::of(instant()), option::of(instant()), option::of((1000..3000, 1..=366_u32))),
        (
            option::of("[a-z+]{1,9}(\\.[a-z]{1,9})?@[a-z0-9]{1,9}(\\.[a-z]{2,5}){1,3}"),
            prop_oneof![Just(Visibility::Internal), Just(Visibility::ClientVisible)],
        ),
        (update(text(0..=9)), option::of(id_value()), option::of(-SAFE..=SAFE)),
    );
    let containers = (
        option::of(hash_set(text(1..=9), 1..=3)),
        option::of(hash_set(option::of(id_value()), 2..=30)),
        option::of(btree_map(any::<String>(), 0..=9_i64, 0..5)),
        option::of((update(id_value()), option::of(0..=SAFE))),
        option::of(tree()),
        option::of(any_json()),
        option::of(text(0..=9)),
    );
    (scalars, containers).prop_map(|(scalars, containers)| {
        let ((client_id, title, currency, limit, rate, urgent), (start, end, day), (email, visibility), rest) = scalars;
        let (notes, owner, level) = rest;
        let (tags, users, labels, patch, tree, extra, token) = containers;
        Input {
            client_id,
            title,
            currency,
            limit,
            rate,
            urgent,
            start,
            end,
            day: day.and_then(|(year, day)| Date::from_yo_opt(year, day)),
            email,
            visibility,
            notes,
            owner,
            level,
            tags: tags.map(|tags| tags.into_iter().collect()),
            users: users.map(|users| users.into_iter().collect()),
            labels,
            patch: patch.map(|(status_id, minutes)| Patch { status_id, minutes }),
            tree: tree.map(Box::new),
            extra,
            token,
        }
    })
}

fn put(object: &mut Map<String, Value>, name: &str, value: Option<impl serde::Serialize>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), json!(value));
    }
}

fn tree_json(tree: &Tree) -> Value {
    json!({ "name": tree.name, "children": tree.children.iter().map(tree_json).collect::<Vec<_>>() })
}

fn micros(at: Timestamp) -> String {
    at.utc().to_rfc3339()
}

fn to_json(input: &Input) -> Value {
    let mut object = Map::new();
    put(&mut object, "client_id", Some(input.client_id));
    put(&mut object, "title", Some(&input.title));
    put(&mut object, "currency", input.currency.as_ref());
    put(&mut object, "limit", Some(input.limit));
    put(&mut object, "rate", input.rate);
    put(&mut object, "urgent", Some(input.urgent));
    put(&mut object, "start", input.start.map(micros));
    put(&mut object, "end", input.end.map(micros));
    put(&mut object, "day", input.day);
    put(&mut object, "email", input.email.as_ref());
    put(&mut object, "visibility", Some(Visibility::NAMES[input.visibility as usize]));
    put(&mut object, "notes", input.notes.as_ref().change());
    put(&mut object, "owner", Some(input.owner));
    put(&mut object, "level", Some(input.level));
    put(&mut object, "tags", input.tags.as_ref());
    put(&mut object, "users", input.users.as_ref());
    put(&mut object, "labels", input.labels.as_ref());
    if let Some(patch) = &input.patch {
        let mut inner = Map::new();
        put(&mut inner, "status_id", patch.status_id.change());
        put(&mut inner, "minutes", patch.minutes);
        put(&mut object, "patch", Some(inner));
    }
    put(&mut object, "tree", input.tree.as_deref().map(tree_json));
    put(&mut object, "extra", input.extra.as_ref());
    put(&mut object, "token", input.token.as_ref());
    Value::Object(object)
}

proptest! {
    #[test]
    fn what_was_written_is_read(input in input()) {
        let json = to_json(&input);
        let decoded = decode::<Input>(&json, &[], UnknownFields::Reject);
        prop_assert_eq!(decoded.map(|decoded| decoded.value), Ok(input));
    }

    #[test]
    fn normal_forms_are_read_alike(input in input()) {
        let normal = normalize(Input::FIELDS, &to_json(&input));
        prop_assert_eq!(canonical(&normalize(Input::FIELDS, &normal)), canonical(&normal));
        let decoded = decode::<Input>(&normal, &[], UnknownFields::Reject);
        prop_assert_eq!(decoded.map(|decoded| decoded.value), Ok(input));
    }

    #[test]
    fn declarations_judge_as_types_do(json in any_json()) {
        for unknown in [UnknownFields::Reject, UnknownFields::Warn] {
            let typed = decode::<Input>(&json, RULES, unknown).map(|decoded| decoded.warnings);
            prop_assert_eq!(typed, validate(Input::FIELDS, RULES, &json, unknown));
        }
    }

    #[test]
    fn no_input_is_a_panic(json in any_json()) {
        let normal = normalize(Input::FIELDS, &json);
        prop_assert_eq!(canonical(&normalize(Input::FIELDS, &normal)), canonical(&normal));
        prop_assert!(redact(Input::FIELDS, &json).to_string().len() <= 64 * 1024);
    }

    #[test]
    fn secrets_stay_secret(mut json in any_json(), secret in "s3cret[a-z]{8}") {
        if let Some(object) = json.as_object_mut() {
            object.insert("token".to_owned(), json!({ "deep": [secret] }));
            object.insert("tokens".to_owned(), json!(secret));
        }
        prop_assert!(!redact(Input::FIELDS, &json).to_string().contains(&secret));
    }
}
