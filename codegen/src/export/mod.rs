//! Outputs for others: types and a client in TypeScript, OpenAPI, a book, the resolved model, and what a team adds with
//! templates of its own.

mod filters;
mod model;
mod openapi;
mod resolved;
mod templates;
mod typescript;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::diagnostic::closest;
use crate::generator::{self, Drift, Output, Report};
use crate::model::Model;
use templates::{Template, Templates};

pub use model::VERSION as MODEL_VERSION;

/// The name of the list of what was exported, in the folder that it was exported into. Targets can share a folder.
fn manifest(target: &str) -> String {
    format!(".exported.{target}.json")
}

/// What an export did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Files that are new or differ now.
    pub written: Vec<PathBuf>,
    /// Files that are no longer exported, and were removed.
    pub removed: Vec<PathBuf>,
    /// Files among them that somebody had edited.
    pub overwritten: Vec<PathBuf>,
}

/// Something that can be exported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// As the command line knows it.
    pub name: String,
    /// What it is.
    pub about: String,
}

/// Why something could not be exported.
#[derive(Debug)]
pub enum Error {
    /// There is no such target; those that there are.
    UnknownTarget(String, Vec<Target>),
    /// A template is wrong.
    Template(String),
    /// A file of somebody else is where one would be written.
    NotOurs(PathBuf),
    /// Files are not as they would be exported.
    Drift(Vec<Drift>),
    /// A file cannot be read or written.
    Io(PathBuf, io::Error),
    /// The generator itself is wrong.
    Defect(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownTarget(name, known) => {
                write!(f, "there is no target `{name}`")?;
                let names: Vec<&str> = known.iter().map(|target| target.name.as_str()).collect();
                match closest(name, &names) {
                    Some(near) => write!(f, ": did you mean `{near}`?"),
                    None => write!(f, ": there are {}", names.join(", ")),
                }
            }
            Self::Template(message) => f.write_str(message),
            Self::NotOurs(path) => {
                write!(f, "{} is there, and was not exported: move it, or export into another folder", path.display())
            }
            Self::Drift(all) => {
                for Drift { path, kind } in all {
                    writeln!(f, "{}: {}: export again", path.display(), kind.as_str())?;
                }
                write!(f, "{} exported file(s) are not as the specs say", all.len())
            }
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Defect(message) => write!(f, "the generator is wrong; please report this: {message}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<generator::Error> for Error {
    fn from(error: generator::Error) -> Self {
        match error {
            generator::Error::Io(path, error) => Self::Io(path, error),
            generator::Error::Drift(all) => Self::Drift(all),
            generator::Error::Defect(message) => Self::Defect(message),
            generator::Error::Specs(errors) => Self::Defect(errors.to_string()),
        }
    }
}

/// A built-in target.
struct BuiltIn {
    name: &'static str,
    about: &'static str,
    /// Paths and texts.
    templates: &'static [(&'static str, &'static str)],
}

macro_rules! templates {
    ($target:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../templates/", $target, "/", $path)))),+]
    };
}

const BUILT_IN: [BuiltIn; 4] = [
    BuiltIn {
        name: "mdbook",
        about: "The reference as a book with search, for mdBook",
        templates: templates!("mdbook":
            "book.toml.tera",
            "src/SUMMARY.md.tera",
            "src/README.md.tera",
            "src/actions/{action}.md.tera",
            "src/types/{type}.md.tera",
            "src/events/{event}.md.tera",
            "src/pickers.md.tera",
            "src/permissions.md.tera",
        ),
    },
    BuiltIn { name: "model", about: "The resolved model as JSON, with its JSON Schema", templates: &[] },
    BuiltIn { name: "openapi", about: "The actions over HTTP, as OpenAPI 3.1", templates: &[] },
    BuiltIn {
        name: "typescript",
        about: "Types of inputs, outputs and events, and a typed client",
        templates: templates!("typescript":
            "index.ts.tera",
            "client.ts.tera",
            "inputs.ts.tera",
            "outputs.ts.tera",
            "events.ts.tera",
            "actions/{action}.ts.tera",
        ),
    },
];

/// What can be exported: what is built in, and a folder of templates each.
///
/// # Errors
///
/// A folder that cannot be read.
pub fn targets(templates: &Path) -> Result<Vec<Target>, Error> {
    let own = |built_in: &BuiltIn| Target { name: built_in.name.to_owned(), about: built_in.about.to_owned() };
    let mut all: Vec<Target> = BUILT_IN.iter().map(own).collect();
    if templates.is_dir() {
        let failed = |error| Error::Io(templates.to_owned(), error);
        for entry in fs::read_dir(templates).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !entry.path().is_dir() || name.starts_with('.') {
                continue;
            }
            let folder = entry.path().display().to_string();
            match all.iter_mut().find(|target| target.name == name) {
                Some(target) => target.about = format!("{}; some of it from {folder}", target.about),
                None => all.push(Target { name, about: format!("The templates of {folder}") }),
            }
        }
    }
    all.sort();
    Ok(all)
}

/// The files of a target, by their paths. Templates of the target's folder below `templates` go before built-in ones of
/// the same path.
///
/// # Errors
///
/// A target that is not there, a template that is wrong.
pub fn files(model: &Model, target: &str, templates: &Path) -> Result<BTreeMap<String, String>, Error> {
    let mut all = built_in_templates(target);
    let is_known = BUILT_IN.iter().any(|known| known.name == target);
    let is_name = !target.is_empty() && !target.starts_with('.') && !target.contains(['/', '\\']);
    let own = templates.join(target);
    let is_own = is_name && own.is_dir();
    if !is_known && !is_own {
        return Err(Error::UnknownTarget(target.to_owned(), targets(templates)?));
    }
    all.extend(templates::read(&own)?);
    if all.is_empty() && !is_known {
        return Err(Error::Template(format!("{}: there are no templates, which end in .tera", own.display())));
    }
    let document = resolved::document(model);
    let mut files = match target {
        "model" => BTreeMap::from([
            ("model.json".to_owned(), pretty(&document)?),
            ("model.schema.json".to_owned(), pretty(&model_schema())?),
        ]),
        "openapi" => {
            let document = openapi::document(model).map_err(Error::Defect)?;
            BTreeMap::from([("openapi.json".to_owned(), pretty(&document)?)])
        }
        _ => BTreeMap::new(),
    };
    files.extend(templates::render(model, &document, &all)?);
    if files.contains_key(&manifest(target)) {
        return Err(Error::Template(format!("no template may write {}: it lists what was exported", manifest(target))));
    }
    Ok(files)
}

/// The built-in templates of a target, by their paths; none for one that is made without.
pub fn built_in(target: &str) -> BTreeMap<String, String> {
    built_in_templates(target).into_iter().map(|(path, template)| (path, template.text)).collect()
}

fn built_in_templates(target: &str) -> Templates {
    let own = BUILT_IN.iter().find(|known| known.name == target);
    let all = own.into_iter().flat_map(|own| own.templates);
    let template = |(path, text): &(&str, &str)| {
        let origin = format!("the built-in template {target}/{path}");
        ((*path).to_owned(), Template { text: (*text).to_owned(), origin })
    };
    all.map(template).collect()
}

/// The JSON Schema (draft 2020-12) of the resolved model.
pub fn model_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<model::Document>().to_value()
}

/// Writes what differs, and removes what an earlier run wrote and this one does not.
///
/// # Errors
///
/// A file that is there and was not exported, unless it says the same already; then nothing is written. A file that
/// cannot be written.
pub fn write(files: BTreeMap<String, String>, target: &str, out: &Path) -> Result<Written, Error> {
    let manifest = manifest(target);
    let mut output = Output::new(out.to_owned(), &manifest);
    if let Some(path) = output.not_ours(&files) {
        return Err(Error::NotOurs(path));
    }
    let Report { mut written, removed, overwritten, .. } = output.write(crate::emit::emitted(files))?;
    written.retain(|path| !path.ends_with(&manifest));
    Ok(Written { written, removed, overwritten })
}

/// Compares without writing.
///
/// # Errors
///
/// Every file that is not as it would be written.
pub fn check(files: BTreeMap<String, String>, target: &str, out: &Path) -> Result<(), Error> {
    let drift = Output::new(out.to_owned(), &manifest(target)).drift(&crate::emit::emitted(files), &[])?;
    if drift.is_empty() { Ok(()) } else { Err(Error::Drift(drift)) }
}

fn pretty(value: &impl Serialize) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Error::Defect(error.to_string()))?;
    Ok(format!("{text}\n"))
}
