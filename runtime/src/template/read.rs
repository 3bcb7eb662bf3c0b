//! Reads templates from files, and tries them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use uuid::Uuid;

use super::folder::Folder;
use super::{MailTemplate, Part, Templates};
use crate::decode::suggestion;

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// The file or folder.
    pub file: PathBuf,
    /// Line and column, both from 1.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl TemplateProblem {
    pub(super) fn new(file: impl Into<PathBuf>, place: Option<(usize, usize)>, message: &str) -> Self {
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { file: file.into(), place, message }
    }

    /// `file:line:column`, or the file alone.
    pub fn location(&self) -> String {
        let file = self.file.display();
        self.place.map_or_else(|| file.to_string(), |(line, column)| format!("{file}:{line}:{column}"))
    }
}

impl fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location(), self.message)
    }
}

/// The folder of templates for all tenants.
const FOR_ALL: &str = "default";

impl Templates {
    /// Reads `FOLDER/<tenant's id>/<template>.{subject,txt,html}`, and `FOLDER/default/…` for all tenants that have none of
    /// their own. Each is tried with the samples of its template. Changes of the files count from the next time on.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn read(folder: &Path, known: &[MailTemplate]) -> Result<Self, Vec<TemplateProblem>> {
        let mut templates = Self::default();
        let mut problems = Vec::new();
        let entries = match listed(folder) {
            Ok(entries) => entries,
            Err(problem) => return Err(vec![problem]),
        };
        for path in entries {
            let name = file_name(&path);
            let tenant = name.parse::<Uuid>();
            if !path.is_dir() || (tenant.is_err() && name != FOR_ALL) {
                let what = "is no folder of templates: expected `default` or the id of a tenant";
                problems.push(TemplateProblem::new(path, None, what));
                continue;
            }
            match read(&path, known) {
                Ok(folder) => match tenant {
                    Ok(tenant) => drop(templates.of_tenants.insert(tenant, folder)),
                    Err(_) => templates.for_all = Some(folder),
                },
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() { Ok(templates) } else { Err(problems) }
    }
}

fn read(folder: &Path, known: &[MailTemplate]) -> Result<Folder, Vec<TemplateProblem>> {
    let mut problems = Vec::new();
    let mut texts = BTreeMap::new();
    for path in listed(folder).map_err(|problem| vec![problem])? {
        let name = file_name(&path);
        if !name.starts_with('_') && !name.starts_with('.') && !is_known(&name, known) {
            problems.push(unknown(&path, &name, known));
        } else if !name.starts_with('.') {
            match std::fs::read_to_string(&path) {
                Ok(text) => drop(texts.insert(name, text)),
                Err(error) => problems.push(unreadable(&path, &error)),
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let compiled = Folder::compile(folder, &texts).map_err(|problem| vec![problem])?;
    for template in known {
        for part in Part::ALL {
            problems.extend(judge(&compiled, folder, template, part, &texts));
        }
    }
    if problems.is_empty() { Ok(compiled) } else { Err(problems) }
}

/// What is wrong with a part: variables that there are not, and what fails with the samples.
fn judge(
    compiled: &Folder,
    folder: &Path,
    template: &MailTemplate,
    part: Part,
    texts: &BTreeMap<String, String>,
) -> Vec<TemplateProblem> {
    let file = format!("{}.{}", template.name, part.extension());
    let Some(text) = texts.get(&file) else { return Vec::new() };
    let samples: Vec<Value> = template.samples.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    let variables: Vec<&str> =
        samples.first().and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let mut problems = Vec::new();
    for name in compiled.variables(template.name, part) {
        if !variables.contains(&name.as_str()) {
            let meant = suggestion(&name, variables.iter().copied());
            let hint = meant.map(|name| format!(" Did you mean `{name}`?")).unwrap_or_default();
            let what = format!("there is no variable `{name}`.{hint} There are {}.", variables.join(", "));
            problems.push(TemplateProblem::new(folder.join(&file), place(text, &name), &what));
        }
    }
    if !problems.is_empty() {
        return problems;
    }
    for sample in &samples {
        if let Some(Err(problem)) = compiled.render(template.name, part, sample)
            && !problems.contains(&problem)
        {
            problems.push(problem);
        }
    }
    problems
}

/// Where a word first stands: line and column from 1.
fn place(text: &str, word: &str) -> Option<(usize, usize)> {
    text.lines().enumerate().find_map(|(line, text)| text.find(word).map(|column| (line + 1, column + 1)))
}

fn is_known(file: &str, known: &[MailTemplate]) -> bool {
    file.split_once('.').is_some_and(|(name, extension)| {
        known.iter().any(|template| template.name == name) && Part::ALL.iter().any(|part| part.extension() == extension)
    })
}

fn unknown(path: &Path, file: &str, known: &[MailTemplate]) -> TemplateProblem {
    let names: Vec<String> = known
        .iter()
        .flat_map(|template| Part::ALL.map(|part| format!("{}.{}", template.name, part.extension())))
        .collect();
    let hint = suggestion(file, names.iter().map(String::as_str)).map(|name| format!(" Did you mean {name}?"));
    let what = format!(
        "is no template.{} There are {}, and names that begin with _ for what these include.",
        hint.unwrap_or_default(),
        names.join(", ")
    );
    TemplateProblem::new(path, None, &what)
}

/// In the order of their names.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, TemplateProblem> {
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|error| unreadable(folder, &error))?.path());
    }
    paths.sort_unstable();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn unreadable(path: &Path, error: &std::io::Error) -> TemplateProblem {
    TemplateProblem::new(path, None, &format!("cannot be read: {}", error.kind()))
}
