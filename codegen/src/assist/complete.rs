//! What may stand at a place: names that the specs declare, else what the schema of the file says.

use serde_json::Value;

use super::Workspace;
use super::cursor::{self, Cursor, ITEM};
use super::index::entries;
use crate::spec::file::{Role, role_of};
use crate::spec::{FIELD, known_keys};
use crate::yaml::{Kind, Node, Span};

/// Something that may stand at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// As it is listed.
    pub label: String,
    /// What takes the place of the span.
    pub insert: String,
    /// What kind of thing.
    pub kind: CompletionKind,
    /// A few words beside it.
    pub detail: Option<String>,
    /// A sentence about it.
    pub documentation: Option<String>,
    /// What it takes the place of, in bytes.
    pub replace: Span,
}

/// What kind of thing is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompletionKind {
    /// A key of the spec language.
    Key,
    /// A value of the spec language.
    Value,
    /// A type of the spec language, or one that is declared.
    Type,
    /// The path of a field.
    Field,
    /// A picker, a permission, an event, a table, an action.
    Name,
}

/// How deep paths into objects are proposed.
const DEEPEST_PATH: usize = 4;

struct Place<'w> {
    workspace: &'w Workspace,
    role: Role,
    /// The last tree of the file.
    tree: Option<&'w Node>,
    cursor: Cursor,
    word: &'w str,
    /// What follows the word on its line.
    rest: &'w str,
}

pub fn complete(workspace: &Workspace, file: &str, offset: usize) -> Option<Vec<Completion>> {
    let text = workspace.text(file)?;
    let role = role_of(file)?;
    let cursor = cursor::at(text, offset);
    let rest = text[cursor.word.end..].split('\n').next().unwrap_or_default();
    let tree = workspace.trees.get(file).map(AsRef::as_ref);
    let word = &text[cursor.word.clone()];
    let place = Place { workspace, role, tree, cursor, word, rest };
    let mut all = if place.cursor.on_key { place.keys() } else { place.values() };
    all.dedup_by(|a, b| a.label == b.label);
    Some(all)
}

/// What the schema says of the key at the end of a path.
pub fn described(workspace: &Workspace, file: &str, path: &[String]) -> Option<String> {
    let schema = schema(workspace, role_of(file)?)?;
    let mut steps = path.to_vec();
    while steps.last().is_some_and(|step| step == ITEM) {
        steps.pop();
    }
    let text = |schema: &&Value| schema.get("description").and_then(Value::as_str).map(str::to_owned);
    within(schema, &steps).iter().find_map(text)
}

/// The mapping that has the key at an offset.
pub fn holder(node: &Node, offset: usize) -> Option<&Node> {
    match &node.kind {
        Kind::Map(all) => {
            let is_here = |span: &Span| span.start <= offset && offset <= span.end;
            if all.iter().any(|(key, _)| is_here(&key.span)) {
                return Some(node);
            }
            all.iter().find_map(|(_, value)| holder(value, offset))
        }
        Kind::List(items) => items.iter().find_map(|item| holder(item, offset)),
        _ => None,
    }
}

impl Place<'_> {
    fn path(&self) -> Vec<&str> {
        self.cursor.path.iter().map(String::as_str).collect()
    }

    fn keys(&self) -> Vec<Completion> {
        let path = self.path();
        let semantic = match (self.role, path.as_slice()) {
            (Role::Action, [.., "equals"] | ["rules", ITEM, "forbid"]) => Some(self.input_paths("")),
            (Role::Action, ["examples", ITEM, "input", below @ ..]) => {
                let fields =
                    below.iter().try_fold(self.node(&["input"]), |fields, step| Some(self.below(fields?.get(step)?)));
                fields.map(|fields| self.names_of(fields))
            }
            _ => None,
        };
        let after = if self.rest.trim_start().starts_with(':') { "" } else { ": " };
        let mut all = semantic.unwrap_or_else(|| self.schema_keys());
        all.iter_mut().for_each(|one| one.insert.push_str(after));
        all
    }

    /// Keys of the language that are not there yet, and that go with the type of the field.
    fn schema_keys(&self) -> Vec<Completion> {
        let Some(schema) = schema(self.workspace, self.role) else { return Vec::new() };
        let own = self.node(&self.path());
        let fits = |key: &str| match own {
            Some(node) => {
                let is_field = self.cursor.path.len() > 1 && node.get("type").is_some();
                let is_new = node.get(key).is_none() || key == self.word;
                is_new && (!is_field || known_keys(FIELD, node).contains(&key))
            }
            None => true,
        };
        let mut all = Vec::new();
        for schema in within(schema, &self.cursor.path) {
            for (key, about) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if fits(key) {
                    all.push(self.proposed(key, CompletionKind::Key, None, description(about)));
                }
            }
        }
        all
    }

    fn values(&self) -> Vec<Completion> {
        let path = self.path();
        let all = match (self.role, path.as_slice()) {
            (Role::Action, ["permissions", ITEM] | ["permissions", ITEM, "require"] | ["may_require", ITEM])
            | (Role::Picker, ["permission"]) => self.permissions(),
            (
                Role::Action,
                ["idempotency", "key"]
                | ["rules", ITEM, "any_of" | "one_of" | "ordered", ITEM]
                | ["rules", ITEM, "non_empty"]
                | ["rules", ITEM, "requires" | "excludes", "field"]
                | ["rules", ITEM, "requires" | "excludes", "with" | "fields", ITEM]
                | [.., "when", "present"],
            ) => self.input_paths(""),
            (Role::Action, ["audit", "target" | "changed", _, ..]) => {
                let mut all = self.paths(self.node(&["output"]), "output.", 1);
                all.extend(self.paths(self.node(&["input"]), "input.", 1));
                all
            }
            (Role::Action, ["emits", ITEM]) => {
                let events = self.workspace.model.events.iter();
                events.map(|one| self.named(&one.name, one.description.as_deref())).collect()
            }
            (_, [.., "picker", "depends_on", ITEM]) => {
                let beside = &path[..path.len().saturating_sub(4)];
                self.node(beside).map(|fields| self.names_of(Some(fields))).unwrap_or_default()
            }
            (Role::Action | Role::Type | Role::Event, [_, .., "picker"] | [_, .., "picker", "kind"]) => {
                let pickers = self.workspace.model.pickers.iter();
                pickers.map(|one| self.named(&one.kind, Some(&one.label))).collect()
            }
            (Role::Picker, ["table"]) => {
                let tables = self.workspace.model.tables.iter();
                tables.map(|one| self.named(&one.name, one.description.as_deref())).collect()
            }
            (Role::Picker, ["id" | "label_fallback"] | ["search", ITEM] | ["depends_on", _]) => self.columns(),
            (Role::Catalog, ["groups", ITEM, "actions", ITEM] | ["groups", ITEM, "default_action"]) => {
                let actions = self.workspace.model.actions.iter();
                actions.map(|one| self.named(&one.id, Some(&one.label))).collect()
            }
            _ => Vec::new(),
        };
        // An item may be the first key of a mapping, too.
        [all, self.schema_values(), self.keys_of_item()].into_iter().find(|all| !all.is_empty()).unwrap_or_default()
    }

    fn keys_of_item(&self) -> Vec<Completion> {
        if self.cursor.path.last().is_some_and(|step| step == ITEM) { self.keys() } else { Vec::new() }
    }

    /// Values that the schema lists: of an enum, truth values, and names that it gives as examples.
    fn schema_values(&self) -> Vec<Completion> {
        let Some(schema) = schema(self.workspace, self.role) else { return Vec::new() };
        let is_type = self.cursor.path.last().is_some_and(|step| step == "type");
        let kind = if is_type { CompletionKind::Type } else { CompletionKind::Value };
        let mut all = Vec::new();
        for schema in within(schema, &self.cursor.path) {
            let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
            for value in listed.chain(schema.get("const")).filter_map(Value::as_str) {
                let named = self.workspace.model.types.iter().find(|named| named.name == value);
                let about = named.and_then(|named| named.description.as_deref()).or(description(schema));
                all.push(self.proposed(value, kind, None, about));
            }
            if schema.get("type").is_some_and(|ty| ty == "boolean") {
                all.extend(["true", "false"].map(|value| self.proposed(value, kind, None, description(schema))));
            }
        }
        all
    }

    fn permissions(&self) -> Vec<Completion> {
        let mut all = Vec::new();
        for resource in &self.workspace.model.permissions {
            for action in &resource.actions {
                all.push(self.named(&format!("{}:{action}", resource.name), resource.description.as_deref()));
            }
        }
        all
    }

    fn columns(&self) -> Vec<Completion> {
        let Some(Kind::Text(table)) = self.node(&["table"]).map(|node| &node.kind) else { return Vec::new() };
        let table = self.workspace.model.tables.iter().find(|one| one.name == *table);
        table.map(|table| table.columns.iter().map(|one| self.named(&one.name, None)).collect()).unwrap_or_default()
    }

    fn input_paths(&self, prefix: &str) -> Vec<Completion> {
        self.paths(self.node(&["input"]), prefix, 1)
    }

    /// Dotted paths of all fields.
    fn paths(&self, fields: Option<&Node>, prefix: &str, depth: usize) -> Vec<Completion> {
        let mut all = Vec::new();
        for (key, field) in entries(fields) {
            let path = format!("{prefix}{}", key.text);
            all.push(self.field(&path, field));
            if depth < DEEPEST_PATH {
                all.extend(self.paths(self.below(field), &format!("{path}."), depth + 1));
            }
        }
        all
    }

    fn names_of(&self, fields: Option<&Node>) -> Vec<Completion> {
        entries(fields).map(|(key, field)| self.field(&key.text, field)).collect()
    }

    fn field(&self, path: &str, field: &Node) -> Completion {
        let text = |key: &str| match field.get(key).map(|node| &node.kind) {
            Some(Kind::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        self.proposed(path, CompletionKind::Field, text("type"), text("description"))
    }

    /// The fields of what a field holds.
    fn below<'n>(&'n self, field: &'n Node) -> Option<&'n Node> {
        if let Some(fields) = field.get("fields") {
            return Some(fields);
        }
        let Some(Kind::Text(name)) = field.get("type").map(|node| &node.kind) else { return None };
        let named = self.workspace.model.types.iter().find(|named| named.name == *name)?;
        self.workspace.trees.get(&named.source)?.get("fields")
    }

    /// The node of a path in the last tree of the file. Items cannot be told apart by it.
    fn node(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self.tree?, |node, step| node.get(step))
    }

    fn named(&self, name: &str, about: Option<&str>) -> Completion {
        self.proposed(name, CompletionKind::Name, None, about)
    }

    fn proposed(&self, label: &str, kind: CompletionKind, detail: Option<&str>, about: Option<&str>) -> Completion {
        Completion {
            label: label.to_owned(),
            insert: label.to_owned(),
            kind,
            detail: detail.map(str::to_owned),
            documentation: about.map(str::to_owned),
            replace: self.cursor.word.clone(),
        }
    }
}

fn schema(workspace: &Workspace, role: Role) -> Option<&Value> {
    let name = match role {
        Role::Action => "action",
        Role::Type => "type",
        Role::Event => "event",
        Role::Picker => "picker",
        Role::Permissions => "permissions",
        Role::Catalog => "catalog",
        Role::Tables => "tables",
    };
    workspace.schemas().get(name)
}

fn description(schema: &Value) -> Option<&str> {
    schema.get("description")?.as_str()
}

/// The schemas that hold for a path: several, where there are alternatives.
fn within<'s>(root: &'s Value, path: &[String]) -> Vec<&'s Value> {
    let mut here = alternatives(root, root);
    for step in path {
        let below = here.iter().filter_map(|schema| match step.as_str() {
            ITEM => schema.get("items"),
            key => {
                let own = schema.get("properties").and_then(|all| all.get(key));
                own.or_else(|| schema.get("additionalProperties").filter(|schema| schema.is_object()))
            }
        });
        here = below.flat_map(|schema| alternatives(root, schema)).collect();
    }
    here
}

/// A schema, what it refers to and what it may be instead.
fn alternatives<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    let mut all = vec![schema];
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|name| root.pointer(name.strip_prefix('#')?));
    all.extend(target.into_iter().flat_map(|schema| alternatives(root, schema)));
    let inner = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    all.extend(inner.flat_map(|schema| alternatives(root, schema)));
    all
}
