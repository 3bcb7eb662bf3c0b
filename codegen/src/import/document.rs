//! Documents of schemas, and places in them.

use serde_json::{Map, Value};

use crate::yaml;

/// In bytes. The largest public descriptions have a quarter of it, unless all that they refer to is written out.
const LARGEST: usize = 64 * 1024 * 1024;

/// A document that schemas are in.
#[derive(Debug)]
pub struct Document {
    name: String,
    root: Value,
}

impl Document {
    /// A document that has been parsed. The name is put before JSON pointers, and may be empty.
    pub fn new(name: &str, root: Value) -> Self {
        Self { name: name.to_owned(), root }
    }

    /// Parses JSON or YAML.
    ///
    /// # Errors
    ///
    /// Says what is wrong, with line and column.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        if text.len() > LARGEST {
            return Err(format!("1:1: the file has {} bytes, and {LARGEST} are read at most", text.len()));
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = match text.trim_start().starts_with(['{', '[']) {
            // What begins like JSON may still be YAML, where JSON is strict.
            true => serde_json::from_str(text).or_else(|error| yaml::value(text).map_err(|_| of_json(&error))),
            false => yaml::value(text).map_err(|error| {
                let before = text.get(..error.span.start).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                format!("{line}:{column}: {}", error.message)
            }),
        };
        Ok(Self::new(name, root?))
    }

    /// The whole of it.
    pub(super) fn root(&self) -> Place<'_> {
        Place { document: self, pointer: String::new(), value: &self.root }
    }

    fn at(&self, pointer: &str) -> Option<Place<'_>> {
        pointer.split('/').skip(1).try_fold(self.root(), |place, token| {
            let token = token.replace("~1", "/").replace("~0", "~");
            place.get(&token).or_else(|| place.items().nth(token.parse().ok()?))
        })
    }
}

fn of_json(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    let message = if message == "recursion limit exceeded" { "values are nested too deep" } else { message };
    format!("{}:{}: {message}", error.line(), error.column())
}

/// A value and where it is.
#[derive(Debug, Clone)]
pub struct Place<'d> {
    pub document: &'d Document,
    /// A JSON pointer.
    pub pointer: String,
    pub value: &'d Value,
}

impl<'d> Place<'d> {
    /// As people read it.
    pub fn shown(&self) -> String {
        format!("{}#{}", self.document.name, self.pointer)
    }

    /// As [`Place::shown`], of something in it.
    pub fn shown_at(&self, key: &str) -> String {
        format!("{}/{}", self.shown(), escaped(key))
    }

    pub fn map(&self) -> Option<&'d Map<String, Value>> {
        self.value.as_object()
    }

    pub fn get(&self, key: &str) -> Option<Self> {
        let (_, value) = self.map()?.get_key_value(key)?;
        Some(Self { document: self.document, pointer: format!("{}/{}", self.pointer, escaped(key)), value })
    }

    pub fn text(&self, key: &str) -> Option<&'d str> {
        self.map()?.get(key)?.as_str()
    }

    pub fn is_true(&self, key: &str) -> bool {
        self.map().and_then(|map| map.get(key)) == Some(&Value::Bool(true))
    }

    /// The values of a mapping.
    pub fn entries(&self) -> impl Iterator<Item = (&'d str, Self)> {
        let map = self.map().into_iter().flatten();
        map.map(|(key, value)| {
            let pointer = format!("{}/{}", self.pointer, escaped(key));
            (key.as_str(), Self { document: self.document, pointer, value })
        })
    }

    /// The items of a list.
    pub fn items(&self) -> impl Iterator<Item = Self> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items.map(|(index, value)| {
            let pointer = format!("{}/{index}", self.pointer);
            Self { document: self.document, pointer, value }
        })
    }

    /// The items of a list in it.
    pub fn list(&self, key: &str) -> Vec<Self> {
        self.get(key).map(|list| list.items().collect()).unwrap_or_default()
    }

    /// What a `$ref` refers to, or why that is not known.
    pub fn referred(&self, reference: &str) -> Result<Self, &'static str> {
        let own = self.document.root().text("$id").unwrap_or_default().trim_end_matches('#');
        let Some(fragment) = reference.strip_prefix(own).unwrap_or(reference).strip_prefix('#') else {
            return Err("a reference to another document");
        };
        let pointer = percent_decoded(fragment);
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err("a reference to an anchor");
        }
        self.document.at(&pointer).ok_or("a reference to what is not there")
    }

    /// The place itself, or what it refers to in the end.
    pub fn followed(self) -> Result<Self, String> {
        let mut at = self;
        for _ in 0..LONGEST_CHAIN {
            let Some(reference) = at.text("$ref") else { return Ok(at) };
            at = at.referred(reference).map_err(|why| format!("{why}, `{reference}`"))?;
        }
        Err("references without an end".to_owned())
    }

    /// The last part of the pointer that is a name, not a word of the schema language.
    pub fn name(&self) -> Option<String> {
        const WORDS: [&str; 9] =
            ["schema", "items", "properties", "definitions", "$defs", "schemas", "components", "content", "allOf"];
        let tokens = self.pointer.rsplit('/').filter(|token| !token.is_empty() && !WORDS.contains(token));
        let mut names = tokens.filter(|token| token.parse::<usize>().is_err());
        names.next().map(|token| token.replace("~1", "/").replace("~0", "~"))
    }
}

/// More references to references than anybody writes.
const LONGEST_CHAIN: usize = 64;

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// References are found however they are written.
    #[test]
    fn references_are_followed() {
        let root = json!({
            "$id": "https://example.com/a.json",
            "paths": { "/pets/{id}": { "$ref": "#/x" } },
            "x": [{ "a~b": 1 }, { "$ref": "#/x/1" }],
        });
        let document = Document::new("", root);
        let at = |reference| document.root().referred(reference).map(|place| place.pointer);
        assert_eq!(at("#"), Ok(String::new()));
        assert_eq!(at("#/paths/~1pets~1%7Bid%7D"), Ok("/paths/~1pets~1{id}".to_owned()));
        assert_eq!(at("#/x/0/a~0b"), Ok("/x/0/a~0b".to_owned()));
        assert_eq!(at("https://example.com/a.json#/x"), Ok("/x".to_owned()));
        assert_eq!(at("https://example.com/b.json#/x"), Err("a reference to another document"));
        assert_eq!(at("#x"), Err("a reference to an anchor"));
        assert_eq!(at("#/y"), Err("a reference to what is not there"));
        let ring = document.root().referred("#/x/1").and_then(|place| place.followed().map_err(|_| "ring"));
        assert_eq!(ring.err(), Some("ring"));
    }

    /// Errors say where.
    #[test]
    fn what_is_neither_json_nor_yaml_is_told_with_its_place() {
        for (text, told) in [
            ("{\n  \"a\": 1,,\n}", "2:10: key must be a string"),
            ("a: 1\nb: [1\n", "2:4: "),
            (&"[".repeat(1000), "1:128: values are nested too deep"),
        ] {
            let error = Document::parse("", text).err().unwrap_or_default();
            assert!(error.starts_with(told), "{text}: {error}");
        }
        assert!(Document::parse("", "{ a: yaml }").is_ok());
    }
}
