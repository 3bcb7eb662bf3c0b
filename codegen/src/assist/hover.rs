//! What a name or a key means, as Markdown.

use super::index::{Definition, Named, Place, entries};
use super::{Workspace, complete, cursor};
use crate::model::{Field, Shape, Type};
use crate::yaml::{Kind, Node, Span};

/// What is told of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// What it is told of, in bytes.
    pub span: Span,
    /// Markdown.
    pub text: String,
}

pub fn hover(workspace: &Workspace, file: &str, offset: usize) -> Option<Hover> {
    if let (Some(name), Some(definition)) =
        (workspace.index.name_at(file, offset), workspace.index.definition_at(file, offset))
        && let Some(text) = describe(workspace, definition)
    {
        return Some(Hover { span: name.span.clone(), text });
    }
    let cursor = cursor::at(workspace.text(file)?, offset);
    if cursor.word.is_empty() {
        return None;
    }
    let mut path = cursor.path.clone();
    if cursor.on_key {
        path.push(workspace.text(file)?[cursor.word.clone()].to_owned());
    }
    let key = path.iter().rev().find(|step| *step != cursor::ITEM)?.clone();
    let description = complete::described(workspace, file, &path)?;
    Some(Hover { span: cursor.word, text: format!("**{key}**: {description}") })
}

fn describe(workspace: &Workspace, definition: &Definition) -> Option<String> {
    let Place { file, span } = &definition.place;
    let name = workspace.text(file)?.get(span.clone())?;
    let model = &workspace.model;
    Some(match definition.kind {
        Named::Action => {
            let action = model.actions.iter().find(|action| action.source == *file)?;
            format!("**{}** (version {}): {}\n\n{}", action.id, action.version, action.label, action.description)
        }
        Named::Type => {
            let named = model.types.iter().find(|named| named.name == name)?;
            let held = match &named.shape {
                Shape::Object(fields) => fields.iter().map(list_item).collect::<Vec<_>>().join("\n"),
                Shape::Enum(values) => values.iter().map(|value| format!("- `{value}`")).collect::<Vec<_>>().join("\n"),
            };
            titled(name, "type", named.description.as_deref(), &held)
        }
        Named::Event => {
            let event = model.events.iter().find(|event| event.name == name)?;
            let payload = event.payload.iter().map(list_item).collect::<Vec<_>>().join("\n");
            let subject = event.subject.as_ref().map(|subject| format!("; subject: `{subject}`")).unwrap_or_default();
            let held = format!("Key: `{}`{subject}\n\n{payload}", event.key);
            titled(name, "event", event.description.as_deref(), &held)
        }
        Named::Picker => {
            let picker = model.pickers.iter().find(|picker| picker.kind == name)?;
            let (resource, action) = &picker.permission;
            let narrowed: Vec<String> = picker.depends_on.iter().map(|(name, _)| format!("`{name}`")).collect();
            let narrowed =
                if narrowed.is_empty() { String::new() } else { format!(" Narrowed by {}.", narrowed.join(", ")) };
            let text = format!("Rows of `{}`; needs `{resource}:{action}`.{narrowed}", picker.table);
            titled(name, "picker", Some(&picker.label), &text)
        }
        Named::Resource => {
            let resource = model.permissions.iter().find(|resource| resource.name == name)?;
            let actions: Vec<String> = resource.actions.iter().map(|action| format!("`{name}:{action}`")).collect();
            titled(name, "resource", resource.description.as_deref(), &actions.join(", "))
        }
        Named::Table => {
            let table = model.tables.iter().find(|table| table.name == name)?;
            let columns: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
            titled(name, "table", table.description.as_deref(), &columns.join(", "))
        }
        Named::Column | Named::Field => {
            let tree = workspace.trees.get(file)?;
            let (key, node) = entries(complete::holder(tree, span.start))
                .find(|(key, _)| key.span.start <= span.start && span.end <= key.span.end)?;
            written(&key.text, node)
        }
    })
}

fn titled(name: &str, what: &str, description: Option<&str>, rest: &str) -> String {
    let description = description.map(|text| format!(": {text}")).unwrap_or_default();
    format!("**{name}** ({what}){description}\n\n{rest}")
}

fn list_item(field: &Field) -> String {
    let ty = match &field.ty {
        Type::Ref(name) => name.clone(),
        other => kind(other).to_owned(),
    };
    let description = field.description.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
    format!("- `{}` {ty}{description}", field.name)
}

fn kind(ty: &Type) -> &'static str {
    match ty {
        Type::Uuid => "uuid",
        Type::String(text) if text.multiline => "text",
        Type::String(_) => "string",
        Type::Integer { .. } => "integer",
        Type::Number { .. } => "number",
        Type::Boolean => "boolean",
        Type::DateTime => "datetime",
        Type::Date => "date",
        Type::Email => "email",
        Type::Money { .. } => "money",
        Type::Json => "json",
        Type::Enum(_) => "enum",
        Type::List { .. } => "list",
        Type::Map(_) => "map",
        Type::Object(_) => "object",
        Type::Ref(_) => "type",
    }
}

/// What a field or a column says of itself.
fn written(name: &str, node: &Node) -> String {
    if let Kind::Text(ty) = &node.kind {
        return format!("**{name}**: {ty}");
    }
    let text = |key: &str| match node.get(key).map(|node| &node.kind) {
        Some(Kind::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let mut facts = vec![text("type").unwrap_or("?").to_owned()];
    facts.extend(["optional", "nullable", "secret"].into_iter().filter(|key| is_true(node, key)).map(str::to_owned));
    let scalars = ["default", "min", "max", "min_length", "max_length", "min_items", "max_items", "pattern"];
    for (key, value) in entries(Some(node)).filter(|(key, _)| scalars.contains(&key.text.as_str())) {
        facts.push(format!("{} `{}`", key.text, value.to_json()));
    }
    let description = text("description").map(|text| format!("\n\n{text}")).unwrap_or_default();
    format!("**{name}**: {}{description}", facts.join(", "))
}

fn is_true(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|node| node.kind == Kind::Bool(true))
}
