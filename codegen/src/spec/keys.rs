//! Reading a mapping key by key, noting everything that is wrong with it.

use std::collections::HashMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::{self, Key, Kind, Node, Span};

use super::File;
use super::mappings::Mapping;

/// Where problems of one file are collected.
pub struct Notes<'a> {
    file: &'a File<'a>,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> Notes<'a> {
    pub fn of(file: &'a File<'a>, found: &'a mut Vec<Diagnostic>) -> Self {
        Self { file, found }
    }

    /// Notes a problem, and hands it out so that help can be added.
    pub fn error(&mut self, code: Code, span: &Span, message: impl Into<String>) -> &mut Diagnostic {
        self.found.push(Diagnostic::at(code, self.file.path(), span.clone(), message));
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// How many problems there are so far.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// The place of a part of a text, where the text is written as it reads; else the place of the whole.
    pub fn part(&self, node: &Node, part: &str) -> Span {
        yaml::part(self.file.text(), node, part).unwrap_or_else(|| node.span.clone())
    }

    /// The entries of a mapping.
    pub fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
        match &node.kind {
            Kind::Map(entries) => Some(entries),
            _ => self.wrong_shape(node, what, "a mapping"),
        }
    }

    /// The items of a list.
    pub fn items<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.kind {
            Kind::List(items) => Some(items),
            _ => self.wrong_shape(node, what, "a list"),
        }
    }

    pub fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        if let Kind::Text(text) = &node.kind {
            return Some(text);
        }
        let written = self.file.text().get(node.span.clone()).unwrap_or_default().to_owned();
        let error = self.error(Code::WrongShape, &node.span, format!("{what} must be a text, not {}", node.describe()));
        if matches!(node.kind, Kind::Bool(_) | Kind::Int(_) | Kind::Float(_)) {
            error.help(format!("put it in quotes: \"{written}\""));
        }
        None
    }

    pub fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        match node.kind {
            Kind::Bool(flag) => Some(flag),
            _ => self.wrong_shape(node, what, "true or false"),
        }
    }

    pub fn integer(&mut self, node: &Node, what: &str) -> Option<i64> {
        match node.kind {
            Kind::Int(number) => Some(number),
            Kind::Float(number) => {
                self.error(Code::WrongShape, &node.span, format!("{what} must be a whole number, not {number}"));
                None
            }
            _ => self.wrong_shape(node, what, "a whole number"),
        }
    }

    fn wrong_shape<T>(&mut self, node: &Node, what: &str, wanted: &str) -> Option<T> {
        self.error(Code::WrongShape, &node.span, format!("{what} must be {wanted}, not {}", node.describe()));
        None
    }

    /// Several texts, no two alike.
    pub fn texts<'n>(&mut self, node: &'n Node, what: &str) -> Option<Vec<(&'n str, &'n Node)>> {
        let mut seen = HashMap::new();
        let mut texts = Vec::new();
        for item in self.items(node, what)? {
            let Some(text) = self.text(item, &format!("an item of {what}")) else { continue };
            match seen.get(text) {
                Some(first) => {
                    let error = self.error(Code::Duplicate, &item.span, format!("`{text}` is listed twice"));
                    error.also(first, "first here");
                }
                None => {
                    seen.insert(text, item.span.clone());
                    texts.push((text, item));
                }
            }
        }
        Some(texts)
    }
}

/// A mapping whose keys are known.
pub struct Keys<'n> {
    what: &'static str,
    span: &'n Span,
    entries: &'n [(Key, Node)],
    /// Keys that are there with a spelling mistake.
    misspelt: Vec<String>,
}

impl<'n> Keys<'n> {
    /// Takes a mapping, and notes the keys that nobody reads.
    pub fn of(notes: &mut Notes<'_>, node: &'n Node, mapping: Mapping) -> Option<Self> {
        Self::among(notes, node, mapping.what, mapping.keys)
    }

    /// As [`Keys::of`], for a mapping whose keys hang on one of its values.
    pub fn among(notes: &mut Notes<'_>, node: &'n Node, what: &'static str, known: &[&str]) -> Option<Self> {
        let entries = notes.entries(node, what)?;
        let mut misspelt = Vec::new();
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.text.as_str())) {
            let error = notes.error(Code::UnknownKey, &key.span, format!("{what} has no key `{}`", key.text));
            match key.text.as_str() {
                "required" if known.contains(&"optional") => {
                    error.help("every field is required, unless it says `optional: true` or has a `default`")
                }
                text => error.suggest(text, known.iter().copied()),
            };
            misspelt.extend(error.suggestion.clone());
        }
        Some(Self { what, span: &node.span, entries, misspelt })
    }

    /// Whether there is a key that is not known: it may be a misspelt one that is missing.
    pub fn has_unknown(&self, mapping: Mapping) -> bool {
        self.entries.iter().any(|(key, _)| !mapping.keys.contains(&key.text.as_str()))
    }

    /// Missing keys are noted here.
    pub fn named_by(self, key: &'n Key) -> Self {
        Self { span: &key.span, ..self }
    }

    pub fn get(&self, name: &str) -> Option<&'n Node> {
        self.entry(name).map(|(_, node)| node)
    }

    pub fn entry(&self, name: &str) -> Option<&'n (Key, Node)> {
        self.entries.iter().find(|(key, _)| key.text == name)
    }

    /// A value that must be there.
    pub fn require(&self, notes: &mut Notes<'_>, name: &str) -> Option<&'n Node> {
        let node = self.get(name);
        if node.is_none() && !self.misspelt.iter().any(|meant| meant == name) {
            notes.error(Code::MissingKey, self.span, format!("{} needs the key `{name}`", self.what));
        }
        node
    }

    pub fn require_text(&self, notes: &mut Notes<'_>, name: &str) -> Option<&'n str> {
        let node = self.require(notes, name)?;
        notes.text(node, &format!("`{name}`"))
    }

    /// A text for people, which says something.
    pub fn prose(&self, notes: &mut Notes<'_>, name: &str) -> Option<String> {
        let node = self.get(name)?;
        let text = notes.text(node, &format!("`{name}`"))?.trim();
        if text.is_empty() {
            notes.error(Code::BadText, &node.span, format!("`{name}` is empty"));
            return None;
        }
        if text.contains(|c: char| c.is_control() && c != '\n') {
            notes.error(Code::BadText, &node.span, format!("`{name}` holds a control character"));
            return None;
        }
        Some(text.to_owned())
    }

    /// As [`Keys::prose`], on one line.
    pub fn line(&self, notes: &mut Notes<'_>, name: &str) -> Option<String> {
        let text = self.prose(notes, name)?;
        if text.contains('\n') {
            let span = &self.get(name)?.span;
            notes.error(Code::BadText, span, format!("`{name}` must be on one line"));
            return None;
        }
        Some(text)
    }

    pub fn require_prose(&self, notes: &mut Notes<'_>, name: &str) -> Option<String> {
        self.require(notes, name)?;
        self.prose(notes, name)
    }

    pub fn require_line(&self, notes: &mut Notes<'_>, name: &str) -> Option<String> {
        self.require(notes, name)?;
        self.line(notes, name)
    }

    pub fn flag(&self, notes: &mut Notes<'_>, name: &str) -> bool {
        self.get(name).and_then(|node| notes.flag(node, &format!("`{name}`"))).unwrap_or(false)
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, notes: &mut Notes<'_>, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let node = self.get(name)?;
        let text = notes.text(node, &format!("`{name}`"))?;
        let chosen = choices.iter().find(|(word, _)| *word == text);
        if chosen.is_none() {
            let error = notes.error(Code::WrongShape, &node.span, format!("`{name}` cannot be `{text}`"));
            error.suggest(text, choices.iter().map(|(word, _)| *word));
        }
        chosen.map(|(_, value)| *value)
    }
}
