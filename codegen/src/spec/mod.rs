//! From spec files to the model: everything is looked up and judged here, and every error of every file is found in one
//! run. A file that is wrong is still known by name, so that others are not blamed for referring to it.

mod action;
mod catalog;
mod fields;
mod keys;
mod names;
mod rules;
mod shared;
mod values;

use std::collections::BTreeMap;
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Model, NamedType, Shape, Type};
use crate::source::{self, SourceFile};
use crate::yaml::{self, Node};
use keys::Notes;
use names::Names;

/// A parsed spec file.
pub struct File {
    path: String,
    node: Node,
}

/// What a file declares, told from where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Action,
    Type,
    Event,
    Picker,
    Permissions,
    Catalog,
    Tables,
}

/// Reads a specs folder.
///
/// # Errors
///
/// Everything that is wrong with the specs.
pub fn load(specs: &Path) -> Result<Model, Diagnostics> {
    let mut found = Vec::new();
    let files = source::read(specs, &mut found);
    let model = resolve(&files, &mut found);
    if found.is_empty() { Ok(model) } else { Err(Diagnostics::new(found, &files)) }
}

fn resolve(sources: &[SourceFile], found: &mut Vec<Diagnostic>) -> Model {
    let mut files = parse(sources, found);
    let mut take = |role: Role| -> Vec<File> {
        let (of_role, rest) = std::mem::take(&mut files).into_iter().partition(|(one, _)| *one == role);
        files = rest;
        let of_role: Vec<(Role, File)> = of_role;
        of_role.into_iter().map(|(_, file)| file).collect()
    };
    let mut names = Names::default();
    for file in take(Role::Permissions) {
        names.permissions = shared::permissions(&mut Notes { file: &file.path, all: found }, &file);
    }
    for file in take(Role::Tables) {
        names.tables = shared::tables(&mut Notes { file: &file.path, all: found }, &file);
    }
    for file in take(Role::Picker) {
        let mut notes = Notes { file: &file.path, all: found };
        let picker = shared::picker(&mut notes, &names, &file);
        declare(&mut notes, &file, "picker", &mut names.pickers, picker);
    }
    let types = types(take(Role::Type), &mut names, found);
    for file in take(Role::Event) {
        let mut notes = Notes { file: &file.path, all: found };
        let event = shared::event(&mut notes, &names, &file);
        declare(&mut notes, &file, "event", &mut names.events, event);
    }
    let mut actions = Vec::new();
    let mut known = BTreeMap::new();
    for file in take(Role::Action) {
        let mut notes = Notes { file: &file.path, all: found };
        let action = action::action(&mut notes, &names, &file);
        known.extend(shared::declared(&file, "action").map(|id| (id.to_owned(), action.is_some())));
        actions.extend(action.map(|action| (action, file)));
    }
    let mut groups = Vec::new();
    let catalogs = take(Role::Catalog);
    for file in &catalogs {
        groups = catalog::groups(&mut Notes { file: &file.path, all: found }, file, &known);
    }
    actions.sort_by(|(a, _), (b, _)| (&a.id, a.version).cmp(&(&b.id, b.version)));
    for (action, file) in &actions {
        catalog::check_listed(&mut Notes { file: &file.path, all: found }, action, &file.node, &groups);
    }
    let mut model = Model {
        actions: actions.into_iter().map(|(action, _)| action).collect(),
        types,
        events: names.events.into_values().flatten().collect(),
        pickers: names.pickers.into_values().flatten().collect(),
        permissions: names.permissions,
        tables: names.tables,
        catalog: groups,
    };
    mark_used(&mut model);
    model
}

/// Parses every file, and tells its role.
fn parse(sources: &[SourceFile], found: &mut Vec<Diagnostic>) -> Vec<(Role, File)> {
    let mut files = Vec::new();
    for source in sources {
        let Some(role) = role(&source.path) else {
            let message = "does not belong here";
            let help = "specs are in actions/<module>/, types/, events/ and pickers/, and in permissions.yaml, catalog.yaml \
                        and tables.yaml";
            found.push(Diagnostic::of_file(Code::MisplacedFile, &source.path, message).help(help));
            continue;
        };
        match yaml::parse(&source.text) {
            Ok(node) => files.push((role, File { path: source.path.clone(), node })),
            Err(error) => found.push(Diagnostic::at(Code::Syntax, &source.path, error.span, error.message)),
        }
    }
    files
}

fn role(path: &str) -> Option<Role> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        ["actions", _, _] => Some(Role::Action),
        ["types", _] => Some(Role::Type),
        ["events", _] => Some(Role::Event),
        ["pickers", _] => Some(Role::Picker),
        ["permissions.yaml"] => Some(Role::Permissions),
        ["catalog.yaml"] => Some(Role::Catalog),
        ["tables.yaml"] => Some(Role::Tables),
        _ => None,
    }
}

/// Types may refer to each other, so all are known before any is judged.
fn types(files: Vec<File>, names: &mut Names, found: &mut Vec<Diagnostic>) -> Vec<NamedType> {
    for file in &files {
        names.types.extend(shared::declared(file, "type").map(|name| (name.to_owned(), None)));
    }
    let mut types: Vec<(NamedType, File)> = Vec::new();
    for file in files {
        let mut notes = Notes { file: &file.path, all: found };
        let Some(named) = shared::named_type(&mut notes, names, &file) else { continue };
        if let Some((first, _)) = types.iter().find(|(other, _)| other.name == named.name) {
            let message = format!("the type `{}` is declared in {}, too", named.name, first.source);
            notes.error(Code::Duplicate, &file.node.span, message);
            continue;
        }
        types.push((named, file));
    }
    names.types.extend(types.iter().map(|(named, _)| (named.name.clone(), Some(named.shape.clone()))));
    for (named, file) in &types {
        if let Some(path) = shared::endless(names, &named.name) {
            let notes = Notes { file: &file.path, all: found };
            let problem = notes.at(Code::EndlessType, &file.node.span, format!("the type always holds itself: {path}"));
            let help = "make a field on the way `optional` or `nullable`, or a list";
            notes.all.push(problem.help(help));
        }
    }
    types.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    types.into_iter().map(|(named, _)| named).collect()
}

/// Enters what a file declares under the name that it gives, right or wrong.
fn declare<T>(notes: &mut Notes<'_>, file: &File, key: &str, all: &mut BTreeMap<String, Option<T>>, value: Option<T>) {
    let Some(name) = shared::declared(file, key) else { return };
    if all.contains_key(name) {
        notes.error(Code::Duplicate, &file.node.span, format!("the {key} `{name}` is declared twice"));
        return;
    }
    all.insert(name.to_owned(), value);
}

/// Notes which shared types inputs and outputs reach.
fn mark_used(model: &mut Model) {
    let mut input = Vec::new();
    let mut output = Vec::new();
    for action in &model.actions {
        action.input.iter().for_each(|field| references(&field.ty, &mut input));
        action.output.iter().for_each(|field| references(&field.ty, &mut output));
    }
    for event in &model.events {
        event.payload.iter().for_each(|field| references(&field.ty, &mut output));
    }
    let (input, output) = (reach(&model.types, input), reach(&model.types, output));
    for named in &mut model.types {
        named.used_in_input = input.contains(&named.name);
        named.used_in_output = output.contains(&named.name);
    }
}

fn reach(types: &[NamedType], mut open: Vec<String>) -> Vec<String> {
    let mut reached = Vec::new();
    while let Some(name) = open.pop() {
        if reached.contains(&name) {
            continue;
        }
        if let Some(Shape::Object(fields)) = types.iter().find(|named| named.name == name).map(|named| &named.shape) {
            fields.iter().for_each(|field| references(&field.ty, &mut open));
        }
        reached.push(name);
    }
    reached
}

fn references(ty: &Type, names: &mut Vec<String>) {
    match ty {
        Type::Ref(name) => names.push(name.clone()),
        Type::List { items, .. } | Type::Map(items) => references(&items.ty, names),
        Type::Object(fields) => fields.iter().for_each(|field| references(&field.ty, names)),
        _ => {}
    }
}
