//! Compares specs with what they were, and judges each change for those who rely on it.
//!
//! Inputs and outputs are judged each in their direction: an input may take more than it did, an output may give no more
//! than readers know. Versions of actions are published, so they change in compatible ways only; events and the catalog have no
//! versions.

mod actions;
mod events;
mod fields;
mod rule;
mod workflows;

use std::collections::BTreeMap;
use std::fmt;

pub use rule::{Audience, Rule, Verdict};
pub use workflows::{Broken, Workflow, broken};

use crate::model::{Model, NamedType, Shape};

/// A difference between specs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What changed: an action and version, an event, a picker, the catalog.
    pub subject: Subject,
    /// Where in it: `input.patch.title`, `output.activities[].tags`. Empty for the whole.
    pub path: String,
    /// What kind of change.
    pub rule: Rule,
    /// What was, and what is, in a few words.
    pub detail: String,
    /// The spec that says so now, or said so.
    pub source: String,
}

/// What a change is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An action and its version.
    Action(String, u32),
    /// An event.
    Event(String),
    /// A picker.
    Picker(String),
    /// The groups of actions.
    Catalog,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(id, version) => write!(f, "{id} v{version}"),
            Self::Event(name) => write!(f, "event {name}"),
            Self::Picker(kind) => write!(f, "picker {kind}"),
            Self::Catalog => f.write_str("catalog"),
        }
    }
}

/// Every difference, ordered by subject and place.
pub fn compare(before: &Model, after: &Model) -> Vec<Change> {
    let mut changes = Changes { before: Types::of(before), after: Types::of(after), all: Vec::new() };
    actions::compare(&mut changes, before, after);
    events::compare(&mut changes, before, after);
    pickers(&mut changes, before, after);
    changes.all.sort();
    changes.all.dedup();
    changes.all
}

/// Collects differences.
struct Changes<'m> {
    before: Types<'m>,
    after: Types<'m>,
    all: Vec<Change>,
}

impl Changes<'_> {
    fn add(&mut self, place: &Place<'_>, path: &str, rule: Rule, detail: impl Into<String>) {
        let (subject, source) = (place.subject.clone(), place.source.to_owned());
        self.all.push(Change { subject, path: path.to_owned(), rule, detail: detail.into(), source });
    }
}

/// Whose differences are collected.
struct Place<'m> {
    subject: Subject,
    source: &'m str,
}

/// Named types, to look into.
struct Types<'m>(BTreeMap<&'m str, &'m Shape>);

impl<'m> Types<'m> {
    fn of(model: &'m Model) -> Self {
        Self(model.types.iter().map(|NamedType { name, shape, .. }| (name.as_str(), shape)).collect())
    }

    fn get(&self, name: &str) -> Option<&'m Shape> {
        self.0.get(name).copied()
    }
}

/// What forms offer, and where workflow authors find actions.
fn pickers(changes: &mut Changes<'_>, before: &Model, after: &Model) {
    for old in &before.pickers {
        let Some(new) = after.pickers.iter().find(|new| new.kind == old.kind) else { continue };
        let place = Place { subject: Subject::Picker(new.kind.clone()), source: &new.source };
        if old.permission != new.permission {
            let spoken = |(resource, action): &(String, String)| format!("{resource}:{action}");
            let detail = format!("{} became {}", spoken(&old.permission), spoken(&new.permission));
            changes.add(&place, "permission", Rule::PickerPermissionChanged, detail);
        }
        let rows = |picker: &crate::model::Picker| {
            let words = (picker.table.clone(), picker.id.clone(), picker.search.clone());
            (words, picker.filter.clone(), picker.depends_on.clone())
        };
        if rows(old) != rows(new) {
            changes.add(&place, "", Rule::PickerChanged, "other rows are offered");
        }
        let shown = |picker: &crate::model::Picker| {
            let texts = (picker.label.clone(), picker.hint.clone(), picker.label_template.clone());
            (texts, picker.label_fallback.clone(), picker.detail.clone())
        };
        if shown(old) != shown(new) {
            changes.add(&place, "", Rule::TextChanged, "rows are shown in another way");
        }
    }
    let groups = |model: &Model| -> Vec<_> {
        model
            .catalog
            .iter()
            .map(|group| (group.key.clone(), group.actions.clone(), group.default_action.clone()))
            .collect()
    };
    if groups(before) != groups(after) {
        let place = Place { subject: Subject::Catalog, source: "specs/catalog.yaml" };
        changes.add(&place, "", Rule::CatalogChanged, "the groups or their actions");
    }
}
