//! What templates can do besides what Tera can: names in the manners of languages, JSON, comments, TypeScript.

use std::collections::BTreeSet;

use heck::{ToKebabCase, ToLowerCamelCase, ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use serde_json::Value;
use tera::{Kwargs, State, Tera, TeraResult};

use super::typescript::{self, Direction, Style};

/// Names, and what they do. `docs/outputs.md` has them.
pub fn register(tera: &mut Tera) {
    tera.register_filter("snake", |name: &str, _: Kwargs, _: &State<'_>| name.to_snake_case());
    tera.register_filter("pascal", |name: &str, _: Kwargs, _: &State<'_>| name.to_upper_camel_case());
    tera.register_filter("camel", |name: &str, _: Kwargs, _: &State<'_>| name.to_lower_camel_case());
    tera.register_filter("kebab", |name: &str, _: Kwargs, _: &State<'_>| name.to_kebab_case());
    tera.register_filter("shouty", |name: &str, _: Kwargs, _: &State<'_>| name.to_shouty_snake_case());
    tera.register_filter("json", |value: &tera::Value, kwargs: Kwargs, _: &State<'_>| json(value, &kwargs));
    tera.register_filter("comment", |text: &str, kwargs: Kwargs, _: &State<'_>| comment(text, &kwargs));
    tera.register_filter("cell", |text: &str, _: Kwargs, _: &State<'_>| crate::emit::reference::cell(text));
    tera.register_filter("markdown", |text: &str, _: Kwargs, _: &State<'_>| markdown(text));
    tera.register_filter("references", |value: &tera::Value, _: Kwargs, _: &State<'_>| references(value));
    tera.register_filter("typescript", |value: &tera::Value, kwargs: Kwargs, _: &State<'_>| expression(value, &kwargs));
    tera.register_filter("property", |name: &str, _: Kwargs, _: &State<'_>| typescript::property(name));
}

fn plain(value: &tera::Value) -> TeraResult<Value> {
    serde_json::to_value(value).map_err(tera::Error::message)
}

/// JSON on one line, or with `pretty=true` on several.
fn json(value: &tera::Value, kwargs: &Kwargs) -> TeraResult<String> {
    let value = plain(value)?;
    let pretty = kwargs.get::<bool>("pretty")?.unwrap_or(false);
    Ok(if pretty { format!("{value:#}") } else { value.to_string() })
}

/// Lines after `prefix`, or without one a comment as in C and its kin, `indent` levels in.
fn comment(text: &str, kwargs: &Kwargs) -> TeraResult<String> {
    let indent = "  ".repeat(kwargs.get::<usize>("indent")?.unwrap_or(0));
    Ok(match kwargs.get::<&str>("prefix")? {
        None => typescript::comment(text, &indent),
        Some(prefix) => {
            text.lines().map(|line| format!("{indent}{}\n", format!("{prefix}{line}").trim_end())).collect()
        }
    })
}

/// Text on one line that means nothing to Markdown.
fn markdown(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let escaped = |c: char| {
        if c.is_ascii_punctuation() && !".,:;!?'\"/()-".contains(c) { format!("\\{c}") } else { c.to_string() }
    };
    text.chars().map(escaped).collect()
}

/// Names of the shared types that a type, or fields, refer to; not what those refer to.
fn references(value: &tera::Value) -> TeraResult<Vec<String>> {
    fn collect(value: &Value, names: &mut BTreeSet<String>) {
        match value {
            Value::Array(all) => all.iter().for_each(|one| collect(one, names)),
            Value::Object(map) if map.get("kind").is_some_and(|kind| kind == "ref") => {
                names.extend(map.get("name").and_then(Value::as_str).map(str::to_owned));
            }
            // A default is data, and says nothing of types.
            Value::Object(map) => {
                map.iter().filter(|(key, _)| *key != "default").for_each(|(_, one)| collect(one, names))
            }
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    collect(&plain(value)?, &mut names);
    Ok(names.into_iter().collect())
}

fn expression(value: &tera::Value, kwargs: &Kwargs) -> TeraResult<String> {
    let direction = match kwargs.must_get::<&str>("direction")? {
        "input" => Direction::Input,
        "output" => Direction::Output,
        other => return Err(tera::Error::message(format!("`direction` is \"input\" or \"output\", not \"{other}\""))),
    };
    let prefix = kwargs.get::<&str>("prefix")?.unwrap_or_default();
    let style = Style { direction, prefix, indent: kwargs.get::<usize>("indent")?.unwrap_or(0) };
    typescript::expression(&plain(value)?, style).map_err(tera::Error::message)
}
