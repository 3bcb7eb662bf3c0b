//! `catalog.yaml`.

use serde_json::{Value, json};

use super::{document, key, mapping, names, text, texts};
use crate::model::Model;

pub fn schema(model: &Model) -> Value {
    let mut ids = names(model.actions.iter().map(|action| action.id.as_str()), &["crm.find_activities"]);
    ids.dedup();
    let required = ["key", "label", "icon", "tile_kind", "description", "default_action", "actions"];
    let group = mapping(
        &required,
        json!({
            "key": text("The name for programs, on one line; no other group has it.", "crm"),
            "label": text("The name for people, on one line.", "CRM"),
            "icon": text("The name of the icon.", "users"),
            "tile_kind": text("How the group is shown.", "group"),
            "description": text("What its actions have in common.", "Activities and follow-ups of your clients."),
            "default_action": key(
                "The action that is chosen first, one of the group.",
                json!(ids),
                json!({ "type": "string" }),
            ),
            "actions": texts("Ids of actions without versions, in the order in which they are shown.", json!(ids), 1),
        }),
    );
    let example = json!({
        "key": "crm", "label": "CRM", "icon": "users", "tile_kind": "group",
        "description": "Activities and follow-ups of your clients.", "default_action": ids[0], "actions": ids,
    });
    let properties = json!({
        "groups": key(
            "Groups in the order in which they are shown. Every action is in exactly one.",
            json!([[example]]),
            json!({ "type": "array", "items": group }),
        ),
    });
    document("Catalog", "What workflow authors choose actions from.", &["groups"], properties, None)
}
