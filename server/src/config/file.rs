//! A YAML file as dotted paths with places. The only module here that knows the YAML library.

use std::collections::BTreeSet;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Location, Spanned};

use super::Problem;

/// A value of the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    Nothing,
    Flag(bool),
    /// As it is written in the shortest way.
    Number(String),
    Text(String),
    List(Vec<Self>),
}

/// A value, the dotted path of its key, and where it stands: `actwright.yaml:7:3`.
#[derive(Debug)]
pub struct Entry {
    pub path: String,
    pub place: String,
    pub value: Scalar,
}

/// Reads a file. Mappings become dotted paths; an empty one leaves nothing.
pub fn read(file: &Path, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let name = file.display().to_string();
    match std::fs::read_to_string(file) {
        Ok(text) => parse(&name, &text, problems),
        Err(error) => {
            problems.push(Problem::new(name, None, format!("cannot be read: {error}")));
            Vec::new()
        }
    }
}

fn parse(file: &str, text: &str, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
    };
    let mut entries = Vec::new();
    match serde_saphyr::from_str_with_options::<Spanned<Tree>>(text, options) {
        Ok(tree) => flatten(file, String::new(), tree, &mut entries, problems),
        Err(error) => {
            let place = error.location().map_or_else(|| file.to_owned(), |location| place(file, location));
            let message = error.without_snippet().to_string();
            let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
            problems.push(Problem::new(place, None, format!("is not YAML that can be read: {message}")));
        }
    }
    entries
}

fn place(file: &str, location: Location) -> String {
    format!("{file}:{}:{}", location.line(), location.column())
}

fn flatten(file: &str, path: String, tree: Spanned<Tree>, entries: &mut Vec<Entry>, problems: &mut Vec<Problem>) {
    let place = |location| place(file, location);
    match tree.value {
        // An empty file, or a section whose keys are all comments.
        Tree::Scalar(Scalar::Nothing) if path.is_empty() => {}
        Tree::Map(map) => {
            let mut seen = BTreeSet::new();
            for (key, value) in map {
                let path = if path.is_empty() { key.value } else { format!("{path}.{}", key.value) };
                if !seen.insert(path.clone()) {
                    problems.push(Problem::new(place(key.referenced), Some(&path), "is there twice"));
                } else if matches!(value.value, Tree::Map(_)) {
                    flatten(file, path, value, entries, problems);
                } else {
                    let value = scalar(value.value);
                    entries.push(Entry { path, place: place(key.referenced), value });
                }
            }
        }
        Tree::Scalar(_) | Tree::List(_) => {
            problems.push(Problem::new(place(tree.referenced), None, "expected a mapping of keys and values"));
        }
    }
}

fn scalar(tree: Tree) -> Scalar {
    match tree {
        Tree::Scalar(value) => value,
        Tree::List(items) => Scalar::List(items.into_iter().map(|item| scalar(item.value)).collect()),
        // Nothing takes mappings in lists; as an empty list in a list it is refused.
        Tree::Map(_) => Scalar::List(Vec::new()),
    }
}

enum Tree {
    Scalar(Scalar),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Scalar::Nothing))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Scalar::Nothing))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(Scalar::Flag(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Scalar::Number(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Scalar::Number(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Scalar::Number(value.to_string())))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(Scalar::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}
