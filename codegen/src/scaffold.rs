//! Texts of new specs, and where they have to be named.

use heck::ToSnakeCase;

use crate::emit;
use crate::model::Effects;
use crate::spec::is_snake;
use crate::yaml::{self, Kind, Node};

/// What is known of an action that is to be written.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The part of the id before the dot.
    pub module: String,
    /// The part after it.
    pub name: String,
    /// What workflow authors see.
    pub label: String,
    /// A sentence for them.
    pub description: String,
    /// Whether it reads or writes.
    pub effects: Effects,
    /// `resource:action`.
    pub permissions: Vec<String>,
    /// What it is about: `client` becomes the field `client_id`.
    pub subject: String,
    /// The picker that offers such rows, where there is one.
    pub picker: Option<String>,
}

/// Splits an action's id.
///
/// # Errors
///
/// Says what an id looks like.
pub fn split_id(id: &str) -> Result<(&str, &str), String> {
    let parts = id.split_once('.').filter(|(module, name)| is_snake(module) && is_snake(name));
    parts.ok_or_else(|| format!("`{id}` cannot be the id of an action: write module.name, such as crm.log_call"))
}

/// The path of a spec, below the specs folder.
pub fn spec_path(module: &str, name: &str, version: u32) -> String {
    format!("actions/{module}/{name}.v{version}.yaml")
}

/// The path of the spec of a shared type, below the specs folder.
pub fn type_path(name: &str) -> String {
    format!("types/{}.yaml", name.to_snake_case())
}

/// The path of a body, below the folder of bodies.
pub fn body_path(module: &str, name: &str, version: u32) -> String {
    format!("{module}/{}.rs", emit::action_module(name, version))
}

impl Draft {
    /// A spec to start from: it takes and gives the id of what it is about.
    pub fn spec(&self) -> String {
        let Self { module, name, subject, .. } = self;
        let (label, description) = (quoted(&self.label), quoted(&self.description));
        let effects = if self.effects == Effects::Write { "write" } else { "read" };
        let permissions: String = self.permissions.iter().map(|one| format!("  - {one}\n")).collect();
        let picker = self.picker.as_ref().map(|kind| format!("picker: {kind}, ")).unwrap_or_default();
        let (title, id) = (title(subject), format!("{subject}_id"));
        let audit = match self.effects {
            Effects::Write => {
                format!("audit:\n  target: {{ {id}: output.{id} }}\n  changed:\n    {id}: output.{id}\n")
            }
            Effects::Read => String::new(),
        };
        format!(
            "# yaml-language-server: $schema=../../../generated/schemas/spec/action.json\n\
             action: {module}.{name}\n\
             version: 1\n\
             label: {label}\n\
             description: {description}\n\
             effects: {effects}\n\
             idempotency: engine\n\
             permissions:\n{permissions}\
             input:\n  {id}: {{ type: uuid, {picker}label: {title}, description: The {words} that it is about. }}\n\
             output:\n  {id}: {{ type: uuid, label: {title}, description: The {words} that it was about. }}\n\
             {audit}",
            words = subject.replace('_', " "),
        )
    }
}

/// `log_call` becomes `Log Call`.
pub fn title(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    name.split('_').map(word).collect::<Vec<_>>().join(" ")
}

/// A text as YAML has it: plain where that is safe.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '\'' | '(' | ')' | ';');
    let safe = text.starts_with(char::is_alphabetic) && text.chars().all(is_plain) && text.trim_end() == text;
    let is_word = ["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str());
    if safe && !is_word { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// The spec of a version as the start of the next one. `None` when it says no version.
pub fn next_version(spec: &str, version: u32) -> Option<String> {
    let (node, _) = yaml::parse(spec).ok()?;
    let span = node.get("version")?.span.clone();
    Some(format!("{}{version}{}", &spec[..span.start], &spec[span.end..]))
}

/// The body of a version as the start of the next one.
pub fn next_body(body: &str, module: &str, name: &str, (from, to): (u32, u32)) -> String {
    let path = |version| format!("{module}::{}::", emit::action_module(name, version));
    let id = format!("`{module}.{name}`");
    body.replacen(&path(from), &path(to), 1).replacen(&id, &format!("{id} version {to}"), 1)
}

/// The catalog with one more action in a group: the one with this key, else the one that has actions of the module, else the
/// first. What else is in the text stays as it is.
///
/// # Errors
///
/// Says why there is no place for it.
pub fn add_to_catalog(catalog: &str, group: Option<&str>, module: &str, name: &str) -> Result<String, String> {
    let (node, _) = yaml::parse(catalog).map_err(|error| format!("the catalog is not YAML: {}", error.message))?;
    let groups = match node.get("groups").map(|node| &node.kind) {
        Some(Kind::List(groups)) if !groups.is_empty() => groups,
        _ => return Err("the catalog has no groups".to_owned()),
    };
    let text = |node: &Node, key: &str| match node.get(key).map(|node| &node.kind) {
        Some(Kind::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let items = |group: &'_ Node| match group.get("actions").map(|node| &node.kind) {
        Some(Kind::List(items)) => items.clone(),
        _ => Vec::new(),
    };
    let is_of_module = |item: &Node| matches!(&item.kind, Kind::Text(id) if id.split('.').next() == Some(module));
    let chosen = match group {
        Some(key) => {
            let found = groups.iter().find(|group| text(group, "key").as_deref() == Some(key));
            let keys: Vec<String> = groups.iter().filter_map(|group| text(group, "key")).collect();
            found.ok_or_else(|| format!("the catalog has no group `{key}`; it has {}", keys.join(", ")))?
        }
        None => groups.iter().find(|group| items(group).iter().any(is_of_module)).unwrap_or(&groups[0]),
    };
    let items = items(chosen);
    let Some(last) = items.last() else {
        return Err("the group has no actions yet: write the first one into it by hand".to_owned());
    };
    let line = &catalog[catalog[..last.span.start].rfind('\n').map_or(0, |at| at + 1)..last.span.start];
    let added = match line.trim_start() {
        // One a line.
        "- " => format!("\n{line}{module}.{name}"),
        _ => format!(", {module}.{name}"),
    };
    Ok(format!("{}{added}{}", &catalog[..last.span.end], &catalog[last.span.end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Comments and the other groups stay, in whatever style the list is written.
    #[test]
    fn an_action_is_added_to_its_group() {
        let lines = "groups:\n  - key: a\n    actions: [x.one]\n  - key: b # mine\n    actions:\n      - y.one # old\n      - y.two\n  # end\n";
        let added = |group, module| add_to_catalog(lines, group, module, "new");
        assert_eq!(added(None, "y").unwrap(), lines.replace("- y.two", "- y.two\n      - y.new"));
        assert_eq!(added(None, "x").unwrap(), lines.replace("[x.one]", "[x.one, x.new]"));
        assert_eq!(added(None, "z").unwrap(), lines.replace("[x.one]", "[x.one, z.new]"));
        assert_eq!(added(Some("b"), "z").unwrap(), lines.replace("- y.two", "- y.two\n      - z.new"));
        assert_eq!(added(Some("c"), "z").unwrap_err(), "the catalog has no group `c`; it has a, b");
        assert!(add_to_catalog("groups: []", None, "x", "new").is_err());
    }

    /// Whatever people answer is one text in YAML.
    #[test]
    fn texts_are_quoted_where_they_must_be() {
        assert_eq!(quoted("Log Call"), "Log Call");
        for text in ["a: b", "no", "#1", "", " x", "x ", "\"", "line\nbreak", "- x"] {
            let (node, _) = yaml::parse(&format!("label: {}\n", quoted(text))).unwrap();
            assert_eq!(node.get("label").map(|node| node.kind.clone()), Some(Kind::Text(text.to_owned())), "{text}");
        }
    }

    /// The number changes, and nothing beside it.
    #[test]
    fn the_next_version_differs_by_its_number() {
        let spec = "action: crm.x\nversion: 1 # first\nlabel: Version 1\n";
        assert_eq!(next_version(spec, 2).unwrap(), "action: crm.x\nversion: 2 # first\nlabel: Version 1\n");
        assert_eq!(next_version("action: crm.x\n", 2), None);
        let body = "//! `crm.x`: it.\n\nuse actwright_generated::crm::x::{Body};\n";
        assert_eq!(
            next_body(body, "crm", "x", (1, 2)),
            "//! `crm.x` version 2: it.\n\nuse actwright_generated::crm::x_v2::{Body};\n"
        );
    }
}
