//! Differences of events.

use super::fields::{self, Direction};
use super::{Changes, Place, Rule, Subject};
use crate::model::{Event, Model};

pub(super) fn compare(changes: &mut Changes<'_>, before: &Model, after: &Model) {
    for old in &before.events {
        let Some(new) = after.events.iter().find(|new| new.name == old.name) else {
            changes.add(&place(old), "", Rule::EventRemoved, "it is gone");
            continue;
        };
        let place = &place(new);
        if old.key != new.key {
            changes.add(place, "key", Rule::EventKeyChanged, format!("{} became {}", old.key, new.key));
        }
        if old.subject != new.subject {
            let said = |subject: &Option<String>| subject.clone().unwrap_or_else(|| "the key".to_owned());
            let what = format!("{} became {}", said(&old.subject), said(&new.subject));
            changes.add(place, "subject", Rule::EventSubjectChanged, what);
        }
        if old.description != new.description {
            changes.add(place, "description", Rule::TextChanged, "it is described in other words");
        }
        fields::compare(changes, place, Direction::Event, "payload", (&old.payload, &new.payload));
    }
    for new in after.events.iter().filter(|new| !before.events.iter().any(|old| old.name == new.name)) {
        changes.add(&place(new), "", Rule::EventAdded, "it is new");
    }
}

fn place(event: &Event) -> Place<'_> {
    Place { subject: Subject::Event(event.name.clone()), source: &event.source }
}
