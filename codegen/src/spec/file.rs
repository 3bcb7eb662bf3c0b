//! Spec files and what they are for, told from where they stand.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;

use super::keys::Notes;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::SourceFile;
use crate::yaml::{self, DuplicateKey, Kind, Node, Span, SyntaxError};

/// In files. A thread for fewer would cost more than it saves.
const SMALLEST_SHARE: usize = 32;

/// A spec file that is YAML.
pub struct File<'s> {
    source: &'s SourceFile,
    pub node: Arc<Node>,
}

/// What a file declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Action,
    Type,
    Event,
    Picker,
    Permissions,
    Catalog,
    Tables,
}

/// Spec files by their role.
pub struct Sorted<'s> {
    files: Vec<(Role, File<'s>)>,
    /// Those that are not YAML: they may declare what their names say.
    unreadable: Vec<(Role, &'s SourceFile)>,
}

impl<'s> File<'s> {
    /// A file that holds this value.
    pub fn of(source: &'s SourceFile, node: Node) -> Self {
        Self { source, node: Arc::new(node) }
    }

    pub fn path(&self) -> &'s str {
        &self.source.path
    }

    pub fn text(&self) -> &'s str {
        &self.source.text
    }

    /// Below the specs folder.
    pub fn relative_path(&self) -> &'s str {
        relative(self.path())
    }

    /// The whole path of another file below the specs folder.
    pub fn sibling_path(&self, relative: &str) -> String {
        let root = self.path().split('/').next().unwrap_or_default();
        format!("{root}/{relative}")
    }

    /// The name of the file without folders and extension.
    pub fn stem(&self) -> &'s str {
        stem(self.path())
    }

    /// The name that the file gives to what it declares.
    pub fn declared(&self, key: &str) -> Option<&str> {
        match &self.node.get(key)?.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Notes a file that is not named after what it declares.
    pub fn check_name(&self, notes: &mut Notes<'_>, span: &Span, name: &str, stem: &str) {
        if self.stem() != stem {
            let error = notes.error(Code::MisplacedFile, span, format!("`{name}` does not belong in this file"));
            error.help(format!("name the file {stem}.yaml, or correct the name"));
        }
    }
}

impl<'s> Sorted<'s> {
    pub fn of(&self, role: Role) -> impl Iterator<Item = &File<'s>> {
        self.files.iter().filter(move |(own, _)| *own == role).map(|(_, file)| file)
    }

    pub fn all(&self) -> impl Iterator<Item = (Role, &File<'s>)> {
        self.files.iter().map(|(role, file)| (*role, file))
    }

    pub fn is_unreadable(&self, role: Role) -> bool {
        self.unreadable.iter().any(|(own, _)| *own == role)
    }

    /// The names of the files that are not YAML.
    pub fn stems(&self, role: Role) -> impl Iterator<Item = &'s str> {
        self.unreadable.iter().filter(move |(own, _)| *own == role).map(|(_, source)| stem(&source.path))
    }

    /// The ids that the paths of all action files say, right or wrong.
    pub fn action_ids(&self) -> impl Iterator<Item = String> {
        let readable = self.of(Role::Action).map(File::relative_path);
        let unreadable = self.unreadable.iter().filter(|(role, _)| *role == Role::Action);
        readable.chain(unreadable.map(|(_, source)| relative(&source.path))).filter_map(|path| {
            let (module, file) = path.strip_prefix("actions/")?.split_once('/')?;
            Some(format!("{module}.{}", file.split('.').next()?))
        })
    }
}

/// Sorts files by their role, and parses those that differ from what was parsed before.
pub fn parse<'s>(sources: &'s [SourceFile], before: &mut Parses, found: &mut Vec<Diagnostic>) -> Sorted<'s> {
    let mut sorted = Sorted { files: Vec::new(), unreadable: Vec::new() };
    let with_role: Vec<(Role, &SourceFile)> =
        sources.iter().filter_map(|source| Some((role(&source.path, found)?, source))).collect();
    before.renew(&with_role);
    for (role, source) in with_role {
        match before.of(source) {
            Ok((node, duplicates)) => {
                for key in duplicates {
                    let message = format!("the key `{}` is given twice", key.text);
                    let mut error = Diagnostic::at(Code::Duplicate, &source.path, key.span, message);
                    error.also(&key.first, "first here");
                    found.push(error);
                }
                sorted.files.push((role, File { source, node }));
            }
            Err(error) => {
                found.push(Diagnostic::at(Code::Syntax, &source.path, error.span, error.message));
                sorted.unreadable.push((role, source));
            }
        }
    }
    sorted
}

type Parsed = Result<(Arc<Node>, Vec<DuplicateKey>), SyntaxError>;

/// What files were parsed into, by their paths: most of them are the same the next time.
#[derive(Debug, Default)]
pub struct Parses(HashMap<String, (String, Parsed)>);

impl Parses {
    /// Parses what is new or differs, and forgets what is gone.
    fn renew(&mut self, files: &[(Role, &SourceFile)]) {
        let mut before = std::mem::take(&mut self.0);
        let known = |file: &SourceFile| before.get(&file.path).is_some_and(|(text, _)| *text == file.text);
        let (same, other): (Vec<&SourceFile>, Vec<&SourceFile>) =
            files.iter().map(|(_, file)| *file).partition(|file| known(file));
        let same = same.into_iter().filter_map(|file| before.remove_entry(&file.path));
        self.0 = same.collect();
        let parsed = other.iter().zip(parse_all(&other));
        self.0.extend(parsed.map(|(file, parsed)| (file.path.clone(), (file.text.clone(), parsed))));
    }

    fn of(&self, file: &SourceFile) -> Parsed {
        self.0.get(&file.path).map_or_else(|| parse_one(file), |(_, parsed)| parsed.clone())
    }
}

fn parse_one(file: &SourceFile) -> Parsed {
    yaml::parse(&file.text).map(|(node, duplicates)| (Arc::new(node), duplicates))
}

/// Parsing takes most of the time, and files do not depend on each other: they are shared out among the cores.
fn parse_all(files: &[&SourceFile]) -> Vec<Parsed> {
    let parse = |files: &[&SourceFile]| files.iter().map(|file| parse_one(file)).collect::<Vec<_>>();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = files.len().div_ceil(cores).max(SMALLEST_SHARE);
    if files.len() <= share {
        return parse(files);
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = files.chunks(share).map(|files| (files, scope.spawn(move || parse(files)))).collect();
        // A thread that could not finish leaves its share to this one.
        threads.into_iter().flat_map(|(files, thread)| thread.join().unwrap_or_else(|_| parse(files))).collect()
    })
}

/// What a file is for, told from its path.
pub fn role_of(path: &str) -> Option<Role> {
    let parts: Vec<&str> = relative(path).split('/').collect();
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

fn role(path: &str, found: &mut Vec<Diagnostic>) -> Option<Role> {
    let role = role_of(path);
    if role.is_none() || path.ends_with(".yml") {
        let mut error = Diagnostic::of_file(Code::MisplacedFile, path, "no spec is expected here");
        error.help(
            "specs are actions/<module>/<name>.v<version>.yaml, types/<name>.yaml, events/<name>.yaml, \
             pickers/<kind>.yaml, permissions.yaml, catalog.yaml and tables.yaml",
        );
        found.push(error);
        return None;
    }
    role
}

fn relative(path: &str) -> &str {
    path.split_once('/').map_or(path, |(_, rest)| rest)
}

fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".yaml").unwrap_or(file)
}
