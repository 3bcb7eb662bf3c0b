//! Decoders of values that hold others, and of values that may be missing.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::node::{Content, Node};
use super::path::{Path, Segment};
use super::problem::ProblemCode;
use super::{Decode, canonical, normalize};
use crate::spec::{Item, List, Type};
use crate::value::Update;

impl<T: Decode> Decode for Option<T> {
    fn decode(node: Node<'_>) -> Self {
        match node.content {
            Content::Value(_) => Some(T::decode(node)),
            Content::Absent | Content::Null | Content::Placeholder => None,
        }
    }
}

impl<T: Decode> Decode for Update<T> {
    fn decode(node: Node<'_>) -> Self {
        match node.content {
            Content::Value(_) => Self::Set(T::decode(node)),
            Content::Null => Self::Clear,
            Content::Absent | Content::Placeholder => Self::Keep,
        }
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(node: Node<'_>) -> Self {
        Self::new(T::decode(node))
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(mut node: Node<'_>) -> Self {
        let Some((list, values)) = elements(&mut node) else { return Self::new() };
        let before = node.report.count();
        let decode = |(index, value)| T::decode(node.item(&list.items, Segment::Index(index), value));
        let decoded = values.iter().enumerate().map(decode).collect();
        if list.unique && node.report.count() == before {
            judge_unique(&mut node, &list.items, values);
        }
        decoded
    }
}

fn elements<'a>(node: &mut Node<'a>) -> Option<(&'static List, &'a [Value])> {
    let Type::List(list) = node.ty else {
        node.mismatch();
        return None;
    };
    let values = match node.value()? {
        Value::Array(values) => values,
        other => {
            node.wrong_type("a list", other);
            return None;
        }
    };
    let length = values.len() as u64;
    if length < list.min {
        match list.min {
            1 => node.problem(ProblemCode::MinItems, format_args!("must not be empty")),
            min => {
                node.problem(ProblemCode::MinItems, format_args!("must have at least {min} items, and has {length}"))
            }
        }
    }
    if length > list.max {
        let (max, items) = (list.max, if list.max == 1 { "item" } else { "items" });
        node.problem(ProblemCode::MaxItems, format_args!("must have at most {max} {items}, and has {length}"));
    }
    node.enter().then_some((list, values.as_slice()))
}

/// Elements are compared as values: UUIDs in any letter case, date-times as instants, `5` and `5.0` alike.
fn judge_unique(node: &mut Node<'_>, item: &Item, values: &[Value]) {
    let Some((first, second)) = duplicates(item, values) else { return };
    let (first, second) =
        (Path::below(&node.path, Segment::Index(first)), Path::below(&node.path, Segment::Index(second)));
    node.report.problem(|| super::Problem {
        pointer: second.pointer(),
        code: ProblemCode::UniqueItems,
        message: format!("{second} repeats {first}"),
    });
}

/// The positions of two equal elements.
fn duplicates(item: &Item, values: &[Value]) -> Option<(usize, usize)> {
    /// Up to so many texts are compared with each other, which is faster than to hash them.
    const FEW: usize = 16;
    let plain = match item.ty {
        Type::String(text) => !text.trimmed,
        Type::Email | Type::Enum(_) => true,
        _ => false,
    };
    if plain && values.len() <= FEW {
        return values.iter().enumerate().find_map(|(second, value)| {
            values[..second].iter().position(|earlier| earlier == value).map(|first| (first, second))
        });
    }
    let mut seen = HashMap::with_capacity(values.len());
    values.iter().enumerate().find_map(|(second, value)| {
        let text = canonical(&normalize::item(item, value));
        seen.insert(text, second).map(|first| (first, second))
    })
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    fn decode(mut node: Node<'_>) -> Self {
        let Type::Map(item) = node.ty else {
            node.mismatch();
            return Self::new();
        };
        let object = match node.value() {
            Some(Value::Object(object)) if node.enter() => object,
            Some(Value::Object(_)) | None => return Self::new(),
            Some(other) => {
                node.wrong_type("an object", other);
                return Self::new();
            }
        };
        let decode = |(key, value): (&String, _)| (key.clone(), T::decode(node.item(item, Segment::Key(key), value)));
        object.iter().map(decode).collect()
    }
}
