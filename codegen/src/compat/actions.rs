//! Differences of actions.

use super::fields::{self, Direction};
use super::{Changes, Place, Rule, Subject};
use crate::model::{Action, Audit, AuditField, AuditSource, Condition, Effects, Idempotency, Model, Permission};

pub(super) fn compare(changes: &mut Changes<'_>, before: &Model, after: &Model) {
    let find = |model: &'_ Model, id: &str| model.actions.iter().any(|action| action.id == id);
    for old in &before.actions {
        let place = place(old);
        match after.actions.iter().find(|new| (&new.id, new.version) == (&old.id, old.version)) {
            Some(new) => action(changes, old, new),
            None if find(after, &old.id) => {
                changes.add(&place, "", Rule::VersionRemoved, format!("version {} is gone", old.version));
            }
            None => changes.add(&place, "", Rule::ActionRemoved, "it is gone"),
        }
    }
    for new in &after.actions {
        if !before.actions.iter().any(|old| (&new.id, new.version) == (&old.id, old.version)) {
            let rule = if find(before, &new.id) { Rule::VersionAdded } else { Rule::ActionAdded };
            changes.add(&place(new), "", rule, "it is new");
        }
    }
}

fn place(action: &Action) -> Place<'_> {
    Place { subject: Subject::Action(action.id.clone(), action.version), source: &action.source }
}

fn action(changes: &mut Changes<'_>, old: &Action, new: &Action) {
    let place = &place(new);
    for (path, before, after) in
        [("label", &old.label, &new.label), ("description", &old.description, &new.description)]
    {
        if before != after {
            changes.add(place, path, Rule::TextChanged, format!("\"{before}\" became \"{after}\""));
        }
    }
    match (old.effects, new.effects) {
        (Effects::Read, Effects::Write) => changes.add(place, "effects", Rule::EffectsRaised, "read became write"),
        (Effects::Write, Effects::Read) => changes.add(place, "effects", Rule::EffectsLowered, "write became read"),
        _ => {}
    }
    if old.idempotency != new.idempotency {
        let detail = format!("{} became {}", mode(&old.idempotency), mode(&new.idempotency));
        changes.add(place, "idempotency", Rule::IdempotencyChanged, detail);
    }
    permissions(changes, place, old, new);
    fields::compare(changes, place, Direction::Input, "input", (&old.input, &new.input));
    rules(changes, place, old, new);
    fields::compare(changes, place, Direction::Output, "output", (&old.output, &new.output));
    audit(changes, place, old.audit.as_ref(), new.audit.as_ref());
    for event in old.emits.iter().filter(|event| !new.emits.contains(event)) {
        changes.add(place, "emits", Rule::EventNoLongerEmitted, event.clone());
    }
    for event in new.emits.iter().filter(|event| !old.emits.contains(event)) {
        changes.add(place, "emits", Rule::EventEmitted, event.clone());
    }
}

fn mode(idempotency: &Idempotency) -> String {
    match idempotency {
        Idempotency::Engine => "engine".to_owned(),
        Idempotency::Action { key } => format!("action with the key {key}"),
    }
}

fn permissions(changes: &mut Changes<'_>, place: &Place<'_>, old: &Action, new: &Action) {
    // What is needed of every call is needed under a condition, too.
    let needed = |action: &Action, one: &Permission| {
        action.permissions.iter().any(|other| {
            let same = (&other.resource, &other.action) == (&one.resource, &one.action);
            same && (other.when.is_none() || other.when == one.when)
        })
    };
    for one in new.permissions.iter().filter(|one| !needed(old, one)) {
        changes.add(place, "permissions", Rule::PermissionAdded, permission(one));
    }
    for one in old.permissions.iter().filter(|one| !needed(new, one)) {
        changes.add(place, "permissions", Rule::PermissionRemoved, permission(one));
    }
    let spoken = |(resource, action): &(String, String)| format!("{resource}:{action}");
    for one in new.may_require.iter().filter(|one| !old.may_require.contains(one)) {
        changes.add(place, "may_require", Rule::ForeseenPermissionAdded, spoken(one));
    }
    for one in old.may_require.iter().filter(|one| !new.may_require.contains(one)) {
        changes.add(place, "may_require", Rule::ForeseenPermissionRemoved, spoken(one));
    }
}

fn permission(one: &Permission) -> String {
    let Permission { resource, action, when } = one;
    match when {
        None => format!("{resource}:{action}"),
        Some(Condition::Present(path)) => format!("{resource}:{action} when {path} is given"),
        Some(Condition::Equals(path, value)) => format!("{resource}:{action} when {path} is {value}"),
    }
}

fn rules(changes: &mut Changes<'_>, place: &Place<'_>, old: &Action, new: &Action) {
    for rule in new.rules.iter().filter(|rule| !old.rules.iter().any(|other| other.check == rule.check)) {
        changes.add(place, "rules", Rule::RuleAdded, rule.message.clone());
    }
    for rule in old.rules.iter().filter(|rule| !new.rules.iter().any(|other| other.check == rule.check)) {
        changes.add(place, "rules", Rule::RuleRemoved, rule.message.clone());
    }
    let reworded = |rule: &&crate::model::Rule| {
        old.rules.iter().any(|other| other.check == rule.check && other.message != rule.message)
    };
    for rule in new.rules.iter().filter(reworded) {
        changes.add(place, "rules", Rule::TextChanged, rule.message.clone());
    }
}

fn audit(changes: &mut Changes<'_>, place: &Place<'_>, old: Option<&Audit>, new: Option<&Audit>) {
    // Without one of them the action reads, or read: that is a change of its own.
    let (Some(old), Some(new)) = (old, new) else { return };
    let target = |audit: &Audit| flat("", std::slice::from_ref(&audit.target));
    if target(old) != target(new) {
        changes.add(place, "audit.target", Rule::AuditTargetChanged, target(new).concat());
    }
    let (before, after) = (flat("", &old.changed), flat("", &new.changed));
    for one in after.iter().filter(|one| !before.contains(one)) {
        changes.add(place, "audit.changed", Rule::AuditFieldAdded, one.clone());
    }
    for one in before.iter().filter(|one| !after.contains(one)) {
        changes.add(place, "audit.changed", Rule::AuditFieldRemoved, one.clone());
    }
}

/// Names and where their values come from: `name from output.client.name`.
fn flat(above: &str, fields: &[AuditField]) -> Vec<String> {
    let one = |field: &AuditField| match &field.from {
        AuditSource::Path(path) => vec![format!("{above}{} from {path}", field.name)],
        AuditSource::Object(fields) => flat(&format!("{above}{}.", field.name), fields),
    };
    fields.iter().flat_map(one).collect()
}
