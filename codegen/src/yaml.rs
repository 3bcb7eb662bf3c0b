//! YAML as a tree that knows where everything stands. The only module that knows the YAML library.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

/// Bytes of the source.
pub type Span = Range<usize>;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub span: Span,
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub span: Span,
    pub text: String,
}

/// Why a text is not YAML.
#[derive(Debug)]
pub struct SyntaxError {
    pub span: Span,
    pub message: String,
}

/// Parses a text of one document.
pub fn parse(text: &str) -> Result<Node, SyntaxError> {
    let options = serde_saphyr::options! { with_snippet: false };
    let tree: Spanned<Tree> = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let span = error.location().map_or(0..0, |location| bytes(text, location));
        let message = error.without_snippet().to_string();
        // The position is shown with the excerpt.
        let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
        SyntaxError { span, message }
    })?;
    Ok(node(text, tree))
}

impl Node {
    /// What it is, for messages.
    pub fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "true or false",
            Kind::Int(_) | Kind::Float(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }

    /// The same value without positions.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => (*value).into(),
            Kind::Int(value) => (*value).into(),
            Kind::Float(value) => (*value).into(),
            Kind::Text(value) => value.clone().into(),
            Kind::List(items) => items.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => {
                Value::Object(entries.iter().map(|(key, value)| (key.text.clone(), value.to_json())).collect())
            }
        }
    }
}

/// What the library deserializes into, before positions are turned into bytes.
enum Tree {
    Scalar(Kind),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(Spanned<String>, Spanned<Tree>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Kind::Null))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Kind::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(Kind::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Kind::Int(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        #[expect(clippy::cast_precision_loss, reason = "beyond i64 only bounds are written, which are judged as such")]
        Ok(Tree::Scalar(i64::try_from(value).map_or(Kind::Float(value as f64), Kind::Int)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Kind::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(Kind::Text(value.to_owned())))
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

fn node(text: &str, tree: Spanned<Tree>) -> Node {
    let mut span = bytes(text, tree.referenced);
    let kind = match tree.value {
        Tree::Scalar(kind) => kind,
        Tree::List(items) => Kind::List(items.into_iter().map(|item| node(text, item)).collect()),
        Tree::Map(entries) => {
            let entries = entries
                .into_iter()
                .map(|(key, value)| (Key { span: bytes(text, key.referenced), text: key.value }, node(text, value)));
            let entries: Vec<_> = entries.collect();
            // A block has no end of its own; its first key is what people look for.
            if let Some((key, _)) = entries.first()
                && text.as_bytes().get(span.start) != Some(&b'{')
            {
                span = key.span.clone();
            }
            Kind::Map(entries)
        }
    };
    Node { span, kind }
}

/// The bytes of a location, never empty where there is text, and on one line.
fn bytes(text: &str, location: Location) -> Span {
    let span = location.span();
    let start = match span.byte_offset() {
        Some(offset) => usize::try_from(offset).unwrap_or(0),
        None => text.char_indices().nth(usize::try_from(span.offset()).unwrap_or(0)).map_or(text.len(), |(at, _)| at),
    };
    let start = text.floor_char_boundary(start.min(text.len()));
    let length = span.byte_len().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let line = text[start..].find(['\n', '\r']).map_or(text.len(), |end| start + end);
    let end = text.ceil_char_boundary((start + length).min(line).max(start + 1).min(text.len()));
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Positions are what every message of the generator rests on.
    #[test]
    fn keys_and_values_know_their_bytes() {
        let text = "a: 1\nbb:\n  - tüx\n  - {c: no}\n";
        let node = parse(text).expect("YAML");
        let Kind::Map(entries) = &node.kind else { panic!("a mapping") };
        assert_eq!(&text[entries[1].0.span.clone()], "bb");
        let Kind::List(items) = &entries[1].1.kind else { panic!("a list") };
        assert_eq!(&text[items[0].span.clone()], "tüx");
        let Kind::Map(inner) = &items[1].kind else { panic!("a mapping") };
        assert_eq!(&text[inner[0].1.span.clone()], "no");
    }

    /// What is not YAML is said with a position, and never panics.
    #[test]
    fn syntax_errors_have_positions() {
        for text in ["a: [1", "a: 1\na: 2\n", "\ta: 1", "a: *b", "- - -\n  : :"] {
            let error = parse(text).expect_err("not YAML");
            assert!(error.span.end <= text.len(), "{text}: {error:?}");
            assert!(!error.message.is_empty());
        }
    }
}
