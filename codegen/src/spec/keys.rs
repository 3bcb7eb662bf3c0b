//! Reading a mapping key by key, noting everything that is wrong with it.

use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::{Key, Kind, Node, Span};

/// Where problems of one file are collected.
pub struct Notes<'f> {
    pub file: &'f str,
    pub all: &'f mut Vec<Diagnostic>,
}

impl Notes<'_> {
    pub fn error(&mut self, code: Code, span: &Span, message: impl Into<String>) -> &mut Diagnostic {
        self.all.push(Diagnostic::at(code, self.file, span.clone(), message));
        let last = self.all.len() - 1;
        &mut self.all[last]
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.all.push(diagnostic);
    }

    /// A finding to be added to before it is pushed.
    pub fn at(&self, code: Code, span: &Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(code, self.file, span.clone(), message)
    }

    /// The entries of a mapping.
    pub fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
        match &node.kind {
            Kind::Map(entries) => Some(entries),
            _ => {
                self.error(Code::WrongShape, &node.span, format!("{what} must be a mapping, not {}", node.describe()));
                None
            }
        }
    }

    /// The items of a list.
    pub fn items<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.kind {
            Kind::List(items) => Some(items),
            _ => {
                self.error(Code::WrongShape, &node.span, format!("{what} must be a list, not {}", node.describe()));
                None
            }
        }
    }

    /// A text.
    pub fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match &node.kind {
            Kind::Text(text) => Some(text),
            _ => {
                let mut found =
                    self.at(Code::WrongShape, &node.span, format!("{what} must be a text, not {}", node.describe()));
                if matches!(node.kind, Kind::Bool(_) | Kind::Int(_) | Kind::Float(_)) {
                    found = found.help("put it in quotes");
                }
                self.push(found);
                None
            }
        }
    }

    pub fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        match node.kind {
            Kind::Bool(flag) => Some(flag),
            _ => {
                let message = format!("{what} must be true or false, not {}", node.describe());
                self.error(Code::WrongShape, &node.span, message);
                None
            }
        }
    }

    pub fn integer(&mut self, node: &Node, what: &str) -> Option<i64> {
        match node.kind {
            Kind::Int(number) => Some(number),
            _ => {
                let message = format!("{what} must be a whole number, not {}", node.describe());
                self.error(Code::WrongShape, &node.span, message);
                None
            }
        }
    }

    /// A count: a whole number that is not negative.
    pub fn count(&mut self, node: &Node, what: &str) -> Option<u64> {
        let number = self.integer(node, what)?;
        let count = u64::try_from(number).ok();
        if count.is_none() {
            self.error(Code::BadConstraint, &node.span, format!("{what} must not be negative"));
        }
        count
    }

    /// Several texts.
    pub fn texts<'n>(&mut self, node: &'n Node, what: &str) -> Option<Vec<(&'n str, &'n Span)>> {
        let items = self.items(node, what)?;
        Some(items.iter().filter_map(|item| Some((self.text(item, what)?, &item.span))).collect())
    }

    /// `resource:action`.
    pub fn permission<'n>(&mut self, node: &'n Node) -> Option<(&'n str, &'n str)> {
        let text = self.text(node, "a permission")?;
        let parts = text.split_once(':').filter(|(resource, action)| !resource.is_empty() && !action.is_empty());
        if parts.is_none() {
            let found = self.at(Code::WrongShape, &node.span, format!("`{text}` is not a permission"));
            self.push(found.help("a permission is written resource:action, such as client:update"));
        }
        parts
    }
}

/// A mapping whose keys are known.
pub struct Keys<'n> {
    what: &'static str,
    span: &'n Span,
    entries: &'n [(Key, Node)],
}

impl<'n> Keys<'n> {
    /// Takes a mapping, and reports keys that nobody reads.
    pub fn of(notes: &mut Notes<'_>, node: &'n Node, what: &'static str, known: &[&str]) -> Option<Self> {
        let entries = notes.entries(node, what)?;
        for (key, _) in entries {
            if !known.contains(&key.text.as_str()) {
                let found = notes.at(Code::UnknownKey, &key.span, format!("{what} has no key `{}`", key.text));
                notes.push(found.suggest(&key.text, known.iter().copied()));
            }
        }
        Some(Self { what, span: &node.span, entries })
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
        if node.is_none() {
            notes.error(Code::MissingKey, self.span, format!("{} needs the key `{name}`", self.what));
        }
        node
    }

    pub fn text(&self, notes: &mut Notes<'_>, name: &str) -> Option<&'n str> {
        notes.text(self.get(name)?, &format!("`{name}`"))
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
            notes.error(Code::EmptyText, &node.span, format!("`{name}` is empty"));
            return None;
        }
        Some(text.to_owned())
    }

    pub fn require_prose(&self, notes: &mut Notes<'_>, name: &str) -> Option<String> {
        self.require(notes, name)?;
        self.prose(notes, name)
    }

    pub fn flag(&self, notes: &mut Notes<'_>, name: &str) -> bool {
        self.get(name).and_then(|node| notes.flag(node, &format!("`{name}`"))).unwrap_or(false)
    }
}
