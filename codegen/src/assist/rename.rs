//! New names for fields, wherever specs use them.

use super::index::{Named, Place, entries};
use super::{Workspace, complete};
use crate::spec::{identity, is_impossible, is_key};

/// A text that takes the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What it takes the place of.
    pub place: Place,
    /// The text.
    pub text: String,
}

pub fn renamable<'w>(workspace: &'w Workspace, file: &str, offset: usize) -> Result<&'w Place, String> {
    let definition = workspace.index.definition_at(file, offset);
    match definition.map(|definition| definition.kind) {
        Some(Named::Field) => workspace.index.name_at(file, offset).ok_or_else(nothing_here),
        Some(_) => Err("Only fields are renamed here: other names are those of files, too.".to_owned()),
        None => Err(nothing_here()),
    }
}

fn nothing_here() -> String {
    "There is no field here, or its file is not YAML at the moment.".to_owned()
}

pub fn rename(workspace: &Workspace, file: &str, offset: usize, name: &str) -> Result<Vec<Edit>, String> {
    renamable(workspace, file, offset)?;
    let definition = workspace.index.definition_at(file, offset).ok_or_else(nothing_here)?;
    if !is_key(name) || is_impossible(name) {
        return Err(format!(
            "`{name}` cannot be the name of a field: use letters, digits and underscores, and none of self, super and crate."
        ));
    }
    let own = &definition.place;
    let siblings = workspace.trees.get(&own.file).and_then(|tree| complete::holder(tree, own.span.start));
    let taken = entries(siblings).find(|(key, _)| {
        let is_own = key.span.start <= own.span.start && own.span.end <= key.span.end;
        !is_own && identity(&key.text) == identity(name)
    });
    if let Some((other, _)) = taken {
        return Err(format!("`{name}` and the field `{}` beside it would be one name in Rust.", other.text));
    }
    let mut places: Vec<&Place> = workspace.index.references_to(own).collect();
    places.push(own);
    places.sort_by(|a, b| (&a.file, a.span.start).cmp(&(&b.file, b.span.start)));
    places.dedup();
    Ok(places.into_iter().map(|place| Edit { place: place.clone(), text: name.to_owned() }).collect())
}
