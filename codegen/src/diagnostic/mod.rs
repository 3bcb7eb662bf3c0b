//! What is wrong with specs, for people and for programs.

mod code;
mod github;
mod render;
mod sarif;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

pub use code::{Code, Severity};

use crate::source::SourceFile;
use crate::yaml::Span;

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// What kind of thing.
    pub code: Code,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Path of the file: `specs/types/x.yaml`.
    pub file: String,
    /// Bytes of the file; `None` when it is the file itself.
    pub span: Option<Span>,
    /// Line of the span, counted from 1.
    pub line: usize,
    /// Column of the span in characters, counted from 1.
    pub column: usize,
    /// A second place that matters, where two disagree.
    pub also: Option<Related>,
    /// What to do.
    pub help: Option<String>,
    /// What may have been meant instead of the text of the span.
    pub suggestion: Option<String>,
}

/// A second place, and what is there.
#[derive(Debug, Clone)]
pub struct Related {
    /// Path of the file.
    pub file: String,
    /// Bytes of it.
    pub span: Span,
    /// What is there.
    pub label: String,
}

impl Diagnostic {
    /// About a place in a file.
    pub(crate) fn at(code: Code, file: &str, span: Span, message: impl Into<String>) -> Self {
        Self { span: Some(span), ..Self::of_file(code, file, message) }
    }

    /// About a file as a whole.
    pub(crate) fn of_file(code: Code, file: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: clipped(message.into()),
            file: file.to_owned(),
            span: None,
            line: 1,
            column: 1,
            also: None,
            help: None,
            suggestion: None,
        }
    }

    /// Points at a second place of the file.
    pub(crate) fn also(&mut self, span: &Span, label: impl Into<String>) -> &mut Self {
        let file = self.file.clone();
        self.also_in(&file, span, label)
    }

    /// Points at a place of another file.
    pub(crate) fn also_in(&mut self, file: &str, span: &Span, label: impl Into<String>) -> &mut Self {
        self.also = Some(Related { file: file.to_owned(), span: span.clone(), label: label.into() });
        self
    }

    /// Says what to do.
    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Says what may have been meant where something is like it, else what there is to choose from.
    pub(crate) fn suggest<'n>(&mut self, wanted: &str, names: impl IntoIterator<Item = &'n str>) -> &mut Self {
        let names: Vec<&str> = names.into_iter().collect();
        match closest(wanted, &names) {
            Some(name) => {
                self.help = Some(format!("did you mean `{name}`?"));
                self.suggestion = Some(name.to_owned());
            }
            None if names.is_empty() || names.len() > LONGEST_CHOICE => {}
            None => self.help = Some(format!("choose from {}", names.join(", "))),
        }
        self
    }
}

/// Lines and columns of a span, counted from 1, columns in characters; the end is after the last character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// More names than this are not read but searched for.
const LONGEST_CHOICE: usize = 20;

pub(crate) fn closest<'n>(wanted: &str, names: &[&'n str]) -> Option<&'n str> {
    let scored = names.iter().map(|name| (strsim::jaro_winkler(wanted, name), *name)).filter(|(score, _)| *score > 0.8);
    scored.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, name)| name)
}

/// In characters. A message may quote a name, and a name may be anything.
const LONGEST_MESSAGE: usize = 600;

fn clipped(message: String) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message,
    }
}

/// Everything that is wrong, in the order of files and places.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    all: Vec<Diagnostic>,
    sources: BTreeMap<String, String>,
}

impl Diagnostics {
    pub(crate) fn new(mut all: Vec<Diagnostic>, files: Vec<SourceFile>) -> Self {
        all.sort_by(|a, b| place(a).cmp(&place(b)));
        all.dedup_by(|a, b| place(a) == place(b));
        let mut sources: BTreeMap<String, String> = files.into_iter().map(|file| (file.path, file.text)).collect();
        for of_file in all.chunk_by_mut(|a, b| a.file == b.file) {
            let Some(text) = of_file.first().and_then(|one| sources.get(&one.file)) else { continue };
            let lines = Lines::of(text);
            for one in of_file {
                let start = one.span.as_ref().map_or(0, |span| span.start);
                (one.line, one.column) = lines.position(start);
            }
        }
        let named = |path: &String| {
            let related = || all.iter().filter_map(|one| one.also.as_ref()).any(|also| also.file == *path);
            all.binary_search_by(|one| one.file.as_str().cmp(path)).is_ok() || related()
        };
        sources.retain(|path, _| named(path));
        Self { all, sources }
    }

    /// Only those for which this holds.
    #[must_use]
    pub fn filtered(mut self, keep: impl FnMut(&Diagnostic) -> bool) -> Self {
        self.all.retain(keep);
        self
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.all.iter()
    }

    /// For people, with excerpts, and colour when asked for.
    pub fn render(&self, color: bool) -> String {
        render::render(&self.all, &self.sources, color)
    }

    /// For code hosts and editors: a log in SARIF 2.1.0.
    pub fn to_sarif(&self) -> Value {
        sarif::log(self)
    }

    /// For pull requests on GitHub: workflow commands that annotate the lines.
    pub fn to_github(&self) -> String {
        github::annotations(self)
    }

    fn place(&self, one: &Diagnostic) -> Place {
        match &one.span {
            Some(span) => self.place_in(&one.file, span),
            None => Place { line: 1, column: 1, end_line: 1, end_column: 1 },
        }
    }

    fn place_in(&self, file: &str, span: &Span) -> Place {
        let lines = Lines::of(self.sources.get(file).map_or("", String::as_str));
        let ((line, column), (end_line, end_column)) = (lines.position(span.start), lines.position(span.end));
        Place { line, column, end_line, end_column }
    }

    /// For programs: a list, in order. Lines and columns are counted from 1, columns in characters.
    pub fn to_json(&self) -> Value {
        self.all.iter().map(|one| self.one_to_json(one)).collect()
    }

    fn one_to_json(&self, one: &Diagnostic) -> Value {
        let text = self.sources.get(&one.file).map_or("", String::as_str);
        let excerpt = one.span.as_ref().and_then(|span| text.get(span.clone()));
        let place = self.place(one);
        json!({
            "code": one.code.id(),
            "severity": one.code.severity().as_str(),
            "message": one.message,
            "file": one.file,
            "line": one.line,
            "column": one.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
            "excerpt": excerpt,
            "help": one.help,
            "suggestion": one.suggestion,
            "why": one.code.why(),
            "related": one.also.as_ref().map(|also| {
                let place = self.place_in(&also.file, &also.span);
                json!({ "file": also.file, "line": place.line, "column": place.column, "message": also.label })
            }),
        })
    }
}

impl<'d> IntoIterator for &'d Diagnostics {
    type Item = &'d Diagnostic;
    type IntoIter = std::slice::Iter<'d, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

fn place(one: &Diagnostic) -> (&str, usize, Code, &str) {
    (&one.file, one.span.as_ref().map_or(0, |span| span.start), one.code, &one.message)
}

/// Where the lines of a text start.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Line and column, counted from 1, of a byte.
    fn position(&self, byte: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = self.starts[line - 1];
        (line, self.text.get(start..byte).unwrap_or_default().chars().count() + 1)
    }
}
