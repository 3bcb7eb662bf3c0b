//! YAML as a tree that knows where everything stands. The only module that knows the YAML library.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Budget, Location, Spanned};

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

/// Why a text is not YAML that can be read.
#[derive(Debug, Clone)]
pub struct SyntaxError {
    pub span: Span,
    pub message: String,
}

/// A key that a mapping has already.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateKey {
    pub text: String,
    pub span: Span,
    pub first: Span,
}

/// Parses a text of one document. Of a key that is given twice, the first value is kept.
///
/// Only `true` and `false` are truth values, so that `no` and `on` may be names; numbers with a leading zero are text.
pub fn parse(text: &str) -> Result<(Node, Vec<DuplicateKey>), SyntaxError> {
    parse_within(text, Budget::default())
}

/// The value of a text that is no spec, and may be far larger than one.
pub fn value(text: &str) -> Result<Value, SyntaxError> {
    let mut budget = Budget::default();
    budget.max_events = 20_000_000;
    budget.max_nodes = 10_000_000;
    budget.max_aliases = 1_000_000;
    budget.max_depth = 128;
    Ok(parse_within(text, budget)?.0.to_json())
}

fn parse_within(text: &str, budget: Budget) -> Result<(Node, Vec<DuplicateKey>), SyntaxError> {
    let options = serde_saphyr::options! {
        budget: Some(budget),
        with_snippet: false,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
    };
    let tree: Spanned<Tree> = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let span = error.location().map_or(0..0, |location| bytes(text, location));
        let message = error.without_snippet().to_string();
        // The position is shown with the excerpt.
        let message = message.split(" at line ").next().unwrap_or(&message);
        SyntaxError { span, message: in_words(message).to_owned() }
    })?;
    let mut duplicates = Vec::new();
    let node = node(text, tree, &mut duplicates);
    Ok((node, duplicates))
}

/// The place of a part of a text node, where the text is written in the source as it reads.
pub fn part(source: &str, node: &Node, part: &str) -> Option<Span> {
    let Kind::Text(text) = &node.kind else { return None };
    let text_at = source.get(node.span.clone())?.find(text.as_str())?;
    // A slice of the text knows where it is; any other part is looked for.
    let offset = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    let offset = offset.filter(|offset| offset + part.len() <= text.len()).or_else(|| text.find(part))?;
    let start = node.span.start + text_at + offset;
    (!part.is_empty()).then(|| start..start + part.len())
}

/// The parser's limits, as people say them. The limits are its own; a spec is nowhere near them.
fn in_words(message: &str) -> &str {
    const LIMITS: [(&str, &str); 4] = [
        ("recursion limit exceeded", "values are nested too deep"),
        ("budget breached: Depth", "values are nested too deep"),
        ("budget breached", "aliases make too much of the file"),
        ("recursive references", "an alias is inside of what it refers to"),
    ];
    LIMITS.iter().find(|(begin, _)| message.starts_with(begin)).map_or(message, |(_, words)| words)
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

    /// The value of a key, when it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|(own, _)| own.text == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// A value that stands nowhere.
    pub fn from_json(value: &Value) -> Self {
        let kind = match value {
            Value::Null => Kind::Null,
            Value::Bool(value) => Kind::Bool(*value),
            Value::Number(number) => {
                number.as_i64().map_or_else(|| Kind::Float(number.as_f64().unwrap_or(f64::NAN)), Kind::Int)
            }
            Value::String(text) => Kind::Text(text.clone()),
            Value::Array(items) => Kind::List(items.iter().map(Self::from_json).collect()),
            Value::Object(map) => {
                let entry =
                    |(key, value): (&String, &Value)| (Key { span: 0..0, text: key.clone() }, Self::from_json(value));
                Kind::Map(map.iter().map(entry).collect())
            }
        };
        Self { span: 0..0, kind }
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

fn node(text: &str, tree: Spanned<Tree>, duplicates: &mut Vec<DuplicateKey>) -> Node {
    let mut span = bytes(text, tree.referenced);
    let kind = match tree.value {
        Tree::Scalar(kind) => kind,
        Tree::List(items) => {
            let items: Vec<Node> = items.into_iter().map(|item| node(text, item, duplicates)).collect();
            span = collection(text, span, items.first().map(|item| &item.span), items.last());
            Kind::List(items)
        }
        Tree::Map(entries) => {
            let entries = map(text, entries, duplicates);
            let last = entries.last().map(|(_, value)| value);
            span = collection(text, span, entries.first().map(|(key, _)| &key.span), last);
            Kind::Map(entries)
        }
    };
    Node { span, kind }
}

fn map(
    text: &str,
    entries: Vec<(Spanned<String>, Spanned<Tree>)>,
    duplicates: &mut Vec<DuplicateKey>,
) -> Vec<(Key, Node)> {
    let mut seen: HashMap<String, Span> = HashMap::new();
    let mut map = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let key = Key { span: bytes(text, key.referenced), text: key.value };
        if let Some(first) = seen.get(&key.text) {
            duplicates.push(DuplicateKey { text: key.text, span: key.span, first: first.clone() });
            continue;
        }
        seen.insert(key.text.clone(), key.span.clone());
        map.push((key, node(text, value, duplicates)));
    }
    map
}

/// What to show of a list or mapping: all that is between brackets; of a block, which has no end of its own, its start.
fn collection(text: &str, own: Span, first: Option<&Span>, last: Option<&Node>) -> Span {
    let close = match text.as_bytes().get(own.start) {
        Some(b'[') => ']',
        Some(b'{') => '}',
        Some(b'*') => return own,
        _ => return first.cloned().unwrap_or(own),
    };
    let from = last.map_or(own.end, |node| node.span.end);
    if from < own.end {
        return own;
    }
    match text[from..].find([close, '\n', '\r']) {
        Some(at) if text[from + at..].starts_with(close) && !text[own.start..from].contains('\n') => {
            own.start..from + at + 1
        }
        _ => own,
    }
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
    let end = text.ceil_char_boundary((start + length).max(start + 1).min(text.len()));
    match text[start..end].find(['\n', '\r']) {
        Some(line_end) if line_end > 0 => start..start + line_end,
        Some(_) => start..start,
        None => start..end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Positions are what every message of the generator rests on.
    #[test]
    fn keys_and_values_know_their_bytes() {
        let text = "a: 1\nbb:\n  - tüx\n  - {c: no}\n";
        let (node, _) = parse(text).expect("YAML");
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
        for text in ["a: [1", "a: 1\n- b", "a: *b", "a: 1\n---\na: 2\n", "a: \"\\q\""] {
            let error = parse(text).expect_err("not YAML");
            assert!(error.span.end <= text.len(), "{text}: {error:?}");
            assert!(!error.message.is_empty());
        }
    }

    #[test]
    fn keys_given_twice_are_told() {
        let text = "a: 1\nb: { c: 2, c: 3 }\na: 4\n";
        let (node, duplicates) = parse(text).expect("YAML");
        assert_eq!(node.to_json(), serde_json::json!({ "a": 1, "b": { "c": 2 } }));
        let of = |one: &DuplicateKey| (one.text.clone(), one.first.start, one.span.start);
        let mut told: Vec<_> = duplicates.iter().map(of).collect();
        told.sort();
        assert_eq!(told, [("a".to_owned(), 0, 23), ("c".to_owned(), 10, 16)]);
    }

    /// What stands in brackets is shown whole, where it is on one line.
    #[test]
    fn brackets_are_part_of_the_span() {
        let text = "a: [x, { y: [z] } ]\nb: []\nc: [\n  d ]\n";
        let (node, _) = parse(text).expect("YAML");
        let Kind::Map(entries) = &node.kind else { panic!("a mapping") };
        let shown: Vec<&str> = entries.iter().map(|(_, value)| &text[value.span.clone()]).collect();
        assert_eq!(shown, ["[x, { y: [z] } ]", "[]", "["]);
    }

    /// `no` is a name, a leading zero does not make a number octal, and only a number is one.
    #[test]
    fn plain_scalars_are_what_they_look_like() {
        let (node, _) = parse("[no, on, true, 007, 1_000, 0x10, 1.50, ~, '1', 2026-01-02]").expect("YAML");
        let expected = serde_json::json!(["no", "on", true, "007", "1_000", 16, 1.5, null, "1", "2026-01-02"]);
        assert_eq!(node.to_json(), expected);
    }

    /// Hostile files are refused at once.
    #[test]
    fn bombs_are_refused() {
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        let mut bomb = "a0: &a0 [x, x]\n".to_owned();
        for level in 1..40 {
            bomb.push_str(&format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1));
        }
        for text in [deep, bomb] {
            assert!(parse(&text).is_err());
        }
    }
}
