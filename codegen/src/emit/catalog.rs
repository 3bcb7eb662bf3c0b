//! The catalog that workflow authors choose from.

use serde_json::{Value, json};

use crate::model::{Field, Group, Model};

pub fn catalog(model: &Model) -> Value {
    model.catalog.iter().map(|group| record(model, group)).collect()
}

fn record(model: &Model, group: &Group) -> Value {
    let names = |fields: &[Field]| fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
    let actions: Vec<Value> = group
        .actions
        .iter()
        .flat_map(|id| model.versions(id))
        .map(|action| {
            json!({
                "id": action.id,
                "version": action.version,
                "label": action.label,
                "description": action.description,
                "inputFieldNames": names(&action.input),
                "outputFieldNames": names(&action.output),
            })
        })
        .collect();
    json!({
        "groupKey": group.key,
        "label": group.label,
        "iconToken": group.icon,
        "tileKind": group.tile_kind,
        "allowedActionIds": group.actions,
        "defaultActionId": group.default_action,
        "description": group.description,
        "actions": actions,
    })
}
