//! Everything that actions refer to: types, events, pickers, permissions and tables.

use super::fields::{Place, enum_values, fields};
use super::keys::{Keys, Notes};
use super::names::{Found, Names, is_impossible, is_pascal, is_snake};
use super::{File, values};
use crate::diagnostic::Code;
use crate::model::{Column, ColumnType, Event, NamedType, Picker, Presence, Resource, Scope, Shape, Table, Type};
use crate::yaml::{Key, Kind, Node};

/// The name that a file below `specs/types/`, `events/` or `pickers/` declares, as far as it does.
pub fn declared<'n>(file: &'n File, key: &str) -> Option<&'n str> {
    let Kind::Map(entries) = &file.node.kind else { return None };
    match &entries.iter().find(|(found, _)| found.text == key)?.1.kind {
        Kind::Text(text) => Some(text),
        _ => None,
    }
}

pub fn named_type(notes: &mut Notes<'_>, names: &Names, file: &File) -> Option<NamedType> {
    let keys = Keys::of(notes, &file.node, "a type", &["type", "description", "fields", "values"])?;
    let name = keys.require_text(notes, "type")?;
    if !is_pascal(name) || is_impossible(name) {
        let span = &keys.get("type")?.span;
        let found = notes.at(Code::BadName, span, format!("`{name}` cannot be the name of a type"));
        notes.push(found.help("a type is written in Pascal case, such as ActivitySummary"));
        return None;
    }
    let shape = match (keys.get("fields"), keys.entry("values")) {
        (Some(node), None) => {
            let fields = fields(notes, names, node, Place::Shared);
            if fields.is_empty() {
                return None;
            }
            Shape::Object(fields)
        }
        (None, Some((_, node))) => Shape::Enum(enum_values(notes, node)?),
        (Some(_), Some((key, _))) => {
            notes.error(Code::WrongShape, &key.span, "a type has either `fields` or `values`, not both");
            return None;
        }
        (None, None) => {
            notes.error(Code::MissingKey, &file.node.span, "a type needs the key `fields` or `values`");
            return None;
        }
    };
    Some(NamedType {
        name: name.to_owned(),
        source: file.path.clone(),
        description: keys.prose(notes, "description"),
        shape,
        used_in_input: false,
        used_in_output: false,
    })
}

pub fn event(notes: &mut Notes<'_>, names: &Names, file: &File) -> Option<Event> {
    let keys = Keys::of(notes, &file.node, "an event", &["event", "description", "key", "payload"])?;
    let name = keys.require_text(notes, "event")?;
    let upper = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if !upper {
        let found =
            notes.at(Code::BadName, &keys.get("event")?.span, format!("`{name}` cannot be the name of an event"));
        notes.push(found.help("an event is written in upper case, such as INTERACTION_LOGGED"));
    }
    let payload_node = keys.require(notes, "payload");
    let payload = fields(notes, names, payload_node?, Place::Event);
    if let Kind::Map(entries) = &payload_node?.kind {
        for (key, _) in
            entries.iter().filter(|(key, _)| ["tenantId", "occurredAt", "actor"].contains(&key.text.as_str()))
        {
            let found = notes.at(Code::BadEvent, &key.span, format!("`{}` is added to every event", key.text));
            notes.push(found.help("leave it out of the payload"));
        }
    }
    let description = keys.prose(notes, "description");
    let key_node = keys.require(notes, "key")?;
    let key = notes.text(key_node, "`key`")?;
    for field in placeholders(notes, key_node, key) {
        match payload.iter().find(|one| one.name == field) {
            Some(one) if one.presence != Presence::Required => {
                notes.error(Code::BadEvent, &key_node.span, format!("the key needs `{field}`, which may be left out"));
            }
            Some(one)
                if names.fields(&one.ty).is_some()
                    || matches!(one.ty, Type::List { .. } | Type::Map(_) | Type::Json) =>
            {
                notes.error(
                    Code::BadEvent,
                    &key_node.span,
                    format!("`{field}` is not a text or number to make a key of"),
                );
            }
            Some(_) => {}
            None => {
                let found = notes.at(Code::UnknownField, &key_node.span, format!("the payload has no field `{field}`"));
                notes.push(found.suggest(&field, payload.iter().map(|one| one.name.as_str())));
            }
        }
    }
    Some(Event { name: name.to_owned(), source: file.path.clone(), description, key: key.to_owned(), payload })
}

/// The names between braces.
fn placeholders(notes: &mut Notes<'_>, node: &Node, template: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in template.split('{').skip(1) {
        match rest.split_once('}') {
            Some((name, _)) => found.push(name.to_owned()),
            None => {
                notes.error(Code::WrongShape, &node.span, "a `{` is not closed");
            }
        }
    }
    found
}

pub fn permissions(notes: &mut Notes<'_>, file: &File) -> Vec<Resource> {
    let Some(keys) = Keys::of(notes, &file.node, "the file of permissions", &["permissions"]) else {
        return Vec::new();
    };
    let Some(entries) = keys.require(notes, "permissions").and_then(|node| notes.entries(node, "`permissions`")) else {
        return Vec::new();
    };
    let mut resources: Vec<Resource> = entries.iter().filter_map(|(key, node)| resource(notes, key, node)).collect();
    resources.sort_by(|a, b| a.name.cmp(&b.name));
    resources
}

fn resource(notes: &mut Notes<'_>, key: &Key, node: &Node) -> Option<Resource> {
    if !is_snake(&key.text) {
        notes.error(Code::BadName, &key.span, format!("`{}` cannot be the name of a resource", key.text));
    }
    let keys = Keys::of(notes, node, "a resource", &["description", "actions"])?;
    let description = keys.prose(notes, "description");
    let actions = keys.require(notes, "actions")?;
    let actions = notes.texts(actions, "`actions`")?;
    let actions = actions.into_iter().map(|(text, _)| text.to_owned()).collect();
    Some(Resource { name: key.text.clone(), description, actions })
}

pub fn tables(notes: &mut Notes<'_>, file: &File) -> Vec<Table> {
    let Some(keys) = Keys::of(notes, &file.node, "the file of tables", &["tables"]) else { return Vec::new() };
    let Some(entries) = keys.require(notes, "tables").and_then(|node| notes.entries(node, "`tables`")) else {
        return Vec::new();
    };
    let mut tables: Vec<Table> = entries.iter().filter_map(|(key, node)| table(notes, key, node)).collect();
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    tables
}

fn table(notes: &mut Notes<'_>, key: &Key, node: &Node) -> Option<Table> {
    if !is_snake(&key.text) || is_impossible(&key.text) {
        notes.error(Code::BadName, &key.span, format!("`{}` cannot be the name of a table", key.text));
    }
    let keys = Keys::of(notes, node, "a table", &["description", "scope", "key", "columns"])?;
    let scope = match keys.text(notes, "scope") {
        None | Some("tenant") => Scope::Tenant,
        Some("system") => Scope::System,
        Some(other) => {
            let found = notes.at(Code::WrongShape, &keys.get("scope")?.span, format!("there is no scope `{other}`"));
            notes.push(found.suggest(other, ["tenant", "system"]));
            Scope::Tenant
        }
    };
    let description = keys.prose(notes, "description");
    let entries = keys.require(notes, "columns").and_then(|node| notes.entries(node, "`columns`"))?;
    let columns: Vec<Column> = entries.iter().filter_map(|(key, node)| column(notes, key, node)).collect();
    let mut primary = Vec::new();
    for (name, span) in keys.require(notes, "key").and_then(|node| notes.texts(node, "`key`")).unwrap_or_default() {
        if !columns.iter().any(|column| column.name == name) {
            let found = notes.at(Code::UnknownTable, span, format!("the table has no column `{name}`"));
            notes.push(found.suggest(name, columns.iter().map(|column| column.name.as_str())));
        }
        primary.push(name.to_owned());
    }
    Some(Table { name: key.text.clone(), description, scope, key: primary, columns })
}

fn column(notes: &mut Notes<'_>, key: &Key, node: &Node) -> Option<Column> {
    if key.text == "tenant" {
        let found = notes.at(Code::BadName, &key.span, "the tenant column is never listed");
        notes.push(found.help("every statement carries the tenant by itself"));
        return None;
    }
    if !is_snake(&key.text) || is_impossible(&key.text) {
        notes.error(Code::BadName, &key.span, format!("`{}` cannot be the name of a column", key.text));
        return None;
    }
    let text = notes.text(node, "the type of a column")?;
    let (name, nullable) = text.strip_suffix('?').map_or((text, false), |name| (name, true));
    let types = [
        ("uuid", ColumnType::Uuid),
        ("text", ColumnType::Text),
        ("integer", ColumnType::Integer),
        ("bigint", ColumnType::Bigint),
        ("boolean", ColumnType::Boolean),
        ("timestamp", ColumnType::Timestamp),
        ("json", ColumnType::Json),
        ("text_array", ColumnType::TextArray),
    ];
    let Some((_, ty)) = types.iter().find(|(known, _)| *known == name) else {
        let found = notes.at(Code::UnknownType, &node.span, format!("there is no column type `{name}`"));
        notes.push(found.suggest(name, types.iter().map(|(known, _)| *known)));
        return None;
    };
    Some(Column { name: key.text.clone(), ty: *ty, nullable })
}

const PICKER_KEYS: &[&str] = &[
    "picker",
    "label",
    "hint",
    "table",
    "id",
    "label_template",
    "label_fallback",
    "detail",
    "search",
    "filter",
    "depends_on",
    "permission",
];

pub fn picker(notes: &mut Notes<'_>, names: &Names, file: &File) -> Option<Picker> {
    let keys = Keys::of(notes, &file.node, "a picker", PICKER_KEYS)?;
    let kind = keys.require_text(notes, "picker")?.to_owned();
    let (label, hint) = (keys.require_prose(notes, "label"), keys.require_prose(notes, "hint"));
    let permission_node = keys.require(notes, "permission");
    let permission = permission_node.and_then(|node| notes.permission(node));
    if let (Some(node), Some((resource, action))) = (permission_node, permission) {
        names.check_permission(notes, &node.span, resource, action);
    }
    let table_node = keys.require(notes, "table")?;
    let table_name = notes.text(table_node, "`table`")?;
    let table = names.table(notes, &table_node.span, table_name)?;
    let column = |notes: &mut Notes<'_>, node: &Node, name: &str| {
        let found = table.columns.iter().find(|column| column.name == name);
        if found.is_none() {
            let missing =
                notes.at(Code::UnknownTable, &node.span, format!("the table `{table_name}` has no column `{name}`"));
            notes.push(missing.suggest(name, table.columns.iter().map(|column| column.name.as_str())));
        }
        found
    };
    let named = |notes: &mut Notes<'_>, key: &str| {
        let node = keys.get(key)?;
        let name = notes.text(node, &format!("`{key}`"))?;
        column(notes, node, name).map(|column| column.name.clone())
    };
    keys.require(notes, "id");
    let (id, label_fallback) = (named(notes, "id"), named(notes, "label_fallback"));
    let template = |notes: &mut Notes<'_>, key: &str| {
        let node = keys.get(key)?;
        let text = notes.text(node, &format!("`{key}`"))?;
        for name in placeholders(notes, node, text) {
            column(notes, node, &name);
        }
        Some(text.to_owned())
    };
    keys.require(notes, "label_template");
    let (label_template, detail) = (template(notes, "label_template"), template(notes, "detail"));
    let mut search = Vec::new();
    for item in keys.require(notes, "search").and_then(|node| notes.items(node, "`search`")).unwrap_or_default() {
        let Some(name) = notes.text(item, "a column") else { continue };
        if column(notes, item, name).is_some_and(|column| column.ty != ColumnType::Text) {
            notes.error(Code::BadConstraint, &item.span, format!("`{name}` is not text, so it cannot be searched"));
        }
        search.push(name.to_owned());
    }
    let mut filter = Vec::new();
    for (key, node) in keys.get("filter").and_then(|node| notes.entries(node, "`filter`")).unwrap_or_default() {
        let wanted = column(notes, node, &key.text).map(|column| column_value_type(column.ty));
        if let Some(Err(problem)) = wanted.map(|ty| values::check(names, &ty, &node.to_json())) {
            notes.error(Code::BadDefault, &node.span, format!("the value of `{}` {problem}", key.text));
        }
        filter.push((key.text.clone(), node.to_json()));
    }
    let mut depends_on = Vec::new();
    for (key, node) in keys.get("depends_on").and_then(|node| notes.entries(node, "`depends_on`")).unwrap_or_default() {
        let Some(name) = notes.text(node, "a column") else { continue };
        column(notes, node, name);
        depends_on.push((key.text.clone(), name.to_owned()));
    }
    Some(Picker {
        kind,
        source: file.path.clone(),
        label: label?,
        hint: hint?,
        table: table_name.to_owned(),
        id: id?,
        label_template: label_template?,
        label_fallback,
        detail,
        search,
        filter,
        depends_on,
        permission: permission.map(|(resource, action)| (resource.to_owned(), action.to_owned()))?,
    })
}

fn column_value_type(ty: ColumnType) -> Type {
    match ty {
        ColumnType::Uuid => Type::Uuid,
        ColumnType::Boolean => Type::Boolean,
        ColumnType::Integer | ColumnType::Bigint => {
            Type::Integer { min: -super::fields::EXACT, max: super::fields::EXACT }
        }
        ColumnType::Timestamp => Type::DateTime,
        ColumnType::Text => Type::String(crate::model::StringType::default()),
        ColumnType::Json | ColumnType::TextArray => Type::Json,
    }
}

/// The way on which a type always holds itself, so that its values would have no end.
pub fn endless(names: &Names, name: &str) -> Option<String> {
    let mut path = vec![name.to_owned()];
    match names.types.get(name) {
        Some(Some(Shape::Object(fields))) if holds_itself(names, fields, name, &mut path) => Some(path.join(" -> ")),
        _ => None,
    }
}

fn holds_itself(names: &Names, fields: &[crate::model::Field], target: &str, path: &mut Vec<String>) -> bool {
    for field in fields.iter().filter(|field| field.presence == Presence::Required && !field.nullable) {
        match &field.ty {
            Type::Object(inner) if holds_itself(names, inner, target, path) => return true,
            Type::Ref(name) if name == target => {
                path.push(name.clone());
                return true;
            }
            Type::Ref(name) if !path.contains(name) => {
                if let Some(Some(Shape::Object(inner))) = names.types.get(name) {
                    path.push(name.clone());
                    if holds_itself(names, inner, target, path) {
                        return true;
                    }
                    path.pop();
                }
            }
            _ => {}
        }
    }
    false
}

/// Reports a path that leads nowhere.
pub fn missing(notes: &mut Notes<'_>, span: &crate::yaml::Span, path: &str, found: &Found<'_>) {
    if let Found::Missing(step, known) = found {
        let problem = notes.at(Code::UnknownField, span, format!("`{path}` leads nowhere: there is no field `{step}`"));
        notes.push(problem.suggest(step, known.iter().copied()));
    }
}
