//! Types as TypeScript writes them.

use serde_json::Value;

use crate::emit::reference::counted;
use crate::spec::EXACT;

/// Whether values go in or come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Enums are closed: what is not among the values is a mistake.
    Input,
    /// Enums are open: later versions may have more values.
    Output,
}

/// How a type is written.
#[derive(Debug, Clone, Copy)]
pub struct Style<'s> {
    pub direction: Direction,
    /// Before names of shared types: `inputs.`
    pub prefix: &'s str,
    /// Levels.
    pub indent: usize,
}

impl Style<'_> {
    fn deeper(self) -> Self {
        Self { indent: self.indent + 1, ..self }
    }
}

/// A type, or fields, of the model as JSON.
///
/// # Errors
///
/// What is neither.
pub fn expression(value: &Value, style: Style<'_>) -> Result<String, String> {
    if let Some(fields) = value.as_array() {
        return object(fields, style);
    }
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    Ok(match text("kind") {
        "uuid" | "string" | "datetime" | "date" | "email" => "string".to_owned(),
        "integer" | "number" | "money" => "number".to_owned(),
        "boolean" => "boolean".to_owned(),
        "json" => "unknown".to_owned(),
        "enum" => values(&value["values"], style.direction),
        "list" => format!("{}[]", in_parentheses(item(&value["items"], style)?)),
        "map" => format!("{{ [key: string]: {} }}", item(&value["values"], style)?),
        "object" => object(value["fields"].as_array().map(Vec::as_slice).unwrap_or_default(), style)?,
        "ref" => format!("{}{}", style.prefix, text("name")),
        _ => return Err("`typescript` takes a `type`, or a list of fields".to_owned()),
    })
}

fn in_parentheses(expression: String) -> String {
    if expression.contains(" | ") && !expression.starts_with('{') { format!("({expression})") } else { expression }
}

fn item(item: &Value, style: Style<'_>) -> Result<String, String> {
    let expression = expression(&item["type"], style)?;
    Ok(or_null(expression, item))
}

fn or_null(expression: String, value: &Value) -> String {
    // Whatever `unknown` is, null is among it.
    if value["nullable"] == true && expression != "unknown" { format!("{expression} | null") } else { expression }
}

fn values(values: &Value, direction: Direction) -> String {
    let values = values.as_array().into_iter().flatten().map(Value::to_string);
    // The second half keeps the values in the completions of editors.
    let others = (direction == Direction::Output).then(|| "(string & {})".to_owned());
    values.chain(others).collect::<Vec<_>>().join(" | ")
}

fn object(fields: &[Value], style: Style<'_>) -> Result<String, String> {
    if fields.is_empty() {
        return Ok("{ [key: string]: never }".to_owned());
    }
    let (outer, inner) = ("  ".repeat(style.indent), "  ".repeat(style.indent + 1));
    let mut text = "{\n".to_owned();
    for field in fields {
        let name = field["name"].as_str().unwrap_or_default();
        let optional = if field["presence"] == "required" { "" } else { "?" };
        let expression = or_null(expression(&field["type"], style.deeper())?, field);
        text.push_str(&comment(&about(field), &inner));
        text.push_str(&format!("{inner}{}{optional}: {expression};\n", property(name)));
    }
    text.push_str(&outer);
    text.push('}');
    Ok(text)
}

/// What the type does not say.
fn about(field: &Value) -> String {
    let description = field["description"].as_str().map(str::to_owned);
    let mut lines = vec![description.into_iter().chain(notes(field)).collect::<Vec<_>>().join(" ")];
    if field["presence"] == "default" {
        lines.push(format!("@default {}", field["default"]));
    }
    lines.join("\n")
}

fn notes(field: &Value) -> Vec<String> {
    let ty = &field["type"];
    let kind = ty["kind"].as_str().unwrap_or_default();
    let format = match kind {
        "uuid" => Some("UUID."),
        "datetime" => Some("Point in time, RFC 3339."),
        "date" => Some("Day, RFC 3339."),
        "email" => Some("E-mail address."),
        "money" => Some("In the currency's minor unit."),
        _ => None,
    };
    let mut notes: Vec<String> = format.map(str::to_owned).into_iter().collect();
    let (low, high, thing) = match kind {
        "string" => ("min_length", "max_length", Some("character")),
        "list" => ("min_items", "max_items", Some("item")),
        _ => ("min", "max", None),
    };
    // Whole numbers always have bounds; those of JSON itself say nothing.
    let bound = |key: &str| {
        let is_told = |bound: &&Value| bound.is_number() && bound.as_i64().is_none_or(|number| number.abs() < EXACT);
        Some(&ty[key]).filter(is_told)
    };
    let counted = |number: &Value| match (thing, number.as_u64()) {
        (Some(thing), Some(number)) => counted(number, thing),
        _ => number.to_string(),
    };
    match (bound(low), bound(high)) {
        (Some(low), Some(high)) => notes.push(format!("{low} to {}.", counted(high))),
        (Some(low), None) => notes.push(format!("At least {}.", counted(low))),
        (None, Some(high)) => notes.push(format!("At most {}.", counted(high))),
        (None, None) => {}
    }
    if field["secret"] == true {
        notes.push("Secret: never stored or logged.".to_owned());
    }
    notes
}

/// A comment before a declaration; nothing for no text.
pub fn comment(text: &str, indent: &str) -> String {
    let text = text.replace("*/", "*\\/");
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [] => String::new(),
        [one] => format!("{indent}/** {one} */\n"),
        several => {
            let lines: String = several.iter().map(|line| format!("{indent} * {line}\n")).collect();
            format!("{indent}/**\n{lines}{indent} */\n")
        }
    }
}

/// A name as a key of an object: in quotes unless it can be without.
pub fn property(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let is_plain = name.chars().all(plain) && name.starts_with(|c: char| !c.is_ascii_digit());
    if is_plain { name.to_owned() } else { Value::from(name).to_string() }
}
