//! Specs as YAML.

use serde_json::Value;

use super::Draft;
use super::action::Audit;
use super::texts::is_unprintable;
use crate::model::{Field, Item, NamedType, Presence, Shape, StringType, Type};
use crate::scaffold;
use crate::spec::{EXACT, label};

/// The longest line that holds a whole mapping or list.
const WIDTH: usize = 120;

/// A value as it is to be written.
#[derive(Debug, Clone)]
pub enum Yaml {
    /// As it is.
    Word(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    pub fn text(text: &str) -> Self {
        Self::Word(quoted(text))
    }

    fn words<'t>(texts: impl IntoIterator<Item = &'t String>) -> Self {
        Self::List(texts.into_iter().map(|text| Self::text(text)).collect())
    }

    /// A value of JSON.
    pub fn json(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::text(text),
            Value::Array(items) => Self::List(items.iter().map(Self::json).collect()),
            Value::Object(map) => Self::Map(map.iter().map(|(key, value)| (quoted(key), Self::json(value))).collect()),
            other => Self::Word(other.to_string()),
        }
    }

    /// On one line.
    pub fn flow(&self) -> String {
        let joined = |all: Vec<String>| all.join(", ");
        match self {
            Self::Word(word) => word.clone(),
            Self::List(items) => format!("[{}]", joined(items.iter().map(Self::flow).collect())),
            Self::Map(entries) if entries.is_empty() => "{}".to_owned(),
            Self::Map(entries) => {
                let entry = |(key, value): &(String, Self)| format!("{key}: {}", value.flow());
                format!("{{ {} }}", joined(entries.iter().map(entry).collect()))
            }
        }
    }

    /// Whether it has to be spread over lines where the line begins with so many characters.
    fn is_long(&self, before: usize) -> bool {
        match self {
            Self::Word(_) => false,
            Self::List(items) if items.is_empty() => false,
            Self::Map(entries) if entries.is_empty() => false,
            Self::Map(entries) if entries.iter().any(|(key, _)| key == "fields") => true,
            _ => before + self.flow().chars().count() > WIDTH,
        }
    }

    /// Entries of a mapping, or items of a list, on lines of their own.
    fn block(&self, indent: usize, text: &mut String) {
        let space = " ".repeat(indent);
        match self {
            Self::Word(word) => text.push_str(&format!("{space}{word}\n")),
            Self::Map(entries) => entries.iter().for_each(|(key, value)| {
                text.push_str(&format!("{space}{key}:"));
                value.after_key(indent, indent + key.chars().count() + 2, text);
            }),
            Self::List(items) => items.iter().for_each(|item| {
                text.push_str(&format!("{space}-"));
                if !item.is_long(indent + 2) {
                    text.push_str(&format!(" {}\n", item.flow()));
                    return;
                }
                let mut lines = String::new();
                item.block(indent + 2, &mut lines);
                text.push(' ');
                text.push_str(lines.trim_start());
            }),
        }
    }

    fn after_key(&self, indent: usize, before: usize, text: &mut String) {
        if self.is_long(before) {
            text.push('\n');
            self.block(indent + 2, text);
        } else {
            text.push_str(&format!(" {}\n", self.flow()));
        }
    }
}

/// A whole file.
pub fn file(entries: Vec<(&str, Yaml)>) -> String {
    let mut text = String::new();
    for (key, value) in entries {
        text.push_str(&format!("{key}:"));
        // The fields of an action are one a line, however few.
        let is_spread = matches!(key, "input" | "output" | "fields" | "permissions" | "examples" | "audit");
        match &value {
            Yaml::Map(inner) if is_spread && !inner.is_empty() => {
                text.push('\n');
                value.block(2, &mut text);
            }
            Yaml::List(inner) if is_spread && !inner.is_empty() => {
                text.push('\n');
                value.block(2, &mut text);
            }
            _ => value.after_key(0, key.len() + 2, &mut text),
        }
    }
    text
}

/// An action.
pub fn action(
    draft: &Draft,
    input: &[Field],
    output: &[Field],
    audit: Option<Audit>,
    examples: &[(String, Value)],
) -> String {
    let label = draft.label.clone().unwrap_or_else(|| scaffold::title(&draft.name));
    let description = draft.description.clone().unwrap_or_else(|| format!("{label}."));
    let word = |word: &str| Yaml::Word(word.to_owned());
    let permissions = if audit.is_some() { &draft.write_permissions } else { &draft.read_permissions };
    let mut entries = vec![
        ("action", Yaml::Word(format!("{}.{}", draft.module, draft.name))),
        ("version", word("1")),
        ("label", Yaml::text(&label)),
        ("description", Yaml::text(&description)),
        ("effects", word(if audit.is_some() { "write" } else { "read" })),
        ("permissions", Yaml::List(permissions.iter().map(|one| word(one)).collect())),
        ("input", fields(input)),
        ("output", fields(output)),
    ];
    if let Some(Audit { target, changed }) = audit {
        let sources = |all: Vec<(String, String)>| {
            Yaml::Map(all.into_iter().map(|(name, source)| (quoted(&name), Yaml::Word(source))).collect())
        };
        let audit = vec![("target".to_owned(), sources(vec![target])), ("changed".to_owned(), sources(changed))];
        entries.push(("audit", Yaml::Map(audit)));
    }
    if !examples.is_empty() {
        let example = |(name, input): &(String, Value)| {
            Yaml::Map(vec![("name".to_owned(), Yaml::text(name)), ("input".to_owned(), Yaml::json(input))])
        };
        entries.push(("examples", Yaml::List(examples.iter().map(example).collect())));
    }
    format!("# yaml-language-server: $schema=../../../generated/schemas/spec/action.json\n{}", file(entries))
}

/// A shared type.
pub fn named_type(named: &NamedType) -> String {
    let mut entries = vec![("type", Yaml::text(&named.name))];
    entries.extend(named.description.as_ref().map(|text| ("description", Yaml::text(text))));
    entries.push(match &named.shape {
        Shape::Object(own) => ("fields", fields(own)),
        Shape::Enum(values) => ("values", Yaml::words(values)),
    });
    format!("# yaml-language-server: $schema=../../generated/schemas/spec/type.json\n{}", file(entries))
}

/// Fields by their names.
pub fn fields(fields: &[Field]) -> Yaml {
    Yaml::Map(fields.iter().map(|own| (quoted(&own.name), field(own))).collect())
}

fn field(field: &Field) -> Yaml {
    let mut entries = ty(&field.ty);
    // The fields of an object come last.
    let inner = entries.pop_if(|(key, _)| key == "fields");
    let mut add = |key: &str, value: Yaml| entries.push((key.to_owned(), value));
    let yes = || Yaml::Word("true".to_owned());
    match &field.presence {
        Presence::Required => {}
        Presence::Optional => add("optional", yes()),
        Presence::Default(value) => add("default", Yaml::json(value)),
    }
    for (key, says) in [("nullable", field.nullable), ("secret", field.secret)] {
        if says {
            add(key, yes());
        }
    }
    if field.label != label(&field.name) {
        add("label", Yaml::text(&field.label));
    }
    if let Some(text) = &field.description {
        add("description", Yaml::text(text));
    }
    entries.extend(inner);
    Yaml::Map(entries)
}

fn ty(ty: &Type) -> Vec<(String, Yaml)> {
    let (name, rest): (&str, Vec<(&str, Yaml)>) = match ty {
        Type::Uuid => ("uuid", Vec::new()),
        Type::Boolean => ("boolean", Vec::new()),
        Type::DateTime => ("datetime", Vec::new()),
        Type::Date => ("date", Vec::new()),
        Type::Email => ("email", Vec::new()),
        Type::Json => ("json", Vec::new()),
        Type::String(text) => (if text.multiline { "text" } else { "string" }, string(text)),
        Type::Integer { min, max } => ("integer", integers(*min, *max)),
        Type::Money { min, max } => ("money", integers(*min, *max)),
        Type::Number { min, max } => {
            let bound = |key, bound: &Option<f64>| bound.map(|bound| (key, Yaml::Word(number(bound))));
            ("number", bound("min", min).into_iter().chain(bound("max", max)).collect())
        }
        Type::Enum(values) => ("enum", vec![("values", Yaml::words(values))]),
        Type::List { items, min_items, max_items, unique } => {
            let mut rest = vec![("items", item(items))];
            rest.extend(min_items.map(|min| ("min_items", Yaml::Word(min.to_string()))));
            rest.extend(max_items.map(|max| ("max_items", Yaml::Word(max.to_string()))));
            rest.extend(unique.then(|| ("unique", Yaml::Word("true".to_owned()))));
            ("list", rest)
        }
        Type::Map(values) => ("map", vec![("values", item(values))]),
        Type::Object(own) => ("object", vec![("fields", fields(own))]),
        Type::Ref(name) => (name.as_str(), Vec::new()),
    };
    let rest = rest.into_iter().map(|(key, value)| (key.to_owned(), value));
    std::iter::once(("type".to_owned(), Yaml::Word(name.to_owned()))).chain(rest).collect()
}

fn item(item: &Item) -> Yaml {
    let mut entries = ty(&item.ty);
    if item.nullable {
        entries.insert(1, ("nullable".to_owned(), Yaml::Word("true".to_owned())));
    }
    Yaml::Map(entries)
}

fn string(text: &StringType) -> Vec<(&'static str, Yaml)> {
    let count = |key, count: Option<u64>| count.map(|count| (key, Yaml::Word(count.to_string())));
    let mut entries: Vec<(&str, Yaml)> =
        text.trimmed.then(|| ("trimmed", Yaml::Word("true".to_owned()))).into_iter().collect();
    entries.extend(count("min_length", text.min_length));
    entries.extend(count("max_length", text.max_length));
    // Always in quotes, so that patterns look like patterns.
    entries.extend(text.pattern.as_ref().map(|pattern| ("pattern", Yaml::Word(in_quotes(pattern)))));
    entries
}

fn integers(min: i64, max: i64) -> Vec<(&'static str, Yaml)> {
    let min = (min > -EXACT).then(|| ("min", Yaml::Word(min.to_string())));
    let max = (max < EXACT).then(|| ("max", Yaml::Word(max.to_string())));
    min.into_iter().chain(max).collect()
}

/// Whole numbers as such; others with an exponent where they are long.
fn number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 { format!("{number}") } else { format!("{number:?}") }
}

/// Plain where that is safe.
fn quoted(text: &str) -> String {
    let plain = scaffold::quoted(text);
    if plain == text { plain } else { in_quotes(text) }
}

fn in_quotes(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    let escape = |c: char| match u32::from(c) {
        code if !is_unprintable(c) => char::from_u32(code).map(String::from).unwrap_or_default(),
        code if code > 0xffff => format!("\\U{code:08x}"),
        code => format!("\\u{code:04x}"),
    };
    quoted.chars().map(escape).collect()
}
