//! Regular expressions that mean the same to the `regex` crate, which judges at run time, and to ECMA-262, which JSON
//! Schema refers to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use regex::{Regex, RegexBuilder};
use regex_syntax::ast::{
    self, Assertion, AssertionKind, Ast, ClassSetItem, ClassUnicode, ClassUnicodeKind, GroupKind, Literal, LiteralKind,
};

/// In bytes, once compiled: a tenth of what the runtime would take.
const LARGEST: usize = 1 << 20;

/// Compiled patterns: the same one may be written in many fields.
#[derive(Debug, Default)]
pub struct Patterns(Mutex<HashMap<String, Arc<Result<Regex, Refusal>>>>);

/// Why a pattern is not accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The part that is wrong.
    pub part: String,
    /// Ends a sentence that begins with the pattern: `uses …`.
    pub why: String,
    pub help: Option<&'static str>,
}

impl Patterns {
    /// Compiles a pattern, once.
    pub fn get(&self, pattern: &str) -> Arc<Result<Regex, Refusal>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(pattern.to_owned()).or_insert_with(|| Arc::new(compile(pattern))))
    }
}

fn compile(pattern: &str) -> Result<Regex, Refusal> {
    let ast = ast::parse::ParserBuilder::new().nest_limit(50).build().parse(pattern).map_err(|error| {
        let part = text(pattern, error.span());
        Refusal { part, why: format!("is not a regular expression: {}", error.kind()), help: None }
    })?;
    ast::visit(&ast, Shared { pattern })?;
    RegexBuilder::new(pattern).size_limit(LARGEST).build().map_err(|error| {
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Refusal { part: String::new(), why: format!("is not accepted: {why}"), help: None }
    })
}

fn text(pattern: &str, span: &ast::Span) -> String {
    pattern.get(span.start.offset..span.end.offset).unwrap_or_default().to_owned()
}

/// Refuses what only one of both knows, and what they read differently.
struct Shared<'p> {
    pattern: &'p str,
}

impl Shared<'_> {
    fn refuse(&self, span: &ast::Span, why: &str, help: &'static str) -> Result<(), Refusal> {
        let part = text(self.pattern, span);
        Err(Refusal { why: format!("uses `{part}`, {why}"), part, help: Some(help) })
    }

    fn literal(&self, literal: &Literal, in_class: bool) -> Result<(), Refusal> {
        const SYNTAX: &str = "^$\\.*+?()[]{}|/";
        match literal.kind {
            LiteralKind::Verbatim if matches!(literal.c, ']' | '}') || in_class && literal.c == '[' => {
                self.refuse(&literal.span, "which JSON Schema does not read as itself", "put a backslash before it")
            }
            LiteralKind::Meta | LiteralKind::Superfluous
                if !(SYNTAX.contains(literal.c) || in_class && literal.c == '-') =>
            {
                self.refuse(&literal.span, "which JSON Schema does not know", "the backslash is not needed")
            }
            LiteralKind::Octal
            | LiteralKind::HexBrace(_)
            | LiteralKind::HexFixed(ast::HexLiteralKind::UnicodeLong)
            | LiteralKind::Special(ast::SpecialLiteralKind::Bell | ast::SpecialLiteralKind::Space) => {
                self.refuse(&literal.span, "which JSON Schema does not know", "write the character itself, or \\uXXXX")
            }
            _ => Ok(()),
        }
    }

    fn unicode_class(&self, class: &ClassUnicode) -> Result<(), Refusal> {
        let written = text(self.pattern, &class.span);
        match &class.kind {
            ClassUnicodeKind::Named(name) if name.len() <= 2 && written.contains('{') => Ok(()),
            _ => self.refuse(
                &class.span,
                "which JSON Schema does not know",
                "only general categories are shared, such as \\p{L} and \\p{Lu}",
            ),
        }
    }

    fn perl_class(&self, class: &ast::ClassPerl) -> Result<(), Refusal> {
        self.refuse(
            &class.span,
            "which is ASCII only in JSON Schema and all of Unicode here",
            "write what you mean: [0-9], [A-Za-z0-9_] or [ \\t\\n]",
        )
    }
}

impl ast::Visitor for Shared<'_> {
    type Output = ();
    type Err = Refusal;

    fn finish(self) -> Result<(), Refusal> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Refusal> {
        match ast {
            Ast::Flags(flags) => self.refuse(&flags.span, "which JSON Schema does not know", "write without flags"),
            Ast::Group(group) => match &group.kind {
                GroupKind::NonCapturing(flags) if !flags.items.is_empty() => {
                    self.refuse(&flags.span, "which JSON Schema does not know", "write without flags")
                }
                GroupKind::CaptureName { starts_with_p: true, name } => {
                    self.refuse(&name.span, "a name of a group that JSON Schema does not know", "write (?:…)")
                }
                _ => Ok(()),
            },
            Ast::Dot(span) => self.refuse(
                span,
                "which stops at other line ends in JSON Schema than here",
                "write [^\\n], or [^\\n\\r\\u2028\\u2029] for a text on one line",
            ),
            Ast::Assertion(assertion) => self.assertion(assertion),
            Ast::Literal(literal) => self.literal(literal, false),
            Ast::ClassPerl(class) => self.perl_class(class),
            Ast::ClassUnicode(class) => self.unicode_class(class),
            _ => Ok(()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Refusal> {
        match item {
            ClassSetItem::Literal(literal) => self.literal(literal, true),
            ClassSetItem::Range(range) => {
                self.literal(&range.start, true)?;
                self.literal(&range.end, true)
            }
            ClassSetItem::Ascii(class) => {
                self.refuse(&class.span, "which JSON Schema does not know", "write a range such as A-Z")
            }
            ClassSetItem::Perl(class) => self.perl_class(class),
            ClassSetItem::Unicode(class) => self.unicode_class(class),
            ClassSetItem::Bracketed(class) => {
                self.refuse(&class.span, "a class in a class, which JSON Schema does not know", "write one class")
            }
            ClassSetItem::Empty(_) | ClassSetItem::Union(_) => Ok(()),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, op: &ast::ClassSetBinaryOp) -> Result<(), Refusal> {
        self.refuse(&op.span, "an operation on classes, which JSON Schema does not know", "write one class")
    }
}

impl Shared<'_> {
    fn assertion(&self, assertion: &Assertion) -> Result<(), Refusal> {
        match assertion.kind {
            AssertionKind::StartLine | AssertionKind::EndLine => Ok(()),
            AssertionKind::StartText | AssertionKind::EndText => {
                self.refuse(&assertion.span, "which JSON Schema does not know", "write ^ and $")
            }
            _ => self.refuse(
                &assertion.span,
                "whose words are ASCII in JSON Schema and Unicode here, or which it does not know",
                "write the characters that may stand there",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_share_is_accepted() {
        for pattern in [
            "",
            "^[A-Z]{3}$",
            "a|b",
            "(?:x)+?",
            "(a)(?<name>b)",
            "[^\\n]*",
            "\\p{Lu}\\P{L}",
            "\\.\\/",
            "[\\-a-f\\]]",
            "\\u00e9\\x41\\t",
            "é{2,}",
            "a{0,3}",
            "[a-]",
            "^\\+[0-9]{6,15}$",
        ] {
            assert!(compile(pattern).is_ok(), "{pattern}: {:?}", compile(pattern));
        }
    }

    #[test]
    fn what_they_do_not_share_is_refused() {
        for (pattern, part) in [
            ("(?i)a", "(?i)"),
            ("(?x:a)", "x"),
            ("\\Aa\\z", "\\A"),
            ("\\d+", "\\d"),
            ("[\\w-]", "\\w"),
            ("a.b", "."),
            ("\\bx", "\\b"),
            ("[[:alpha:]]", "[:alpha:]"),
            ("[a-z&&b]", "a-z&&b"),
            ("[a[b]]", "[b]"),
            ("[]a]", "]"),
            ("a}", "}"),
            ("a{,3}", ""),
            ("\\@", "\\@"),
            ("\\p{Greek}", "\\p{Greek}"),
            ("\\pL", "\\pL"),
            ("\\x{41}", "\\x{41}"),
            ("\\a", "\\a"),
            ("(?P<name>a)", "name"),
            ("a(b", "("),
            ("(?=a)", "(?="),
            ("(a)\\1", "\\1"),
        ] {
            match compile(pattern) {
                Err(refusal) => assert_eq!(refusal.part, part, "{pattern}: {refusal:?}"),
                Ok(_) => panic!("{pattern} is accepted"),
            }
        }
    }

    #[test]
    fn monsters_are_refused() {
        for pattern in
            ["(".repeat(10_000), "((a{500}){500}){500}".to_owned(), format!("{}a{}", "(".repeat(300), ")".repeat(300))]
        {
            assert!(compile(&pattern).is_err());
        }
    }

    #[test]
    fn a_pattern_is_compiled_once() {
        let patterns = Patterns::default();
        assert!(Arc::ptr_eq(&patterns.get("a"), &patterns.get("a")));
    }
}
