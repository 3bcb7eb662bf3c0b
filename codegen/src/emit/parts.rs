//! The parts that the output is made in.
//!
//! Each is made from a view: a model that holds only what the part depends on. Nothing else reaches it, so equal views give
//! equal files, and a run can take over what an earlier one made: by construction, not by a list of dependencies that
//! somebody has to keep.

use std::collections::{BTreeMap, BTreeSet};

use super::schema::{self, Profile};
use super::{NamedFiles, action, action_module, library, pretty, reference, rust, spec_schema};
use crate::model::{Action, Effects, Field, Idempotency, Model, Shape, Type};
use crate::spec::Reach;

/// A part of the output.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub name: Name,
    view: Model,
}

/// What a part is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    Library,
    /// The schemas of specs, for editors.
    SpecSchemas,
    Types,
    Events,
    Pickers,
    Tables,
    /// By its id and version.
    Action(String, u32),
}

/// Everything but the lists for people, which depend on most of the model and are quickly made.
pub fn parts(model: &Model) -> Vec<Part> {
    let Model { types, events, pickers, tables, .. } = model;
    let of = |name, view| Part { name, view };
    let outlines: Vec<Action> = model.actions.iter().map(outline).collect();
    let shared = [
        of(Name::Library, Model { actions: outlines.clone(), ..Model::default() }),
        of(
            Name::SpecSchemas,
            Model {
                actions: outlines,
                types: types.clone(),
                events: events.clone(),
                pickers: pickers.clone(),
                tables: tables.clone(),
                ..Model::default()
            },
        ),
        of(Name::Types, Model { types: types.clone(), ..Model::default() }),
        of(Name::Events, Model { events: events.clone(), types: types.clone(), ..Model::default() }),
        of(Name::Pickers, Model { pickers: pickers.clone(), ..Model::default() }),
        of(Name::Tables, Model { tables: tables.clone(), ..Model::default() }),
    ];
    let reach = Reach::of(types);
    let actions = model.actions.iter().map(|action| {
        let name = Name::Action(action.id.clone(), action.version);
        of(name, view_of_action(model, &reach, action))
    });
    shared.into_iter().chain(actions).collect()
}

/// What tells an action from others.
fn outline(action: &Action) -> Action {
    Action {
        id: action.id.clone(),
        module: action.module.clone(),
        name: action.name.clone(),
        version: action.version,
        source: String::new(),
        label: String::new(),
        description: String::new(),
        effects: Effects::Read,
        idempotency: Idempotency::Engine,
        permissions: Vec::new(),
        may_require: Vec::new(),
        input: Vec::new(),
        rules: Vec::new(),
        output: Vec::new(),
        audit: None,
        emits: Vec::new(),
        examples: Vec::new(),
    }
}

/// The action, and the shared types and pickers that it leads to.
fn view_of_action(model: &Model, reach: &Reach<'_>, action: &Action) -> Model {
    let reached = reach.from(action.input.iter().chain(&action.output));
    let types: Vec<_> = model.types.iter().filter(|named| reached.contains(named.name.as_str())).cloned().collect();
    let mut kinds = BTreeSet::new();
    picker_kinds(&action.input, &mut kinds);
    for named in &types {
        if let Shape::Object(fields) = &named.shape {
            picker_kinds(fields, &mut kinds);
        }
    }
    let pickers = model.pickers.iter().filter(|picker| kinds.contains(picker.kind.as_str())).cloned().collect();
    Model { actions: vec![action.clone()], types, pickers, ..Model::default() }
}

fn picker_kinds<'m>(fields: &'m [Field], kinds: &mut BTreeSet<&'m str>) {
    for field in fields {
        kinds.extend(field.picker.as_ref().map(|picker| picker.kind.as_str()));
        let mut ty = &field.ty;
        while let Type::List { items, .. } | Type::Map(items) = ty {
            ty = &items.ty;
        }
        if let Type::Object(fields) = ty {
            picker_kinds(fields, kinds);
        }
    }
}

impl Part {
    /// Its files. `bodies` is the folder of bodies, as messages name it.
    pub fn files(&self, bodies: &str) -> Result<NamedFiles, String> {
        let view = &self.view;
        let one = |path: &str, source: &str, tokens| Ok(vec![(path.to_owned(), rust(source, tokens)?)]);
        match self.name {
            Name::Library => library_files(view),
            Name::SpecSchemas => {
                let all = spec_schema::all(view).into_iter();
                Ok(all.map(|(name, schema)| (format!("schemas/spec/{name}.json"), pretty(&schema))).collect())
            }
            Name::Types => one("src/types.rs", "specs/types/", library::types(view)),
            Name::Events => one("src/events.rs", "specs/events/", library::events(view)),
            Name::Pickers => one("src/pickers.rs", "specs/pickers/", library::pickers(view)),
            Name::Tables => one("src/tables.rs", "specs/tables.yaml", library::tables(view)),
            Name::Action(..) => {
                let mut files = Vec::new();
                for action in &view.actions {
                    files.extend(of_action(view, action, bodies)?);
                }
                Ok(files)
            }
        }
    }
}

/// What names all modules of the crate.
fn library_files(view: &Model) -> Result<NamedFiles, String> {
    let mut modules: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for action in &view.actions {
        modules.entry(&action.module).or_default().push(action_module(&action.name, action.version));
    }
    let names: Vec<&str> = modules.keys().copied().collect();
    let mut files = vec![("src/lib.rs".to_owned(), rust("the specs", library::library(view, &names))?)];
    for (module, names) in &modules {
        let code = rust(&format!("specs/actions/{module}/"), library::action_modules(names))?;
        files.push((format!("src/{module}.rs"), code));
    }
    Ok(files)
}

fn of_action(view: &Model, action: &Action, bodies: &str) -> Result<NamedFiles, String> {
    let module = action_module(&action.name, action.version);
    let code = rust(&action.source, action::module(view, action, bodies))?;
    let mut files = vec![(format!("src/{}/{module}.rs", action.module), code)];
    let name = format!("{}.v{}", action.id, action.version);
    for (suffix, schema) in [
        ("input", schema::input(view, action, Profile::Inline)),
        ("output", schema::output(view, action, Profile::Inline)),
        ("input.refs", schema::input(view, action, Profile::References)),
        ("output.refs", schema::output(view, action, Profile::References)),
    ] {
        files.push((format!("schemas/{name}.{suffix}.json"), pretty(&schema)));
    }
    files.push((format!("docs/{name}.md"), reference::page(view, action)?));
    Ok(files)
}
