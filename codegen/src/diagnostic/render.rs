//! Diagnostics as text, with the lines of the files that they are about.

use std::collections::{BTreeMap, BTreeSet};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Code, Diagnostic, Related, Severity};
use crate::yaml::Span;

/// More than this nobody reads: one mistake at the top of a file may be thousands below.
const SHOWN: usize = 200;
/// In bytes. Places that are further apart are shown as two.
const NEAR: usize = 2_000;
/// In bytes. A longer excerpt shows nothing, and takes long to lay out.
const LONGEST_EXCERPT: usize = 8_000;
/// More codes than this are not named at the end.
const NAMED_CODES: usize = 6;

type Sources = BTreeMap<String, String>;

pub(super) fn render(all: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
    let (mut text, mut told) = (String::new(), BTreeSet::new());
    for one in all.iter().take(SHOWN) {
        // Why it matters is said once for each kind of mistake.
        let why = told.insert(one.code).then(|| one.code.why());
        text.push_str(&renderer.render(&[group(one, sources, why)]));
        text.push_str("\n\n");
    }
    if all.len() > SHOWN {
        text.push_str(&format!("{} more are not shown\n\n", all.len() - SHOWN));
    }
    text.push_str(&summary(all, &told));
    text
}

fn summary(all: &[Diagnostic], codes: &BTreeSet<Code>) -> String {
    let files = all.chunk_by(|a, b| a.file == b.file).count();
    let count = |count: usize, what: &str| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
    let ids: Vec<&str> = codes.iter().map(|code| code.id()).collect();
    let about = if ids.len() > NAMED_CODES { "any of the codes".to_owned() } else { ids.join(", ") };
    let of = |severity: Severity| all.iter().filter(|one| one.code.severity() == severity).count();
    let kinds: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter(|severity| of(*severity) > 0)
        .map(|severity| count(of(severity), severity.as_str()))
        .collect();
    let files = count(files, "spec file");
    format!("{} in {files}\n`cargo gen explain CODE` says more about {about}\n", kinds.join(", "))
}

fn group<'d>(one: &'d Diagnostic, sources: &'d Sources, why: Option<&'static str>) -> Group<'d> {
    let level = match one.code.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(&one.message).id(one.code.id());
    let group = match &one.span {
        Some(span) => match snippet(one, source(sources, &one.file), span) {
            Some(snippet) => title.element(snippet),
            None => title.element(Origin::path(&one.file).line(one.line).char_column(one.column)),
        },
        None => title.element(Origin::path(&one.file)),
    };
    let group = match one.also.as_ref().filter(|also| !is_near(one, also)) {
        Some(also) => match elsewhere(also, source(sources, &also.file)) {
            Some(snippet) => group.element(snippet),
            None => group.element(Origin::path(&also.file)),
        },
        None => group,
    };
    let group = match why {
        Some(why) => group.element(Level::NOTE.message(why)),
        None => group,
    };
    match &one.help {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}

fn source<'d>(sources: &'d Sources, file: &str) -> &'d str {
    sources.get(file).map_or("", String::as_str)
}

/// Whether the second place can be shown together with the first.
fn is_near(one: &Diagnostic, also: &Related) -> bool {
    let near = |span: &Span| span.start.abs_diff(also.span.start) < NEAR;
    one.file == also.file && one.span.as_ref().is_some_and(near)
}

/// The place, and the second one where that is near.
fn snippet<'d>(one: &'d Diagnostic, source: &'d str, span: &Span) -> Option<Snippet<'d, Annotation<'d>>> {
    let also = one.also.as_ref().filter(|also| is_near(one, also));
    let all = also.map_or_else(|| span.clone(), |also| span.start.min(also.span.start)..span.end.max(also.span.end));
    let lines = Excerpt::around(source, all)?;
    let snippet = lines.snippet(&one.file).annotation(AnnotationKind::Primary.span(lines.inside(span)));
    Some(match also {
        Some(also) => snippet.annotation(AnnotationKind::Context.span(lines.inside(&also.span)).label(&also.label)),
        None => snippet,
    })
}

fn elsewhere<'d>(also: &'d Related, source: &'d str) -> Option<Snippet<'d, Annotation<'d>>> {
    let lines = Excerpt::around(source, also.span.clone())?;
    let annotation = AnnotationKind::Context.span(lines.inside(&also.span)).label(&also.label);
    Some(lines.snippet(&also.file).annotation(annotation))
}

/// Whole lines of a file. Only those in question are handed on: the renderer would split the whole file for each
/// diagnostic.
struct Excerpt<'d> {
    text: &'d str,
    start: usize,
    line: usize,
}

impl<'d> Excerpt<'d> {
    /// `None` when the lines are too long to be shown.
    fn around(source: &'d str, span: Span) -> Option<Self> {
        let start = source[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let end = source[span.end..].find('\n').map_or(source.len(), |at| span.end + at);
        let line = source[..start].matches('\n').count() + 1;
        (end - start <= LONGEST_EXCERPT).then(|| Self { text: &source[start..end], start, line })
    }

    fn snippet(&self, path: &'d str) -> Snippet<'d, Annotation<'d>> {
        Snippet::source(self.text).path(path).line_start(self.line)
    }

    fn inside(&self, span: &Span) -> Span {
        span.start - self.start..span.end - self.start
    }
}
