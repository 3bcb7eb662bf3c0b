//! Names: what the specs declare, and how names may be written.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::keys::Notes;
use super::pattern::Patterns;
use crate::diagnostic::Code;
use crate::model::{Field, Picker, Presence, Resource, Shape, Table, Type};
use crate::yaml::{Node, Span};

/// What the files declare, for others to refer to.
///
/// `None` stands for something whose own spec is wrong: it is known, and nothing is said about what refers to it.
#[derive(Debug, Default)]
pub struct Names {
    pub types: BTreeMap<String, Option<Shape>>,
    pub events: BTreeSet<String>,
    pub pickers: BTreeMap<String, Option<Picker>>,
    pub resources: Option<BTreeMap<String, Option<Resource>>>,
    pub tables: Option<BTreeMap<String, Option<Table>>>,
    pub patterns: Patterns,
}

/// Where a path leads.
pub enum Found<'m> {
    Field {
        field: &'m Field,
        /// The field is given in every input.
        always: bool,
        /// The field, or one on the way to it, is a secret.
        secret: bool,
    },
    /// Through something whose own spec is wrong: nothing can be said.
    Open,
    /// The step that leads nowhere, and the names that are there.
    Missing(&'m str, Vec<&'m str>),
}

/// The type of a field whose own spec is wrong. No name is empty, so it resolves to nothing and is never judged.
pub fn unknown_type() -> Type {
    Type::Ref(String::new())
}

impl Names {
    /// Whether everything that can be referred to is the same.
    pub fn are_as(&self, other: &Self) -> bool {
        self.types == other.types
            && self.events == other.events
            && self.pickers == other.pickers
            && self.resources == other.resources
            && self.tables == other.tables
    }

    /// Whether a type, or the one that it refers to, is wrong itself.
    pub fn is_open(&self, ty: &Type) -> bool {
        matches!(ty, Type::Ref(name) if self.shape(name).is_none())
    }

    fn shape(&self, name: &str) -> Option<&Shape> {
        self.types.get(name)?.as_ref()
    }

    /// The fields behind a type, through references.
    pub fn fields<'m>(&'m self, ty: &'m Type) -> Option<&'m [Field]> {
        match ty {
            Type::Object(fields) => Some(fields),
            Type::Ref(name) => match self.shape(name)? {
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
            Type::Ref(name) => match self.shape(name)? {
                Shape::Enum(values) => Some(values),
                Shape::Object(_) => None,
            },
            _ => None,
        }
    }

    /// Follows a dotted path through objects.
    pub fn find<'m>(&'m self, fields: &'m [Field], path: &'m str) -> Found<'m> {
        let (mut fields, mut always, mut secret) = (fields, true, false);
        let mut steps = path.split('.');
        let mut step = steps.next().unwrap_or_default();
        loop {
            let Some(field) = fields.iter().find(|field| field.name == step) else {
                return Found::Missing(step, fields.iter().map(|field| field.name.as_str()).collect());
            };
            always &= field.presence == Presence::Required;
            secret |= field.secret;
            let Some(next) = steps.next() else { return Found::Field { field, always, secret } };
            if self.is_open(&field.ty) {
                return Found::Open;
            }
            // An object that may be null need not have what is below it.
            always &= !field.nullable;
            step = next;
            fields = self.fields(&field.ty).unwrap_or_default();
        }
    }

    /// As [`Names::find`]; notes a path that leads nowhere.
    pub fn lookup<'m>(&'m self, notes: &mut Notes<'_>, span: &Span, fields: &'m [Field], path: &'m str) -> Found<'m> {
        let found = self.find(fields, path);
        if let Found::Missing(step, known) = &found {
            let message = match path.rsplit_once('.') {
                None => format!("there is no field `{path}`"),
                Some(_) => format!("`{path}` leads nowhere: there is no field `{step}`"),
            };
            notes.error(Code::UnknownField, span, message).suggest(step, known.iter().copied());
        }
        found
    }

    /// Notes a permission that is not declared.
    pub fn check_permission(&self, notes: &mut Notes<'_>, node: &Node, resource: &str, action: &str) {
        let Some(resources) = &self.resources else { return };
        let Some(known) = resources.get(resource) else {
            let span = notes.part(node, resource);
            let error = notes.error(Code::UnknownPermission, &span, format!("there is no resource `{resource}`"));
            match resources.is_empty() {
                true => error.help("declare it in permissions.yaml"),
                false => error.suggest(resource, resources.keys().map(String::as_str)),
            };
            return;
        };
        if let Some(known) = known
            && !known.actions.iter().any(|one| one == action)
        {
            let span = notes.part(node, action);
            let message = format!("the resource `{resource}` has no action `{action}`");
            let error = notes.error(Code::UnknownPermission, &span, message);
            error.suggest(action, known.actions.iter().map(String::as_str));
        }
    }

    /// The table of this name; `None` when there is none, which is noted, and when its own spec is wrong.
    pub fn table(&self, notes: &mut Notes<'_>, span: &Span, name: &str) -> Option<&Table> {
        let tables = self.tables.as_ref()?;
        match tables.get(name) {
            Some(table) => table.as_ref(),
            None => {
                let error = notes.error(Code::UnknownTable, span, format!("there is no table `{name}`"));
                error.suggest(name, tables.keys().map(String::as_str));
                None
            }
        }
    }
}

/// Whether a text is lower case with underscores, as names in files are.
pub fn is_snake(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('_')
        && !text.contains("__")
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Whether a text is upper case with underscores, as events are.
pub fn is_upper_snake(text: &str) -> bool {
    !text.contains(|c: char| c.is_ascii_lowercase()) && is_snake(&text.to_ascii_lowercase())
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
    matches!(text.to_snake_case().as_str(), "self" | "super" | "crate")
}

/// Two names with the same identity would be the same identifier in Rust, as a field or as a type.
pub fn identity(text: &str) -> String {
    text.to_upper_camel_case()
}

/// What people see of a field whose spec gives no label: `start_time` is `Start time`, `client_id` is `Client`.
pub fn label(name: &str) -> String {
    let words = name.to_snake_case().replace('_', " ");
    let words = words.strip_suffix(" id").unwrap_or(&words);
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_derived_from_names() {
        for (name, expected) in
            [("client_id", "Client"), ("start_time", "Start time"), ("id", "Id"), ("interactionId", "Interaction")]
        {
            assert_eq!(label(name), expected);
        }
    }

    #[test]
    fn names_have_a_form() {
        assert!(is_snake("a1_b") && !is_snake("_a") && !is_snake("a__b") && !is_snake("aB") && !is_snake(""));
        assert!(is_upper_snake("A_1") && !is_upper_snake("a_1") && !is_upper_snake("A_"));
        assert!(is_pascal("QuoteV2") && !is_pascal("quote") && !is_pascal("Quote_V2"));
        assert!(is_impossible("self") && is_impossible("Super") && !is_impossible("type"));
        assert_eq!(identity("clientId"), identity("client_id"));
        assert_eq!(identity("a1"), identity("a_1"));
    }
}
