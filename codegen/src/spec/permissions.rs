//! `specs/permissions.yaml`: resources and their actions.

use std::collections::BTreeMap;

use super::File;
use super::keys::{Keys, Notes};
use super::mappings::{PERMISSIONS, RESOURCE};
use super::names::is_snake;
use crate::diagnostic::Code;
use crate::model::Resource;
use crate::yaml::{Key, Node};

/// The resources that the file declares; `None` when it cannot be said which.
pub fn permissions(notes: &mut Notes<'_>, file: &File<'_>) -> Option<BTreeMap<String, Option<Resource>>> {
    let keys = Keys::of(notes, &file.node, PERMISSIONS)?;
    let entries = keys.require(notes, "permissions").and_then(|node| notes.entries(node, "`permissions`"))?;
    Some(entries.iter().map(|(key, node)| (key.text.clone(), resource(notes, key, node))).collect())
}

fn resource(notes: &mut Notes<'_>, key: &Key, node: &Node) -> Option<Resource> {
    check_name(notes, &key.text, &key.span, "a resource");
    let keys = Keys::of(notes, node, RESOURCE)?.named_by(key);
    let description = keys.prose(notes, "description");
    let actions_node = keys.require(notes, "actions")?;
    let actions = notes.texts(actions_node, "`actions`")?;
    if actions.is_empty() {
        notes.error(Code::MissingKey, &actions_node.span, format!("the resource `{}` has no actions", key.text));
    }
    for (action, item) in &actions {
        check_name(notes, action, &item.span, "an action on a resource");
    }
    let actions = actions.into_iter().map(|(text, _)| text.to_owned()).collect();
    Some(Resource { name: key.text.clone(), description, actions })
}

fn check_name(notes: &mut Notes<'_>, name: &str, span: &crate::yaml::Span, what: &str) {
    if !is_snake(name) {
        let error = notes.error(Code::BadName, span, format!("`{name}` cannot be the name of {what}"));
        error.help("write it in lower case with underscores");
    }
}
