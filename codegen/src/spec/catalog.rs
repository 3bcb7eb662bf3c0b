//! The catalog: groups of actions that workflow authors choose from.

use std::collections::BTreeMap;

use super::File;
use super::keys::{Keys, Notes};
use crate::diagnostic::Code;
use crate::model::{Action, Group};
use crate::yaml::Node;

const KEYS: &[&str] = &["key", "label", "icon", "tile_kind", "description", "default_action", "actions"];

/// The groups, and the ids of all actions that they list.
pub fn groups(notes: &mut Notes<'_>, file: &File, actions: &BTreeMap<String, bool>) -> Vec<Group> {
    let Some(keys) = Keys::of(notes, &file.node, "the catalog", &["groups"]) else { return Vec::new() };
    let Some(items) = keys.require(notes, "groups").and_then(|node| notes.items(node, "`groups`")) else {
        return Vec::new();
    };
    let mut seen = BTreeMap::new();
    items.iter().filter_map(|node| group(notes, node, actions, &mut seen)).collect()
}

fn group(
    notes: &mut Notes<'_>,
    node: &Node,
    known: &BTreeMap<String, bool>,
    seen: &mut BTreeMap<String, crate::yaml::Span>,
) -> Option<Group> {
    let keys = Keys::of(notes, node, "a group", KEYS)?;
    let actions = keys.require(notes, "actions")?;
    let listed = notes.texts(actions, "`actions`")?;
    for (id, span) in &listed {
        if !known.contains_key(*id) {
            let found = notes.at(Code::UnknownAction, span, format!("there is no action `{id}`"));
            notes.push(found.suggest(id, known.keys().map(String::as_str)));
        } else if let Some(first) = seen.insert((*id).to_owned(), (*span).clone()) {
            let found = notes.at(Code::Duplicate, span, format!("`{id}` is in the catalog twice"));
            notes.push(found.also(first, "the other one"));
        }
    }
    let default_node = keys.require(notes, "default_action")?;
    let default_action = notes.text(default_node, "`default_action`")?;
    if !listed.iter().any(|(id, _)| *id == default_action) {
        let message = format!("the default action `{default_action}` is not in the group");
        let found = notes.at(Code::UnknownAction, &default_node.span, message);
        notes.push(found.suggest(default_action, listed.iter().map(|(id, _)| *id)));
    }
    Some(Group {
        key: keys.require_text(notes, "key")?.to_owned(),
        label: keys.require_prose(notes, "label")?,
        icon: keys.require_text(notes, "icon")?.to_owned(),
        tile_kind: keys.require_text(notes, "tile_kind")?.to_owned(),
        description: keys.require_prose(notes, "description")?,
        actions: listed.into_iter().map(|(id, _)| id.to_owned()).collect(),
        default_action: default_action.to_owned(),
    })
}

/// Reports an action that no group lists.
pub fn check_listed(notes: &mut Notes<'_>, action: &Action, node: &Node, groups: &[Group]) {
    if groups.iter().any(|group| group.actions.contains(&action.id)) {
        return;
    }
    let found = notes.at(Code::NotInCatalog, &node.span, format!("`{}` is in no group of the catalog", action.id));
    notes.push(found.help("add it to the actions of a group in specs/catalog.yaml"));
}
