//! Templates: which there are, and what files they become.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tera::{Context, Tera};

use super::model::Document;
use super::{Error, filters};
use crate::emit::reference;
use crate::model::{Model, Shape};

/// What a file of a target's folder ends with.
const SUFFIX: &str = ".tera";

/// Deeper folders are a loop of links.
const DEEPEST: usize = 16;

/// Templates by their paths below the folder of a target: `src/SUMMARY.md.tera`.
pub type Templates = BTreeMap<String, Template>;

#[derive(Debug, Clone)]
pub struct Template {
    pub text: String,
    /// As messages name it.
    pub origin: String,
}

/// The templates of a folder. One that is not there has none.
pub fn read(folder: &Path) -> Result<Templates, Error> {
    let mut templates = Templates::new();
    if folder.is_dir() {
        read_below(folder, "", 0, &mut templates)?;
    }
    Ok(templates)
}

fn read_below(root: &Path, below: &str, depth: usize, templates: &mut Templates) -> Result<(), Error> {
    let folder = root.join(below);
    let failed = |path: &Path, error| Error::Io(path.to_owned(), error);
    for entry in fs::read_dir(&folder).map_err(|error| failed(&folder, error))? {
        let entry = entry.map_err(|error| failed(&folder, error))?;
        let path = entry.path();
        let Some(name) = entry.file_name().to_str().map(|name| format!("{below}{name}")) else { continue };
        if path.is_dir() {
            if depth == DEEPEST {
                return Err(Error::Template(format!("{}: folders are nested too deep", path.display())));
            }
            read_below(root, &format!("{name}/"), depth + 1, templates)?;
        } else if name.ends_with(SUFFIX) {
            let text = fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
            templates.insert(name, Template { text, origin: path.display().to_string() });
        }
    }
    Ok(())
}

/// What a file is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Each {
    Once,
    Action,
    Module,
    Type,
    Event,
    Picker,
}

/// The placeholders of file names.
const PLACEHOLDERS: [(&str, Each); 7] = [
    ("action", Each::Action),
    ("name", Each::Action),
    ("version", Each::Action),
    ("module", Each::Module),
    ("type", Each::Type),
    ("event", Each::Event),
    ("picker", Each::Picker),
];

/// What a template's path is made for. The module of an action may be part of the path of its file.
fn each(path: &str, origin: &str) -> Result<Each, Error> {
    let mut each = Each::Once;
    for part in path.split('{').skip(1) {
        let Some((name, _)) = part.split_once('}') else {
            return Err(Error::Template(format!("{origin}: a placeholder is not closed: {{{part}")));
        };
        let Some((_, own)) = PLACEHOLDERS.iter().find(|(known, _)| *known == name) else {
            let known: Vec<String> = PLACEHOLDERS.iter().map(|(name, _)| format!("{{{name}}}")).collect();
            let known = known.join(", ");
            return Err(Error::Template(format!("{origin}: there is no placeholder {{{name}}}; there are {known}")));
        };
        each = match (each, *own) {
            (Each::Once | Each::Module, own) if own != Each::Module || each == Each::Once => own,
            (each, own) if each == own || (each == Each::Action && own == Each::Module) => each,
            _ => return Err(Error::Template(format!("{origin}: one file cannot be for two kinds of things"))),
        };
    }
    Ok(each)
}

/// A file to be: what stands for the placeholders, and what the template sees besides the model.
struct Instance {
    names: Vec<(&'static str, String)>,
    context: Context,
}

/// All files, by their paths.
pub fn render(model: &Model, document: &Document, templates: &Templates) -> Result<BTreeMap<String, String>, Error> {
    let mut tera = Tera::default();
    tera.autoescape_on(vec![".html.tera", ".xml.tera"]);
    filters::register(&mut tera);
    tera.global_context().insert("model", document);
    let sources = templates.iter().map(|(name, template)| (name.as_str(), template.text.as_str()));
    tera.add_raw_templates(sources).map_err(|error| failed(templates, &error))?;

    let mut files: BTreeMap<String, (String, &str)> = BTreeMap::new();
    for (name, template) in templates {
        let path = name.strip_suffix(SUFFIX).unwrap_or(name);
        if path.rsplit('/').next().is_some_and(|file| file.starts_with('_')) {
            continue;
        }
        for instance in instances(each(path, &template.origin)?, model, document)? {
            let text = tera.render(name, &instance.context).map_err(|error| failed(templates, &error))?;
            if text.trim().is_empty() {
                continue;
            }
            let mut file = path.to_owned();
            for (placeholder, own) in &instance.names {
                file = file.replace(&format!("{{{placeholder}}}"), own);
            }
            if let Some((_, other)) = files.get(&file) {
                let message = format!("{} and {other} both write {file}", template.origin);
                return Err(Error::Template(message));
            }
            files.insert(file, (format!("{}\n", text.trim_start_matches('\n').trim_end()), &template.origin));
        }
    }
    Ok(files.into_iter().map(|(path, (text, _))| (path, text)).collect())
}

fn instances(each: Each, model: &Model, document: &Document) -> Result<Vec<Instance>, Error> {
    let instance = |names: Vec<(&'static str, String)>, facts: Value| {
        let context = Context::from_serialize(&facts).map_err(|error| Error::Defect(error.to_string()))?;
        Ok(Instance { names, context })
    };
    match each {
        Each::Once => Ok(vec![Instance { names: Vec::new(), context: Context::new() }]),
        Each::Action => model
            .actions
            .iter()
            .zip(&document.actions)
            .map(|(own, action)| {
                let names = vec![
                    ("action", format!("{}.v{}", own.id, own.version)),
                    ("module", own.module.clone()),
                    ("name", own.name.clone()),
                    ("version", own.version.to_string()),
                ];
                let page = reference::page(model, own).map_err(Error::Defect)?;
                instance(names, json!({ "action": action, "page": page }))
            })
            .collect(),
        Each::Module => document
            .actions
            .chunk_by(|a, b| a.module == b.module)
            .map(|actions| {
                let name = actions.first().map(|action| action.module.clone()).unwrap_or_default();
                instance(vec![("module", name.clone())], json!({ "module": { "name": name, "actions": actions } }))
            })
            .collect(),
        Each::Type => model
            .types
            .iter()
            .zip(&document.types)
            .map(|(own, named)| {
                let rows = match &own.shape {
                    Shape::Object(fields) => reference::rows(model, fields),
                    Shape::Enum(_) => Vec::new(),
                };
                instance(vec![("type", own.name.clone())], json!({ "type": named, "rows": rows }))
            })
            .collect(),
        Each::Event => model
            .events
            .iter()
            .zip(&document.events)
            .map(|(own, event)| {
                let rows = reference::rows(model, &own.payload);
                let emitters: Vec<_> =
                    document.actions.iter().filter(|action| action.emits.contains(&own.name)).collect();
                let facts = json!({ "event": event, "rows": rows, "emitters": emitters });
                instance(vec![("event", own.name.clone())], facts)
            })
            .collect(),
        Each::Picker => document
            .pickers
            .iter()
            .map(|picker| instance(vec![("picker", picker.kind.clone())], json!({ "picker": picker })))
            .collect(),
    }
}

/// What is wrong with a template, with the file that it is in.
fn failed(templates: &Templates, error: &tera::Error) -> Error {
    let mut text = error.to_string();
    // Tera knows templates by their names; people, by their files.
    for (name, template) in templates {
        text = text.replace(&format!("--> {name}:"), &format!("--> {}:", template.origin));
    }
    Error::Template(text.trim_end().to_owned())
}
