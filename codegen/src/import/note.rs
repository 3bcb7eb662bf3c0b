//! What an import could not carry over.

use std::collections::{BTreeMap, BTreeSet};

use super::texts::one_line;

/// Something of the source that the spec does not say, or says in another way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Where it is in the source: a JSON pointer, after the name of the document where there are two.
    pub pointer: String,
    /// What it is, and what was done instead.
    pub message: String,
}

/// Notes as they are found. The same schema may be looked at twice, and is noted once.
#[derive(Debug, Default)]
pub struct Notes {
    all: Vec<Note>,
    said: BTreeSet<Note>,
}

impl Notes {
    pub fn add(&mut self, pointer: impl AsRef<str>, message: impl AsRef<str>) {
        let note = Note { pointer: one_line(pointer.as_ref()), message: one_line(message.as_ref()) };
        if self.said.insert(note.clone()) {
            self.all.push(note);
        }
    }

    /// How many there are, for [`Notes::forget`].
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Takes back what was noted of an attempt that came to nothing.
    pub fn forget(&mut self, from: usize) {
        for note in self.all.drain(from..) {
            self.said.remove(&note);
        }
    }

    pub fn finish(self) -> Vec<Note> {
        self.all
    }
}

/// More places of one message than this are counted.
const NAMED_PLACES: usize = 3;

/// A line for each message, with the places that it is about, in the order in which they were found.
pub fn summary(notes: &[Note]) -> Vec<String> {
    let mut order: Vec<&str> = Vec::new();
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for note in notes {
        let known = places.entry(&note.message).or_default();
        if known.is_empty() {
            order.push(&note.message);
        }
        known.push(&note.pointer);
    }
    let line = |message: &str| {
        let all = places.get(message).map(Vec::as_slice).unwrap_or_default();
        match all {
            [""] => message.to_owned(),
            [one] => format!("{one}: {message}"),
            _ if all.len() <= NAMED_PLACES => format!("{message}: {}", all.join(", ")),
            _ => format!("{message}: {} and {} more", all[..NAMED_PLACES].join(", "), all.len() - NAMED_PLACES),
        }
    };
    order.into_iter().map(line).collect()
}
