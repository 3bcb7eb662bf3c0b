//! A folder of templates.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tera::{Context, ErrorKind, Tera};

use super::{Part, TemplateProblem, tidied};

/// The templates of a tenant, or of all.
#[derive(Clone)]
pub(super) struct Folder {
    path: PathBuf,
    tera: Tera,
}

impl Folder {
    /// Reads the texts of a folder by their file names. Those whose names begin with `_` are for others to include.
    pub(super) fn compile(path: &Path, texts: &BTreeMap<String, String>) -> Result<Self, TemplateProblem> {
        let mut folder = Self { path: path.to_owned(), tera: Tera::default() };
        folder.tera.autoescape_on([".html"]);
        match folder.tera.add_raw_templates(texts) {
            Ok(()) => Ok(folder),
            Err(error) => Err(folder.problem(None, &error)),
        }
    }

    /// What the template gives, where there is one.
    pub(super) fn render(&self, name: &str, part: Part, values: &Value) -> Option<Result<String, TemplateProblem>> {
        let file = format!("{name}.{}", part.extension());
        if !self.tera.contains_template(&file) {
            return None;
        }
        let rendered = Context::from_serialize(values).and_then(|context| self.tera.render(&file, &context));
        Some(match rendered.map(|text| tidied(part, text)) {
            Ok(text) if text.trim().is_empty() => {
                Err(TemplateProblem::new(self.path.join(&file), None, "gives no text"))
            }
            Ok(text) => Ok(text),
            Err(error) => Err(self.problem(Some(&file), &error)),
        })
    }

    /// The variables that a template names.
    pub(super) fn variables(&self, name: &str, part: Part) -> Vec<String> {
        let names = self.tera.get_template_variables(&format!("{name}.{}", part.extension()));
        let mut names: Vec<String> = names.unwrap_or_default().into_iter().map(str::to_owned).collect();
        names.sort_unstable();
        names
    }

    fn problem(&self, file: Option<&str>, error: &tera::Error) -> TemplateProblem {
        match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
                let (span, file) = (report.span(), self.path.join(report.filename()));
                TemplateProblem::new(file, Some((span.start_line, span.start_col + 1)), report.message())
            }
            _ => {
                let file = file.map_or_else(|| self.path.clone(), |file| self.path.join(file));
                TemplateProblem::new(file, None, &error.to_string())
            }
        }
    }
}
