//! Runs the generator: writes what differs, or says what would.

mod disk;
mod manifest;
mod output;
mod session;
mod stamp;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostics;
use crate::emit;
use crate::model::Model;
use disk::{list, write};
use manifest::MANIFEST;
pub(crate) use output::Output;
pub use session::Session;

/// Folders of the output that hold nothing but output.
const OWNED: [&str; 3] = ["src", "schemas", "docs"];

/// Generates from one specs folder into one output folder. For build scripts, too:
///
/// ```no_run
/// // build.rs
/// let generator = actwright_codegen::Generator::new("../specs", ".").bodies("../actions/src");
/// if let Err(error) = generator.run() {
///     eprintln!("{error}");
///     std::process::exit(1);
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Generator {
    specs: PathBuf,
    out: PathBuf,
    bodies: Option<PathBuf>,
}

/// What a run did. Paths are as they can be opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Actions in the specs; `None` when nothing had changed, so that they were not read.
    pub actions: Option<usize>,
    /// Files that are new or differ now.
    pub written: Vec<PathBuf>,
    /// Files that are no longer generated, and were removed.
    pub removed: Vec<PathBuf>,
    /// Files among the written and removed that somebody had edited.
    pub overwritten: Vec<PathBuf>,
    /// Skeletons that were created.
    pub skeletons: Vec<PathBuf>,
}

/// Why the generator could not do its work.
#[derive(Debug)]
pub enum Error {
    /// The specs are wrong.
    Specs(Box<Diagnostics>),
    /// The output is not what the specs say.
    Drift(Vec<Drift>),
    /// A file cannot be read or written.
    Io(PathBuf, io::Error),
    /// The generator itself is wrong.
    Defect(String),
}

/// A file that is not as the specs say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: DriftKind,
}

/// What is wrong with a generated file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriftKind {
    /// It is not there.
    Missing,
    /// It was generated from other specs.
    Changed,
    /// Nothing generates it.
    Stale,
    /// Somebody edited it.
    HandEdited,
}

impl DriftKind {
    /// What it is, in a word or two.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "out of date",
            Self::Stale => "stale",
            Self::HandEdited => "hand-edited",
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Missing | Self::Changed => "run `cargo gen`",
            Self::Stale => "run `cargo gen`, or remove the file if it is not a generated one",
            Self::HandEdited => "move the edit into the specs, then run `cargo gen`",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Specs(diagnostics) => write!(f, "{diagnostics}"),
            Self::Drift(all) => {
                for Drift { path, kind } in all {
                    writeln!(f, "{}: {}: {}", path.display(), kind.as_str(), kind.remedy())?;
                }
                write!(f, "{} generated file(s) are not as the specs say", all.len())
            }
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Defect(message) => write!(f, "the generator is wrong; please report this: {message}"),
        }
    }
}

impl std::error::Error for Error {}

impl Generator {
    /// Reads `specs`, writes below `out`.
    pub fn new(specs: impl Into<PathBuf>, out: impl Into<PathBuf>) -> Self {
        Self { specs: specs.into(), out: out.into(), bodies: None }
    }

    /// Also keeps the lists of modules in the folder of bodies, and creates skeletons there.
    #[must_use]
    pub fn bodies(mut self, bodies: impl Into<PathBuf>) -> Self {
        self.bodies = Some(bodies.into());
        self
    }

    /// Writes what differs, and removes what is no longer generated.
    ///
    /// # Errors
    ///
    /// Wrong specs (then nothing is written), or a file that cannot be written.
    pub fn run(&self) -> Result<Report, Error> {
        if self.is_settled() {
            return Ok(Report::default());
        }
        let report = Session::new(self.clone()).run()?;
        self.settle()?;
        Ok(report)
    }

    /// As [`Generator::run`], after creating a skeleton for each action that has no body. A file that is there is never
    /// touched.
    ///
    /// # Errors
    ///
    /// As [`Generator::run`].
    pub fn skeletons(&self) -> Result<Report, Error> {
        let mut session = Session::new(self.clone());
        let model = session.load()?;
        let mut created = Vec::new();
        for action in self.bodies.iter().flat_map(|_| &model.actions) {
            let name = emit::action_module(&action.name, action.version);
            let path = self.bodies_folder().join(&action.module).join(format!("{name}.rs"));
            if !path.exists() {
                write(&path, &emit::skeleton(action, &self.crate_name()))?;
                created.push(path);
            }
        }
        let report = session.write(&model)?;
        self.settle()?;
        Ok(Report { skeletons: created, ..report })
    }

    /// Compares without writing.
    ///
    /// # Errors
    ///
    /// Wrong specs, or every file that is not as they say.
    pub fn check(&self) -> Result<(), Error> {
        let mut session = Session::new(self.clone());
        let model = session.load()?;
        let files = session.files(&model)?;
        let mut all = Output::new(self.out.clone(), MANIFEST).drift(&files, &OWNED)?;
        for (path, content) in self.module_lists(&model)? {
            match fs::read_to_string(&path) {
                Ok(found) if found == content => {}
                Ok(_) => all.push(Drift { path, kind: DriftKind::Changed }),
                Err(_) => all.push(Drift { path, kind: DriftKind::Missing }),
            }
        }
        if all.is_empty() { Ok(()) } else { Err(Error::Drift(all)) }
    }

    /// The list of modules of each folder of bodies that is there.
    fn module_lists(&self, model: &Model) -> Result<Vec<(PathBuf, String)>, Error> {
        let modules: BTreeSet<&str> = model.actions.iter().map(|action| action.module.as_str()).collect();
        let folders =
            modules.into_iter().filter(|_| self.bodies.is_some()).map(|module| self.bodies_folder().join(module));
        folders
            .filter(|folder| folder.is_dir())
            .map(|folder| {
                let mut names = Vec::new();
                for entry in list(&folder)? {
                    let file = entry.strip_suffix(".rs").filter(|name| *name != "mod");
                    let folder_of_its_own = folder.join(&entry).join("mod.rs").is_file().then_some(entry.as_str());
                    names.extend(file.or(folder_of_its_own).map(str::to_owned));
                }
                names.sort();
                Ok((folder.join("mod.rs"), emit::module_list(&names)))
            })
            .collect()
    }

    fn bodies_folder(&self) -> PathBuf {
        self.bodies.clone().unwrap_or_default()
    }

    /// The folder of bodies as messages name it: as seen from the folder that holds the specs, wherever that is.
    fn bodies_name(&self) -> String {
        let absolute = |path: &Path| {
            path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
        };
        let (specs, bodies) = (absolute(&self.specs), absolute(&self.bodies_folder()));
        let name = specs.parent().and_then(|root| bodies.strip_prefix(root).ok()).unwrap_or(&bodies);
        if name.as_os_str().is_empty() || name.is_absolute() {
            return "src".to_owned();
        }
        name.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    }

    /// The crate that is generated into, as bodies import it.
    fn crate_name(&self) -> String {
        let manifest = fs::read_to_string(self.out.join("Cargo.toml")).unwrap_or_default();
        let name = manifest.lines().find_map(|line| line.strip_prefix("name")?.trim_start().strip_prefix('='));
        name.map_or_else(|| "actwright_generated".to_owned(), |name| name.trim().trim_matches('"').replace('-', "_"))
    }
}
