//! Names: what the specs declare, and how names may be written.

use std::collections::BTreeMap;

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::keys::Notes;
use crate::diagnostic::Code;
use crate::model::{Event, Field, Picker, Resource, Shape, Table, Type};
use crate::yaml::Span;

/// What the files declare, for others to refer to.
#[derive(Default)]
pub struct Names {
    /// `None` for a type whose own file is wrong: it is known, and nothing is said of its fields.
    pub types: BTreeMap<String, Option<Shape>>,
    pub events: BTreeMap<String, Option<Event>>,
    pub pickers: BTreeMap<String, Option<Picker>>,
    pub permissions: Vec<Resource>,
    pub tables: Vec<Table>,
}

/// Where a path leads.
pub enum Found<'m> {
    Field(&'m Field),
    /// Through something whose own spec is wrong, or into free JSON: nothing can be said.
    Open,
    /// The step that leads nowhere, and the names that are there.
    Missing(String, Vec<&'m str>),
}

impl Names {
    /// The fields behind a type, through references.
    pub fn fields<'m>(&'m self, ty: &'m Type) -> Option<&'m [Field]> {
        match ty {
            Type::Object(fields) => Some(fields),
            Type::Ref(name) => match self.types.get(name)?.as_ref()? {
                Shape::Object(fields) => Some(fields),
                Shape::Enum(_) => None,
            },
            _ => None,
        }
    }

    /// The values of an enum, through references.
    pub fn values<'m>(&'m self, ty: &'m Type) -> Option<&'m [String]> {
        match ty {
            Type::Enum(values) => Some(values),
            Type::Ref(name) => match self.types.get(name)?.as_ref()? {
                Shape::Enum(values) => Some(values),
                Shape::Object(_) => None,
            },
            _ => None,
        }
    }

    /// Follows a dotted path.
    pub fn find<'m>(&'m self, fields: &'m [Field], path: &str) -> Found<'m> {
        let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
        let Some(field) = fields.iter().find(|field| field.name == step) else {
            return Found::Missing(step.to_owned(), fields.iter().map(|field| field.name.as_str()).collect());
        };
        let Some(rest) = rest else { return Found::Field(field) };
        match (&field.ty, self.fields(&field.ty)) {
            (_, Some(fields)) => self.find(fields, rest),
            (Type::Json, None) => Found::Open,
            (Type::Ref(name), None) if self.types.get(name).is_none_or(Option::is_none) => Found::Open,
            _ => Found::Missing(rest.split('.').next().unwrap_or(rest).to_owned(), Vec::new()),
        }
    }

    /// Reports a permission that is not declared.
    pub fn check_permission(&self, notes: &mut Notes<'_>, span: &Span, resource: &str, action: &str) {
        let Some(known) = self.permissions.iter().find(|one| one.name == resource) else {
            let found = notes.at(Code::UnknownPermission, span, format!("there is no resource `{resource}`"));
            notes.push(found.suggest(resource, self.permissions.iter().map(|one| one.name.as_str())));
            return;
        };
        if !known.actions.iter().any(|one| one == action) {
            let message = format!("the resource `{resource}` has no action `{action}`");
            let found = notes.at(Code::UnknownPermission, span, message);
            notes.push(found.suggest(action, known.actions.iter().map(String::as_str)));
        }
    }

    /// The table of this name, or a report.
    pub fn table(&self, notes: &mut Notes<'_>, span: &Span, name: &str) -> Option<&Table> {
        let table = self.tables.iter().find(|table| table.name == name);
        if table.is_none() {
            let found = notes.at(Code::UnknownTable, span, format!("there is no table `{name}`"));
            notes.push(found.suggest(name, self.tables.iter().map(|table| table.name.as_str())));
        }
        table
    }
}

/// Whether a text is lower case with underscores, as names in files are.
pub fn is_snake(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('_')
        && !text.contains("__")
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Whether a text is a name as JSON has it: letters, digits and underscores.
pub fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a text is written like a type.
pub fn is_pascal(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Names that Rust lets nobody use, not even as `r#…`, once they are in snake or Pascal case.
pub fn is_impossible(text: &str) -> bool {
    matches!(text.to_snake_case().as_str(), "self" | "super" | "crate") || text.to_upper_camel_case() == "Self"
}

/// What people see of a field whose spec gives no label: `start_time` is `Start time`, `client_id` is `Client`.
pub fn label(name: &str) -> String {
    let words = name.to_snake_case().replace('_', " ");
    let words = words.strip_suffix(" id").filter(|rest| !rest.is_empty()).unwrap_or(&words);
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
