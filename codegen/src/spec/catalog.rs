//! `specs/catalog.yaml`: groups of actions that workflow authors choose from.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::File;
use super::keys::{Keys, Notes};
use super::mappings::{CATALOG, GROUP};
use crate::diagnostic::Code;
use crate::model::Group;
use crate::yaml::{Node, Span};

/// What the catalog says.
#[derive(Default)]
pub struct Catalog {
    pub groups: Vec<Group>,
    /// Every action that is listed, in groups that are wrong otherwise, too.
    pub listed: BTreeSet<String>,
}

/// Reads the catalog; `None` when it cannot be said what is listed. `actions` are those that exist.
pub fn catalog(notes: &mut Notes<'_>, file: &File<'_>, actions: &BTreeSet<String>) -> Option<Catalog> {
    let keys = Keys::of(notes, &file.node, CATALOG)?;
    let items = keys.require(notes, "groups").and_then(|node| notes.items(node, "`groups`"))?;
    let mut reader = Reader { actions, listed: BTreeMap::new(), keys: HashMap::new() };
    let groups = items.iter().filter_map(|node| reader.group(notes, node)).collect();
    Some(Catalog { groups, listed: reader.listed.into_keys().collect() })
}

struct Reader<'m> {
    actions: &'m BTreeSet<String>,
    listed: BTreeMap<String, Span>,
    keys: HashMap<String, Span>,
}

impl Reader<'_> {
    fn group(&mut self, notes: &mut Notes<'_>, node: &Node) -> Option<Group> {
        let keys = Keys::of(notes, node, GROUP)?;
        let key = keys.require_line(notes, "key");
        if let (Some(key), Some(node)) = (&key, keys.get("key"))
            && let Some(first) = self.keys.insert(key.clone(), node.span.clone())
        {
            let error = notes.error(Code::Duplicate, &node.span, format!("there are two groups with the key `{key}`"));
            error.also(&first, "the other one");
        }
        let (label, icon) = (keys.require_line(notes, "label"), keys.require_line(notes, "icon"));
        let tile_kind = keys.require_line(notes, "tile_kind");
        let description = keys.require_prose(notes, "description");
        let default_node = keys.require(notes, "default_action");
        let default_action = default_node.and_then(|node| notes.text(node, "`default_action`"));
        let listed = keys.require(notes, "actions").and_then(|node| notes.texts(node, "`actions`"))?;
        for (id, item) in &listed {
            self.list(notes, id, item);
        }
        let (default_node, default_action) = (default_node?, default_action?);
        if !listed.iter().any(|(id, _)| *id == default_action) {
            let message = format!("the default action `{default_action}` is not in the group");
            let error = notes.error(Code::UnknownAction, &default_node.span, message);
            error.suggest(default_action, listed.iter().map(|(id, _)| *id));
        }
        Some(Group {
            key: key?,
            label: label?,
            icon: icon?,
            tile_kind: tile_kind?,
            description: description?,
            actions: listed.into_iter().map(|(id, _)| id.to_owned()).collect(),
            default_action: default_action.to_owned(),
        })
    }

    fn list(&mut self, notes: &mut Notes<'_>, id: &str, item: &Node) {
        if !self.actions.contains(id) {
            let error = notes.error(Code::UnknownAction, &item.span, format!("there is no action `{id}`"));
            error.suggest(id, self.actions.iter().map(String::as_str));
        } else if let Some(first) = self.listed.insert(id.to_owned(), item.span.clone()) {
            let error = notes.error(Code::Duplicate, &item.span, format!("`{id}` is in two groups"));
            error.also(&first, "the other one").help("an action is in exactly one group");
        }
    }
}
