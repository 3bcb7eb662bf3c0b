//! Help for people who write specs in an editor: what is wrong, what may stand where the cursor is, what a name means, where
//! it is declared, and what else a new name changes. Knows nothing of any editor's protocol: places are bytes of files.

mod complete;
mod cursor;
mod hover;
mod index;
mod rename;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

pub use complete::{Completion, CompletionKind};
pub use hover::Hover;
pub use index::Place;
pub use rename::Edit;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::emit::spec_schema;
use crate::lint;
use crate::model::Model;
use crate::scaffold;
use crate::source::{self, SourceFile};
use crate::spec::file::{self, Parses};
use crate::spec::{Resolved, resolve};
use crate::yaml::Node;
use index::{Index, Named};

/// The specs of a folder, as they are on disk and in an editor.
#[derive(Debug)]
pub struct Workspace {
    specs: PathBuf,
    /// Texts that an editor holds, by path: they count instead of the files.
    open: BTreeMap<String, String>,
    parses: Parses,
    resolved: Resolved,
    texts: BTreeMap<String, String>,
    /// The last tree of each file that was YAML: what is being typed seldom is.
    trees: HashMap<String, Arc<Node>>,
    diagnostics: Diagnostics,
    model: Model,
    /// The schemas of specs, made when they are asked for.
    schemas: OnceLock<BTreeMap<&'static str, Value>>,
    index: Index,
}

impl Workspace {
    /// Reads the specs of a folder.
    pub fn new(specs: impl Into<PathBuf>) -> Self {
        let mut workspace = Self {
            specs: specs.into(),
            open: BTreeMap::new(),
            parses: Parses::default(),
            resolved: Resolved::default(),
            texts: BTreeMap::new(),
            trees: HashMap::new(),
            diagnostics: Diagnostics::default(),
            model: Model::default(),
            schemas: OnceLock::new(),
            index: Index::default(),
        };
        workspace.refresh();
        workspace
    }

    fn schemas(&self) -> &BTreeMap<&'static str, Value> {
        self.schemas.get_or_init(|| spec_schema::all(&self.model))
    }

    /// The folder of the specs.
    pub fn specs(&self) -> &std::path::Path {
        &self.specs
    }

    /// Takes a text of a file that an editor has opened or changed; `None` when it is closed.
    pub fn edit(&mut self, path: &str, text: Option<String>) {
        match text {
            Some(text) => self.open.insert(path.to_owned(), text),
            None => self.open.remove(path),
        };
    }

    /// Looks at everything once more: on disk, and in the editor.
    pub fn refresh(&mut self) {
        let mut found = Vec::new();
        let mut sources = source::read(&self.specs, &mut found);
        // An editor may have a file that is not saved yet, or not saved as something that can be read.
        found.retain(|one| !self.open.contains_key(&one.file));
        sources.retain(|source| !self.open.contains_key(&source.path));
        sources.extend(self.open.iter().map(|(path, text)| SourceFile::new(path.clone(), text.clone())));
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        let files = file::parse(&sources, &mut self.parses, &mut found);
        self.model = resolve(&files, &mut self.resolved, &mut found);
        self.schemas.take();
        if found.is_empty() {
            found = lint::lint(&files, &self.model).0;
        }
        self.index = Index::of(&files);
        self.trees.extend(files.all().map(|(_, file)| (file.path().to_owned(), Arc::clone(&file.node))));
        drop(files);
        self.texts = sources.iter().map(|source| (source.path.clone(), source.text.clone())).collect();
        self.diagnostics = Diagnostics::new(found, sources);
    }

    /// What is wrong; where nothing is, what could be better.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter()
    }

    /// The text of a file, as it counts.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.texts.get(file).map(String::as_str)
    }

    /// What may stand at a place.
    pub fn complete(&self, file: &str, offset: usize) -> Vec<Completion> {
        complete::complete(self, file, offset).unwrap_or_default()
    }

    /// What the name or key at a place means.
    pub fn hover(&self, file: &str, offset: usize) -> Option<Hover> {
        hover::hover(self, file, offset)
    }

    /// Where the name at a place is declared.
    pub fn definition(&self, file: &str, offset: usize) -> Option<&Place> {
        self.index.definition_at(file, offset).map(|definition| &definition.place)
    }

    /// Where the name at a place is used, and, if wanted, declared.
    pub fn references(&self, file: &str, offset: usize, with_declaration: bool) -> Vec<&Place> {
        let Some(definition) = self.index.definition_at(file, offset) else { return Vec::new() };
        let declared = with_declaration.then_some(&definition.place);
        declared.into_iter().chain(self.index.references_to(&definition.place)).collect()
    }

    /// The name at a place, where it can be changed.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub fn renamable(&self, file: &str, offset: usize) -> Result<&Place, String> {
        rename::renamable(self, file, offset)
    }

    /// What a new name for the field at a place changes, in all files.
    ///
    /// # Errors
    ///
    /// Why it cannot have the name.
    pub fn rename(&self, file: &str, offset: usize, name: &str) -> Result<Vec<Edit>, String> {
        rename::rename(self, file, offset, name)
    }

    /// The body of the action whose id is at a place: a path below the folder of bodies.
    pub fn body_at(&self, file: &str, offset: usize) -> Option<String> {
        let definition = self.index.definition_at(file, offset).filter(|found| found.kind == Named::Action)?;
        let action = self.model.actions.iter().find(|action| action.source == definition.place.file)?;
        Some(scaffold::body_path(&action.module, &action.name, action.version))
    }

    /// The id in the spec that a body is of; the path of the body is below the folder of bodies.
    pub fn spec_of_body(&self, body: &str) -> Option<&Place> {
        let is_of =
            |action: &&crate::model::Action| scaffold::body_path(&action.module, &action.name, action.version) == body;
        let action = self.model.actions.iter().find(is_of)?;
        let is_its_id = |found: &&index::Definition| found.kind == Named::Action && found.place.file == action.source;
        self.index.definitions.iter().find(is_its_id).map(|found| &found.place)
    }
}
