//! From bytes of files to what the protocol says, and back.

use std::ops::Range as Span;

use actwright_codegen::Diagnostic;
use actwright_codegen::assist::{Completion, CompletionKind};
use actwright_codegen::diagnostic::Severity;
use tower_lsp_server::ls_types::{
    self, CompletionItem, CompletionItemKind, CompletionTextEdit, DiagnosticSeverity, Documentation, MarkupContent,
    MarkupKind, NumberOrString, Position, Range, TextEdit,
};

/// Lines from 0, and UTF-16 code units, as the protocol counts.
pub fn position(text: &str, offset: usize) -> Position {
    let before = &text[..text.floor_char_boundary(offset.min(text.len()))];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let units: usize = before[start..].chars().map(char::len_utf16).sum();
    Position { line: saturated(line), character: saturated(units) }
}

/// The byte of a position; the end of the line or the text where it is beyond that.
pub fn offset(text: &str, position: Position) -> usize {
    let line = usize::try_from(position.line).unwrap_or(usize::MAX);
    let start = match line {
        0 => 0,
        line => match text.match_indices('\n').nth(line - 1) {
            Some((at, _)) => at + 1,
            None => return text.len(),
        },
    };
    let mut units = usize::try_from(position.character).unwrap_or(usize::MAX);
    let content = text[start..].split('\n').next().unwrap_or_default();
    for (at, letter) in content.char_indices() {
        if units == 0 {
            return start + at;
        }
        units = units.saturating_sub(letter.len_utf16());
    }
    start + content.len()
}

pub fn range(text: &str, span: &Span<usize>) -> Range {
    Range { start: position(text, span.start), end: position(text, span.end) }
}

fn saturated(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Without the second place, whose file has a text of its own.
pub fn diagnostic(text: &str, found: &Diagnostic) -> ls_types::Diagnostic {
    let severity = match found.code.severity() {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Note => DiagnosticSeverity::INFORMATION,
    };
    let help = found.help.as_deref().map(|help| format!("\n{help}")).unwrap_or_default();
    ls_types::Diagnostic {
        range: range(text, found.span.as_ref().unwrap_or(&(0..0))),
        severity: Some(severity),
        code: Some(NumberOrString::String(found.code.id().to_owned())),
        source: Some("actwright".to_owned()),
        message: format!("{}{help}", found.message),
        ..ls_types::Diagnostic::default()
    }
}

pub fn completion(text: &str, proposed: Completion) -> CompletionItem {
    let kind = match proposed.kind {
        CompletionKind::Key => CompletionItemKind::PROPERTY,
        CompletionKind::Value => CompletionItemKind::VALUE,
        CompletionKind::Type => CompletionItemKind::CLASS,
        CompletionKind::Field => CompletionItemKind::FIELD,
        CompletionKind::Name => CompletionItemKind::REFERENCE,
    };
    CompletionItem {
        // What the editor filters by, since the text that is replaced may hold a dot or a colon.
        filter_text: Some(proposed.label.clone()),
        label: proposed.label,
        kind: Some(kind),
        detail: proposed.detail,
        documentation: proposed.documentation.map(Documentation::String),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit {
            range: range(text, &proposed.replace),
            new_text: proposed.insert,
        })),
        ..CompletionItem::default()
    }
}

pub fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Editors count UTF-16, specs are UTF-8: a place beyond a crab or an umlaut is where people see it.
    #[test]
    fn positions_are_those_of_editors() {
        let text = "a: ü🦀x\r\nb: y";
        for (at, line, character) in [(0, 0, 0), (3, 0, 3), (5, 0, 4), (9, 0, 6), (12, 1, 0), (15, 1, 3)] {
            let expected = Position { line, character };
            assert_eq!(position(text, at), expected, "byte {at}");
            assert_eq!(offset(text, expected), at, "{expected:?}");
        }
        assert_eq!(offset(text, Position { line: 0, character: 99 }), 11);
        assert_eq!(offset(text, Position { line: 9, character: 0 }), text.len());
        assert_eq!(position(text, 999), Position { line: 1, character: 4 });
    }
}
