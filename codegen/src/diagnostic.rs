//! What is wrong with specs, for people and for programs.

use std::collections::BTreeMap;
use std::fmt;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use crate::source::SourceFile;
use crate::yaml::Span;

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// What kind of thing.
    pub code: Code,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Path of the file.
    pub file: String,
    /// Where; `None` when it is the file itself.
    pub span: Option<Span>,
    /// What the span is, in a few words.
    pub label: String,
    /// A second place that matters: bytes of the same file, and what is there.
    pub also: Option<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// About a place in a file.
    pub fn at(code: Code, file: &str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            file: file.to_owned(),
            span: Some(span),
            label: String::new(),
            also: None,
            help: None,
        }
    }

    /// About a file as a whole.
    pub fn of_file(code: Code, file: &str, message: impl Into<String>) -> Self {
        Self { span: None, ..Self::at(code, file, 0..0, message) }
    }

    /// Says what the span is.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Points at a second place of the file.
    #[must_use]
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.also = Some((span, label.into()));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what may have been meant, where something is like it, else what there is.
    #[must_use]
    pub fn suggest<'n>(self, wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        match closest(wanted, &names) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None if names.is_empty() || names.len() > 24 => self,
            None => self.help(format!("there is {}", names.join(", "))),
        }
    }
}

fn closest<'n>(wanted: &str, names: &[&'n str]) -> Option<&'n str> {
    let scored = names.iter().map(|name| (strsim::jaro_winkler(wanted, name), *name)).filter(|(score, _)| *score > 0.8);
    scored.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, name)| name)
}

macro_rules! codes {
    ($($name:ident = $id:literal, $why:literal;)*) => {
        /// What kind of thing is wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $why] $name,)*
        }

        impl Code {
            /// As people search for it.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Why it matters, in a sentence.
            pub fn why(self) -> &'static str {
                match self { $(Self::$name => $why,)* }
            }
        }
    };
}

codes! {
    UnreadableFile = "AW0001", "A file that cannot be read as text cannot be a spec.";
    Syntax = "AW0002", "The file is not valid YAML.";
    MisplacedFile = "AW0003", "Where a file stands and what it declares must agree, so that people find it.";
    UnknownKey = "AW0101", "A key that nobody reads is a spelling mistake.";
    MissingKey = "AW0102", "The spec would not be complete without it.";
    WrongShape = "AW0103", "The value is not of the kind that the key takes.";
    BadName = "AW0104", "Names become identifiers in Rust and keys in JSON.";
    Duplicate = "AW0105", "A name can mean one thing only.";
    EmptyText = "AW0106", "Workflow authors read labels and descriptions.";
    UnknownType = "AW0201", "A field needs a type that exists.";
    BadConstraint = "AW0202", "A constraint that cannot hold, or that nothing enforces, is not accepted.";
    BadDefault = "AW0203", "A default or an example must be a value of its type.";
    BadPattern = "AW0204", "A pattern must mean the same to the runtime and to JSON Schema.";
    EndlessType = "AW0205", "A type that always holds itself has no value.";
    UnknownField = "AW0301", "A path must lead to a declared field.";
    UnknownPicker = "AW0302", "A picker must be declared in specs/pickers/.";
    UnknownPermission = "AW0303", "A permission must be declared in specs/permissions.yaml.";
    UnknownEvent = "AW0304", "An event must be declared in specs/events/.";
    UnknownTable = "AW0305", "A table and its columns must be declared in specs/tables.yaml.";
    UnknownAction = "AW0306", "The catalog lists actions that exist.";
    BadRule = "AW0401", "A rule must be about fields that it can judge.";
    BadCondition = "AW0501", "A condition must be able to hold.";
    BadAudit = "AW0502", "What writes is audited, what reads is not, and secrets never are.";
    BadIdempotency = "AW0503", "The key must be a text that may be left out.";
    ReadOnly = "AW0504", "An action that only reads changes nothing and emits nothing.";
    BadEvent = "AW0505", "An event's key must be made of fields that are always there.";
    NotInCatalog = "AW0601", "An action outside the catalog cannot be chosen.";
}

/// Everything that is wrong, in the order of files and places.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    all: Vec<Diagnostic>,
    sources: BTreeMap<String, String>,
}

impl Diagnostics {
    pub(crate) fn new(mut all: Vec<Diagnostic>, files: &[SourceFile]) -> Self {
        let place = |one: &Diagnostic| (one.file.clone(), one.span.as_ref().map_or(0, |span| span.start));
        all.sort_by(|a, b| {
            place(a).cmp(&place(b)).then_with(|| a.code.cmp(&b.code)).then_with(|| a.message.cmp(&b.message))
        });
        all.dedup_by(|a, b| a.code == b.code && a.file == b.file && a.span == b.span && a.message == b.message);
        let sources = files.iter().map(|file| (file.path.clone(), file.text.clone())).collect();
        Self { all, sources }
    }

    /// How many there are; never none.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Never.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.all.iter()
    }

    /// For people, with excerpts, and colour when asked for.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
        let mut text = String::new();
        for one in &self.all {
            text.push_str(&self.render_one(one, &renderer));
            text.push_str("\n\n");
        }
        let count = match self.all.len() {
            1 => "1 error".to_owned(),
            several => format!("{several} errors"),
        };
        text.push_str(&format!("{count} in the specs\n"));
        text
    }

    fn render_one(&self, one: &Diagnostic, renderer: &Renderer) -> String {
        let title = Level::ERROR.primary_title(&one.message).id(one.code.id());
        let mut group = match (self.sources.get(&one.file), &one.span) {
            (Some(source), Some(span)) => {
                let primary = AnnotationKind::Primary.span(span.clone()).label(&one.label);
                let mut snippet = Snippet::source(source).path(&one.file).annotation(primary);
                if let Some((span, label)) = &one.also {
                    snippet = snippet.annotation(AnnotationKind::Context.span(span.clone()).label(label));
                }
                title.element(snippet)
            }
            _ => title.element(annotate_snippets::Origin::path(&one.file)),
        };
        if let Some(help) = &one.help {
            group = group.element(Level::HELP.message(help));
        }
        let report: [Group<'_>; 1] = [group];
        renderer.render(&report)
    }

    /// For programs: a list with code, message, file, line, column, help and why.
    pub fn to_json(&self) -> Value {
        let each = self.all.iter().map(|one| {
            let (line, column) = self.position(one);
            json!({
                "code": one.code.id(),
                "message": one.message,
                "file": one.file,
                "line": line,
                "column": column,
                "help": one.help,
                "why": one.code.why(),
            })
        });
        each.collect()
    }

    /// Line and column, counted from 1, in characters.
    fn position(&self, one: &Diagnostic) -> (usize, usize) {
        let (Some(source), Some(span)) = (self.sources.get(&one.file), &one.span) else { return (1, 1) };
        let before = &source[..span.start];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
