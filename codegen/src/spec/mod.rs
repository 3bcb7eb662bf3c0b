//! From spec files to the model: everything is looked up and judged here, and every error of every file is found in one
//! run. A file that is wrong is still known by name, so that others are not blamed for referring to it.

mod access;
mod action;
mod audit;
mod catalog;
mod events;
mod fields;
pub(crate) mod file;
mod formats;
pub(crate) mod graph;
mod keys;
mod mappings;
mod named_types;
mod names;
mod pattern;
mod permissions;
mod pickers;
mod probe;
mod rules;
mod tables;
mod template;
mod types;
mod values;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use heck::ToUpperCamelCase;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::lint::{self, Findings};
use crate::model::{Action, Event, Group, Model, NamedType};
use crate::source::{self, SourceFile};
use crate::yaml::Node;
pub(crate) use fields::EXACT;
use file::{File, Role, Sorted};
pub(crate) use graph::Reach;
use keys::Notes;
pub(crate) use mappings::FIELD;
pub use mappings::{MAPPINGS, Mapping};
use names::Names;
pub use names::is_snake;
pub(crate) use names::{identity, is_impossible, is_key, is_pascal, label};
pub(crate) use probe::Probe;
pub(crate) use types::{is_enum_value, known_keys};

/// Schemas for forms are written out in full, and types that hold types that hold types grow fast.
pub(crate) const MOST_FIELDS: u64 = 10_000;

/// Reads a specs folder.
///
/// # Errors
///
/// Everything that is wrong with the specs.
pub fn load(specs: &Path) -> Result<Model, Diagnostics> {
    Loader::default().load(specs)
}

/// Reads specs again and again: what is the same as the last time is not parsed again.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    parses: file::Parses,
    resolved: Resolved,
}

impl Loader {
    /// Reads a specs folder.
    pub fn load(&mut self, specs: &Path) -> Result<Model, Diagnostics> {
        let mut found = Vec::new();
        let sources = source::read(specs, &mut found);
        self.resolve(sources, found)
    }

    fn resolve(&mut self, sources: Vec<SourceFile>, mut found: Vec<Diagnostic>) -> Result<Model, Diagnostics> {
        let files = file::parse(&sources, &mut self.parses, &mut found);
        let model = resolve(&files, &mut self.resolved, &mut found);
        drop(files);
        if found.is_empty() { Ok(model) } else { Err(Diagnostics::new(found, sources)) }
    }
}

/// The texts of a specs folder, as [`load_texts`] takes them.
///
/// # Errors
///
/// What cannot be read.
pub fn texts(specs: &Path) -> Result<Vec<(String, String)>, Diagnostics> {
    let mut found = Vec::new();
    let sources = source::read(specs, &mut found);
    if !found.is_empty() {
        return Err(Diagnostics::new(found, sources));
    }
    Ok(sources.into_iter().map(|source| (source.path, source.text)).collect())
}

/// Reads specs that are no files on disk: paths such as `specs/types/x.yaml`, and texts.
///
/// # Errors
///
/// As [`load`].
pub fn load_texts(texts: impl IntoIterator<Item = (String, String)>) -> Result<Model, Diagnostics> {
    let mut sources: Vec<SourceFile> = texts.into_iter().map(|(path, text)| SourceFile::new(path, text)).collect();
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Loader::default().resolve(sources, Vec::new())
}

/// Reads a specs folder, and looks for what is right and could be better.
///
/// # Errors
///
/// Everything that is wrong with the specs.
pub fn lint(specs: &Path) -> Result<Findings, Diagnostics> {
    let mut found = Vec::new();
    let sources = source::read(specs, &mut found);
    let files = file::parse(&sources, &mut file::Parses::default(), &mut found);
    let model = resolve(&files, &mut Resolved::default(), &mut found);
    if !found.is_empty() {
        drop(files);
        return Err(Diagnostics::new(found, sources));
    }
    let (found, silenced) = lint::lint(&files, &model);
    drop(files);
    Ok(Findings { diagnostics: Diagnostics::new(found, sources), silenced })
}

/// What the last run made of actions: the same file beside the same names is the same action.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    names: Names,
    /// Those that are right, by the paths of their files.
    actions: HashMap<String, (Arc<Node>, Action)>,
}

impl Resolved {
    /// The names that this run has. What was known beside others is forgotten.
    fn renew(&mut self, mut names: Names) {
        if !self.names.are_as(&names) {
            self.actions.clear();
        }
        // What was typed on the way to a pattern is not needed again.
        names.patterns = pattern::Patterns::default();
        self.names = names;
    }

    /// The actions of the files; those of files that are gone are forgotten.
    fn actions<'f>(&mut self, files: &'f Sorted<'f>, found: &mut Vec<Diagnostic>) -> Vec<(Action, &'f File<'f>)> {
        let mut before = std::mem::take(&mut self.actions);
        let mut actions = Vec::new();
        for file in files.of(Role::Action) {
            let known = before.remove_entry(file.path()).filter(|(_, (node, _))| Arc::ptr_eq(node, &file.node));
            if let Some((path, (node, action))) = known {
                actions.push((action.clone(), file));
                self.actions.insert(path, (node, action));
                continue;
            }
            let so_far = found.len();
            let action = action::action(&mut Notes::of(file, found), &self.names, file);
            if let Some(action) = action.as_ref().filter(|_| found.len() == so_far) {
                self.actions.insert(file.path().to_owned(), (Arc::clone(&file.node), action.clone()));
            }
            actions.extend(action.map(|action| (action, file)));
        }
        actions.sort_by(|(a, _), (b, _)| (&a.id, a.version).cmp(&(&b.id, b.version)));
        actions
    }
}

/// What files mean, with all that is wrong with them.
pub(crate) fn resolve(files: &Sorted<'_>, before: &mut Resolved, found: &mut Vec<Diagnostic>) -> Model {
    let mut names = Names::default();
    declare_shared(files, &mut names, found);
    let types = shared_types(files, &mut names, found);
    let events = events(files, &mut names, found);
    before.renew(names);
    let actions = before.actions(files, found);
    let names = &before.names;
    let catalog = catalog(files, &actions, found);
    let files_of_actions: Vec<&File<'_>> = actions.iter().map(|(_, file)| *file).collect();
    let mut model = Model {
        actions: actions.into_iter().map(|(action, _)| action).collect(),
        types: types.iter().map(|(named, _)| named.clone()).collect(),
        events,
        pickers: names.pickers.values().flatten().cloned().collect(),
        permissions: names.resources.iter().flatten().filter_map(|(_, resource)| resource.clone()).collect(),
        tables: names.tables.iter().flatten().filter_map(|(_, table)| table.clone()).collect(),
        catalog,
    };
    graph::mark_used(&mut model);
    let mut sizes = graph::Sizes::of(&model);
    for (action, file) in model.actions.iter().zip(files_of_actions) {
        for (key, fields) in [("input", &action.input), ("output", &action.output)] {
            if sizes.record(fields) > MOST_FIELDS
                && let Some(node) = file.node.get(key)
            {
                let message = format!("the {key} has more than {MOST_FIELDS} fields when its types are written out");
                let mut notes = Notes::of(file, found);
                notes.error(Code::TooLarge, &node.span, message).help("take apart what is not needed together");
            }
        }
    }
    for (named, (_, file)) in model.types.iter().zip(&types).filter(|(named, _)| named.used_in_output) {
        named_types::check_output(&mut Notes::of(file, found), named, file);
    }
    model
}

/// Enters permissions, tables and pickers, which build on each other in this order.
fn declare_shared(files: &Sorted<'_>, names: &mut Names, found: &mut Vec<Diagnostic>) {
    names.resources = if files.is_unreadable(Role::Permissions) { None } else { Some(Default::default()) };
    for file in files.of(Role::Permissions) {
        names.resources = permissions::permissions(&mut Notes::of(file, found), file);
    }
    names.tables = if files.is_unreadable(Role::Tables) { None } else { Some(Default::default()) };
    for file in files.of(Role::Tables) {
        names.tables = tables::tables(&mut Notes::of(file, found), file);
    }
    for stem in files.stems(Role::Picker) {
        names.pickers.insert(stem.to_owned(), None);
    }
    for file in files.of(Role::Picker) {
        let picker = pickers::picker(&mut Notes::of(file, found), names, file);
        let kind = file.declared("picker").unwrap_or(file.stem()).to_owned();
        names.pickers.insert(kind, picker);
    }
}

/// Types may refer to each other, so all are known before any is judged, and judged again once all can be looked into.
fn shared_types<'f>(
    files: &'f Sorted<'f>,
    names: &mut Names,
    found: &mut Vec<Diagnostic>,
) -> Vec<(NamedType, &'f File<'f>)> {
    for stem in files.stems(Role::Type) {
        names.types.insert(stem.to_upper_camel_case(), None);
    }
    names.types.extend(files.of(Role::Type).filter_map(|file| Some((file.declared("type")?.to_owned(), None))));
    let mut shapes = Vec::new();
    for file in files.of(Role::Type) {
        let mut first_look = Vec::new();
        shapes.extend(named_types::named_type(&mut Notes::of(file, &mut first_look), names, file));
    }
    names.types.extend(shapes.into_iter().map(|named| (named.name, Some(named.shape))));
    let mut types = Vec::new();
    for file in files.of(Role::Type) {
        types.extend(named_types::named_type(&mut Notes::of(file, found), names, file).map(|named| (named, file)));
    }
    types.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    types.dedup_by(|(a, _), (b, _)| a.name == b.name);
    let of_all: Vec<NamedType> = types.iter().map(|(named, _)| named.clone()).collect();
    for (name, ring) in graph::endless(&of_all) {
        let Some((_, file)) = types.iter().find(|(named, _)| named.name == name) else { continue };
        let mut notes = Notes::of(file, found);
        let error = notes.error(Code::EndlessType, &file.node.span, format!("the type always holds itself: {ring}"));
        error.help("make a field on the way `optional` or `nullable`, or a list");
    }
    types
}

fn events(files: &Sorted<'_>, names: &mut Names, found: &mut Vec<Diagnostic>) -> Vec<Event> {
    names.events = files.stems(Role::Event).map(str::to_ascii_uppercase).collect();
    names.events.extend(files.of(Role::Event).filter_map(|file| file.declared("event").map(str::to_owned)));
    let mut events = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files.of(Role::Event) {
        let mut notes = Notes::of(file, found);
        let Some(event) = events::event(&mut notes, names, file) else { continue };
        if !seen.insert(identity(&event.name)) {
            let message = format!("another event would have the same name as `{}` in Rust", event.name);
            notes.error(Code::Duplicate, &file.node.span, message);
        }
        events.push(event);
    }
    events.sort_by(|a, b| a.name.cmp(&b.name));
    events
}

/// Every action is in one group.
fn catalog(files: &Sorted<'_>, actions: &[(Action, &File<'_>)], found: &mut Vec<Diagnostic>) -> Vec<Group> {
    let mut known: BTreeSet<String> = files.action_ids().collect();
    known.extend(actions.iter().map(|(action, _)| action.id.clone()));
    let mut files_of_role = files.of(Role::Catalog);
    let Some(file) = files_of_role.next() else {
        if !actions.is_empty() && !files.is_unreadable(Role::Catalog) {
            let path = actions[0].1.sibling_path("catalog.yaml");
            let mut error = Diagnostic::of_file(Code::NotInCatalog, &path, "the file is missing");
            error.help("it lists the actions in groups, for workflow authors to choose from");
            found.push(error);
        }
        return Vec::new();
    };
    let Some(catalog) = catalog::catalog(&mut Notes::of(file, found), file, &known) else { return Vec::new() };
    for (action, own) in actions.iter().filter(|(action, _)| !catalog.listed.contains(&action.id)) {
        let Some(node) = own.node.get("action") else { continue };
        let mut notes = Notes::of(own, found);
        let error =
            notes.error(Code::NotInCatalog, &node.span, format!("`{}` is in no group of the catalog", action.id));
        error.help(format!("add it to the actions of a group in {}", file.path()));
    }
    catalog.groups
}
