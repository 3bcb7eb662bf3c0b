//! Diagnostics as text, with the lines of the file that they are about.

use std::collections::BTreeMap;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::Diagnostic;
use crate::yaml::Span;

pub(super) fn render(all: &[Diagnostic], sources: &BTreeMap<String, String>, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for one in all {
        let source = sources.get(&one.file).map_or("", String::as_str);
        text.push_str(&renderer.render(&[group(one, source)]));
        text.push_str("\n\n");
    }
    text.push_str(&summary(all));
    text
}

fn summary(all: &[Diagnostic]) -> String {
    let files = all.chunk_by(|a, b| a.file == b.file).count();
    let count = |count: usize, what: &str| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
    format!("{} in {}\n", count(all.len(), "error"), count(files, "spec file"))
}

fn group<'d>(one: &'d Diagnostic, source: &'d str) -> Group<'d> {
    let title = Level::ERROR.primary_title(&one.message).id(one.code.id());
    let group = match &one.span {
        Some(span) => title.element(snippet(one, source, span)),
        None => title.element(Origin::path(&one.file)),
    };
    match &one.help {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}

/// Only the lines in question are handed on: the renderer would split the whole file for each diagnostic.
fn snippet<'d>(one: &'d Diagnostic, source: &'d str, span: &Span) -> Snippet<'d, Annotation<'d>> {
    let (mut start, mut end) = (span.start, span.end);
    if let Some((also, _)) = &one.also {
        (start, end) = (start.min(also.start), end.max(also.end));
    }
    let start = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let end = source[end..].find('\n').map_or(source.len(), |at| end + at);
    let inside = |span: &Span| span.start - start..span.end - start;
    let line = one.line - source[start..span.start].matches('\n').count();
    let snippet = Snippet::source(&source[start..end])
        .path(&one.file)
        .line_start(line)
        .annotation(AnnotationKind::Primary.span(inside(span)));
    match &one.also {
        Some((span, label)) => snippet.annotation(AnnotationKind::Context.span(inside(span)).label(label)),
        None => snippet,
    }
}
